//! `tenure join`: a request that grants nothing.

use std::fs;

use crate::support::{Outcome, Repo, Team, snapshot, stock};

/// Ana's repository, and a clone of ben's that trusts nothing yet.
pub(crate) fn asked_for() -> (Team, Repo, Repo) {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init").done();
    ana.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev").done();
    push(&ana, "start");
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    (team, ana, ben)
}

pub(crate) fn push(who: &Repo, message: &str) {
    who.commit(message);
    who.git(&["push", "--quiet", "origin", "HEAD"]).done();
}

pub(crate) fn root(of: &Repo) -> String {
    of.run("trust show --json").done().json()["pinned"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_is_written_signed_and_says_what_comes_next() {
    let (_team, ana, ben) = asked_for();
    let asked = ben.run("join --role developer");
    snapshot!(asked, @r#"
    exit 0
    --- stdout
    using ~/.ssh/id_ed25519 (SHA256:[fingerprint]). Wrote .secrets/requests/ben.toml; it grants nothing yet.
    next  git switch -c join-ben && git add -A && git commit -m "join: ben" && git push -u origin HEAD
    --- stderr
    warning: this clone trusts no root yet. The request names the log that starts at [id]: compare that with a colleague on another channel
    "#);
    assert!(asked.stderr.contains(&root(&ana)), "the whole root is named: {}", asked.stderr);
    let request = ben.read(".secrets/requests/ben.toml");
    for line in ["v = 1", "kind = \"join\"", "name = \"ben\"", "roles = [\"developer\"]"] {
        assert!(request.lines().any(|found| found == line), "{line}: {request}");
    }
    assert!(request.contains(&format!("root = \"{}\"", root(&ana))));
    assert!(!ben.path().join(".git/tenure/pin").exists(), "asking trusts nothing");
}

#[test]
fn stock_ssh_keygen_verifies_a_request() {
    let (_team, _ana, ben) = asked_for();
    ben.run("join --role developer").done();
    let request = ben.read(".secrets/requests/ben.toml");
    let at = request.find("-----BEGIN SSH").unwrap();
    let public = fs::read_to_string(ben.home().join(".ssh/id_ed25519.pub")).unwrap();
    fs::write(ben.home().join("signers"), format!("ben {public}")).unwrap();
    fs::write(ben.home().join("sig"), &request[at..]).unwrap();
    let verify = |namespace: &str| {
        let keygen = ben.command(stock("ssh-keygen").unwrap());
        let keygen = keygen.args(&["-Y", "verify", "-I", "ben", "-n", namespace, "-f"]);
        let keygen = keygen.arg(ben.home().join("signers")).arg("-s").arg(ben.home().join("sig"));
        keygen.feed(&request[..at]).code
    };
    assert_eq!(verify("request@tenure"), 0);
    assert_ne!(verify("log@tenure"), 0);
}

#[test]
fn a_request_grants_nothing() {
    let (_team, ana, ben) = asked_for();
    ben.run("join --role admin").done();
    push(&ben, "join: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    ana.tenure_fed(&["set", "dev/MAIL_KEY"], "m").done();
    push(&ana, "mail");
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let root = root(&ana);
    assert_eq!(ben.tenure(&["--root", &root, "get", "dev/MAIL_KEY"]).code, 4);
    assert_eq!(ben.tenure_fed(&["--root", &root, "set", "dev/X"], "x").code, 4);
}

#[test]
fn check_notes_who_waits_and_goes_on() {
    let (_team, ana, ben) = asked_for();
    ben.run("join --role developer").done();
    push(&ben, "join: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    snapshot!(ana.run("check"), @"
    exit 0
    --- stdout
    request  .secrets/requests/ben.toml  `ben` asks for developer; nothing is granted
      fix  tenure member approve ben
    ok  1 value in 2 environments, readers as the policy says, 3 of 3 entries verified
    ");
}

#[test]
fn check_says_which_request_cannot_be_approved_and_goes_on() {
    let (_team, ana, _ben) = asked_for();
    ana.write(".secrets/requests/mallory.toml", "v = 1\n");
    ana.write(".secrets/requests/not a name.toml", "v = 1\n");
    ana.write(".secrets/requests/deep/er.toml", "v = 1\n");
    ana.write(".secrets/requests/big.toml", "x".repeat(70_000));
    std::os::unix::fs::symlink("/etc/hostname", ana.path().join(".secrets/requests/link.toml"))
        .unwrap();
    let checked = ana.run("--json check");
    assert_eq!(checked.code, 0, "{checked}");
    let findings = checked.json()["findings"].as_array().unwrap().clone();
    assert_eq!(findings.len(), 5, "{checked}");
    assert!(findings.iter().all(|f| f["code"] == "request" && f["severity"] == "note"));
    fs::remove_dir_all(ana.path().join(".secrets/requests")).unwrap();
    std::os::unix::fs::symlink("/etc", ana.path().join(".secrets/requests")).unwrap();
    assert_eq!(ana.run("check").code, 0);
}

#[test]
fn roles_are_those_of_the_policy() {
    let (_team, _ana, ben) = asked_for();
    snapshot!(ben.run("join --role develper"), @"
    exit 6
    --- stderr
    error: there is no role `develper`
    hint: did you mean `developer`?
    ");
    snapshot!(ben.run("join"), @"
    exit 2
    --- stderr
    error: no role is named
    hint: --role: admin, developer
    ");
    assert!(!ben.path().join(".secrets/requests").exists());
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let (_team, _ana, ben) = asked_for();
    let refused = ben.run("join --role developer --name ana");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("there is a member `ana` already"), "{refused}");
}

#[test]
fn a_key_that_is_another_members_is_refused() {
    let (_team, ana, _ben) = asked_for();
    let refused = ana.run("join --role developer --name double");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("is `ana`'s already"), "{refused}");
}

#[test]
fn asking_again_replaces_ones_own_request_and_nobody_elses() {
    let (_team, ana, ben) = asked_for();
    ben.run("join --role developer").done();
    ben.run("join --role admin").done();
    assert!(ben.read(".secrets/requests/ben.toml").contains("roles = [\"admin\"]"));
    let other = ana.home().join("other");
    let args = ["-q", "-t", "ed25519", "-N", "", "-f"];
    ben.command(stock("ssh-keygen").unwrap()).args(&args).arg(&other).run().done();
    let (key, public) = (other.display().to_string(), other.with_extension("pub"));
    let public = public.display().to_string();
    let refused = ben.tenure(&["-i", &key, "join", "--role", "developer", "--ssh-key", &public]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("somebody else's request"), "{refused}");
    assert!(ben.read(".secrets/requests/ben.toml").contains("roles = [\"admin\"]"));
}

#[test]
fn a_dry_run_writes_no_request() {
    let (_team, _ana, ben) = asked_for();
    ben.run("-n join --role developer").done();
    assert!(!ben.path().join(".secrets/requests").exists());
}

#[test]
fn a_clone_with_another_pin_asks_for_nothing() {
    let (_team, _ana, ben) = asked_for();
    fs::create_dir_all(ben.path().join(".git/tenure")).unwrap();
    ben.write(".git/tenure/pin", format!("root {}\n", "1".repeat(64)));
    let refused = ben.run("join --role developer");
    assert_eq!(refused.code, 5, "{refused}");
    assert!(!ben.path().join(".secrets/requests").exists());
}

#[test]
fn a_key_that_only_signs_asks_together_with_one_that_reads() {
    let (_team, ana, ben) = asked_for();
    let file = ben.home().join(".ssh/id_ecdsa");
    let args = ["-q", "-t", "ecdsa", "-N", "", "-f"];
    ben.command(stock("ssh-keygen").unwrap()).args(&args).arg(&file).run().done();
    let public = file.with_extension("pub").display().to_string();
    let join = |more: &[&str]| -> Outcome {
        ben.tenure(&[&["join", "--role", "developer", "--ssh-key", &public], more].concat())
    };
    let refused = join(&[]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("--recipient age1"), "{refused}");
    let age = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    join(&["--recipient", age]).done();
    push(&ben, "join: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    ana.run("member approve ben -y").done();
    assert!(ana.read(".secrets-policy.toml").contains("ecdsa-sha2-nistp256"));
}
