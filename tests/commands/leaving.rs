//! `tenure member remove` of somebody who answers for machines; `tenure member owner`.

use super::member::{add, started};
use crate::support::{Outcome, Repo, snapshot};

/// As [`started`], with ben who answers for a machine that reads prod.
fn with_a_machine() -> Repo {
    let repo = started();
    add(&repo, "ben", "developer");
    let line = "member add ci --role deploy --create-role --kind machine --owner ben --generate -y";
    repo.run(line).done();
    let policy = repo.read(".secrets-policy.toml");
    let policy = policy.replace("readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]");
    repo.write(".secrets-policy.toml", policy);
    repo.run("policy sign -y").done();
    repo
}

/// What was said on stdout, without what is random.
pub(crate) fn blanked(outcome: &Outcome) -> String {
    let shown = outcome.to_string();
    let (_, stdout) = shown.split_once("--- stdout\n").unwrap();
    stdout.split("--- stderr\n").next().unwrap().to_owned()
}

/// Who answers for a member, by the policy.
fn owner_of(repo: &Repo, name: &str) -> serde_json::Value {
    let list = repo.run("member list --json").done().json();
    let members = list["members"].as_array().unwrap().clone();
    members
        .into_iter()
        .find(|it| it["name"] == name)
        .map_or("gone".into(), |it| it["owner"].clone())
}

#[test]
fn what_a_leaver_answered_for_is_listed_with_what_mends_it() {
    let repo = with_a_machine();
    let removed = repo.run("member remove ben -y").done();
    snapshot!(blanked(&removed), @"
    new keyring for dev; no value changed
    policy 5 in force. Entry [id], signed by ana.
    reader ben: nothing new is sealed to their keys
    credentials: 1 value must be rotated or ended: what ben read works until then
    1 value in dev must rotate by 2026-01-08: DATABASE_URL
    identity ci: a machine that reads prod; nobody answers for it now
    next  git add -A && git commit
    next  tenure rotate --due -e dev
    next  tenure member owner ci NAME, or: tenure member remove ci
    next  tenure member replace-key ci --generate, since ben may hold its key
    ");
    assert_eq!(owner_of(&repo, "ci"), serde_json::Value::Null);
    repo.run("member owner ci ana -y").done();
    assert_eq!(owner_of(&repo, "ci"), "ana");
    repo.run("check").done();
}

#[test]
fn another_answers_for_the_machines_from_the_same_signature_on() {
    let repo = with_a_machine();
    let removed = repo.run("member remove ben --new-owner ana -y").done();
    assert!(
        removed.stdout.contains("a machine that reads prod; ana answers for it now"),
        "{removed}"
    );
    assert!(
        removed.stdout.contains("next  tenure member replace-key ci --generate, since ben may"),
        "{removed}"
    );
    assert_eq!(owner_of(&repo, "ci"), "ana");
}

#[test]
fn machines_that_leave_with_their_owner_leave_duties_too() {
    let repo = with_a_machine();
    let removed = repo.run("member remove ben --with-machines -y --json").done().json();
    assert_eq!(removed["identities_removed"], true);
    let read: Vec<_> = removed["could_read"].as_array().unwrap().iter().collect();
    assert_eq!(read.len(), 2, "{removed}");
    assert_eq!((&read[1]["environment"], &read[1]["due"]), (&"prod".into(), &"2026-01-02".into()));
    assert_eq!(owner_of(&repo, "ci"), "gone");
    let checked = repo.run("check").done();
    assert!(checked.stdout.contains("due  1 value by 2026-01-02 (ci left)"), "{checked}");
}

#[test]
fn a_machine_is_given_to_a_person_of_the_policy_only() {
    let repo = with_a_machine();
    let before = repo.read(".secrets-policy.toml");
    for (line, code) in [
        ("member remove ben --new-owner nobody -y", 6),
        ("member remove ben --new-owner ben -y", 2),
        ("member owner ci ci -y", 3),
        ("member owner ci ben -y", 2),
        ("member owner cl ben -y", 6),
    ] {
        let refused = repo.run(line);
        assert_eq!(refused.code, code, "{line}: {refused}");
        // What would break the policy is none of its faults.
        assert!(!refused.stderr.contains("policy lint"), "{line}: {refused}");
        assert_eq!(repo.read(".secrets-policy.toml"), before, "{line}");
    }
}

#[test]
fn a_dry_run_says_what_it_would_mean_and_writes_nothing() {
    let repo = with_a_machine();
    let before = repo.read(".secrets-policy.toml");
    let shown = repo.run("-n member remove ben").done();
    assert!(shown.stdout.contains("1 value in dev must rotate by 2026-01-08"), "{shown}");
    assert!(shown.stdout.contains("identity ci: a machine that reads prod"), "{shown}");
    assert!(shown.stdout.contains("new keyring for dev"), "{shown}");
    let sentence = "What was read stays read: removing a reader takes back no value, and old \
                    versions stay in the history.";
    assert!(shown.stderr.contains(sentence), "{shown}");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
}

#[test]
fn where_too_few_admins_would_be_left_an_incident_is_what_one_of_them_can_open() {
    let (repo, _, _) = super::incident::ground();
    let policy = repo.read(".secrets-policy.toml").replace("threshold = 1 ", "threshold = 2 ");
    repo.write(".secrets-policy.toml", &policy);
    repo.run("policy sign -y").done();
    let policy = repo.read(".secrets-policy.toml");
    let refused = repo.run("member remove ben --hostile -y --reason seized");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    let why = "2 admins must sign a policy, and without `ben` 1 would be left";
    assert!(refused.stderr.contains(why), "{refused}");
    let way =
        "tenure incident open --member ben --reason TEXT makes all that they could read due today";
    assert!(refused.stderr.contains(way), "{refused}");
    assert_eq!(repo.read(".secrets-policy.toml"), policy);
    repo.run("check").done();
    repo.run("incident open --member ben --reason seized").done();
    let checked = repo.run("check --json");
    assert_eq!(checked.code, 1, "{checked}");
    let owed = checked.json()["obligations"].as_array().unwrap().clone();
    assert_eq!(owed.len(), 1, "{checked}");
    assert!(owed.iter().all(|it| it["due"] == "2026-01-01"), "{checked}");
    let friendly = repo.run("member remove ben -y");
    assert!(friendly.stderr.contains("tenure member add NAME --role ROLE"), "{friendly}");
    // Somebody who signs no policy can go.
    repo.run("member remove cleo --hostile -y").done();
}

#[test]
fn what_stands_no_more_and_was_never_ended_is_counted_with_what_a_leaver_read() {
    let (repo, _, _) = super::incident::ground();
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3\n").done();
    let shown = repo.run("-n member remove ben --json").done().json();
    let prod = &shown["could_read"][0];
    assert_eq!((&prod["environment"], &prod["replaced_to_end"]), (&"prod".into(), &1.into()));
    let removed = repo.run("member remove ben -y").done();
    assert!(
        removed.stdout.contains("credentials: 2 values must be rotated or ended: what ben"),
        "{removed}"
    );
    let line = "1 value in prod that others replaced: the end must be recorded by 2026-01-02: \
                tenure rotate SECRET --finish\n";
    assert!(removed.stdout.contains(line), "{removed}");
    let line = "1 value in prod must rotate by 2026-01-02: STRIPE_KEY\n  \
                of 1 of them the end must be recorded, too: tenure rotate SECRET --finish\n";
    assert!(removed.stdout.contains(line), "{removed}");
    let owed = repo.run("check --json").json()["obligations"].as_array().unwrap().clone();
    assert_eq!(owed.iter().filter(|it| it["owed"] == "end").count(), 1, "{owed:?}");
    assert_eq!(owed.len(), 2, "{owed:?}");
}
