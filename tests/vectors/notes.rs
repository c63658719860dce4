//! Frozen notes: made once by `cargo test -- --ignored make_the_vectors_of_notes`, read for ever.

use jiff::civil::date;
use serde_json::{Value, json};
use tenure::log::entry::{Grade, Kind, Note, Origin, Subject};
use tenure::log::parse::SignedEntry;
use tenure::names::EntryId;

use super::{folder, generate, json, list, text, variant};
use crate::support::Repo;

fn origin(text: &str) -> Origin {
    let address = format!("prod/secrets/{text}").parse().unwrap();
    Origin { entry: EntryId::of(text.as_bytes()), address }
}

/// Each kind of note, and each of what it may be about.
fn notes() -> Vec<(&'static str, Note)> {
    let target = EntryId::of(b"an earlier entry");
    let value = || origin("prod.env#DB_URL");
    let open = |subject: &str, drill, values| Note::IncidentOpen {
        subject: subject.parse().unwrap(),
        drill,
        values,
    };
    let odd = || origin("prod.yaml#@2.\"a.b\".c#2");
    let recipient = Subject::Recipient(
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj".to_owned(),
    );
    vec![
        ("revoked-declared", Note::Revoked { value: value(), grade: Grade::Declared }),
        ("revoked-probed", Note::Revoked { value: origin("prod.pem#*"), grade: Grade::Probed }),
        ("incident-open-secret", open("secret:prod/secrets/prod.env#DB_URL", false, vec![value()])),
        ("incident-open-member", open("member:cleo", true, vec![value(), odd()])),
        ("incident-open-recipient", open(&recipient.to_string(), false, vec![value()])),
        ("incident-open-vendor", open("vendor:Zwölf \"GmbH\"", false, vec![odd()])),
        ("incident-open-env", open("env:prod", false, vec![value(), odd()])),
        (
            "incident-accept",
            Note::IncidentAccept { target, value: value(), until: date(2027, 1, 1) },
        ),
        ("incident-close", Note::IncidentClose { target }),
    ]
}

/// A rule, the note, a piece of its text, and what stands in its place.
const RULES: &[(&str, &str, &str, &str)] = &[
    ("a kind that is not known", "revoked-declared", "\"revoked\"", "\"revoke\""),
    ("a grade that is not known", "revoked-declared", "\"declared\"", "\"proven\""),
    ("no grade", "revoked-declared", "grade = \"declared\"\n", ""),
    ("a value without an entry", "revoked-declared", "value = \"", "value = \"x:"),
    ("a value inside a list", "revoked-declared", "#DB_URL", "#DB_URL[0]"),
    ("a field of another kind", "revoked-declared", "grade = ", "until = 2027-01-01\ngrade = "),
    ("fields in another order", "incident-accept", "value = \"", "until = 2027-01-01\nvalue = \""),
    ("no drill, said", "incident-open-env", "values = [", "drill = false\nvalues = ["),
    ("a drill as a string", "incident-open-member", "drill = true", "drill = \"true\""),
    ("a drill twice", "incident-open-member", "drill = true\n", "drill = true\ndrill = true\n"),
    ("a subject of no kind", "incident-open-env", "\"env:prod\"", "\"prod\""),
    ("a subject of a kind that is not known", "incident-open-env", "\"env:", "\"role:"),
    ("a subject in capitals", "incident-open-env", "\"env:prod\"", "\"env:Prod\""),
    ("a recipient with a comment", "incident-open-recipient", "nujwj\"", "nujwj me\""),
    ("a supplier without a name", "incident-open-vendor", "Zwölf \\\"GmbH\\\"", ""),
    ("a secret without its file", "incident-open-secret", "prod/secrets/prod.env#", "prod/"),
    ("values on one line", "incident-open-env", "values = [\n", "values = ["),
    ("no values", "incident-open-env", "values = [\n", "values = [\n]\nold = [\n"),
    ("a value without a comma", "incident-open-env", "\",\n]", "\"\n]"),
    ("an acceptance without a reason", "incident-accept", "reason = ", "reasons = "),
    ("an acceptance without an end", "incident-accept", "until = 2027-01-01\n", ""),
    ("an end with a time", "incident-accept", "2027-01-01", "2027-01-01T00:00:00Z"),
    ("an end as a string", "incident-accept", "2027-01-01", "\"2027-01-01\""),
    ("an end before 1970", "incident-accept", "2027-01-01", "1969-01-01"),
    ("an end without its target", "incident-close", "target = ", "targets = "),
    ("a target in capitals", "incident-close", "target = \"", "target = \"A"),
];

#[test]
#[ignore = "makes the frozen file; it is never made again"]
fn make_the_vectors_of_notes() {
    assert!(!folder().join("notes.json").exists(), "frozen files are never made again");
    let repo = Repo::new();
    repo.ssh_key();
    let one = |(name, note): (&str, Note)| {
        let bytes = generate::signed(&repo, Kind::Note(note));
        let signed = SignedEntry::parse(&bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        json!({ "name": name, "id": signed.id.to_string(), "text": text })
    };
    let good: Vec<_> = notes().into_iter().map(one).collect();
    let rule = |(rule, of, find, put): &(&str, &str, &str, &str)| {
        let base = good.iter().find(|vector| vector["name"] == *of).unwrap();
        let changed = changed(text(base, "text"), find, put);
        let why = SignedEntry::parse(changed.as_bytes()).map(|_| ()).expect_err(rule);
        json!({ "rule": rule, "of": of, "find": find, "put": put, "error": variant(&why) })
    };
    let bad: Vec<_> = RULES.iter().map(rule).collect();
    generate::write("notes.json", &json!({ "good": good, "bad": bad }));
}

fn changed(text: &str, find: &str, put: &str) -> String {
    let changed = text.replacen(find, put, 1);
    assert_ne!(changed, text, "{find}");
    changed
}

#[test]
fn frozen_notes_are_read_as_they_were_meant() {
    let vectors = json("notes.json");
    let good = list(&vectors["good"]);
    assert_eq!(good.len(), notes().len());
    for (vector, (name, note)) in good.iter().zip(notes()) {
        let signed = SignedEntry::parse(text(vector, "text").as_bytes()).unwrap();
        assert_eq!(
            (signed.id.to_string().as_str(), name),
            (text(vector, "id"), text(vector, "name"))
        );
        assert_eq!(signed.entry.render().unwrap().into_bytes(), signed.payload.unwrap());
        let mut entry = signed.entry.clone();
        entry.kind = Kind::Note(note);
        entry.sort();
        assert_eq!(entry, signed.entry, "{name}");
    }
}

#[test]
fn frozen_texts_that_are_no_notes_are_refused() {
    let vectors = json("notes.json");
    let good = list(&vectors["good"]);
    for rule in list(&vectors["bad"]) {
        let base: &Value = good.iter().find(|vector| vector["name"] == rule["of"]).unwrap();
        let changed = changed(text(base, "text"), text(rule, "find"), text(rule, "put"));
        let why = SignedEntry::parse(changed.as_bytes()).map(|_| ()).expect_err(text(rule, "rule"));
        assert_eq!(variant(&why), text(rule, "error"), "{rule}");
    }
}
