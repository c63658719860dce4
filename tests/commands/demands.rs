//! What a run in CI demands of the log: `TENURE_MIN_POLICY`, `--base`, `--max-age`.

use crate::attacks::{Estate, Pen};
use crate::support::Outcome;

fn second_policy(estate: &Estate) {
    let text = estate.read(".secrets-policy.toml").replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
}

#[track_caller]
fn blocked(outcome: &Outcome, exit: i32, said: &str) {
    assert_eq!(outcome.code, exit, "{outcome}");
    assert!(format!("{outcome}").contains(said), "{outcome}");
    assert!(!outcome.stdout.contains("hunter2"), "{outcome}");
}

#[test]
fn a_policy_older_than_is_wanted_is_a_rollback() {
    let estate = Estate::new();
    let with =
        |line: &str, least: &str| estate.by("ana", line).env("TENURE_MIN_POLICY", least).run();
    with("check", "1").done();
    blocked(&with("--json check", "2"), 5, "\"rollback\"");
    blocked(&with("get prod/DB_URL", "2"), 5, "policy 1 is in force, and this run wants 2");
    blocked(&with("run -e prod -- true", "2"), 125, "policy 1 is in force");
    blocked(&estate.by("ana", "check --min-policy 2").run(), 5, "rollback");
    // The higher of two counts.
    blocked(&with("check --min-policy 1", "2"), 5, "rollback");
    for bad in ["two", "-1", "99999999999"] {
        blocked(&with("check", bad), 5, "`TENURE_MIN_POLICY` is no number");
    }
    with("check", "").done();
    second_policy(&estate);
    with("check", "2").done();
    with("run -e prod -- true", "2").done();
}

#[test]
fn what_is_wanted_of_a_policy_is_wanted_of_a_repository_without_a_log_too() {
    let repo = crate::support::Repo::new();
    repo.write(
        ".secrets-policy.toml",
        "version = 1\nrevision = \"1-00000001\"\n\
         repository = \"0198c9d2-7b1e-4c8a-9f00-0123456789ab\"\n",
    );
    let plain = repo.run("check");
    let wanted = repo.run("check --min-policy 1");
    assert_ne!(plain.code, 5, "{plain}");
    assert_eq!(wanted.code, 5, "{wanted}");
    assert_eq!(repo.run("check --max-age 1d").code, 5);
}

#[test]
fn an_entry_of_the_base_that_is_not_here_is_a_rollback() {
    let estate = Estate::new();
    estate.commit("base");
    let git = |line: &str| {
        estate.repo.git(&line.split_whitespace().collect::<Vec<_>>()).done();
    };
    git("switch --quiet -c request");
    estate.set("ben", "dev/DB_URL", "hunter2-request");
    estate.commit("request");
    let check = |base: &str| estate.by("ana", "--json check --base").arg(base).run();
    check("main").done();
    git("switch --quiet main");
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.commit("main goes on");
    git("switch --quiet request");
    let behind = check("main");
    blocked(&behind, 5, "\"rollback\"");
    blocked(&behind, 5, "`main` has this entry");
    blocked(
        &estate.by("ana", "run -e prod --base main -- true").run(),
        125,
        "`main` has this entry",
    );
    git("merge --quiet --no-edit main");
    check("main").done();
    // What never was an entry is not missed.
    git("switch --quiet main");
    estate.write(".secrets/log/2026-01/20260101T000000Z-0123456789abcdef.entry", "junk");
    estate.commit("junk");
    git("switch --quiet request");
    check("main").done();
    blocked(&check("nowhere"), 2, "names no commit");
}

#[test]
fn a_log_older_than_is_wanted_is_a_rollback() {
    let estate = Estate::new();
    let estate = Estate { repo: estate.repo.at("2026-01-08T00:00:00Z") };
    for young in ["7d", "168h", "1w", "2w 1h"] {
        estate.by("ana", "check --max-age").arg(young).run().done();
    }
    let old = estate.by("ana", "--json check --max-age 6d").run();
    blocked(&old, 5, "\"rollback\"");
    blocked(&old, 5, "A host can also withhold what is new");
    blocked(&estate.by("ana", "get prod/DB_URL --max-age 167h").run(), 5, "the newest entry is of");
    for bad in ["", "7", "1 month", "-1d", "0d", "soon"] {
        let refused = estate.by("ana", "check --max-age").arg(bad).run();
        assert_eq!(refused.code, 2, "{bad}: {refused}");
    }
}
