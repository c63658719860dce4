//! `tenure edit`: the editor sees the clear text, the disk never does.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::seal::started;
use crate::support::{Outcome, Repo, snapshot};

fn filled() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", "# c\nA=one\n\nB=two\n");
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

/// A script that stands for the editor; the file is `$1`.
fn editor(repo: &Repo, script: &str) -> PathBuf {
    let path = repo.home().join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn edit(repo: &Repo, args: &[&str], script: &str) -> Outcome {
    let path = editor(repo, script);
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).env("EDITOR", path);
    command.args(&["--now", crate::support::NOW, "edit"]).args(args).run()
}

#[test]
fn what_changed_is_sealed_and_the_rest_keeps_its_tokens() {
    let repo = filled();
    let before = repo.read("secrets/dev.env");
    let done = edit(&repo, &["secrets/dev.env"], "sed -i s/one/other/ \"$1\"; echo C=3 >> \"$1\"");
    snapshot!(done, @r"
    exit 0
    --- stdout
    secrets/dev.env  2 values sealed. Entry [id], signed by ana.
    ");
    let b = |text: &str| text.lines().find(|line| line.starts_with("B=")).unwrap().to_owned();
    assert_eq!(b(&repo.read("secrets/dev.env")), b(&before));
    assert_eq!(repo.run("get dev/A").done().stdout, "other");
    assert_eq!(repo.run("get dev/C").done().stdout, "3");
    repo.run("check").done();
}

#[test]
fn an_unchanged_file_is_left_alone() {
    let repo = filled();
    for args in [&["secrets/dev.env"][..], &["dev"], &["-e", "dev"], &["dev/A"]] {
        let done = edit(&repo, args, "test -s \"$1\"").done();
        assert!(done.stdout.contains("no value changed"), "{done}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn one_value_is_edited_alone() {
    let repo = filled();
    let script = "test \"$(cat \"$1\")\" = one && echo 'a b' > \"$1\"";
    edit(&repo, &["dev/A"], script).done();
    assert_eq!(repo.run("get dev/A").done().stdout, "a b");
    assert_eq!(repo.run("get dev/B").done().stdout, "two");
    repo.run("check").done();
}

#[test]
fn a_new_file_begins_empty() {
    let repo = filled();
    edit(&repo, &["secrets/prod.yaml"], "printf 'db:\\n  password: x\\n' > \"$1\"").done();
    assert_eq!(repo.run("get prod/db.password").done().stdout, "x");
    repo.run("check").done();
}

#[test]
fn a_broken_text_is_refused_with_its_line() {
    let repo = filled();
    snapshot!(edit(&repo, &["dev"], "printf 'A=one\\nhunter2\\n' > \"$1\""), @r"
    exit 2
    --- stderr
    error: `secrets/dev.env` is broken, line 2: is no `KEY=value`, comment or blank line; nothing was written
    hint: tenure edit secrets/dev.env
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_failing_editor_takes_nothing() {
    let repo = filled();
    let failed = edit(&repo, &["dev"], "echo X=1 >> \"$1\"; exit 1");
    assert_eq!(failed.code, 7, "{failed}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn another_value_that_somebody_set_meanwhile_does_not_matter_to_one_value() {
    let repo = filled();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let now = crate::support::NOW;
    let set = |key: &str| format!("echo new | {tenure} --now {now} set dev/{key} >/dev/null; ");
    edit(&repo, &["dev/A"], &format!("{}echo mine > \"$1\"", set("B"))).done();
    assert_eq!(repo.run("get dev/A").done().stdout, "mine");
    assert_eq!(repo.run("get dev/B").done().stdout, "new");
    let refused = edit(&repo, &["dev/A"], &format!("{}echo lost > \"$1\"", set("A")));
    assert_eq!(refused.code, 2, "{refused}");
    assert_eq!(repo.run("get dev/A").done().stdout, "new");
}

/// A shell line by which somebody else sets a value of dev, while the editor is open.
fn meanwhile(key: &str) -> String {
    let (tenure, now) = (env!("CARGO_BIN_EXE_tenure"), crate::support::NOW);
    format!("echo theirs | {tenure} --now {now} set dev/{key} >/dev/null 2>&1 </dev/stdin; ")
}

#[test]
fn what_somebody_wrote_meanwhile_is_not_overwritten() {
    let repo = filled();
    let script = format!("{}sed -i 's/^B=.*/B=mine/' \"$1\"", meanwhile("B"));
    let refused = edit(&repo, &["dev"], &script);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("changed while you edited it"), "{refused}");
    assert_eq!(repo.run("get dev/B").done().stdout, "theirs");
    repo.run("check").done();
}

#[test]
fn what_somebody_wrote_meanwhile_elsewhere_in_the_file_is_joined() {
    let repo = filled();
    let script = format!("{}sed -i 's/^A=.*/A=mine/' \"$1\"", meanwhile("B"));
    let done = edit(&repo, &["dev"], &script).done();
    assert!(done.stdout.contains("1 value sealed"), "{done}");
    assert_eq!(repo.run("get dev/A").done().stdout, "mine");
    assert_eq!(repo.run("get dev/B").done().stdout, "theirs");
    assert_eq!(repo.run("open secrets/dev.env").done().stdout, "# c\nA=mine\n\nB=theirs\n");
    repo.run("check").done();
}

/// Runs `edit` where a person is: stdin and stderr are a terminal. Gives its exit code.
fn edit_as_person(repo: &Repo, what: &str, script: &str) -> Option<i32> {
    let terminal = crate::support::pty::Pty::open();
    let path = editor(repo, script);
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).env("EDITOR", path);
    let mut command = command.args(&["--now", crate::support::NOW, "edit", what]).raw();
    command.stdin(terminal.screen()).stderr(terminal.screen()).stdout(std::process::Stdio::null());
    command.status().unwrap().code()
}

#[test]
fn a_person_sees_both_texts_where_they_meet_and_loses_none() {
    let repo = filled();
    let note = repo.home().join("seen");
    let script = format!(
        "if grep -q '^<<<<<<< yours' \"$1\"; then cp \"$1\" '{}'; \
         sed -i '/^[<=>]\\{{7\\}} /d; /^B=theirs/d' \"$1\"; \
         else {}sed -i 's/^B=.*/B=typed-long/' \"$1\"; fi",
        note.display(),
        meanwhile("B")
    );
    assert_eq!(edit_as_person(&repo, "dev", &script), Some(0));
    let seen = std::fs::read_to_string(note).unwrap();
    let both = "<<<<<<< yours\nB=typed-long\n======= theirs\nB=theirs\n>>>>>>> end\n";
    assert!(seen.ends_with(both), "{seen}");
    assert_eq!(repo.run("get dev/B").done().stdout, "typed-long");
    repo.run("check").done();
}

#[test]
fn without_an_editor_and_a_terminal_nothing_is_edited() {
    assert_eq!(filled().run("edit dev").code, 2);
}

/// The folders of ours in a place that is shared with other programs.
fn folders(place: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).map(|all| all.flatten().collect()).unwrap_or_default();
    let entries: Vec<std::fs::DirEntry> = entries;
    entries.iter().map(std::fs::DirEntry::path).collect()
}

#[test]
fn a_killed_tenure_leaves_no_clear_text() {
    let repo = filled();
    let note = repo.home().join("note");
    let script =
        format!("echo \"$1\" > '{}.new'; mv '{0}.new' '{0}'; exec sleep 30", note.display());
    let path = editor(&repo, &script);
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).env("EDITOR", path);
    let mut command = command.args(&["--now", crate::support::NOW, "edit", "dev"]).raw();
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !note.exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let file = PathBuf::from(std::fs::read_to_string(&note).unwrap().trim());
    assert!(std::fs::read_to_string(&file).unwrap().contains("A=one"));
    let id = i32::try_from(child.id()).unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(128 + 15));
    let folder = file.parent().unwrap().to_owned();
    assert!(!folder.exists());
    assert!(!folders("/dev/shm").contains(&folder));
    assert_eq!(folders(repo.home().join("run").to_str().unwrap()), Vec::<PathBuf>::new());
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

/// Starts an edit whose editor waits, with its file in `place`; gives the process, the editor's id and
/// the file.
fn waiting_edit(repo: &Repo, place: &Path) -> (std::process::Child, rustix::process::Pid, PathBuf) {
    let note = repo.home().join("note");
    let _old = std::fs::remove_file(&note);
    let script =
        format!("echo \"$$ $1\" > '{}.new'; mv '{0}.new' '{0}'; exec sleep 30", note.display());
    let path = editor(repo, &script);
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).env("EDITOR", path);
    let command = command.env("XDG_RUNTIME_DIR", place);
    let mut command = command.args(&["--now", crate::support::NOW, "edit", "dev"]).raw();
    let child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !note.exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = std::fs::read_to_string(&note).unwrap();
    let (id, file) = text.trim().split_once(' ').unwrap();
    let id = rustix::process::Pid::from_raw(id.parse().unwrap()).unwrap();
    (child, id, PathBuf::from(file))
}

#[test]
fn what_a_killed_edit_left_is_wiped_once_its_editor_is_gone() {
    use rustix::process::{Signal, kill_process};
    let repo = filled();
    // Not the place that all share: what another test's tenure finds there, it wipes.
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = editor(&repo, "true");
    for next in ["doctor", "edit dev"] {
        let (mut child, id, file) = waiting_edit(&repo, place.path());
        child.kill().unwrap();
        child.wait().unwrap();
        let wipe = || {
            let command = repo.command(env!("CARGO_BIN_EXE_tenure"));
            let command = command.env("XDG_RUNTIME_DIR", place.path()).env("EDITOR", &path);
            let words = ["--now", crate::support::NOW].into_iter().chain(next.split(' '));
            command.args(&words.collect::<Vec<_>>()).run().done().stdout
        };
        wipe();
        assert!(file.exists(), "its editor is still there");
        kill_process(id, Signal::KILL).unwrap();
        let began = Instant::now();
        let mut said = String::new();
        while file.exists() && began.elapsed() < Duration::from_secs(20) {
            said = wipe();
        }
        assert!(!file.parent().unwrap().exists(), "{next}");
        assert_eq!(
            said.contains("wiped what killed edits left in memory: 1"),
            next == "doctor",
            "{said}"
        );
    }
}

#[test]
fn an_editor_that_leaves_nothing_deletes_nothing() {
    let repo = filled();
    for what in ["secrets/dev.env", "dev/A"] {
        let refused = edit(&repo, &[what], ": > \"$1\"");
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains("nothing was written"), "{refused}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}
