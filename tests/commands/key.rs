//! `tenure key new`: a pair for a person, an identity for a machine.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Repo, snapshot};

#[test]
fn a_pair_is_made_for_its_owner_alone() {
    let repo = Repo::new();
    snapshot!(repo.run("key new"), @"
    exit 0
    --- stdout
    made  [folder]/ana-home/.config/tenure/id_ed25519 (0600, without a passphrase)
    recipient and signing key  ssh-ed25519 [ssh key]
    fingerprint  SHA256:[fingerprint]
    next  send [folder]/ana-home/.config/tenure/id_ed25519.pub to an admin, for tenure member add
    ");
    let file = repo.home().join(".config/tenure/id_ed25519");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_is_never_overwritten() {
    let repo = Repo::new();
    repo.run("key new").done();
    let file = repo.home().join(".config/tenure/id_ed25519");
    let before = std::fs::read(&file).unwrap();
    assert_eq!(repo.run("key new").code, 2);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_passphrase_needs_somebody_to_ask() {
    let repo = Repo::new();
    let refused = repo.run("key new --passphrase");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(!repo.home().join(".config/tenure/id_ed25519").exists());
}

#[test]
fn a_machines_identity_is_all_that_stdout_carries() {
    let made = Repo::new().run("key new --machine").done();
    let lines: Vec<_> = made.stdout.lines().collect();
    let [comment, secret] = lines.as_slice() else { panic!("{made}") };
    assert!(secret.starts_with("AGE-SECRET-KEY-1"), "{made}");
    let public = comment.strip_prefix("# public key: ").unwrap();
    assert_eq!(made.stderr, format!("recipient  {public}\n"));
}

#[test]
fn nothing_is_made_in_a_dry_run() {
    let repo = Repo::new();
    assert_eq!(repo.run("key new -n").code, 2);
    assert!(!repo.home().join(".config/tenure/id_ed25519").exists());
}
