//! Cases 26, 27, 39, 51, 52: what this clone has seen, and what its history had, is still there.

use super::Estate;
use super::forge::Pen;
use crate::support::Outcome;

const VALUES: &str = "secrets/prod.env";

impl Estate {
    #[track_caller]
    pub(super) fn git(&self, line: &str) {
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
    pub(super) fn finds(&self, exit: i32, words: &[&str]) -> Outcome {
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
    estate.finds(5, &["rollback", "altered"]);
    estate.blocks(5);
    estate.git("checkout -- .");
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
    let found = estate.finds(5, &["rollback"]).json();
    let rollback = found["findings"].as_array().unwrap().iter();
    let fix = rollback.into_iter().find(|it| it["code"] == "rollback").unwrap()["fix"].clone();
    estate.blocks(5);
    // The command that it names brings the entries back, and `altered` the rest.
    let shell = crate::support::stock("sh").expect("a shell is there");
    estate.repo.command(shell).args(&["-c", fix.as_str().unwrap()]).run().done();
    estate.finds(5, &["altered"]);
    estate.git("checkout HEAD~1 -- secrets");
    estate.honest();
}

#[test]
fn case_27_the_branch_itself_is_rewound() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    let seen = estate.repo.git(&["rev-parse", "HEAD"]).stdout.trim().to_owned();
    estate.git("reset --quiet --hard HEAD~1");
    estate.finds(5, &["rollback"]);
    estate.blocks(5);
    estate.git(&format!("merge --quiet {seen}"));
    estate.honest();
}

#[test]
fn case_27_without_a_pin_a_rewritten_history_shows_nothing() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    estate.git("reset --quiet --hard HEAD~1");
    let clone = estate.repo.folder().join("clone");
    estate.git(&format!("clone --quiet . {}", clone.display()));
    let checked = estate.by("ana", "check --root").arg(estate.root()).within(&clone).run();
    assert_eq!(checked.code, 0, "{checked}");
}

#[test]
fn case_52_the_newest_sealing_commit_is_reverted() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.seen("hunter2-new");
    estate.git("revert --no-edit HEAD");
    estate.finds(5, &["rollback"]);
    estate.blocks(5);
    estate.git("revert --no-edit HEAD");
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
    estate.git("revert --no-edit HEAD~1");
    estate.judged(5, &["missing-entry"]);
    estate.blocks(5);
    estate.git("revert --no-edit HEAD");
    estate.honest();
}

#[test]
fn case_51_an_entry_is_picked_without_its_parent() {
    let estate = Estate::new();
    estate.commit("base");
    estate.honest();
    estate.git("switch --quiet -c side");
    estate.set("ben", "dev/DB_URL", "hunter2-dev-new");
    estate.commit("parent");
    estate.set("ben", "staging/DB_URL", "hunter2-staging-new");
    estate.commit("child");
    estate.git("switch --quiet main");
    estate.honest();
    estate.git("cherry-pick side");
    estate.judged(5, &["missing-entry"]);
    estate.blocks(5);
    estate.git("reset --quiet --hard HEAD~1");
    // Its twin: the whole branch.
    estate.git("merge --quiet --no-edit side");
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
    estate.finds(5, &["missing"]);
    assert_eq!(estate.read(".git/tenure/pin"), before);
}
