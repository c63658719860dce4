//! Where the guard runs: every hook that git has for it, beside those of others, with real git.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Outcome, Repo, skip, skipped, snapshot, stock};

const RULE: &str = "gitlab-pat";

/// A token of a known form; nowhere in this file as a whole.
fn token() -> String {
    format!("glpat-{}", "sViq9mR2wKx7ZtLb3PdN")
}

/// A repository with a commit and our hooks.
fn guarded() -> Repo {
    let repo = Repo::new();
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.run("hook install").done();
    repo
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Repo {
    fn hook(&self, name: &str) -> PathBuf {
        self.path().join(".git/hooks").join(name)
    }

    fn line(&self, line: &str) -> Outcome {
        self.git(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a line of a shell, as who follows an advice does.
    fn shell(&self, line: &str) -> Outcome {
        self.command(stock("sh").unwrap()).args(&["-c", line]).env("GIT_EDITOR", "true").run()
    }

    /// Commits a file with a secret, past the hooks.
    fn leak(&self, path: &str) {
        self.write(path, format!("key = {}\n", token()));
        self.commit("leak");
    }

    /// Gives itself another side, `origin`, that has all there is.
    fn with_origin(&self) {
        let other = self.folder().join("other.git").display().to_string();
        self.git(&["init", "-q", "--bare", &other]).done();
        self.git(&["remote", "add", "origin", &other]).done();
        self.line("push -q --no-verify origin main").done();
    }

    fn head(&self, of: &str) -> String {
        self.line(&format!("rev-parse -q --verify {of}")).stdout
    }
}

/// Insists that git did not do it, since there is a secret, and that the secret is not shown.
#[track_caller]
fn blocked(tried: &Outcome, word: &str) {
    assert_ne!(tried.code, 0, "{tried}");
    assert!(tried.stderr.contains(word), "no `{word}` in {tried}");
    assert!(!tried.stderr.contains(&token()), "the secret is shown: {tried}");
}

/// The command that a hook names as its way out.
fn way_out(tried: &Outcome) -> String {
    let line = tried.stderr.lines().find_map(|it| it.strip_prefix("to skip this hook once: "));
    line.unwrap_or_else(|| panic!("no way out in {tried}")).to_owned()
}

#[test]
fn a_credential_that_is_staged_is_blocked_wherever_it_stands() {
    let repo = guarded();
    repo.write("src/main.rs", format!("// a\nlet key = \"{}\";\n", token()));
    repo.line("add --all").done();
    snapshot!(repo.line("commit -q -m try"), @r#"
    exit 1
    --- stderr
    src/main.rs:2:12  gitlab-pat  GitLab personal access token …
      fix  take it out (`tenure set` keeps it); a false alarm: tenure allow src/main.rs:2 --reason "…"
    tenure: commit blocked, 1 plaintext secret is staged
    to skip this hook once: git commit --no-verify
    A hook can be skipped; `tenure check` in CI is the control.
    "#);
    repo.line("commit -q --no-verify -m try").done();
    repo.write("src/main.rs", format!("// b\nlet key = \"{}\";\n", token()));
    // What stood there before is no news.
    repo.line("commit -q -a -m more").done();
}

#[test]
fn a_managed_value_is_blocked_elsewhere_with_its_address() {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("-y init").done();
    let value = "sorrow-lantern-Quill-93";
    repo.tenure_fed(&["set", "dev/API_KEY"], value).done();
    repo.commit("base");
    repo.write("deploy.sh", format!("export KEY={value}\n"));
    repo.line("add --all").done();
    let tried = repo.line("commit -q -m try");
    blocked(&tried, "managed-value");
    assert!(
        tried.stderr.contains("deploy.sh:1:12  managed-value  equal to dev/API_KEY"),
        "{tried}"
    );
    assert!(!tried.stderr.contains(value), "{tried}");
    let json = repo.run("--json hook run pre-commit");
    assert_eq!(
        (json.code, json.json()["secrets"]["findings"][0]["rule"].as_str()),
        (1, Some("managed-value"))
    );
    repo.line("rm -q -f --cached deploy.sh").done();
    let said = repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("use {value} now")]);
    blocked(&said, "commit message:1:5  managed-value  equal to dev/API_KEY");
    // Whose key is not at hand is told so, and goes on.
    let git = stock("git").unwrap();
    let bare = repo.command(&git).env("HOME", repo.folder()).env("XDG_CONFIG_HOME", "/nowhere");
    let bare = bare.env("GIT_AUTHOR_NAME", "x").env("GIT_AUTHOR_EMAIL", "x@example.com");
    let bare = bare.env("GIT_COMMITTER_NAME", "x").env("GIT_COMMITTER_EMAIL", "x@example.com");
    let done = bare.args(&["commit", "-q", "--allow-empty", "-m", "empty"]).run().done();
    assert!(done.stderr.contains("values of dev not looked for"), "{done}");
}

#[test]
fn a_message_is_looked_through() {
    let repo = guarded();
    let say = |message: &str| repo.git(&["commit", "-q", "--allow-empty", "-m", message]);
    let tried = say(&format!("try\n\nwith {}", token()));
    blocked(&tried, RULE);
    assert!(tried.stderr.contains("commit message:3:6"), "{tried}");
    assert!(
        tried.stderr.contains(
            "fix  take it out, with --amend once more if you gave it: git commit --edit --file "
        ),
        "{tried}"
    );
    assert_eq!(way_out(&tried), "git commit --no-verify");
    // Nobody edits it, so git keeps this line.
    blocked(&say(&format!("try\n\n# with {}", token())), RULE);
    say("without").done();
    let past = ["commit", "-q", "--allow-empty", "--no-verify", "-m", &token()];
    repo.git(&past).done();
}

/// Commits with an editor that puts lines above what git wrote, or below it.
fn edited(repo: &Repo, (above, below): (&str, &str), args: &[&str]) -> Outcome {
    let editor = repo.folder().join("editor");
    fs::write(repo.folder().join("above"), above).unwrap();
    fs::write(repo.folder().join("below"), below).unwrap();
    let folder = repo.folder().display();
    script(&editor, &format!("cd '{folder}' && cat above \"$1\" below > new && mv new \"$1\""));
    let command = repo.command(stock("git").unwrap()).env("GIT_EDITOR", &editor);
    command.args(&["commit", "-q"]).args(args).run()
}

const CUT: &str = "------------------------ >8 ------------------------";

#[test]
fn what_git_wrote_into_an_edited_message_is_none_of_it() {
    let repo = guarded();
    repo.leak("old.txt");
    // The name of a file that is there, of one that git does not know, and the secret that goes.
    repo.leak(&format!("sub/{}.txt", token()));
    repo.write(&token(), "x\n");
    let change = |path: &str, text: &str| {
        repo.write(path, text);
        repo.git(&["add", path]).done();
    };
    change(&format!("sub/{}.txt", token()), "one\n");
    edited(&repo, ("named\n", ""), &[]).done();
    change("old.txt", "one\n");
    edited(&repo, ("goes\n", ""), &["--verbose"]).done();
    assert!(!repo.line("log -1 --format=%B").stdout.contains("glpat"));
    edited(&repo, ("amended\n", ""), &["--verbose", "--amend"]).done();
    for mark in [";", "auto", "//"] {
        repo.git(&["config", "core.commentChar", mark]).done();
        change("old.txt", &format!("{mark}\n"));
        edited(&repo, ("again\n", ""), &["-v", "-v"]).done();
    }
    // From below the root, and not staged.
    repo.line("config --unset core.commentChar").done();
    repo.write("old.txt", token());
    let within = repo.command(stock("git").unwrap()).within(repo.path().join("sub"));
    within
        .args(&["commit", "-q", "--allow-empty", "-vv", "-e", "-m", "x"])
        .env("GIT_EDITOR", "true")
        .run()
        .done();
}

#[test]
fn what_somebody_wrote_into_a_message_counts_wherever_it_stands() {
    let repo = guarded();
    let again = |above: &str, below: &str, args: &[&str]| {
        edited(&repo, (above, below), &[&["--allow-empty"], args].concat())
    };
    let with = |text: &str| format!("subject\n\n{text} {}\n", token());
    blocked(&again(&with("yes"), "", &[]), "commit message:3:5");
    // The hook is not told whether git keeps comments.
    blocked(&again(&with("#"), "", &[]), "commit message:3:3");
    blocked(&again(&with("#"), "", &["--cleanup=whitespace"]), RULE);
    blocked(&again("subject\n", &format!("# {}\n", token()), &["--cleanup=verbatim"]), RULE);
    // Nor whether it cuts: here it does not.
    for cut in [format!("x {CUT}"), format!("# {CUT}"), format!("# {CUT}\n-"), format!("; {CUT}")] {
        blocked(&again(&with(&format!("{cut}\n")), "", &[]), RULE);
        blocked(&again(&with(&format!("{cut}\n")), "", &["--no-status"]), RULE);
    }
    let cut = again("subject\n", &format!("+{}\n", token()), &["--verbose"]);
    blocked(&cut, RULE);
    assert!(cut.stderr.contains(": git commit --verbose --edit --file "), "{cut}");
    again("subject\n\n# without\n", "", &[]).done();
}

/// A repository in which `side` adds a secret, and `main` has taken another one out.
fn forked() -> Repo {
    let repo = guarded();
    repo.leak("gone.txt");
    repo.line("switch -q -c side HEAD~1").done();
    repo.leak("side.txt");
    repo.line("switch -q main").done();
    repo.line("rm -q gone.txt").done();
    repo.commit("taken out");
    repo
}

#[test]
fn what_git_commits_again_is_judged_and_the_way_out_works() {
    for (branch, line, way) in [
        ("main", "cherry-pick side", "cherry-pick --continue"),
        ("main", "revert --no-edit HEAD", "commit"),
        ("main", "revert HEAD", "commit"),
        ("side", "rebase -q main", "commit"),
        ("side", "rebase -q -i main", "commit"),
    ] {
        let repo = forked();
        repo.line(&format!("switch -q {branch}")).done();
        let head = repo.head(branch);
        let tried = repo.shell(&format!("git {line}"));
        blocked(&tried, RULE);
        assert_eq!(repo.head(branch), head, "{line}: {tried}");
        let way_out = way_out(&tried);
        assert_eq!(way_out, format!("git -c core.hooksPath=/dev/null {way}"), "{line}");
        repo.shell(&way_out).done();
        // A rebase goes on by git's own words: what it was amid it tries once more, and finds nothing left to do.
        if branch == "side" && repo.shell("git rebase --continue").code != 0 {
            repo.shell("git rebase --skip").done();
        }
        assert_ne!(repo.head(branch), head, "{line}");
        let file = if line.starts_with("revert") { "gone.txt" } else { "side.txt" };
        repo.line(&format!("show {branch}:{file}")).done();
        assert_eq!(repo.line("status --porcelain").stdout, "", "{line}");
        assert!(!repo.path().join(".git/rebase-merge").exists(), "{line}");
    }
}

#[test]
fn what_is_commited_again_without_a_secret_goes_on_and_no_verify_stays_a_way_out() {
    let repo = guarded();
    repo.line("switch -q -c side").done();
    repo.write("clean", "x\n");
    repo.commit("clean");
    repo.line("switch -q main").done();
    repo.write("own", "x\n");
    repo.commit("own");
    repo.line("cherry-pick side").done();
    repo.line("revert --no-edit HEAD").done();
    repo.line("switch -q side").done();
    repo.line("rebase -q main").done();
    // An ordinary commit is judged by pre-commit alone.
    repo.write("leak", token());
    repo.line("add leak").done();
    repo.line("commit -q --no-verify -m skipped").done();
    repo.write("leak", format!("{0} {0}", token()));
    repo.line("commit -q -a --amend --no-verify --no-edit").done();
}

#[test]
fn a_linked_work_tree_has_a_state_of_its_own() {
    let repo = forked();
    repo.line("worktree add -q -b linked ../linked main").done();
    let linked = repo.folder().join("linked");
    let git = stock("git").unwrap();
    let there = |args: &[&str]| repo.command(&git).args(args).within(&linked).run();
    let tried = there(&["cherry-pick", "side"]);
    blocked(&tried, RULE);
    // The other work tree is in the midst of nothing.
    repo.write("leak", token());
    repo.line("add leak").done();
    repo.line("commit -q --no-verify -m skipped").done();
    there(&["cherry-pick", "--abort"]).done();
    blocked(&there(&["commit", "-q", "--allow-empty", "-m", &token()]), RULE);
}

#[test]
fn a_push_is_judged_by_the_commits_that_it_brings() {
    let repo = guarded();
    repo.with_origin();
    repo.leak("leak.txt");
    let commit = repo.head("HEAD");
    // Taken out again, it is in the history all the same.
    repo.line("rm -q leak.txt").done();
    repo.commit("taken out");
    let tried = repo.line("push -q origin main");
    blocked(&tried, RULE);
    assert!(tried.stderr.contains(&format!("{}:leak.txt:1:7", &commit[..7])), "{tried}");
    assert!(
        tried.stderr.contains("tenure: push blocked, 1 plaintext secret is in 2 commits"),
        "{tried}"
    );
    assert_eq!(way_out(&tried), "git push --no-verify");
    assert_ne!(repo.line("ls-remote origin main").stdout[..40], repo.head("main")[..40]);
    repo.shell("git push --no-verify -q origin main").done();
    repo.write("more", "x\n");
    repo.commit("more");
    // What the other side has is no news, nor what is deleted there.
    let pushed = repo.line("push -q origin main main:refs/heads/second").done();
    assert!(pushed.stderr.contains("tenure: 1 commit, no plaintext"), "{pushed}");
    let deleted = repo.line("push -q origin :second").done();
    assert!(deleted.stderr.contains("tenure: 0 commits, no plaintext"), "{deleted}");
}

#[test]
fn messages_tags_and_new_branches_are_pushed_under_the_same_eyes() {
    let repo = guarded();
    repo.with_origin();
    let message = format!("with {}", token());
    repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", &message]).done();
    blocked(&repo.line("push -q origin HEAD:refs/heads/new"), "commit message:1:6");
    repo.line("reset -q --hard HEAD~1").done();
    repo.git(&["tag", "-a", "-m", &message, "v1"]).done();
    blocked(&repo.line("push -q origin v1"), RULE);
    // Where the other side has no name here, all there is is looked at.
    let url = repo.folder().join("other.git").display().to_string();
    repo.leak("leak.txt");
    blocked(&repo.git(&["push", "-q", &url, "main"]), RULE);
    repo.line("reset -q --hard HEAD~1").done();
    repo.git(&["push", "-q", &url, "main"]).done();
}

#[test]
fn another_side_under_an_old_name_is_not_taken_for_the_old_one() {
    let repo = guarded();
    repo.leak("old.txt");
    repo.with_origin();
    let old = repo.folder().join("other.git").display().to_string();
    let fresh = repo.folder().join("fresh.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &fresh]).done();
    // It is fetched from one place, and pushed to another one.
    repo.git(&["remote", "set-url", "--push", "origin", &fresh]).done();
    let tried = repo.line("push -q origin main:refs/heads/new");
    blocked(&tried, RULE);
    assert!(tried.stderr.contains("git remote add NAME URL && git fetch NAME"), "{tried}");
    // A URL may hold a password; git shows it without.
    assert_eq!(tried.stderr.matches("fresh.git").count(), 1, "{tried}");
    // Its name leads to another place, which says that it has no such branch.
    repo.git(&["remote", "set-url", "--delete", "--push", "origin", &fresh]).done();
    repo.git(&["remote", "set-url", "origin", &fresh]).done();
    let tried = repo.line("push -q origin main");
    blocked(&tried, RULE);
    let fetch = "git fetch --prune origin";
    assert!(tried.stderr.contains(&format!("to know it anew: {fetch}\n")), "{tried}");
    // It has another history, which is overwritten.
    repo.line("switch -q --orphan begun").done();
    repo.write("readme", "x\n");
    repo.commit("begun there");
    repo.line("push -q --no-verify origin begun:main").done();
    repo.line("switch -q main").done();
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]).done();
    blocked(&repo.line("push -q --force origin main"), RULE);
    // Back where all is known, a branch that somebody deleted there is pushed once more.
    repo.git(&["remote", "set-url", "origin", &old]).done();
    repo.line("fetch -q origin").done();
    repo.line("push -q origin main:side main:other").done();
    repo.git(&["-C", &old, "branch", "-q", "-D", "side"]).done();
    blocked(&repo.line("push -q origin main:side"), fetch);
    repo.line(fetch.strip_prefix("git ").unwrap()).done();
    repo.line("push -q origin main:side").done();
}

#[test]
fn a_managed_file_in_clear_is_not_pushed() {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("-y init").done();
    repo.commit("base");
    repo.with_origin();
    repo.write("secrets/dev.env", "API_KEY=sorrow-lantern-Quill-93\n");
    repo.commit("in clear");
    let tried = repo.line("push -q origin main");
    blocked(&tried, "secrets/dev.env:1:1  plaintext");
    assert!(!tried.stderr.contains("sorrow-lantern"), "{tried}");
    repo.line("reset -q --hard HEAD~1").done();
    repo.tenure_fed(&["set", "dev/API_KEY"], "sorrow-lantern-Quill-93").done();
    repo.commit("sealed");
    repo.line("push -q origin main").done();
}

#[test]
fn what_a_hook_is_not_given_is_refused() {
    let repo = guarded();
    for line in ["hook run commit-msg", "hook run pre-push", "hook run post-commit"] {
        let refused = repo.run(line);
        assert_eq!(refused.code, 2, "{line}: {refused}");
    }
    let garbled = repo.tenure_fed(&["hook", "run", "pre-push", "origin"], "refs/heads/main x\n");
    assert_eq!(garbled.code, 2, "{garbled}");
    assert!(garbled.stderr.contains("git push --no-verify"), "{garbled}");
    let gone = repo.run("hook run commit-msg nowhere");
    assert_ne!(gone.code, 0, "{gone}");
    assert!(gone.stderr.contains("to skip this hook once: git commit --no-verify"), "{gone}");
    repo.write(".secrets/allow.toml", "[[allow\n");
    repo.line("add --all").done();
    let tried = repo.line("commit -q -m try");
    assert_ne!(tried.code, 0, "{tried}");
    assert!(tried.stderr.contains("nothing was judged; to skip this hook once"), "{tried}");
}

#[test]
fn hooks_that_were_there_get_what_git_gives_and_so_do_ours() {
    let repo = Repo::new();
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.with_origin();
    for name in ["pre-commit", "prepare-commit-msg", "commit-msg", "pre-push"] {
        let seen = repo.folder().join(name).display().to_string();
        let refuse = if name == "pre-push" { "test ! -e forbidden" } else { "true" };
        script(&repo.hook(name), &format!("echo \"$0 $@\" > {seen}; cat >> {seen}; {refuse}"));
    }
    repo.run("hook install").done();
    let seen = |name: &str| fs::read_to_string(repo.folder().join(name)).unwrap();
    repo.leak("leak.txt");
    blocked(&repo.line("push -q origin main"), RULE);
    let (head, old) = (repo.head("HEAD"), repo.head("HEAD~1"));
    let other = repo.folder().join("other.git");
    let told = format!(
        ".git/hooks/pre-push.local origin {}\nrefs/heads/main {} refs/heads/main {}",
        other.display(),
        head.trim(),
        old
    );
    assert_eq!(seen("pre-push"), told);
    repo.line("commit -q --allow-empty -m try").done();
    assert_eq!(seen("commit-msg"), ".git/hooks/commit-msg.local .git/COMMIT_EDITMSG\n");
    let prepared = ".git/hooks/prepare-commit-msg.local .git/COMMIT_EDITMSG message\n";
    assert_eq!(seen("prepare-commit-msg"), prepared);
    // Nothing to push: neither is told a line.
    repo.line("push -q --no-verify origin main").done();
    repo.line("push -q origin main").done();
    assert_eq!(seen("pre-push").lines().count(), 1);
    repo.write("forbidden", "x");
    repo.commit("forbidden");
    let refused = repo.line("push -q origin main");
    assert_ne!(refused.code, 0);
    assert!(!refused.stderr.contains("tenure:"), "theirs is first: {refused}");
    // A hook that reads nothing is no fault.
    script(&repo.hook("pre-push.local"), "exit 0");
    repo.line("push -q origin main").done();
    repo.run("hook uninstall").done();
    assert!(!repo.hook("pre-push.local").exists() && !repo.hook("commit-msg.local").exists());
}

#[test]
fn a_hook_that_changes_the_message_is_followed_by_ours() {
    let repo = guarded();
    script(&repo.hook("commit-msg.local"), &format!("echo {} >> \"$1\"", token()));
    blocked(&repo.line("commit -q --allow-empty -m try"), "commit message:2:1");
}

#[test]
fn a_hook_of_an_earlier_version_is_ours_and_is_renewed() {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("-y init").done();
    repo.commit("base");
    let old = "# A hook of tenure: it judges what is staged.\nexec tenure hook run";
    script(&repo.hook("pre-commit"), old);
    fs::remove_file(repo.hook("pre-push")).unwrap();
    let hook = |repo: &Repo| {
        let checks = repo.run("--json doctor").json();
        let checks = checks["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["check"] == "hook").unwrap()["fix"].clone()
    };
    assert_eq!(hook(&repo), "tenure hook install");
    // It still judges what is staged.
    repo.write("leak", token());
    repo.line("add leak").done();
    blocked(&repo.line("commit -q -m try"), RULE);
    let turns = repo.run("--json hook install").done().json();
    assert_eq!(turns["hooks"][0]["turn"], "installed");
    assert_eq!(turns["hooks"][1]["turn"], "unchanged");
    assert_eq!(turns["hooks"][4]["turn"], "installed");
    assert!(!repo.hook("pre-commit.local").exists());
    assert!(
        fs::read_to_string(repo.hook("pre-commit")).unwrap().contains("hook run pre-commit \"$@\"")
    );
    assert_eq!(hook(&repo), serde_json::Value::Null);
}

#[test]
fn a_tenure_that_is_broken_lets_nothing_pass() {
    let repo = guarded();
    repo.with_origin();
    repo.write("more", "x\n");
    repo.line("add more").done();
    let (git, folder) = (stock("git").unwrap(), repo.folder().join("broken"));
    let path = std::env::join_paths(
        [folder.clone()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let run = |args: &[&str]| repo.command(&git).args(args).env("PATH", &path).run();
    for (how, said) in [("exit 126", "126"), ("kill -9 $$", "137"), ("exit 2", "2")] {
        script(&folder.join("tenure"), how);
        for (args, way) in [
            (&["commit", "-q", "-m", "try"][..], "git -c core.hooksPath=/dev/null commit"),
            (&["push", "-q", "origin", "HEAD:refs/heads/b"], "git push --no-verify"),
        ] {
            let tried = run(args);
            assert_ne!(tried.code, 0, "{how}: {tried}");
            assert!(tried.stderr.contains(&format!("tenure ended with {said}")), "{how}: {tried}");
            assert!(tried.stderr.contains(way), "{how}: {tried}");
        }
    }
    fs::write(folder.join("tenure"), b"\x7fELF broken").unwrap();
    assert_ne!(run(&["commit", "-q", "-m", "try"]).code, 0);
    run(&["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "try"]).done();
}

/// What husky 9 lays out: its own runner, and a stub of it for each hook.
fn with_husky(repo: &Repo) {
    let runner = "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n\
                  [ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\nexit $?";
    script(&repo.path().join(".husky/_/h"), runner);
    for name in ["pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"] {
        script(&repo.path().join(".husky/_").join(name), ". \"$(dirname \"$0\")/h\"");
    }
    repo.write(".husky/_/.gitignore", "*");
    repo.line("config core.hooksPath .husky/_").done();
}

/// Insists that all four are on: what is staged, the message, what is picked, what is pushed.
#[track_caller]
fn guards_all(repo: &Repo) {
    repo.write("leak", token());
    repo.line("add leak").done();
    blocked(&repo.line("commit -q -m try"), RULE);
    repo.line("rm -q -f leak").done();
    blocked(&repo.git(&["commit", "-q", "--allow-empty", "-m", &token()]), "commit message");
    repo.line("switch -q -c side").done();
    repo.leak("side.txt");
    repo.line("switch -q main").done();
    blocked(&repo.line("cherry-pick side"), RULE);
    repo.line("cherry-pick --abort").done();
    let tried = repo.line("push origin side");
    assert_ne!(tried.code, 0, "{tried}");
    let said = format!("{}{}", tried.stdout, tried.stderr);
    assert!(said.contains(RULE) && !said.contains(&token()), "{tried}");
    repo.write("clean", "x\n");
    repo.line("add clean").done();
    repo.line("commit -q -m clean").done();
    repo.line("push -q origin main").done();
}

#[test]
fn husky_hands_on_to_ours_and_to_what_was_there() {
    let repo = Repo::new();
    with_husky(&repo);
    // husky's own need not be executable.
    repo.write(".husky/pre-commit", "echo theirs >&2\n");
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.with_origin();
    let installed = repo.run("hook install").done();
    assert!(installed.stdout.contains("/.husky/pre-commit  installed; the hook that was there"));
    assert!(!installed.stderr.contains("outside of the repository"), "{installed}");
    repo.commit("hooks");
    guards_all(&repo);
    let done = repo.line("commit -q --allow-empty -m more").done();
    assert!(done.stderr.contains("theirs"), "{done}");
    // husky writes its folder anew with every installation of packages.
    with_husky(&repo);
    blocked(&repo.git(&["commit", "-q", "--allow-empty", "-m", &token()]), RULE);
    repo.run("hook uninstall").done();
    assert_eq!(repo.read(".husky/pre-commit"), "echo theirs >&2\n");
    assert!(!repo.path().join(".husky/pre-push").exists());
}

#[test]
fn lines_of_your_own_in_husky_do_too() {
    let repo = Repo::new();
    with_husky(&repo);
    for name in ["pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"] {
        repo.write(&format!(".husky/{name}"), format!("tenure hook run {name} \"$@\"\n"));
    }
    repo.commit("base");
    repo.with_origin();
    guards_all(&repo);
}

/// What lefthook writes: a script for each hook that calls it, which runs the lines of its configuration with the
/// arguments in their places, and stdin where it was told so.
#[test]
fn the_lines_for_lefthook_are_right() {
    let repo = Repo::new();
    let page = include_str!("../../docs/hooks.md");
    let lines = page.split("## lefthook").nth(1).unwrap().split("```").nth(1).unwrap();
    let (mut name, mut found) = (String::new(), 0);
    for line in lines.lines() {
        if let Some(hook) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            hook.clone_into(&mut name);
        }
        let Some(run) = line.trim().strip_prefix("run: ") else { continue };
        found += 1;
        let run = run.replace("{0}", "$*").replace("{1}", "$1");
        let told = lines.contains(&format!("{line}\n      use_stdin: true"));
        let stdin = if told { "" } else { " < /dev/null" };
        script(
            &repo.hook(&name),
            &format!(
                "call_lefthook()\n{{\n  shift 2\n  {run}{stdin}\n}}\ncall_lefthook run \"{name}\" \"$@\""
            ),
        );
    }
    assert_eq!(found, 5, "{lines}");
    repo.write("readme", "x\n");
    repo.commit("base");
    repo.with_origin();
    guards_all(&repo);
    // Ours goes in front of such scripts, too.
    repo.run("hook install").done();
    assert!(fs::read_to_string(repo.hook("pre-push.local")).unwrap().contains("call_lefthook"));
    blocked(&repo.line("push -q origin side"), RULE);
}

/// The framework `pre-commit`: on the PATH, or from the Python registry into a folder of the build.
fn framework() -> Option<PathBuf> {
    if let found @ Some(_) = stock("pre-commit") {
        return found;
    }
    let python = stock("python3")?;
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pre-commit");
    let program = venv.join("bin/pre-commit");
    let quiet = |command: &mut Command| command.output().is_ok_and(|it| it.status.success());
    // One that was moved with its folder does not start any more.
    if !quiet(Command::new(&program).arg("--version")) {
        let made = quiet(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv));
        let pip = ["install", "--quiet", "--disable-pip-version-check", "pre-commit>=3.2"];
        if !made || !quiet(Command::new(venv.join("bin/pip")).args(pip)) {
            return None;
        }
    }
    Some(program)
}

#[test]
fn the_framework_pre_commit_runs_all_of_them() {
    skip!("python3");
    let Some(framework) = framework() else { return skipped("pre-commit") };
    let repo = Repo::new();
    // What it takes the hooks from: a repository with nothing but our manifest.
    let ours = repo.folder().join("manifest");
    fs::create_dir(&ours).unwrap();
    fs::write(ours.join(".pre-commit-hooks.yaml"), include_str!("../../.pre-commit-hooks.yaml"))
        .unwrap();
    let git = |args: &[&str]| {
        repo.command(stock("git").unwrap()).args(args).within(&ours).run().done().stdout
    };
    git(&["init", "-q"]);
    git(&["add", "--all"]);
    git(&["commit", "-q", "-m", "manifest"]);
    let page = include_str!("../../docs/hooks.md");
    let config = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let config =
        config.replace("https://github.com/tenure-secrets/tenure", &ours.display().to_string());
    let config = config.replace("v0.1.0", git(&["rev-parse", "HEAD"]).trim());
    repo.write(".pre-commit-config.yaml", config);
    repo.commit("base");
    repo.with_origin();
    repo.command(&framework).args(&["install"]).run().done();
    let both = |outcome: Outcome| format!("{}{}", outcome.stdout, outcome.stderr);
    let refused = |outcome: Outcome, word: &str| {
        assert_ne!(outcome.code, 0, "{outcome}");
        let said = both(outcome);
        assert!(said.contains(word) && !said.contains(&token()), "no `{word}`: {said}");
    };
    repo.write("leak", token());
    repo.line("add leak").done();
    refused(repo.line("commit -m try"), RULE);
    repo.line("rm -q -f leak").done();
    refused(repo.git(&["commit", "--allow-empty", "-m", &token()]), "commit message");
    repo.line("switch -q -c side").done();
    repo.leak("side.txt");
    repo.line("switch -q main").done();
    refused(repo.line("cherry-pick side"), RULE);
    repo.line("cherry-pick --abort").done();
    refused(repo.line("push origin side"), RULE);
    repo.write("clean", "x\n");
    repo.line("add clean").done();
    repo.line("commit -m clean").done();
    repo.line("push origin main").done();
    // All of it, to a side that has nothing yet: the framework names no commit that it begins with.
    let fresh = repo.folder().join("fresh.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &fresh]).done();
    repo.git(&["remote", "add", "fresh", &fresh]).done();
    repo.line("push fresh main").done();
    refused(repo.line("push fresh side"), RULE);
}
