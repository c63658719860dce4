//! A customer holds secrets of their own in our repository: made and read by their keys, shown by ours.

use std::fs;

use crate::attacks::Estate;
use crate::support::{Outcome, stock};

const POLICY: &str = ".secrets-policy.toml";
const KEY: &str = "acme/DATA_KEY";
const FILE: &str = "acme/acme/keys.env#DATA_KEY";

/// The base, with an environment of a customer's: cleo is theirs, and makes its keyring.
fn with_customer() -> Estate {
    let (estate, _) = announced();
    estate.by("cleo", "rekey -e acme").run().done();
    // What cleo could read before is owed, and is nothing to these tests.
    for env in ["dev", "staging"] {
        estate.by("ana", &format!("rekey -e {env}")).run();
        estate.set("ben", &format!("{env}/DB_URL"), "hunter2-new");
    }
    estate.commit("a customer");
    estate
}

/// The same, as long as the environment has no keyring; with what the signing of the policy said.
fn announced() -> (Estate, Outcome) {
    let estate = Estate::new();
    estate.edit(POLICY, |text| {
        let text = text.replace("developer = [\"cleo\"]", "developer = [\"ben\"]\ncustomer = [\"cleo\"]");
        let env = "[environments.acme]\nfiles = [\"acme/*\"]\nreaders = [\"customer\"]\n\
                   writers = [\"admin\", \"customer\"]\nrefuse-overdue-after = \"3d\"\n\n[types.api-key]";
        let text = text.replacen("[types.api-key]", env, 1);
        format!("{text}\n[[secrets]]\nmatch = \"acme/*\"\ntype = \"api-key\"\ncustody = \"customer\"\n")
    });
    let attributes = estate.read(".gitattributes");
    estate.write(".gitattributes", attributes + "/acme/* -text diff=tenure merge=tenure\n");
    let signed = estate.by("ana", "policy sign -y").run().done();
    (estate, signed)
}

#[test]
fn who_can_make_their_keyring_is_named_wherever_it_is_wanted() {
    let (estate, signed) = announced();
    assert!(signed.stderr.contains("ask cleo to run `tenure rekey -e acme`"), "{signed}");
    let refused = estate.by("ana", &format!("set {FILE}")).feed("hunter2-theirs");
    assert_eq!(refused.code, 3, "{refused}");
    assert!(refused.stderr.contains("because: who can make one: cleo\nhint: tenure rekey -e acme"));
    let checked = estate.by("ana", "check -e acme").run();
    assert!(checked.stdout.contains("acme has no keyring yet; who can: cleo\n"), "{checked}");
    estate.by("cleo", "rekey -e acme").run().done();
    estate.set("ana", FILE, "hunter2-theirs");
    let checked = estate.by("ana", "check -e acme").run().done();
    assert!(checked.stdout.contains("not opened by a reader since; who can: cleo\n"), "{checked}");
}

fn custody(estate: &Estate) -> String {
    let listed = estate.by("ana", "list -e acme --json").run().done().json();
    listed["secrets"][0]["custody"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn opens(estate: &Estate, who: &str) -> Outcome {
    estate.by(who, &format!("get {KEY}")).run()
}

/// Hands the environment to other readers, and has one of them make the keyring.
fn read_by(estate: &Estate, from: &str, to: &str) {
    estate.edit(POLICY, |text| text.replace(from, to));
    estate.by("ana", "policy sign -y").run().done();
    estate.by("cleo", "rekey -e acme").run().done();
    estate.commit(to);
}

#[test]
fn our_own_keys_fail_and_theirs_open() {
    let estate = with_customer();
    // We put a value in that we cannot read back.
    estate.set("ana", FILE, "hunter2-theirs");
    estate.commit("dropped");
    assert_eq!(opens(&estate, "cleo").done().stdout, "hunter2-theirs");
    for ours in ["ana", "ben", "deploy"] {
        let refused = opens(&estate, ours);
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
        let run = estate.by(ours, "run -e acme -- echo started").run();
        assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
    }
    let run = estate.by("cleo", "run -e acme -- printenv DATA_KEY").run().done();
    assert_eq!(run.stdout, "hunter2-theirs\n");
    // They make an ordinary value of it, or one that we never saw.
    estate.by("cleo", "rekey -e acme").run().done();
    estate.set("cleo", KEY, "hunter2-own");
    assert_eq!(opens(&estate, "cleo").done().stdout, "hunter2-own");
    assert_eq!(opens(&estate, "ana").code, 4);
    estate.by("ana", "check").run().done();
}

#[test]
fn stock_age_opens_their_keyring_with_their_key_and_not_with_ours() {
    let Some(age) = stock("age") else { return crate::support::skipped("age") };
    let estate = with_customer();
    let keyring = estate.list(".secrets/keys/acme").remove(0);
    let by = |who: &str| {
        let key = estate.key(who);
        estate.repo.command(&age).arg("-d").arg("-i").arg(key).arg(&keyring).run()
    };
    assert!(by("cleo").done().stdout.starts_with("AGE-SECRET-KEY-1"));
    for ours in ["ana", "ben", "deploy"] {
        assert_ne!(by(ours).code, 0, "{ours}");
    }
}

#[test]
fn what_only_they_open_is_customer_held_and_what_we_ever_could_is_customer_managed() {
    let estate = with_customer();
    estate.set("ana", FILE, "hunter2-theirs");
    assert_eq!(custody(&estate), "customer-held");
    let who = estate.by("ana", "who-can read acme/DATA_KEY").run().done();
    let readers = who.stdout.lines().filter(|line| line.contains("  person  ")).count();
    assert!(who.stdout.contains("\ncleo  person") && readers == 1, "{who}");
    read_by(&estate, "readers = [\"customer\"]", "readers = [\"customer\", \"admin\"]");
    assert_eq!(custody(&estate), "customer-managed");
    assert_eq!(opens(&estate, "ana").done().stdout, "hunter2-theirs");
    // What we could open once, we could keep: only a new value is theirs alone.
    read_by(&estate, "readers = [\"customer\", \"admin\"]", "readers = [\"customer\"]");
    assert_eq!(custody(&estate), "customer-managed");
    estate.set("cleo", KEY, "hunter2-own");
    assert_eq!(custody(&estate), "customer-held");
    assert_eq!(opens(&estate, "ana").code, 4);
}

#[test]
fn status_check_and_list_show_what_is_in_their_custody() {
    let estate = with_customer();
    estate.set("ana", FILE, "hunter2-theirs");
    estate.commit("dropped");
    let listed = estate.by("ana", "list -e acme").run().done();
    assert!(listed.stdout.contains("customer-held"), "{listed}");
    let status = estate.by("ana", "status").run().done();
    assert!(status.stdout.contains("1 in custody of the customer (1 customer-held)"), "{status}");
    let status = estate.by("ana", "status --json").run().done().json();
    let envs = status["environments"].as_array().unwrap();
    let acme = envs.iter().find(|env| env["name"] == "acme").unwrap();
    assert_eq!((&acme["customers"]["held"], &acme["customers"]["managed"]), (&1.into(), &0.into()));
    let checked = estate.by("ana", "check").run().done();
    assert!(
        checked.stdout.contains("customer  1 value in their custody, 1 customer-held"),
        "{checked}"
    );
    let checked = estate.by("ana", "check --json").run().done().json();
    let [one] = checked["custody"].as_array().unwrap().as_slice() else { panic!("{checked}") };
    assert_eq!((&one["holder"], &one["due"]), (&"customer-held".into(), &"2026-04-01".into()));
    // Nothing is said where nothing is theirs.
    let own = Estate::new().by("ana", "check").run().done();
    assert!(!own.stdout.contains("custody"), "{own}");
}

#[test]
fn their_deadlines_are_shown_and_never_red() {
    let estate = with_customer();
    estate.set("ana", FILE, "hunter2-theirs");
    estate.set("ben", "prod/secrets/prod.env#LATE", "hunter2-late");
    estate.commit("dropped");
    let late = "2026-12-01T00:00:00Z";
    let at = |who: &str, line: &str| {
        let command = estate.repo.command(env!("CARGO_BIN_EXE_tenure"));
        let command = command.args(&["--now", late, "-i"]).arg(estate.key(who));
        command.args(&line.split_whitespace().collect::<Vec<_>>()).run()
    };
    let checked = at("ana", "check --json -e acme");
    assert_eq!(checked.code, 0, "{checked}");
    let json = checked.json();
    let overdue = json["findings"].as_array().unwrap().iter().find(|it| it["code"] == "overdue");
    assert_eq!(overdue.unwrap()["severity"], "note", "{checked}");
    // Ours, on the same day, of the same type: red.
    assert_eq!(at("ana", "check -e prod").code, 1);
    let status = at("ana", "status");
    assert!(
        status.stdout.contains("244 days late") || status.stdout.contains("days late"),
        "{status}"
    );
    // And never refused, whatever the environment says of late values.
    let run = at("cleo", "run -e acme -- printenv DATA_KEY");
    assert_eq!((run.code, run.stdout.as_str()), (0, "hunter2-theirs\n"), "{run}");
}

#[test]
fn a_customer_without_tenure_fills_a_value_that_we_manage() {
    if stock("age").is_none() {
        return crate::support::skipped("age");
    }
    let estate = with_customer();
    read_by(&estate, "readers = [\"customer\"]", "readers = [\"customer\", \"admin\"]");
    let asked = estate.by("ana", &format!("request {FILE}")).run().done();
    let folder = estate.repo.folder().join("customer");
    fs::create_dir(&folder).unwrap();
    let sh = estate.repo.command("/bin/sh").args(&["-c", asked.stdout.trim_end()]);
    sh.within(&folder).feed("hunter2-filled\n").done();
    let set = estate.by("ana", &format!("set {FILE} --from-age"));
    set.arg(folder.join("value.age")).run().done();
    assert_eq!(opens(&estate, "cleo").done().stdout, "hunter2-filled");
    assert_eq!(custody(&estate), "customer-managed");
}
