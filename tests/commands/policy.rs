//! `tenure policy`: shown, examined, signed.

use super::member::{add, started};
use crate::support::{Outcome, Repo, skip, snapshot};

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

/// A repository whose policy two of its admins, ana and ben, must sign; and ben's key.
fn of_two() -> (Repo, String) {
    let repo = started();
    let ben = add(&repo, "ben", "admin");
    edit(&repo, "threshold = 1", "threshold = 2");
    edit(&repo, "developer = [\"ana\"]", "developer = [\"ana\", \"ben\"]");
    repo.run("policy sign -y").done();
    repo.commit("two must sign");
    (repo, ben)
}

fn sign_as(repo: &Repo, key: &str, more: &[&str]) -> Outcome {
    let args: Vec<_> = ["-i", key, "policy", "sign", "-y"].iter().chain(more).copied().collect();
    repo.tenure(&args)
}

#[test]
fn a_policy_that_two_must_sign_waits_and_leaves_the_file_as_it_was() {
    let (repo, _) = of_two();
    let before = repo.read(POLICY);
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    snapshot!(repo.run("policy sign -y --reason calmer"), @"
    exit 0
    --- stdout
    policy 4 signed, not in force. Entry [id], signed by ana.
    wants 1 more of ben: tenure policy sign [id]
    next  git add -A && git commit
    --- stderr
    - environment `prod`: days for a leaver's values: 1
    + environment `prod`: days for a leaver's values: 2
    An admin who signs without reading grants what was asked.
    warning: until 1 more of ben signed, every key that it takes away reads and signs on: push it now
    ");
    assert_eq!(repo.read(POLICY), before);
    snapshot!(repo.run("check"), @"
    exit 0
    --- stdout
    policy-waits  .secrets/policies/[id].toml  policy 4, signed by ana, waits for 1 more of ben (entry [id])
      fix  tenure policy diff [id], then: tenure policy sign [id]
    ok  2 values in 2 environments, readers as the policy says, 9 of 9 entries verified
    ");
    let shown = repo.run("policy show").done();
    assert!(shown.stdout.contains("wants 1 more of ben"), "{shown}");
    let waiting = repo.run("policy show --json").done().json()["proposals"][0].clone();
    assert_eq!((&waiting["lacks"], &waiting["may"][0]), (&1.into(), &"ben".into()));
}

#[test]
fn the_second_admin_sees_what_is_asked_and_puts_it_in_force() {
    let (repo, ben) = of_two();
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    repo.run("policy sign -y --reason calmer").done();
    snapshot!(repo.run("policy sign -y"), @"
    exit 2
    --- stderr
    error: `ana` signed this policy already; it wants 1 more
    hint: ask one of them to run `tenure policy sign`: ben
    ");
    snapshot!(sign_as(&repo, &ben, &[]), @"
    exit 0
    --- stdout
    policy 4 in force. Entry [id], signed by ben.
    next  git add -A && git commit
    --- stderr
    policy 4 of entry [id], signed by ana, waits: calmer
    - environment `prod`: days for a leaver's values: 1
    + environment `prod`: days for a leaver's values: 2
    An admin who signs without reading grants what was asked.
    ");
    assert!(repo.read(POLICY).contains("leaver = \"2d\""));
    repo.run("check").done();
    assert_eq!(repo.run("policy sign -y").code, 2);
}

#[test]
fn who_comes_under_a_threshold_reads_once_it_is_in_force() {
    let (repo, ben) = of_two();
    let cleo = repo.folder().join("cleo").display().to_string();
    let keygen = skip!("ssh-keygen");
    repo.command(keygen).args(&["-q", "-t", "ed25519", "-N", "", "-f", &cleo]).run().done();
    let line = format!("member add cleo --role developer --ssh-key {cleo}.pub -y");
    let added = repo.run(&line).done();
    assert!(added.stdout.contains("cleo would be a member"), "{added}");
    assert!(added.stdout.contains("wants 1 more of ben"), "{added}");
    repo.run("check").done();
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    assert_eq!(repo.tenure(&["-i", &cleo, "get", "dev/DATABASE_URL"]).code, 4);
    let signed = sign_as(&repo, &ben, &[]).done();
    assert!(signed.stdout.contains("new keyring for dev"), "{signed}");
    repo.run("check").done();
    let got = repo.tenure(&["-i", &cleo, "get", "dev/DATABASE_URL"]).done();
    assert_eq!(got.stdout, "postgres://dev");
}

#[test]
fn who_leaves_under_a_threshold_is_vouched_for_by_the_second_admin() {
    let (repo, ben) = of_two();
    let cleo = repo.folder().join("cleo").display().to_string();
    let keygen = skip!("ssh-keygen");
    repo.command(keygen).args(&["-q", "-t", "ed25519", "-N", "", "-f", &cleo]).run().done();
    repo.run(&format!("member add cleo --role developer --ssh-key {cleo}.pub -y")).done();
    sign_as(&repo, &ben, &[]).done();
    repo.tenure_fed(&["-i", &cleo, "set", "dev/DATABASE_URL"], "sk_cleo").done();
    let removed = repo.run("member remove cleo -y").done();
    assert!(removed.stdout.contains("--vouch"), "{removed}");
    assert!(!removed.stdout.contains("must rotate"), "{removed}");
    repo.run("check").done();
    sign_as(&repo, &ben, &["--vouch"]).done();
    repo.run("check").done();
    assert_eq!(repo.run("get dev/DATABASE_URL").done().stdout, "sk_cleo");
}

#[test]
fn of_two_that_wait_the_overtaken_one_is_stale() {
    let (repo, ben) = of_two();
    let mut ids = Vec::new();
    for days in ["2d", "3d"] {
        edit(&repo, "leaver = \"1d\" ", &format!("leaver = \"{days}\" "));
        let signed = repo.run("policy sign -y --json").done().json();
        ids.push(signed["signed"]["policy_entry"].as_str().unwrap().to_owned());
    }
    let which = sign_as(&repo, &ben, &[]);
    assert_eq!(which.code, 2, "{which}");
    assert!(which.stderr.contains("2 policies wait"), "{which}");
    sign_as(&repo, &ben, &[&ids[1]]).done();
    assert!(repo.read(POLICY).contains("leaver = \"3d\""));
    let stale = sign_as(&repo, &ben, &[&ids[0]]);
    assert_eq!(stale.code, 2, "{stale}");
    assert!(stale.stderr.contains("no longer in force"), "{stale}");
    let twice = sign_as(&repo, &ben, &[&ids[1]]);
    assert_eq!(twice.code, 2, "{twice}");
    assert!(twice.stderr.contains("in force already"), "{twice}");
    assert!(repo.run("policy show").done().stdout.contains("stale"), "shown as such");
    repo.run("check").done();
}

#[test]
fn edits_are_compared_with_the_policy_in_force_and_nothing_is_signed() {
    let repo = started();
    add(&repo, "ben", "developer");
    let entries = || crate::support::below(&repo.path().join(".secrets")).len();
    let before = entries();
    edit(&repo, "readers = [\"admin\"]", "readers = [\"admin\", \"developer\"]");
    snapshot!(repo.run("policy diff"), @"
    exit 0
    --- stdout
    from policy 2 of entry [id], signed by ana
    to   .secrets-policy.toml, as it lies here, signed by nobody
    + environment `prod`: read by `ben`
    + environment `prod`: read by role `developer`
    ben will read 1 value in prod
      ben reads with SHA256:[fingerprint]
    ");
    let json = repo.run("policy diff --json").done().json();
    let readers = &json["compared"][0]["effect"]["readers"][0];
    assert_eq!((&readers["environment"], &readers["values"]), (&"prod".into(), &1.into()));
    assert!(readers["keys"]["ben"][0].as_str().unwrap().starts_with("SHA256:"), "{readers}");
    assert_eq!(entries(), before);
}

#[test]
fn what_waits_is_compared_with_what_it_follows() {
    let (repo, _) = of_two();
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    repo.run("policy sign -y").done();
    snapshot!(repo.run("policy diff"), @"
    exit 0
    --- stdout
    from policy 3 of entry [id], signed by ana
    to   policy 4 of entry [id], signed by ana
    - environment `prod`: days for a leaver's values: 1
    + environment `prod`: days for a leaver's values: 2
    ");
    let two = repo.run("policy diff HEAD HEAD").done();
    assert!(two.stdout.contains("nothing but the text"), "{two}");
    assert_eq!(repo.run("policy diff no-such-thing").code, 6);
}

#[test]
fn an_approval_loses_no_edits() {
    let (repo, ben) = of_two();
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    let signed = repo.run("policy sign -y --json").done().json();
    let id = signed["signed"]["policy_entry"].as_str().unwrap().to_owned();
    edit(&repo, "leaver = \"1d\" ", "leaver = \"4d\" ");
    let refused = sign_as(&repo, &ben, &[&id]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(repo.read(POLICY).contains("leaver = \"4d\""));
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
    let shown = repo.run("policy show").to_string();
    let revision = shown.find("revision 1-").unwrap() + "revision 1-".len();
    snapshot!(shown.replace(&shown[revision..revision + 8], "[id]"), @"
    exit 3
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
    warning: .secrets-policy.toml:34: the threshold is 9, and 1 admin can sign; tenure policy lint
    ");
    let json = repo.run("policy show --json").json();
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
