//! `tenure request` and `set --from-age`: a value that somebody without tenure seals with stock age.

use std::fs;

use super::get::sample;
use crate::stories::dropping::shop;
use crate::support::{Outcome, Repo, skip};

/// Runs the line that was printed where the value is, with other words in it; gives the file it makes.
fn sealed_by(repo: &Repo, line: &str, value: &str) -> String {
    let folder = repo.folder().join("elsewhere");
    fs::create_dir_all(&folder).unwrap();
    repo.command("/bin/sh").args(&["-c", line.trim_end()]).within(&folder).feed(value).done();
    folder.join("value.age").display().to_string()
}

fn line(repo: &Repo, address: &str) -> String {
    repo.run(&format!("request {address}")).done().stdout
}

fn take(repo: &Repo, address: &str, file: &str) -> Outcome {
    repo.tenure(&["set", address, "--from-age", file])
}

/// Insists that nothing was taken in, and nothing shown.
#[track_caller]
fn refused(repo: &Repo, outcome: &Outcome, why: &str) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome}");
    assert!(outcome.stderr.contains(why), "no `{why}` in {outcome}");
    assert!(!outcome.stderr.contains("s3nt"), "the value is shown: {outcome}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn the_line_that_is_printed_seals_a_value_and_set_takes_it_in() {
    let _age = skip!("age");
    let repo = sample();
    let asked = repo.run("request dev/DATA_KEY --file secrets/dev.env").done();
    assert_eq!(asked.stdout.lines().count(), 1, "{asked}");
    assert!(asked.stdout.contains("| age -a -r age1"), "{asked}");
    assert!(asked.stderr.contains("who opens it: ana\n"), "{asked}");
    let file = sealed_by(&repo, &asked.stdout, "s3nt by them\n");
    assert!(!fs::read_to_string(&file).unwrap().contains("s3nt"));
    let words = ["set", "dev/DATA_KEY", "--file", "secrets/dev.env", "--from-age", &file];
    let set = repo.tenure(&words).done();
    assert!(set.stdout.starts_with("dev/DATA_KEY sealed"), "{set}");
    assert_eq!(repo.run("get dev/DATA_KEY").done().stdout, "s3nt by them");
    repo.run("check").done();
    // What is there can be asked for anew.
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "s3nt again");
    take(&repo, "dev/TOKEN", &file).done();
    assert_eq!(repo.run("get dev/TOKEN").done().stdout, "s3nt again");
}

#[test]
fn a_whole_file_is_taken_in_with_every_byte() {
    let _age = skip!("age");
    let repo = sample();
    let folder = repo.folder().join("elsewhere");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("theirs.pem"), b"-----BEGIN\n\xff\x00s3nt\n\n").unwrap();
    let asked = line(&repo, "dev/secrets/dev/tls.pem").replace("cat FILE", "cat theirs.pem");
    let file = sealed_by(&repo, &asked, "");
    take(&repo, "dev/secrets/dev/tls.pem", &file).done();
    let got = repo.run("get dev/secrets/dev/tls.pem").done();
    assert_eq!(got.stdout_bytes, b"-----BEGIN\n\xff\x00s3nt\n\n");
}

#[test]
fn a_key_that_a_shell_could_misread_is_asked_for_all_the_same() {
    let _age = skip!("age");
    let repo = sample();
    repo.write("secrets/dev.json", "{\"it's \\\\n $HOME\": \"old\"}\n");
    repo.run("seal secrets/dev.json").done();
    let address = "dev/secrets/dev.json#\"it's \\\\n $HOME\"";
    let asked = repo.tenure(&["request", address]).done().stdout;
    let file = sealed_by(&repo, &asked, "s3nt");
    take(&repo, address, &file).done();
    assert_eq!(repo.tenure(&["get", address]).done().stdout, "s3nt");
}

#[test]
fn what_was_sealed_for_one_place_is_not_taken_for_another() {
    let _age = skip!("age");
    let repo = sample();
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "s3nt");
    let why = "was not sealed for dev/secrets/dev.env#DB_URL";
    refused(&repo, &take(&repo, "dev/DB_URL", &file), why);
    // Nor what has no such line at all.
    let bare = line(&repo, "dev/TOKEN");
    let bare = bare.split_once("; cat; }").unwrap().1;
    let file = sealed_by(&repo, &format!("cat {bare}"), "s3nt");
    refused(&repo, &take(&repo, "dev/TOKEN", &file), "its first line says something else");
    let other = sample();
    let file = sealed_by(&other, &line(&other, "dev/TOKEN"), "s3nt");
    refused(&repo, &take(&repo, "dev/TOKEN", &file), "it is not sealed for the readers of dev");
}

#[test]
fn what_was_sealed_for_the_readers_of_before_is_refused() {
    let _age = skip!("age");
    let repo = sample();
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "s3nt");
    super::member::add(&repo, "ben", "developer");
    repo.commit("ben is here");
    let late = take(&repo, "dev/TOKEN", &file);
    refused(&repo, &late, "it is sealed for who read dev before");
    assert!(late.stderr.contains("hint: ask for it anew: tenure request dev/"), "{late}");
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "s3nt");
    take(&repo, "dev/TOKEN", &file).done();
}

#[test]
fn what_others_can_open_too_is_refused() {
    let _age = skip!("age");
    let repo = sample();
    let keygen = skip!("age-keygen");
    let made = repo.command(keygen).run().done();
    let other = made.stdout.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let asked = line(&repo, "dev/TOKEN");
    let more = asked.replace("age -a", &format!("age -a -r {other}"));
    let why = "is not sealed by age for one age recipient and nobody else";
    refused(&repo, &take(&repo, "dev/TOKEN", &sealed_by(&repo, &more, "s3nt")), why);
    let (before, after) = asked.split_once("age -a -r ").unwrap();
    let after = after.split_once(' ').unwrap().1;
    let instead = format!("{before}age -a -r {other} {after}");
    let why = "it is not sealed for the readers of dev";
    refused(&repo, &take(&repo, "dev/TOKEN", &sealed_by(&repo, &instead, "s3nt")), why);
    let plain = repo.folder().join("plain");
    fs::write(&plain, "s3nt").unwrap();
    let why = "is not sealed by age";
    refused(&repo, &take(&repo, "dev/TOKEN", &plain.display().to_string()), why);
}

#[test]
fn nothing_at_all_is_no_value() {
    let _age = skip!("age");
    let repo = sample();
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "\n");
    refused(&repo, &take(&repo, "dev/TOKEN", &file), "the value is empty");
}

#[test]
fn who_writes_and_does_not_read_takes_nothing_in_unseen() {
    let _age = skip!("age");
    let estate = shop();
    // To ask needs no key, and no right.
    let asked = estate.by("cleo", "request prod/DB_URL").run().done();
    assert!(asked.stderr.contains("to be taken in by ana, ben: tenure set"), "{asked}");
    let file = sealed_by(&estate.repo, &asked.stdout, "s3nt-long-enough");
    let set = |who: &str| estate.by(who, "set prod/DB_URL --from-age").arg(&file).run();
    let blind = set("cleo");
    refused(&estate.repo, &blind, "you write prod and do not read it");
    assert!(blind.stderr.contains("hint: one who reads and writes it: ana, ben"), "{blind}");
    set("ben").done();
    assert_eq!(estate.by("deploy", "get prod/DB_URL").run().done().stdout, "s3nt-long-enough");
}

#[test]
fn nobody_is_asked_under_a_policy_that_nobody_signed() {
    let repo = sample();
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy + "# planted\n");
    let refused = repo.run("request dev/TOKEN");
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
}

#[test]
fn json_has_the_line_and_its_parts() {
    let repo = sample();
    let asked = repo.run("request dev/TOKEN --json").done().json();
    assert_eq!(asked["address"], "dev/secrets/dev.env#TOKEN");
    let (line, key) = (asked["command"].as_str().unwrap(), asked["recipient"].as_str().unwrap());
    assert!(key.starts_with("age1") && line.contains(key), "{asked}");
    let heading = asked["heading"].as_str().unwrap();
    assert!(heading.ends_with(" dev/secrets/dev.env#TOKEN") && line.contains(heading), "{asked}");
    assert_eq!(asked["takers"], asked["readers"]);
}

#[test]
fn a_value_that_was_taken_away_is_not_taken_in_again() {
    let _age = skip!("age");
    let repo = sample();
    let file = sealed_by(&repo, &line(&repo, "dev/TOKEN"), "s3nt once");
    take(&repo, "dev/TOKEN", &file).done();
    repo.commit("taken in");
    repo.run("unset dev/TOKEN").done();
    repo.commit("gone");
    let file = repo.folder().join("elsewhere/value.age").display().to_string();
    let words = ["set", "dev/TOKEN", "--file", "secrets/dev.env", "--from-age", &file];
    refused(&repo, &repo.tenure(&words), "dev/TOKEN had this value before");
}
