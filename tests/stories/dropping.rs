//! Somebody writes an environment that they do not read: their values are dropped for its readers.

use tenure::log::entry::Op;
use tenure::names::Address;

use crate::attacks::Estate;
use crate::support::{Outcome, snapshot};

const ENV: &str = "secrets/prod.env";

/// The base's policy, in which cleo writes prod, too, and does not read it; with three values of ben's.
pub(crate) fn shop() -> Estate {
    let estate = Estate::with_policy(|text| {
        text.replacen(
            "readers = [\"admin\", \"deploy\"]\nwriters = [\"admin\"]",
            "readers = [\"admin\", \"deploy\"]\nwriters = [\"admin\", \"developer\"]",
            1,
        )
    });
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.set("ben", "prod/secrets/prod.env#API_KEY", "hunter2-api");
    estate.commit("ben's values");
    estate
}

fn line(estate: &Estate, path: &str, key: &str) -> String {
    let text = estate.read(path);
    text.lines().find(|line| line.contains(key)).unwrap().to_owned()
}

fn get(estate: &Estate, who: &str, address: &str) -> Outcome {
    estate.by(who, &format!("get {address}")).run()
}

#[test]
fn a_writer_who_does_not_read_drops_a_value_and_says_so() {
    let estate = shop();
    let before = line(&estate, ENV, "API_KEY=");
    let set = estate.by("cleo", "set prod/DB_URL").feed("hunter2-new");
    snapshot!(set, @r"
    exit 0
    --- stdout
    prod/DB_URL dropped for its readers: you cannot read it back. Readers: ana, ben, deploy. Rotate by 2026-04-01. Entry [id], signed by cleo.
    --- stderr
    `scan` and the hooks do not look for it elsewhere: it is too common
    ");
    let dropped = line(&estate, ENV, "DB_URL=");
    assert!(dropped.starts_with("DB_URL=dropped.v1."), "{dropped}");
    assert_eq!(line(&estate, ENV, "API_KEY="), before);
    estate.by("ana", "check").run().done();
    estate.by("cleo", "check").run().done();
}

#[test]
fn readers_open_what_was_dropped_and_the_writer_does_not() {
    let estate = shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    for reader in ["ana", "ben", "deploy"] {
        assert_eq!(get(&estate, reader, "prod/DB_URL").done().stdout, "hunter2-new");
    }
    let run = estate.by("deploy", "run -e prod -- printenv DB_URL").run().done();
    assert_eq!(run.stdout, "hunter2-new\n");
    let exported = estate.by("deploy", "export -e prod --format json").run().done();
    assert!(exported.stdout.contains("hunter2-new"), "{exported}");
    let opened = estate.by("ana", "open secrets/prod.env").run().done();
    assert_eq!(opened.stdout, "DB_URL=hunter2-new\nAPI_KEY=hunter2-api\n");
    for address in ["prod/DB_URL", "prod/API_KEY"] {
        let refused = get(&estate, "cleo", address);
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
    }
}

#[test]
fn a_readers_rekey_makes_an_ordinary_value_of_it_without_a_new_keyring() {
    let estate = shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    let address: Address = "prod/secrets/prod.env#DB_URL".parse().unwrap();
    let (new, dropped) = estate.newest(&address).unwrap();
    assert_eq!((dropped.op, dropped.due.is_some()), (Op::New, true));
    let keyrings = estate.list(".secrets/keys/prod");
    snapshot!(estate.by("ben", "rekey").run(), @r"
    exit 0
    --- stdout
    no new keyring needed for prod; 1 value sealed anew. Readers: ana, ben, deploy.
    Entry [id], signed by ben.
    ");
    assert_eq!(estate.list(".secrets/keys/prod"), keyrings);
    assert!(line(&estate, ENV, "DB_URL=").starts_with("DB_URL=sealed.v1."));
    let (_, item) = estate.newest(&address).unwrap();
    assert_eq!(item.op, Op::Rekey);
    assert_eq!(item.of.unwrap().entry, new);
    assert_eq!((item.due, item.kind), (dropped.due, dropped.kind));
    assert_eq!(get(&estate, "deploy", "prod/DB_URL").done().stdout, "hunter2-new");
    estate.by("ana", "check").run().done();
    let again = estate.by("ben", "rekey").run();
    assert_eq!(again.code, 2, "{again}");
}

#[test]
fn check_notes_what_no_reader_has_opened_and_list_shows_it() {
    let estate = shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    let checked = estate.by("ana", "--json check").run().done().json();
    let findings = checked["findings"].as_array().unwrap();
    let [note] = findings.as_slice() else { panic!("{checked}") };
    assert_eq!((note["code"].as_str(), note["severity"].as_str()), (Some("dropped"), Some("note")));
    assert_eq!(note["fix"], "tenure rekey -e prod");
    let listed = estate.by("ana", "list -e prod").run().done().stdout;
    assert!(listed.lines().any(|l| l.contains("DB_URL") && l.contains("  dropped  ")), "{listed}");
    estate.by("ben", "rekey -e prod").run().done();
    let checked = estate.by("ana", "--json check").run().done().json();
    assert_eq!(checked["findings"].as_array().unwrap().len(), 0, "{checked}");
}

#[test]
fn the_same_value_set_by_a_reader_makes_an_ordinary_value_of_it() {
    let estate = shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    estate.set("ben", "prod/API_KEY", "hunter2-other");
    assert!(line(&estate, ENV, "DB_URL=").starts_with("DB_URL=dropped.v1."), "it stays meanwhile");
    estate.set("ben", "prod/DB_URL", "hunter2-new");
    assert!(line(&estate, ENV, "DB_URL=").starts_with("DB_URL=sealed.v1."));
    let (_, item) = estate.newest(&"prod/secrets/prod.env#DB_URL".parse().unwrap()).unwrap();
    assert_eq!(item.op, Op::Rekey);
    estate.by("ana", "check").run().done();
}

#[test]
fn every_format_takes_a_dropped_value_in_old_places_and_new_ones() {
    let estate = shop();
    for (path, text, old) in [
        (
            "secrets/prod.yaml",
            "# c\ndb:\n  url: 'hunter2 x' # d\n  port: 5432\nlist:\n  - a\n",
            "db.url",
        ),
        ("secrets/prod.json", "{\n  \"db\": {\"url\": \"hunter2\", \"n\": null}\n}\n", "db.url"),
        ("secrets/prod.toml", "# c\n[db]\nurl = \"hunter2\"\nn = 1\n", "db.url"),
        ("secrets/prod.ini", "; c\n[db]\nurl = hunter2\n", "db.url"),
        ("secrets/prod.properties", "db.url = hunter2\nx = y\n", "\"db.url\""),
    ] {
        estate.write(path, text);
        estate.by("ben", &format!("-y seal {path}")).run().done();
        let fresh = old.replace("url", "fresh");
        for (key, value) in [(old, "hunter2: \"new\" 'x'"), (&fresh, "hunter2 $fresh")] {
            let address = format!("prod/{path}#{key}");
            estate.by("cleo", "set").arg(&address).feed(value).done();
            let value_of = estate.by("ana", "get").arg(&address).run().done().stdout;
            assert_eq!(value_of, value, "{path} {key}");
        }
        assert_eq!(estate.read(path).matches("dropped.v1.").count(), 2, "{path}");
        estate.by("ana", "check").run().done();
    }
    estate.by("ben", "rekey -e prod").run().done();
    for path in ["yaml", "json", "toml", "ini", "properties"] {
        assert!(!estate.read(&format!("secrets/prod.{path}")).contains("dropped."), "{path}");
    }
    let value = estate.by("ana", "get prod/secrets/prod.toml#db.url").run().done().stdout;
    assert_eq!(value, "hunter2: \"new\" 'x'");
}

#[test]
fn a_first_value_makes_its_file_and_a_whole_file_is_sealed_by_age() {
    let estate = shop();
    estate.set("cleo", "prod/secrets/prod.yaml#a.b", "hunter2-first");
    assert_eq!(get(&estate, "ana", "prod/a.b").done().stdout, "hunter2-first");
    for text in ["hunter2 pem\n", "hunter2 other\n"] {
        estate.set("cleo", "prod/secrets/prod.pem", text);
        assert_eq!(get(&estate, "ana", "prod/secrets/prod.pem").done().stdout, text);
    }
    estate.by("ana", "check").run().done();
    let many = estate.by("cleo", "set prod/secrets/prod.toml").feed("a = 1\n");
    assert_eq!(many.code, 2, "{many}");
    assert!(many.stderr.contains("tenure set prod/secrets/prod.toml#KEY"), "{many}");
}

#[test]
fn a_value_inside_a_list_is_refused_since_the_list_is_one_item() {
    let estate = shop();
    estate.write("secrets/prod.yaml", "list:\n  - a\n  - b\n");
    estate.by("ben", "-y seal secrets/prod.yaml").run().done();
    let before = estate.read("secrets/prod.yaml");
    let refused = estate.by("cleo", "set prod/list[0]").feed("hunter2");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("the whole list `list` is one item"), "{refused}");
    assert_eq!(estate.read("secrets/prod.yaml"), before);
}

#[test]
fn rotate_and_unset_work_without_reading() {
    let estate = shop();
    estate.by("cleo", "rotate prod/DB_URL").feed("hunter2-three").done();
    assert_eq!(get(&estate, "ana", "prod/DB_URL").done().stdout, "hunter2-three");
    estate.by("cleo", "rotate prod/DB_URL --generate hex:32").run().done();
    assert_eq!(get(&estate, "ana", "prod/DB_URL").done().stdout.len(), 64);
    estate.by("cleo", "-y unset prod/API_KEY").run().done();
    assert!(!estate.read(ENV).contains("API_KEY"));
    estate.by("ana", "check").run().done();
}

#[test]
fn a_reader_whose_key_is_not_at_hand_never_drops() {
    let estate = shop();
    let before = estate.read(ENV);
    // ana signs with an SSH key; for reading, the policy knows another key of hers.
    let text = estate.read(".secrets-policy.toml").replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    let (ana, other) = (estate.public("ana"), estate.public("mallory"));
    let text = text.replacen(
        &format!("recipients = [\"{ana}\"]"),
        &format!("recipients = [\"{other}\"]"),
        1,
    );
    estate.by("ana", "rekey -e prod").run().done();
    estate.sign_policy(&text, "ana", &crate::attacks::Pen::of("ana"));
    estate.by("ben", "rekey").run().done();
    estate.by("ben", "check").run().done();
    let refused = estate.by("ana", "set prod/DB_URL").feed("hunter2-new");
    assert_eq!(refused.code, 4, "{refused}");
    assert_eq!(estate.read(ENV), before);
}

#[test]
fn nothing_is_dropped_while_the_readers_changed() {
    let estate = shop();
    let text = estate.read(".secrets-policy.toml").replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    let text = text.replacen("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]", 1);
    estate.sign_policy(&text, "ana", &crate::attacks::Pen::of("ana"));
    let before = estate.read(ENV);
    let refused = estate.by("cleo", "set prod/DB_URL").feed("hunter2-new");
    assert_eq!(refused.code, 3, "{refused}");
    assert_eq!(estate.read(ENV), before);
    estate.by("ben", "rekey").run().done();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    assert_eq!(get(&estate, "ana", "prod/DB_URL").done().stdout, "hunter2-new");
}
