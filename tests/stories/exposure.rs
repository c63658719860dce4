//! Which values somebody could read: by the log alone, and by all that git keeps.

use jiff::civil::{Date, date};
use tenure::names::{Address, MemberName};
use tenure::verify::exposed::{Exposed, Who};
use tenure::verify::{LogEvidence, Record};

use crate::commands::member::{add, started};
use crate::support::{Repo, below};

/// Judges the log that lies in a work tree, without a key.
pub(crate) fn record(repo: &Repo) -> Record {
    let root = repo.path();
    let read = |folder: &str| {
        let files = below(&root.join(folder)).into_iter();
        let name = |file: &std::path::Path| file.strip_prefix(&root).unwrap().display().to_string();
        files.map(|file| (name(&file), std::fs::read(&file).unwrap())).collect()
    };
    let evidence = LogEvidence {
        policy: Some(std::fs::read(root.join(".secrets-policy.toml")).unwrap()),
        policies: read(".secrets/policies"),
        log: read(".secrets/log"),
        ..LogEvidence::default()
    };
    let record = Record::judge(&evidence, None, repo.now().parse().unwrap());
    assert!(record.findings.is_empty(), "{:?}", record.findings);
    record
}

/// What a member could read: key, where it is live, from when until when.
fn seen(repo: &Repo, who: &str) -> Vec<(String, Option<String>, Date, Option<Date>)> {
    let who: MemberName = who.parse().unwrap();
    let told = |it: Exposed| {
        let live = it.live_at.first().map(|address: &Address| address.key.to_string());
        (it.origin.address.key.to_string(), live, it.since, it.until)
    };
    let mut seen: Vec<_> = record(repo).exposed(&Who::Member(&who)).into_iter().map(told).collect();
    seen.sort();
    seen
}

#[test]
fn who_comes_later_reads_what_was_before_and_who_left_reads_nothing_new() {
    let repo = started();
    let repo = repo.at("2026-01-03");
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://second").done();
    let repo = repo.at("2026-01-05");
    add(&repo, "ben", "developer");
    let repo = repo.at("2026-01-07");
    repo.tenure_fed(&["set", "dev/OTHER"], "while he is here").done();
    let repo = repo.at("2026-01-09");
    repo.run("member remove ben -y").done();
    let repo = repo.at("2026-01-11");
    repo.tenure_fed(&["set", "dev/OTHER"], "after he left").done();

    let (url, other) = ("DATABASE_URL".to_owned(), "OTHER".to_owned());
    let day = |day| date(2026, 1, day);
    let expected = [
        // The first was dead when he came; the history has it, and his keyring the generation.
        (url.clone(), None, day(5), Some(day(3))),
        (url.clone(), Some(url), day(5), None),
        (other, None, day(7), Some(day(11))),
    ];
    assert_eq!(seen(&repo, "ben"), expected);
    // Prod was never his.
    assert!(seen(&repo, "ana").iter().any(|(key, ..)| key == "STRIPE_KEY"));
}

#[test]
fn a_value_keeps_its_origin_wherever_it_goes_and_however_it_is_sealed() {
    let repo = started();
    let repo = repo.at("2026-01-03");
    add(&repo, "ben", "developer");
    repo.run("mv dev/DATABASE_URL dev/URL").done();
    let repo = repo.at("2026-01-05");
    repo.run("member remove ben -y").done();
    // What he read stays read, under whatever name and generation.
    repo.run("rekey -e dev --reseal").done();
    let (old, new) = ("DATABASE_URL".to_owned(), Some("URL".to_owned()));
    assert_eq!(seen(&repo, "ben"), [(old.clone(), new, date(2026, 1, 3), None)]);
    let repo = repo.at("2026-01-07");
    repo.run("unset dev/URL").done();
    assert_eq!(seen(&repo, "ben"), [(old, None, date(2026, 1, 3), Some(date(2026, 1, 7)))]);
}
