//! Plants a secret; no command prints it unasked, logs it or leaves it behind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Repo;

const SECRET: &str = "pl4nted-S3cret-value-that-nobody-else-has";

/// What the secret looks like in the forms that a careless program would leave behind.
fn shapes() -> Vec<Vec<u8>> {
    let base64 = |skip: usize| {
        use base64::Engine as _;
        let all =
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(&SECRET.as_bytes()[skip..]);
        all.as_bytes()[..all.len() / 4 * 4 - 4].to_vec()
    };
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let half = SECRET.as_bytes()[..SECRET.len() / 2].to_vec();
    [half, hex.into_bytes()].into_iter().chain((0..3).map(base64)).collect()
}

fn holds(bytes: &[u8]) -> bool {
    shapes().iter().any(|shape| bytes.windows(shape.len()).any(|window| window == shape))
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

fn planted() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/PLANTED"], SECRET).done();
    repo.tenure_fed(&["set", "dev/OTHER"], "another-value").done();
    repo.commit("secrets");
    repo
}

#[track_caller]
fn silent(repo: &Repo, line: &str, stdin: &str) {
    let outcome = repo.tenure_fed(&line.split_whitespace().collect::<Vec<_>>(), stdin);
    let told = [outcome.stdout_bytes.as_slice(), outcome.stderr.as_bytes()];
    assert!(!told.iter().any(|bytes| holds(bytes)), "`{line}` prints the secret");
}

#[test]
fn the_search_itself_finds_a_secret() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    assert!(holds(format!("x{SECRET}y").as_bytes()));
    for lead in ["", "a", "ab"] {
        assert!(holds(engine.encode(format!("{lead}{SECRET}tail")).as_bytes()), "{lead}");
    }
    assert!(!holds(b"another-value"));
}

#[test]
fn no_command_prints_a_value_that_was_not_asked_for() {
    let repo = planted();
    for line in [
        "list",
        "list --json",
        "status",
        "status --json",
        "check",
        "check --json",
        "log list",
        "log list --json",
        "log show HEAD",
        "whoami",
        "doctor",
        "policy show",
        "policy lint",
        "trust show",
        "member list",
        "get dev/OTHER",
        "get dev/NOTHING",
        "get dev/PLANTED.inner",
        "hook run",
        "rekey -e dev",
        "rekey -e dev --reseal",
    ] {
        silent(&repo, line, "");
    }
    for line in
        ["set dev/PLANTED", "rotate dev/PLANTED", "set dev/PLANTED --type none", "-n set dev/X"]
    {
        silent(&repo, line, SECRET);
    }
    silent(&repo, &format!("set dev/PLANTED {SECRET}"), "");
    silent(&repo, &format!("set dev/PLANTED={SECRET}"), "");
}

#[test]
fn no_error_prints_a_value() {
    let repo = planted();
    repo.write("secrets/dev.env", format!("PLANTED={SECRET}\nOTHER='{SECRET}\n"));
    for line in
        ["check", "get dev/PLANTED", "seal", "status", "hook run", "list", "open secrets/dev.env"]
    {
        silent(&repo, line, "");
    }
    repo.write("secrets/dev.yaml", format!("a: [{SECRET}\nb: \"{SECRET}"));
    for line in ["check", "seal", "seal secrets/dev.yaml", "policy lint"] {
        silent(&repo, line, "");
    }
    repo.write(".secrets-policy.toml", format!("version = 1\nrevision = {SECRET}\n"));
    for line in ["check", "get dev/PLANTED", "policy lint", "policy show", "list", "status"] {
        silent(&repo, line, "");
    }
}

#[test]
fn nothing_is_left_behind_on_disk() {
    let repo = planted();
    for line in ["get dev/PLANTED", "open secrets/dev.env", "export -e dev --format json"] {
        repo.run(line).done();
    }
    repo.run("run -e dev -- true").done();
    repo.tenure_fed(&["rotate", "dev/OTHER"], format!("{SECRET}2")).done();
    let mut all = Vec::new();
    let top = repo.path().parent().unwrap().to_owned();
    files(&top, &mut all);
    assert!(all.len() > 20);
    let leaky: Vec<_> =
        all.iter().filter(|path| holds(&fs::read(path).unwrap_or_default())).collect();
    assert!(leaky.is_empty(), "{leaky:?}");
}
