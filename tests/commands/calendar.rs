//! `tenure report calendar`: every deadline, as another program reads it.

use std::collections::BTreeMap;

use ical::IcalParser;
use ical::parser::Component as _;
use ical::property::Property;

use super::incident;
use super::seal::started;
use crate::reports::{VALUE, firm};
use crate::support::Repo;

/// An event, as another program reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    summary: String,
    day: String,
    warned: String,
}

fn value(properties: &[Property], name: &str) -> String {
    let mut all = properties.iter().filter(|property| property.name == name);
    let one = all.next().unwrap_or_else(|| panic!("{name} in {properties:?}"));
    assert!(all.next().is_none(), "{name} twice");
    one.value.clone().unwrap()
}

/// The events of a calendar by their ids; insists on what RFC 5545 wants of each.
fn read(text: &str) -> BTreeMap<String, Event> {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let calendars: Vec<_> = IcalParser::new(text.as_bytes()).collect::<Result<_, _>>().unwrap();
    let [calendar] = calendars.as_slice() else { panic!("{text}") };
    assert_eq!(value(&calendar.properties, "VERSION"), "2.0");
    value(&calendar.properties, "PRODID");
    let mut events = BTreeMap::new();
    for event in &calendar.events {
        let day = event.get_property("DTSTART").unwrap();
        let params = day.params.as_ref().unwrap();
        assert_eq!(params[0], ("VALUE".to_owned(), vec!["DATE".to_owned()]));
        let stamp = value(&event.properties, "DTSTAMP");
        assert_eq!((stamp.len(), stamp.ends_with('Z')), (16, true), "{stamp}");
        let [alarm] = event.alarms.as_slice() else { panic!("{event:?}") };
        assert_eq!(value(&alarm.properties, "ACTION"), "DISPLAY");
        value(&alarm.properties, "DESCRIPTION");
        let told = Event {
            summary: value(&event.properties, "SUMMARY"),
            day: day.value.clone().unwrap(),
            warned: value(&alarm.properties, "TRIGGER"),
        };
        assert!(events.insert(value(&event.properties, "UID"), told).is_none(), "an id twice");
    }
    events
}

fn calendar(repo: &Repo) -> String {
    repo.run("report calendar").done().stdout
}

fn events(repo: &Repo) -> BTreeMap<String, Event> {
    read(&calendar(repo))
}

fn lines(events: &BTreeMap<String, Event>) -> Vec<String> {
    let mut all: Vec<_> =
        events.values().map(|it| format!("{} {} {}", it.day, it.warned, it.summary)).collect();
    all.sort();
    all
}

#[test]
fn every_deadline_of_a_firm_is_an_event() {
    let repo = firm();
    let text = calendar(&repo);
    assert!(!text.contains(VALUE));
    assert_eq!(
        lines(&read(&text)),
        [
            "20261112 -P14D prod/PAYMENT_API_KEY is due",
            "20261123 -P14D dev/DATABASE_PASSWORD must be rotated: cleo left",
            "20261123 -P14D dev/PAYMENT_API_KEY must be rotated: cleo left",
            "20261209 -P14D dev/DATABASE_PASSWORD is due",
            "20261209 -P14D prod/DATABASE_PASSWORD is due",
            "20261223 -P23D prod/TLS_CERTIFICATE is due",
            "20270130 -P14D the keys of ci-dev expire",
            "20270130 -P14D the keys of deploy-prod expire",
            "20270201 -P14D dev/PAYMENT_API_KEY is due",
            "20270820 -P14D prod/CUSTOMER_DATA_KEY is due\\, which is the customer's to see to",
        ]
    );
    // It follows from the state, and the day of printing changes nothing.
    assert_eq!(calendar(&firm().at("2026-11-22")), text);
}

#[test]
fn a_deadline_that_moves_keeps_its_event() {
    let repo = started();
    let set = |repo: &Repo| {
        let value = format!("k9-Yh72-{}", repo.now());
        repo.tenure_fed(&["set", "dev/KEY", "--type", "api-key"], value).done();
        repo.commit("set");
    };
    set(&repo);
    let before = events(&repo);
    let repo = repo.at("2026-02-01");
    set(&repo);
    let after = events(&repo);
    assert_eq!(lines(&before), ["20260401 -P14D dev/KEY is due"]);
    assert_eq!(lines(&after), ["20260502 -P14D dev/KEY is due"]);
    assert!(before.keys().eq(after.keys()));
    assert_eq!(read(&repo.run("report calendar --as-of 2026-01-15").done().stdout), before);
    // Another repository has other events of the same name.
    let other = started();
    set(&other);
    assert!(!before.keys().eq(events(&other).keys()));
}

#[test]
fn what_is_owed_and_borne_and_ends_is_there() {
    let (repo, ben, _) = incident::ground();
    let id = incident::open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    let must = "20260101 -P14D prod/STRIPE_KEY must be rotated: incident ";
    assert!(lines(&events(&repo)).iter().any(|line| line.starts_with(must)));
    let accept = [
        "incident",
        "accept",
        &id,
        "prod/STRIPE_KEY",
        "--reason",
        "closed",
        "--until",
        "2026-02-01",
    ];
    incident::by(&repo, &ben, &accept).done();
    let borne = lines(&events(&repo));
    assert!(
        borne.contains(&"20260201 -P14D prod/STRIPE_KEY: what admins bear ends".to_owned()),
        "{borne:?}"
    );
    assert!(!borne.iter().any(|line| line.starts_with(must)), "{borne:?}");
    repo.tenure_fed(&["rotate", "prod/STRIPE_KEY", "--begin"], "sk_prod_3_new").done();
    repo.run("rotate prod/STRIPE_KEY --promote").done();
    let ends = lines(&events(&repo));
    let end = "20260108 -P14D prod/STRIPE_KEY_PREVIOUS: the previous value must be ended";
    assert!(ends.contains(&end.to_owned()), "{ends:?}");
}

#[test]
fn names_are_texts_and_never_lines() {
    let repo = started();
    let key = format!("a,b;c\\d ü {}", "long ".repeat(30));
    let document = serde_json::json!({ key.clone(): "k9-Yh72-value" });
    repo.write("secrets/dev.json", document.to_string());
    repo.run("seal").done();
    let text = calendar(&repo);
    let all: Vec<_> = read(&text).into_values().collect();
    let plain = all[0].summary.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    let listed = repo.run("list --json").done().json()["secrets"][0]["name"].clone();
    assert_eq!(plain, format!("{} is due", listed.as_str().unwrap()));
    assert!(plain.contains("ü"), "{plain}");
}

#[test]
fn a_state_that_is_not_believed_has_no_calendar() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/KEY"], "k9-Yh72-value").done();
    let text = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", text.replace("sealed.v1.", "sealed.v1.A"));
    let refused = repo.run("report calendar");
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
}

#[test]
fn it_is_kept_in_a_file_and_over_no_other() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/KEY"], "k9-Yh72-value").done();
    for _ in 0..2 {
        repo.run("report calendar -o due.ics").done();
        assert_eq!(repo.read("due.ics"), calendar(&repo));
    }
    repo.write("notes.txt", "mine\n");
    let refused = repo.run("report calendar -o notes.txt");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("holds something else than a calendar of tenure"), "{refused}");
    assert_eq!(repo.read("notes.txt"), "mine\n");
    let json = repo.run("report calendar --json").done().json();
    assert_eq!(json["ics"], calendar(&repo));
}
