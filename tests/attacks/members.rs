//! Cases 42 to 49: members and their rights.

use tenure::log::entry::{KeyringRecord, Kind, Note, Op};
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;

const PROD: &str = "prod/secrets/prod.env#API_KEY";
const DEV: &str = "dev/secrets/dev.env#DB_URL";
const POLICY: &str = ".secrets-policy.toml";

/// The next policy, without a person in it.
pub(super) fn without(estate: &Estate, who: &str) -> String {
    let text = estate.read(POLICY).replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    let from = text.find(&format!("[members.{who}]")).unwrap();
    let to = from + text[from..].find("\n\n").unwrap() + 2;
    let text = format!("{}{}", &text[..from], &text[to..]);
    text.replace(&format!(", \"{who}\""), "").replace(&format!("\"{who}\", "), "")
}

#[test]
fn case_42_a_developer_signs_an_item_of_prod() {
    let estate = Estate::new();
    for addresses in [&[PROD][..], &[DEV, PROD][..]] {
        estate.attacked(5, &["not-allowed"], |e| {
            e.sign(e.draft("cleo", e.attesting(Op::Adopt, addresses)), &Pen::of("cleo"));
        });
    }
    estate.sign(estate.draft("cleo", estate.attesting(Op::Adopt, &[DEV])), &Pen::of("cleo"));
    estate.honest();
}

#[test]
fn case_43_somebody_who_left_signs_on_top() {
    let estate = vouched();
    estate.attacked(5, &["not-allowed"], |e| {
        e.sign(e.draft("ben", e.attesting(Op::Adopt, &[PROD])), &Pen::of("ben"));
    });
    estate.sign(estate.draft("ana", estate.attesting(Op::Adopt, &[PROD])), &Pen::of("ana"));
    estate.honest();
}

/// The base after ana signed a policy without ben, vouched for all he sealed, and made new keyrings.
pub(super) fn vouched() -> Estate {
    let estate = Estate::new();
    let text = without(&estate, "ben");
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.wrap(&tenure::policy::Policy::parse(&text).unwrap());
    let all = everything(&estate);
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    estate.sign(estate.draft("ana", estate.attesting(Op::Adopt, &all)), &Pen::of("ana"));
    estate
}

fn everything(estate: &Estate) -> Vec<String> {
    let listed = estate.log();
    let files = listed.iter().flat_map(|signed| signed.entry.files());
    let mut all: Vec<_> = files
        .flat_map(|file| file.items.iter().map(|item| file.address(&item.key).to_string()))
        .collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn case_46_a_policy_without_the_one_who_sealed_all() {
    let estate = Estate::new();
    estate.attacked(5, &["writer-gone", "stale-readers"], |e| {
        e.sign_policy(&without(e, "ben"), "ana", &Pen::of("ana"));
    });
    // The same step by the command, which vouches for what ana may write.
    estate.by("ana", "-y member remove ben").run().done();
    estate.honest();
    estate.commit("ben left");
    estate.judged(0, &["obligation"]);
    for address in ["prod/password", "staging/DB_URL", "dev/DB_URL"] {
        estate.by("ana", &format!("get {address}")).run().done();
    }
}

#[test]
fn case_46_by_hand_with_a_writers_word() {
    let estate = vouched();
    estate.honest();
    estate.commit("ben left");
    estate.judged(0, &[]);
}

/// The next policy, without cleo: ben takes her place among the developers.
fn without_cleo(estate: &Estate) -> String {
    let text = without(estate, "cleo");
    assert!(text.contains("developer = [\"cleo\"]"));
    text.replace("developer = [\"cleo\"]", "developer = [\"ben\"]")
}

#[test]
fn case_49_readers_changed_and_no_keyring_since() {
    let estate = Estate::new();
    estate.honest();
    estate.sign_policy(&without_cleo(&estate), "ana", &Pen::of("ana"));
    estate.commit("cleo left");
    estate.judged(1, &["stale-readers"]);
    // Reading goes on, with a word; another environment is not blocked.
    let read = estate.by("ben", "get staging/DB_URL").run().done();
    assert_eq!(read.stdout, "hunter2-staging");
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    let before = |e: &Estate| (e.read("secrets/staging.env"), e.log().len(), e.list(".secrets"));
    let old = before(&estate);
    for (line, value) in [
        ("set staging/DB_URL", "hunter2-new"),
        ("set staging/NEW", "hunter2-new"),
        ("rotate staging/DB_URL", "hunter2-new"),
    ] {
        let refused = estate.by("ben", line).feed(value);
        assert_eq!((refused.code, refused.stdout.as_str()), (3, ""), "{refused}");
        assert!(refused.stderr.contains("hint: tenure rekey -e staging"), "{refused}");
        assert_eq!(before(&estate), old);
    }
    estate.edit("secrets/staging.env", |text| format!("{text}X=hunter2-x\n"));
    let plain = estate.read("secrets/staging.env");
    let refused = estate.by("ben", "-y seal secrets/staging.env").run();
    assert_eq!(refused.code, 3, "{refused}");
    assert_eq!(estate.read("secrets/staging.env"), plain);
    estate.write("secrets/staging.env", &old.0);
    // A reader's new keyring ends it; cleo opens nothing of what comes after.
    for env in ["staging", "dev"] {
        estate.by("ben", &format!("rekey -e {env}")).run().done();
    }
    estate.set("ben", "staging/DB_URL", "hunter2-after");
    estate.honest();
    assert_eq!(estate.by("cleo", "get staging/DB_URL").run().code, 4);
}

#[test]
fn case_66_what_was_signed_and_built_on_beside_a_removal() {
    let estate = Estate::new();
    let git = |line: &str| {
        estate.repo.git(&line.split_whitespace().collect::<Vec<_>>()).done();
    };
    estate.set("ben", "dev/secrets/dev.env#OTHER", "hunter2-other");
    estate.commit("one more");
    git("switch --quiet -c leaving");
    estate.by("ana", "member remove ben -y").run().done();
    estate.commit("ben is removed");
    estate.judged(0, &[]);
    git("switch --quiet main");
    // E: ben sets two values; F: cleo builds on it, and sets one of them again.
    estate.set("ben", "staging/DB_URL", "hunter2-bens");
    estate.set("ben", "dev/DB_URL", "hunter2-bens");
    estate.set("cleo", "dev/DB_URL", "hunter2-cleos");
    estate.commit("main went on");
    estate.judged(0, &[]);
    git("merge --quiet --no-edit leaving");
    estate.judged(5, &["removed-key"]);
    let found = estate.by("ana", "--json check").run().json();
    let places = found["findings"].as_array().unwrap().iter();
    let places = places.filter(|it| it["code"] == "removed-key").map(|it| it["place"].to_string());
    assert_eq!(places.collect::<Vec<_>>(), ["\"secrets/staging.env:1 DB_URL\""]);
    assert_eq!(estate.by("ana", "get dev/DB_URL").run().done().stdout, "hunter2-cleos");
    assert_eq!(estate.by("ana", "get staging/DB_URL").run().code, 5);
    // Another writer's word ends it; what cleo built stands.
    estate.set("ana", "staging/DB_URL", "hunter2-bens");
    estate.commit("resolved");
    estate.judged(0, &[]);
    assert_eq!(estate.by("ana", "get dev/DB_URL").run().done().stdout, "hunter2-cleos");
    estate.honest();
}

/// Three admins, ana, ben and cleo, of whom two must sign.
fn of_three() -> Estate {
    let estate = Estate::with_policy(|text| {
        text.replace("threshold = 1", "threshold = 2")
            .replace("admin = [\"ana\", \"ben\"]", "admin = [\"ana\", \"ben\", \"cleo\"]")
    });
    estate.set("ana", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.set("ana", PROD, "hunter2-api");
    estate.commit("of three");
    estate.honest();
    estate
}

/// Proposes an edit of the policy.
fn proposed(estate: &Estate, by: &str, from: &str, to: &str) -> EntryId {
    estate.edit(POLICY, |text| text.replacen(from, to, 1));
    let signed = estate.by(by, "--json policy sign -y").run().done().json();
    signed["signed"]["policy_entry"].as_str().unwrap().parse().unwrap()
}

fn approval(estate: &Estate, by: &str, target: EntryId, under: EntryId, on: &[EntryId]) {
    let mut note = estate.draft(by, Kind::Note(Note::Approve { target }));
    note.policy = Some(under);
    if !on.is_empty() {
        note.parents = on.to_vec();
    }
    estate.sign(note, &Pen::of(by));
}

#[test]
fn case_67_an_admin_who_was_demoted_approves_and_extends() {
    let estate = of_three();
    let first: EntryId = estate.root().parse().unwrap();
    // What ana put forward and nobody approved …
    let waiting = proposed(&estate, "ana", "rotate-every = \"90d\"", "rotate-every = \"1d\"");
    let old = vec![estate.head()];
    // … before ana and cleo take ben's right away.
    let demoting = "admin = [\"ana\", \"ben\", \"cleo\"]";
    let second =
        proposed(&estate, "ana", demoting, "admin = [\"ana\", \"cleo\"]\nplain = [\"ben\"]");
    estate.by("cleo", &format!("policy sign -y {second}")).run().done();
    estate.commit("ben is no admin");
    estate.judged(0, &[]);
    let in_force = estate.read(POLICY);
    let third = proposed(&estate, "ana", "expires = 2026-06-01", "expires = 2026-07-01");
    let wanted = estate.read(&estate.kept(third));

    // With the old policy, or the old policy and old parents: nothing comes in force.
    estate.attacked(5, &["not-allowed"], |e| approval(e, "ben", third, first, &[]));
    estate.attacked(5, &["not-allowed"], |e| approval(e, "ben", third, second, &[]));
    estate.attacked(5, &["policy-altered"], |e| {
        approval(e, "ben", third, first, &old);
        e.write(POLICY, &wanted);
    });
    // An approval of what waited before does not count beside the policy that took the right away.
    estate.attacked(5, &["policy-altered"], |e| {
        approval(e, "ben", waiting, first, &old);
        e.write(POLICY, e.read(&e.kept(waiting)));
    });
    approval(&estate, "ben", waiting, first, &old);
    estate.commit("void");
    estate.judged(0, &[]);
    assert_eq!(estate.read(POLICY), in_force);
    // A deadline that he moves on from there is void as well.
    estate.attacked(5, &["removed-key"], |e| {
        let Kind::Seal { mut files, keyrings } = e.attesting(Op::Extend, &[PROD]) else {
            unreachable!()
        };
        files[0].items[0].due = Some("2099-12-31".parse().unwrap());
        let mut entry = e.draft("ben", Kind::Seal { files, keyrings });
        (entry.policy, entry.parents) = (Some(first), old.clone());
        e.sign(entry, &Pen::of("ben"));
    });

    // His honest twin, who is an admin still, puts it in force.
    estate.by("cleo", &format!("policy sign -y {third}")).run().done();
    estate.honest();
    assert!(estate.read(POLICY).contains("2026-07-01"));
}

#[test]
fn an_approval_beside_another_policy_that_somebody_relied_on_makes_a_fork() {
    let estate = of_three();
    let first: EntryId = estate.root().parse().unwrap();
    let waiting = proposed(&estate, "ana", "rotate-every = \"90d\"", "rotate-every = \"60d\"");
    let old = vec![estate.head()];
    let demoting = "admin = [\"ana\", \"ben\", \"cleo\"]";
    let second =
        proposed(&estate, "ana", demoting, "admin = [\"ana\", \"cleo\"]\nplain = [\"ben\"]");
    estate.by("cleo", &format!("policy sign -y {second}")).run().done();
    estate.commit("ben is no admin");
    estate.judged(0, &[]);
    approval(&estate, "ben", waiting, first, &old);
    // Beside it somebody trusted the approval: whose word is right is for the admins to say.
    let dag = estate.log();
    let note = dag.iter().find(|it| it.entry.by.as_str() == "ben").unwrap().id;
    let mut used = estate.draft("cleo", estate.attesting(Op::Adopt, &[PROD]));
    (used.policy, used.parents) = (Some(waiting), vec![note]);
    estate.sign(used, &Pen::of("cleo"));
    estate.commit("relied on");
    estate.judged(5, &["policy-fork"]);
    estate.by("ana", "policy reconcile -y").run().done();
    estate.by("cleo", "policy reconcile -y").run().done();
    estate.commit("settled");
    estate.judged(0, &[]);
    let policy = estate.read(POLICY);
    assert!(policy.contains("60d") && policy.contains("plain = "), "{policy}");
}

#[test]
fn a_stolen_key_of_one_admin_of_two_can_change_no_policy() {
    let estate = of_three();
    let before = estate.read(POLICY);
    let mallory = estate.key("mallory").with_extension("pub").display().to_string();
    // All that the program does for its holder waits for another admin.
    for line in [
        format!("member add mallory --role admin -y --ssh-key {mallory}"),
        "member remove ana -y".to_owned(),
    ] {
        let done = estate.by("ben", &line).run().done();
        assert!(done.stdout.contains("signed, not in force"), "{done}");
        assert_eq!(estate.read(POLICY), before);
        let again = estate.by("ben", "policy sign -y").run();
        assert_ne!(again.code, 0, "{again}");
        estate.commit("stolen");
        estate.judged(0, &["policy-waits"]);
        estate.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]).done();
        estate.by("ana", "trust accept --root").arg(estate.root()).run().done();
    }
    assert_eq!(estate.by("mallory", "get prod/DB_URL").run().code, 4);
    // By hand: in place at once; approved by the same key, also in another's name; built upon.
    let text = before
        .replace("\"1-00000001\"", "\"2-00000002\"")
        .replace("threshold = 2", "threshold = 1");
    estate.attacked(5, &["policy-altered", "signed by ben alone"], |e| {
        let id = e.sign_policy(&text, "ben", &Pen::of("ben"));
        approval(e, "ben", id, e.root().parse().unwrap(), &[]);
    });
    estate.attacked(5, &["policy-altered", "bad-signature"], |e| {
        let id = e.sign_policy(&text, "ben", &Pen::of("ben"));
        let mut note = e.draft("ana", Kind::Note(Note::Approve { target: id }));
        note.policy = Some(e.root().parse().unwrap());
        e.sign(note, &Pen::of("ben"));
    });
    estate.attacked(5, &["policy-altered", "not-allowed"], |e| {
        let id = e.sign_policy(&text, "ben", &Pen::of("ben"));
        let mut adopt = e.draft("ben", e.attesting(Op::Adopt, &[PROD]));
        adopt.policy = Some(id);
        e.sign(adopt, &Pen::of("ben"));
    });
    // Two others take the key away, and what it put forward never comes in force.
    let id = proposed(&estate, "ben", "threshold = 2", "threshold = 1");
    estate.by("ana", "member remove ben -y").run().done();
    let removal = estate.head();
    estate.by("cleo", &format!("policy sign -y {removal}")).run().done();
    estate.commit("the key is gone");
    estate.judged(0, &[]);
    let stale = estate.by("cleo", &format!("policy sign -y {id}")).run();
    assert_eq!(stale.code, 2, "{stale}");
    estate.honest();
}

#[test]
fn an_admin_is_no_reader_by_being_one() {
    let estate = Estate::with_policy(|text| {
        let (from, to) = (
            "readers = [\"admin\", \"deploy\"]\nwriters = [\"admin\"]",
            "readers = [\"admin\", \"deploy\", \"developer\"]\nwriters = [\"developer\"]",
        );
        text.replace(from, to)
    });
    estate.set("cleo", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.honest();
    estate.edit(POLICY, |text| text.replace("[\"admin\", \"deploy\", ", "[\"deploy\", "));
    estate.by("ana", "policy sign -y").run().done();
    estate.by("cleo", "rekey -e prod").run().done();
    estate.by("cleo", "set prod/DB_URL").feed("hunter2-new").done();
    let refused = estate.by("ana", "get prod/DB_URL").run();
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
    assert_eq!(estate.by("ana", "set prod/DB_URL").feed("x").code, 4);
    // Neither does putting a policy in force make one of her.
    estate.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"60d\""));
    estate.by("ana", "policy sign -y").run().done();
    assert_eq!(estate.by("ana", "get prod/DB_URL").run().code, 4);
    assert_eq!(estate.by("ana", "rekey -e prod").run().code, 4);
    assert_eq!(estate.by("cleo", "get prod/DB_URL").run().done().stdout, "hunter2-new");
    estate.by("ana", "check").run().done();
    // A keyring that she signs all the same counts for nothing.
    estate.commit("honest");
    let ring = |e: &Estate| {
        let policy = tenure::policy::Policy::parse(&e.read(POLICY)).unwrap();
        let kind = Kind::Seal {
            files: Vec::new(),
            keyrings: vec![e.keyring(&policy, &"prod".parse().unwrap())],
        };
        e.sign(e.draft("ana", kind), &Pen::of("ana"));
    };
    ring(&estate);
    estate.commit("attack");
    estate.judged(5, &["not-allowed"]);
}

#[test]
fn case_68_a_member_who_only_writes_makes_a_keyring() {
    let edit = |text: &str| {
        text.replacen(
            "files = [\"secrets/prod.*\"]\nreaders = [\"admin\", \"deploy\"]\nwriters = [\"admin\"]",
            "files = [\"secrets/prod.*\"]\nreaders = [\"admin\", \"deploy\"]\nwriters = [\"admin\", \"developer\"]",
            1,
        )
    };
    let estate = Estate::with_policy(edit);
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    let ring = |e: &Estate, by: &str| {
        let policy = tenure::policy::Policy::parse(&e.read(POLICY)).unwrap();
        let ring = e.keyring(&policy, &"prod".parse().unwrap());
        let kind = Kind::Seal { files: Vec::new(), keyrings: vec![ring] };
        e.sign(e.draft(by, kind), &Pen::of(by));
    };
    estate.attacked(5, &["not-allowed"], |e| ring(e, "cleo"));
    ring(&estate, "ana");
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 0, "{checked}");
}

/// What a reader of all environments sees of prod when all are looked at together.
fn edits_prod(estate: &Estate) -> i32 {
    estate.by("ana", "edit prod/secrets/prod.env#DB_URL").env("EDITOR", "true").run().code
}

#[test]
fn a_keyring_of_another_environment_that_takes_the_generation_of_prod() {
    let estate = Estate::new();
    assert_eq!(edits_prod(&estate), 0);
    let policy = tenure::policy::Policy::parse(&estate.read(POLICY)).unwrap();
    let log = estate.log();
    let mut rings = log.iter().flat_map(|signed| signed.entry.keyrings());
    let prod = rings.find(|ring| ring.env.as_str() == "prod").unwrap().clone();
    // Cleo reads and writes staging, which is looked at after prod.
    let ring = estate.keyring(&policy, &"staging".parse().unwrap());
    let file = |generation| format!(".secrets/keys/staging/{generation}.age");
    let root = estate.repo.path();
    std::fs::rename(root.join(file(ring.generation)), root.join(file(prod.generation))).unwrap();
    let ring = KeyringRecord { generation: prod.generation, recipient: prod.recipient, ..ring };
    let kind = Kind::Seal { files: Vec::new(), keyrings: vec![ring] };
    estate.sign(estate.draft("cleo", kind), &Pen::of("cleo"));
    assert_eq!(edits_prod(&estate), 0);
    estate.by("ana", "get prod/DB_URL").run().done();
}
