//! What a clone remembers of its log spares work and nothing else: it never turns a no into a yes.

use std::fs;
use std::path::PathBuf;

use crate::support::Repo;

fn repository() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/A"], "one").done();
    repo.commit("secrets");
    repo
}

fn remembered(repo: &Repo) -> PathBuf {
    repo.path().join(".git/tenure/signatures")
}

fn key(repo: &Repo) -> PathBuf {
    repo.home().join(".local/state/tenure/cache-key")
}

/// Finds the entry that attests `dev/A`.
fn newest(repo: &Repo) -> PathBuf {
    let found = repo.git(&["grep", "-l", "secrets/dev.env", "--", ".secrets/log"]).done();
    repo.path().join(found.stdout.trim())
}

#[test]
fn reading_remembers_which_signatures_hold_and_check_does_not_ask() {
    let repo = repository();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    let facts = fs::read(remembered(&repo)).unwrap();
    assert_eq!((facts.len() % 32, facts.len() > 32), (0, true));
    fs::remove_file(remembered(&repo)).unwrap();
    repo.run("check").done();
    assert!(!remembered(&repo).exists());
}

#[test]
fn a_memory_that_is_damaged_or_foreign_is_as_none() {
    let repo = repository();
    repo.run("get dev/A").done();
    let honest = fs::read(remembered(&repo)).unwrap();
    let mut forged = honest.clone();
    forged[40] ^= 1;
    for bytes in [forged.as_slice(), b"", b"junk", &honest[..honest.len() - 1]] {
        fs::write(remembered(&repo), bytes).unwrap();
        assert_eq!(repo.run("get dev/A").done().stdout, "one");
        assert_eq!(fs::read(remembered(&repo)).unwrap(), honest);
    }
    fs::write(key(&repo), [7; 32]).unwrap();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    assert_ne!(fs::read(remembered(&repo)).unwrap(), honest);
}

#[test]
fn no_key_and_no_room_for_one_is_no_memory_and_no_error() {
    let repo = repository();
    fs::remove_file(remembered(&repo)).unwrap();
    fs::remove_dir_all(repo.home().join(".local/state")).unwrap();
    fs::write(repo.home().join(".local/state"), "in the way").unwrap();
    let got = repo.run("get dev/A").done();
    assert_eq!((got.stdout.as_str(), got.stderr.as_str()), ("one", ""));
    assert!(!remembered(&repo).exists());
}

#[test]
fn another_signature_under_a_known_payload_is_not_known() {
    let repo = repository();
    repo.run("get dev/A").done();
    let entry = newest(&repo);
    let honest = fs::read_to_string(&entry).unwrap();
    let at = honest.find("-----END").unwrap() - 9;
    let other = if honest.as_bytes()[at] == b'A' { "B" } else { "A" };
    fs::write(&entry, format!("{}{other}{}", &honest[..at], &honest[at + 1..])).unwrap();
    for command in ["get dev/A", "check"] {
        let refused = repo.run(command);
        assert_eq!(refused.code, 5, "{refused}");
        assert!(format!("{refused}").contains("it is not signed by a key of `ana`"), "{refused}");
    }
    fs::write(&entry, honest).unwrap();
    repo.run("get dev/A").done();
}

#[test]
fn a_known_signature_by_somebody_without_the_right_is_refused() {
    let repo = repository();
    repo.run("get dev/A").done();
    // The same log, judged by a root that is not its own: what is remembered must not help.
    let root = "0".repeat(64);
    let refused = repo
        .command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["--now", crate::support::NOW, "--root", &root, "get", "dev/A"])
        .run();
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
}
