//! `tenure unset`: a value is taken out, and nothing else changes.

use super::seal::started;
use crate::support::{Repo, snapshot};

fn two() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", "A=one\n\nB=two\n");
    repo.write("secrets/dev/tls.pem", "key\n");
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

#[test]
fn a_value_is_gone_and_the_rest_stays() {
    let repo = two();
    let before = repo.read("secrets/dev.env");
    snapshot!(repo.run("unset dev/A --reason unused"), @r"
    exit 0
    --- stdout
    dev/A removed. Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer
    ");
    let after = repo.read("secrets/dev.env");
    assert!(before.ends_with(&after) && !after.contains("A="), "{after}");
    assert_eq!(repo.run("get dev/A").code, 6);
    repo.run("check").done();
}

#[test]
fn the_last_value_leaves_an_empty_file_that_takes_new_ones() {
    let repo = two();
    repo.run("rm dev/A").done();
    repo.run("unset dev/B").done();
    assert_eq!(repo.read("secrets/dev.env").trim(), "");
    repo.run("check").done();
    repo.tenure_fed(&["set", "dev/C"], "three").done();
    assert_eq!(repo.run("get dev/C").done().stdout, "three");
    repo.run("check").done();
}

#[test]
fn a_whole_file_is_removed() {
    let repo = two();
    snapshot!(repo.run("unset dev/secrets/dev/tls.pem"), @r"
    exit 0
    --- stdout
    dev/secrets/dev/tls.pem removed. Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer
    ");
    assert!(!repo.path().join("secrets/dev/tls.pem").exists());
    repo.run("check").done();
}

#[test]
fn a_deleted_value_does_not_come_back_by_hand() {
    let repo = two();
    let before = repo.read("secrets/dev.env");
    repo.run("unset dev/A").done();
    repo.write("secrets/dev.env", before);
    let checked = repo.run("check");
    assert!(checked.code == 5 && checked.stdout.contains("unattested"), "{checked}");
}

#[test]
fn what_is_not_there_is_said() {
    let repo = two();
    assert_eq!(repo.run("unset dev/NO").code, 6);
    assert_eq!(repo.run("unset staging/A").code, 6);
}

#[test]
fn a_dry_run_changes_nothing() {
    let repo = two();
    repo.run("unset dev/A --dry-run").done();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}
