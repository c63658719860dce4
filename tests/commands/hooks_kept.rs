//! What becomes of hooks that were there, or that somebody changed: nothing is lost, and nothing runs itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Outcome, Repo, stock};

fn token() -> String {
    format!("glpat-{}", "sViq9mR2wKx7ZtLb3PdN")
}

fn hook(repo: &Repo, name: &str) -> PathBuf {
    repo.path().join(".git/hooks").join(name)
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn edit(path: &Path, edit: impl Fn(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let new = edit(text.clone());
    assert_ne!(new, text, "nothing was changed");
    script(path, &new);
}

fn hooked() -> Repo {
    let repo = Repo::new();
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.run("hook install").done();
    repo
}

/// Tries to commit a secret; a hook that runs itself would never end.
fn try_leak(repo: &Repo) -> Outcome {
    repo.write("leak", token());
    repo.git(&["add", "leak"]).done();
    let line = "ulimit -u 4096 2>/dev/null; timeout 60 git commit -q -m try";
    let tried = repo.command(stock("sh").unwrap()).args(&["-c", line]).run();
    assert!(tried.stderr.contains("gitlab-pat"), "{tried}");
    tried
}

#[test]
fn a_hook_of_ours_that_was_edited_is_known_and_never_run_by_the_new_one() {
    let changes: [fn(String) -> String; 4] = [
        |text| text.replacen("judges what", "judge what", 1),
        |text| text.replacen("# A hook of tenure: it judges what is staged.", "# see wiki", 1),
        |text| {
            text.lines()
                .enumerate()
                .filter(|(at, _)| !matches!(at, 1 | 2))
                .map(|(_, it)| format!("{it}\n"))
                .collect()
        },
        |text| text.replace("exit 1\n", "exit 3\n"),
    ];
    for change in changes {
        let repo = hooked();
        edit(&hook(&repo, "pre-commit"), change);
        let turned = repo.run("--json hook install").done().json();
        let turn = turned["hooks"][0]["turn"].as_str().unwrap().to_owned();
        assert!(["installed", "aside"].contains(&turn.as_str()), "{turned}");
        assert!(!hook(&repo, "pre-commit.local").exists(), "{turned}");
        assert_eq!(hook(&repo, "pre-commit.edited").exists(), turn == "aside");
        try_leak(&repo);
        assert_eq!(repo.run("--json hook install").json()["hooks"][0]["turn"], "unchanged");
    }
}

#[test]
fn a_hook_that_leads_back_to_itself_stops() {
    let repo = hooked();
    let copy = fs::read_to_string(hook(&repo, "pre-commit")).unwrap();
    script(&hook(&repo, "pre-commit.local"), &copy);
    try_leak(&repo);
    script(&hook(&repo, "pre-commit.local"), "#!/bin/sh\n.git/hooks/pre-commit \"$@\"\n");
    try_leak(&repo);
    repo.git(&["rm", "-q", "-f", "leak"]).done();
    repo.git(&["commit", "-q", "--allow-empty", "-m", "clean"]).done();
}

#[test]
fn lines_that_were_added_to_a_hook_of_ours_are_kept_and_run() {
    for (before, word) in [(false, "behind"), (true, "before")] {
        let repo = hooked();
        let added = format!("echo {word} >> ../ran");
        edit(&hook(&repo, "pre-commit"), |text| match before {
            true => text.replacen('\n', &format!("\n{added}\n"), 1),
            false => format!("{text}{added}\n"),
        });
        let installed = repo.run("hook install").done();
        let said =
            "pre-commit  installed; the lines added to it are pre-commit.local, which runs first";
        assert!(installed.stdout.contains(said), "{installed}");
        try_leak(&repo);
        assert_eq!(fs::read_to_string(repo.folder().join("ran")).unwrap(), format!("{word}\n"));
        // There is one that runs first already.
        edit(&hook(&repo, "pre-commit"), |text| format!("{text}echo more\n"));
        let installed = repo.run("hook install").done();
        assert!(
            installed.stdout.contains("is pre-commit.edited, which nobody runs"),
            "{installed}"
        );
        assert!(
            fs::read_to_string(hook(&repo, "pre-commit.edited")).unwrap().contains("echo more")
        );
        edit(&hook(&repo, "pre-commit"), |text| format!("{text}echo yet more\n"));
        let refused = repo.run("hook install");
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains("hint: rm "), "{refused}");
    }
}

#[test]
fn lines_that_were_added_outlive_an_uninstall() {
    let repo = hooked();
    edit(&hook(&repo, "pre-commit"), |text| format!("{text}npm test\n"));
    let gone = repo.run("hook uninstall").done();
    assert!(gone.stdout.contains("pre-commit  removed, but for the lines added to it"), "{gone}");
    assert_eq!(fs::read_to_string(hook(&repo, "pre-commit")).unwrap(), "#!/bin/sh\nnpm test\n");
    repo.run("hook install").done();
    edit(&hook(&repo, "pre-commit"), |text| format!("{text}npm run more\n"));
    let gone = repo.run("hook uninstall").done();
    assert!(gone.stdout.contains("is pre-commit.edited, which nobody runs"), "{gone}");
    assert_eq!(fs::read_to_string(hook(&repo, "pre-commit")).unwrap(), "#!/bin/sh\nnpm test\n");
}

#[test]
fn a_hook_that_git_did_not_run_is_said_not_to_run() {
    let repo = Repo::new();
    fs::create_dir_all(hook(&repo, "")).unwrap();
    fs::write(hook(&repo, "pre-commit"), "#!/bin/sh\nexit 1\n").unwrap();
    let installed = repo.run("hook install").done();
    assert!(installed.stdout.contains("pre-commit.local, and does not run"), "{installed}");
}

#[test]
fn what_is_no_folder_is_refused_with_the_command_that_mends_it() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "/dev/null"]).done();
    let refused = repo.run("hook install");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("hint: git config --unset core.hooksPath"), "{refused}");
    repo.git(&["config", "--unset", "core.hooksPath"]).done();
    repo.run("hook install").done();
}

#[test]
fn work_trees_that_have_hooks_of_their_own_are_named() {
    let repo = Repo::new();
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.git(&["config", "core.hooksPath", ".githooks"]).done();
    repo.git(&["worktree", "add", "-q", "../linked"]).done();
    let linked = repo.folder().join("linked").canonicalize().unwrap();
    let installed = repo.run("hook install").done();
    assert!(installed.stderr.contains("commit it: git add .githooks\n"), "{installed}");
    let fix = format!("tenure -C {} hook install", linked.display());
    assert!(installed.stderr.contains(&fix), "{installed}");
    repo.command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["-C", "../linked", "hook", "install"])
        .run()
        .done();
    let again = repo.run("--json hook install").done().json();
    assert_eq!(
        (&again["relative"], &again["unguarded"]),
        (&".githooks".into(), &serde_json::json!([]))
    );
    let git = repo.command(stock("git").unwrap()).within(&linked);
    fs::write(linked.join("leak"), token()).unwrap();
    git.args(&["add", "leak"]).run().done();
    let tried = repo
        .command(stock("git").unwrap())
        .within(&linked)
        .args(&["commit", "-q", "-m", "try"])
        .run();
    assert_ne!(tried.code, 0, "{tried}");
}
