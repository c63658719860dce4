//! `tenure trust show`, and the question that a person is asked once a clone.

use std::fs;
use std::path::PathBuf;

use crate::attacks::Estate;
use crate::support::{Outcome, skip, snapshot};

/// A new clone, which has pinned nothing.
fn clone(estate: &Estate) -> PathBuf {
    let clone = estate.repo.folder().join("clone");
    estate.repo.git(&["clone", "-q", ".", &clone.display().to_string()]).done();
    clone
}

#[test]
fn a_clone_that_has_pinned_shows_root_and_heads() {
    let estate = Estate::new();
    estate.by("ana", "check").run().done();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    let shown = estate.by("ana", "trust show").run();
    snapshot!(shown, @r"
    exit 0
    --- stdout
    root     [id]
             begun by ana on [time]
             SHA256:[fingerprint]
    trusted  pinned in this clone
    policy   1 in force
    pin      main at [id]
             [id]
    heads    [id]
    entries  13 of 13 verified
             1 entry not in the pin yet
    --- stderr
    A host can show a first clone an old state; compare root and heads over another channel.
    ");
}

#[test]
fn a_clone_that_trusts_nothing_says_so_and_exits_5() {
    let estate = Estate::new();
    let clone = clone(&estate);
    let shown = estate.by("ana", "trust show").within(&clone).run();
    snapshot!(shown, @r"
    exit 5
    --- stdout
    root     [id]
             begun by ana on [time]
             SHA256:[fingerprint]
    trusted  nothing yet
    policy   1 in force
    heads    [id]
    entries  12 of 12 verified
    --- stderr
    A host can show a first clone an old state; compare root and heads over another channel.
    CI: set TENURE_ROOT at the host; here: run this at a terminal, or pass --root
    ");
    assert!(!clone.join(".git/tenure/pin").exists());
}

#[test]
fn json_has_the_root_whole() {
    let estate = Estate::new();
    let shown = estate.by("ana", "trust show --json").run().done().json();
    assert_eq!(shown["root"], estate.root());
    assert_eq!(shown["trusted"], estate.root());
    assert_eq!(shown["origin"], "pin");
    assert_eq!(shown["heads"][0], estate.head().to_string());
}

#[test]
fn a_root_that_is_said_is_trusted_for_one_run() {
    let estate = Estate::new();
    let clone = clone(&estate);
    let said = estate.by("ana", "trust show --json --root").arg(estate.root()).within(&clone);
    assert_eq!(said.run().done().json()["origin"], "option");
    let variable = estate.by("ana", "trust show --json").env("TENURE_ROOT", estate.root());
    assert_eq!(variable.within(&clone).run().done().json()["origin"], "variable");
    let again = estate.by("ana", "trust show").within(&clone).run();
    assert_eq!(again.code, 5, "{again}");
}

#[test]
fn another_root_than_the_log_begins_with_exits_5() {
    let estate = Estate::new();
    let clone = clone(&estate);
    let other = "00".repeat(32);
    let shown = estate.by("ana", "trust show --root").arg(&other).within(&clone).run();
    assert_eq!(shown.code, 5, "{shown}");
    assert!(shown.stdout.contains(&format!("another root: {other}")), "{shown}");
}

/// Runs tenure at a terminal of `script`'s making, and types an answer.
fn at_a_terminal(estate: &Estate, script: PathBuf, line: &str, typed: &str) -> Outcome {
    let key = estate.key("ana");
    let built = env!("CARGO_BIN_EXE_tenure");
    let command = format!("{built} -i {} {line}", key.display());
    let clone = estate.repo.folder().join("clone");
    let run = estate.repo.command(script).args(&["-qec", &command, "/dev/null"]);
    run.env("TERM", "dumb").within(clone).feed(typed)
}

#[test]
fn a_person_is_asked_once_and_the_answer_is_pinned() {
    let script = skip!("script");
    let estate = Estate::new();
    let clone = clone(&estate);
    let asked = at_a_terminal(&estate, script.clone(), "get prod/DB_URL", "y\n");
    assert_eq!(asked.code, 0, "{asked}");
    assert!(asked.stdout.contains("this clone trusts no root yet"), "{asked}");
    assert!(asked.stdout.contains("compare root and heads over another channel"), "{asked}");
    assert!(asked.stdout.contains("hunter2-two"), "{asked}");
    let pin = fs::read_to_string(clone.join(".git/tenure/pin")).unwrap();
    assert!(pin.starts_with(&format!("root {}\nbranch main\n", estate.root())), "{pin}");
    let again = at_a_terminal(&estate, script, "get prod/DB_URL", "");
    assert!(!again.stdout.contains("trusts no root"), "{again}");
}

#[test]
fn no_pins_nothing_and_yes_beforehand_is_no_answer() {
    let script = skip!("script");
    let estate = Estate::new();
    let clone = clone(&estate);
    for (line, typed) in [("trust show", "n\n"), ("trust show", "\n"), ("-y trust show", "n\n")] {
        let asked = at_a_terminal(&estate, script.clone(), line, typed);
        assert_eq!(asked.code, 5, "{asked}");
        assert!(asked.stdout.contains("trust this root from now on?"), "{asked}");
        assert!(!clone.join(".git/tenure/pin").exists());
    }
}
