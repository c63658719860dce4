//! `tenure member replace-key`: other keys for a member.

use super::join::{asked_for, push};
use super::member::{add, new_key, started};
use crate::support::{Outcome, Repo, snapshot};

/// Replaces ben's key by a new one, and gives the file of its private half.
fn replaced(repo: &Repo, more: &[&str]) -> (Outcome, String) {
    let (public, private) = new_key(repo, "ben.new");
    let args = ["member", "replace-key", "ben", "--ssh-key", &public, "-y"];
    (repo.tenure(&[&args[..], more].concat()), private)
}

/// What a key opens by itself.
fn get(repo: &Repo, key: &str, what: &str) -> Outcome {
    let own = repo.home().join(".ssh");
    let away = repo.home().join("away");
    std::fs::rename(&own, &away).unwrap();
    let got = repo.tenure(&["-i", key, "get", what]);
    std::fs::rename(&away, &own).unwrap();
    got
}

fn owed(repo: &Repo) -> usize {
    repo.run("--json check").json()["obligations"].as_array().unwrap().len()
}

#[test]
fn a_new_key_reads_and_signs_and_the_old_one_reads_nothing_new() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    let (done, new) = replaced(&repo, &[]);
    snapshot!(done, @"
    exit 0
    --- stdout
    ben has other keys
    key   SHA256:[fingerprint]    compare it with ben on another channel
    gone  SHA256:[fingerprint]
    new keyring for dev; no value changed
    policy 3 in force. Entry [id], signed by ana.
    next  git add -A && git commit
    --- stderr
    - member `ben`: reads with SHA256:[fingerprint]
    - member `ben`: signs with SHA256:[fingerprint]
    + member `ben`: reads with SHA256:[fingerprint]
    + member `ben`: signs with SHA256:[fingerprint]
    1 value in dev will be read with other keys
      ben reads with SHA256:[fingerprint]
    What was read stays read: removing a reader takes back no value, and old versions stay in the history.
    ");
    repo.tenure_fed(&["set", "dev/LATER"], "later").done();
    assert_eq!(get(&repo, &new, "dev/DATABASE_URL").done().stdout, "postgres://dev");
    assert_eq!(get(&repo, &new, "dev/LATER").done().stdout, "later");
    assert_eq!(get(&repo, &old, "dev/LATER").code, 4);
    repo.tenure_fed(&["-i", &new, "set", "dev/BY_BEN"], "x").done();
    assert_eq!(owed(&repo), 0, "nobody else has the old key");
    repo.run("check").done();
}

#[test]
fn what_a_lost_key_opened_must_be_rotated() {
    let repo = started();
    add(&repo, "ben", "developer");
    let (done, new) = replaced(&repo, &["--lost", "--reason", "stolen on the train"]);
    snapshot!(done, @"
    exit 0
    --- stdout
    ben has other keys
    key   SHA256:[fingerprint]    compare it with ben on another channel
    lost  SHA256:[fingerprint]
    new keyring for dev; no value changed
    policy 3 in force. Entry [id], signed by ana.
    1 value in dev must rotate by 2026-01-08
    next  git add -A && git commit
    next  tenure rotate --due -e dev
    --- stderr
    - member `ben`: reads with SHA256:[fingerprint]
    - member `ben`: signs with SHA256:[fingerprint]
    + member `ben`: lost the key SHA256:[fingerprint]
    + member `ben`: reads with SHA256:[fingerprint]
    + member `ben`: signs with SHA256:[fingerprint]
    1 value in dev will be read with other keys
      ben reads with SHA256:[fingerprint]
    What was read stays read: removing a reader takes back no value, and old versions stay in the history.
    A stolen signing key signs as its owner until it is removed; what it signed before stays until somebody vouches or seals anew.
    ");
    let checked = repo.run("check").done();
    assert!(checked.stdout.contains("due  1 value by 2026-01-08 (ben lost a key)"), "{checked}");
    let listed = repo.run("list -e dev --json").done();
    assert!(listed.stdout.contains("\"cause\":\"lost-key\""), "{listed}");
    assert_eq!(owed(&repo), 1, "prod is none of ben's");
    let repo = repo.at("2026-01-09");
    assert_eq!(repo.run("check").code, 1);
    repo.tenure_fed(&["-i", &new, "set", "dev/DATABASE_URL"], "postgres://new").done();
    repo.run("check").done();
    assert_eq!(owed(&repo), 0);
}

#[test]
fn a_lost_key_is_nobodys_again() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    replaced(&repo, &["--lost"]).0.done();
    let public = format!("{old}.pub");
    for args in [
        ["member", "add", "cleo", "--role", "developer", "--ssh-key", &public, "-y"],
        ["member", "replace-key", "ben", "--lost", "-y", "--ssh-key", &public, "-q"],
    ] {
        let refused = repo.tenure(&args);
        assert_eq!(refused.code, 3, "{refused}");
        assert!(refused.stderr.contains("has a key that `ben` lost"), "{refused}");
    }
    let join = ["-i", &old, "join", "--role", "developer", "--name", "dan", "--ssh-key", &public];
    let refused = repo.tenure(&join);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("`ben` lost the key SHA256:"), "{refused}");
}

#[test]
fn a_key_that_went_before_can_be_called_lost_later() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    replaced(&repo, &[]).0.done();
    repo.tenure_fed(&["set", "dev/AFTER"], "after").done();
    assert_eq!(owed(&repo), 0);
    let key = std::fs::read_to_string(format!("{old}.pub")).unwrap();
    let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let policy = repo.read(".secrets-policy.toml");
    let header = "[members.ben]\n";
    let lost = format!("{header}lost-keys = [\"{}\"]\n", key.trim());
    repo.write(".secrets-policy.toml", policy.replace(header, &lost));
    repo.run("policy sign -y").done();
    // What was sealed after it went is none of its debts.
    assert_eq!(owed(&repo), 1);
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://new").done();
    assert_eq!(owed(&repo), 0);
}

#[test]
fn what_a_stolen_key_signed_stands_until_somebody_vouches() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    repo.tenure_fed(&["-i", &old, "set", "dev/MAIL_KEY"], "m").done();
    let (done, _) = replaced(&repo, &["--lost"]);
    assert!(done.stderr.contains("a lost key signed 1 value last: dev/MAIL_KEY"), "{done}");
    assert!(done.stderr.contains("warning: 1 value signed last with a lost key"), "{done}");
    let checked = repo.run("--json check").done();
    let findings = checked.json()["findings"].as_array().unwrap().clone();
    let lost: Vec<_> = findings.iter().filter(|f| f["code"] == "lost-key").collect();
    assert_eq!(lost.len(), 1, "{checked}");
    assert_eq!(repo.run("get dev/MAIL_KEY").done().stdout, "m");
    repo.tenure_fed(&["rotate", "dev/MAIL_KEY"], "new").done();
    assert!(!repo.run("--json check").done().stdout.contains("\"code\":\"lost-key\""));
}

#[test]
fn an_admin_vouches_in_the_same_step() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    repo.tenure_fed(&["-i", &old, "set", "dev/MAIL_KEY"], "m").done();
    let (done, _) = replaced(&repo, &["--lost", "--vouch"]);
    assert!(done.stdout.contains("ana vouches for 1 value"), "{done}");
    assert!(!done.stderr.contains("warning:"), "{done}");
    let checked = repo.run("--json check").done();
    assert!(!checked.stdout.contains("\"code\":\"lost-key\""), "{checked}");
    // Vouching is no rotation: the thief has read it.
    assert_eq!(owed(&repo), 2);
}

#[test]
fn one_kind_of_key_is_replaced_and_the_other_stays() {
    let repo = started();
    add(&repo, "ben", "developer");
    let before = repo.run("--json member list").json()["members"][1].clone();
    let (public, _) = new_key(&repo, "ben.new");
    let key = std::fs::read_to_string(&public).unwrap();
    let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
    repo.tenure(&["member", "replace-key", "ben", "--signing-key", key.trim(), "-y"]).done();
    let after = repo.run("--json member list").json()["members"][1].clone();
    assert_eq!(before["reads_with"], after["reads_with"]);
    assert_ne!(before["signs_with"], after["signs_with"]);
    let rings = repo.path().join(".secrets/keys/dev").read_dir().unwrap().count();
    assert_eq!(rings, 2, "who reads is the same");
}

#[test]
fn an_admin_replaces_their_own_key_with_both_at_hand() {
    let repo = started();
    let (public, new) = new_key(&repo, "ana.new");
    let before = repo.read(".secrets-policy.toml");
    let args = ["member", "replace-key", "ana", "--ssh-key", &public, "-y"];
    let refused = repo.tenure(&args);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("hint: give both keys: -i OLD -i NEW"), "{refused}");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
    repo.tenure(&[&["-i", &new], &args[..]].concat()).done();
    repo.run("check").done();
    assert_eq!(get(&repo, &new, "prod/STRIPE_KEY").done().stdout, "sk_prod");
    assert_eq!(repo.tenure_fed(&["set", "dev/X"], "x").code, 4, "the old one signs no more");
    repo.tenure_fed(&["-i", &new, "set", "dev/X"], "x").done();
    repo.run("check").done();
}

#[test]
fn a_machine_gets_a_new_key_into_the_pipe() {
    let repo = started();
    let line = "member add ci --role developer --kind machine --owner ana --generate -y";
    let old = repo.run(line).done().stdout;
    let done = repo.run("member replace-key ci --generate --lost -y").done();
    let secret = |l: &str| l.starts_with("AGE-SECRET-KEY-1") || l.starts_with("# ");
    assert!(done.stdout.lines().all(secret), "{done}");
    assert!(!done.stderr.contains("AGE-SECRET"), "{done}");
    assert_ne!(done.stdout, old);
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    let reads = |key: &str| {
        let run = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now()]);
        run.args(&["get", "dev/DATABASE_URL"]).env("TENURE_IDENTITY", key).run()
    };
    assert_eq!(reads(&done.stdout).done().stdout, "postgres://dev");
    assert!(repo.read(".secrets-policy.toml").contains("lost-keys = [\"age1"));
    assert_eq!(owed(&repo), 1);
}

#[test]
fn what_replaces_nothing_is_refused() {
    let repo = started();
    let old = add(&repo, "ben", "developer");
    let public = format!("{old}.pub");
    let replace =
        |args: &[&str]| repo.tenure(&[&["member", "replace-key"], args, &["-y"]].concat());
    for (args, word, exit) in [
        (&["ben"][..], "no new key of `ben` is given", 2),
        (&["ben", "--lost"], "no new key of `ben` is given", 2),
        (&["ben", "--ssh-key", &public], "`ben` has these keys already", 2),
        (&["bem", "--ssh-key", &public], "there is no member `bem`", 6),
    ] {
        let refused = replace(args);
        assert_eq!(refused.code, exit, "{refused}");
        assert!(refused.stderr.contains(word), "{refused}");
    }
}

#[test]
fn only_admins_replace_keys_and_a_member_asks() {
    let (_team, ana, ben) = asked_for();
    ben.run("join --role developer").done();
    push(&ben, "join: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    ana.run("member approve ben -y").done();
    push(&ana, "ben");
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let root = super::join::root(&ana);
    let (public, new) = new_key(&ben, "ben.new");
    let line = ["--root", &root, "member", "replace-key", "ben", "--ssh-key", &public, "-y"];
    assert_eq!(ben.tenure(&line).code, 2);
    let asked = ben.tenure(&[&line[..], &["--request"]].concat());
    snapshot!(asked, @r#"
    exit 0
    --- stdout
    using ~/.ssh/id_ed25519 (SHA256:[fingerprint]). Wrote .secrets/requests/ben.toml; it grants nothing yet.
    key   SHA256:[fingerprint]
    next  git switch -c replace-key-ben && git add -A && git commit -m "replace-key: ben" && git push -u origin HEAD
    "#);
    push(&ben, "replace-key: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    let checked = ana.run("check").done();
    assert!(checked.stdout.contains("`ben` asks for other keys; nothing is granted"), "{checked}");
    assert_eq!(ana.run("member approve ben --role admin -y").code, 2);
    let approved = ana.run("member approve ben -y").done();
    assert!(approved.stderr.contains("ben asks for other keys: 1 value in dev"), "{approved}");
    push(&ana, "ben's new key");
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    std::fs::remove_dir_all(ben.home().join(".ssh")).unwrap();
    let read = ben.tenure(&["--root", &root, "-i", &new, "get", "dev/DATABASE_URL"]);
    assert_eq!(read.done().stdout, "postgres://dev");
}
