//! Notes of those without the right, of what was not there, and of signers who are gone.

use jiff::civil::date;
use tenure::log::entry::{Grade, Kind, Note, Op, Origin, Subject};
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;
use super::members::without;

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const STAGING: &str = "staging/secrets/staging.env#DB_URL";

/// The item that made what stands at an address, as long as nothing but `new` is in its way.
pub(super) fn origin(estate: &Estate, address: &str) -> Origin {
    let address = address.parse().unwrap();
    let (entry, item) = estate.newest(&address).unwrap();
    assert_eq!(item.op, Op::New);
    Origin { entry, address }
}

pub(super) fn revoked(value: Origin) -> Note {
    Note::Revoked { value, grade: Grade::Declared }
}

pub(super) fn open(values: Vec<Origin>) -> Note {
    let subject = Subject::Env("prod".parse().unwrap());
    Note::IncidentOpen { subject, drill: false, values }
}

pub(super) fn accept(target: EntryId, value: Origin) -> Note {
    Note::IncidentAccept { target, value, until: date(2027, 1, 1) }
}

pub(super) fn note(estate: &Estate, by: &str, note: Note) -> EntryId {
    let mut entry = estate.draft(by, Kind::Note(note));
    entry.reason = Some("a test".to_owned());
    estate.sign(entry, &Pen::of(by))
}

pub(super) fn verdict(estate: &Estate, id: EntryId) -> String {
    let shown = estate.by("ana", &format!("--json log show {id}")).run();
    shown.json()["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn who_may_not_write_a_value_does_not_say_that_it_was_ended() {
    let estate = Estate::new();
    let (prod, staging) = (origin(&estate, DB_URL), origin(&estate, STAGING));
    estate.attacked(
        5,
        &["not-allowed", "`cleo` may not write prod/secrets/prod.env#DB_URL"],
        |e| {
            note(e, "cleo", revoked(prod.clone()));
        },
    );
    estate.attacked(5, &["bad-signature"], |e| {
        let entry = e.draft("ben", Kind::Note(revoked(prod.clone())));
        e.sign(entry, &Pen::of("cleo"));
    });
    estate.attacked(5, &["not-allowed", "`mallory` is no member"], |e| {
        note(e, "mallory", revoked(prod.clone()));
    });
    estate.twin(|e| {
        e.set("ben", DB_URL, "hunter2-three");
        e.set("ben", DB_URL, "hunter2-two");
        note(e, "ben", revoked(prod.clone()));
    });
    estate.twin(|e| {
        e.set("cleo", STAGING, "hunter2-three");
        note(e, "cleo", revoked(staging));
    });
}

#[test]
fn nobody_but_an_admin_accepts() {
    let estate = Estate::new();
    let value = origin(&estate, STAGING);
    let cause = note(&estate, "cleo", open(vec![value.clone()]));
    estate.commit("an alarm");
    assert_eq!(verdict(&estate, cause), "verified");
    let accepted = |by| {
        let id = note(&estate, by, accept(cause, value.clone()));
        let verdict = verdict(&estate, id);
        estate.remove(&estate.path_of(id));
        verdict
    };
    assert_eq!(accepted("cleo"), "refused");
    assert_eq!(accepted("ben"), "verified");
}

#[test]
fn a_note_names_nothing_but_what_its_signer_saw() {
    let estate = Estate::new();
    let (value, other) = (origin(&estate, DB_URL), origin(&estate, API_KEY));
    let root: EntryId = estate.root().parse().unwrap();
    let crooked = |value: &Origin| Origin { address: API_KEY.parse().unwrap(), ..value.clone() };
    for bad in [crooked(&value), Origin { entry: root, ..value.clone() }] {
        estate.attacked(5, &["not-allowed", "before it made"], |e| {
            note(e, "ben", revoked(bad.clone()));
        });
        estate.attacked(5, &["not-allowed", "before it made"], |e| {
            note(e, "cleo", open(vec![bad.clone(), value.clone()]));
        });
    }
    // What an entry beside it made, it cannot know of.
    estate.attacked(5, &["not-allowed", "before it made"], |e| {
        let mut entry = e.draft("ben", Kind::Note(revoked(value.clone())));
        let made = e.log().into_iter().find(|signed| signed.id == value.entry).unwrap();
        entry.parents = made.entry.parents;
        e.sign(entry, &Pen::of("ben"));
    });
    // A value that is carried on was not made there.
    estate.attacked(5, &["not-allowed", "before it made"], |e| {
        let adopted = e.sign(e.draft("ben", e.attesting(Op::Adopt, &[DB_URL])), &Pen::of("ben"));
        note(e, "ben", revoked(Origin { entry: adopted, ..value.clone() }));
    });
    for cause in [root, value.entry] {
        estate.attacked(5, &["not-allowed", "is no cause to replace"], |e| {
            note(e, "ana", accept(cause, value.clone()));
        });
        estate.attacked(5, &["not-allowed", "opened no incident"], |e| {
            note(e, "ana", Note::IncidentClose { target: cause });
        });
    }
    estate.attacked(5, &["not-allowed", "is no cause to replace"], |e| {
        let opened = note(e, "cleo", open(vec![other.clone()]));
        note(e, "ana", accept(opened, value.clone()));
    });
}

#[test]
fn a_note_beside_the_removal_of_its_signer_is_void() {
    let estate = Estate::new();
    let value = origin(&estate, DB_URL);
    let his = |estate: &Estate| {
        let entries = [revoked(value.clone()), open(vec![value.clone()])];
        entries.map(|note| estate.draft("ben", Kind::Note(note)))
    };
    let drafts = his(&estate);
    estate.by("ana", "-y member remove ben").run().done();
    let before = estate.by("ana", "--json check").run().done().json()["obligations"].clone();
    for (draft, alarm) in drafts.into_iter().zip([false, true]) {
        let id = estate.sign(draft, &Pen::of("ben"));
        assert_eq!(verdict(&estate, id), "void");
        // But for an alarm: that is heard all the same.
        let after = estate.by("ana", "--json check").run();
        assert_eq!(after.code, i32::from(alarm), "{after}");
        assert_eq!(after.json()["obligations"] == before, !alarm, "{after}");
    }
    // What he signed before he left stays his word.
    let estate = Estate::new();
    let (id, staging) = (note(&estate, "ben", revoked(value)), origin(&estate, STAGING));
    estate.by("ana", "-y member remove ben").run().done();
    assert_eq!(verdict(&estate, id), "verified");
    // On top of his leaving nothing of his is taken.
    estate.sign_policy(&without(&estate, "cleo"), "ana", &Pen::of("ana"));
    let late = note(&estate, "cleo", revoked(staging));
    assert_eq!(verdict(&estate, late), "refused");
}
