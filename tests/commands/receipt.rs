//! `tenure run --receipt`: what is written down of what a program is given, and when nothing is started.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::get::sample;
use crate::support::{NOW, Outcome, Repo};

/// The sentence that goes wherever reads are spoken of, letter by letter.
const L2: &str = "Reads are not recorded: whoever holds a reader's key can open values offline and leave \
                  no trace. No entry never means not read.";

fn receipt(repo: &Repo, file: &str) -> Value {
    let text = fs::read_to_string(repo.path().join(file)).unwrap();
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn names(receipt: &Value) -> Vec<&str> {
    let values = receipt["values"].as_array().unwrap().iter();
    values.map(|value| value["name"].as_str().unwrap()).collect()
}

/// What the log says of one secret of dev.
fn listed(repo: &Repo, name: &str) -> Value {
    let all = repo.run("list -e dev --json").done().json();
    let mut all = all["secrets"].as_array().unwrap().iter();
    all.find(|row| row["name"] == name).unwrap().clone()
}

#[test]
fn a_receipt_says_which_names_and_entries_a_program_was_given() {
    let repo = sample();
    let run =
        repo.tenure(&["run", "-q", "-e", "dev", "--receipt", "r.json", "--", "cat", "r.json"]);
    // It is there before the program begins.
    let paper = receipt(&repo, "r.json");
    assert_eq!((run.code, run.json()), (0, paper.clone()));
    assert_eq!(names(&paper), ["DB_URL", "EMPTY", "PORT", "TOKEN"]);
    let root = repo.run("trust show --json").done().json()["root"].clone();
    assert_eq!((&paper["root"], &paper["environment"]), (&root, &"dev".into()));
    assert_eq!((&paper["member"], &paper["time"]), (&"ana".into(), &NOW.into()));
    assert_eq!((&paper["signed"], &paper["version"]), (&false.into(), &1.into()));
    let note = paper["note"].as_str().unwrap();
    assert!(note.starts_with("Nobody signed this") && note.ends_with(L2), "{note}");
    let entry = listed(&repo, "dev/TOKEN")["made"]["entry"].clone();
    let token = &paper["values"][3];
    let address = "dev/secrets/dev.env#TOKEN";
    assert_eq!((&token["entry"], &token["address"]), (&entry, &address.into()));
    assert_eq!(token["made"], format!("{}:{address}", entry.as_str().unwrap()));
    let mode = fs::metadata(repo.path().join("r.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = repo.read("r.json");
    for value in ["t0ken-of-dev", "postgres", "5432", "p w"] {
        assert!(!text.contains(value), "{value}");
    }
}

#[test]
fn what_was_not_given_is_not_in_it() {
    let repo = sample();
    repo.run("run -e dev --only TOKEN --receipt r.json -- true").done();
    assert_eq!(names(&receipt(&repo, "r.json")), ["TOKEN"]);
    // A second one takes the place of the first.
    repo.run("run -e dev --only PORT,DB_URL --receipt r.json -- true").done();
    assert_eq!(names(&receipt(&repo, "r.json")), ["DB_URL", "PORT"]);
    repo.run("run -e dev -n --only TOKEN --receipt other.json -- true").done();
    assert!(!repo.path().join("other.json").exists());
}

#[test]
fn a_value_that_was_carried_on_is_still_the_one_that_was_made() {
    let repo = sample();
    let one = |file: &str| {
        repo.run(&format!("run -e dev --only TOKEN --receipt {file} -- true")).done();
        receipt(&repo, file)["values"][0].clone()
    };
    let before = one("before.json");
    repo.run("rekey -e dev --reseal").done();
    let after = one("after.json");
    assert_ne!(after["entry"], before["entry"]);
    assert_eq!(after["made"], before["made"]);
    repo.tenure_fed(&["set", "dev/TOKEN"], "another").done();
    assert_ne!(one("new.json")["made"], before["made"]);
}

#[test]
fn the_member_is_the_one_whose_key_opened_it() {
    let repo = sample();
    let key = super::member::add(&repo, "ben", "developer");
    repo.command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["--now", repo.now(), "-i", &key, "run", "-e", "dev", "--receipt", "r.json"])
        .args(&["--", "true"])
        .run()
        .done();
    assert_eq!(receipt(&repo, "r.json")["member"], "ben");
}

#[track_caller]
fn not_started(run: &Outcome, why: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
    assert!(run.stderr.contains(why), "no `{why}` in {run}");
}

#[test]
fn where_it_cannot_be_written_nothing_is_started() {
    let repo = sample();
    let try_at =
        |file: &str| repo.tenure(&["run", "-e", "dev", "--receipt", file, "--", "echo", "started"]);
    not_started(&try_at("../nowhere/r.json"), "nowhere");
    fs::create_dir(repo.folder().join("full")).unwrap();
    not_started(&try_at("../full"), "full");
    repo.write("file", "");
    not_started(&try_at("file/r.json"), "file");
    // A folder that takes no new file.
    let closed = repo.folder().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_err() {
        not_started(&try_at("../closed/r.json"), "closed");
    }
}

#[test]
fn a_receipt_is_not_written_through_a_link() {
    let repo = sample();
    let victim = repo.folder().join("victim");
    fs::write(&victim, "as it was").unwrap();
    symlink(&victim, repo.folder().join("outside.json")).unwrap();
    symlink(&victim, repo.path().join("inside.json")).unwrap();
    fs::create_dir(repo.folder().join("elsewhere")).unwrap();
    symlink("../elsewhere", repo.path().join("linked")).unwrap();
    for file in ["../outside.json", "inside.json", "linked/r.json"] {
        let run = repo.tenure(&["run", "-e", "dev", "--receipt", file, "--", "echo", "started"]);
        not_started(&run, "link");
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "as it was");
    assert_eq!(fs::read_dir(repo.folder().join("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_receipt_takes_no_place_of_sealed_files_or_our_own() {
    let repo = sample();
    let before = repo.read("secrets/dev.env");
    for file in [
        "secrets/dev.env",
        "secrets/prod.json",
        ".secrets/log/r.json",
        ".secrets-policy.toml",
        ".git/config",
    ] {
        let run = repo.tenure(&["run", "-e", "dev", "--receipt", file, "--", "echo", "started"]);
        not_started(&run, "no place for a receipt");
    }
    assert_eq!(repo.read("secrets/dev.env"), before);
    repo.run("check").done();
}

#[test]
fn nothing_is_written_down_where_nothing_may_leave() {
    let repo = sample();
    let sealed = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", sealed.replace("TOKEN=", "OTHER="));
    let run = repo.run("run -e dev --receipt r.json -- echo started");
    not_started(&run, "[");
    assert!(!repo.path().join("r.json").exists());
}

#[test]
fn a_file_that_is_no_receipt_is_not_written_over() {
    let repo = crate::commands::member::started();
    let file = repo.home().join("id_key");
    std::fs::write(&file, "a private key").unwrap();
    let file = file.display().to_string();
    let run = |to: &str| repo.tenure(&["run", "-e", "dev", "--receipt", to, "--", "true"]);
    let refused = run(&file);
    assert_eq!(refused.code, 125, "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a private key");
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(run(&file).code, 125);
    std::fs::remove_file(&file).unwrap();
    run(&file).done();
    run(&file).done();
}
