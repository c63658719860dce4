//! `tenure rekey`: new keyrings, and with `--reseal` every value under them.

use super::seal::started;
use crate::support::{Repo, snapshot};

fn filled() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", "# c\nA=one\n\nB=two\n");
    repo.write("secrets/dev.yaml", "hosts:\n  - a\n  - b\nempty:\n");
    repo.write("secrets/dev/tls.pem", "key\n");
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

fn keyrings(repo: &Repo) -> usize {
    std::fs::read_dir(repo.path().join(".secrets/keys/dev")).unwrap().count()
}

#[test]
fn a_new_keyring_touches_no_value() {
    let repo = filled();
    snapshot!(repo.run("rekey -e dev"), @r"
    exit 0
    --- stdout
    new keyring for dev; no value changed. Readers: ana.
    Entry [id], signed by ana.
    ");
    assert_eq!(keyrings(&repo), 2);
    assert_eq!(repo.git(&["status", "--porcelain", "secrets"]).stdout, "");
    repo.run("check").done();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    repo.tenure_fed(&["set", "dev/A"], "new").done();
    assert_eq!(repo.run("get dev/B").done().stdout, "two");
    repo.run("check").done();
}

#[test]
fn resealing_moves_every_value_and_no_deadline() {
    let repo = filled().at("2026-02-01");
    let before = repo.read("secrets/dev.env");
    snapshot!(repo.run("updatekeys -e dev --reseal"), @r"
    exit 0
    --- stdout
    new keyring for dev; 4 values sealed anew. Readers: ana.
    Entry [id], signed by ana.
    ");
    assert_ne!(repo.read("secrets/dev.env"), before);
    repo.run("check").done();
    assert_eq!(repo.run("get dev/secrets/dev/tls.pem").done().stdout, "key\n");
    assert_eq!(repo.run("get dev/hosts[1]").done().stdout, "b");
    assert_eq!(repo.run("check").code, 0);
    assert_eq!(repo.at("2026-04-02").run("check").code, 1, "due since 2026-04-01");
}

#[test]
fn rekeying_twice_still_opens_everything() {
    let repo = filled();
    repo.run("rekey -e dev").done();
    repo.run("rekey -e dev --reseal").done();
    repo.run("rekey -e dev").done();
    assert_eq!(keyrings(&repo), 4);
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    repo.run("check").done();
}

#[test]
fn without_need_the_environment_has_to_be_named() {
    snapshot!(filled().run("rekey"), @r"
    exit 2
    --- stderr
    error: the readers changed nowhere, so no keyring is needed
    hint: to make one all the same: tenure rekey -e ENV
    ");
}

#[test]
fn keyrings_of_two_branches_live_side_by_side_and_the_next_one_holds_both() {
    let repo = filled();
    repo.git(&["switch", "--quiet", "-c", "side"]).done();
    repo.run("rekey -e dev").done();
    repo.tenure_fed(&["set", "dev/A"], "side").done();
    repo.commit("side");
    repo.git(&["switch", "--quiet", "main"]).done();
    repo.run("rekey -e dev").done();
    repo.tenure_fed(&["set", "dev/B"], "main").done();
    repo.commit("main");
    repo.git(&["merge", "--quiet", "--no-edit", "side"]).done();
    repo.run("check").done();
    for (key, value) in [("dev/A", "side"), ("dev/B", "main")] {
        assert_eq!(repo.tenure(&["get", key]).done().stdout, value);
    }
    repo.run("rekey -e dev --reseal").done();
    repo.run("check").done();
    for (key, value) in [("dev/A", "side"), ("dev/B", "main")] {
        assert_eq!(repo.tenure(&["get", key]).done().stdout, value);
    }
}
