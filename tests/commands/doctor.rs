//! `tenure doctor`: faults, each with its fix.

use std::os::unix::fs::PermissionsExt as _;

use super::member::started;
use crate::support::{Outcome, Repo, snapshot};

/// The lines on one thing, its fix after it.
fn on(outcome: &Outcome, what: &str) -> String {
    let mut lines = outcome.stdout.lines().peekable();
    let mut found = String::new();
    while let Some(line) = lines.next() {
        if line.split_whitespace().nth(1) == Some(what) {
            found += &format!("{line}\n");
            if let Some(fix) = lines.next_if(|next| next.trim_start().starts_with("fix")) {
                found += &format!("{fix}\n");
            }
        }
    }
    found
}

#[test]
fn a_sound_clone_is_well_in_every_point() {
    let found = started().run("doctor").done();
    assert!(!found.stdout.contains("fail"), "{found}");
    for what in ["git", "ssh-keygen", "cores", "key", "policy", "attributes", "hook", "root", "log"]
    {
        assert!(on(&found, what).starts_with("ok"), "{what}: {found}");
    }
    assert!(on(&found, "keyring").contains("prod opens"), "{found}");
}

#[test]
fn a_key_that_others_can_read_is_doubtful() {
    let repo = started();
    let key = repo.home().join(".ssh/id_ed25519");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let found = repo.run("doctor").done();
    assert!(on(&found, "key").starts_with("warn"), "{found}");
    assert!(on(&found, "key").contains("fix  chmod 600 "), "{found}");
}

#[test]
fn a_key_inside_the_repository_is_a_fault() {
    let repo = started();
    std::fs::copy(repo.home().join(".ssh/id_ed25519"), repo.path().join("key")).unwrap();
    let key = repo.path().join("key").display().to_string();
    let found = repo.tenure(&["-i", &key, "doctor"]);
    assert_eq!(found.code, 1, "{found}");
    assert!(on(&found, "key").contains("lies in the repository"), "{found}");
}

#[test]
fn a_broken_policy_names_its_line() {
    let repo = started();
    let text = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", text.replace("threshold = 1", "threshold = 7"));
    let found = repo.run("doctor");
    assert_eq!(found.code, 1, "{found}");
    snapshot!(on(&found, "policy"), @"
    fail  policy      .secrets-policy.toml:34: the threshold is 7, and 1 admin can sign
          fix  tenure policy lint
    ");
}

#[test]
fn missing_hook_attributes_and_pin_are_doubtful() {
    let repo = started();
    repo.run("hook uninstall").done();
    std::fs::remove_file(repo.path().join(".gitattributes")).unwrap();
    std::fs::remove_file(repo.path().join(".git/tenure/pin")).unwrap();
    let found = repo.run("doctor");
    assert!(on(&found, "hook").contains("fix  tenure hook install"), "{found}");
    assert!(on(&found, "attributes").contains("fix  echo '/.secrets/** -text'"), "{found}");
    assert!(on(&found, "root").contains("fix  tenure trust show"), "{found}");
}

#[test]
fn an_environment_that_none_of_the_keys_opens_is_named_with_its_readers() {
    let repo = started();
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    repo.ssh_key();
    let found = repo.run("doctor").done();
    assert!(
        on(&found, "keyring").contains("none of your keys opens prod; it is read by ana"),
        "{found}"
    );
}

#[test]
fn outside_of_a_repository_machine_and_keys_are_examined() {
    let repo = Repo::new();
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.home()).args(&["doctor"]);
    let found = outside.run().done();
    assert!(on(&found, "key").contains("fix  tenure key new"), "{found}");
    assert!(on(&found, "repository").starts_with("warn"), "{found}");
}

#[test]
fn it_is_told_in_json() {
    let json = started().run("doctor --json").done().json();
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["check"] == "log" && check["health"] == "ok"));
}

#[test]
fn what_git_ignores_is_told_by_set_seal_and_doctor_with_a_line_that_mends_it() {
    let mut told = 0;
    for (ignore, path) in [
        ("*.env", "secrets/dev.env"),
        (".secrets/log/", ".secrets/log"),
        ("*.age\n*.env", "secrets/dev.env"),
        ("nothing", ""),
    ] {
        let repo = super::seal::started();
        repo.commit("started");
        repo.write(".gitignore", format!("{ignore}\n"));
        let set = repo.tenure_fed(&["set", "dev/A"], "one").done();
        repo.write("secrets/dev.env", repo.read("secrets/dev.env") + "B=two\n");
        let sealed = repo.run("seal").done();
        for said in [&set, &sealed] {
            let warned = said.stderr.contains(&format!("git ignores `{path}"));
            assert_eq!(warned, !path.is_empty(), "{ignore}: {said}");
        }
        for _ in 0..3 {
            let found = repo.run("doctor");
            let Some((_, fix)) = found.stdout.split_once("git ignores") else { break };
            assert!(!path.is_empty(), "{found}");
            let (_, line) = fix.split_once("fix  echo '").unwrap();
            let line = line.split_once('\'').unwrap().0;
            repo.write(".gitignore", repo.read(".gitignore") + line + "\n");
            told += 1;
        }
        let found = repo.run("doctor");
        assert!(!found.stdout.contains("git ignores"), "{found}");
        repo.git(&["add", "-A"]).done();
        let status = repo.git(&["status", "--porcelain", "--ignored"]).stdout;
        assert!(!status.contains("!!"), "{status}");
    }
    assert!(told >= 3, "{told}");
}
