//! The commands that findings name, pasted where the user stands; and no value in what names a file or a key.

use std::path::Path;

use super::scan::{RULE, planted, token, unseen};
use crate::attacks::Estate;
use crate::support::{Outcome, Repo, stock};

const ALLOW: &str = ".secrets/allow.toml";

/// Runs a line of a shell in a folder, with our program at hand.
fn paste(repo: &Repo, folder: &Path, line: &str) -> Outcome {
    let programs = Path::new(env!("CARGO_BIN_EXE_tenure")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display());
    let shell = repo.command(stock("sh").unwrap()).within(folder);
    shell.args(&["-c", line]).env("PATH", path).env("GIT_EDITOR", "true").run()
}

/// The first command behind some words.
fn told(outcome: &Outcome, before: &str) -> String {
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    let line = text.lines().find_map(|line| Some(line.split_once(before)?.1.to_owned()));
    line.unwrap_or_else(|| panic!("no `{before}` in {outcome}"))
}

#[test]
fn every_command_is_told_from_where_the_user_stands() {
    let repo = planted();
    repo.commit("base");
    let app = repo.path().join("app");
    let here = |line: &str| {
        let tenure = repo.command(env!("CARGO_BIN_EXE_tenure")).within(&app);
        tenure.args(&line.split(' ').collect::<Vec<_>>()).run()
    };
    let allow = told(&here("scan"), "a false alarm: ");
    assert_eq!(allow, "tenure -C .. allow app/pay.py:2 --reason \"…\"");
    let allowed = paste(&repo, &app, &allow.replace('…', "made up")).done();
    assert_eq!(told(&allowed, "for the next commit: "), "git -C .. add .secrets/allow.toml");
    paste(&repo, &app, &told(&allowed, "for the next commit: ")).done();
    repo.git(&["commit", "-q", "-m", "allowed"]).done();
    repo.write(ALLOW, "[[allow\n");
    let broken = here("scan");
    let restore = told(&broken, ", or: ");
    assert_eq!(restore, "git -C .. restore --staged --worktree .secrets/allow.toml");
    paste(&repo, &app, &restore).done();
    here("scan").done();
    // Who stands at the root, or says which folder is meant from there, is told nothing of it.
    repo.write("b.py", format!("k = \"{}\"\n", token()));
    assert!(told(&repo.run("scan"), "a false alarm: ").starts_with("tenure allow b.py:1"));
    assert!(told(&repo.run("-C app scan"), "a false alarm: ").starts_with("tenure allow b.py:1"));
}

#[test]
fn a_hook_tells_them_from_where_git_was_started() {
    let repo = planted();
    repo.commit("base");
    repo.run("hook install").done();
    let app = repo.path().join("app");
    let tried = paste(&repo, &app, &format!("git commit -q --allow-empty -m 'with {}'", token()));
    let again = told(&tried, "if you gave it: ");
    assert_eq!(again, "git -C .. commit --edit --file .git/COMMIT_EDITMSG");
    repo.write(".git/COMMIT_EDITMSG", "without\n");
    paste(&repo, &app, &again.replace("--edit", "--allow-empty --edit")).done();
    // What `-a` staged is staged no more.
    repo.write("app/pay.py", "a = 2\n");
    let tried = paste(&repo, &app, &format!("git commit -q -a -m 'with {}'", token()));
    repo.write(".git/COMMIT_EDITMSG", "without\n");
    paste(&repo, &app, &told(&tried, "if you gave it: ")).done();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn no_exception_is_named_where_none_can_be_made() {
    let repo = planted();
    let fed = repo.tenure_fed(&["scan", "--stdin", "--name", "deploy.log"], token());
    assert!(fed.code == 1 && !fed.stdout.contains("tenure allow"), "{fed}");
    std::fs::create_dir_all(repo.folder().join("plain/sub")).unwrap();
    std::fs::write(repo.folder().join("plain/a.env"), token()).unwrap();
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.folder().join("plain"));
    let outside = outside.args(&["scan", "sub/.."]).run();
    assert!(outside.code == 1 && !outside.stdout.contains("tenure allow"), "{outside}");
    assert!(
        outside.stdout.contains("/plain/a.env:1") && !outside.stdout.contains(".."),
        "{outside}"
    );
    let nothing = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.folder().join("plain"));
    assert_eq!(told(&nothing.args(&["scan"]).run(), "hint: "), "tenure scan .");
    let untracked = |text: &str| {
        repo.write(".gitleaks.toml", text);
        repo.run("scan")
    };
    let broken = untracked("x[");
    assert_eq!(told(&broken, "hint: "), "mend that line", "HEAD has none: {broken}");
}

#[test]
fn a_place_of_a_commit_is_let_pass_as_it_was_printed() {
    let repo = planted();
    repo.commit("base");
    repo.write("app/pay.py", "moved on\n");
    repo.commit("gone");
    let scanned = repo.run("scan --history");
    let place = scanned.stdout.lines().find(|line| line.contains(RULE)).unwrap();
    let place = place.split("  ").next().unwrap();
    repo.tenure(&["allow", place, "--reason", "made up"]).done();
    assert!(repo.read(ALLOW).contains("path = \"app/pay.py\""));
    repo.git(&["add", "--all"]).done();
    repo.commit("allowed");
    repo.run("scan --history").done();
    repo.git(&["commit", "-q", "--allow-empty", "-m", &token()]).done();
    let scanned = repo.run("scan --history");
    let place = scanned.stdout.lines().find(|line| line.contains("commit message")).unwrap();
    let refused = repo.tenure(&["allow", place.split("  ").next().unwrap(), "--reason", "made up"]);
    assert_eq!(refused.code, 2, "{refused}");
    let other = repo.tenure(&["allow", "app/pay.py:1", "--rule", "nosuch", "--reason", "made up"]);
    assert!(
        other.stderr.contains("nothing is found at app/pay.py:1 by the rule `nosuch`"),
        "{other}"
    );
    assert_eq!(repo.tenure(&["allow", "app/pay.py:1", "--reason", "…"]).code, 2);
}

#[test]
fn an_exception_is_unused_only_where_all_was_looked_through() {
    let repo = planted();
    repo.tenure(&["allow", "app/pay.py:2", "--reason", "made up"]).done();
    repo.commit("base");
    repo.write("b.txt", "x\n");
    repo.commit("more");
    for line in ["scan b.txt", "scan --staged", "scan --range HEAD~1..HEAD", "scan --stdin", "scan"]
    {
        let scanned = repo.tenure_fed(&line.split(' ').collect::<Vec<_>>(), "x").done();
        assert!(!scanned.stdout.contains("unused"), "{line}: {scanned}");
    }
    repo.write("app/pay.py", "x\n");
    assert!(repo.run("scan").done().stdout.contains("unused  an exception of"));
}

#[test]
fn a_file_whose_name_says_a_secret_is_known_by_the_rest_of_it() {
    let repo = Repo::new();
    let name = format!("ghp_{}", "q7Zk2LmX9vB4nR8tY1wC5sD3fG6hJ0pAq7Zk");
    repo.write(&format!("conf/{name}.txt"), "x\n");
    let scanned = repo.run("scan");
    assert_eq!(scanned.code, 1, "{scanned}");
    assert!(scanned.stdout.contains("conf/ghp_….txt (its name)"), "{scanned}");
    assert!(!scanned.stdout.contains(&name[6..20]), "{scanned}");
}

#[test]
fn an_exception_names_whatever_git_may_call_a_file() {
    let names = ["C#/x.cs", "say \"x\".py", "back\\slash.py", "a!/b.py", "ümlaut ü.py", "[a]*?.py"];
    for name in names {
        let repo = Repo::new();
        repo.write("README", "nothing\n");
        repo.commit("base");
        let pasted = |line: &str| {
            let found = repo.run(line);
            assert_eq!(found.code, 1, "{name}: {found}");
            let allow = told(&found, "a false alarm: ");
            let allow = allow.split(", in a branch").next().unwrap().replace('…', "made up");
            paste(&repo, &repo.path(), &allow).done();
            repo.run("scan").done();
        };
        repo.write(name, format!("k = \"{}\"\n", token()));
        pasted("scan");
        repo.write(ALLOW, "");
        repo.commit("it is there");
        pasted("scan --range HEAD~1..HEAD");
    }
}

#[test]
fn a_value_in_a_path_a_key_or_a_reason_is_not_shown() {
    let value = ["w8Kq", "Zt3nVb", "71xRmD", "9cLpY2"].concat();
    let estate = Estate::new();
    estate.set("ben", "prod/API_KEY", &value);
    estate.commit("base");
    estate.git("tag base");
    let sealed = estate.read("secrets/prod.env");
    estate.write(&format!("secrets/prod.{value}.env"), format!("{sealed}{value}=x1\n"));
    estate.write(&format!("secrets/prod.{value}.yaml"), "a: 1\n");
    estate.write("leak.txt", format!("{value}\n"));
    let hash = tenure::scan::Allow::hash(b"other");
    estate.write(
        ALLOW,
        format!(
            r#"[[allow]]
rule = "jwt"
path = "docs/{value}.md"
text = "{hash}"
reason = "it is {value}, of old"
"#
        ),
    );
    estate.git("add --all");
    let shows_none = |line: &str| {
        let judged = estate.by("ben", line).run();
        assert_ne!(judged.code, 0, "{line}: {judged}");
        unseen(&judged, &value);
    };
    for line in [
        "scan",
        "--json scan",
        "scan --format sarif",
        "scan --format github",
        "scan --format gitlab",
        "scan --staged",
        "hook run",
        "--json hook run",
    ] {
        shows_none(line);
    }
    estate.git("commit -q --no-verify -m leaks");
    for line in [
        "check",
        "--json check",
        "check --range base..HEAD",
        "--json scan --range base..HEAD",
        "scan --history",
    ] {
        shows_none(line);
    }
    unseen(&estate.by("ben", "status").run(), &value);
    let scanned = estate.by("ben", "scan").run();
    assert!(scanned.stdout.contains("leak.txt:1:1  managed-value"), "{scanned}");
}

#[test]
fn a_copy_or_a_rename_of_a_sealed_file_is_told_what_mends_it() {
    let estate = Estate::new();
    estate.commit("base");
    let (old, new) = ("secrets/prod.env", "secrets/prod.api.env");
    estate.write(new, estate.read(old));
    estate.git("add --all");
    let judged = estate.by("ben", "hook run").run();
    let fix = format!("fix  git rm -f {new}; to give the file that name: tenure mv {old} {new}");
    assert!(judged.stderr.contains(&fix), "no `{fix}` in {judged}");
    assert!(!judged.stderr.contains("tenure restore"), "{judged}");
    estate.git(&format!("rm -q -f {new}"));
    estate.git(&format!("mv {old} {new}"));
    let judged = estate.by("ben", "hook run").run();
    let fix = format!("fix  tenure mv {old} {new} && git add .secrets");
    assert!(judged.stderr.contains(&fix), "no `{fix}` in {judged}");
    estate.by("ben", &format!("mv {old} {new}")).run().done();
    estate.git("add .secrets");
    estate.by("ben", "hook run").run().done();
}

#[test]
fn what_nobody_looks_for_is_named() {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("-y init").done();
    let set = repo.tenure_fed(&["set", "dev/PIN"], "4711").done();
    assert!(set.stderr.contains("do not look for it elsewhere: it is too short"), "{set}");
    let set = repo.tenure_fed(&["set", "dev/OFFICE"], "Winter-2026-Office").done();
    assert!(set.stderr.contains("do not look for it elsewhere: it is too common"), "{set}");
    let set = repo.tenure_fed(&["set", "dev/KEY"], "sorrow-lantern-Quill-93").done();
    assert!(!set.stderr.contains("elsewhere"), "{set}");
    repo.git(&["add", "--all"]).done();
    let judged = repo.run("hook run").done();
    let said = "; too short or common to be looked for: dev/";
    assert!(judged.stderr.contains(said) && judged.stderr.contains("dev/PIN"), "{judged}");
    assert!(!judged.stderr.contains("4711") && !judged.stderr.contains("dev/KEY"), "{judged}");
    let json = repo.run("--json scan").json();
    assert_eq!(json["values"]["common"].as_array().unwrap().len(), 2, "{json}");
}
