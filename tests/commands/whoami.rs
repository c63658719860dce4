//! `tenure whoami`: whose keys are at hand.

use super::member::{add, started};
use crate::support::{Repo, snapshot};

#[test]
fn a_member_is_told_their_name_keys_and_rights() {
    snapshot!(started().run("whoami"), @"
    exit 0
    --- stdout
    ana  person; admin, developer, signs policies
      reads   dev, prod
      writes  dev, prod
    key  ~/.ssh/id_ed25519  SHA256:[fingerprint]  ana, reads, signs
    ");
}

#[test]
fn a_stranger_sees_keys_and_whom_to_ask() {
    let repo = started();
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    repo.ssh_key();
    snapshot!(repo.run("whoami"), @"
    exit 4
    --- stdout
    key  ~/.ssh/id_ed25519  SHA256:[fingerprint]  no member's, reads, signs
    --- stderr
    none of them is a member's: ask to become one: tenure join
    ");
}

#[test]
fn a_key_given_by_name_is_told_from_ones_own() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    let json = repo.tenure(&["-i", &ben, "whoami", "--json"]).done().json();
    assert_eq!(json["keys"][0]["member"], "ben");
    assert_eq!(json["keys"][1]["member"], "ana");
    assert_eq!(json["members"][1]["writes"], serde_json::json!(["dev"]));
    assert_eq!(json["policy"], "verified");
}

#[test]
fn outside_of_a_repository_keys_are_shown() {
    let repo = Repo::new();
    repo.ssh_key();
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.home()).args(&["whoami"]);
    let shown = outside.run().done();
    assert!(shown.stdout.starts_with("key  ~/.ssh/id_ed25519"), "{shown}");
    assert!(shown.stderr.contains("no policy here"), "{shown}");
}

#[test]
fn an_altered_policy_makes_nobody_a_member() {
    let repo = started();
    let text = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", format!("{text}\n# more\n"));
    let shown = repo.run("whoami");
    assert_eq!(shown.code, 5, "{shown}");
    assert!(shown.stderr.contains("[policy-altered]"), "{shown}");
    assert!(shown.stdout.contains("no member's"), "{shown}");
}
