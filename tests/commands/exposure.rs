//! `tenure exposure`: what somebody could read, by the log and by all of history.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::attacks::{Estate, Pen};
use crate::stories::dropping::shop;
use crate::support::{Outcome, snapshot};

/// The name, whether it is live, and how that is known, of each value.
fn values(answer: &Outcome) -> BTreeSet<(String, bool, String)> {
    let json = answer.json();
    let values = json["values"].as_array().unwrap().iter();
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    values.map(|it| (text(it, "name"), it["live"].as_bool().unwrap(), text(it, "proof"))).collect()
}

fn live(answer: &Outcome) -> Vec<String> {
    values(answer).into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

fn codes(answer: &Outcome) -> Vec<(String, String)> {
    let json = answer.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    findings.map(|it| (text(it, "code"), text(it, "severity"))).collect()
}

fn asked(estate: &Estate, line: &str) -> Outcome {
    let outcome = estate.by("ana", &format!("exposure --json {line}")).run();
    assert!(!outcome.stdout.contains("hunter2"), "a value is shown: {outcome}");
    outcome
}

fn with_key(estate: &Estate, who: &str) -> Outcome {
    asked(estate, &format!("--key {}", estate.key(who).display()))
}

const PROD: [&str; 7] = [
    "prod/API_KEY",
    "prod/DB_URL",
    "prod/database.password",
    "prod/database.user",
    "prod/password",
    "prod/secrets/prod.pem",
    "prod/user",
];

/// The keyring of prod, opened by ana, wrapped for somebody else alone.
fn copied_keyring(estate: &Estate, whom: &str) -> Vec<u8> {
    let file = estate.list(".secrets/keys/prod").pop().unwrap();
    let sealed = std::fs::read(estate.repo.path().join(file)).unwrap();
    let key = std::fs::read(estate.key("ana")).unwrap();
    let key = age::ssh::Identity::from_buffer(key.as_slice(), None).unwrap();
    let plain = tenure::seal::open_whole(&sealed, &key).unwrap();
    wrapped(plain.expose(), &[&estate.public(whom)])
}

fn wrapped(plain: &[u8], whom: &[&str]) -> Vec<u8> {
    use std::io::Write as _;
    let readers: Vec<age::ssh::Recipient> = whom.iter().map(|it| it.parse().unwrap()).collect();
    let readers = readers.iter().map(|it| it as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(readers).unwrap();
    let mut file = Vec::new();
    let armor =
        age::armor::ArmoredWriter::wrap_output(&mut file, age::armor::Format::AsciiArmor).unwrap();
    let mut writer = encryptor.wrap_output(armor).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap().finish().unwrap();
    file
}

#[test]
fn a_member_could_read_what_their_keyrings_open() {
    let estate = Estate::new();
    let told = estate.by("ana", "exposure cleo").run().done();
    let head = estate.repo.git(&["rev-parse", "--short=7", "HEAD"]).done();
    let told = told.to_string().replace(head.stdout.trim(), "[commit]");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stdout
    what member cleo could read, SHA256:[fingerprint]
    live  dev/DB_URL      since 2026-01-01    by the log  entry [id], commit [commit]
    live  staging/DB_URL  since 2026-01-01    by the log  entry [id], commit [commit]
    2 values in use, 0 dead
    looked at 3 keyrings
    --- stderr
    Reads are not recorded: whoever holds a reader's key can open values offline and leave no trace. No entry never means not read.
    What was read stays read: removing a reader takes back no value, and old versions stay in the history.
    Times are claims of the signers; order comes from the log.
    ");
    let answer = asked(&estate, "deploy").done();
    assert_eq!(live(&answer), PROD);
    let dead = values(&answer).into_iter().find(|it| !it.1);
    assert_eq!(dead, Some(("prod/DB_URL".into(), false, "log".into())));
}

#[test]
fn who_is_asked_about_must_be_somebody_and_one() {
    let estate = Estate::new();
    for (line, exit, hint) in [
        ("exposure clio", 6, "did you mean `cleo`?"),
        ("exposure --vendor stripe", 6, "tenure policy show"),
        ("exposure", 2, ""),
        ("exposure cleo --value", 2, ""),
        ("exposure --recipient age1xyz", 2, ""),
        ("exposure --key nowhere", 4, ""),
    ] {
        let refused = estate.by("ana", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (exit, ""), "{refused}");
        assert!(refused.stderr.contains(hint), "{refused}");
    }
}

#[test]
fn a_key_opens_every_kind_of_value_and_says_what_the_log_alone_knows() {
    let estate = Estate::new();
    let answer = with_key(&estate, "deploy").done();
    let opened: Vec<_> = values(&answer).into_iter().filter(|it| it.2 == "opened").collect();
    assert_eq!(opened.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), PROD);
    // The first value of DB_URL was replaced before anything was committed.
    assert!(values(&answer).contains(&("prod/DB_URL".into(), false, "log".into())), "{answer}");
    let by_name = asked(&estate, "deploy").done();
    let names = |answer: &Outcome| values(answer).into_iter().map(|it| (it.0, it.1)).collect();
    let (by_key, by_name): (Vec<_>, Vec<_>) = (names(&answer), names(&by_name));
    assert_eq!(by_key, by_name);
    // Whoever is nobody opens nothing.
    let nobody = with_key(&estate, "mallory").done();
    assert!(values(&nobody).is_empty() && codes(&nobody).is_empty(), "{nobody}");
    assert_eq!(nobody.json()["looked"]["keyrings_opened"], 0);
}

#[test]
fn values_in_lists_and_under_tags_are_opened_too() {
    let estate = Estate::new();
    let text = "servers:\n  - name: one\n    pass: hunter2-l1\n  - pass: hunter2-l2\n\
                tagged: !!str hunter2-t\nanchored: &a hunter2-a\n# hunter2 comment\nplain: hunter2-p\n";
    estate.write("secrets/dev.more.yaml", text);
    estate.by("ana", "seal secrets/dev.more.yaml").run().done();
    estate.commit("sealed");
    let answer = with_key(&estate, "cleo").done();
    let opened: Vec<_> = values(&answer).into_iter().filter(|it| it.2 == "opened").collect();
    let opened: Vec<_> = opened.iter().map(|it| it.0.as_str()).collect();
    for name in ["dev/anchored", "dev/plain", "dev/servers", "dev/tagged"] {
        assert!(opened.contains(&name), "{name}: {answer}");
    }
    assert_eq!(answer.json()["unlogged"], serde_json::json!([]));
}

#[test]
fn a_keyring_on_a_side_branch_that_no_entry_names_is_told() {
    let estate = Estate::new();
    assert_eq!(live(&with_key(&estate, "mallory").done()), [""; 0]);
    estate.git("switch --quiet -c side");
    estate.write(
        ".secrets/keys/prod/00112233445566778899aabbccddeeff.age",
        copied_keyring(&estate, "mallory"),
    );
    estate.commit("nothing to see here");
    estate.git("switch --quiet main");
    let found = |what: &str| {
        let answer = with_key(&estate, "mallory");
        assert_eq!(answer.code, 1, "{what}: {answer}");
        assert_eq!(live(&answer), PROD, "{what}: {answer}");
        assert_eq!(codes(&answer), [("unattested".to_owned(), "found".to_owned())], "{what}");
    };
    found("on a branch");
    estate.git("branch --quiet -D side");
    found("in the reflog");
    // Of somebody else's key it says nothing.
    assert!(codes(&with_key(&estate, "cleo").done()).is_empty());
}

#[test]
fn a_header_that_names_a_members_ssh_key_is_told_without_that_key() {
    let estate = Estate::new();
    assert!(!live(&asked(&estate, "cleo").done()).contains(&"prod/API_KEY".to_owned()));
    estate.write(
        ".secrets/keys/prod/00112233445566778899aabbccddeeff.age",
        copied_keyring(&estate, "cleo"),
    );
    estate.commit("for cleo");
    estate.git("rm --quiet .secrets/keys/prod/00112233445566778899aabbccddeeff.age");
    estate.commit("gone");
    // What it holds nobody says to whom has no key for it.
    let answer = asked(&estate, "cleo");
    assert_eq!((answer.code, codes(&answer)), (1, vec![("unattested".into(), "found".into())]));
    let recipient = estate.public("cleo");
    let by_recipient = estate.by("ana", "exposure --json --recipient").arg(&recipient).run();
    assert_eq!((by_recipient.code, codes(&by_recipient)), (1, codes(&answer)));
    assert_eq!(live(&with_key(&estate, "cleo")).len(), PROD.len() + 2);
}

#[test]
fn a_signed_keyring_that_is_wrapped_for_somebody_else_is_told() {
    let estate = Estate::new();
    let policy = tenure::policy::Policy::parse(&estate.read(".secrets-policy.toml")).unwrap();
    let prod = "prod".parse().unwrap();
    let mut ring = estate.keyring(&policy, &prod);
    let path = format!(".secrets/keys/prod/{}.age", ring.generation);
    let sealed = std::fs::read(estate.repo.path().join(&path)).unwrap();
    let key = std::fs::read(estate.key("ana")).unwrap();
    let key = age::ssh::Identity::from_buffer(key.as_slice(), None).unwrap();
    let plain = tenure::seal::open_whole(&sealed, &key).unwrap();
    // As many readers as the policy has: the count is what `check` can see.
    let whom = ["ana", "ben", "mallory"].map(|who| estate.public(who));
    let bytes = wrapped(plain.expose(), &whom.each_ref().map(String::as_str));
    ring.hash = tenure::names::Sha256::of(&bytes);
    estate.write(&path, bytes);
    let kind = tenure::log::entry::Kind::Seal { files: Vec::new(), keyrings: vec![ring] };
    estate.sign(estate.draft("ana", kind), &Pen::of("ana"));
    estate.set("ana", "prod/secrets/prod.env#API_KEY", "hunter2-later");
    estate.commit("a keyring");
    estate.by("ana", "check").run().done();
    let mallory = with_key(&estate, "mallory");
    assert_eq!((mallory.code, live(&mallory)), (1, vec!["prod/API_KEY".to_owned()]), "{mallory}");
    assert_eq!(codes(&mallory), [("altered".to_owned(), "found".to_owned())]);
    for answer in [with_key(&estate, "deploy"), asked(&estate, "deploy")] {
        assert_eq!(answer.code, 1, "{answer}");
        assert_eq!(codes(&answer), [("altered".to_owned(), "found".to_owned())], "{answer}");
    }
}

#[test]
fn what_only_a_squashed_branch_had_is_known_by_the_log() {
    let estate = Estate::new();
    estate.git("switch --quiet -c side");
    for value in ["hunter2-a", "hunter2-b", "hunter2-c"] {
        estate.set("cleo", "dev/secrets/dev.env#PASSING", value);
        estate.commit(value);
    }
    estate.git("switch --quiet main");
    estate.git("merge --quiet --squash side");
    estate.commit("squashed");
    let passing = |answer: &Outcome| {
        let of = values(answer).into_iter().filter(|it| it.0 == "dev/PASSING");
        of.map(|it| (it.1, it.2)).collect::<Vec<_>>()
    };
    let counted = |answer: &Outcome| {
        let json = answer.json();
        let all = json["values"].as_array().unwrap().clone();
        all.iter().filter(|it| it["name"] == "dev/PASSING").count()
    };
    let (live, dead) = ((true, "opened".to_owned()), (false, "opened".to_owned()));
    let answer = with_key(&estate, "cleo").done();
    assert_eq!((passing(&answer), counted(&answer)), (vec![dead, live.clone()], 3));
    estate.git("branch --quiet -D side");
    estate.git("reflog expire --expire=now --all");
    let answer = with_key(&estate, "cleo").done();
    let by_log = (false, "log".to_owned());
    assert_eq!((passing(&answer), counted(&answer)), (vec![by_log, live], 3), "{answer}");
}

#[test]
fn an_unmerged_branch_that_lets_somebody_in_is_told_without_alarm() {
    let estate = Estate::new();
    estate.git("switch --quiet -c side");
    let key = estate.key("mallory").with_extension("pub");
    let add = format!("member add mia --role developer -y --ssh-key {}", key.display());
    estate.by("ana", &add).run().done();
    estate.by("ana", "set dev/ON_SIDE").feed("hunter2-side").done();
    estate.commit("mia comes");
    estate.git("switch --quiet main");
    // As in a clone that never saw the branch's log.
    let pin = format!("root {}\n", estate.root());
    estate.write(".git/tenure/pin", pin);
    let answer = with_key(&estate, "mallory").done();
    assert_eq!(live(&answer), ["dev/DB_URL", "staging/DB_URL"], "{answer}");
    let notes = vec![("unattested".to_owned(), "note".to_owned()); 2];
    assert_eq!(codes(&answer), notes, "{answer}");
    assert_eq!(answer.json()["unlogged"][0]["address"], "dev/secrets/dev.env#ON_SIDE");
}

#[test]
fn what_a_writer_dropped_is_its_readers_and_not_the_writers() {
    let estate = shop();
    estate.by("cleo", "set prod/DB_URL").feed("hunter2-dropped").done();
    estate.commit("dropped");
    let answer = with_key(&estate, "deploy").done();
    assert!(values(&answer).contains(&("prod/DB_URL".into(), true, "opened".into())), "{answer}");
    assert!(live(&asked(&estate, "cleo").done()).iter().all(|name| !name.starts_with("prod")));
}

#[test]
fn a_vendor_had_what_its_rules_name() {
    let estate = Estate::with_policy(|text| {
        format!("{text}\n[[secrets]]\nmatch = \"prod/STRIPE_*\"\nvendor = \"stripe\"\n")
    });
    for (key, value) in
        [("STRIPE_KEY", "hunter2-s1"), ("STRIPE_KEY", "hunter2-s2"), ("X", "hunter2-x")]
    {
        estate.set("ana", &format!("prod/secrets/prod.env#{key}"), value);
    }
    estate.commit("set");
    let answer = asked(&estate, "--vendor stripe").done();
    let log = || "log".to_owned();
    let key = || "prod/STRIPE_KEY".to_owned();
    assert_eq!(values(&answer), [(key(), false, log()), (key(), true, log())].into());
    let refused = estate.by("ana", "exposure --vendor stripes").run();
    assert_eq!(refused.code, 6);
    assert!(refused.stderr.contains("did you mean `stripe`?"), "{refused}");
}

#[test]
fn days_and_an_environment_narrow_the_answer() {
    let estate = Estate::new();
    let estate = Estate { repo: estate.repo.at("2026-01-10") };
    estate.set("ben", "dev/secrets/dev.env#DB_URL", "hunter2-new");
    estate.commit("new");
    let count = |line: &str| {
        let json = asked(&estate, &format!("cleo -e dev {line}")).done().json();
        (json["live"].as_u64().unwrap(), json["dead"].as_u64().unwrap())
    };
    assert_eq!(count(""), (1, 1));
    // The day of its end is a day on which the old value was in use.
    assert_eq!(count("--since 2026-01-10"), (1, 1));
    assert_eq!(count("--since 2026-01-11"), (1, 0));
    assert_eq!(count("--until 2026-01-09"), (0, 1));
    assert_eq!(count("--until 2025-12-31"), (0, 0));
}

#[test]
fn a_leaked_value_is_recognised_wherever_it_stood() {
    let estate = Estate::new();
    estate.set("ben", "prod/secrets/prod.json#password", "hunter2 \"quoted\" \\ \u{e4}");
    estate.set("ben", "prod/secrets/prod.yaml#database.password", "hunter2: 'it''s' # no");
    estate.commit("quoted");
    estate.set("ben", "prod/secrets/prod.json#password", "hunter2-after");
    let ask = |leaked: &str| {
        let found = estate.by("ana", "exposure --value --json").feed(leaked).done();
        assert!(!found.to_string().contains("hunter2"), "a value is shown: {found}");
        found.json()
    };
    let named = |leaked: &str| {
        let json = ask(leaked);
        let all = json["matches"].as_array().unwrap().clone();
        let one = |it: &Value| (it["name"].as_str().unwrap().to_owned(), it["live"] == true);
        all.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(named("hunter2-api\n"), [("prod/API_KEY".into(), true)]);
    assert_eq!(named("hunter2 \"quoted\" \\ \u{e4}"), [("prod/password".into(), false)]);
    assert_eq!(named("hunter2: 'it''s' # no"), [("prod/database.password".into(), true)]);
    // It lies in the work tree alone.
    assert_eq!(named("hunter2-after"), [("prod/password".into(), true)]);
    assert_eq!(named("hunter2 pem"), [("prod/secrets/prod.pem".into(), true)]);
    let part = ask("unter2 pe");
    assert_eq!(part["matches"][0]["part_of_file"], true);
    assert_eq!(named("hunter2-ap"), []);
    assert_eq!(named("nothing of the kind"), []);

    let api = &ask("hunter2-api")["matches"][0];
    let readers: Vec<_> =
        api["readers"].as_array().unwrap().iter().map(|it| it["member"].clone()).collect();
    assert_eq!(readers, ["ana", "ben", "deploy"]);
    let next = "tenure incident open --secret prod/API_KEY --reason \"value seen in clear\"";
    assert_eq!(api["next"], next);
    assert_eq!(ask("hunter2 \"quoted\" \\ \u{e4}")["matches"][0]["next"], Value::Null);
}

#[test]
fn who_reads_little_is_told_what_was_not_compared() {
    let estate = Estate::new();
    let found = estate.by("cleo", "exposure --value").feed("hunter2-api").done();
    snapshot!(found, @r"
    exit 0
    --- stdout
    no value that your keys open was ever this one
    closed  prod: none of your keys opens it
    looked at 3 keyrings and 6 contents of sealed files; opened 2 keyrings and 2 tokens or files
    --- stderr
    Reads are not recorded: whoever holds a reader's key can open values offline and leave no trace. No entry never means not read.
    What was read stays read: removing a reader takes back no value, and old versions stay in the history.
    Times are claims of the signers; order comes from the log.
    ");
    let refused = estate.by("mallory", "exposure --value").feed("hunter2-api");
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
}

#[test]
fn a_shallow_clone_says_that_it_saw_a_part() {
    let estate = Estate::new();
    estate.set("ana", "dev/secrets/dev.env#DB_URL", "hunter2-new");
    estate.commit("new");
    let to = estate.repo.folder().join("shallow");
    let url = format!("file://{}", estate.repo.path().display());
    estate.repo.git(&["clone", "--quiet", "--depth=1", &url, to.to_str().unwrap()]).done();
    let root = estate.root();
    let answer = estate.by("ana", "exposure cleo --json --root").arg(&root).within(&to).run();
    assert_eq!(answer.json()["looked"]["history_is_cut"], true, "{answer}");
}

#[test]
fn a_value_in_an_argument_is_not_repeated() {
    let repo = crate::commands::member::started();
    let refused = repo.tenure(&["exposure", "hunter2-leaked!"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(!refused.stderr.contains("hunter2"), "{refused}");
    assert!(refused.stderr.contains("tenure exposure --value < FILE"), "{refused}");
}

#[test]
fn what_never_came_into_git_is_counted_and_not_compared() {
    let estate = Estate::new();
    let ask = |leaked: &str| estate.by("ana", "exposure --value --json").feed(leaked).done().json();
    let before = ask("hunter2-api")["absent"].as_u64().unwrap();
    estate.set("ben", "prod/API_KEY", "hunter2-once");
    estate.set("ben", "prod/API_KEY", "hunter2-twice");
    estate.commit("twice");
    let once = ask("hunter2-once");
    assert_eq!(once["matches"].as_array().unwrap().len(), 0);
    assert_eq!(once["absent"], before + 1);
    assert_eq!(ask("hunter2-twice")["matches"][0]["name"], "prod/API_KEY");
    let said = estate.by("ana", "exposure --value").feed("hunter2-once").done();
    let absent = "of the log: nowhere in this clone, and not compared\n";
    assert!(said.stdout.contains(absent), "{said}");
    // Who cannot open it could not compare it anyway.
    let cleos = estate.by("cleo", "exposure --value --json").feed("hunter2-once").done();
    assert_eq!((&cleos.json()["absent"], &cleos.json()["closed"][0]), (&0.into(), &"prod".into()));
}

#[test]
fn a_span_that_ends_before_it_begins_is_refused() {
    let estate = Estate::new();
    let line = "exposure cleo --since 2026-01-11 --until 2026-01-10";
    let refused = estate.by("ana", line).run();
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("--since 2026-01-10 --until 2026-01-11"), "{refused}");
    estate.by("ana", "exposure cleo --since 2026-01-10 --until 2026-01-10").run().done();
}
