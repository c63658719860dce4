//! Attacks that the threat model does not list: by members with a few rights, on what they lack.

use tenure::log::entry::{FileChange, Item, Kind, Note, Op, Origin, PolicyStep};
use tenure::names::{Address, EntryId};

use super::Estate;
use super::duties::{check, red};
use super::forge::Pen;
use super::notes::{note, open, origin};

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const POLICY: &str = ".secrets-policy.toml";

/// An entry's item of the environment `staging` that names a file of `prod`.
fn of_another_environment(estate: &Estate) -> Kind {
    let address: Address = "staging/secrets/prod.env#API_KEY".parse().unwrap();
    let item = Item {
        op: Op::Delete,
        key: address.key.clone(),
        of: Some(Origin { entry: estate.head(), address: address.clone() }),
        generation: None,
        kind: None,
        due: None,
        hash: None,
    };
    let change = FileChange { env: address.env, path: address.path, items: vec![item] };
    Kind::Seal { files: vec![change], keyrings: Vec::new() }
}

#[test]
fn a_value_is_deleted_in_the_name_of_an_environment_that_its_file_does_not_belong_to() {
    let estate = Estate::new();
    estate.attacked(5, &["missing"], |e| {
        e.sign(e.draft("cleo", of_another_environment(e)), &Pen::of("cleo"));
        e.edit("secrets/prod.env", |text| {
            let kept = text.lines().filter(|line| !line.starts_with("API_KEY="));
            kept.map(|line| format!("{line}\n")).collect()
        });
    });
    // It says nothing of prod, so it does no harm there either.
    estate.sign(estate.draft("cleo", of_another_environment(&estate)), &Pen::of("cleo"));
    estate.honest();
}

/// An estate in which two admins must sign; its first policy is in force, one value is sealed.
fn of_two() -> Estate {
    let estate = Estate::with_policy(|text| text.replace("threshold = 1", "threshold = 2"));
    estate.set("ben", DB_URL, "hunter2-two");
    estate.set("ana", API_KEY, "hunter2-api");
    estate
}

/// The next policy, in which ben has another key to sign with.
fn with_new_key(estate: &Estate) -> String {
    let old = format!("signing-keys = [\"{}\"]", estate.public("ben"));
    let new = format!("signing-keys = [\"{}\"]", estate.public("mallory"));
    let text = estate.read(POLICY).replace("1-00000001", "2-00000002");
    assert!(text.contains(&old));
    text.replace(&old, &new)
}

fn approve(estate: &Estate, target: EntryId, under: EntryId, key: &str) -> EntryId {
    let mut note = estate.draft("ben", Kind::Note(Note::Approve { target }));
    note.policy = Some(under);
    estate.sign(note, &Pen::of(key))
}

#[test]
fn a_key_that_was_replaced_approves_no_policy_that_follows() {
    let estate = of_two();
    let root: EntryId = estate.root().parse().unwrap();
    let old_head = estate.head();
    let second = estate.sign_policy(&with_new_key(&estate), "ana", &Pen::of("ana"));
    approve(&estate, second, root, "ben");
    estate.honest();
    let third = |e: &Estate| {
        let text = e.read(POLICY).replace("2-00000002", "3-00000003");
        let step = PolicyStep { seq: 3, prev: Some(second), hash: e.put_policy(&text) };
        let mut entry = e.draft("ana", Kind::Policy(step));
        entry.policy = Some(second);
        e.sign(entry, &Pen::of("ana"))
    };
    estate.attacked(5, &["policy-altered"], |e| {
        let third = third(e);
        let mut note = e.draft("ben", Kind::Note(Note::Approve { target: third }));
        (note.policy, note.parents) = (Some(root), vec![old_head]);
        e.sign(note, &Pen::of("ben"));
    });
    let third = third(&estate);
    approve(&estate, third, second, "mallory");
    estate.honest();
}

#[test]
fn who_descends_from_a_proposal_alone_does_not_know_of_its_approval() {
    let estate = of_two();
    let root: EntryId = estate.root().parse().unwrap();
    let second = estate.sign_policy(&with_new_key(&estate), "ana", &Pen::of("ana"));
    approve(&estate, second, root, "ben");
    let adopt = |e: &Estate, parents: Vec<EntryId>, under: EntryId, key: &str| {
        let mut entry = e.draft("ben", e.attesting(Op::Adopt, &[DB_URL]));
        (entry.policy, entry.parents) = (Some(under), parents);
        e.sign(entry, &Pen::of(key));
    };
    estate.attacked(5, &["removed-key"], |e| adopt(e, vec![second], root, "ben"));
    adopt(&estate, vec![estate.head()], second, "mallory");
    estate.honest();
}

#[test]
fn what_an_approval_descends_from_stays() {
    let estate = of_two();
    let root: EntryId = estate.root().parse().unwrap();
    let first = estate.read(POLICY);
    let text = with_new_key(&estate);
    let second = estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.write(POLICY, &first);
    estate.set("ben", API_KEY, "hunter2-new");
    estate.write(POLICY, &text);
    approve(&estate, second, root, "ben");
    estate.honest();
}

#[test]
fn a_writer_extends_a_deadline() {
    let estate = Estate::new();
    let extend = |e: &Estate, by: &str, far: bool, why: Option<&str>| {
        let Kind::Seal { mut files, keyrings } = e.attesting(Op::Extend, &[DB_URL]) else {
            unreachable!()
        };
        files[0].items[0].due =
            Some(if far { "2099-12-31" } else { "2026-04-01" }.parse().unwrap());
        let mut entry = e.draft(by, Kind::Seal { files, keyrings });
        entry.reason = why.map(str::to_owned);
        e.sign(entry, &Pen::of(by));
    };
    // Cleo becomes a writer of prod, and no admin.
    let text = estate.read(POLICY).replace("1-00000001", "2-00000002").replacen(
        "readers = [\"admin\", \"deploy\"]\nwriters = [\"admin\"]",
        "readers = [\"admin\", \"deploy\"]\nwriters = [\"admin\", \"developer\"]",
        1,
    );
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    let why = Some("the vendor is closed");
    estate.attacked(5, &["not-allowed"], |e| extend(e, "cleo", true, why));
    estate.attacked(5, &["not-allowed"], |e| extend(e, "cleo", false, why));
    // An admin, yet for ever, or without a word.
    estate.attacked(5, &["bad-due"], |e| extend(e, "ana", true, why));
    estate.attacked(5, &["bad-due"], |e| extend(e, "ana", false, None));
    extend(&estate, "ana", false, why);
    estate.honest();
}

#[test]
fn a_value_is_carried_on_from_an_older_one_with_a_later_deadline() {
    let estate = Estate::new();
    let address: Address = API_KEY.parse().unwrap();
    let (older, item) = estate.newest(&address).unwrap();
    // Another value, with an earlier deadline.
    let set = estate.by("ben", &format!("set {API_KEY} --due 2026-01-09"));
    set.feed("hunter2-new").done();
    let (newer, new) = estate.newest(&address).unwrap();
    assert!(older != newer && new.due < item.due);
    for op in [Op::Adopt, Op::Rekey] {
        estate.attacked(5, &["bad-due"], |e| {
            let Kind::Seal { mut files, keyrings } = e.attesting(op, &[API_KEY]) else {
                unreachable!()
            };
            let it = &mut files[0].items[0];
            it.of = Some(Origin { entry: older, address: address.clone() });
            (it.due, it.kind) = (item.due, item.kind.clone());
            e.sign(e.draft("ben", Kind::Seal { files, keyrings }), &Pen::of("ben"));
        });
    }
    estate.sign(estate.draft("ben", estate.attesting(Op::Adopt, &[API_KEY])), &Pen::of("ben"));
    estate.honest();
}

#[test]
fn a_value_that_was_moved_away_is_carried_on_at_its_old_place() {
    let estate = Estate::new();
    let again = estate.attesting(Op::Adopt, &[API_KEY]);
    let text = estate.read("secrets/prod.env");
    let line = text.lines().find(|line| line.starts_with("API_KEY")).unwrap();
    estate.by("ana", "-y mv prod/API_KEY MOVED").run().done();
    estate.attacked(5, &["bad-due", "was replaced before"], |e| {
        e.edit("secrets/prod.env", |text| format!("{text}{line}\n"));
        e.sign(e.draft("ben", again), &Pen::of("ben"));
    });
    // Who moves it back carries on what stands.
    estate.twin(|e| {
        e.by("ben", "-y mv prod/MOVED API_KEY").run().done();
    });
}

#[test]
fn a_value_set_between_a_proposal_and_its_approval_is_owed_too() {
    let estate = of_two();
    let root: EntryId = estate.root().parse().unwrap();
    let first = estate.read(POLICY);
    let text = first
        .replace("1-00000001", "2-00000002")
        .replace("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]");
    let second = estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.write(POLICY, &first);
    // The deploy key can read this one still.
    estate.set("ben", API_KEY, "hunter2-new");
    estate.write(POLICY, &text);
    approve(&estate, second, root, "ben");
    let owed = estate.by("ana", "--json check").run().json()["obligations"].to_string();
    assert!(owed.contains("API_KEY") && owed.contains("DB_URL"), "{owed}");
}

#[test]
fn a_hint_about_a_file_with_a_hostile_name_is_safe_to_paste() {
    let estate = Estate::new();
    let path = "secrets/dev.$(touch evil) it's; x.env";
    estate.write(path, "X=plain\n");
    let checked = estate.by("ana", "--json check").run();
    let fix = checked.json()["findings"][0]["fix"].as_str().unwrap().to_owned();
    assert_eq!(fix, r"tenure seal 'secrets/dev.$(touch evil) it'\''s; x.env'");
    estate.repo.git(&["add", "--all"]).done();
    let guarded = estate.by("ana", "--json hook run").run();
    let advice = guarded.json()["findings"][0]["fix"].as_str().unwrap().to_owned();
    assert!(advice.starts_with(&fix), "{advice}");
    let shell = crate::support::stock("sh").expect("a shell is there");
    let key = estate.key("ana").display().to_string();
    let line = fix.replace("tenure ", &format!("tenure --now {} -i {key} ", crate::support::NOW));
    estate.repo.command(shell).args(&["-c", &line]).run().done();
    assert!(!estate.repo.path().join("evil").exists());
    estate.by("ana", "check").run().done();
}

#[test]
fn a_damaged_pin_is_mended_as_its_hint_says() {
    let estate = Estate::new();
    let root = estate.root();
    estate.write(".git/tenure/pin", "junk");
    let refused = estate.by("ana", "check --root").arg(&root).run();
    assert_eq!(refused.code, 5, "{refused}");
    let hint = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    let command = hint.split_once("then: ").unwrap().1.split_once(" && ").unwrap().0;
    let shell = crate::support::stock("sh").expect("a shell is there");
    estate.repo.command(shell).args(&["-c", command]).run().done();
    estate.by("ana", "check --root").arg(&root).run().done();
}

/// What a deed makes of the file of prod, and nothing else of it: as an attacker has it who signs on their own.
fn foretold(estate: &Estate, deed: impl FnOnce(&Estate)) -> String {
    estate.commit("before");
    let pin = estate.read(".git/tenure/pin");
    deed(estate);
    let text = estate.read("secrets/prod.env");
    estate.repo.git(&["checkout", "--quiet", "--", "."]).done();
    estate.repo.git(&["clean", "--quiet", "--force", "-d"]).done();
    estate.write(".git/tenure/pin", pin);
    text
}

/// Puts a rule in force by which one secret of prod lives for a week.
fn weekly(estate: &Estate, key: &str) {
    let rule = format!("\n[[secrets]]\nmatch = \"prod/{key}\"\nrotate-every = \"7d\"\n");
    let text = estate.read(POLICY).replace("1-00000001", "2-00000002") + &rule;
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
}

#[test]
fn a_value_is_moved_to_a_place_whose_rule_gives_it_a_shorter_life() {
    let estate = Estate::new();
    let short: &str = "prod/secrets/prod.env#SHORT";
    let address: Address = API_KEY.parse().unwrap();
    let text = foretold(&estate, |e| {
        e.by("ben", "-y mv prod/API_KEY SHORT").run().done();
    });
    weekly(&estate, "SHORT");
    let carry = |e: &Estate, to: &str| {
        e.write("secrets/prod.env", &text);
        let (entry, item) = e.newest(&address).unwrap();
        let Kind::Seal { mut files, keyrings } = e.attesting(Op::Move, &[to]) else {
            unreachable!()
        };
        let it = &mut files[0].items[0];
        it.of = Some(Origin { entry, address: address.clone() });
        (it.due, it.kind) = (item.due, item.kind.clone());
        e.sign(e.draft("ben", Kind::Seal { files, keyrings }), &Pen::of("ben"));
    };
    estate.attacked(5, &["bad-due", "it may not live that long"], |e| carry(e, short));
    // So is one to what the customer holds, where nothing that is owed of it is red.
    let text = estate.read(POLICY).replace("2-00000002", "3-00000003");
    let theirs = text.replace("rotate-every = \"7d\"\n", "custody = \"customer\"\n");
    estate.sign_policy(&theirs, "ana", &Pen::of("ana"));
    estate.attacked(5, &["bad-due", "in custody of the customer"], |e| carry(e, short));
    let refused = estate.by("ben", "-y mv prod/API_KEY SHORT").run();
    assert!(refused.code == 2 && refused.stderr.contains("the customer's custody"), "{refused}");
    // Without the rule the same move is well.
    let (estate, honest) = (Estate::new(), "-y mv prod/API_KEY SHORT");
    estate.twin(|e| {
        e.by("ben", honest).run().done();
    });
}

#[test]
fn what_is_owed_of_a_value_that_a_hand_moved_to_a_customer_stays_ours() {
    const SHORT: &str = "prod/secrets/prod.env#SHORT";
    let estate = Estate::with_policy(|text| {
        text.replace("[types.api-key]\n", "[types.api-key]\nrevoke = \"console\"\n")
    });
    estate.set("ana", DB_URL, "hunter2-two");
    estate.set("ana", API_KEY, "hunter2-api");
    estate.commit("begun");
    let text = foretold(&estate, |e| {
        e.by("ben", "-y mv prod/DB_URL SHORT").run().done();
    });
    let rule = "\n[[secrets]]\nmatch = \"prod/SHORT\"\ncustody = \"customer\"\n";
    let policy = estate.read(POLICY).replace("1-00000001", "2-00000002") + rule;
    estate.sign_policy(&policy, "ana", &Pen::of("ana"));
    let value = origin(&estate, DB_URL);
    note(&estate, "ben", open(vec![value.clone()]));
    estate.write("secrets/prod.env", &text);
    let (_, item) = estate.newest(&value.address).unwrap();
    let Kind::Seal { mut files, keyrings } = estate.attesting(Op::Move, &[SHORT]) else {
        unreachable!()
    };
    let it = &mut files[0].items[0];
    (it.due, it.kind, it.of) = (item.due, item.kind.clone(), Some(value));
    estate.sign(estate.draft("ben", Kind::Seal { files, keyrings }), &Pen::of("ben"));
    estate.commit("moved by hand");
    estate.judged(5, &["bad-due", "in custody of the customer"]);
    estate.set("ana", SHORT, "hunter2-new");
    estate.commit("replaced");
    assert_eq!(red(&check(&estate, "2026-02-01")), ["incident", "obligation", "previous"]);
    let asked = estate.by("ana", "incident status").run();
    assert!(!asked.stdout.contains("customer"), "{asked}");
}

#[test]
fn a_new_value_has_a_later_deadline_than_its_rule_allows() {
    let estate = Estate::new();
    let address: Address = API_KEY.parse().unwrap();
    weekly(&estate, "API_KEY");
    let later = estate.newest(&address).unwrap().1.due;
    let text = foretold(&estate, |e| e.set("ben", API_KEY, "hunter2-new"));
    let sign = |e: &Estate, due: Option<jiff::civil::Date>| {
        e.write("secrets/prod.env", &text);
        let Kind::Seal { mut files, keyrings } = e.attesting(Op::New, &[API_KEY]) else {
            unreachable!()
        };
        files[0].items[0].due = due;
        e.sign(e.draft("ben", Kind::Seal { files, keyrings }), &Pen::of("ben"));
    };
    for due in [later, None] {
        estate.attacked(5, &["bad-due", "its rule"], |e| sign(e, due));
    }
    estate.twin(|e| sign(e, Some("2026-01-08".parse().unwrap())));
}
