//! `--as-of`: another day, or what a commit holds, told by the commands that tell about the whole state.

use super::member::add;
use super::seal::started;
use crate::support::{Repo, Team, snapshot};

fn set(repo: &Repo, name: &str) {
    let value = format!("k9-Yh72-{name}-{}", repo.now());
    repo.tenure_fed(&["set", name, "--type", "api-key"], value).done();
    repo.commit(name);
}

/// Two values: one of January, due on 2026-04-01, and one of February, due on 2026-05-02.
fn two() -> Repo {
    let repo = started();
    set(&repo, "dev/FIRST");
    let repo = repo.at("2026-02-01");
    set(&repo, "dev/SECOND");
    repo
}

fn names(repo: &Repo, more: &str) -> Vec<String> {
    let json = repo.run(&format!("list --json {more}")).done().json();
    let rows = json["secrets"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// All that lies in the work tree and in the folder of this clone's trust.
fn traces(repo: &Repo) -> (String, Option<String>) {
    let pin = std::fs::read_to_string(repo.path().join(".git/tenure/pin")).ok();
    (repo.git(&["status", "--porcelain"]).done().stdout, pin)
}

#[test]
fn a_day_to_come_shows_what_will_be_due_by_then() {
    let repo = two();
    repo.run("check").done();
    let before = traces(&repo);
    snapshot!(repo.run("check --as-of 2026-04-02"), @r"
    exit 1
    --- stdout
    as of 2026-04-02: what lies here, by that day's calendar; a view, and no verdict on now
    overdue  secrets/dev.env FIRST  due 2026-04-01, 1 day late
      fix  tenure rotate dev/FIRST
    found  2 values in 2 environments, readers as the policy says, 4 of 4 entries verified
    ");
    let json = repo.run("check --json --as-of 2026-04-01").done().json();
    assert_eq!(json["as_of"], serde_json::json!({ "day": "2026-04-01", "commit": null }));
    assert!(repo.run("check --json").done().json().get("as_of").is_none());
    let status = repo.run("status --json --as-of 2026-05-03").done().json();
    assert_eq!(status["environments"][0]["overdue"], 2);
    assert_eq!(status["numbers"]["overdue"], 2);
    let listed = repo.run("list --as-of 2026-05-03").done();
    assert!(listed.stdout.contains("due 2026-05-02, 1 day late"), "{listed}");
    assert!(listed.stdout.starts_with("as of 2026-05-03: what lies here"), "{listed}");
    let report = repo.run("report 5d --as-of 2026-05-03").done();
    assert!(report.stdout.contains("State of 2026-05-03;"), "{report}");
    assert!(report.stderr.contains("no verdict on now"), "{report}");
    assert_eq!(traces(&repo), before);
}

#[test]
fn an_earlier_day_moves_only_the_clock_of_check() {
    let repo = two().at("2026-04-02");
    assert_eq!(repo.run("check").code, 1);
    let then = repo.run("check --as-of 2026-01-15");
    assert_eq!(then.code, 0, "{then}");
    assert!(then.stdout.contains("2 values in 2 environments"), "{then}");
}

#[test]
fn a_day_that_is_over_is_what_this_branch_held_at_its_end() {
    let repo = two().at("2026-06-01");
    assert_eq!(names(&repo, ""), ["dev/FIRST", "dev/SECOND"]);
    for day in ["2026-01-01", "2026-01-31"] {
        assert_eq!(names(&repo, &format!("--as-of {day}")), ["dev/FIRST"], "{day}");
    }
    assert_eq!(names(&repo, "--as-of 2026-02-01"), ["dev/FIRST", "dev/SECOND"]);
    let status = repo.run("status --json --as-of 2026-01-31").done().json();
    assert_eq!(status["environments"][0]["values"], 1);
    assert_eq!(status["next"]["days_left"], 60);
    let refused = repo.run("list --as-of 2025-12-31");
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: this branch has no commit of 2025-12-31 or before
    hint: git fetch --unshallow, in a clone without its past
    ");
}

#[test]
fn a_commit_is_read_from_git_by_its_own_day_or_another() {
    let repo = two().at("2026-06-01");
    // What lies in the work tree is no part of it.
    repo.write("secrets/dev.env", "FIRST=plain\n");
    let before = traces(&repo);
    assert_eq!(repo.run("check").code, 5, "altered here");
    let shown = repo.run("list --as-of HEAD~1").done();
    assert!(shown.stdout.contains("holds, by that day's calendar"), "{shown}");
    assert!(shown.stdout.contains("due 2026-04-01, in 90 days"), "{shown}");
    assert_eq!(names(&repo, "--as-of HEAD~1"), ["dev/FIRST"]);
    let both = repo.run("status --json --as-of HEAD~1 --as-of 2026-04-03").done().json();
    assert_eq!(
        (&both["next"]["days_left"], &both["as_of"]["day"]),
        (&(-2).into(), &"2026-04-03".into())
    );
    let head = repo.git(&["rev-parse", "HEAD~1"]).done().stdout;
    assert_eq!(both["as_of"]["commit"], head.trim());
    assert_eq!(traces(&repo).1, before.1);
}

#[test]
fn a_report_of_a_commit_is_the_one_of_that_time_byte_by_byte() {
    let repo = started();
    set(&repo, "dev/FIRST");
    let then = |line: &str| repo.run(line).done().stdout;
    let (five_d, plan) = (then("report 5d"), then("report plan"));
    let repo = repo.at("2026-02-01");
    add(&repo, "cleo", "developer");
    set(&repo, "dev/SECOND");
    repo.write("app/main.py", "use(FIRST)\n");
    repo.commit("more");
    let repo = repo.at("2026-03-01");
    for when in ["HEAD~2", "2026-01-01"] {
        assert_eq!(repo.run(&format!("report 5d --as-of {when}")).done().stdout, five_d, "{when}");
        assert_eq!(repo.run(&format!("report plan --as-of {when}")).done().stdout, plan, "{when}");
    }
    assert_ne!(repo.run("report 5d").done().stdout, five_d);
}

#[test]
fn a_log_that_is_not_believed_now_is_asked_about_no_other_day() {
    let repo = two();
    let text = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", text.replace("threshold = 1", "threshold = 2"));
    for line in ["list --as-of HEAD~1", "report plan --as-of HEAD~1", "status --as-of 2026-01-15"] {
        let refused = repo.run(line);
        assert_ne!((refused.code, refused.stdout.as_str()), (0, ""), "{refused}");
        assert!(refused.code > 2 && refused.stdout.is_empty(), "{refused}");
    }
}

#[test]
fn what_is_no_moment_is_refused() {
    let repo = two();
    for (texts, code, why) in [
        (&["nonsense"][..], 6, "is no day, no entry of the log and no commit"),
        (&["--help"], 6, ""),
        (&["2026-03-01", "2026-04-01"], 2, "two days"),
        (&["HEAD", "HEAD~1"], 2, "two commits"),
        (&["2026-02-30"], 6, ""),
    ] {
        let mut args = vec!["list".to_owned()];
        args.extend(texts.iter().map(|text| format!("--as-of={text}")));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let refused = repo.tenure(&args);
        assert_eq!((refused.code, refused.stdout.as_str()), (code, ""), "{refused}");
        assert!(refused.stderr.contains(why), "{refused}");
    }
    let bare = Repo::new();
    bare.ssh_key();
    bare.write("README.md", "one\n");
    bare.commit("before the first policy");
    bare.run("init --member ana").done();
    bare.commit("init");
    let refused = bare.run("status --as-of HEAD~1");
    assert_eq!(refused.code, 6, "{refused}");
    assert!(refused.stderr.contains("no policy was in force as of `HEAD~1`"), "{refused}");
}

#[test]
fn no_view_moves_the_pin() {
    let team = Team::new();
    let ana = team.person("ana");
    ana.run("init --member ana").done();
    set(&ana, "dev/FIRST");
    ana.git(&["push", "--quiet", "origin", "HEAD"]).done();
    let other = Repo::copied(ana.folder());
    set(&other, "dev/SECOND");
    ana.git(&["pull", "--quiet", other.path().to_str().unwrap(), "main"]).done();
    let before = traces(&ana);
    for line in [
        "check --as-of 2026-01-02",
        "status --as-of 2026-01-02",
        "list --as-of HEAD",
        "report 5d --as-of 2026-01-02",
        "report plan --as-of HEAD",
        "exposure ana --as-of HEAD",
    ] {
        ana.run(line).done();
        assert_eq!(traces(&ana), before, "{line}");
    }
    ana.run("check").done();
    assert_ne!(traces(&ana).1, before.1, "this does");
}

#[test]
fn exposure_of_then_knows_nothing_of_later() {
    let repo = started();
    add(&repo, "cleo", "developer");
    set(&repo, "dev/FIRST");
    let repo = repo.at("2026-02-01");
    repo.tenure_fed(&["rotate", "dev/FIRST"], "k9-Yh72-another-1").done();
    repo.commit("rotated");
    let values = |more: &str| {
        let json = repo.run(&format!("exposure cleo --json {more}")).done().json();
        let all = json["values"].as_array().unwrap().clone();
        all.iter().map(|it| it["live"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values(""), [true, false]);
    assert_eq!(values("--as-of HEAD~1"), [true]);
    assert_eq!(values("--as-of 2026-01-15"), [true]);
}
