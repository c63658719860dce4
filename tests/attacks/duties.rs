//! Duties about values: what makes one, what ends it, and what does not.

use serde_json::Value;
use tenure::log::entry::{FileChange, Grade, Item, Kind, Note, Op, Origin, Subject};

use super::Estate;
use super::forge::Pen;
use super::notes::{accept, note, open, origin, revoked};
use crate::support::Outcome;

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const POLICY: &str = ".secrets-policy.toml";

/// Three admins, of whom so many sign a policy, and a type whose values are ended at their issuer.
pub(super) fn estate(threshold: u32) -> Estate {
    let estate = Estate::with_policy(|text| {
        text.replace("threshold = 1", &format!("threshold = {threshold}"))
            .replace("admin = [\"ana\", \"ben\"]", "admin = [\"ana\", \"ben\", \"cleo\"]")
            .replace("[types.api-key]\n", "[types.api-key]\nrevoke = \"console, keys\"\n")
    });
    estate.set("ana", DB_URL, "hunter2-two");
    estate.set("ana", API_KEY, "hunter2-api");
    estate.commit("begun");
    estate.honest();
    estate
}

pub(super) fn check(estate: &Estate, day: &str) -> Outcome {
    estate
        .repo
        .command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["--now", &format!("{day}T12:00:00Z"), "--json", "check", "-i"])
        .arg(estate.key("ana"))
        .run()
}

/// What is found that makes the check red, sorted.
pub(super) fn red(checked: &Outcome) -> Vec<String> {
    let found = checked.json()["findings"].clone();
    let red = found.as_array().unwrap().iter().filter(|it| it["severity"] == "found");
    let mut red: Vec<_> = red.map(|it| it["code"].as_str().unwrap().to_owned()).collect();
    red.sort();
    red
}

/// Per value that is owed: the key, what is left to do, the cause, and all causes.
pub(super) fn duties(checked: &Outcome) -> Vec<(String, String, String, usize)> {
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    let one = |it: &Value| {
        let key = text(&it["address"]).split_once('#').unwrap().1.to_owned();
        (key, text(&it["owed"]), text(&it["cause"]), it["causes"].as_array().unwrap().len())
    };
    checked.json()["obligations"].as_array().unwrap().iter().map(one).collect()
}

fn duty(key: &str, owed: &str, cause: &str, causes: usize) -> (String, String, String, usize) {
    (key.to_owned(), owed.to_owned(), cause.to_owned(), causes)
}

fn drill(values: Vec<Origin>) -> Note {
    let subject = Subject::Env("prod".parse().unwrap());
    Note::IncidentOpen { subject, drill: true, values }
}

#[test]
fn a_new_value_alone_does_not_pay_where_the_old_one_must_be_ended() {
    let estate = estate(1);
    let (old, other) = (origin(&estate, DB_URL), origin(&estate, API_KEY));
    estate.by("ana", "member remove ben -y").run().done();
    let before = check(&estate, "2026-01-02");
    let both = [duty("API_KEY", "rotate", "left", 1), duty("DB_URL", "rotate", "left", 1)];
    assert_eq!((before.code, duties(&before)), (0, both.to_vec()), "{before}");
    estate.set("ana", DB_URL, "hunter2-three");
    estate.set("ana", API_KEY, "hunter2-other");
    // A value without such a type is paid for with another; this one is not.
    let left = vec![duty("DB_URL", "end", "left", 1)];
    assert_eq!(duties(&check(&estate, "2026-01-02")), left);
    let late = check(&estate, "2026-01-03");
    assert_eq!(late.code, 1, "{late}");
    let fix = &late.json()["findings"][0]["fix"];
    assert_eq!(fix, "tenure rotate prod/DB_URL --finish", "{late}");
    // The word that another value was ended does not do.
    note(&estate, "ana", revoked(other));
    assert_eq!(duties(&check(&estate, "2026-01-02")), left);
    note(&estate, "ana", Note::Revoked { value: old, grade: Grade::Probed });
    estate.commit("ended");
    let paid = check(&estate, "2026-01-20");
    assert_eq!((paid.code, duties(&paid)), (0, vec![]), "{paid}");
    estate.judged(0, &[]);
}

#[test]
fn what_was_replaced_has_its_overlap_and_is_red_on_the_day_after() {
    let estate = estate(1);
    let old = origin(&estate, DB_URL);
    estate.set("ana", DB_URL, "hunter2-three");
    estate.commit("replaced");
    let previous = |day: &str| {
        let checked = check(&estate, day);
        let found = checked.json()["findings"].clone();
        let found = found.as_array().unwrap().iter().filter(|it| it["code"] == "previous").count();
        (checked.code, found)
    };
    assert_eq!((previous("2026-01-01"), previous("2026-01-08")), ((0, 1), (0, 1)));
    assert_eq!(previous("2026-01-09"), (1, 1));
    estate.judged(0, &["previous"]);
    let status = estate.by("ana", "--json status").run().done().json();
    assert_eq!(status["previous"][0]["due"], "2026-01-08", "{status}");
    note(&estate, "ben", revoked(old));
    assert_eq!(previous("2026-01-09"), (0, 0));
    // A value that was never to be ended owes nothing.
    estate.set("ana", API_KEY, "hunter2-other");
    assert_eq!(previous("2026-06-01").1, 0);
}

#[test]
fn an_incident_is_red_at_once_and_a_drill_never() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    estate.twin(|e| {
        note(e, "cleo", drill(vec![value.clone()]));
        let checked = check(e, "2026-06-01");
        let owed = checked.json()["obligations"][0].clone();
        assert_eq!((&owed["drill"], &owed["due"]), (&true.into(), &"2026-01-01".into()));
        let red = checked.json()["findings"].as_array().unwrap().clone();
        assert!(red.iter().all(|it| it["code"] != "obligation" || it["severity"] == "note"));
    });
    note(&estate, "cleo", open(vec![value]));
    let at_once = check(&estate, "2026-01-01");
    let owed = vec![duty("API_KEY", "rotate", "incident", 1)];
    assert_eq!((at_once.code, duties(&at_once)), (1, owed), "{at_once}");
    // Under another name it is the same value.
    estate.by("ben", "mv prod/API_KEY PARTNER_KEY").run().done();
    let owed = vec![duty("PARTNER_KEY", "rotate", "incident", 1)];
    assert_eq!(duties(&check(&estate, "2026-01-01")), owed);
    let warned = estate.by("ana", "run -e prod -- true").run().done();
    assert!(warned.stderr.contains("PARTNER_KEY must rotate: incident"), "{warned}");
    estate.set("ana", "prod/secrets/prod.env#PARTNER_KEY", "hunter2-other");
    let paid = check(&estate, "2026-01-01");
    assert_eq!((paid.code, duties(&paid)), (1, vec![]), "{paid}");
    assert_eq!(red(&paid), ["incident"], "all is paid, and nobody closed it: {paid}");
}

#[test]
fn a_drill_is_over_when_two_members_say_so_one_of_them_an_admin() {
    let estate = Estate::new();
    let id = note(&estate, "cleo", drill(vec![origin(&estate, API_KEY)]));
    let listed = |e: &Estate| duties(&check(e, "2026-01-02")).len();
    assert_eq!(listed(&estate), 1);
    for _ in 0..2 {
        note(&estate, "cleo", Note::IncidentClose { target: id });
        assert_eq!(listed(&estate), 1, "one member, however often, is not two");
    }
    note(&estate, "ben", Note::IncidentClose { target: id });
    assert_eq!(listed(&estate), 0);
    // What is real is not over by anybody's word.
    let value = origin(&estate, API_KEY);
    let id = note(&estate, "cleo", open(vec![value]));
    for who in ["cleo", "ben", "ana"] {
        note(&estate, who, Note::IncidentClose { target: id });
    }
    assert_eq!((listed(&estate), check(&estate, "2026-01-02").code), (1, 1));
}

#[test]
fn one_admin_of_two_accepts_nothing_and_neither_does_who_raised_the_alarm() {
    let two = estate(2);
    let value = origin(&two, API_KEY);
    let code = |e: &Estate, day: &str| {
        let checked = check(e, day);
        let owed = checked.json()["findings"].clone();
        let owed = owed.as_array().unwrap().iter().find(|it| it["code"] == "obligation").cloned();
        owed.map(|it| it["severity"].as_str().unwrap().to_owned())
    };
    let cause = note(&two, "ana", open(vec![value.clone()]));
    note(&two, "ana", accept(cause, value.clone()));
    assert_eq!(code(&two, "2026-12-01").as_deref(), Some("found"), "one alone");
    note(&two, "ana", accept(cause, value.clone()));
    assert_eq!(code(&two, "2026-12-01").as_deref(), Some("found"), "one alone, twice");
    note(&two, "ben", accept(cause, value.clone()));
    assert_eq!(code(&two, "2026-12-01").as_deref(), Some("note"), "two");
    assert_eq!(code(&two, "2027-01-01").as_deref(), Some("note"), "the last day");
    assert_eq!(code(&two, "2027-01-02").as_deref(), Some("found"), "the day after");
    two.commit("accepted");
    let told = check(&two, "2026-12-01").json()["obligations"][0]["accepted"].clone();
    assert_eq!((&told["until"], &told["reason"]), (&"2027-01-01".into(), &"a test".into()));

    let one = estate(1);
    let value = origin(&one, API_KEY);
    let severity = |e: &Estate| code(e, "2026-12-01");
    let cause = note(&one, "ana", open(vec![value.clone()]));
    note(&one, "ana", accept(cause, value.clone()));
    assert_eq!(severity(&one).as_deref(), Some("found"), "who raised it");
    note(&one, "ben", accept(cause, value.clone()));
    assert_eq!(severity(&one).as_deref(), Some("note"));
    // Who is no admin any more bears nothing.
    one.by("ana", "member remove ben -y").run().done();
    assert_eq!(severity(&one).as_deref(), Some("found"), "ben is gone");
}

#[test]
fn whom_an_incident_is_about_does_not_bear_it() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    let about = |name: &str| Note::IncidentOpen {
        subject: Subject::Member(name.parse().unwrap()),
        drill: false,
        values: vec![value.clone()],
    };
    let cause = note(&estate, "ana", about("ben"));
    note(&estate, "ben", accept(cause, value.clone()));
    assert_eq!(red(&check(&estate, "2026-01-02")), ["incident", "obligation"]);
    note(&estate, "cleo", accept(cause, value.clone()));
    assert_eq!(red(&check(&estate, "2026-01-02")), ["incident"]);
}

#[test]
fn an_acceptance_is_of_one_cause_and_another_stays() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    let first = note(&estate, "cleo", open(vec![value.clone()]));
    note(&estate, "ana", accept(first, value.clone()));
    assert_eq!(red(&check(&estate, "2026-01-02")), ["incident"]);
    note(&estate, "cleo", open(vec![value.clone()]));
    let again = check(&estate, "2026-01-02");
    let owed = vec![duty("API_KEY", "rotate", "incident", 2)];
    assert_eq!(duties(&again), owed, "{again}");
    assert_eq!(red(&again), ["incident", "incident", "obligation"], "{again}");
    // The cause may be that somebody left, too.
    let estate = left_by_ben();
    let left = estate.step(2);
    let red = check(&estate, "2026-02-01");
    assert_eq!((red.code, duties(&red).len()), (1, 2), "{red}");
    for address in [API_KEY, DB_URL] {
        note(&estate, "cleo", accept(left, origin(&estate, address)));
    }
    let borne = check(&estate, "2026-02-01");
    assert_eq!((borne.code, duties(&borne).len()), (0, 2), "{borne}");
}

/// A new base that ben left.
fn left_by_ben() -> Estate {
    let estate = estate(1);
    estate.by("ana", "member remove ben -y").run().done();
    estate
}

#[test]
fn notes_of_two_branches_merge() {
    let estate = estate(1);
    let (value, other) = (origin(&estate, API_KEY), origin(&estate, DB_URL));
    estate.git("switch -q -c theirs");
    note(&estate, "ben", open(vec![value.clone()]));
    note(&estate, "ben", revoked(other));
    estate.commit("theirs");
    estate.git("switch -q -");
    note(&estate, "cleo", open(vec![value]));
    estate.set("ana", DB_URL, "hunter2-three");
    estate.commit("ours");
    estate.git("merge -q --no-edit theirs");
    let merged = check(&estate, "2026-01-02");
    let owed = vec![duty("API_KEY", "rotate", "incident", 2)];
    assert_eq!((merged.code, duties(&merged)), (1, owed), "{merged}");
    let previous = merged.json()["previous"].as_array().unwrap().len();
    assert_eq!(previous, 0, "it was ended on the other branch: {merged}");
    estate.judged(1, &["obligation"]);
}

#[test]
fn what_a_customer_has_in_hand_is_told_and_never_red() {
    let estate = Estate::with_policy(|text| {
        let rule = "match = \"prod/DB_URL\"\n";
        text.replace(rule, &format!("{rule}custody = \"customer\"\n"))
            .replace("[types.api-key]\n", "[types.api-key]\nrevoke = \"theirs\"\n")
    });
    estate.set("ana", DB_URL, "hunter2-two");
    let old = origin(&estate, DB_URL);
    estate.set("ana", DB_URL, "hunter2-three");
    note(&estate, "ben", open(vec![old, origin(&estate, DB_URL)]));
    let checked = check(&estate, "2026-12-01");
    let codes: Vec<_> = checked.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["code"].as_str().unwrap().to_owned())
        .collect();
    let count = |code: &str| codes.iter().filter(|it| *it == code).count();
    let told = (count("overdue"), count("obligation"), count("previous"));
    assert_eq!((checked.code, told), (0, (1, 2, 1)), "{checked}");
    // The same without the customer is red.
    let text = estate.read(POLICY).replace("custody = \"customer\"\n", "");
    estate.sign_policy(&text.replace("\"1-", "\"2-"), "ana", &Pen::of("ana"));
    assert_eq!(check(&estate, "2026-12-01").code, 1);
}

#[test]
fn what_a_lost_key_bears_or_closes_counts_for_nothing() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    let cause = note(&estate, "ana", open(vec![value.clone()]));
    note(&estate, "cleo", accept(cause, value.clone()));
    let drill = note(&estate, "ana", drill(vec![origin(&estate, DB_URL)]));
    for who in ["ana", "cleo"] {
        note(&estate, who, Note::IncidentClose { target: drill });
    }
    estate.commit("borne");
    let before = check(&estate, "2026-01-01");
    assert_eq!((red(&before), duties(&before).len()), (vec!["incident".to_owned()], 1), "{before}");
    estate.judged(1, &["incident"]);
    // cleo's key was stolen, and she has another one.
    let (old, new) = (estate.public("cleo"), estate.public("mallory"));
    let text = estate.read(POLICY).replace("\"1-", "\"2-").replace(&old, &new);
    let header = "[members.cleo]\n";
    let text = text.replace(header, &format!("{header}lost-keys = [\"{old}\"]\n"));
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.by("ana", "rekey -y").run().done();
    let severity = |checked: &Outcome, key: &str| {
        let found = checked.json()["findings"].clone();
        let mut found = found.as_array().unwrap().iter();
        let is_it = |it: &&Value| it["code"] == "obligation" && it["key"] == key;
        found.find(is_it).map(|it| it["severity"].as_str().unwrap().to_owned())
    };
    let after = check(&estate, "2026-01-01");
    assert_eq!(severity(&after, "API_KEY").as_deref(), Some("found"), "{after}");
    let causes = |key: &str| duties(&after).iter().find(|it| it.0 == key).unwrap().3;
    assert_eq!((causes("DB_URL"), causes("API_KEY")), (2, 2), "the drill is open again: {after}");
    estate.commit("lost");
    estate.judged(1, &["obligation"]);
}

#[test]
fn a_token_that_stood_before_is_no_new_value() {
    let estate = estate(1);
    let address = DB_URL.parse().unwrap();
    let (_, old) = estate.newest(&address).unwrap();
    // Signed again as it stands, with a new deadline and none of the old value's duties.
    estate.attacked(5, &["bad-due", "stood before"], |e| {
        let kind = e.attesting(Op::New, &[DB_URL]);
        e.sign(e.draft("ben", kind), &Pen::of("ben"));
    });
    // The old bytes as another generation's of the new value.
    let before = estate.read("secrets/prod.env");
    estate.set("ben", DB_URL, "hunter2-three");
    estate.set("ben", DB_URL, "hunter2-two");
    estate.commit("a new value");
    let (entry, new) = estate.newest(&address).unwrap();
    estate.attacked(5, &["bad-due", "stood before"], |e| {
        let of = Some(Origin { entry, address: address.clone() });
        let item = Item { op: Op::Rekey, of, hash: old.hash, ..new.clone() };
        let (env, path) = (address.env.clone(), address.path.clone());
        let files = vec![FileChange { env, path, items: vec![item] }];
        let kind = Kind::Seal { files, keyrings: Vec::new() };
        e.sign(e.draft("ben", kind), &Pen::of("ben"));
        e.write("secrets/prod.env", before.clone());
    });
}

#[test]
fn a_token_that_stood_before_is_no_new_value_with_something_beside_it() {
    let estate = estate(1);
    let old = estate.read("secrets/prod.env");
    let old = old.lines().find(|line| line.starts_with("DB_URL=")).unwrap().to_owned();
    let sign = |e: &Estate| {
        let kind = e.attesting(Op::New, &[DB_URL]);
        e.sign(e.draft("ben", kind), &Pen::of("ben"));
    };
    // Of the value that stands, and of one that was replaced.
    for replaced in [false, true] {
        if replaced {
            estate.set("ben", DB_URL, "hunter2-three");
            estate.set("ben", DB_URL, "hunter2-two");
        }
        estate.attacked(5, &["bad-due", "stood before"], |e| {
            let now = e.read("secrets/prod.env");
            let now = now.lines().find(|line| line.starts_with("DB_URL=")).unwrap().to_owned();
            e.edit("secrets/prod.env", |text| text.replace(&now, &format!("export {old}")));
            sign(e);
        });
    }
}

#[test]
fn a_token_that_stood_before_with_something_beside_it_or_in_a_list_is_no_new_value_without() {
    const LIST: &str = "prod/secrets/prod.yaml#l";
    let estate = estate(1);
    let token = |e: &Estate, path: &str| {
        let text = e.read(path);
        let begins = text.find("sealed.v1.").unwrap();
        let rest = &text[begins..];
        rest.split(|c: char| c.is_whitespace() || c == '"').next().unwrap().to_owned()
    };
    let reseal = |path: &str, edit: &dyn Fn(&str) -> String| {
        estate.by("ana", &format!("open --in-place {path}")).run().done();
        estate.edit(path, edit);
        estate.by("ana", "seal").run().done();
        estate.commit("sealed");
    };
    estate.by("ana", "unset prod/API_KEY").run().done();
    reseal("secrets/prod.env", &|text| text.replace("DB_URL=", "export DB_URL="));
    estate.set("ana", DB_URL, "hunter2-three");
    estate.write("secrets/prod.yaml", "l:\n  - hunter2-l-one\n  - hunter2-l-two\n");
    estate.by("ana", "seal -y secrets/prod.yaml").run().done();
    estate.commit("both");
    let old = [DB_URL, LIST].map(|address| origin(&estate, address));
    let (single, listed) =
        (token(&estate, "secrets/prod.env"), token(&estate, "secrets/prod.yaml"));
    estate.set("ana", DB_URL, "hunter2-two");
    reseal("secrets/prod.yaml", &|text| text.replace("-one", "-uno").replace("-two", "-due"));
    note(&estate, "ben", open(old.to_vec()));
    estate.commit("exposed, and replaced");
    estate.judged(1, &["incident"]);
    let again = |address: &str, path: &str, text: &str| {
        let pin = estate.read(".git/tenure/pin");
        estate.write(path, text);
        let kind = estate.attesting(Op::New, &[address]);
        estate.sign(estate.draft("ben", kind), &Pen::of("ben"));
        estate.commit("the old token");
        estate.judged(5, &["bad-due", "stood before"]);
        estate.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]).done();
        estate.write(".git/tenure/pin", pin);
    };
    again(DB_URL, "secrets/prod.env", &format!("DB_URL={single}\n"));
    again(LIST, "secrets/prod.yaml", &format!("l:\n  - {listed}\n"));
    // A list that keeps one and gets another is no old one.
    reseal("secrets/prod.yaml", &|text| text.to_owned() + "  - hunter2-l-new\n");
    estate.judged(1, &["incident"]);
}

#[test]
fn a_value_in_use_whose_issuer_refuses_it_is_found() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    note(&estate, "ben", revoked(value));
    estate.commit("ended too early");
    let checked = check(&estate, "2026-01-01");
    assert_eq!(checked.code, 1, "{checked}");
    let findings = checked.json()["findings"].clone();
    let ended = findings.as_array().unwrap().iter().find(|it| it["code"] == "ended").unwrap();
    assert_eq!(ended["fix"], "tenure rotate prod/API_KEY");
    estate.set("ben", API_KEY, "hunter2-newer");
    estate.commit("a new one");
    assert_eq!(check(&estate, "2026-01-01").code, 0);
}

#[test]
fn who_renames_a_type_pays_no_debt_by_it() {
    let estate = estate(1);
    estate.set("ben", DB_URL, "hunter2-newer");
    estate.commit("replaced, not ended");
    let policy = estate.read(POLICY);
    estate.write(POLICY, policy.replace("revoke = \"console, keys\"\n", ""));
    let previous = |e: &Estate| check(e, "2026-01-20").json()["previous"].clone();
    let before = previous(&estate);
    let renamed = policy.replace("[types.api-key]", "[types.vendor-key]");
    estate.write(POLICY, renamed.replace("type = \"api-key\"", "type = \"vendor-key\""));
    estate.by("ana", "-y policy sign").run().done();
    estate.commit("renamed");
    let after = previous(&estate);
    assert!(!after.as_array().unwrap().is_empty(), "{before} {after}");
}

#[test]
fn a_note_bears_a_value_for_no_more_than_a_year() {
    let estate = estate(1);
    let value = origin(&estate, API_KEY);
    let cause = note(&estate, "ana", open(vec![value.clone()]));
    let until = jiff::civil::date(2036, 1, 1);
    note(&estate, "ben", Note::IncidentAccept { target: cause, value, until });
    let red = |day: &str| red(&check(&estate, day)).contains(&"obligation".to_owned());
    assert!(!red("2027-01-01") && red("2027-01-02"));
}

#[test]
fn whom_one_let_in_beside_the_log_closes_nothing_with_them() {
    let estate = estate(1);
    let id = note(&estate, "ben", drill(vec![origin(&estate, API_KEY)]));
    // ana gives a name to a key of mallory's, and signs as both.
    let (ana, mallory) = (estate.public("ana"), estate.public("mallory"));
    let text = estate.read(POLICY).replace("\"1-", "\"2-");
    let puppet = format!("[members.zoe]\nsigning-keys = [\"{mallory}\"]\n\n[members.ana]\n");
    assert!(text.contains(&ana) && text.contains("[members.ana]\n"), "{text}");
    estate.sign_policy(&text.replace("[members.ana]\n", &puppet), "ana", &Pen::of("ana"));
    let mut over = estate.draft("zoe", Kind::Note(Note::IncidentClose { target: id }));
    over.reason = Some("a test".to_owned());
    estate.sign(over, &Pen::of("mallory"));
    note(&estate, "ana", Note::IncidentClose { target: id });
    assert_eq!(duties(&check(&estate, "2026-01-02")).len(), 1, "one person said so");
    note(&estate, "cleo", Note::IncidentClose { target: id });
    assert_eq!(duties(&check(&estate, "2026-01-02")).len(), 0);
}
