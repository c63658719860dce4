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
    let text = without(&estate, "ben");
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(super::says(&checked, "writer-gone"), "{checked}");
}

#[test]
fn case_49_readers_changed_and_no_keyring_since() {
    let estate = Estate::new();
    let text = estate.read(POLICY).replacen("\"1-00000001\"", "\"2-00000002\"", 1).replacen(
        "readers = [\"admin\", \"deploy\"]",
        "readers = [\"admin\"]",
        1,
    );
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    let before = estate.read("secrets/prod.env");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 1, "{checked}");
    assert!(super::says(&checked, "stale-readers"), "{checked}");
    let refused = estate.by("ben", "set prod/API_KEY").feed("hunter2-new");
    assert_eq!(refused.code, 3, "{refused}");
    assert_eq!(estate.read("secrets/prod.env"), before);
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
