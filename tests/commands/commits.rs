//! What a commit replaces, and what git carries beside texts: looked for wherever it could get out.

use std::fs;

use crate::support::{Outcome, Repo};

const OLD: &str = "sorrow-lantern-Quill-93";
const NEW: &str = "marble-Otter-52-twine";

/// A repository with a value, our hooks, and another side that has all there is.
fn begun() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("-y init").done();
    repo.tenure_fed(&["set", "dev/API_KEY"], OLD).done();
    repo.commit("base");
    let other = repo.folder().join("other.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &other]).done();
    repo.git(&["remote", "add", "origin", &other]).done();
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).done();
    repo
}

fn commit(repo: &Repo, message: &str) -> Outcome {
    repo.git(&["add", "--all"]).done();
    repo.git(&["commit", "-q", "--allow-empty", "-m", message])
}

/// Insists that the value was seen at a place, and is not shown.
#[track_caller]
fn told(tried: &Outcome, place: &str) {
    assert_eq!(tried.code, 1, "{tried}");
    let place = format!("{place}  managed-value  equal to dev/API_KEY");
    assert!(tried.to_string().contains(&place), "no `{place}` in {tried}");
    assert!(!tried.to_string().contains(OLD), "a value is shown: {tried}");
}

#[test]
fn a_message_may_not_tell_what_its_commit_replaces_or_takes_away() {
    let repo = begun();
    repo.tenure_fed(&["set", "dev/API_KEY"], NEW).done();
    told(&commit(&repo, &format!("rotated, was {OLD}")), "commit message:1:14");
    repo.git(&["reset", "-q", "--hard"]).done();
    repo.run("-y unset dev/API_KEY").done();
    told(&commit(&repo, &format!("drops {OLD}")), "commit message:1:7");
    commit(&repo, "drops it").done();
}

#[test]
fn what_was_replaced_and_is_not_pushed_yet_is_looked_for() {
    let repo = begun();
    repo.tenure_fed(&["set", "dev/API_KEY"], NEW).done();
    commit(&repo, "rotated").done();
    repo.write("notes.md", format!("it was {OLD}\n"));
    told(&commit(&repo, "notes"), "notes.md:1:8");
}

#[test]
fn a_policy_that_lets_go_of_a_file_lets_no_value_out_in_the_same_commit() {
    let repo = begun();
    let policy = repo.read(".secrets-policy.toml");
    let moved =
        policy.replace("secrets/dev.*", "conf/dev.*").replace("secrets/dev/**", "conf/dev/**");
    assert_ne!(policy, moved);
    repo.write(".secrets-policy.toml", moved);
    repo.run("-y policy sign").done();
    repo.write("notes.txt", format!("key: {OLD}\n"));
    repo.git(&["add", "--all"]).done();
    let tried = repo.run("hook run pre-commit");
    assert!(tried.stderr.contains("notes.txt:1:6  managed-value"), "{tried}");
    fs::write(repo.path().join(".git/said"), format!("key {OLD}\n")).unwrap();
    told(&repo.run("hook run commit-msg .git/said"), "commit message:1:5");
}

#[test]
fn who_commits_is_called_by_no_value() {
    let repo = begun();
    let name = format!("user.name={OLD}");
    let by =
        |args: &[&str]| repo.git(&[&["-c", &name, "commit", "-q", "--allow-empty"], args].concat());
    told(&by(&["-m", "by me"]), "author:1:1");
    by(&["--no-verify", "-m", "by me"]).done();
    told(&repo.run("scan --range HEAD~1..HEAD"), "commit header:3:8");
    told(&repo.run("scan --history"), "commit header:3:8");
    told(&repo.git(&["push", "-q", "origin", "main"]), "commit header:3:8");
}

#[test]
fn names_and_trees_that_a_push_brings_are_looked_at() {
    let repo = begun();
    let push = |what: &str| repo.git(&["push", "-q", "origin", what]);
    for kind in ["heads", "tags"] {
        let tried = push(&format!("HEAD:refs/{kind}/{OLD}"));
        told(&tried, &format!("refs/{kind}/… (its name)"));
    }
    push("HEAD:refs/heads/harmless").done();
    repo.git(&["tag", "-a", "-m", "harmless", OLD]).done();
    told(&push(&format!("{OLD}:refs/tags/v1")), "tag header:3:5");
    told(&repo.run("scan --history"), "(its name)");
    repo.git(&["tag", "-d", OLD]).done();
    repo.write("notes.txt", format!("key: {OLD}\n"));
    repo.git(&["add", "notes.txt"]).done();
    let tree = repo.git(&["write-tree"]).done().stdout;
    repo.git(&["tag", "tree", tree.trim()]).done();
    let place = format!("{}:notes.txt:1:6", &tree[..7]);
    let tried = push("tree");
    told(&tried, &place);
    let fix = format!("git tag -d $(git tag --points-at {})", &tree[..7]);
    assert!(tried.stderr.contains(&fix), "{tried}");
    let sh = |line: &str| repo.command("sh").args(&["-c", line]).run();
    sh(&fix).done();
    assert_eq!(repo.git(&["tag", "-l", "tree"]).stdout, "");
    repo.git(&["tag", "tree", tree.trim()]).done();
    told(&repo.run("scan --history"), &place);
}
