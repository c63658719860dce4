//! `tenure mv`: other keys and other names; deadlines and duties go along.

use crate::attacks::Estate;

#[track_caller]
fn gives(estate: &Estate, address: &str, value: &str) {
    let got = estate.by("ana", &format!("get {address}")).run();
    assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
}

#[test]
fn a_value_gets_another_key_and_keeps_its_deadline() {
    let estate = Estate { repo: Estate::new().repo.at("2026-02-01") };
    estate.honest();
    let due = |key: &str| {
        let entry = estate.newest(&format!("prod/secrets/prod.env#{key}").parse().unwrap());
        entry.unwrap().1.due
    };
    let before = due("API_KEY");
    let said = estate.by("ben", "mv prod/API_KEY PARTNER_KEY").run().done();
    assert!(!said.stdout.contains("hunter2"), "{said}");
    assert_eq!(due("PARTNER_KEY"), before, "a new name is no new value");
    estate.honest();
    gives(&estate, "prod/PARTNER_KEY", "hunter2-api");
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().code, 6);
    assert!(!estate.read("secrets/prod.env").contains("API_KEY="));
}

#[test]
fn a_value_goes_into_another_file_new_or_not() {
    let estate = Estate::new();
    estate.by("ben", "mv prod/password secrets/prod.more.json#db.password").run().done();
    estate.honest();
    gives(&estate, "prod/db.password", "hunter2-json");
    estate.by("ben", "mv prod/db.password secrets/prod.json#password").run().done();
    estate.honest();
    gives(&estate, "prod/password", "hunter2-json");
    estate.by("ben", "mv prod/database.user database.name").run().done();
    estate.honest();
    gives(&estate, "prod/database.name", "hunter2-user");
}

#[test]
fn what_a_leaver_read_is_owed_under_its_new_name() {
    let estate = Estate::new();
    estate.by("ana", "member remove cleo -y").run().done();
    estate.by("ben", "mv dev/DB_URL OTHER").run().done();
    let checked = estate.by("ana", "--json check").run().done();
    let json = checked.json();
    let places = json["findings"].as_array().unwrap().iter();
    let owed = |place: &str| {
        places.clone().filter(|it| it["code"] == "obligation" && it["place"] == place).count()
    };
    assert_eq!(
        (owed("secrets/dev.env OTHER"), owed("secrets/dev.env DB_URL")),
        (1, 0),
        "{checked}"
    );
}

#[test]
fn a_place_that_is_taken_or_of_another_kind_is_refused() {
    let estate = Estate::new();
    let before = estate.list(".secrets/log");
    for (line, code) in [
        ("mv prod/API_KEY secrets/prod.env#DB_URL", 2),
        ("mv prod/API_KEY dev/API_KEY", 2),
        ("mv prod/API_KEY secrets/prod.yaml#key", 2),
        ("mv secrets/prod.env secrets/dev.env", 2),
        ("mv secrets/prod.env secrets/dev.other.env", 2),
        ("mv secrets/prod.env secrets/prod.json", 2),
        ("mv prod/NO_SUCH prod/OTHER", 6),
    ] {
        let refused = estate.by("ben", line).run();
        assert_eq!(refused.code, code, "{line}: {refused}");
    }
    // Who may not write there moves nothing.
    let refused = estate.by("cleo", "mv secrets/prod.env secrets/prod.api.env").run();
    assert_eq!(refused.code, 2, "{refused}");
    // A rule gives DB_URL a type and with it a deadline: no value comes there by another way.
    estate.by("ben", "unset prod/DB_URL").run().done();
    let refused = estate.by("ben", "mv prod/API_KEY DB_URL").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("another type"), "{refused}");
    assert_eq!(estate.list(".secrets/log").len(), before.len() + 1);
}

#[test]
fn a_file_gets_another_name_with_the_same_bytes() {
    for (old, new) in
        [("secrets/prod.env", "secrets/prod.api.env"), ("secrets/prod.pem", "secrets/prod.key")]
    {
        let estate = Estate::new();
        let bytes = estate.read(old);
        estate.by("ben", &format!("mv {old} {new}")).run().done();
        assert_eq!(estate.read(new), bytes);
        assert!(!estate.repo.path().join(old).exists());
        estate.honest();
    }
}

#[test]
fn what_git_renamed_is_recognised_and_written_down() {
    for (old, new) in
        [("secrets/prod.env", "secrets/prod.api.env"), ("secrets/prod.pem", "secrets/prod.key")]
    {
        let estate = Estate::new();
        estate.git(&format!("mv {old} {new}"));
        estate.commit("renamed");
        let checked = estate.by("ana", "check").run();
        assert_eq!(checked.code, 5, "{checked}");
        let fix = format!("fix  tenure mv {old} {new}");
        assert!(checked.stdout.matches(&fix).count() > 1, "{checked}");
        assert!(!checked.stdout.contains("fix  tenure restore"), "{checked}");
        let said = estate.by("ben", &format!("mv {old} {new}")).run().done();
        assert!(said.stdout.contains("was moved to"), "{said}");
        estate.honest();
        // Nothing else may have changed on the way.
        estate.git(&format!("mv {new} {old}"));
        estate.edit(old, |text| text.replacen('A', "B", 3));
        let refused = estate.by("ben", &format!("mv {new} {old}")).run();
        assert_ne!(refused.code, 0, "{refused}");
    }
}
