//! `tenure get`: one value, exactly, or a word why not.

use std::io::Read as _;
use std::process::Stdio;

use super::seal::started;
use crate::support::{Repo, Team, snapshot};

/// A repository whose `dev` has values in two files of one kind each, and a file that is sealed whole.
pub(super) fn sample() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", "DB_URL='postgres://u:p@h/db'\nTOKEN=t0ken-of-dev\nEMPTY=\n");
    repo.write(
        "secrets/dev.yaml",
        "database:\n  password: \"p w\"\nhosts:\n  - one\n  - two\nPORT: 5432\n",
    );
    repo.write("secrets/dev/tls.pem", b"-----BEGIN\n\xff\x00end");
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

#[test]
fn a_value_comes_out_exactly() {
    let repo = sample();
    assert_eq!(repo.run("get dev/DB_URL").done().stdout, "postgres://u:p@h/db");
    assert_eq!(repo.run("get -e dev database.password").done().stdout, "p w");
    assert_eq!(repo.run("get dev/secrets/dev.yaml#PORT").done().stdout, "5432");
    assert_eq!(repo.run("get dev/hosts[1]").done().stdout, "two");
    let whole = repo.run("get dev/secrets/dev/tls.pem").done();
    assert_eq!(whole.stdout_bytes, b"-----BEGIN\n\xff\x00end");
    assert_eq!(whole.stderr, "");
}

#[test]
fn json_names_what_was_asked_for() {
    let json = sample().run("get dev/TOKEN --json").done().json();
    assert_eq!((&json["address"], &json["value"]), (&"dev/TOKEN".into(), &"t0ken-of-dev".into()));
}

#[test]
fn an_unknown_environment_is_6() {
    snapshot!(sample().run("get stage/TOKEN"), @"
    exit 6
    --- stderr
    error: there is no environment `stage`
    hint: there are: dev, prod
    ");
}

#[test]
fn an_unknown_secret_is_6_and_a_near_one_is_named() {
    let repo = sample();
    snapshot!(repo.run("get dev/TOKE"), @"
    exit 6
    --- stderr
    error: there is no secret `dev/TOKE` in dev
    hint: did you mean dev/TOKEN? See tenure list -e dev
    ");
    snapshot!(repo.run("get dev/NOTHING_LIKE_IT"), @"
    exit 6
    --- stderr
    error: there is no secret `dev/NOTHING_LIKE_IT` in dev
    hint: tenure list -e dev
    ");
}

#[test]
fn a_key_in_several_files_is_2_and_both_are_listed() {
    let repo = started();
    repo.write("secrets/dev.env", "A=1\n");
    repo.write("secrets/dev.ini", "A=2\n");
    repo.run("seal").done();
    snapshot!(repo.run("get dev/A"), @"
    exit 2
    --- stderr
    error: 2 files of dev have `dev/A`
    hint: say which: dev/secrets/dev.env#A, dev/secrets/dev.ini#A
    ");
    assert_eq!(repo.run("get dev/secrets/dev.ini#A").done().stdout, "2");
}

#[test]
fn without_the_right_key_it_is_4() {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init --member ana").done();
    ana.tenure_fed(&["set", "dev/A"], "value").done();
    ana.commit("secrets");
    ana.git(&["push", "--quiet", "origin", "HEAD:main"]).done();
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let root = ana.run("status --json").json()["root"].as_str().unwrap().to_owned();
    let refused = ben.tenure(&["get", "dev/A", "--root", &root]);
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
    assert!(refused.stderr.contains("none of your keys opens dev"), "{refused}");
    assert!(refused.stderr.contains("its readers are ana"), "{refused}");
}

#[test]
fn an_altered_file_is_5_and_nothing_is_printed() {
    let repo = sample();
    let text = repo.read("secrets/dev.env");
    let tokens: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let exchanged = text.replace(tokens[0].1, "").replace(tokens[1].1, tokens[0].1);
    repo.write("secrets/dev.env", exchanged);
    let refused = repo.run("get dev/PORT");
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
    assert!(refused.stderr.contains("[altered]"), "{refused}");
}

#[test]
fn a_reader_that_goes_away_is_141() {
    let repo = sample();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let prepared = repo.command(env!("CARGO_BIN_EXE_tenure"));
    let mut command = prepared.args(&["--now", crate::support::NOW, "get", "dev/TOKEN"]).raw();
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""));
}
