//! Values in time: a deadline that bites, a rotation without downtime, and what crosses it: leavers, other
//! branches, a killed process.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::attacks::Estate;
use crate::commands::member::add;
use crate::commands::rotate_steps::typed;
use crate::commands::rotate_strategies::turns;
use crate::commands::seal::started;
use crate::support::{Repo, skip};

const ENV: &str = "secrets/dev.env";

#[test]
fn due_today_is_well_a_day_later_is_not_and_a_rotation_mends_it() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value").done();
    repo.commit("set");
    let repo = repo.at("2026-04-01");
    repo.run("check").done();
    let repo = repo.at("2026-04-02");
    assert_eq!(repo.run("check").code, 1);
    assert!(repo.run("run -e dev -- true").done().stderr.contains("overdue"));
    repo.tenure_fed(&["rotate", "dev/A"], "two-value").done();
    repo.run("check").done();
}

#[test]
fn a_promoted_value_has_the_deadline_of_the_day_it_was_made() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value").done();
    let repo = repo.at("2026-02-01");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "two-value").done();
    let repo = repo.at("2026-03-01");
    let promoted = repo.run("rotate dev/A --promote").done();
    assert!(promoted.stdout.contains("Due 2026-05-02."), "{promoted}");
    let repo = repo.at("2026-05-03");
    assert_eq!(repo.run("check").code, 1, "both are late by now");
    repo.run("rotate dev/A --finish").done();
    assert_eq!(repo.run("check").code, 1);
    repo.tenure_fed(&["rotate", "dev/A"], "three-value").done();
    repo.run("check").done();
}

#[test]
fn a_pending_value_that_a_leaver_could_read_is_owed_too() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value").done();
    add(&repo, "ben", "developer");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "two-value").done();
    repo.commit("pending");
    repo.run("member remove ben -y").done();
    repo.run("rotate dev/A --promote").done();
    repo.commit("promoted");
    let owed = |repo: &Repo| -> Vec<String> {
        let json = repo.run("check --json");
        let found = json.json()["findings"].as_array().unwrap().clone();
        let owed = found.iter().filter(|it| it["code"] == "obligation");
        owed.map(|it| it["place"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(owed(&repo).len(), 2, "{:?}", owed(&repo));
    let repo = repo.at("2026-01-20");
    assert_eq!(repo.run("check").code, 1);
    let left = repo.run("rotate --due --generate hex:16").done();
    assert!(left.stderr.contains("the previous value of dev/A has not been ended"), "{left}");
    assert!(left.stderr.contains("tenure rotate dev/A --finish"), "{left}");
    repo.run("rotate dev/A --finish").done();
    assert_eq!(owed(&repo).len(), 1);
    repo.run("rotate --due --generate hex:16").done();
    assert_eq!(owed(&repo), Vec::<String>::new());
    repo.run("check").done();
}

/// A base in which dev.env has keys with room between them, as plain git needs it, and A is being rotated.
fn begun() -> Estate {
    let estate = Estate::new();
    for key in ["A", "B"] {
        estate.set("ben", &format!("dev/secrets/dev.env#{key}"), "hunter2-old");
    }
    estate.by("ben", "rotate dev/A --begin").feed("hunter2-new").done();
    estate.edit(ENV, |text| text.replace('\n', "\n\n\n\n"));
    estate.commit("begun");
    estate.honest();
    estate
}

fn got(estate: &Estate, key: &str) -> String {
    estate.by("ana", &format!("get dev/{key}")).run().done().stdout
}

#[test]
fn a_promotion_beside_a_change_of_another_key_merges_quietly() {
    let estate = begun();
    estate.git("switch --quiet -c left");
    estate.by("ben", "rotate dev/A --promote").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/B", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit left");
    estate.honest();
    let now = ["A", "A_PREVIOUS", "B"].map(|key| got(&estate, key));
    assert_eq!(now, ["hunter2-new", "hunter2-old", "hunter2-right"]);
    estate.by("ben", "rotate dev/A --finish").run().done();
    estate.honest();
}

#[test]
fn two_promotions_of_one_value_are_a_dispute_that_resolve_ends() {
    let estate = begun();
    estate.git("switch --quiet -c left");
    estate.by("ben", "rotate dev/A --promote").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.by("cleo", "rotate dev/A --promote").run().done();
    estate.commit("right");
    estate.git("merge --quiet --no-edit -X ours left");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"concurrent\""), "{checked}");
    for key in ["A", "A_PREVIOUS"] {
        estate.by("ben", &format!("resolve dev/{key} -y")).run().done();
    }
    estate.honest();
    assert_eq!([got(&estate, "A"), got(&estate, "A_PREVIOUS")], ["hunter2-new", "hunter2-old"]);
    let done = estate.by("ben", "rotate dev/A --finish").run().done();
    assert!(done.stdout.contains("1 earlier value ended"), "{done}");
    estate.honest();
}

/// What is wrong with A, once a branch that promotes it and one that takes the same value back have met.
fn promoted_and_taken_back() -> Estate {
    let estate = begun();
    estate.git("switch --quiet -c left");
    estate.by("ben", "rotate dev/A --promote").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.by("cleo", "rotate dev/A --undo").run().done();
    estate.commit("right");
    estate.honest();
    estate.git("merge --quiet --no-edit left");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 1, "{checked}");
    let found = &checked.json()["findings"][0];
    assert_eq!(
        (&found["code"], &found["fix"]),
        (&"withdrawn".into(), &"tenure rotate dev/A --undo".into())
    );
    estate
}

#[test]
fn a_value_that_is_promoted_and_taken_back_is_found_until_somebody_says_which() {
    let estate = promoted_and_taken_back();
    estate.by("ben", "rotate dev/A --undo").run().done();
    estate.honest();
    assert_eq!(got(&estate, "A"), "hunter2-old");
    let estate = promoted_and_taken_back();
    estate.by("ben", "rotate dev/A --finish").run().done();
    estate.honest();
    assert_eq!(got(&estate, "A"), "hunter2-new");
}

#[test]
fn a_promotion_and_another_new_value_are_a_dispute() {
    let estate = begun();
    estate.git("switch --quiet -c left");
    estate.by("ben", "rotate dev/A --promote").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/A", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit -X ours left");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"concurrent\""), "{checked}");
    estate.by("ben", "resolve dev/A -y").run().done();
    estate.honest();
    assert_eq!(got(&estate, "A"), "hunter2-right");
    // The value that was promoted and lost is one to be ended, as the one before is.
    let done = estate.by("ben", "rotate dev/A --finish").run().done();
    assert!(done.stdout.contains("2 earlier values ended"), "{done}");
    estate.honest();
}

/// The values of dev, by key, whatever their state; and what is wrong, if anything.
fn state(repo: &Repo) -> (BTreeMap<String, String>, i32) {
    let open = repo.run("open secrets/dev.env").done().stdout;
    let values = open.lines().filter_map(|line| line.split_once('='));
    let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (values, repo.run("check").code)
}

/// The calls by which files come, change their names and go.
const CALLS: [&str; 7] =
    ["link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"];

/// Kills a step before each call that changes what lies on disk; each time the values are those before it, or
/// those after it.
fn killed(before: &[&str], step: &[&str]) {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "one-value").done();
    repo.tenure_fed(&["set", "dev/B"], "bee").done();
    killed_on(&repo, before, step);
}

fn killed_on(repo: &Repo, before: &[&str], step: &[&str]) {
    let strace = skip!("strace");
    repo.write(".git/new", "two-value");
    for line in before {
        repo.run(line).done();
    }
    repo.commit("ready");
    let old = state(repo);
    let whole = Repo::copied(repo.folder());
    whole.tenure(step).done();
    let new = state(&whole);
    assert_ne!(old, new);
    let (mut kept, mut done, mut ended) = (0, 0, Vec::new());
    for (call, n) in CALLS.into_iter().flat_map(|call| (1..30).map(move |n| (call, n))) {
        if (n > 1) && ended.contains(&call) {
            continue;
        }
        let repo = Repo::copied(repo.folder());
        let inject = format!("inject={call}:signal=KILL:when={n}");
        let trace = format!("trace={call}");
        let quiet = repo.home().join("trace").display().to_string();
        let traced = repo.command(&strace).args(&["-o", &quiet, "-e", &trace, "-e", &inject]);
        let traced = traced.arg(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now()]);
        if traced.args(step).run().code == 0 {
            ended.push(call);
            continue;
        }
        match state(&repo) {
            now if now == old => kept += 1,
            now if now == new => done += 1,
            now => panic!("killed at {call} {n}: {now:?} is neither {old:?} nor {new:?}"),
        }
    }
    assert_eq!(ended, CALLS);
    assert!(kept > 4 && done > 1, "{kept} times as before, {done} times as after");
}

#[test]
fn a_killed_rotation_in_place_loses_no_value() {
    killed(&[], &["rotate", "dev/A", "--from-file", ".git/new"]);
}

#[test]
fn a_killed_beginning_loses_no_value() {
    killed(&[], &["rotate", "dev/A", "--begin", "--from-file", ".git/new"]);
}

#[test]
fn a_killed_promotion_loses_no_value() {
    killed(&["rotate dev/A --begin --from-file .git/new"], &["rotate", "dev/A", "--promote"]);
}

#[test]
fn a_killed_way_back_loses_no_value() {
    let begin = "rotate dev/A --begin --from-file .git/new";
    killed(&[begin], &["rotate", "dev/A", "--undo"]);
    killed(&[begin, "rotate dev/A --promote"], &["rotate", "dev/A", "--undo"]);
}

#[test]
fn a_killed_end_loses_no_value() {
    let before = ["rotate dev/A --begin --from-file .git/new", "rotate dev/A --promote"];
    killed(&before, &["rotate", "dev/A", "--finish"]);
}

#[test]
fn a_killed_step_of_users_who_take_turns_takes_both_values_or_none() {
    let begin = "rotate dev/A --begin --from-file .git/new";
    killed_on(&turns(), &[begin], &["rotate", "dev/A", "--promote"]);
    killed_on(&turns(), &[begin, "rotate dev/A --promote"], &["rotate", "dev/A", "--finish"]);
}

#[test]
fn a_killed_promotion_of_a_type_that_keeps_none_before_it_loses_no_value() {
    let repo = typed("strategy = \"single\"");
    let begin = "rotate dev/A --begin --from-file .git/new";
    killed_on(&repo, &[begin], &["rotate", "dev/A", "--promote"]);
}

/// A command that makes `two`, and before that does what these lines say.
fn command(lines: &str) -> String {
    format!("f() {{ cat > /dev/null; {lines}; test $1 = create && echo two; true; }}; f")
}

#[test]
fn a_rotation_by_a_command_that_is_killed_at_any_step_is_ended_by_the_same_command() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "one").done();
    repo.commit("one");
    let old = state(&repo);
    let pending = |(values, code): &(BTreeMap<String, String>, i32)| {
        let mut values = values.clone();
        values.insert("A_NEXT".to_owned(), "two".to_owned());
        (values, *code)
    };
    for (step, begun) in [("create", false), ("set", true), ("test", true)] {
        let repo = Repo::copied(repo.folder());
        let kills = command(&format!("test $1 = {step} && kill -KILL $PPID"));
        assert_ne!(repo.tenure(&["rotate", "dev/A", "--with", &kills]).code, 0, "{step}");
        let want = if begun { pending(&old) } else { old.clone() };
        assert_eq!(state(&repo), want, "{step}");
        repo.tenure(&["rotate", "dev/A", "--with", &command("true")]).done();
        repo.commit("promoted");
        let promoted = state(&repo);
        assert_eq!(promoted.0["A"], "two");
        assert_eq!(promoted.0["A_PREVIOUS"], "one");
        let kills = command("test $1 = finish && kill -KILL $PPID");
        assert_ne!(repo.tenure(&["rotate", "dev/A", "--finish", "--with", &kills]).code, 0);
        assert_eq!(state(&repo), promoted);
        repo.tenure(&["rotate", "dev/A", "--finish", "--with", &command("true")]).done();
        let (values, code) = state(&repo);
        assert_eq!((values.len(), values["A"].as_str(), code), (1, "two", 0));
    }
}

/// Kills a rotation by a command before each call that changes what lies on disk.
#[test]
fn a_killed_rotation_by_a_command_loses_no_value_and_goes_on() {
    let strace = skip!("strace");
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "one").done();
    repo.commit("one");
    let by_command = command("true");
    let line = ["rotate", "dev/A", "--with", &by_command];
    let at = |keys: &[(&str, &str)]| -> BTreeMap<String, String> {
        keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let stages = [
        at(&[("A", "one")]),
        at(&[("A", "one"), ("A_NEXT", "two")]),
        at(&[("A", "two"), ("A_PREVIOUS", "one")]),
    ];
    let (mut seen, mut ended) = ([0; 3], Vec::new());
    for (call, n) in CALLS.into_iter().flat_map(|call| (1..60).map(move |n| (call, n))) {
        if ended.contains(&call) {
            continue;
        }
        let repo = Repo::copied(repo.folder());
        let (inject, trace) =
            (format!("inject={call}:signal=KILL:when={n}"), format!("trace={call}"));
        let quiet = repo.home().join("trace").display().to_string();
        let traced = repo.command(&strace).args(&["-o", &quiet, "-e", &trace, "-e", &inject]);
        let traced = traced.arg(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now()]);
        if traced.args(&line).run().code == 0 {
            ended.push(call);
            continue;
        }
        let (values, code) = state(&repo);
        assert_eq!(code, 0, "killed at {call} {n}");
        let stage = stages.iter().position(|stage| *stage == values);
        let stage = stage.unwrap_or_else(|| panic!("killed at {call} {n}: {values:?}"));
        seen[stage] += 1;
        if stage < 2 {
            repo.tenure(&line).done();
            assert_eq!(state(&repo), (stages[2].clone(), 0), "killed at {call} {n}");
        }
    }
    assert_eq!(ended, CALLS);
    assert!(seen.iter().all(|times| *times > 1), "{seen:?}");
}

/// Waits are short, and a test that hangs is seen.
#[test]
fn a_program_that_is_asked_holds_nobody_up() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "one-value").done();
    repo.commit("one");
    repo.tenure_fed(&["rotate", "dev/A"], "two-value").done();
    let args = ["--now", repo.now(), "rotate", "dev/A", "--finish", "--", "sleep", "30"];
    let mut command = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&args).raw();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let began = Instant::now();
    repo.tenure_fed(&["set", "dev/B"], "bee").done();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    child.kill().unwrap();
    child.wait().unwrap();
    repo.run("check").done();
}
