//! What is sealed to a keyring that does not count: it closes no environment for good.

use tenure::log::entry::{FileChange, Item, Kind, Op};

use super::Estate;
use super::forge::Pen;

const KEY: &str = "prod/API_KEY";
const KEYS: &str = ".secrets/keys/prod";

/// Ben seals all of prod anew, with a keyring of his own, while ana removes him; both are merged. The
/// keyring's file comes along, or it does not.
fn rekeyed_beside(came: bool) -> Estate {
    let estate = Estate::new();
    // Her own word stands already; of all else that ben sealed she gives hers when he leaves.
    estate.set("ana", KEY, "hunter2-anas");
    estate.both(
        |e| {
            e.by("ana", "member remove ben -y").run().done();
        },
        |e| {
            let before = e.list(KEYS);
            e.by("ben", "rekey -e prod --reseal").run().done();
            let new: Vec<_> = e.list(KEYS).into_iter().filter(|p| !before.contains(p)).collect();
            assert_eq!(new.len(), 1);
            if !came {
                e.remove(&new[0]);
            }
        },
    );
    estate
}

#[test]
fn a_rekey_beside_the_removal_of_its_signer_is_undone_by_resolve() {
    for came in [true, false] {
        let estate = rekeyed_beside(came);
        estate.judged(5, &["removed-key", "concurrent"]);
        let found = estate.by("ana", "--json check").run().json();
        let found = found["findings"].as_array().unwrap().clone();
        let grades = found.iter().filter(|it| it["code"] == "unattested").map(|it| &it["severity"]);
        assert_eq!(grades.collect::<Vec<_>>(), vec!["note"; usize::from(came)]);
        // Nobody can have it stand, since nobody could read it.
        let asked = estate.by("ana", "resolve prod/API_KEY").run();
        let his = asked.stderr.lines().find(|line| line.contains(" ben  rekey")).unwrap();
        assert!(!his.contains('>'), "{asked}");
        let his = his.split_whitespace().next().unwrap();
        let refused = estate.by("ana", &format!("resolve {KEY} -y --take {his}")).run();
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains("a keyring that does not count"), "{refused}");
        // What stood before stands again, and all goes on.
        estate.by("ana", "resolve -y").run().done();
        estate.commit("resolved");
        estate.judged(0, &[]);
        estate.gives(KEY, "hunter2-anas");
        estate.gives("prod/secrets/prod.pem", "hunter2 pem\n");
        estate.set("ana", KEY, "hunter2-new");
        estate.by("ana", "rekey -e prod --reseal").run().done();
        estate.honest();
        estate.gives(KEY, "hunter2-new");
    }
}

#[test]
fn where_nothing_stood_before_a_new_value_or_none_is_asked_for() {
    let estate = Estate::new();
    estate.both(
        |e| {
            e.by("ana", "member remove ben -y").run().done();
        },
        |e| {
            e.by("ben", "rekey -e prod").run().done();
            e.set("ben", "prod/secrets/prod.env#NEW", "hunter2-late");
        },
    );
    estate.judged(5, &["removed-key"]);
    let refused = estate.by("ana", "resolve -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("--take none"), "{refused}");
    estate.by("ana", "resolve prod/NEW -y --take none").run().done();
    estate.honest();
    assert_eq!(estate.by("ana", "get prod/NEW").run().code, 6);
}

#[test]
fn a_keyring_that_is_not_the_void_entrys_is_named_by_nobody() {
    let estate = rekeyed_beside(true);
    estate.by("ana", "resolve -y").run().done();
    let notes = estate.by("ana", "--json check").run().done().json();
    let notes = notes["findings"].as_array().unwrap().clone();
    let void = notes.iter().find(|it| it["code"] == "unattested").unwrap();
    let void = void["place"].as_str().unwrap().to_owned();
    estate.attacked(5, &["unattested"], |e| {
        let other = e.list(KEYS).into_iter().find(|path| *path != void).unwrap();
        e.write(&void, e.read(&other));
    });
    // Nor does it come to be current by being there.
    estate.set("ana", KEY, "hunter2-new");
    let generation = void.rsplit('/').next().unwrap().trim_end_matches(".age");
    let (_, item) = estate.newest(&"prod/secrets/prod.env#API_KEY".parse().unwrap()).unwrap();
    assert_ne!(item.generation.unwrap().to_string(), generation);
}

#[test]
fn what_is_sealed_to_a_void_keyring_is_replaced_one_by_one() {
    let estate = rekeyed_beside(false);
    // A writer signs it all the same, as new.
    let log = estate.log();
    let his =
        log.iter().find(|it| it.entry.by.as_str() == "ben" && !it.entry.keyrings().is_empty());
    let anew = |item: &Item| Item { op: Op::New, of: None, ..item.clone() };
    let files = his.unwrap().entry.files().iter();
    let files = files
        .map(|file| FileChange { items: file.items.iter().map(anew).collect(), ..file.clone() });
    let kind = Kind::Seal { files: files.collect(), keyrings: Vec::new() };
    estate.sign(estate.draft("ana", kind), &Pen::of("ana"));
    estate.commit("signed");
    estate.judged(5, &["old-generation"]);
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().code, 5);
    // Each is replaced or taken away past the others, whatever they are sealed to.
    estate.by("ana", "unset prod/API_KEY").run().done();
    for (address, value) in [
        ("prod/DB_URL", "hunter2-two-afresh"),
        ("prod/database.password", "hunter2-yaml-afresh"),
        ("prod/database.user", "hunter2-user-afresh"),
        ("prod/secrets/prod.json#password", "hunter2-json-afresh"),
        ("prod/secrets/prod.json#user", "hunter2-juser-afresh"),
    ] {
        estate.judged(5, &["old-generation"]);
        estate.set("ana", address, value);
    }
    estate.judged(5, &["old-generation"]);
    estate.set("ana", "prod/secrets/prod.pem", "hunter2 pem afresh\n");
    estate.commit("replaced");
    estate.judged(0, &[]);
    estate.honest_with("hunter2-two-afresh");
    estate.gives("prod/database.password", "hunter2-yaml-afresh");
    estate.gives("prod/secrets/prod.pem", "hunter2 pem afresh\n");
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().code, 6);
}
