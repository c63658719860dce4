//! `tenure init`: starts a repository, imports what lies about, and can be taken back.

use crate::support::{Repo, snapshot};

fn with_key() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo
}

#[test]
fn a_repository_is_started_and_judged_sound() {
    let repo = with_key();
    snapshot!(repo.run("init"), @"
    exit 0
    --- stdout
    wrote .gitattributes
    wrote .secrets-policy.toml
    wrote .secrets/  the signed log, the policy's text, the keyrings
    you   ana, admin of dev, prod
    key   SHA256:[fingerprint]
    hook  [folder]/ana-repo/.git/hooks/pre-commit  installed
    hook  [folder]/ana-repo/.git/hooks/pre-merge-commit  installed
    hook  [folder]/ana-repo/.git/hooks/prepare-commit-msg  installed
    hook  [folder]/ana-repo/.git/hooks/commit-msg  installed
    hook  [folder]/ana-repo/.git/hooks/pre-push  installed
    root  [id]
          CI needs it as TENURE_ROOT: set it at the host, not in a file here
    next  git add -A && git commit
    --- stderr
    warning: one admin key only: add a second one with tenure member add
    A hook can be skipped; `tenure check` in CI is the control.
    When every admin key is lost, nobody can change the policy. There is no back door: keep one offline.
    ");
    repo.run("check").done();
    assert!(repo.path().join(".git/hooks/pre-commit").is_file());
}

#[test]
fn without_a_key_one_is_made_outside_of_the_repository() {
    let repo = Repo::new();
    let started = repo.run("init").done();
    assert!(started.stdout.contains("id_ed25519 (0600, outside of the repository)"), "{started}");
    assert!(repo.home().join(".config/tenure/id_ed25519").is_file());
    repo.tenure_fed(&["set", "dev/KEY"], "1").done();
    assert_eq!(repo.run("get dev/KEY").done().stdout, "1");
}

#[test]
fn it_works_in_a_sub_folder_and_names_the_environments() {
    let repo = with_key();
    repo.write("a/b/c.txt", "");
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.path().join("a/b"));
    command.args(&["init", "--environment", "staging"]).run().done();
    assert!(repo.read(".secrets-policy.toml").contains("[environments.staging]"));
    assert!(!repo.read(".secrets-policy.toml").contains("[environments.prod]"));
}

#[test]
fn a_second_time_is_refused() {
    let repo = with_key();
    repo.run("init").done();
    let before = repo.read(".secrets-policy.toml");
    snapshot!(repo.run("init"), @"
    exit 2
    --- stderr
    error: this repository has a policy or a log already
    hint: tenure policy show
    ");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
}

#[test]
fn a_plain_file_is_imported_on_demand_and_stays() {
    let repo = with_key();
    let plain = "# local\nDATABASE_URL=postgres://x\nMAIL_KEY='m'\n";
    repo.write(".env", plain);
    let started = repo.run("init --import .env=dev").done();
    assert!(
        started.stdout.contains("wrote secrets/dev.env  2 values of .env sealed for dev"),
        "{started}"
    );
    assert!(started.stderr.contains(".env is still there in clear"), "{started}");
    assert_eq!(repo.read(".env"), plain);
    assert_eq!(repo.read(".gitignore"), "/.env\n");
    assert!(!repo.read("secrets/dev.env").contains("postgres"));
    assert_eq!(repo.run("get dev/MAIL_KEY").done().stdout, "m");
    repo.run("check").done();
}

#[test]
fn yes_imports_dotenv_into_dev() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.run("init -y").done();
    assert_eq!(repo.run("get dev/A").done().stdout, "1");
}

#[test]
fn nothing_is_imported_unasked_but_it_is_named() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.write(".env.local", "B=1\n");
    repo.write(".env.example", "C=\n");
    let started = repo.run("init").done();
    let hint = "found .env in clear: mkdir -p secrets && cp .env secrets/dev.env && tenure seal secrets/dev.env";
    assert!(started.stderr.contains(hint), "{started}");
    assert!(started.stderr.contains("found .env.local in clear"), "{started}");
    assert!(!started.stderr.contains("example"), "{started}");
    assert!(!repo.path().join("secrets/dev.env").exists());
}

#[test]
fn a_file_in_clear_that_the_next_commit_would_take_along_is_warned_of() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.write(".env.local", "B=1\n");
    repo.write(".gitignore", ".env.local\n");
    let started = repo.run("init").done();
    let warning = "warning: git does not ignore .env: `git add -A` would commit it in clear";
    assert!(started.stderr.contains(warning), "{started}");
    assert!(!started.stderr.contains("does not ignore .env.local"), "{started}");
}

#[test]
fn a_file_that_git_has_already_is_warned_of() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.commit("oops");
    let started = repo.run("init --import .env=dev").done();
    assert!(started.stderr.contains("warning: .env is in git's history"), "{started}");
}

#[test]
fn an_import_that_cannot_be_is_refused_before_anything_is_written() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    for (import, code) in [(".env=stage", 6), (".env", 2), ("none.env=dev", 6), ("../x=dev", 2)] {
        let refused = repo.tenure(&["init", "--import", import]);
        assert_eq!(refused.code, code, "{import}: {refused}");
        assert!(!repo.path().join(".secrets-policy.toml").exists(), "{import}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.run("init -n --import .env=dev").done();
    assert!(!repo.path().join(".secrets-policy.toml").exists());
    assert!(!repo.path().join(".git/tenure/pin").exists());
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
}

#[test]
fn what_was_started_can_be_taken_back() {
    let repo = with_key();
    repo.write(".gitattributes", "*.png binary\n");
    repo.write(".env", "A=1\n");
    repo.run("init --import .env=dev").done();
    repo.run("init --undo -y").done();
    assert!(!repo.path().join(".secrets-policy.toml").exists());
    assert!(!repo.path().join("secrets/dev.env").exists());
    assert!(!repo.path().join(".git/tenure/pin").exists());
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
    assert_eq!(repo.read(".gitattributes"), "*.png binary\n");
    assert_eq!(repo.read(".env"), "A=1\n");
    repo.run("init").done();
    repo.run("check").done();
}

#[test]
fn nothing_is_taken_back_once_somebody_signed_more() {
    let repo = with_key();
    repo.run("init").done();
    repo.tenure_fed(&["set", "dev/KEY"], "1").done();
    let refused = repo.run("init --undo -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("values were signed since"), "{refused}");
    assert_eq!(repo.run("get dev/KEY").done().stdout, "1");
}

#[test]
fn the_only_copy_of_a_value_is_not_taken_back() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    repo.run("init --import .env=dev").done();
    std::fs::remove_file(repo.path().join(".env")).unwrap();
    let refused = repo.run("init --undo -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("tenure open secrets/dev.env -o .env"), "{refused}");
    assert_eq!(repo.run("get dev/A").done().stdout, "1");
}

#[test]
fn there_is_nothing_to_take_back_in_a_repository_without_a_log() {
    assert_eq!(with_key().run("init --undo -y").code, 2);
}

#[test]
fn it_is_told_in_json() {
    let repo = with_key();
    repo.write(".env", "A=1\n");
    let json = repo.run("init --json --import .env=dev").done().json();
    assert_eq!(json["member"], "ana");
    assert_eq!(json["imported"][0]["values"], 1);
    assert_eq!(json["imported"][0]["exposure"], "now-ignored");
    assert_eq!(json["root"].as_str().unwrap().len(), 64);
}
