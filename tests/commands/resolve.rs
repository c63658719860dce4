//! `tenure resolve`: a writer's word ends a dispute, whatever the form of the value.

use crate::attacks::Estate;

/// Sets one value on two branches, and merges them with our side's file.
fn disputed(address: &str, file: &str) -> Estate {
    let estate = Estate::new();
    two_sides(&estate, address, file);
    estate
}

fn two_sides(estate: &Estate, address: &str, file: &str) {
    estate.honest();
    estate.git("switch --quiet -c left");
    estate.set("ben", address, "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("ben", address, "hunter2-right");
    estate.commit("right");
    let merge = ["merge", "--quiet", "--no-edit", "-s", "ours", "left"];
    estate.repo.git(&merge).done();
    // Of the other side only its entries came along.
    estate.repo.git(&["checkout", "--quiet", "left", "--", ".secrets/log"]).done();
    estate.commit("entries");
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("concurrent"), "{checked}");
    assert!(checked.stdout.contains("fix  tenure resolve prod/"), "{checked}");
    assert!(checked.stdout.contains(file), "{checked}");
}

/// The id of the entry on the other side.
fn left(estate: &Estate) -> String {
    let changed = ["diff", "--name-only", "main~2", "left", "--", ".secrets/log"];
    let listed = estate.repo.git(&changed).done().stdout;
    let name = listed.lines().find(|line| estate.repo.path().join(line).is_file()).unwrap();
    let log = estate.log();
    let id = |signed: &&tenure::log::parse::SignedEntry| {
        name.contains(&signed.id.to_string()[..16]) && on_left(estate, name)
    };
    log.iter().find(id).unwrap().id.to_string()
}

fn on_left(estate: &Estate, name: &str) -> bool {
    estate.repo.git(&["cat-file", "-e", &format!("left:{name}")]).code == 0
}

#[track_caller]
fn ends(estate: &Estate, line: &str, address: &str, value: &str) {
    let said = estate.by("ben", line).run();
    assert_eq!(said.code, 0, "{said}");
    assert!(!said.stdout.contains("hunter2") && !said.stderr.contains("hunter2"), "{said}");
    estate.honest();
    let got = estate.by("ana", &format!("get {address}")).run();
    assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
}

#[test]
fn what_stands_in_the_file_is_taken_and_the_file_stays() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let before = estate.read("secrets/prod.env");
    ends(&estate, "resolve prod/API_KEY -y", "prod/API_KEY", "hunter2-right");
    assert_eq!(estate.read("secrets/prod.env"), before);
    let again = estate.by("ben", "resolve").run().done();
    assert_eq!(again.stdout, "nothing is in dispute; nothing was signed\n");
    let none = estate.by("ben", "resolve prod/API_KEY -y").run();
    assert_eq!(none.code, 2, "{none}");
}

#[test]
fn the_other_side_is_taken_from_git() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let take = format!("resolve prod/API_KEY -y --take {}", &left(&estate)[..8]);
    ends(&estate, &take, "prod/API_KEY", "hunter2-left");
}

#[test]
fn who_signed_what_is_shown_and_nobody_is_assumed_to_agree() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let log = estate.list(".secrets/log");
    let asked = estate.by("ben", "resolve prod/API_KEY").run();
    assert_eq!(asked.code, 2, "{asked}");
    assert!(asked.stderr.matches("  ben  new  due ").count() == 2, "{asked}");
    assert!(asked.stderr.matches("(as here)").count() == 1, "{asked}");
    assert!(asked.stderr.contains("hint: say yes beforehand with -y"), "{asked}");
    let dry = estate.by("ben", "--json resolve -n").run().done();
    assert_eq!(dry.json()["resolved"][0]["code"], "concurrent");
    assert_eq!(dry.json()["resolved"][0]["changed"], false);
    assert_eq!(estate.list(".secrets/log"), log);
}

#[test]
fn only_a_writer_has_a_word() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let refused = estate.by("cleo", "resolve prod/API_KEY -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("may not write"), "{refused}");
}

#[test]
fn a_writer_who_reads_nothing_can_end_it() {
    let writers =
        "files = [\"secrets/prod.*\"]\nreaders = [\"admin\", \"deploy\"]\nwriters = [\"admin\"";
    let both = format!("{writers}, \"developer\"");
    let estate = Estate::with_policy(|text| text.replacen(writers, &both, 1));
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.set("ben", "prod/secrets/prod.env#API_KEY", "hunter2-api");
    estate.commit("base");
    two_sides(&estate, "prod/API_KEY", "secrets/prod.env");
    assert_eq!(estate.by("cleo", "get prod/DB_URL").run().code, 5);
    let take = format!("resolve prod/API_KEY -y --take {}", left(&estate));
    estate.by("cleo", &take).run().done();
    estate.honest();
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().done().stdout, "hunter2-left");
    assert_eq!(estate.by("cleo", "get prod/API_KEY").run().code, 4);
}

#[test]
fn a_whole_file_both_ways() {
    let estate = disputed("prod/secrets/prod.pem", "secrets/prod.pem");
    ends(&estate, "resolve secrets/prod.pem -y", "prod/secrets/prod.pem", "hunter2-right");
    let estate = disputed("prod/secrets/prod.pem", "secrets/prod.pem");
    let take = format!("resolve prod/secrets/prod.pem -y --take {}", left(&estate));
    ends(&estate, &take, "prod/secrets/prod.pem", "hunter2-left");
}

/// A YAML file with a list and a tagged value, edited on both branches.
fn edited(left_text: &str, right_text: &str) -> Estate {
    let estate = Estate::new();
    let put = |text: &str| {
        estate.write("secrets/prod.yml", text);
        estate.by("ben", "seal secrets/prod.yml").run().done();
        estate.commit("sealed");
    };
    put("hosts:\n  - one\n  - two\ntagged: !!str x\nlast: y\n");
    let change = |text: &str| {
        estate.by("ben", "open --in-place secrets/prod.yml").run().done();
        put(text);
    };
    estate.honest();
    estate.git("switch --quiet -c left");
    change(left_text);
    estate.git("switch --quiet main");
    change(right_text);
    estate.repo.git(&["merge", "--quiet", "--no-edit", "-s", "ours", "left"]).done();
    estate.repo.git(&["checkout", "--quiet", "left", "--", ".secrets/log"]).done();
    estate.commit("entries");
    assert_eq!(estate.by("ana", "check").run().code, 5);
    estate
}

#[test]
fn a_list_is_taken_as_a_whole() {
    let both = || {
        edited(
            "hosts:\n  - one\n  - two\n  - left\ntagged: !!str x\nlast: y\n",
            "hosts:\n  - right\ntagged: !!str x\nlast: y\n",
        )
    };
    let estate = both();
    ends(&estate, "resolve prod/hosts -y", "prod/hosts[0]", "right");
    let estate = both();
    let take = format!("resolve prod/hosts -y --take {}", left(&estate));
    ends(&estate, &take, "prod/hosts[2]", "left");
    assert_eq!(estate.by("ana", "get prod/last").run().done().stdout, "y");
}

#[test]
fn a_tag_comes_with_its_value() {
    let both = || {
        edited(
            "hosts:\n  - one\n  - two\ntagged: !!str left\nlast: y\n",
            "hosts:\n  - one\n  - two\ntagged: right\nlast: y\n",
        )
    };
    let estate = both();
    ends(&estate, "resolve prod/tagged -y", "prod/tagged", "right");
    let estate = both();
    let take = format!("resolve prod/tagged -y --take {}", left(&estate));
    ends(&estate, &take, "prod/tagged", "left");
    assert!(estate.read("secrets/prod.yml").contains("tagged: !!str sealed.v1."));
}

/// One branch deletes a value that the other changes; the file is the other's.
fn deleted_or_changed() -> (Estate, String) {
    let estate = Estate::new();
    estate.honest();
    estate.git("switch --quiet -c left");
    estate.by("ben", "unset prod/API_KEY").run().done();
    estate.commit("left");
    let gone = estate.head().to_string();
    estate.git("switch --quiet main");
    estate.set("ben", "prod/API_KEY", "hunter2-right");
    estate.commit("right");
    estate.repo.git(&["merge", "--quiet", "--no-edit", "-s", "ours", "left"]).done();
    estate.repo.git(&["checkout", "--quiet", "left", "--", ".secrets/log"]).done();
    estate.commit("entries");
    assert_eq!(estate.by("ana", "check").run().code, 5);
    (estate, gone)
}

#[test]
fn between_a_deletion_and_a_change_one_chooses() {
    let (estate, _) = deleted_or_changed();
    ends(&estate, "resolve -y", "prod/API_KEY", "hunter2-right");
    for take in ["none", "entry"] {
        let (estate, gone) = deleted_or_changed();
        let take = if take == "none" { take.to_owned() } else { gone };
        estate.by("ben", &format!("resolve -y --take {take}")).run().done();
        estate.honest();
        assert!(!estate.read("secrets/prod.env").contains("API_KEY"));
        assert_eq!(estate.by("ana", "get prod/API_KEY").run().code, 6);
    }
}

#[test]
fn a_file_that_one_side_removed_can_come_back() {
    let estate = disputed("prod/secrets/prod.pem", "secrets/prod.pem");
    let take = left(&estate);
    estate.remove("secrets/prod.pem");
    let unclear = estate.by("ben", "resolve -y").run();
    assert_eq!(unclear.code, 2, "{unclear}");
    assert!(unclear.stderr.contains("--take ENTRY"), "{unclear}");
    ends(&estate, &format!("resolve -y --take {take}"), "prod/secrets/prod.pem", "hunter2-left");
}

#[test]
fn what_is_wrong_beside_a_dispute_is_not_signed_away() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let before = estate.list(".secrets/log");
    estate.edit("secrets/prod.json", |text| text.replacen("sealed.v1.", "sealed.v1.A", 1));
    let refused = estate.by("ben", "resolve prod/API_KEY -y").run();
    assert_eq!(refused.code, 5, "{refused}");
    assert!(refused.stderr.contains("altered"), "{refused}");
    assert_eq!(estate.list(".secrets/log"), before);
}

#[test]
fn bytes_that_nobody_signed_are_not_taken() {
    let estate = disputed("prod/API_KEY", "secrets/prod.env");
    let token = estate.read("secrets/prod.json");
    let token = token.split('"').find(|part| part.starts_with("sealed.v1.")).unwrap();
    estate.edit("secrets/prod.env", |text| {
        let line = |line: &str| match line.starts_with("API_KEY=") {
            true => format!("API_KEY={token}\n"),
            false => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    });
    let refused = estate.by("ben", "resolve prod/API_KEY -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("is no side's value"), "{refused}");
}
