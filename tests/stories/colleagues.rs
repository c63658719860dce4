//! Two writers, each with a clone: what one did is never lost, undone or signed by the other.

use crate::support::{Outcome, Repo, Team, snapshot};

const CLEAR: &str = "A=one\n\nB=two\n\nC=three\n";

/// Ana, an admin, and ben, a developer, with a sealed file of `dev`; and the root that ben trusts.
fn colleagues() -> (Repo, Repo, String) {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    let started = ana.run("init --member ana --json").done().json();
    let root = started["root"].as_str().unwrap().to_owned();
    let key = ben.home().join(".ssh/id_ed25519.pub").display().to_string();
    ana.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &key, "-y"]).done();
    let policy = ana.read(".secrets-policy.toml");
    let rule = "\n[[secrets]]\nmatch = \"dev/ADMIN_*\"\nwriters = [\"admin\"]\n";
    ana.write(".secrets-policy.toml", policy + rule);
    ana.run("policy sign --yes").done();
    ana.write("secrets/dev.env", CLEAR);
    ana.run("seal").done();
    push(&ana, "start");
    pull(&ben);
    (ana, ben, root)
}

fn push(repo: &Repo, message: &str) {
    repo.commit(message);
    repo.git(&["push", "--quiet", "origin", "HEAD:main"]).done();
}

fn pull(repo: &Repo) {
    repo.git(&["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]).done();
}

fn set(repo: &Repo, root: &str, key: &str, value: &str) -> Outcome {
    repo.tenure_fed(&["--root", root, "set", key], value)
}

#[test]
fn a_newer_value_is_not_lost_by_sealing_a_file_that_was_opened_before() {
    let (ana, ben, root) = colleagues();
    ana.run("open --in-place secrets/dev.env").done();
    set(&ben, &root, "dev/B", "newer").done();
    push(&ben, "newer");
    ana.write("secrets/dev.env", CLEAR.replace("one", "mine"));
    ana.git(&["fetch", "--quiet", "origin"]).done();
    ana.git(&["checkout", "--quiet", "origin/main", "--", ".secrets"]).done();
    snapshot!(ana.run("seal"), @r"
    exit 2
    --- stderr
    error: `ben` changed `B` since `secrets/dev.env` was opened
      at: secrets/dev.env [stale-plaintext]
    hint: keep a copy of your changes, then: git restore secrets/dev.env && tenure open --in-place secrets/dev.env
    ");
    assert!(ana.read("secrets/dev.env").contains("mine"));
}

#[test]
fn an_opened_file_is_sealed_with_the_tokens_it_had() {
    let (ana, ..) = colleagues();
    let before = ana.read("secrets/dev.env");
    ana.run("open --in-place secrets/dev.env").done();
    assert_eq!(ana.read("secrets/dev.env"), CLEAR);
    ana.run("seal").done();
    assert_eq!(ana.read("secrets/dev.env"), before);
    assert_eq!(ana.git(&["status", "--porcelain"]).stdout, "");
    ana.run("open --in-place secrets/dev.env").done();
    ana.write("secrets/dev.env", CLEAR.replace("B=two\n", "B=2\n"));
    let done = ana.run("seal").done();
    assert!(done.stdout.contains("1 changed, 2 unchanged"), "{done}");
    ana.run("check").done();
    assert!(ana.run("seal").done().stdout.contains("nothing to seal"));
}

#[test]
fn who_may_not_write_a_value_writes_nothing() {
    let (_ana, ben, root) = colleagues();
    snapshot!(set(&ben, &root, "dev/ADMIN_KEY", "x"), @r"
    exit 2
    --- stderr
    error: `ben` may not write ADMIN_KEY in dev
    hint: ask one who may: ana
    ");
    ben.write("secrets/dev.env", ben.read("secrets/dev.env") + "ADMIN_KEY=x\n");
    assert_eq!(ben.tenure(&["--root", &root, "seal"]).code, 2);
    assert!(ben.read("secrets/dev.env").contains("ADMIN_KEY=x"));
    assert_eq!(set(&ben, &root, "prod/KEY", "x").code, 4);
}

#[test]
fn what_another_committed_in_clear_is_shown_with_their_name() {
    let (ana, ben, _root) = colleagues();
    ben.write("secrets/dev.env", ben.read("secrets/dev.env") + "X=evil\n");
    push(&ben, "quick fix");
    pull(&ana);
    let refused = ana.run("seal");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("committed in clear by ben"), "{refused}");
    ana.run("seal dev/X --yes").done();
    ana.run("check").done();
}

#[test]
fn values_of_both_stay_when_both_write_and_merge() {
    let (ana, ben, root) = colleagues();
    set(&ben, &root, "dev/A", "of ben").done();
    push(&ben, "of ben");
    ana.tenure_fed(&["rotate", "dev/C"], "of ana").done();
    ana.commit("of ana");
    pull(&ana);
    ana.run("check").done();
    assert_eq!(ana.run("get dev/A").done().stdout, "of ben");
    assert_eq!(ana.run("get dev/C").done().stdout, "of ana");
    ana.run("rekey -e dev --reseal").done();
    push(&ana, "resealed");
    pull(&ben);
    let read = ben.tenure(&["--root", &root, "get", "dev/C"]).done();
    assert_eq!(read.stdout, "of ana");
    ana.run("check").done();
}
