//! `tenure status`: the repository at a glance; no gate.

use super::get::sample;
use crate::support::{Repo, snapshot};

#[test]
fn it_shows_environments_readers_and_what_is_next() {
    snapshot!(sample().run("status"), @r"
    exit 0
    --- stdout
    dev   6 values; readers ana
    prod  0 values; readers ana
    members  1 person, 0 machines
    log      3 of 3 entries verified
    root     [id] pinned
    next     dev/DB_URL due 2026-04-01, in 90 days
    ");
}

#[test]
fn what_is_overdue_is_counted_and_the_exit_is_still_0() {
    let repo = sample().at("2026-04-03");
    let json = repo.run("status --json").done().json();
    let dev = &json["environments"][0];
    assert_eq!(
        (&dev["name"], &dev["values"], &dev["overdue"]),
        (&"dev".into(), &6.into(), &6.into())
    );
    assert_eq!((&json["next"]["days_left"], &json["pinned"]), (&(-2).into(), &true.into()));
}

#[test]
fn the_end_of_an_old_value_is_no_deadline_of_the_one_in_use() {
    let (repo, _, _) = super::incident::ground();
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3\n").done();
    let next = "next     an old value of prod/STRIPE_KEY must be ended by 2026-01-08, in 7 days\n";
    let status = repo.run("status").done();
    assert!(status.stdout.contains(next), "{status}");
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY", "--begin"], "sk_prod_4\n").done();
    repo.run("rotate prod/STRIPE_KEY --promote").done();
    let status = repo.run("status").done();
    assert!(status.stdout.contains(next), "{status}");
    let json = repo.run("status --json").done().json();
    assert_eq!(
        (&json["next"]["owed"], &json["next"]["name"]),
        (&"end".into(), &"prod/STRIPE_KEY".into())
    );
}

#[test]
fn an_opened_file_is_named() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    let status = repo.run("status").done();
    assert!(status.stdout.contains("opened in place: tenure seal secrets/dev.env"), "{status}");
}

#[test]
fn damage_is_said_and_left_to_check() {
    let repo = sample();
    repo.write("secrets/dev.env", "TOKEN=plain\n");
    let status = repo.run("status").done();
    assert!(status.stdout.contains("altered  secrets/dev.env"), "{status}");
}

#[test]
fn without_a_policy_there_is_nothing_to_show() {
    let none = Repo::new().run("status");
    assert_eq!((none.code, none.stdout.as_str()), (3, ""), "{none}");
}

#[test]
fn what_waits_for_people_is_told() {
    let repo = super::member::started();
    super::member::add(&repo, "ben", "admin");
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy.replacen("threshold = 1", "threshold = 2", 1));
    repo.run("policy sign -y").done();
    assert!(!repo.run("status").done().stdout.contains("waiting"));
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy.replacen("leaver = \"1d\"", "leaver = \"2d\"", 1));
    repo.run("policy sign -y").done();
    repo.write(".secrets/requests/dan.toml", "no request\n");
    // The second time it is told from what is remembered.
    for _ in 0..2 {
        let status = repo.run("status").done();
        let told = "waiting  1 policy for approval: tenure policy show\n\
                    waiting  1 request (dan): tenure check\n";
        assert!(status.stdout.contains(told), "{status}");
    }
    let json = repo.run("status --json").done().json();
    assert_eq!((&json["policies_wait"], &json["requests"][0]), (&1.into(), &"dan".into()));
}
