//! Something leaks: an alarm, the reader gone, the values replaced and ended, and two who say that it is over.

use crate::commands::incident::{by, ground, open, status};
use crate::commands::member::add;
use crate::support::Repo;

/// Says that an incident is over.
pub(super) fn close(repo: &Repo, key: Option<&str>, id: &str) -> i32 {
    let args = ["incident", "close", id, "-o", "docs/review.md"];
    match key {
        Some(key) => by(repo, key, &args).code,
        None => repo.tenure(&args).code,
    }
}

fn left(repo: &Repo, id: &str) -> String {
    status(repo, id)["values"][0]["left"].as_str().unwrap().to_owned()
}

#[test]
fn an_incident_ends_when_its_value_is_replaced_and_ended_and_two_say_so() {
    let (repo, ben, _) = ground();
    repo.run("check").done();
    let id = open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    // Red at once, from that very day on.
    let checked = repo.run("check");
    assert_eq!(checked.code, 1, "{checked}");
    assert!(checked.stdout.contains(&id[..6]), "{checked}");
    assert_eq!(close(&repo, None, &id), 2);

    let repo = repo.at("2026-01-01T03:00:00Z");
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3").done();
    assert_eq!(left(&repo, &id), "end");
    assert_eq!(close(&repo, None, &id), 2, "nobody said that its issuer ended it");
    assert_eq!(repo.run("check").code, 1);

    let repo = repo.at("2026-01-01T04:30:00Z");
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    assert_eq!(left(&repo, &id), "nothing");
    assert_eq!(status(&repo, &id)["state"], "rotated");
    a_review_is_due(&repo);

    let repo = repo.at("2026-01-02T00:00:00Z");
    repo.run(&format!("-n incident close {id} -o docs/review.md")).done();
    assert!(!repo.path().join("docs/review.md").exists(), "a dry run writes nothing");
    assert_eq!(close(&repo, None, &id), 0);
    assert_eq!(status(&repo, &id)["state"], "rotated", "one member's word closes nothing");
    assert!(repo.read("docs/review.md").contains("not closed yet"));
    assert_eq!(close(&repo, None, &id), 2, "nor does it when it is said twice");
    assert_eq!(close(&repo, Some(&ben), &id), 0);
    let closed = status(&repo, &id);
    assert_eq!((&closed["state"], &closed["hours_open"]), (&"closed".into(), &24.0.into()));
    assert_eq!((&closed["hours_to_rotate"], &closed["hours_to_end"]), (&3.0.into(), &4.5.into()));
    repo.run("check").done();

    is_reviewed(&repo.read("docs/review.md"));
}

/// What is paid is not over: the checks say so, and so does a glance, by the log and by what is remembered of it.
fn a_review_is_due(repo: &Repo) {
    let due = |place: &str| {
        format!(
            "is not closed: nothing is left{place}, and two members have yet to say that it is over"
        )
    };
    for (line, code, place) in [
        ("check", 1, ""),
        ("check -e prod", 1, " in prod"),
        ("status", 0, ""),
        ("status -e prod", 0, " in prod"),
        ("status", 0, ""),
    ] {
        let told = repo.run(line);
        assert!(told.stdout.contains(&due(place)), "{line}: {told}");
        assert_eq!(told.code, code, "{line}: {told}");
    }
    repo.run("check -e dev").done();
}

fn is_reviewed(review: &str) {
    for line in [
        "# Incident review: secret:prod/secrets/prod.env\\#STRIPE_KEY",
        "- **Reason:** seen in a paste",
        "- **Open for:** 24.0 h",
        "- **Contained:** no reader was to go",
        "- **Rotated:** after 3.0 h",
        "- **Revoked:** after 4.5 h",
        "- **Incident Response Runbook:** `docs/incident.md`",
        "| 2026-01-01T00:00:00Z | ana | opened |",
        "| 2026-01-01T03:00:00Z | ana | prod/STRIPE_KEY replaced |",
        "| 2026-01-01T04:30:00Z | ana | prod/STRIPE_KEY ended at its issuer (declared) |",
        "| 2026-01-02T00:00:00Z | ana | says that it is over |",
        "| 2026-01-02T00:00:00Z | ben | says that it is over |",
        "| prod/STRIPE_KEY | 2026-01-01 | 2026-01-01 | 2026-01-01, declared |",
        "- What was read stays read: removing a reader takes back no value, and old versions stay in the history.",
        "- That the issuer refuses the old value is declared by ana, not proven.",
        "\"Unused\" is no reason",
        "- [ ] ",
    ] {
        assert!(review.contains(line), "{line}\n---\n{review}");
    }
    assert!(!review.contains("sk_prod"), "{review}");
}

#[test]
fn a_drill_takes_the_same_path_and_nothing_turns_red() {
    let (repo, ben, _) = ground();
    let drill = open(&repo, &["--secret", "prod/STRIPE_KEY", "--drill"]);
    let shown = repo.run(&format!("incident status {drill}")).done();
    assert!(shown.stdout.contains("drill: nothing turns red"), "{shown}");
    for day in ["2026-01-01", "2026-01-02", "2026-02-01"] {
        let repo = Repo::copied(repo.folder()).at(day);
        repo.run("check").done();
    }
    assert_eq!(close(&repo, None, &drill), 2);
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3").done();
    assert_eq!(close(&repo, None, &drill), 2);
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    assert_eq!(close(&repo, None, &drill), 0);
    assert_eq!(close(&repo, Some(&ben), &drill), 0);
    let review = repo.read("docs/review.md");
    assert!(
        review.starts_with("# Drill review: ") && review.contains("This was a drill"),
        "{review}"
    );
}

#[test]
fn a_value_that_is_taken_away_is_left_until_its_end_is_recorded() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    repo.run("unset prod/STRIPE_KEY -y").done();
    assert_eq!(left(&repo, &id), "end");
    assert_eq!(close(&repo, None, &id), 2, "that nobody uses it is no reason");
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    assert_eq!((left(&repo, &id), close(&repo, None, &id)), ("nothing".to_owned(), 0));
}

#[test]
fn admins_bear_what_is_not_replaced_until_their_day() {
    let (repo, ben, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    assert_eq!(repo.run("check").code, 1);
    let until =
        |day: &str| format!("incident accept {id} dev/DATABASE_URL --until {day} --reason toy");
    repo.run(&until("2026-03-01")).done();
    assert_eq!(repo.run("check").code, 1, "who opened it does not end it alone");
    let words = until("2026-03-01");
    by(&repo, &ben, &words.split(' ').collect::<Vec<_>>()).done();
    assert_eq!(left(&repo, &id), "borne");
    assert_eq!(close(&repo, None, &id), 0);
    assert_eq!(repo.run("check").code, 1, "one word closes nothing");
    let closed = Repo::copied(repo.folder()).at("2026-03-01");
    assert_eq!(close(&closed, Some(&ben), &id), 0);
    closed.run("check").done();
    assert_eq!(Repo::copied(closed.folder()).at("2026-03-02").run("check").code, 1);
    let review = repo.read("docs/review.md");
    assert!(
        review.contains("dev/DATABASE_URL stands, borne until 2026-03-01 by ana: toy; ben: toy"),
        "{review}"
    );
}

#[test]
fn as_many_admins_bear_it_as_sign_a_policy() {
    let (repo, ben, _) = ground();
    let policy = repo.read(".secrets-policy.toml").replace("threshold = 1 ", "threshold = 2 ");
    repo.write(".secrets-policy.toml", policy);
    repo.run("policy sign -y").done();
    let id = open(&repo, &["--env", "dev"]);
    let accept =
        ["incident", "accept", &id, "dev/DATABASE_URL", "--until", "2026-03-01", "--reason", "x"];
    by(&repo, &ben, &accept).done();
    assert_eq!((left(&repo, &id), repo.run("check").code), ("rotate".to_owned(), 1));
    repo.tenure(&accept).done();
    assert_eq!(left(&repo, &id), "borne");
}

#[test]
fn two_incidents_on_two_branches_merge() {
    let (repo, ben, cleo) = ground();
    repo.commit("all");
    repo.git(&["switch", "--quiet", "-c", "cleos"]).done();
    by(&repo, &cleo, &["incident", "open", "--env", "dev", "--reason", "mine"]).done();
    repo.commit("dev");
    repo.git(&["switch", "--quiet", "main"]).done();
    let id = open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    repo.commit("prod");
    repo.git(&["merge", "--quiet", "--no-edit", "--no-verify", "cleos"]).done();
    let checked = repo.run("check");
    assert_eq!(checked.code, 1, "{checked}");
    let all = repo.run("incident status --json").done().json();
    let subjects: Vec<_> =
        all["incidents"].as_array().unwrap().iter().map(|it| &it["subject"]).collect();
    assert_eq!(subjects.len(), 2);
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3").done();
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    assert_eq!(status(&repo, &id)["left"], 0);
    assert_eq!(repo.run("check").code, 1, "the other one is left");
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    for subject in subjects {
        let one = all["incidents"].as_array().unwrap().iter().find(|it| it["subject"] == *subject);
        let id = one.unwrap()["id"].as_str().unwrap();
        assert_eq!((close(&repo, None, id), close(&repo, Some(&ben), id)), (0, 0));
    }
    repo.run("check").done();
}

#[test]
fn what_a_hostile_leaver_read_is_due_on_the_same_day_and_a_friendly_ones_later() {
    let (repo, ben, _) = ground();
    let friendly = Repo::copied(repo.folder());
    friendly.run("member remove cleo -y").done();
    assert_eq!(friendly.run("check").code, 0);
    repo.run("member remove cleo --hostile -y --reason seized").done();
    assert_eq!(repo.run("check").code, 1);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    let all = repo.run("incident status --json").done().json();
    let id = all["incidents"][0]["id"].as_str().unwrap();
    assert_eq!((close(&repo, None, id), close(&repo, Some(&ben), id)), (0, 0));
    repo.run("check").done();
}

#[test]
fn an_alarm_sounds_although_the_removal_waits_for_others() {
    let (repo, _, _) = ground();
    let policy = repo.read(".secrets-policy.toml").replace("threshold = 1 ", "threshold = 2 ");
    repo.write(".secrets-policy.toml", policy);
    repo.run("policy sign -y").done();
    let removed = repo.run("member remove cleo --hostile -y").done();
    assert!(
        removed.stdout.contains("reader cleo: reads on until the policy is in force"),
        "{removed}"
    );
    assert_eq!(repo.run("check").code, 1);
    let all = repo.run("incident status --json").done().json();
    assert_eq!(all["incidents"][0]["state"], "open");
    assert_eq!(all["incidents"][0]["still_reads"], serde_json::json!(["dev"]));
}

#[test]
fn one_of_the_two_who_close_is_an_admin() {
    let (repo, _, cleo) = ground();
    let dan = add(&repo, "dan", "developer");
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    assert_eq!(close(&repo, Some(&cleo), &id), 0);
    let refused = by(&repo, &dan, &["incident", "close", &id, "-o", "docs/review.md"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("an admin must be one of the two"), "{refused}");
    assert!(refused.stderr.contains("ana, ben"), "{refused}");
    assert_eq!(close(&repo, None, &id), 0);
    assert_eq!(status(&repo, &id)["state"], "closed");
}

/// Makes a key, as whoever already has one could, and lets a name in with it.
pub(super) fn let_in(repo: &Repo, name: &str, role: &str) -> String {
    let key = add(repo, name, role);
    repo.commit(name);
    key
}

#[test]
fn one_person_with_two_names_closes_nothing() {
    let (repo, ben, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    assert_eq!(close(&repo, None, &id), 0);
    // Ana lets a second name in, and that one a third.
    let zoe = let_in(&repo, "zoe", "admin");
    let close_as = |key: &str| by(&repo, key, &["incident", "close", &id, "-o", "docs/review.md"]);
    let refused = close_as(&zoe);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("one let the other in after it was opened"), "{refused}");
    assert!(refused.stderr.contains("ask one of ben, cleo\n"), "{refused}");
    assert_eq!(repo.run("check").code, 1);
    // Whom somebody else let in, or who was there before, is another person.
    assert_eq!(close_as(&ben).code, 0);
    assert_eq!(status(&repo, &id)["not_shown_to_be_two"], serde_json::Value::Null);
    repo.run("check").done();
}

#[test]
fn a_key_that_signs_for_two_names_is_one_person() {
    let (repo, ben, cleo) = ground();
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    assert_eq!(close(&repo, Some(&ben), &id), 0);
    // What was cleo's key is a second one of ben's, and later hers again.
    let public = std::fs::read_to_string(format!("{cleo}.pub")).unwrap();
    let key = public.rsplit_once(' ').unwrap().0.to_owned();
    let before = repo.read(".secrets-policy.toml");
    let cleos = format!("signing-keys = [\"{key}\"]\n");
    assert!(before.contains(&cleos), "{before}");
    let bens = before.find("[members.ben]").unwrap();
    let without = before.replacen(&cleos, "", 1);
    let at = bens + without[bens..].find("signing-keys = [").unwrap() + "signing-keys = [".len();
    let lent = format!("{}\"{key}\", {}", &without[..at], &without[at..]);
    repo.write(".secrets-policy.toml", lent);
    repo.run("policy sign -y").done();
    let lent = repo.read(".secrets-policy.toml").replacen(&format!("\"{key}\", "), "", 1);
    let cleo_again = lent.replacen("[members.cleo]\n", &format!("[members.cleo]\n{cleos}"), 1);
    repo.write(".secrets-policy.toml", cleo_again);
    repo.run("policy sign -y").done();
    let refused = by(&repo, &cleo, &["incident", "close", &id, "-o", "docs/review.md"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("that is, or was, also that of `cleo`"), "{refused}");
    assert_eq!(close(&repo, None, &id), 0);
}

#[test]
fn where_nobody_else_could_it_is_closed_and_the_doubt_is_told() {
    let (repo, _, _) = ground();
    for name in ["ben", "cleo"] {
        repo.run(&format!("member remove {name} -y")).done();
    }
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_4").done();
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    nobody_can_close(&repo);
    let first = repo.tenure(&["incident", "close", &id, "-o", "docs/review.md"]).done();
    let nobody =
        "wants another to say so: nobody else could; let a person in who signs: tenure member add";
    assert!(first.stdout.contains(nobody), "{first}");
    let again = repo.tenure(&["incident", "close", &id, "-o", "docs/review.md"]);
    assert!(again.code == 2 && again.stderr.contains("hint: nobody else could: let"), "{again}");
    let accept = ["incident", "accept", &id, "dev/DATABASE_URL", "--reason", "x", "--until"];
    let borne = repo.tenure(&[&accept[..], &["2026-02-01"]].concat()).done();
    assert!(borne.stdout.contains("wants another admin to say the same: nobody else could"));
    nobody_can_close(&repo);
    let zoe = let_in(&repo, "zoe", "admin");
    let checked = repo.run("check");
    let word = "nothing is left, and another member has yet to say that it is over";
    assert!(checked.stdout.contains(word), "{checked}");
    let closed = by(&repo, &zoe, &["incident", "close", &id, "-o", "docs/review.md"]).done();
    let doubt =
        "nothing shows that ana and zoe are two persons: one let the other in after it was opened";
    assert!(closed.stdout.contains(&format!("doubt      {doubt}\n")), "{closed}");
    assert!(repo.read("docs/review.md").contains(&format!("\n> {doubt}  \n")));
    let told = repo.run(&format!("incident status {id}")).done();
    assert!(told.stdout.contains(doubt), "{told}");
    repo.run("check").done();
}

/// Whoever is alone is told so, by the log and by what is remembered of it, and in the document.
fn nobody_can_close(repo: &Repo) {
    let why = |ana: &str| {
        format!(
            "two people, one of them an admin, must say that it is over, and nobody but {ana} signs here"
        )
    };
    for line in ["check", "status", "status"] {
        let told = repo.run(line);
        let wanted = format!("is not closed: nothing is left, and {}", why("`ana`"));
        assert!(told.stdout.contains(&wanted), "{line}: {told}");
    }
    let checked = repo.run("check");
    assert!(checked.stdout.contains("  fix  tenure member add NAME --role ROLE\n"), "{checked}");
    let document = repo.run("report 5d").stdout;
    assert!(document.contains(&format!("0 of 1 value still live; {}", why("ana"))), "{document}");
    let item = document.lines().find(|line| line.starts_with("| OI-10 ")).unwrap();
    assert!(item.contains(&format!("not closed: {}", why("ana"))), "{item}");
    assert!(item.contains("| `tenure member add NAME --role ROLE`; then two members"), "{item}");
}

#[test]
fn what_a_customer_has_in_hand_keeps_an_incident_open_and_is_never_red() {
    let (repo, ben, _) = ground();
    let policy = repo.read(".secrets-policy.toml");
    repo.write(
        ".secrets-policy.toml",
        policy.replace("\"*/STRIPE_KEY\"\n", "\"*/STRIPE_KEY\"\ncustody = \"customer\"\n"),
    );
    repo.run("policy sign -y").done();
    let id = open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    assert_eq!(
        (left(&repo, &id).as_str(), &status(&repo, &id)["state"]),
        ("customer", &"contained".into())
    );
    let checked = repo.run("check").done();
    assert!(
        checked.stdout.contains("1 of 1 value left, 1 in custody of the customer, who decides")
    );
    let told = repo.run(&format!("incident status {id}")).done();
    assert!(told.stdout.contains("in custody of the customer: ask for a new one"), "{told}");
    let refused = repo.tenure(&["incident", "close", &id, "-o", "docs/review.md"]);
    assert!(refused.code == 2 && refused.stderr.contains("1 of 1 value left"), "{refused}");
    // The customer hands over another one, or admins bear it.
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY"], "sk_prod_3").done();
    repo.run("rotate prod/STRIPE_KEY --finish").done();
    assert_eq!(status(&repo, &id)["state"], "rotated");
    assert_eq!(repo.run("check").code, 1, "what is left is ours: to say that it is over");
    assert_eq!((close(&repo, None, &id), close(&repo, Some(&ben), &id)), (0, 0));
    repo.run("check").done();
}

#[test]
fn nobody_bears_a_value_for_more_than_a_year() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    let accept = |day: &str| {
        repo.run(&format!("incident accept {id} dev/DATABASE_URL --until {day} --reason toy"))
    };
    let refused = accept("2027-01-02");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("2027-01-02 is more than 365 days ahead"), "{refused}");
    assert!(refused.stderr.contains("hint: look at it again within a year: --until 2027-01-01"));
    accept("2027-01-01").done();
}
