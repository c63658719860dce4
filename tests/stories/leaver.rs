//! Somebody goes: nothing new is sealed to them, and what they could read must be rotated.

use crate::commands::member::{add, started};
use crate::support::Repo;

#[test]
fn one_who_left_reads_nothing_new_and_leaves_duties_behind() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.run("member remove ben -y --reason left").done();
    repo.tenure_fed(&["set", "dev/NEW_KEY"], "after").done();

    // The old value is a duty until it is new; the new one never was.
    let checked = repo.run("check").done();
    assert!(checked.stdout.contains("due  1 value by 2026-01-08 (ben left)"), "{checked}");
    let listed = repo.run("list -e dev --json").done();
    assert!(listed.stdout.contains("2026-01-08"), "{listed}");
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://new").done();
    let checked = repo.run("check").done();
    assert!(!checked.stdout.contains("ben left"), "{checked}");

    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    for what in ["dev/NEW_KEY", "dev/DATABASE_URL"] {
        let refused = repo.tenure(&["-i", &ben, "get", what]);
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
    }
}

#[test]
fn one_who_left_signs_nothing() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.run("member remove ben -y").done();
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    let refused = repo.tenure_fed(&["-i", &ben, "set", "dev/X"], "1");
    assert_eq!(refused.code, 4, "{refused}");
}

#[test]
fn one_who_comes_back_with_the_same_key_reads_again() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.run("member remove ben -y").done();
    let public = format!("{ben}.pub");
    repo.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &public, "-y"])
        .done();
    repo.tenure_fed(&["-i", &ben, "set", "dev/X"], "1").done();
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    assert_eq!(repo.tenure(&["-i", &ben, "get", "dev/X"]).done().stdout, "1");
    repo.run("check").done();
}

#[test]
fn what_one_who_left_sets_in_an_old_clone_is_set_anew_by_another() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.commit("both");
    repo.git(&["switch", "--quiet", "-c", "late"]).done();
    let keys = repo.home().join(".ssh");
    let away = repo.home().join("away");
    std::fs::rename(&keys, &away).unwrap();
    repo.tenure_fed(&["-i", &ben, "set", "dev/DATABASE_URL"], "postgres://late").done();
    std::fs::rename(&away, &keys).unwrap();
    repo.commit("late");
    repo.git(&["switch", "--quiet", "main"]).done();
    repo.run("member remove ben -y").done();
    repo.commit("ben left");
    repo.git(&["merge", "--quiet", "--no-edit", "--no-verify", "late"]).done();
    let refused = repo.run("get dev/DATABASE_URL");
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
    assert!(refused.stderr.contains("[removed-key]"), "{refused}");
    assert!(refused.stderr.contains("hint: tenure resolve dev/DATABASE_URL"), "{refused}");
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://right").done();
    repo.run("check").done();
    assert_eq!(repo.run("get dev/DATABASE_URL").done().stdout, "postgres://right");
}

#[test]
fn what_opens_nothing_need_not_be_replaced_when_somebody_leaves() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/LOG_LEVEL", "--type", "config"], "debug").done();
    add(&repo, "ben", "developer");
    let owed = |repo: &crate::support::Repo| {
        let checked = repo.run("check --json").json();
        let all = checked["obligations"].as_array().unwrap().clone();
        all.iter().map(|it| it["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    repo.run("member remove ben -y --hostile --reason fired").done();
    assert_eq!(owed(&repo), ["dev/secrets/dev.env#DATABASE_URL"]);
    // Somebody who names it means it.
    repo.run("incident open --secret dev/LOG_LEVEL --reason leaked").done();
    assert_eq!(owed(&repo), ["dev/secrets/dev.env#DATABASE_URL", "dev/secrets/dev.env#LOG_LEVEL"]);
}

/// Insists that a value is refused because the secret had it before, and that nothing is written.
#[track_caller]
fn had_before(repo: &Repo, args: &[&str], value: &str) {
    let refused = repo.tenure_fed(args, value);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("dev/DB had this value before (entry "), "{refused}");
    assert!(!refused.stderr.contains(value), "{refused}");
}

#[test]
fn a_duty_is_not_paid_with_the_value_that_the_leaver_knows() {
    let repo = started();
    add(&repo, "ben", "developer");
    repo.tenure_fed(&["set", "dev/DB"], "postgres://older").done();
    repo.commit("older");
    repo.tenure_fed(&["set", "dev/DB"], "postgres://same").done();
    repo.commit("both");
    // As long as nothing is owed, an older value may come back; in an empty place for who insists.
    repo.tenure_fed(&["set", "dev/DB"], "postgres://older").done();
    repo.commit("back");
    repo.run("unset dev/DB").done();
    repo.commit("gone");
    had_before(&repo, &["set", "dev/DB"], "postgres://same");
    repo.tenure_fed(&["set", "dev/DB", "--anyway"], "postgres://same").done();
    repo.commit("insisted");

    repo.run("member remove ben -y --reason left").done();
    repo.commit("ben left");
    had_before(&repo, &["set", "dev/DB"], "postgres://older");
    had_before(&repo, &["set", "dev/DB", "--anyway"], "postgres://older");
    repo.run("unset dev/DB").done();
    for value in ["postgres://older", "postgres://same"] {
        had_before(&repo, &["set", "dev/DB"], value);
        had_before(&repo, &["set", "dev/DB", "--anyway"], value);
    }
    repo.tenure_fed(&["set", "dev/DB"], "postgres://new").done();
}

#[test]
fn what_is_overdue_is_not_set_to_what_it_was() {
    let repo = started();
    for value in ["postgres://older", "postgres://same"] {
        repo.tenure_fed(&["set", "dev/DB", "--type", "api-key"], value).done();
        repo.commit(value);
    }
    let repo = repo.at("2029-01-02");
    had_before(&repo, &["set", "dev/DB"], "postgres://older");
    repo.run("unset dev/DB").done();
    had_before(&repo, &["set", "dev/DB", "--anyway"], "postgres://same");
    repo.tenure_fed(&["set", "dev/DB"], "postgres://new").done();
}
