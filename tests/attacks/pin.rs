//! Cases 26, 27, 39, 51, 52: what this clone has seen, and what its history had, is still there.

use super::Estate;
use super::forge::Pen;
use crate::support::Outcome;

const VALUES: &str = "secrets/prod.env";

impl Estate {
    #[track_caller]
    pub(super) fn does(&self, line: &str) {
        self.repo.git(&line.split_whitespace().collect::<Vec<_>>()).done();
    }

    /// A value that this clone has seen sealed, committed and verified.
    pub(super) fn seen(&self, value: &str) {
        self.set("ben", "prod/API_KEY", value);
        self.commit(value);
        self.honest();
    }

    /// Insists that nothing comes out, and that nothing is written, with an exit code.
    #[track_caller]
    pub(super) fn blocks(&self, exit: i32) {
        let got = self.by("ana", "get prod/DB_URL").run();
        assert_eq!((got.code, got.stdout.as_str()), (exit, ""), "{got}");
        let run = self.by("ana", "run -e prod -- true").run();
        assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
        self.refuses_to_write(exit);
    }

    #[track_caller]
    pub(super) fn refuses_to_write(&self, exit: i32) -> Outcome {
        let before = self.repo.git(&["status", "--porcelain"]).stdout;
        let set = self.by("ben", "set prod/API_KEY").feed("hunter2-refused");
        assert_eq!(set.code, exit, "{set}");
        assert_eq!(self.repo.git(&["status", "--porcelain"]).stdout, before);
        set
    }

    #[track_caller]
    pub(super) fn judges(&self, exit: i32, words: &[&str]) -> Outcome {
        let checked = self.by("ana", "--json check").run();
        assert_eq!(checked.code, exit, "{checked}");
        for word in words {
            assert!(super::says(&checked, word), "no `{word}` in {checked}");
        }
        checked
    }
}

#[test]
fn case_26_where_the_newest_entry_was_seen_its_loss_is_a_rollback() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    let head = estate.head();
    estate.attacked(5, &["altered"], |e| e.remove(&e.path_of(head)));
    // Where it was not committed yet, nothing was seen of it.
    estate.remove(&estate.path_of(head));
    estate.judges(5, &["rollback", "altered"]);
    estate.blocks(5);
    estate.does("checkout -- .");
    estate.honest();
}

#[test]
fn case_27_the_newest_entries_are_gone_and_the_files_fit() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    let before = estate.read(VALUES);
    estate.seen("hunter2-new");
    estate.seen("hunter2-newer");
    for _ in 0..2 {
        estate.remove(&estate.path_of(estate.head()));
    }
    estate.write(VALUES, &before);
    estate.commit("attack");
    let found = estate.judges(5, &["rollback"]).json();
    let rollback = found["findings"].as_array().unwrap().iter();
    let fix = rollback.into_iter().find(|it| it["code"] == "rollback").unwrap()["fix"].clone();
    estate.blocks(5);
    // The command that it names brings the entries back, and `altered` the rest.
    let shell = crate::support::stock("sh").expect("a shell is there");
    estate.repo.command(shell).args(&["-c", fix.as_str().unwrap()]).run().done();
    estate.judges(5, &["altered"]);
    estate.does("checkout HEAD~1 -- secrets");
    estate.honest();
}

#[test]
fn case_27_the_branch_itself_is_rewound() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    let seen = estate.repo.git(&["rev-parse", "HEAD"]).stdout.trim().to_owned();
    estate.does("reset --quiet --hard HEAD~1");
    estate.judges(5, &["rollback"]);
    estate.blocks(5);
    estate.does(&format!("merge --quiet {seen}"));
    estate.honest();
}

#[test]
fn case_27_without_a_pin_a_rewritten_history_shows_nothing() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    estate.does("reset --quiet --hard HEAD~1");
    let clone = estate.repo.folder().join("clone");
    estate.does(&format!("clone --quiet . {}", clone.display()));
    let checked = estate.by("ana", "check --root").arg(estate.root()).within(&clone).run();
    assert_eq!(checked.code, 0, "{checked}");
}

#[test]
fn case_52_the_newest_sealing_commit_is_reverted() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    estate.does("revert --no-edit HEAD");
    estate.judges(5, &["rollback"]);
    estate.blocks(5);
    estate.does("revert --no-edit HEAD");
    estate.honest();
}

#[test]
fn case_52_an_older_sealing_commit_is_reverted() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.set("ben", "dev/DB_URL", "hunter2-dev-new");
    estate.commit("older");
    estate.seen("hunter2-new");
    estate.does("revert --no-edit HEAD~1");
    estate.judged(5, &["missing-entry"]);
    estate.blocks(5);
    estate.does("revert --no-edit HEAD");
    estate.honest();
}

#[test]
fn case_51_an_entry_is_picked_without_its_parent() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.does("switch --quiet -c side");
    estate.set("ben", "dev/DB_URL", "hunter2-dev-new");
    estate.commit("parent");
    estate.set("ben", "staging/DB_URL", "hunter2-staging-new");
    estate.commit("child");
    estate.does("switch --quiet main");
    estate.honest();
    estate.does("cherry-pick side");
    estate.judged(5, &["missing-entry"]);
    estate.blocks(5);
    estate.does("reset --quiet --hard HEAD~1");
    // Its twin: the whole branch.
    estate.does("merge --quiet --no-edit side");
    estate.honest();
}

#[test]
fn an_attack_that_is_undone_leaves_the_pin_where_it_was() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    let before = estate.read(".git/tenure/pin");
    estate.edit(VALUES, |text| text.replacen("API_KEY=", "API_KEYS=", 1));
    estate.sign(
        estate.draft(
            "ben",
            estate.attesting(tenure::log::entry::Op::Adopt, &["prod/secrets/prod.env#DB_URL"]),
        ),
        &Pen::of("ben"),
    );
    estate.commit("attack");
    estate.judges(5, &["missing"]);
    assert_eq!(estate.read(".git/tenure/pin"), before);
}

#[test]
fn what_is_put_back_in_the_work_tree_alone_moves_no_pin() {
    let estate = Estate::new();
    estate.commit("base");
    estate.seen("hunter2-new");
    let before = estate.read(".git/tenure/pin");
    estate.does("revert --no-edit HEAD");
    estate.judges(5, &["rollback"]);
    estate.does("checkout HEAD~1 -- .secrets secrets");
    estate.honest();
    assert_eq!(estate.read(".git/tenure/pin"), before);
    // So its loss is still seen once the work tree is as the branch has it.
    estate.does("reset --quiet --hard");
    estate.judges(5, &["rollback"]);
    estate.does("checkout HEAD~1 -- .secrets secrets");
    estate.commit("put back");
    estate.honest();
    assert_ne!(estate.read(".git/tenure/pin"), before);
}

/// Judges in a full clone that has pinned nothing.
#[track_caller]
fn in_a_clone(estate: &Estate, options: &str, exit: i32) -> Outcome {
    let clone = estate.repo.folder().join("fresh");
    let _absent = std::fs::remove_dir_all(&clone);
    let from = estate.repo.path().display().to_string();
    estate.does(&format!("clone --quiet {options} file://{from} {}", clone.display()));
    let checked = estate.by("ana", "--json check --root").arg(estate.root()).within(&clone).run();
    assert_eq!(checked.code, exit, "{checked}");
    let get = estate.by("ana", "get prod/DB_URL --root").arg(estate.root()).within(&clone).run();
    assert_eq!(get.code, exit, "{get}");
    checked
}

#[test]
fn case_27_a_full_clone_sees_it_in_the_history_and_a_shallow_one_says_that_it_does_not_look() {
    let estate = Estate::new();
    estate.commit("base");
    estate.does("config uploadpack.allowFilter true");
    let before = estate.read(VALUES);
    estate.seen("hunter2-new");
    estate.seen("hunter2-newer");
    in_a_clone(&estate, "", 0);
    for _ in 0..2 {
        estate.remove(&estate.path_of(estate.head()));
    }
    estate.write(VALUES, &before);
    estate.commit("attack");
    let attack = estate.repo.git(&["rev-parse", "HEAD"]).stdout[..12].to_owned();
    let full = in_a_clone(&estate, "", 5);
    assert!(super::says(&full, "missing-entry") && super::says(&full, &attack), "{full}");
    assert!(!super::says(&full, "rollback"), "{full}");
    let shallow = in_a_clone(&estate, "--depth 1", 0);
    assert!(super::says(&shallow, "history-not-checked"), "{shallow}");
    assert!(shallow.stdout.contains("\"git fetch --unshallow\""), "{shallow}");
    let treeless = in_a_clone(&estate, "--filter=tree:0", 0);
    assert!(super::says(&treeless, "history-not-checked"), "{treeless}");
    assert!(treeless.stdout.contains("\"git fetch --refetch --no-filter\""), "{treeless}");
    // Without the bytes nobody can tell whether it was an entry.
    let blobless = in_a_clone(&estate, "--filter=blob:none", 5);
    assert!(super::says(&blobless, "its bytes are not at hand"), "{blobless}");
    // The same after rewriting history.
    estate.does("checkout --quiet --orphan rewritten");
    estate.commit("rewritten");
    in_a_clone(&estate, "", 0);
}

#[test]
fn case_71_a_removed_member_is_brought_back_by_a_revert() {
    let estate = Estate::new();
    estate.commit("base");
    estate.does("switch --quiet -c remove");
    estate.by("ana", "member remove cleo --yes").run().done();
    estate.commit("cleo left");
    estate.does("switch --quiet main");
    estate.write("code.rs", "fn main() {}\n");
    estate.commit("work");
    estate.does("merge --quiet --no-edit remove");
    in_a_clone(&estate, "", 0);
    estate.does("revert --no-edit -m 1 HEAD");
    let revert = estate.repo.git(&["rev-parse", "HEAD"]).stdout[..12].to_owned();
    let checked = in_a_clone(&estate, "", 5);
    assert!(super::says(&checked, "missing-entry") && super::says(&checked, &revert), "{checked}");
    // The command that it names brings entries, policy and keyrings back.
    let json = checked.json();
    let fix = json["findings"][0]["fix"].as_str().unwrap().to_owned();
    let shell = crate::support::stock("sh").expect("a shell is there");
    estate.repo.command(shell).args(&["-c", &fix]).run().done();
    let found = estate.by("ana", "--json check").run();
    assert!(!super::says(&found, "missing-entry"), "{found}");
    estate.does("checkout HEAD~1 -- .secrets-policy.toml");
    estate.by("ana", "check").run().done();
}

#[test]
fn a_merge_that_takes_one_side_and_its_log_is_seen_in_the_history() {
    let estate = Estate::new();
    estate.commit("base");
    estate.does("switch --quiet -c side");
    estate.set("ben", "dev/DB_URL", "hunter2-side");
    estate.commit("side");
    estate.does("switch --quiet main");
    estate.write("code.rs", "fn main() {}\n");
    estate.commit("work");
    in_a_clone(&estate, "", 0);
    estate.does("merge --quiet --no-edit -s ours side");
    let checked = in_a_clone(&estate, "", 5);
    assert!(super::says(&checked, "missing-entry"), "{checked}");
    estate.does("reset --quiet --hard HEAD~1");
    estate.does("merge --quiet --no-edit side");
    in_a_clone(&estate, "", 0);
}

#[test]
fn an_entry_that_is_only_removed_from_the_work_tree_is_missed_too() {
    let estate = Estate::new();
    let before = estate.read(VALUES);
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.commit("new");
    let path = estate.path_of(estate.head());
    estate.remove(&path);
    estate.write(VALUES, before);
    let found = estate.judges(5, &["missing-entry"]);
    assert!(found.stdout.contains("removed from the work tree"), "{found}");
    estate.blocks(5);
    estate.does("checkout -- .");
    estate.honest();
}

#[test]
fn what_was_no_entry_may_be_cleaned_away_and_what_was_one_may_not() {
    let estate = Estate::new();
    estate.commit("base");
    let adopt = |by: &str, key: &str| {
        let op = tenure::log::entry::Op::Adopt;
        let kind = estate.attesting(op, &["prod/secrets/prod.env#DB_URL"]);
        estate.sign(estate.draft(by, kind), &Pen::of(key))
    };
    let forged = adopt("ben", "mallory");
    let path = estate.path_of(forged);
    estate.write(".secrets/log/2026-01/20260101T000000Z-0123456789abcdef.entry", "junk");
    estate.commit("junk");
    estate.judged(5, &["bad-signature", "bad-entry"]);
    estate.does("revert --no-edit HEAD");
    in_a_clone(&estate, "", 0);
    estate.honest();
    // Again, with what is remembered.
    estate.honest();
    let signed = adopt("ben", "ben");
    // In the very place of the forged one.
    assert_eq!(estate.path_of(signed), path);
    estate.commit("signed");
    estate.does("revert --no-edit HEAD");
    for junk in ["junk", "more junk"] {
        estate.write(&path, junk);
        estate.commit(junk);
        estate.does("revert --no-edit HEAD");
    }
    let checked = in_a_clone(&estate, "", 5);
    assert!(super::says(&checked, "missing-entry"), "{checked}");
    estate.blocks(5);
}

#[test]
fn the_same_tree_under_another_name_hides_nothing() {
    let estate = Estate::new();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.commit("new");
    let path = estate.path_of(estate.head());
    let before = estate.repo.git(&["show", "HEAD:secrets/prod.env"]).stdout;
    for month in ["0000-00", "2025-12", "9999-12"] {
        for entry in estate.list(".secrets/log/2026-01") {
            estate.write(&entry.replace("2026-01/", &format!("{month}/")), estate.read(&entry));
        }
    }
    estate.commit("copies");
    for month in ["0000-00", "2025-12", "9999-12"] {
        std::fs::remove_dir_all(estate.repo.path().join(".secrets/log").join(month)).unwrap();
    }
    estate.commit("cleaned");
    in_a_clone(&estate, "", 0);
    estate.remove(&path);
    estate.write(VALUES, before);
    estate.commit("attack");
    in_a_clone(&estate, "", 5);
}

#[test]
fn the_hook_refuses_a_merge_that_loses_entries_of_either_side() {
    let estate = Estate::new();
    estate.commit("base");
    estate.by("ana", "hook install").run().done();
    estate.does("switch --quiet -c side");
    estate.set("ben", "dev/DB_URL", "hunter2-side");
    estate.commit("side");
    estate.does("switch --quiet main");
    estate.set("ben", "staging/DB_URL", "hunter2-main");
    estate.commit("work");
    estate.honest();
    for (keep, side) in [("-s ours", "dev"), ("-X ours", "staging")] {
        estate.does(&format!("merge --quiet --no-edit --no-commit --no-ff {keep} side"));
        if side == "staging" {
            estate.does("checkout side -- secrets");
            estate.does(&format!("rm --quiet -f {}", estate.path_of(entry_of(&estate, side))));
        }
        let merged = estate.by("ana", "--json hook run").run();
        assert_eq!(merged.code, 5, "{merged}");
        assert!(super::says(&merged, "this merge would lose an entry"), "{merged}");
        estate.does("merge --abort");
    }
    estate.does("merge --quiet --no-edit side");
    estate.honest();
}

/// The newest entry that names an environment's `DB_URL`.
fn entry_of(estate: &Estate, env: &str) -> tenure::names::EntryId {
    let address = format!("{env}/secrets/{env}.env#DB_URL").parse().unwrap();
    estate.newest(&address).unwrap().0
}

#[test]
fn the_hook_refuses_a_commit_that_loses_what_was_seen() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    let path = estate.path_of(estate.head());
    // A commit on top, and one that takes the place of what was seen.
    estate.does(&format!("rm --quiet --cached {path}"));
    let refused = estate.by("ana", "--json hook run").run();
    assert_eq!(refused.code, 5, "{refused}");
    assert!(super::says(&refused, "rollback"), "{refused}");
    estate.does("reset --quiet");
    estate.by("ana", "hook run").run().done();
    // An old branch goes on, since it never had it.
    estate.does("switch --quiet -c old HEAD~1");
    estate.write("code.rs", "fn main() {}\n");
    estate.does("add --all");
    estate.by("ana", "hook run").run().done();
}
