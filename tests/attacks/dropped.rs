//! Cases of values that were sealed by who does not read them: 68, 69, and what lies near.

use tenure::log::entry::{Kind, Op};
use tenure::names::{Address, EnvName, GenerationId, KeyPath, RepositoryId};
use tenure::seal::{Binding, Part, drop_value};

use super::{Estate, Pen, says};
use crate::stories::dropping::shop;

const ENV: &str = "secrets/prod.env";
const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const API_KEY: &str = "prod/secrets/prod.env#API_KEY";

/// The token at a key of prod.env.
fn token(estate: &Estate, key: &str) -> String {
    let text = estate.read(ENV);
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    line.unwrap().to_owned()
}

/// Puts a token at API_KEY, and has cleo sign it as new.
fn plant(estate: &Estate, new: &str) {
    let old = token(estate, "API_KEY");
    estate.edit(ENV, |text| text.replace(&format!("API_KEY={old}"), &format!("API_KEY={new}")));
    let kind = estate.attesting(Op::New, &[API_KEY]);
    estate.sign(estate.draft("cleo", kind), &Pen::of("cleo"));
}

/// Insists that readers get nothing, that no `rekey` signs it, and that a new value mends it.
#[track_caller]
fn refused_and_mended(estate: &Estate) {
    for (line, code) in [
        ("get prod/API_KEY", 5),
        ("open secrets/prod.env", 5),
        ("export -e prod --format json", 5),
        ("run -e prod -- printenv", 125),
    ] {
        let refused = estate.by("ana", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (code, ""), "{line}: {refused}");
    }
    let before = (estate.read(ENV), estate.log().len());
    for line in ["rekey", "rekey -e prod", "rekey -e prod --reseal"] {
        let refused = estate.by("ben", line).run();
        assert_eq!(refused.code, 5, "{line}: {refused}");
        assert!(refused.stderr.contains("API_KEY"), "{refused}");
    }
    assert_eq!((estate.read(ENV), estate.log().len()), before);
    estate.set("ben", "prod/API_KEY", "hunter2-mended");
    estate.by("ben", "rekey -e prod").run().done();
    let value = estate.by("ana", "get prod/API_KEY").run().done();
    assert_eq!(value.stdout, "hunter2-mended");
    estate.by("ana", "check").run().done();
}

#[test]
fn case_69_a_dropped_token_under_another_key() {
    let estate = shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-two");
    estate.set("cleo", "prod/API_KEY", "hunter2-api");
    estate.honest();
    plant(&estate, &token(&estate, "DB_URL"));
    refused_and_mended(&estate);
}

#[test]
fn case_69_the_twin_that_was_made_for_its_place() {
    let estate = shop();
    estate.set("cleo", "prod/API_KEY", "hunter2-api");
    plant(&estate, &drop_for(&estate, generation(&estate)));
    estate.honest();
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().done().stdout, "hunter2-made");
}

#[test]
fn a_dropped_token_that_stood_before_is_no_new_value() {
    let estate = shop();
    estate.set("cleo", "prod/API_KEY", "hunter2-api");
    let made = token(&estate, "API_KEY");
    estate.set("cleo", "prod/API_KEY", "hunter2-other");
    estate.honest();
    estate.attacked(5, &["bad-due"], |e| plant(e, &made));
}

#[test]
fn who_does_not_read_is_told_and_no_reader_takes_an_old_value_in() {
    let estate = shop();
    estate.by("ana", "-y member remove deploy").run().done();
    estate.commit("deploy is gone");
    let set = estate.by("cleo", "set prod/DB_URL").feed("hunter2-two").done();
    assert!(set.stderr.contains("cannot tell whether this one is new"), "{set}");
    estate.commit("dropped");
    for line in ["rekey -e prod", "rekey -e prod --reseal"] {
        let refused = estate.by("ben", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
        assert!(refused.stderr.contains("prod/DB_URL had this value before"), "{refused}");
    }
    estate.set("cleo", "prod/DB_URL", "hunter2-afresh");
    estate.by("ben", "rekey -e prod").run().done();
    let value = estate.by("ana", "get prod/DB_URL").run().done();
    assert_eq!(value.stdout, "hunter2-afresh");
}

/// Drops a value for a generation of prod.
fn drop_for(estate: &Estate, generation: GenerationId) -> String {
    let log = estate.log();
    let mut rings = log.iter().flat_map(|signed| signed.entry.keyrings());
    let recipient = &rings.find(|ring| ring.generation == generation).unwrap().recipient;
    let repository: RepositoryId = "0198c9d2-7b1e-4c8a-9f00-0123456789ab".parse().unwrap();
    let (env, path): (EnvName, KeyPath) = ("prod".parse().unwrap(), "API_KEY".parse().unwrap());
    let binding = Binding { repository: &repository, env: &env, part: Part::Value, path: &path };
    drop_value(&binding, b"hunter2-made", &recipient.parse().unwrap()).unwrap()
}

fn generation(estate: &Estate) -> GenerationId {
    estate.newest(&API_KEY.parse::<Address>().unwrap()).unwrap().1.generation.unwrap()
}

#[test]
fn a_dropped_value_that_is_not_of_the_generation_its_entry_says() {
    let estate = shop();
    let old = generation(&estate);
    estate.by("ben", "rekey -e prod --reseal").run().done();
    let new = generation(&estate);
    assert_ne!(old, new);
    estate.honest();
    plant(&estate, &drop_for(&estate, old));
    refused_and_mended(&estate);
    estate.set("ben", "prod/API_KEY", "hunter2-again");
    plant(&estate, &drop_for(&estate, generation(&estate)));
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().done().stdout, "hunter2-made");
    estate.by("ben", "rekey").run().done();
}

#[test]
fn a_dropped_value_that_breaks_its_file_when_it_is_opened() {
    let estate = shop();
    estate.honest();
    let ring = estate
        .log()
        .iter()
        .find_map(|s| s.entry.keyrings().iter().find(|k| k.env.as_str() == "prod").cloned());
    let repository: RepositoryId = "0198c9d2-7b1e-4c8a-9f00-0123456789ab".parse().unwrap();
    let (env, path): (EnvName, KeyPath) = ("prod".parse().unwrap(), "API_KEY".parse().unwrap());
    let binding = Binding { repository: &repository, env: &env, part: Part::Value, path: &path };
    let recipient = ring.unwrap().recipient.parse().unwrap();
    plant(&estate, &drop_value(&binding, b"hunter2\nLD_PRELOAD=x", &recipient).unwrap());
    for line in ["get prod/API_KEY", "open secrets/prod.env", "export -e prod --format json"] {
        let refused = estate.by("ana", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{line}: {refused}");
    }
    let refused = estate.by("ben", "rekey").run();
    assert_eq!(refused.code, 5, "{refused}");
    estate.set("ben", "prod/API_KEY", "hunter2-mended");
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().done().stdout, "hunter2-mended");
}

#[test]
fn an_outsiders_dropped_token_is_neither_read_nor_sealed_by_anybody() {
    let estate = shop();
    let planted = drop_for(&estate, generation(&estate));
    estate.attacked(5, &["altered"], |e| {
        let old = token(e, "API_KEY");
        e.edit(ENV, |text| text.replace(&old, &planted));
        let before = (e.read(ENV), e.log().len());
        for line in ["-y seal secrets/prod.env", "-y seal prod/API_KEY", "-y rekey -e prod"] {
            let refused = e.by("ben", line).run();
            assert!(matches!(refused.code, 2 | 5), "{line}: {refused}");
        }
        assert_eq!((e.read(ENV), e.log().len()), before);
    });
    estate.attacked(5, &["unattested"], |e| {
        e.edit(ENV, |text| format!("{text}NEW={planted}\n"));
        let refused = e.by("ben", "-y seal secrets/prod.env").run();
        assert!(matches!(refused.code, 2 | 5), "{refused}");
    });
}

#[test]
fn a_token_whose_entry_names_no_generation() {
    let estate = shop();
    for drop in [false, true] {
        if drop {
            estate.set("cleo", "prod/API_KEY", "hunter2-api");
        }
        estate.attacked(5, &["old-generation"], |e| sign_without(e, Op::New));
    }
    estate.set("ben", "prod/API_KEY", "hunter2-mended");
    estate.honest();
}

/// Ben signs what stands, without generation, type and deadline: it would never be due.
fn sign_without(estate: &Estate, op: Op) {
    let Kind::Seal { mut files, .. } = estate.attesting(op, &[API_KEY]) else { unreachable!() };
    for item in files.iter_mut().flat_map(|file| &mut file.items) {
        (item.generation, item.kind, item.due) = (None, None, None);
    }
    let kind = Kind::Seal { files, keyrings: Vec::new() };
    estate.sign(estate.draft("ben", kind), &Pen::of("ben"));
}

#[test]
fn case_68_who_only_writes_is_refused_a_keyring_by_the_program_too() {
    let estate = shop();
    let before = (estate.list(".secrets"), estate.read(ENV));
    for line in ["rekey -e prod", "rekey -e prod --reseal"] {
        let refused = estate.by("cleo", line).run();
        assert_eq!(refused.code, 4, "{refused}");
    }
    assert_eq!((estate.list(".secrets"), estate.read(ENV)), before);
    let checked = estate.by("ana", "--json check").run().done();
    assert!(!says(&checked, "not-allowed"), "{checked}");
    estate.by("ben", "rekey -e prod").run().done();
    assert_eq!(estate.by("ana", &format!("get {DB_URL}")).run().done().stdout, "hunter2-two");
}
