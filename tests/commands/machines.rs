//! Machines and the ages of keys, in `check` and `member list`: worth knowing, and never red.

use super::member::{add, new_key, started};
use crate::support::Repo;

const POLICY: &str = ".secrets-policy.toml";
const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const OTHER: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

fn edit(repo: &Repo, from: &str, to: &str) {
    let text = repo.read(POLICY);
    assert!(text.contains(from), "{text}");
    repo.write(POLICY, text.replacen(from, to, 1));
    repo.run("policy sign -y").done();
}

/// A repository with a machine that reads prod, in order.
fn with_machine() -> Repo {
    let repo = started();
    let args = ["member", "add", "deploy-prod", "--kind", "machine", "--owner", "ana"];
    let more = ["--role", "deploy", "--create-role", "--recipient", KEY, "--expires"];
    repo.tenure(&[&args[..], &more, &["2026-07-01", "-y"]].concat()).done();
    edit(&repo, "readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]");
    repo
}

/// The members of whom `check` says a word.
fn said(repo: &Repo, code: &str) -> Vec<String> {
    let found = repo.run("check --json").json();
    let findings = found["findings"].as_array().unwrap();
    let mine = findings.iter().filter(|finding| finding["code"] == code);
    let mine = mine.inspect(|finding| assert_eq!(finding["severity"], "note"));
    let place = |finding: &serde_json::Value| finding["place"].as_str().unwrap().to_owned();
    mine.map(place).map(|it| it.rsplit_once("members.").unwrap().1.to_owned()).collect()
}

fn all(repo: &Repo) -> [Vec<String>; 3] {
    ["expired-key", "machine", "machine-role"].map(|code| said(repo, code))
}

const NOBODY: [Vec<String>; 3] = [Vec::new(), Vec::new(), Vec::new()];

#[test]
fn a_machine_in_order_is_worth_no_word() {
    assert_eq!(all(&with_machine()), NOBODY);
}

#[test]
fn a_key_has_expired_on_the_day_after_its_last_and_changes_no_reader() {
    let repo = with_machine();
    // Values of 90 days would be late by then.
    edit(&repo, "[roles]\n", "[clocks]\nuntyped = \"900d\"\n[roles]\n");
    for name in ["dev/DATABASE_URL", "prod/STRIPE_KEY"] {
        repo.tenure_fed(&["rotate", name], "another\n").done();
    }
    let repo = repo.at("2026-07-01");
    assert_eq!(all(&repo), NOBODY);
    let repo = repo.at("2026-07-02");
    assert_eq!(said(&repo, "expired-key"), ["deploy-prod"]);
    let said = repo.run("check").done();
    let line = "expired-key  .secrets-policy.toml members.deploy-prod  the keys of `deploy-prod` \
                expired on 2026-07-01";
    assert!(said.stdout.contains(line), "{said}");
    assert!(repo.run("who-can read prod").done().stdout.contains("deploy-prod"));
}

#[test]
fn a_machine_without_a_last_day_or_in_two_environments_is_told() {
    let repo = with_machine();
    edit(&repo, "expires = 2026-07-01\n", "");
    assert_eq!(said(&repo, "machine"), ["deploy-prod"]);
    let repo = with_machine();
    edit(&repo, "readers = [\"developer\"]", "readers = [\"developer\", \"deploy\"]");
    assert_eq!(said(&repo, "machine"), ["deploy-prod"]);
}

#[test]
fn a_person_in_a_role_of_machines_is_told() {
    let repo = with_machine();
    edit(&repo, "\ndeploy = [\"deploy-prod\"]", "\ndeploy = [\"deploy-prod\", \"ana\"]");
    assert_eq!(all(&repo), [vec![], vec![], vec!["ana".to_owned()]]);
    edit(&repo, "deploy = [\"deploy-prod\", \"ana\"]", "deploy = [\"deploy-prod\"]");
    assert_eq!(all(&repo), NOBODY);
}

#[test]
fn two_people_do_not_hide_in_a_role_of_machines() {
    let repo = with_machine();
    add(&repo, "ben", "developer");
    edit(&repo, "\ndeploy = [\"deploy-prod\"]", "\ndeploy = [\"ana\", \"ben\", \"deploy-prod\"]");
    assert_eq!(said(&repo, "machine-role"), ["ana", "ben"]);
}

#[test]
fn a_person_who_reads_a_runtime_only_environment_is_told() {
    let repo = with_machine();
    edit(&repo, "[environments.prod]\n", "[environments.prod]\nruntime-only = true\n");
    assert_eq!(said(&repo, "machine-role"), ["ana"]);
    edit(&repo, "readers = [\"admin\", \"deploy\"]", "readers = [\"deploy\"]");
    assert_eq!(said(&repo, "machine-role"), [""; 0]);
}

#[test]
fn a_persons_key_grows_old_and_a_new_one_is_young() {
    let repo = started();
    edit(&repo, "[roles]\n", "[clocks]\npeople-keys = \"30d\"\n[roles]\n");
    // The policy that names it is of the first of January.
    let repo = repo.at("2026-01-31");
    assert_eq!(said(&repo, "expired-key"), [""; 0]);
    let repo = repo.at("2026-02-01");
    assert_eq!(said(&repo, "expired-key"), ["ana"]);
    let (public, new) = new_key(&repo, "new");
    let old = repo.home().join(".ssh/id_ed25519").display().to_string();
    let args = ["-i", &old, "-i", &new, "member", "replace-key", "ana", "--ssh-key", &public];
    repo.tenure(&[&args[..], &["-y"]].concat()).done();
    assert_eq!(said(&repo, "expired-key"), [""; 0]);
}

#[test]
fn the_list_of_members_shows_owner_purpose_and_expiry() {
    let repo = with_machine();
    let more = "\n[consumers.checkout]\naccess = \"run\"\nmember = \"deploy-prod\"\n";
    repo.write(POLICY, repo.read(POLICY) + more);
    repo.run("policy sign -y").done();
    let list = repo.run("member list").done();
    let shown = "  owner   ana\n  used by checkout\n  expires 2026-07-01\n";
    assert!(list.stdout.contains(shown), "{list}");
    let json = repo.run("member list --json").done().json();
    let machine = &json["members"][1];
    assert_eq!(
        (&machine["name"], &machine["purpose"][0]),
        (&"deploy-prod".into(), &"checkout".into())
    );
    let args =
        ["member", "add", "ci", "--kind", "machine", "--owner", "ana", "--role", "developer"];
    repo.tenure(&[&args[..], &["--recipient", OTHER, "-y"]].concat()).done();
    let list = repo.run("member list").done();
    assert!(list.stdout.contains("ci  machine  developer  no-expiry"), "{list}");
}
