//! Branches, clones and old commits that are no attack, and a host that is one. Threats, section 6, row 12.

use std::path::{Path, PathBuf};

use crate::attacks::Estate;
use crate::support::Outcome;

/// An estate whose `main` lies on a host too, and is pinned.
fn hosted() -> Estate {
    let estate = Estate::new();
    estate.commit("base");
    let host = host(&estate).display().to_string();
    git(&estate, &format!("init --quiet --bare {host}"));
    git(&estate, &format!("remote add origin {host}"));
    git(&estate, "push --quiet -u origin main");
    git(&estate, "remote set-head origin main");
    estate.honest();
    assert!(pin(&estate).contains("branch main\n"));
    estate
}

fn host(estate: &Estate) -> PathBuf {
    estate.repo.folder().join("host")
}

#[track_caller]
fn git(estate: &Estate, line: &str) -> Outcome {
    estate.repo.git(&line.split_whitespace().collect::<Vec<_>>()).done()
}

fn pin(estate: &Estate) -> String {
    estate.read(".git/tenure/pin")
}

/// Seals a value on the current branch, and commits it.
fn sealed(estate: &Estate, value: &str) {
    estate.set("ben", "prod/API_KEY", value);
    estate.commit(value);
}

#[track_caller]
fn reads(estate: &Estate, at: &Path) -> Outcome {
    let got = estate.by("ana", "get prod/DB_URL").within(at).run().done();
    assert_eq!(got.stdout, "hunter2-two", "{got}");
    estate.by("ana", "run -e prod -- true").within(at).run().done();
    got
}

/// Reading works with a note; a write exits 3.
#[track_caller]
fn is_old(estate: &Estate, at: &Path) {
    let got = reads(estate, at);
    assert!(got.stderr.contains("older than what this clone has seen"), "{got}");
    assert_eq!(estate.by("ana", "-q get prod/DB_URL").within(at).run().done().stderr, "");
    let checked = estate.by("ana", "--json check").within(at).run().done();
    assert!(checked.stdout.contains("\"behind\""), "{checked}");
    let set = estate.by("ben", "set prod/API_KEY").within(at).feed("hunter2-x");
    assert_eq!(set.code, 3, "{set}");
    assert!(set.stderr.contains("[behind]"), "{set}");
    assert!(set.stderr.contains("hint: git merge "), "{set}");
    let rekeyed = estate.by("ben", "rekey -e dev").within(at).run();
    assert_eq!(rekeyed.code, 3, "{rekeyed}");
}

/// Nothing is said, and writing works.
#[track_caller]
fn is_well(estate: &Estate) {
    estate.honest();
    assert_eq!(reads(estate, &estate.repo.path()).stderr, "");
}

#[test]
fn an_old_commit_is_read_with_a_note_and_never_written() {
    let estate = hosted();
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    is_well(&estate);
    git(&estate, "checkout --quiet --detach HEAD~1");
    is_old(&estate, &estate.repo.path());
    git(&estate, "switch --quiet main");
    is_well(&estate);
}

#[test]
fn a_branch_behind_is_read_with_a_note_until_it_is_merged() {
    let estate = hosted();
    git(&estate, "branch feature");
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    is_well(&estate);
    git(&estate, "switch --quiet feature");
    is_old(&estate, &estate.repo.path());
    estate.write("code.rs", "fn main() {}\n");
    estate.commit("work");
    is_old(&estate, &estate.repo.path());
    git(&estate, "merge --quiet --no-edit origin/main");
    is_well(&estate);
    sealed(&estate, "hunter2-newer");
    is_well(&estate);
}

#[test]
fn a_linked_work_tree_at_an_old_commit_shares_the_pin() {
    let estate = hosted();
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    is_well(&estate);
    git(&estate, "worktree add --quiet --detach ../linked HEAD~1");
    is_old(&estate, &estate.repo.folder().join("linked"));
    is_well(&estate);
    git(&estate, "worktree add --quiet -b other ../second HEAD");
    assert_eq!(reads(&estate, &estate.repo.folder().join("second")).stderr, "");
}

#[test]
fn what_was_not_pushed_may_be_undone() {
    let estate = hosted();
    let before = pin(&estate);
    sealed(&estate, "hunter2-new");
    is_well(&estate);
    assert_eq!(pin(&estate), before, "what is not on the protected branch is not pinned");
    git(&estate, "commit --quiet --amend --no-verify -m other");
    is_well(&estate);
    git(&estate, "reset --quiet --hard origin/main");
    is_well(&estate);
    estate.set("ben", "prod/API_KEY", "hunter2-other");
    git(&estate, "stash --quiet --include-untracked");
    is_well(&estate);
    git(&estate, "stash pop --quiet");
    is_well(&estate);
}

#[test]
fn the_pin_goes_forward_with_the_protected_branch_alone() {
    let estate = hosted();
    let before = pin(&estate);
    git(&estate, "switch --quiet -c feature");
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet -u origin feature");
    is_well(&estate);
    assert_eq!(pin(&estate), before);
    git(&estate, "push --quiet origin feature:main");
    is_well(&estate);
    let after = pin(&estate);
    assert_ne!(after, before);
    let commit = git(&estate, "rev-parse origin/main").stdout;
    assert!(after.contains(&format!("commit {commit}head {}", estate.head())), "{after}");
    // On a branch that has not all of it, it stays.
    git(&estate, "checkout --quiet --detach HEAD~1");
    reads(&estate, &estate.repo.path());
    assert_eq!(pin(&estate), after);
}

#[test]
fn a_squashed_and_a_rebased_protected_branch_are_no_rollback() {
    let estate = hosted();
    git(&estate, "switch --quiet -c feature");
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet origin feature:main");
    is_well(&estate);
    // The same entries in other commits.
    git(&estate, "commit --quiet --amend --no-verify -m squashed");
    git(&estate, "push --quiet --force origin feature:main");
    is_well(&estate);
    assert!(pin(&estate).contains(git(&estate, "rev-parse HEAD").stdout.trim()));
}

#[test]
fn a_host_that_rewinds_its_branch_is_seen_and_accepted_only_by_hand() {
    let estate = hosted();
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    is_well(&estate);
    let seen = pin(&estate);
    let lost = estate.head();
    git(&estate, "push --quiet --force origin HEAD~1:main");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"rollback\""), "{checked}");
    assert!(checked.stdout.contains("origin/main"), "{checked}");
    let run = estate.by("ana", "run -e prod -- true").run();
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
    git(&estate, "reset --quiet --hard origin/main");
    let got = estate.by("ana", "get prod/DB_URL").run();
    assert_eq!((got.code, got.stdout.as_str()), (5, ""), "{got}");
    assert_eq!(pin(&estate), seen);

    let refused = estate.by("ana", "trust accept --yes").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused.stderr.contains(&format!("gone     entry {}, seal by ben", lost.short())),
        "{refused}"
    );
    assert_eq!(pin(&estate), seen);
    let other = "00".repeat(32);
    let other = estate.by("ana", "trust accept --root").arg(other).run();
    assert_eq!(other.code, 5, "{other}");
    assert_eq!(pin(&estate), seen);
    estate.by("ana", "trust accept --root").arg(estate.root()).run().done();
    assert_ne!(pin(&estate), seen);
    is_well(&estate);
}

#[test]
fn a_pull_request_that_drops_entries_is_a_rollback() {
    let estate = hosted();
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    is_well(&estate);
    git(&estate, "switch --quiet -c theirs");
    git(&estate, "revert --no-edit HEAD");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"rollback\""), "{checked}");
    git(&estate, "switch --quiet main");
    is_well(&estate);
}

#[test]
fn where_the_protected_branch_is_gone_nothing_is_written() {
    let estate = hosted();
    git(&estate, "branch --quiet -m main trunk");
    git(&estate, "push --quiet origin trunk");
    git(&estate, &format!("-C {} symbolic-ref HEAD refs/heads/trunk", host(&estate).display()));
    git(&estate, "push --quiet origin :main");
    let got = reads(&estate, &estate.repo.path());
    assert!(got.stderr.contains("the protected branch `main` is gone"), "{got}");
    let set = estate.by("ben", "set prod/API_KEY").feed("hunter2-x");
    assert_eq!(set.code, 3, "{set}");
    assert!(set.stderr.contains("git config tenure.branch"), "{set}");
    git(&estate, "config tenure.branch trunk");
    is_well(&estate);
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet origin trunk");
    is_well(&estate);
    assert!(pin(&estate).contains("branch trunk\n"));
}

#[test]
fn a_clone_of_another_branch_still_minds_the_protected_one() {
    let estate = hosted();
    git(&estate, "push --quiet origin main:release");
    sealed(&estate, "hunter2-new");
    git(&estate, "push --quiet");
    let clone = estate.repo.folder().join("clone");
    let (from, to) = (host(&estate).display().to_string(), clone.display().to_string());
    git(&estate, &format!("-C {from} symbolic-ref HEAD refs/heads/main"));
    git(&estate, &format!("clone --quiet -b release {from} {to}"));
    let accept = || estate.by("ana", "trust accept --root").arg(estate.root()).within(&clone);
    // It cannot pin what it has not verified.
    let refused = accept().run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("git switch main"), "{refused}");
    git(&estate, &format!("-C {to} switch --quiet main"));
    accept().run().done();
    assert_eq!(reads(&estate, &clone).stderr, "");
    git(&estate, &format!("-C {to} switch --quiet release"));
    is_old(&estate, &clone);
}

#[test]
fn a_root_that_is_said_pins_nothing() {
    let estate = hosted();
    let clone = estate.repo.folder().join("clone");
    git(&estate, &format!("clone --quiet {} {}", host(&estate).display(), clone.display()));
    for command in ["check", "get prod/DB_URL"] {
        let run = estate.by("ana", command).env("TENURE_ROOT", estate.root()).within(&clone);
        run.run().done();
    }
    assert!(!clone.join(".git/tenure/pin").exists());
}

#[test]
fn an_old_pin_with_the_root_alone_stays_valid_and_learns() {
    let estate = hosted();
    estate.write(".git/tenure/pin", format!("root {}\n", estate.root()));
    is_well(&estate);
    assert!(pin(&estate).contains("\nbranch main\n"));
}

#[test]
fn without_a_remote_a_feature_branch_does_not_become_the_protected_one() {
    let estate = Estate::new();
    estate.commit("base");
    git(&estate, "switch --quiet -c feature");
    sealed(&estate, "hunter2-new");
    is_well(&estate);
    assert!(pin(&estate).contains("\nbranch main\n"));
    git(&estate, "switch --quiet main");
    is_well(&estate);
    git(&estate, "merge --quiet feature");
    git(&estate, "branch --quiet -d feature");
    is_well(&estate);
    assert!(pin(&estate).contains(&format!("head {}\n", estate.head())));
}

#[test]
fn a_damaged_pin_is_never_taken_for_none() {
    let estate = hosted();
    let good = pin(&estate);
    for bad in [good.replace("branch main\n", ""), format!("{good}\n"), good[..80].to_owned()] {
        estate.write(".git/tenure/pin", &bad);
        let checked = estate.by("ana", "check").run();
        assert_eq!(checked.code, 5, "{checked}");
        assert!(checked.stderr.contains("the pin of this clone is damaged"), "{checked}");
    }
    estate.by("ana", "trust accept --root").arg(&good[5..69]).run().done();
    assert_eq!(pin(&estate), good);
    is_well(&estate);
}
