//! `tenure member approve`: what it grants, and what it refuses.

use super::join::{asked_for, push};
use super::member::{add, new_key, started};
use crate::support::{NOW, Outcome, Repo, Team, skip, snapshot};

/// Ana's clone, with ben's request in it.
fn waiting() -> (Team, Repo, Repo) {
    let (team, ana, ben) = asked_for();
    ben.run("join --role developer").done();
    push(&ben, "join: ben");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    (team, ana, ben)
}

#[test]
fn approving_shows_what_it_grants_and_takes_the_request_away() {
    let (_team, ana, _ben) = waiting();
    snapshot!(ana.run("member approve ben -y"), @"
    exit 0
    --- stdout
    ben is a member: developer
    new keyring for dev; no value changed
    policy 2 in force. Entry [id], signed by ana.
    next  git add -A && git commit
    --- stderr
    ben asks for developer: 1 value in dev, 0 in prod
    key   SHA256:[fingerprint]    compare it with ben on another channel
    asked on [time], as the request claims
    + environment `dev`: read by `ben`
    + environment `dev`: written by `ben`
    + member `ben`: is a person
    + member `ben`: reads with SHA256:[fingerprint]
    + member `ben`: signs with SHA256:[fingerprint]
    + role `developer`: has `ben`
    ben will read 1 value in dev
      ben reads with SHA256:[fingerprint]
    An admin who signs without reading grants what was asked.
    ");
    assert!(!ana.path().join(".secrets/requests/ben.toml").exists());
    assert!(ana.read(".secrets-policy.toml").contains("[members.ben]"));
    let checked = ana.run("check").done();
    assert!(!checked.stdout.contains("request"), "{checked}");
}

#[test]
fn approving_says_as_json_what_was_granted() {
    let (_team, ana, _ben) = waiting();
    let said = ana.run("--json member approve ben -y").done().json();
    assert_eq!((&said["member"], &said["roles"][0]), (&"ben".into(), &"developer".into()));
    assert_eq!(said["reads"][0], serde_json::json!({ "environment": "dev", "values": 1 }));
}

#[test]
fn without_consent_nothing_is_granted() {
    let (_team, ana, _ben) = waiting();
    let before = ana.read(".secrets-policy.toml");
    let refused = ana.run("member approve ben");
    assert_eq!(refused.code, 2, "{refused}");
    assert_eq!(ana.read(".secrets-policy.toml"), before);
    assert!(ana.path().join(".secrets/requests/ben.toml").exists());
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let script = skip!("script");
    let (_team, ana, _ben) = waiting();
    let line = format!("{} --now {NOW} member approve ben", env!("CARGO_BIN_EXE_tenure"));
    let asked = |answer: &str| {
        let command = ana.command(&script).args(&["-qec", &line, "/dev/null"]);
        command.env("TERM", "dumb").feed(answer)
    };
    let refused = asked("n\n");
    assert!(refused.stdout.contains("ben on another channel? approve? [y/N]"), "{refused}");
    assert_eq!(refused.code, 7, "{refused}");
    assert!(ana.path().join(".secrets/requests/ben.toml").exists());
    assert_eq!(asked("y\n").code, 0);
    assert!(!ana.path().join(".secrets/requests/ben.toml").exists());
}

#[test]
fn an_admin_grants_another_role_only_by_saying_so() {
    let (_team, ana, _ben) = waiting();
    let approved = ana.run("member approve ben --role admin -y").done();
    assert!(approved.stderr.contains("ben did not ask for admin"), "{approved}");
    assert!(approved.stderr.contains("+ policy: signed by `ben`"), "{approved}");
    let policy = ana.read(".secrets-policy.toml");
    assert!(policy.contains("admin = [\"ana\", \"ben\"]"), "{policy}");
    assert!(policy.contains("developer = [\"ana\"]"), "{policy}");
}

#[test]
fn only_admins_approve() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    let (public, cleo) = new_key(&repo, "cleo");
    let join = ["join", "--role", "developer", "--name", "cleo", "--ssh-key", &public];
    repo.tenure(&[&["-i", &cleo], &join[..]].concat()).done();
    let before = repo.read(".secrets-policy.toml");
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    for key in [&ben, &cleo] {
        let refused = repo.tenure(&["-i", key, "member", "approve", "cleo", "-y"]);
        assert_eq!(refused.code, if key == &ben { 2 } else { 4 }, "{refused}");
        assert_eq!(repo.read(".secrets-policy.toml"), before);
    }
}

#[test]
fn where_no_request_waits_the_branch_is_named() {
    let (_team, ana, _ben) = waiting();
    snapshot!(ana.run("member approve cleo -y"), @"
    exit 6
    --- stderr
    error: no request of `cleo` waits here
    hint: there are requests of ben
    ");
    std::fs::remove_file(ana.path().join(".secrets/requests/ben.toml")).unwrap();
    let refused = ana.run("member approve cleo -y");
    assert!(refused.stderr.contains("hint: it may be on a branch: git switch join-cleo"));
}

#[test]
fn where_two_admins_must_sign_approving_puts_it_forward() {
    let (_team, ana, _ben) = waiting();
    let cleo = add(&ana, "cleo", "admin");
    let policy = ana.read(".secrets-policy.toml");
    ana.write(".secrets-policy.toml", policy.replace("threshold = 1", "threshold = 2"));
    ana.run("policy sign -y").done();
    let before = ana.read(".secrets-policy.toml");
    let approved = ana.run("member approve ben -y").done();
    assert!(approved.stdout.contains("ben would be a member: developer"), "{approved}");
    assert_eq!(ana.read(".secrets-policy.toml"), before);
    std::fs::remove_dir_all(ana.home().join(".ssh")).unwrap();
    ana.tenure(&["-i", &cleo, "policy", "sign", "-y"]).done();
    assert!(ana.read(".secrets-policy.toml").contains("[members.ben]"));
    assert!(!ana.path().join(".secrets/requests/ben.toml").exists());
}

/// Changes the request by hand, and gives what approving it says.
fn bent(edit: impl Fn(&str) -> String) -> Outcome {
    let (_team, ana, _ben) = waiting();
    let (path, before) = (".secrets/requests/ben.toml", ana.read(".secrets-policy.toml"));
    let text = ana.read(path);
    let new = edit(&text);
    assert_ne!(new, text);
    ana.write(path, new);
    let refused = ana.run("member approve ben -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert_eq!(ana.read(".secrets-policy.toml"), before);
    assert!(ana.path().join(path).exists());
    assert_eq!(ana.run("check").code, 0);
    refused
}

#[test]
fn a_request_that_was_changed_is_refused() {
    let said = |edit: &dyn Fn(&str) -> String| bent(edit).stderr;
    let other = said(&|text| text.replacen("[\"developer\"]", "[\"admin\"]", 1));
    assert!(other.contains("does not belong to these bytes"), "{other}");
    let unknown = said(&|text| text.replacen("name = ", "admin = true\nname = ", 1));
    assert!(unknown.contains("line 6 should be `name`"), "{unknown}");
    let more = said(&|text| format!("{text}more\n"));
    assert!(more.contains("has no last line, or something follows it"), "{more}");
    let cut = said(&|text| text[..text.find("-----BEGIN").unwrap()].to_owned());
    assert!(cut.contains("the signature is missing"), "{cut}");
}

#[test]
fn a_request_for_another_log_is_refused() {
    let (_team, ana, _ben) = waiting();
    let (_other_team, _eve, other) = waiting();
    let request = other.read(".secrets/requests/ben.toml");
    ana.write(".secrets/requests/ben.toml", request);
    let refused = ana.run("member approve ben -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("is for another log"), "{refused}");
}

#[test]
fn a_request_that_is_a_link_is_refused() {
    let (_team, ana, _ben) = waiting();
    let path = ana.path().join(".secrets/requests/ben.toml");
    let away = ana.home().join("request");
    std::fs::rename(&path, &away).unwrap();
    std::os::unix::fs::symlink(&away, &path).unwrap();
    let refused = ana.run("member approve ben -y");
    assert_eq!(refused.code, 3, "{refused}");
    assert!(!ana.read(".secrets-policy.toml").contains("members.ben"));
}

#[test]
fn the_old_request_of_one_who_left_brings_nobody_back() {
    let (_team, ana, ben) = waiting();
    let request = ana.read(".secrets/requests/ben.toml");
    ana.run("member approve ben -y").done();
    let ana = ana.at("2026-01-02");
    ana.run("member remove ben -y").done();
    ana.write(".secrets/requests/ben.toml", request);
    let refused = ana.run("member approve ben -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("was taken away on"), "{refused}");
    push(&ana, "left");
    let ben = ben.at("2026-01-03");
    ben.git(&["reset", "--quiet", "--hard"]).done();
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    ben.run("join --role developer").done();
    push(&ben, "again");
    let ana = ana.at("2026-01-03");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    ana.run("member approve ben -y").done();
    ana.run("check").done();
}
