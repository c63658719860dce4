//! `tenure rotate`: always a new value, with a new deadline.

use super::seal::started;
use crate::support::{Repo, snapshot};

fn one() -> Repo {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one").done();
    repo.tenure_fed(&["set", "dev/B", "--type", "api-key"], "two").done();
    repo.commit("set");
    repo
}

#[test]
fn a_new_value_gets_a_new_deadline() {
    let repo = one().at("2026-02-01");
    snapshot!(repo.tenure_fed(&["rotate", "dev/A"], "new"), @r"
    exit 0
    --- stdout
    dev/A rotated. Due 2026-05-02.
    Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer
    ");
    assert_eq!(repo.run("get dev/A").done().stdout, "new");
    repo.run("check").done();
}

#[test]
fn the_old_value_is_refused() {
    let repo = one();
    let refused = repo.tenure_fed(&["rotate", "dev/A"], "one");
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: same as the current value; nothing written
    hint: order a new value at its issuer, or: --generate
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_value_can_be_generated() {
    let repo = one();
    repo.run("rotate dev/A --generate hex:32").done();
    let value = repo.run("get dev/A").done().stdout;
    assert!(value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()), "{value}");
    assert_eq!(repo.run("rotate dev/A --generate pin:4").code, 2);
    snapshot!(repo.run("rotate dev/A --generate"), @r"
    exit 2
    --- stderr
    error: the policy says no generator for the type of this value
    hint: say one: --generate password:32
    ");
}

#[test]
fn a_value_comes_from_a_file_byte_by_byte() {
    let repo = one();
    repo.write("new.txt", "x\n");
    repo.run("rotate dev/A --from-file new.txt").done();
    assert_eq!(repo.run("get dev/A").done().stdout, "x\n");
}

#[test]
fn a_value_in_an_argument_is_refused_and_not_repeated() {
    let repo = one();
    for line in ["rotate dev/A hunter2", "rotate dev/A=hunter2", "set dev/A=hunter2"] {
        let refused = repo.run(line);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[test]
fn what_is_not_there_is_not_rotated() {
    assert_eq!(one().tenure_fed(&["rotate", "dev/NO"], "x").code, 6);
}

#[test]
fn all_that_is_overdue_is_rotated_together() {
    let repo = one().at("2026-12-01");
    assert_eq!(repo.run("check").code, 1);
    snapshot!(repo.run("rotate --due"), @r"
    exit 2
    --- stderr
    dev/A
    error: the value is empty
    hint: give it on stdin, or at a terminal
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    let none = one().run("rotate --due").done();
    assert_eq!(none.stderr, "nothing is overdue or owed\n");
}
