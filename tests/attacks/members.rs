//! Cases 42 to 49: members and their rights.

use tenure::log::entry::{KeyringRecord, Kind, Op};

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
fn vouched() -> Estate {
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
fn case_44_somebody_who_left_signs_from_an_old_clone() {
    let estate = Estate::new();
    let old_head = estate.head();
    let text = without(&estate, "ben");
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    let mut entry = estate.draft("ben", estate.attesting(Op::Adopt, &[PROD]));
    entry.parents = vec![old_head];
    entry.policy = Some(estate.root().parse().unwrap());
    estate.sign(entry, &Pen::of("ben"));
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(super::says(&checked, "removed-key"), "{checked}");
    let read = estate.by("ana", "get prod/API_KEY").run();
    assert_eq!((read.code, read.stdout.as_str()), (5, ""), "{read}");
    estate.sign(estate.draft("ana", estate.attesting(Op::Adopt, &[PROD])), &Pen::of("ana"));
    let checked = estate.by("ana", "--json check").run();
    assert!(!super::says(&checked, "removed-key"), "{checked}");
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

#[test]
fn case_47_a_machine_signs() {
    let estate = Estate::new();
    for (by, word) in [("deploy", "not-allowed"), ("ben", "bad-signature")] {
        estate.attacked(5, &[], |e| {
            e.sign(e.draft(by, e.attesting(Op::Adopt, &[PROD])), &Pen::of("deploy"));
            let checked = e.by("ana", "--json check").run();
            let either = super::says(&checked, word) || super::says(&checked, "bad-signature");
            assert!(either, "{checked}");
        });
    }
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
