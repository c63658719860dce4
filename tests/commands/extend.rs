//! `tenure extend`: a later deadline, by an admin, for a reason, and never later than a new value's.

use super::seal::started;
use crate::support::{Outcome, Repo, snapshot};

/// A key that is due on 2026-04-01.
fn one() -> Repo {
    let repo = started();
    repo.tenure_fed(&["set", "dev/KEY", "--type", "api-key"], "k9-Yh72-pQ5").done();
    repo.commit("set");
    repo
}

const WHY: &str = "the vendor is closed";

fn extend(repo: &Repo, until: &str) -> Outcome {
    repo.tenure(&["extend", "dev/KEY", "--until", until, "--reason", WHY])
}

#[test]
fn a_deadline_moves_and_the_value_stays() {
    let repo = one().at("2026-04-02");
    assert_eq!(repo.run("check").code, 1, "overdue");
    let before = repo.read("secrets/dev.env");
    snapshot!(extend(&repo, "2026-05-01"), @r"
    exit 0
    --- stdout
    dev/KEY is due 2026-05-01, no longer 2026-04-01. Entry [id], signed by ana.
    ");
    assert_eq!(repo.read("secrets/dev.env"), before);
    repo.run("check").done();
    let log = repo.run("log dev/KEY").done();
    assert!(log.stdout.contains(WHY), "{log}");
    let repo = repo.at("2026-05-01");
    assert_eq!(repo.run("check").code, 0, "its last day");
    let repo = repo.at("2026-05-02");
    assert_eq!(repo.run("check").code, 1, "the day after");
    assert_eq!(extend(&repo, "2026-05-10").code, 0, "and once more");
}

#[test]
fn no_day_is_earlier_or_later_than_a_new_value_would_have() {
    let repo = one().at("2026-03-01");
    for early in ["2026-04-01", "2026-03-15", "2020-01-01"] {
        let refused = extend(&repo, early);
        assert!(
            refused.code == 2 && refused.stderr.contains("is due 2026-04-01 already"),
            "{refused}"
        );
    }
    snapshot!(extend(&repo, "2026-05-31"), @r"
    exit 2
    --- stderr
    error: dev/KEY cannot be due later than 2026-05-30, as a new value would be
    hint: tenure rotate dev/KEY
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    extend(&repo, "2026-05-30").done();
    repo.run("check").done();
}

#[test]
fn a_reason_is_wanted_and_what_is_not_there_is_said() {
    let repo = one();
    assert_eq!(repo.run("extend dev/KEY --until 2026-03-31").code, 2);
    assert_eq!(
        repo.tenure(&["extend", "dev/KEY", "--until", "2026-03-31", "--reason", " "]).code,
        2
    );
    assert_eq!(repo.run("extend dev/NO --until 2026-03-31 --reason x").code, 6);
    repo.tenure_fed(&["set", "dev/LEVEL", "--type", "config"], "info").done();
    let never = repo.run("extend dev/LEVEL --until 2026-03-31 --reason x");
    assert!(never.code == 2 && never.stderr.contains("has no deadline"), "{never}");
}

#[test]
fn a_certificate_is_not_extended_past_its_own_end() {
    let repo = started();
    repo.run("set dev/KEY --type internal-certificate --generate cert:a.test:60d").done();
    let refused = extend(&repo, "2026-03-01");
    assert!(refused.code == 2 && refused.stderr.contains("ends on 2026-03-01"), "{refused}");
}
