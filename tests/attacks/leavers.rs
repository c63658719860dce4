//! Cases 44, 45 and 47: who is gone, and who may not sign at all.

use tenure::log::entry::{Entry, Kind, Note, Op};
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;
use super::members::{vouched, without};
use super::notes::{accept, note, origin, revoked};

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const NEW: &str = "prod/secrets/prod.env#NEW";
const ENV: &str = "secrets/prod.env";
const POLICY: &str = ".secrets-policy.toml";

/// The base after ben left, and what he did in a clone of the day before: a known value set anew, and a
/// new one; both merged.
fn left_and_signed(estate: &Estate, address: &str) {
    let (head, root) = (estate.head(), estate.root());
    let (policy, vouched) = (estate.read(POLICY), estate.list(".secrets"));
    // In his clone nothing is known of his leaving: his own program signs there.
    estate.set("ben", address, "hunter2-three");
    let file = estate.read(ENV);
    let his: Vec<_> =
        estate.list(".secrets").into_iter().filter(|p| !vouched.contains(p)).collect();
    assert_eq!((his.len(), policy), (1, estate.read(POLICY)));
    let entry = estate.read(&his[0]);
    estate.remove(&his[0]);
    estate.repo.git(&["checkout", "-q", "--", "secrets"]).done();
    assert_eq!((estate.head(), estate.root()), (head, root));
    estate.by("ana", "-y member remove ben").run().done();
    estate.commit("ben left");
    estate.honest();
    estate.write(&his[0], entry);
    estate.write(ENV, file);
}

#[test]
fn case_44_somebody_who_left_signs_from_an_old_clone() {
    for address in [DB_URL, NEW] {
        let estate = Estate::new();
        left_and_signed(&estate, address);
        estate.commit("merged");
        estate.judged(5, &["removed-key"]);
        assert_eq!(estate.refusal(), "removed-key");
        let run = estate.by("ana", "run -e prod -- echo started").run();
        assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
        // Another writer's new value ends it; one that he could read does not, where he could read one.
        if address == DB_URL {
            let old = estate.by("ana", &format!("set {address}")).feed("hunter2-two");
            assert_eq!(old.code, 2, "{old}");
            assert!(old.stderr.contains("had this value before"), "{old}");
        }
        estate.set("ana", address, "hunter2-afresh");
        estate.commit("ended");
        estate.honest_with(if address == DB_URL { "hunter2-afresh" } else { "hunter2-two" });
        estate.judged(0, &[]);
    }
}

#[test]
fn case_44_twin_what_was_signed_before_he_left_stays() {
    let estate = Estate::new();
    estate.set("ben", DB_URL, "hunter2-three");
    estate.set("ben", DB_URL, "hunter2-two");
    estate.by("ana", "-y member remove ben").run().done();
    estate.commit("ben left");
    estate.honest();
    estate.judged(0, &[]);
    // Had the policy alone been changed, with nobody vouching, the value would want a writer.
    let estate = Estate::new();
    estate.sign_policy(&without(&estate, "ben"), "ana", &Pen::of("ana"));
    estate.commit("ben left");
    estate.judged(5, &["writer-gone"]);
    vouched().honest();
}

/// An approval by hand, and the text of one of another kind, signed and named as it should be.
fn noted(estate: &Estate, by: &str, word: &str) {
    let mut entry = estate.draft(by, Kind::Note(Note::Approve { target: estate.head() }));
    entry.sort();
    let payload = entry.render().unwrap();
    let other = payload.replace("approve", word);
    assert!(word == "approve" || other != payload, "{payload}");
    let signature = estate.signature(other.as_bytes(), &Pen::of(by));
    let path = tenure::log::name::file_path(&entry, &EntryId::of(other.as_bytes()));
    estate.write(path.as_str(), tenure::log::render::join(&other, &signature));
}

#[test]
fn case_45_notes_of_somebody_without_the_right() {
    let estate = Estate::new();
    let value = origin(&estate, DB_URL);
    estate.by("ana", "-y member remove ben").run().done();
    let owed = |e: &Estate| {
        let checked = e.by("ana", "--json check").run();
        checked.json()["obligations"].as_array().unwrap().len()
    };
    let before = owed(&estate);
    assert_eq!(before, 9, "all that ben could read");
    estate.attacked(5, &["not-allowed"], |e| {
        noted(e, "cleo", "approve");
        assert_eq!(owed(e), before);
    });
    let cause = estate.draft("ana", Kind::Note(revoked(value.clone()))).policy.unwrap();
    estate.attacked(5, &["not-allowed", "`cleo`"], |e| {
        note(e, "cleo", accept(cause, value.clone()));
        assert_eq!(owed(e), before);
    });
    estate.attacked(5, &["not-allowed", "`cleo` may not write"], |e| {
        note(e, "cleo", revoked(value.clone()));
        assert_eq!(owed(e), before);
    });
    // Words that are no kind of note count for nothing, whoever signs them.
    for by in ["cleo", "ana"] {
        estate.attacked(5, &["bad-entry"], |e| {
            noted(e, by, "revoke");
            assert_eq!(owed(e), before);
        });
    }
    estate.twin(|e| noted(e, "ana", "approve"));
}

#[test]
fn case_47_a_machine_that_can_read_makes_a_value() {
    let estate = Estate::new();
    // What the key of a reader can make: a token for that very place, which opens.
    let made = |e: &Estate| {
        let before = (e.read(ENV), e.list(".secrets"));
        e.set("ana", DB_URL, "hunter2-three");
        e.set("ana", DB_URL, "hunter2-two");
        let made = e.read(ENV);
        let added = e.list(".secrets").into_iter().filter(|path| !before.1.contains(path));
        added.for_each(|path| e.remove(&path));
        assert_ne!(made, before.0);
        e.write(ENV, made);
    };
    estate.attacked(5, &["altered"], made);
    let signed = |e: &Estate, by: &str, key: &str| {
        made(e);
        let entry: Entry = e.draft(by, e.attesting(Op::New, &[DB_URL]));
        e.sign(entry, &Pen::of(key));
    };
    estate.attacked(5, &["bad-signature"], |e| signed(e, "deploy", "deploy"));
    estate.attacked(5, &["bad-signature"], |e| signed(e, "ben", "deploy"));
    estate.twin(|e| signed(e, "ben", "ben"));
    // Nor may it carry on what is there.
    estate.attacked(5, &["bad-signature"], |e| {
        e.sign(e.draft("deploy", e.attesting(Op::Adopt, &[API_KEY])), &Pen::of("deploy"));
    });
}

#[test]
fn case_64_a_value_sealed_to_a_generation_that_a_leaver_opens() {
    let estate = Estate::new();
    let left = |e: &Estate| {
        let text = e.read(POLICY).replacen("\"1-00000001\"", "\"2-00000002\"", 1);
        let text = text.replace("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]");
        e.sign_policy(&text, "ana", &Pen::of("ana"));
        text
    };
    let renewed = |e: &Estate| {
        e.sign(e.draft("ben", e.attesting(Op::New, &[API_KEY])), &Pen::of("ben"));
    };
    let wrapped = |e: &Estate, text: &str| e.wrap(&tenure::policy::Policy::parse(text).unwrap());
    // He knows that somebody left, and not of the keyring that was made since.
    estate.attacked(5, &["old-generation"], |e| {
        let text = left(e);
        renewed(e);
        wrapped(e, &text);
    });
    // Before that, it was the right one; it is owed since.
    estate.twin(|e| {
        e.set("ben", API_KEY, "hunter2-newer");
        let text = left(e);
        wrapped(e, &text);
        let owed = e.by("ana", "--json check").run().json()["obligations"].to_string();
        assert!(owed.contains("API_KEY"), "{owed}");
    });
}
