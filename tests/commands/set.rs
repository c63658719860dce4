//! `tenure set`: a value in its place, and no word of it anywhere else.

use super::seal::started;
use crate::support::{Repo, Team, snapshot};

fn one() -> Repo {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "one\n").done();
    repo.commit("set");
    repo
}

#[test]
fn a_first_value_makes_the_file_that_the_glob_suggests() {
    let repo = started();
    snapshot!(repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value\n"), @r"
    exit 0
    --- stdout
    dev/A sealed. Readers: ana. Rotate by 2026-04-01. Entry [id], signed by ana.
    --- stderr
    `scan` and the hooks do not look for it elsewhere: it is too common
    ");
    assert!(repo.read("secrets/dev.env").starts_with("A=sealed.v1."));
    assert_eq!(repo.run("get dev/A").done().stdout, "one-value");
    repo.run("check").done();
}

#[test]
fn the_same_value_again_writes_nothing() {
    let repo = one();
    let text = repo.read("secrets/dev.env");
    repo.write("secrets/dev.yaml", "quoted: \"x\"\n");
    repo.run("seal").done();
    repo.commit("yaml");
    snapshot!(repo.tenure_fed(&["set", "dev/A"], "one"), @r"
    exit 0
    --- stdout
    dev/A has this value already; nothing written
    ");
    repo.tenure_fed(&["set", "dev/quoted"], "x").done();
    assert_eq!(repo.read("secrets/dev.env"), text);
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_value_in_an_argument_is_refused_and_not_repeated() {
    let repo = one();
    for args in [&["set", "dev/A", "hunter2"][..], &["set", "dev/A=hunter2"], &["set", "A=hunter2"]]
    {
        let refused = repo.tenure(args);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn where_several_files_could_take_a_key_one_is_named() {
    let repo = one();
    repo.write("secrets/dev.yaml", "b: two\n");
    repo.run("seal").done();
    let refused = repo.tenure_fed(&["set", "dev/NEW"], "x");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("secrets/dev.env, secrets/dev.yaml"), "{refused}");
    repo.tenure_fed(&["set", "dev/NEW", "--file", "secrets/dev.yaml"], "x").done();
    assert!(repo.read("secrets/dev.yaml").contains("NEW: sealed.v1."));
    let elsewhere = repo.tenure_fed(&["set", "dev/NEW", "--file", "notes.yaml"], "x");
    assert_eq!(elsewhere.code, 6, "{elsewhere}");
}

#[test]
fn a_type_that_the_policy_does_not_know_is_refused() {
    let repo = one();
    let refused = repo.tenure_fed(&["set", "dev/A", "--type", "no-such"], "x");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("one of: "), "{refused}");
}

#[test]
fn a_whole_file_comes_from_a_file() {
    let repo = one();
    repo.write("tls.pem", "-----BEGIN\nabc\n");
    repo.run("set prod/secrets/prod/tls.pem --from-file tls.pem").done();
    assert!(repo.read("secrets/prod/tls.pem").starts_with("-----BEGIN AGE"));
    let out = repo.run("get prod/secrets/prod/tls.pem").done();
    assert_eq!(out.stdout, "-----BEGIN\nabc\n");
    let again = repo.run("set prod/secrets/prod/tls.pem --from-file tls.pem").done();
    assert!(again.stdout.contains("nothing written"), "{again}");
    repo.run("check").done();
}

#[test]
fn a_value_can_be_generated() {
    let repo = one();
    let done = repo.run("set dev/A --generate password:40").done();
    let value = repo.run("get dev/A").done().stdout;
    assert_eq!(value.len(), 40);
    assert!(!done.stdout.contains(&value));
}

#[test]
fn an_empty_value_is_refused() {
    assert_eq!(one().tenure_fed(&["set", "dev/A"], "\n").code, 2);
}

#[test]
fn only_one_value_of_a_thousand_moves() {
    let repo = started();
    let text: String = (0..1_000).map(|n| format!("key{n}: value {n}\n")).collect();
    repo.write("secrets/dev.yaml", text);
    repo.run("seal").done();
    repo.commit("sealed");
    repo.tenure_fed(&["set", "dev/key500"], "other").done();
    repo.git(&["add", "--all"]).done();
    let stat = repo.git(&["diff", "--cached", "--numstat"]).done().stdout;
    let lines: Vec<_> = stat.lines().collect();
    assert_eq!(lines.len(), 2, "{stat}");
    assert!(lines[0].contains(".secrets/log/") && lines[1] == "1\t1\tsecrets/dev.yaml", "{stat}");
    repo.run("seal").done();
    assert_eq!(repo.git(&["diff", "--name-only"]).stdout, "");
}

#[test]
fn two_branches_merge_by_plain_git_and_the_next_write_follows_both() {
    let repo = started();
    repo.write("secrets/dev.env", "A=one\n\nB=two\n");
    repo.run("seal").done();
    repo.commit("sealed");
    repo.git(&["switch", "--quiet", "-c", "side"]).done();
    repo.tenure_fed(&["set", "dev/A"], "side").done();
    repo.commit("side");
    repo.git(&["switch", "--quiet", "main"]).done();
    repo.tenure_fed(&["set", "dev/B"], "main").done();
    repo.commit("main");
    repo.git(&["merge", "--quiet", "--no-edit", "side"]).done();
    repo.run("check").done();
    assert_eq!(repo.run("get dev/A").done().stdout, "side");
    assert_eq!(repo.run("get dev/B").done().stdout, "main");
    let entry = repo.tenure_fed(&["--json", "set", "dev/A"], "third").done().json();
    let id = entry["entry"].as_str().unwrap()[..16].to_owned();
    let listed = repo.git(&["ls-files", "--others", ".secrets/log"]).stdout;
    let path = listed.lines().find(|path| path.contains(&id)).unwrap();
    let text = repo.read(path);
    let parents = text.lines().find(|line| line.starts_with("parents")).unwrap();
    assert_eq!(parents.matches('"').count(), 4, "{parents}");
    repo.run("check").done();
}

#[test]
fn who_may_not_write_writes_nothing() {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    let root = ana.run("init --member ana --json").done().json()["root"].clone();
    ana.tenure_fed(&["set", "dev/A"], "one").done();
    ana.commit("set");
    ana.git(&["push", "--quiet", "origin", "HEAD"]).done();
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let set = ben.tenure_fed(&["--root", root.as_str().unwrap(), "set", "dev/A"], "x");
    assert_eq!(set.code, 4, "{set}");
    assert_eq!(ben.git(&["status", "--porcelain"]).stdout, "");
}

/// A repository whose only key lies under the passphrase `opens`.
fn locked() -> Repo {
    let repo = one();
    let key = repo.home().join(".ssh/id_ed25519");
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    let args = ["-q", "-p", "-P", "", "-N", "opens", "-f"];
    repo.command(keygen).args(&args).arg(key).run().done();
    repo
}

#[test]
fn a_passphrase_is_asked_for_at_the_terminal_while_the_value_comes_from_a_pipe() {
    let setsid = crate::support::skip!("setsid");
    let repo = locked();
    let terminal = crate::support::pty::Pty::open();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let line = format!("echo two | {tenure} --now {} set dev/A", crate::support::NOW);
    let mut command = repo.command(setsid).args(&["-w", "-c", "sh", "-c", &line]).raw();
    command.stdin(terminal.screen()).stderr(terminal.screen()).stdout(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let shown = terminal.answer("passphrase of", "opens");
    assert!(!shown.contains("two"), "{shown}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{shown}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("dev/A sealed."));
}

#[test]
fn nobody_is_asked_for_a_passphrase_in_ci_or_without_a_terminal() {
    let setsid = crate::support::skip!("setsid");
    let repo = locked();
    let before = repo.read("secrets/dev.env");
    let refused = repo.tenure_fed(&["set", "dev/A"], "two\n");
    assert_eq!(refused.code, 4, "{refused}");
    let tenure = env!("CARGO_BIN_EXE_tenure");
    for (ci, flag) in [("1", ""), ("", "--non-interactive")] {
        let terminal = crate::support::pty::Pty::open();
        let line = format!("echo two | {tenure} --now {} {flag} set dev/A", crate::support::NOW);
        let command = repo.command(&setsid).args(&["-w", "-c", "sh", "-c", &line]).env("CI", ci);
        let mut command = command.raw();
        command.stdin(terminal.screen()).stderr(terminal.screen());
        assert_eq!(command.status().unwrap().code(), Some(4));
    }
    assert_eq!(repo.read("secrets/dev.env"), before);
}
