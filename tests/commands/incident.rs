//! `tenure incident`: opened, looked at, borne, closed.

use super::leaving::blanked;
use super::member::{add, started};
use crate::support::{Outcome, Repo, snapshot};

const READS: &str = "Reads are not recorded: whoever holds a reader's key can open values offline and leave \
                     no trace. No entry never means not read.";
const READ: &str = "What was read stays read: removing a reader takes back no value, and old versions stay \
                    in the history.";

/// As [`started`], with types that ask for an end, ben who is an admin too, and cleo who is a developer.
pub(crate) fn ground() -> (Repo, String, String) {
    let repo = started();
    let policy = repo.read(".secrets-policy.toml");
    let asks = "[types.api-key]\nrevoke = \"the issuer's page\"\n";
    let rules = "\n[[secrets]]\nmatch = \"*/STRIPE_KEY\"\ntype = \"api-key\"\nvendor = \"stripe\"\n\n\
                 [links]\nincident-response = \"docs/incident.md\"\n";
    let policy = policy.replace("[types.api-key]\n", asks) + rules;
    repo.write(".secrets-policy.toml", policy);
    repo.run("policy sign -y").done();
    repo.tenure_fed(&["set", "prod/STRIPE_KEY"], "sk_prod_2\n").done();
    let ben = add(&repo, "ben", "admin");
    let cleo = add(&repo, "cleo", "developer");
    (repo, ben, cleo)
}

/// Opens an incident, and gives its id.
pub(crate) fn open(repo: &Repo, args: &[&str]) -> String {
    let all = [&["--json", "incident", "open", "--reason", "seen in a paste"], args].concat();
    let opened = repo.tenure(&all).done().json();
    opened["incident"]["id"].as_str().unwrap().to_owned()
}

/// Runs tenure as somebody else, whose key lies in a file.
pub(crate) fn by(repo: &Repo, key: &str, args: &[&str]) -> Outcome {
    let (own, away) = (repo.home().join(".ssh"), repo.home().join("away"));
    std::fs::rename(&own, &away).unwrap();
    let outcome = repo.tenure(&[&["-i", key], args].concat());
    std::fs::rename(&away, &own).unwrap();
    outcome
}

pub(crate) fn status(repo: &Repo, id: &str) -> serde_json::Value {
    repo.run(&format!("incident status {id} --json")).done().json()["incidents"][0].clone()
}

/// What was said on stdout, with the id of the only incident blanked.
fn told(repo: &Repo, outcome: &Outcome) -> String {
    let all = repo.run("incident status --json").done().json();
    let id = all["incidents"][0]["id"].as_str().unwrap()[..6].to_owned();
    blanked(outcome).replace(&id, "[incident]")
}

fn names(incident: &serde_json::Value) -> Vec<&str> {
    let values = incident["values"].as_array().unwrap().iter();
    values.map(|it| it["name"].as_str().unwrap()).collect()
}

#[test]
fn opening_names_what_was_exposed_the_runbook_and_what_to_do() {
    let (repo, _, _) = ground();
    let args = ["incident", "open", "--member", "cleo", "--reason", "laptop stolen"];
    let opened = repo.tenure(&args).done();
    snapshot!(told(&repo, &opened), @"
    incident [incident]  open  member:cleo
    opened     [time] by ana: laptop stolen
    exposed    1 value, those of the shortest clock first
      dev/DATABASE_URL  since 2026-01-01
    runbook    docs/incident.md
    next  tenure member remove cleo, so that cleo reads nothing new
    next  tenure rotate --due
    next  tenure incident status [incident]
    next  git add -A && git commit
    ");
}

#[test]
fn an_incident_is_about_a_secret_a_member_a_key_a_vendor_or_an_environment() {
    let (repo, _, cleo) = ground();
    let public = std::fs::read_to_string(format!("{cleo}.pub")).unwrap();
    let key = public.rsplit_once(' ').unwrap().0;
    for (args, exposed) in [
        (vec!["--secret", "prod/STRIPE_KEY"], vec!["prod/STRIPE_KEY"]),
        (vec!["--member", "cleo"], vec!["dev/DATABASE_URL"]),
        (vec!["--recipient", key], vec!["dev/DATABASE_URL"]),
        (vec!["--vendor", "stripe"], vec!["prod/STRIPE_KEY"]),
        (vec!["--env", "dev"], vec!["dev/DATABASE_URL"]),
    ] {
        let id = open(&repo, &args);
        let incident = status(&repo, &id);
        assert_eq!(names(&incident), exposed, "{args:?}");
    }
    let all = repo.run("incident status --json").done().json();
    assert_eq!(all["incidents"].as_array().unwrap().len(), 5);
}

#[test]
fn what_is_about_nothing_known_is_refused() {
    let (repo, _, _) = ground();
    for (line, code) in [
        ("incident open --member clio --reason x", 6),
        ("incident open --vendor nobody --reason x", 2),
        ("incident open --env nowhere --reason x", 6),
        ("incident open --secret prod/NOTHING --reason x", 6),
        ("incident open --reason x", 2),
        ("incident open --member cleo -e dev --reason x", 2),
        ("incident open --member cleo --secret prod/STRIPE_KEY --reason x", 2),
        ("incident open --member cleo", 2),
        ("incident status 00000000", 6),
    ] {
        let refused = repo.run(line);
        assert_eq!(refused.code, code, "{line}: {refused}");
    }
    let id = repo.run("log list --json").done().json()["entries"][0]["id"].clone();
    let refused = repo.run(&format!("incident status {}", id.as_str().unwrap()));
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("opened no incident"), "{refused}");
}

#[test]
fn anybody_who_signs_may_raise_an_alarm_and_a_dry_run_raises_none() {
    let (repo, _, cleo) = ground();
    let args = ["incident", "open", "--env", "prod", "--reason", "seen"];
    let shown = by(&repo, &cleo, &[&["-n"], &args[..]].concat()).done();
    assert!(shown.stdout.contains("prod/STRIPE_KEY"), "{shown}");
    assert_eq!(repo.run("incident status").done().stdout, "no incident on record\n");
    by(&repo, &cleo, &args).done();
    let glance = repo.run("incident status").done();
    assert!(glance.stdout.contains("contained  env:prod"), "{glance}");
    // Who may not read it can still see how it stands.
    assert_eq!(by(&repo, &cleo, &["get", "prod/STRIPE_KEY"]).code, 4);
    by(&repo, &cleo, &["incident", "status"]).done();
}

#[test]
fn one_who_left_can_still_be_what_an_incident_is_about() {
    let (repo, _, _) = ground();
    repo.run("member remove cleo -y").done();
    let id = open(&repo.at("2026-01-02"), &["--member", "cleo"]);
    assert!(!id.is_empty());
}

#[test]
fn an_acceptance_wants_an_admin_who_did_not_sign_the_cause() {
    let (repo, ben, cleo) = ground();
    let id = open(&repo, &["--env", "dev"]);
    let accept = |key: Option<&str>, until: &str| {
        let args = [
            "incident",
            "accept",
            &id[..8],
            "dev/DATABASE_URL",
            "--reason",
            "a toy",
            "--until",
            until,
        ];
        match key {
            None => repo.tenure(&args),
            Some(key) => by(&repo, key, &args),
        }
    };
    assert_eq!(accept(None, "2025-12-31").code, 2);
    assert_eq!(accept(Some(&cleo), "2026-02-01").code, 2);
    // Ana opened it.
    let first = accept(None, "2026-03-01").done();
    assert!(first.stdout.contains("not borne yet"), "{first}");
    assert!(first.stdout.contains("one who did not sign the cause: ben"), "{first}");
    assert_eq!(status(&repo, &id)["left"], 1);
    let second = accept(Some(&ben), "2026-02-01").done();
    assert!(second.stdout.contains("dev/DATABASE_URL borne until 2026-02-01"), "{second}");
    assert_eq!(status(&repo, &id)["left"], 0);
    let later = repo.at("2026-02-02");
    assert_eq!(status(&later, &id)["left"], 1, "its day is over");
}

#[test]
fn a_value_that_was_not_exposed_is_not_borne() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    let line = format!("incident accept {id} prod/STRIPE_KEY --reason x --until 2026-02-01");
    let refused = repo.run(&line);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("is no value that entry"), "{refused}");
}

#[test]
fn closing_early_is_refused_and_writes_nothing() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--member", "cleo"]);
    let refused = repo.run(&format!("incident close {id} -o review.md"));
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("`member:cleo` still reads dev"), "{refused}");
    repo.run("member remove cleo -y").done();
    let refused = repo.run(&format!("incident close {id} -o review.md"));
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("1 of 1 value left, dev/DATABASE_URL first"), "{refused}");
    assert!(!repo.path().join("review.md").exists());
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://new").done();
    for place in ["secrets/dev.env", ".secrets/log/x", ".secrets-policy.toml"] {
        let before = std::fs::read(repo.path().join(place)).ok();
        let refused = repo.run(&format!("incident close {id} -o {place}"));
        assert_eq!(refused.code, 2, "{refused}");
        assert_eq!(std::fs::read(repo.path().join(place)).ok(), before);
    }
    assert_eq!(status(&repo, &id)["over"].as_array().unwrap().len(), 0);
}

#[test]
fn a_hostile_leaver_makes_all_due_today() {
    let (repo, _, _) = ground();
    let removed =
        repo.tenure(&["member", "remove", "cleo", "--hostile", "--reason", "seized", "-y"]);
    assert!(removed.stderr.contains(READ), "{removed}");
    snapshot!(told(&repo, &removed.done()), @"
    new keyring for dev; no value changed
    policy 5 in force. Entry [id], signed by ana.
    reader cleo: nothing new is sealed to their keys
    credentials: 1 value must be rotated or ended: what cleo read works until then
    1 value in dev must rotate by 2026-01-01: DATABASE_URL
    incident [incident] open: 1 value, due today
    next  git add -A && git commit
    next  tenure rotate --due -e dev
    next  tenure incident status [incident]
    ");
    let all = repo.run("incident status --json").done().json();
    let incident = &all["incidents"][0];
    assert_eq!(
        (&incident["state"], &incident["subject"]),
        (&"contained".into(), &"member:cleo".into())
    );
    assert_eq!(incident["hours_to_contain"], 0.0);
    assert_eq!(names(incident), ["dev/DATABASE_URL"]);
}

#[test]
fn the_keys_of_a_leavers_machines_are_taken_for_known() {
    let (repo, _, _) = ground();
    let line =
        "member add ci --role deploy --create-role --kind machine --owner cleo --generate -y";
    repo.run(line).done();
    let policy = repo.read(".secrets-policy.toml");
    let policy = policy.replacen("readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]", 1);
    repo.write(".secrets-policy.toml", policy);
    repo.run("policy sign -y").done();
    repo.run("member remove cleo --hostile --new-owner ana -y").done();
    let incident =
        |repo: &Repo| repo.run("incident status --json").done().json()["incidents"][0].clone();
    let open = incident(&repo);
    assert_eq!(
        (&open["state"], &open["still_reads"]),
        (&"open".into(), &serde_json::json!(["prod as ci"]))
    );
    assert_eq!(names(&open)[0], "prod/STRIPE_KEY", "prod comes first: {open}");
    let repo = repo.at("2026-01-01T05:30:00Z");
    repo.run("member replace-key ci --lost --generate -y").done();
    let contained = incident(&repo);
    assert_eq!(
        (&contained["state"], &contained["hours_to_contain"]),
        (&"contained".into(), &5.5.into())
    );
}

#[test]
fn the_sentences_of_what_cannot_be_known_are_printed() {
    let (repo, _, _) = ground();
    let opened = repo.run("incident open --env dev --reason x").done();
    assert!(opened.stderr.contains(READS) && opened.stderr.contains(READ), "{opened}");
}

#[test]
fn each_of_two_files_with_one_key_is_named_by_its_path() {
    let repo = crate::commands::seal::started();
    repo.write("secrets/dev.env", "K=first-value\n");
    repo.write("secrets/dev/o.env", "K=other-value\n");
    repo.run("seal").done();
    repo.commit("sealed");
    let id = open(&repo, &["--env", "dev"]);
    std::fs::remove_file(repo.path().join("secrets/dev/o.env")).unwrap();
    let shown = repo.run(&format!("incident status {id}")).done();
    for path in ["secrets/dev.env", "secrets/dev/o.env"] {
        let fix = format!("tenure rotate 'dev/{path}#K'\n");
        assert_eq!(shown.stdout.matches(&fix).count(), 1, "{fix}{shown}");
    }
}
