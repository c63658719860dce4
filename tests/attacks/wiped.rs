//! Policies that would take away what is owed of values.

use tenure::log::entry::{Kind, Note};

use super::Estate;
use super::duties::{check, duties, estate, red};
use super::forge::Pen;
use super::notes::{note, open, origin, revoked, verdict};

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const POLICY: &str = ".secrets-policy.toml";

/// Puts a policy in force that ana edited.
#[track_caller]
fn sign(estate: &Estate, edit: impl Fn(&str) -> String) {
    estate.edit(POLICY, edit);
    estate.by("ana", "-y policy sign").run().done();
    estate.commit("another policy");
}

/// The policy without prod and the rules, which are all about it.
fn without_prod(text: &str) -> String {
    let (before, rest) = text.split_once("[environments.prod]\n").unwrap();
    let (_, rest) = rest.split_once("\n\n").unwrap();
    let rest = rest.split_once("[[secrets]]").map_or(rest, |(types, _)| types);
    format!("{before}{rest}")
}

#[test]
fn what_is_owed_an_end_outlives_its_environment() {
    let estate = estate(1);
    estate.set("ana", DB_URL, "hunter2-three");
    for key in ["DB_URL", "API_KEY"] {
        estate.by("ana", &format!("unset prod/{key}")).run().done();
    }
    estate.commit("taken away");
    sign(&estate, without_prod);
    let late = check(&estate, "2026-02-01");
    assert_eq!((late.code, ends(&late)), (1, 2), "{late}");
    // Nobody left with it.
    assert_eq!(duties(&late), [], "{late}");
    estate.by("ana", "rotate prod/DB_URL --finish -y").run().done();
    let paid = check(&estate, "2026-02-01");
    assert_eq!((paid.code, ends(&paid)), (0, 0), "{paid}");
}

#[test]
fn what_was_left_in_an_environment_stands_no_longer_than_that() {
    let estate = estate(1);
    estate.set("ana", DB_URL, "hunter2-three");
    let text = without_prod(&estate.read(POLICY)).replace("\"1-", "\"2-");
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.remove("secrets/prod.env");
    estate.commit("gone");
    assert_eq!(ends(&check(&estate, "2026-02-01")), 2);
    let told = estate.by("ana", "report 5d").run();
    assert!(told.stdout.contains("\n## 11. Summary\n"), "{told}");
    let owed = "Previous value not ended: prod/DB_URL, replaced on ";
    assert_eq!(told.stdout.matches(owed).count(), 2, "{told}");
}

/// How many values are due to be ended after their overlap.
fn ends(checked: &crate::support::Outcome) -> usize {
    checked.json()["previous"].as_array().unwrap().len()
}

#[test]
fn who_takes_revoke_from_a_type_pays_no_debt_by_it() {
    let drop = |text: &str| text.replace("revoke = \"console, keys\"\n", "");
    let owed = |e: &Estate| {
        let checked = check(e, "2026-01-20");
        (duties(&checked).len(), checked.json()["previous"].as_array().unwrap().len())
    };
    // After the value was replaced, and before it.
    for early in [false, true] {
        let estate = estate(1);
        let old = origin(&estate, DB_URL);
        note(&estate, "ben", open(vec![old.clone()]));
        if early {
            sign(&estate, drop);
        }
        estate.set("ana", DB_URL, "hunter2-three");
        if !early {
            sign(&estate, drop);
        }
        assert_eq!(owed(&estate), (1, 1), "{early}");
        estate.commit("replaced");
        estate.judged(1, &["obligation", "must be ended"]);
        let status = estate.by("ana", "incident status").run();
        assert!(!status.stdout.contains("nothing is left"), "{status}");
        // What was made since owes nothing.
        if early {
            estate.set("ana", DB_URL, "hunter2-four");
            assert_eq!(owed(&estate), (1, 1));
        }
        note(&estate, "ben", revoked(old));
        assert_eq!(owed(&estate).0, 0);
    }
}

#[test]
fn a_previous_value_that_is_late_does_not_stay_to_decrypt() {
    let keep = |text: &str| {
        let header = "[types.api-key]\n";
        text.replace(header, &format!("{header}strategy = \"keep-old\"\n"))
    };
    let at = |e: &Estate, day: &str, line: &str| {
        let now = format!("{day}T12:00:00Z");
        let command = e.repo.command(env!("CARGO_BIN_EXE_tenure"));
        let args = command.args(&["--now", &now, "-i"]).arg(e.key("ana"));
        args.args(&line.split_whitespace().collect::<Vec<_>>()).run().done();
    };
    let promoted = || {
        let estate = estate(1);
        at(&estate, "2026-01-02", "rotate prod/DB_URL --begin --generate password:32");
        at(&estate, "2026-01-02", "rotate prod/DB_URL --promote");
        estate.commit("promoted");
        estate
    };
    let previous = |e: &Estate| red(&check(e, "2026-02-20")).contains(&"previous".to_owned());
    let late = promoted();
    assert!(previous(&late));
    late.edit(POLICY, keep);
    at(&late, "2026-02-01", "policy sign -y");
    assert!(previous(&late), "its time was up");
    // Who says so in time keeps it.
    let early = promoted();
    early.edit(POLICY, keep);
    at(&early, "2026-01-05", "policy sign -y");
    assert!(!previous(&early));
}

#[test]
fn who_may_not_write_where_a_value_was_moved_does_not_say_that_it_was_ended() {
    let estate = Estate::with_policy(|text| {
        let text = text.replace("writers = [\"admin\"]", "writers = [\"admin\", \"developer\"]");
        let text = text.replace(
            "readers = [\"admin\", \"deploy\"]",
            "readers = [\"admin\", \"deploy\", \"developer\"]",
        );
        text + "\n[[secrets]]\nmatch = \"prod/LEAD_*\"\nwriters = [\"admin\"]\n"
    });
    for (key, value) in
        [("DB_URL", "hunter2-two"), ("OWN", "hunter2-own"), ("API_KEY", "hunter2-api")]
    {
        estate.set("ana", &format!("prod/secrets/prod.env#{key}"), value);
    }
    let [lead, own] =
        ["API_KEY", "OWN"].map(|key| origin(&estate, &format!("prod/secrets/prod.env#{key}")));
    estate.by("ana", "mv prod/API_KEY LEAD_KEY").run().done();
    estate.by("ana", "mv prod/OWN OTHER").run().done();
    estate.by("ana", "rekey -e prod --reseal -y").run().done();
    estate.set("ana", "prod/secrets/prod.env#LEAD_KEY", "hunter2-lead");
    estate.set("ana", "prod/secrets/prod.env#OTHER", "hunter2-other");
    let words = ["not-allowed", "`cleo` may not write prod/secrets/prod.env#LEAD_KEY"];
    estate.attacked(5, &words, |e| {
        note(e, "cleo", revoked(lead.clone()));
    });
    let refused = estate.by("cleo", "rotate prod/LEAD_KEY --finish -y").run();
    assert!(refused.code != 0 && refused.stderr.contains("may not write"), "{refused}");
    estate.twin(|e| {
        note(e, "cleo", revoked(own));
    });
    estate.twin(|e| {
        note(e, "ana", revoked(lead));
    });
}

#[test]
fn who_loses_the_right_where_a_value_was_moved_beside_their_word_did_not_end_it() {
    let estate = Estate::with_policy(|text| {
        let text = text.replace("writers = [\"admin\"]", "writers = [\"admin\", \"developer\"]");
        text.replace(
            "readers = [\"admin\", \"deploy\"]",
            "readers = [\"admin\", \"deploy\", \"developer\"]",
        )
    });
    for (key, value) in
        [("DB_URL", "hunter2-two"), ("OWN", "hunter2-own"), ("API_KEY", "hunter2-api")]
    {
        estate.set("ana", &format!("prod/secrets/prod.env#{key}"), value);
    }
    let [lead, own] =
        ["API_KEY", "OWN"].map(|key| origin(&estate, &format!("prod/secrets/prod.env#{key}")));
    estate.by("ana", "mv prod/API_KEY LEAD_KEY").run().done();
    estate.by("ana", "mv prod/OWN OTHER").run().done();
    estate.set("ana", "prod/secrets/prod.env#LEAD_KEY", "hunter2-lead");
    estate.set("ana", "prod/secrets/prod.env#OTHER", "hunter2-other");
    let mut words = Vec::new();
    estate.both(
        |e| {
            let rule = "\n[[secrets]]\nmatch = \"prod/LEAD_*\"\nwriters = [\"admin\"]\n";
            e.edit(POLICY, |text| text.to_owned() + rule);
            e.by("ana", "-y policy sign").run().done();
        },
        |e| words.extend([lead, own].map(|value| note(e, "cleo", revoked(value)))),
    );
    let verdicts: Vec<_> = words.into_iter().map(|id| verdict(&estate, id)).collect();
    assert_eq!(verdicts, ["void", "verified"]);
}

#[test]
fn a_lost_key_ends_nothing_in_an_open_incident() {
    let estate = estate(1);
    let [value, other] =
        ["API_KEY", "DB_URL"].map(|key| origin(&estate, &format!("prod/secrets/prod.env#{key}")));
    estate.set("ana", DB_URL, "hunter2-three");
    let cause = note(&estate, "ana", open(vec![other.clone()]));
    note(&estate, "cleo", revoked(other.clone()));
    note(&estate, "cleo", revoked(value));
    estate.commit("ended");
    let owed = |e: &Estate| duties(&check(e, "2026-01-02")).iter().any(|it| it.1 == "end");
    assert!(!owed(&estate));
    let (old, new) = (estate.public("cleo"), estate.public("mallory"));
    let text = estate.read(POLICY).replace("\"1-", "\"2-").replace(&old, &new);
    let header = "[members.cleo]\n";
    let text = text.replace(header, &format!("{header}lost-keys = [\"{old}\"]\n"));
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.by("ana", "rekey -y").run().done();
    estate.commit("lost");
    assert!(owed(&estate), "said with a key that may have been another's");
    estate.judged(1, &["obligation", "must be ended"]);
    // The same word again, with a key that is not lost.
    estate.by("ana", "rotate prod/DB_URL --finish -y").run().done();
    assert!(!owed(&estate));
    for who in ["ana", "ben"] {
        let mut over = estate.draft(who, Kind::Note(Note::IncidentClose { target: cause }));
        over.reason = Some("a test".to_owned());
        estate.sign(over, &Pen::of(who));
    }
    assert!(!owed(&estate));
}
