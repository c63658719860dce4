//! `tenure member`: added, removed, listed.

use std::process::Stdio;

use crate::support::{Outcome, Repo, Team, snapshot};

/// A repository of ana's with a value in each of its two environments.
fn started() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    start(&repo);
    repo
}

fn start(repo: &Repo) {
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev\n").done();
    repo.tenure_fed(&["set", "prod/STRIPE_KEY"], "sk_prod\n").done();
}

/// The public key of a new pair that lies beside the repository.
fn new_key(repo: &Repo, name: &str) -> String {
    let file = repo.home().join(format!("{name}.key"));
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
    repo.command(keygen).args(&args).arg(&file).run().done();
    file.with_extension("key.pub").display().to_string()
}

fn add_ben(repo: &Repo) -> Outcome {
    let key = new_key(repo, "ben");
    repo.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &key, "-y"])
}

#[test]
fn adding_shows_what_it_grants_and_makes_one_keyring_for_each_environment() {
    let repo = started();
    snapshot!(add_ben(&repo), @"");
    let read = |env: &str| repo.path().join(".secrets/keys").join(env).read_dir().unwrap().count();
    assert_eq!((read("dev"), read("prod")), (2, 1));
    snapshot!(repo.run("check"), @"");
}

#[test]
fn a_member_who_was_added_reads_with_their_own_key() {
    let repo = started();
    add_ben(&repo).done();
    let key = repo.home().join("ben.key").display().to_string();
    let read = repo.tenure(&["-i", &key, "get", "dev/DATABASE_URL"]);
    assert_eq!(read.done().stdout, "postgres://dev\n");
}
