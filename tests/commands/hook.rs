//! `tenure hook`: real commits, and what keeps them from happening.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::attacks::Estate;
use crate::support::{Outcome, Repo, snapshot};

const ENV: &str = "secrets/prod.env";

fn guarded() -> Estate {
    let estate = Estate::new();
    estate.by("ana", "hook install").run().done();
    estate
}

impl Estate {
    fn git_line(&self, line: &str) -> Outcome {
        self.repo.git(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Tries a commit of what is staged.
    fn try_commit(&self) -> Outcome {
        self.git_line("commit --quiet -m try")
    }

    #[track_caller]
    fn blocked(&self, word: &str) -> Outcome {
        let head = self.git_line("rev-parse -q --verify HEAD").stdout;
        let tried = self.try_commit();
        assert_ne!(tried.code, 0, "{tried}");
        assert!(tried.stderr.contains(word), "no `{word}` in {tried}");
        assert!(!tried.stderr.contains("hunter2"), "a value is shown: {tried}");
        assert_eq!(self.git_line("rev-parse -q --verify HEAD").stdout, head);
        tried
    }

    #[track_caller]
    fn committed(&self) -> Outcome {
        let tried = self.try_commit();
        assert_eq!(tried.code, 0, "{tried}");
        tried
    }

    fn hook(&self, name: &str) -> std::path::PathBuf {
        self.repo.path().join(".git/hooks").join(name)
    }
}

#[test]
fn an_honest_commit_goes_on_with_a_word() {
    let estate = guarded();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.git_line("add --all").done();
    let done = estate.committed();
    let (word, rest) = done.stderr.split_once(" (").unwrap();
    assert_eq!(
        word,
        "tenure: 2 staged files, no plaintext; values of dev, prod, staging not looked for, as no key at hand opens them"
    );
    assert!(rest.trim_end().ends_with(" ms)"), "{done}");
}

#[test]
fn a_line_in_clear_is_blocked_with_its_line_and_the_way_out() {
    let estate = guarded();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add --all").done();
    snapshot!(estate.blocked("plaintext"), @r"
    exit 1
    --- stderr
    tenure: commit blocked, 1 plaintext secret is staged
    plaintext  secrets/prod.env:3 X  nothing signed names this value in clear
      fix  tenure seal secrets/prod.env && git add .secrets secrets/prod.env, or: git restore --staged secrets/prod.env
    to skip this hook once: git commit --no-verify
    A hook can be skipped; `tenure check` in CI is the control.
    ");
    assert_eq!(estate.by("ana", "hook run").run().code, 1);
}

#[test]
fn a_new_file_in_clear_at_a_managed_path_is_blocked() {
    let estate = guarded();
    for (path, bytes) in [
        ("secrets/prod.new.env", &b"A=1\n"[..]),
        ("secrets/prod.nul", b"a\0b"),
        ("secrets/prod.latin.yaml", b"a: \xe9\n"),
        ("secrets/prod.tab\t.env", b"A=1\n"),
    ] {
        estate.write(path, bytes);
        estate.git_line("add --all").done();
        estate.blocked(if path.contains('\t') { "unattested" } else { "plaintext" });
        estate.git_line("reset --quiet --hard").done();
    }
}

#[test]
fn a_value_unsealed_by_hand_is_a_breach() {
    let estate = guarded();
    estate.edit(ENV, |text| {
        let line = text.lines().find(|line| line.starts_with("DB_URL=")).unwrap();
        text.replace(line, "DB_URL=hunter2-two")
    });
    estate.git_line("add --all").done();
    estate.blocked("altered");
    assert_eq!(estate.by("ana", "hook run").run().code, 5);
}

#[test]
fn what_is_staged_counts_and_not_what_lies_there() {
    let estate = guarded();
    let good = estate.read(ENV);
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add --all").done();
    estate.write(ENV, &good);
    estate.blocked("plaintext");
    estate.git_line("reset --quiet").done();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.write("readme", "x");
    estate.git_line("add readme").done();
    estate.committed();
}

#[test]
fn a_file_without_its_entry_is_blocked_and_the_fix_stages_it() {
    let estate = guarded();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.git_line("add secrets").done();
    let blocked = estate.blocked("altered");
    let fix = "git add .secrets .secrets-policy.toml secrets/prod.env";
    assert!(blocked.stderr.contains(fix), "{blocked}");
    estate.git_line(fix.strip_prefix("git ").unwrap()).done();
    estate.committed();
}

#[test]
fn what_nothing_signed_names_is_taken_out_and_the_rest_of_its_file_stays() {
    let estate = guarded();
    let honest = estate.read(ENV);
    estate.edit(ENV, |text| {
        let line = text.lines().next().unwrap().replace("DB_URL", "OTHER");
        format!("{text}{line}\n")
    });
    estate.git_line("add --all").done();
    let blocked = estate.blocked("unattested");
    let fix = "git restore --staged --worktree secrets/prod.env";
    assert!(blocked.stderr.contains(&format!("fix  {fix}\n")), "{blocked}");
    estate.git_line(fix.strip_prefix("git ").unwrap()).done();
    assert_eq!(estate.read(ENV), honest);
    estate.honest();
    assert_eq!(estate.git_line("status --porcelain").stdout, "");
}

#[test]
fn what_is_only_meant_to_be_added_is_not_staged() {
    let estate = guarded();
    estate.write("notes.txt", "x");
    estate.git_line("add notes.txt").done();
    estate.write("secrets/prod.new.env", "NEW=hunter2-new\n");
    estate.git_line("add -N secrets/prod.new.env").done();
    estate.committed();
    estate.git_line("add secrets/prod.new.env").done();
    estate.blocked("secrets/prod.new.env");
}

#[test]
fn a_link_in_the_log_and_a_keyring_too_many_go_as_they_are_told_to() {
    let estate = guarded();
    let keyring = ".secrets/keys/prod/00000000000000000000000000000000.age";
    let link = ".secrets/log/2026-01/link";
    for (place, tracked) in [(keyring, false), (keyring, true), (link, false), (link, true)] {
        match place == link {
            true => symlink("/etc/passwd", estate.repo.path().join(link)).unwrap(),
            false => estate.write(keyring, "x"),
        }
        if tracked {
            estate.git_line("add --all").done();
            let blocked = estate.blocked(place);
            assert!(blocked.stderr.contains(&format!("fix  git rm -f {place}\n")), "{blocked}");
        }
        let checked = estate.by("ana", "check").run();
        assert!(checked.stdout.contains(&format!("fix  rm {place}\n")), "{checked}");
        match tracked {
            true => estate.git_line(&format!("rm -q -f {place}")).done().code,
            false => std::fs::remove_file(estate.repo.path().join(place)).map_or(1, |()| 0),
        };
        estate.honest();
    }
}

#[test]
fn an_entry_without_its_file_is_blocked_and_the_fix_stages_it() {
    let estate = guarded();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.git_line("add .secrets").done();
    let blocked = estate.blocked("altered");
    assert!(blocked.stderr.contains("git add .secrets secrets/prod.env"), "{blocked}");
    estate.git_line("add .secrets secrets/prod.env").done();
    estate.committed();
}

#[test]
fn git_s_own_ways_of_choosing_what_to_commit_are_followed() {
    let estate = guarded();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.write("readme", "x");
    estate.git_line("add readme").done();
    // The index itself is clean; these commit another one.
    for line in
        ["commit -q -a -m try", "commit -q -m try secrets/prod.env", "commit -q -i -m try secrets"]
    {
        let tried = estate.git_line(line);
        assert_ne!(tried.code, 0, "{line}: {tried}");
        assert!(tried.stderr.contains("plaintext"), "{line}: {tried}");
    }
    estate.git_line("commit -q -m try readme").done();
}

#[test]
fn attributes_and_configuration_hide_nothing() {
    let estate = guarded();
    estate.edit(".gitattributes", |text| format!("{text}secrets/* -diff binary\n"));
    estate.git_line("config diff.noprefix true").done();
    estate.git_line("config color.ui always").done();
    estate.git_line("config status.renames copies").done();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add --all").done();
    estate.blocked("plaintext");
}

#[test]
fn a_removed_entry_is_blocked() {
    let estate = guarded();
    let path = estate.path_of(estate.head());
    estate.git_line(&format!("rm -q {path}")).done();
    let blocked = estate.blocked("missing-entry");
    assert!(blocked.stderr.contains("only grows"), "{blocked}");
    assert_eq!(estate.by("ana", "hook run").run().code, 5);
}

#[test]
fn a_rename_out_of_the_managed_place_and_a_deletion_are_blocked() {
    let estate = guarded();
    estate.git_line("mv secrets/prod.env other.env").done();
    estate.blocked("missing");
    estate.git_line("reset -q --hard").done();
    estate.git_line("rm -q secrets/prod.yaml").done();
    estate.blocked("missing");
}

#[test]
fn several_files_in_clear_are_sealed_by_the_command_that_is_told() {
    let estate = Estate::new();
    estate.commit("base");
    for name in ["one", "two"] {
        estate.write(&format!("secrets/dev.{name}.env"), "A=hunter2-plain\n");
    }
    estate.git("add --all");
    let judged = estate.by("ben", "hook run").run();
    let both = "secrets/dev.one.env secrets/dev.two.env";
    let fix = format!("fix  tenure seal {both} && git add .secrets {both}, or: ");
    assert!(judged.code == 1 && judged.stderr.contains(&fix), "no `{fix}` in {judged}");
    let refused = estate.by("ben", "seal secrets/dev.one.env").run();
    let hint = format!("hint: tenure seal {both}\n");
    assert!(refused.code == 5 && refused.stderr.contains(&hint), "no `{hint}` in {refused}");
    estate.by("ben", &format!("seal {both}")).run().done();
    estate.git("add --all");
    estate.by("ben", "hook run").run().done();
}

#[test]
fn a_link_at_a_managed_path_is_blocked() {
    let estate = guarded();
    symlink("/etc/passwd", estate.repo.path().join("secrets/prod.link")).unwrap();
    estate.git_line("add --all").done();
    estate.blocked("symbolic link");
}

#[test]
fn a_submodule_elsewhere_is_no_matter() {
    let estate = guarded();
    let inner = estate.repo.path().join("inner");
    estate.git_line("clone -q . inner").done();
    assert!(inner.exists());
    estate.git_line("-c advice.addEmbeddedRepo=false add inner").done();
    estate.committed();
}

#[test]
fn a_broken_policy_blocks_with_its_line() {
    let estate = guarded();
    estate.edit(".secrets-policy.toml", |text| text.replacen("version = 1", "version = ", 1));
    estate.git_line("add --all").done();
    estate.blocked(".secrets-policy.toml:1");
    assert_eq!(estate.by("ana", "hook run").run().code, 3);
}

#[test]
fn a_policy_that_is_taken_away_blocks() {
    let estate = guarded();
    estate.git_line("rm -q .secrets-policy.toml").done();
    estate.blocked("there is no policy");
    estate.git_line("rm -q -r --cached .secrets secrets").done();
    estate.blocked("only grows");
}

#[test]
fn the_first_commit_is_judged_whole() {
    let estate = guarded();
    estate.git_line("checkout -q --orphan first").done();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add --all").done();
    estate.blocked("plaintext");
    estate.git_line("checkout -q main -- secrets").done();
    estate.committed();
}

#[test]
fn a_file_that_is_open_is_to_be_sealed_and_never_restored() {
    let estate = guarded();
    estate.by("ben", &format!("open --in-place {ENV}")).run().done();
    estate.edit(ENV, |text| text.replace("hunter2-two", "hunter2-edited"));
    estate.git_line("add --all").done();
    let blocked = estate.blocked("altered");
    assert!(blocked.stderr.contains(&format!("fix  tenure seal {ENV} && git add")), "{blocked}");
    assert!(!blocked.stderr.contains("restore"), "what was edited would be lost: {blocked}");
    estate.by("ben", &format!("seal {ENV}")).run().done();
    estate.git_line(&format!("add .secrets {ENV}")).done();
    estate.committed();
}

#[test]
fn a_merge_is_judged_too() {
    let estate = guarded();
    estate.git_line("switch -q -c left").done();
    estate.set("ben", "dev/DB_URL", "hunter2-left");
    estate.commit("left");
    estate.git_line("switch -q main").done();
    estate.set("ben", "dev/DB_URL", "hunter2-right");
    estate.commit("right");
    let merged = estate.git_line("merge -q --no-edit left");
    assert_eq!(merged.code, 1, "our driver leaves one value of both sides to people: {merged}");
    estate.git_line("checkout -q --ours secrets").done();
    estate.git_line("add secrets").done();
    let merged = estate.git_line("commit -q --no-edit");
    assert_ne!(merged.code, 0, "{merged}");
    assert!(merged.stderr.contains("concurrent"), "{merged}");
}

#[test]
fn what_is_only_late_blocks_nothing() {
    let estate = guarded();
    estate.write("readme", "x");
    estate.git_line("add --all").done();
    let estate = Estate { repo: estate.repo.at("2027-01-01") };
    let late = estate.by("ana", "check").run();
    assert_eq!((late.code, late.stdout.contains("overdue")), (1, true), "{late}");
    estate.by("ana", "hook run").run().done();
}

#[test]
fn without_a_pin_the_log_s_own_root_is_taken_with_a_warning() {
    let estate = guarded();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    fs::remove_file(estate.repo.path().join(".git/tenure/pin")).unwrap();
    estate.git_line("add --all").done();
    let done = estate.committed();
    assert!(done.stderr.contains("trusts no root yet"), "{done}");
    assert!(!estate.repo.path().join(".git/tenure/pin").exists());
}

#[test]
fn nothing_is_written_and_no_key_is_asked_for() {
    let estate = guarded();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.git_line("add --all").done();
    let before = estate.list(".git");
    estate.by("nobody", "hook run").run().done();
    assert_eq!(estate.list(".git"), before);
}

#[test]
fn json_is_one_object_on_stdout() {
    let estate = guarded();
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add --all").done();
    let judged = estate.by("ana", "--json hook run").run();
    assert_eq!((judged.code, judged.stderr.as_str()), (1, ""), "{judged}");
    let json = judged.json();
    assert_eq!(json["blocked"], true);
    assert_eq!(json["findings"][0]["code"], "plaintext");
    assert_eq!(json["findings"][0]["place"], "secrets/prod.env:3 X");
}

#[test]
fn a_repository_without_a_policy_is_let_through_with_a_word() {
    let repo = Repo::new();
    repo.write("a", "x");
    repo.git(&["add", "--all"]).done();
    let run = repo.run("hook run").done();
    assert!(run.stderr.contains("no policy here, so no file is managed"), "{run}");
}

#[test]
fn a_hook_that_was_there_is_kept_run_first_and_restored() {
    let estate = Estate::new();
    let theirs = "#!/bin/sh\necho theirs >&2\ntest ! -e forbidden\n";
    fs::write(estate.hook("pre-commit"), theirs).unwrap();
    fs::set_permissions(estate.hook("pre-commit"), fs::Permissions::from_mode(0o755)).unwrap();
    let installed = estate.by("ana", "hook install").run().done();
    assert!(installed.stdout.contains("the hook that was there runs first"), "{installed}");
    let again = estate.by("ana", "--json hook install").run().done().json();
    assert_eq!(again["hooks"][0]["turn"], "unchanged");
    estate.write("readme", "x");
    estate.git_line("add readme").done();
    let done = estate.committed();
    let theirs_first = done.stderr.find("theirs").unwrap() < done.stderr.find("tenure:").unwrap();
    assert!(theirs_first, "{done}");
    estate.write("forbidden", "x");
    estate.git_line("add forbidden").done();
    estate.blocked("theirs");
    estate.by("ana", "hook uninstall").run().done();
    assert_eq!(fs::read_to_string(estate.hook("pre-commit")).unwrap(), theirs);
    assert!(!estate.hook("pre-commit.local").exists());
    assert!(!estate.hook("pre-merge-commit").exists());
}

#[test]
fn two_hooks_to_keep_are_one_too_many_and_nothing_changes() {
    let estate = Estate::new();
    fs::write(estate.hook("pre-commit"), "#!/bin/sh\n").unwrap();
    fs::write(estate.hook("pre-commit.local"), "#!/bin/sh\n").unwrap();
    let refused = estate.by("ana", "hook install").run();
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert_eq!(fs::read_to_string(estate.hook("pre-commit")).unwrap(), "#!/bin/sh\n");
    assert!(!estate.hook("pre-merge-commit").exists());
}

#[test]
fn the_folder_that_git_uses_is_found() {
    let estate = Estate::new();
    estate.git_line("config core.hooksPath .githooks").done();
    estate.by("ana", "hook install").run().done();
    assert!(estate.repo.path().join(".githooks/pre-commit").exists());
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.git_line("add secrets").done();
    estate.blocked("plaintext");
    let elsewhere = estate.repo.folder().join("shared-hooks").display().to_string();
    estate.git_line(&format!("config core.hooksPath {elsewhere}")).done();
    let installed = estate.by("ana", "hook install").run().done();
    assert!(installed.stderr.contains("other repositories may use it too"), "{installed}");
}

#[test]
fn a_linked_work_tree_is_guarded_too() {
    let estate = guarded();
    estate.git_line("worktree add -q ../linked").done();
    let linked = estate.repo.folder().join("linked");
    let git = crate::support::stock("git").unwrap();
    let path = linked.join(ENV);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}X=evil\n")).unwrap();
    let tried = estate.repo.command(git).args(&["commit", "-qam", "try"]).within(&linked).run();
    assert_eq!(tried.code, 1, "{tried}");
    assert!(tried.stderr.contains("plaintext"), "{tried}");
}

#[test]
fn a_dry_run_installs_nothing() {
    let estate = Estate::new();
    estate.by("ana", "-n hook install").run().done();
    assert!(!estate.hook("pre-commit").exists());
}

#[test]
fn without_tenure_the_commit_is_blocked_with_a_way_out() {
    let estate = guarded();
    estate.write("readme", "x");
    estate.git_line("add readme").done();
    let git = crate::support::stock("git").unwrap();
    let alone = |args: &[&str]| {
        let stock = std::env::var_os("PATH").unwrap();
        estate.repo.command(&git).args(args).args(&["-qm", "try"]).env("PATH", stock).run()
    };
    let tried = alone(&["commit"]);
    assert_eq!(tried.code, 1, "{tried}");
    let way_out = "git -c core.hooksPath=/dev/null commit";
    assert!(tried.stderr.contains(way_out), "{tried}");
    assert!(tried.stderr.contains("`tenure check` in CI is the control."), "{tried}");
    // `--no-verify` does not do: git runs prepare-commit-msg all the same.
    assert_eq!(alone(&["commit", "--no-verify"]).code, 1);
    alone(&["-c", "core.hooksPath=/dev/null", "commit"]).done();
}

#[test]
fn a_managed_file_in_other_case_is_told_by_hook_and_check() {
    let estate = guarded();
    for (path, fix) in [
        ("Secrets/Prod.env", "git rm --cached Secrets/Prod.env"),
        ("secrets/PROD.ini", "git mv secrets/PROD.ini secrets/prod.ini"),
        (".Secrets/log/x", "git mv .Secrets/log/x .secrets/log/x"),
    ] {
        estate.write(path, "X=hunter2\n");
        estate.git_line("add --all").done();
        let blocked = estate.blocked("other-case");
        assert!(blocked.stderr.contains(fix), "{blocked}");
        let checked = estate.by("ana", "--json check").run();
        assert_eq!(checked.code, 1, "{checked}");
        assert_eq!(checked.json()["findings"][0]["code"], "other-case", "{checked}");
        estate.by("ana", "get prod/DB_URL").run().done();
        estate.git_line(&format!("rm -fq {path}")).done();
    }
    estate.write("docs/Prod.env", "X=hunter2\n");
    estate.git_line("add --all").done();
    estate.committed();
    estate.by("ana", "check").run().done();
}
