//! `tenure policy`: shown, examined, signed.

use super::member::{add, started};
use crate::support::{Repo, snapshot};

const POLICY: &str = ".secrets-policy.toml";

fn edit(repo: &Repo, from: &str, to: &str) {
    let text = repo.read(POLICY);
    assert!(text.contains(from), "{text}");
    repo.write(POLICY, text.replacen(from, to, 1));
}

#[test]
fn signing_shows_the_change_and_puts_it_in_force() {
    let repo = started();
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    snapshot!(repo.run("policy sign -y"), @"
    exit 0
    --- stdout
    policy 2 in force. Entry [id], signed by ana.
    next  git add -A && git commit
    --- stderr
    - environment `prod`: days for a leaver's values: 1
    + environment `prod`: days for a leaver's values: 2
    An admin who signs without reading grants what was asked.
    ");
    assert!(repo.read(POLICY).contains("revision = \"2-"));
    repo.run("check").done();
}

#[test]
fn a_role_given_a_new_environment_gets_a_new_keyring() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    edit(&repo, "readers = [\"admin\"]", "readers = [\"admin\", \"developer\"]");
    let signed = repo.run("policy sign -y").done();
    assert!(signed.stdout.contains("new keyring for prod"), "{signed}");
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    assert_eq!(repo.tenure(&["-i", &ben, "get", "prod/STRIPE_KEY"]).done().stdout, "sk_prod");
}

#[test]
fn a_new_environment_can_be_written_at_once() {
    let repo = started();
    let more = "\n[environments.staging]\nfiles = [\"secrets/staging.*\"]\nreaders = [\"admin\"]\n\
                writers = [\"admin\"]\n";
    repo.write(POLICY, repo.read(POLICY) + more);
    repo.run("policy sign -y").done();
    assert!(repo.read(".gitattributes").contains("/secrets/staging.* -text"));
    repo.tenure_fed(&["set", "staging/KEY"], "1").done();
    repo.run("check").done();
}

#[test]
fn what_is_signed_already_is_refused() {
    let refused = started().run("policy sign -y");
    snapshot!(refused, @"
    exit 2
    --- stderr
    error: policy 1 is signed as it stands; nothing changed
    hint: edit .secrets-policy.toml first, then: tenure policy sign
    ");
}

#[test]
fn a_comment_alone_can_be_signed() {
    let repo = started();
    edit(&repo, "[roles]", "# who is who\n[roles]");
    let signed = repo.run("policy sign -y").done();
    assert!(signed.stderr.contains("nothing but the text changes"), "{signed}");
    repo.run("check").done();
}

#[test]
fn only_admins_sign() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    edit(&repo, "admin = [\"ana\"]", "admin = [\"ana\", \"ben\"]");
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    let refused = repo.tenure(&["-i", &ben, "policy", "sign", "-y"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("`ben` may not sign a policy"), "{refused}");
}

#[test]
fn an_environment_with_values_is_not_forgotten() {
    let repo = started();
    let text = repo.read(POLICY);
    let (before, rest) = text.split_once("[environments.prod]").unwrap();
    let after = &rest[rest.find("\n# Types").unwrap()..];
    repo.write(POLICY, format!("{before}{after}"));
    let refused = repo.run("policy sign -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("environment `prod` still has values"), "{refused}");
    assert!(refused.stderr.contains("tenure unset prod/STRIPE_KEY"), "{refused}");
}

#[test]
fn the_repositorys_id_never_changes() {
    let repo = started();
    let text = repo.read(POLICY);
    let line = text.lines().find(|line| line.starts_with("repository")).unwrap();
    repo.write(POLICY, text.replace(line, "repository = \"0198c9d2-0000-7000-8000-00000000abcd\""));
    let refused = repo.run("policy sign -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("never changes"), "{refused}");
}

#[test]
fn a_policy_that_nobody_could_change_again_is_not_signed() {
    let repo = started();
    add(&repo, "ben", "admin");
    edit(&repo, "threshold = 1", "threshold = 2");
    let refused = repo.run("policy sign -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("needs 2 admins"), "{refused}");
    edit(&repo, "threshold = 2", "threshold = 1");
    repo.run("check").done();
}

#[test]
fn a_broken_policy_is_examined_with_line_and_fix() {
    let repo = Repo::new();
    repo.write(POLICY, "version = 1\nrevison = \"1-00000000\"\n");
    snapshot!(repo.run("policy lint"), @"
    exit 3
    --- stdout
    policy-invalid  .secrets-policy.toml:2  the policy has a field that is not known: `revison`
      fix  did you mean `revision`?
    broken  it cannot be signed
    ");
    let json = repo.run("policy lint --json").json();
    assert_eq!(json["findings"][0]["place"], ".secrets-policy.toml:2");
    assert_eq!(repo.run("policy sign -y").code, 3);
}

#[test]
fn doubts_are_told_and_change_no_exit_code() {
    let linted = started().run("policy lint").done();
    assert!(linted.stdout.contains("one admin only"), "{linted}");
    assert!(linted.stdout.ends_with("ok  it can be signed\n"), "{linted}");
}

#[test]
fn without_a_policy_there_is_nothing_to_examine() {
    snapshot!(Repo::new().run("policy lint"), @"
    exit 3
    --- stderr
    error: there is no policy that can be believed
    hint: tenure init
    ");
}

#[test]
fn the_policy_in_force_is_shown_even_while_its_file_is_edited() {
    let repo = started();
    edit(&repo, "threshold = 1", "threshold = 9");
    let shown = repo.run("policy show").done().to_string();
    let revision = shown.find("revision 1-").unwrap() + "revision 1-".len();
    snapshot!(shown.replace(&shown[revision..revision + 8], "[id]"), @"
    exit 0
    --- stdout
    policy 1, revision 1-[id]; entry [id] by ana
    admins  ana; 1 must sign
    role    admin = ana
    role    developer = ana
    dev
      files    secrets/dev.*, secrets/dev/**
      readers  ana
      writers  ana
    prod
      files    secrets/prod.*, secrets/prod/**
      readers  ana
      writers  ana
    --- stderr
    warning: .secrets-policy.toml:34: the threshold is 9, and 1 admins can sign; tenure policy lint
    ");
    let json = repo.run("policy show --json").done().json();
    assert_eq!((&json["policy"], &json["altered"]), (&1.into(), &true.into()));
}

#[test]
fn values_of_those_who_may_no_longer_write_are_vouched_for_on_demand() {
    let repo = started();
    let ben = add(&repo, "ben", "admin");
    repo.tenure_fed(&["-i", &ben, "set", "prod/STRIPE_KEY"], "sk_new").done();
    edit(&repo, "admin = [\"ana\", \"ben\"]", "admin = [\"ana\"]");
    edit(&repo, "developer = [\"ana\"]", "developer = [\"ana\", \"ben\"]");
    let signed = repo.run("policy sign --vouch -y").done();
    assert!(signed.stdout.contains("ana vouches for 1 value"), "{signed}");
    repo.run("check").done();
    assert_eq!(repo.run("get prod/STRIPE_KEY").done().stdout, "sk_new");
}

#[test]
fn values_that_nobody_vouches_for_are_announced() {
    let repo = started();
    let ben = add(&repo, "ben", "admin");
    repo.tenure_fed(&["-i", &ben, "set", "prod/STRIPE_KEY"], "sk_new").done();
    edit(&repo, "admin = [\"ana\", \"ben\"]", "admin = [\"ana\"]");
    edit(&repo, "developer = [\"ana\"]", "developer = [\"ana\", \"ben\"]");
    let signed = repo.run("policy sign -y").done();
    assert!(signed.stderr.contains("1 value without a writer's word"), "{signed}");
    assert_eq!(repo.run("check").code, 5);
}
