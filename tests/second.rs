//! A second opinion: `tests/verify-log.sh`, which knows only `ssh-keygen` and coreutils, and the program
//! agree on ids, parents, roots and signatures.

use std::path::Path;

use tenure::log::entry::Op;
use tenure::log::name::file_path;
use tenure::log::render::join;
use tenure::names::EntryId;

use crate::attacks::{Estate, Pen};
use crate::support::{Outcome, Repo, stock};

/// What of the program's findings the script has an eye for.
const SEEN: [&str; 4] = ["altered-entry", "bad-signature", "missing-entry", "other-root"];

const API_KEY: &str = "prod/secrets/prod.env#API_KEY";

/// Runs the script over a work tree, with the keys that are given, in lines of allowed signers.
pub(crate) fn opinion(repo: &Repo, signers: &str, root: &str) -> Outcome {
    let file = repo.home().join("signers");
    std::fs::write(&file, signers).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify-log.sh");
    let bash = stock("bash").expect("the second opinion is a script for bash");
    repo.command(bash).arg(script).arg(repo.path()).arg(file).arg(root).run()
}

/// What it may see or not, as the fault lies: of the grammar it knows a part, and a key that is refused
/// may be one that it was not given.
const PARTLY: [&str; 3] = ["bad-entry", "update-tenure", "refused-key"];

/// Insists that the script finds fault where the program does, and nowhere else.
#[track_caller]
pub(crate) fn agree(checked: &Outcome, second: &Outcome) {
    let json = checked.json();
    // Without a policy that can be read, the program says that no log puts it in force.
    let no_policy = |f: &&serde_json::Value| f["code"] == "missing-entry" && f["entry"].is_null();
    let findings = json["findings"].as_array().unwrap().iter().filter(|f| !no_policy(f));
    let codes: Vec<_> = findings.map(|f| f["code"].as_str().unwrap()).collect();
    let seen = codes.iter().filter(|code| SEEN.contains(code)).count();
    if seen == 0 && codes.iter().any(|code| PARTLY.contains(code)) {
        return;
    }
    assert_eq!(second.code, i32::from(seen > 0), "{checked}\n{second}");
    let holds =
        second.stdout.trim_end().ends_with(" entries: ids, parents, root and signatures hold");
    assert_eq!(holds, seen == 0, "{checked}\n{second}");
    assert_eq!(second.stderr, "", "{second}");
}

fn signers(estate: &Estate) -> String {
    estate.by("ana", "log signers").run().done().stdout
}

/// Has both judge the state after an attack, and insists that both find fault, or that only the program does.
#[track_caller]
fn attacked(word: &str, both: bool, attack: impl FnOnce(&Estate)) {
    let estate = Estate::new();
    let (signers, root) = (signers(&estate), estate.root());
    let honest = opinion(&estate.repo, &signers, &root);
    assert_eq!(honest.code, 0, "{honest}");
    assert!(
        honest.stdout.ends_with(" entries: ids, parents, root and signatures hold\n"),
        "{honest}"
    );
    attack(&estate);
    estate.commit("attack");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains(&format!("\"{word}\"")), "{checked}");
    let second = opinion(&estate.repo, &signers, &root);
    assert_eq!(second.code, i32::from(both), "{second}");
    agree(&checked, &second);
}

fn again(estate: &Estate, by: &str) -> tenure::log::entry::Entry {
    estate.draft(by, estate.attesting(Op::Adopt, &[API_KEY]))
}

#[test]
fn both_accept_an_honest_entry_made_by_hand() {
    let estate = Estate::new();
    estate.sign(again(&estate, "ben"), &Pen::of("ben"));
    let checked = estate.by("ana", "--json check").run().done();
    agree(&checked, &opinion(&estate.repo, &signers(&estate), &estate.root()));
}

#[test]
fn both_miss_an_entry_that_is_gone() {
    attacked("missing-entry", true, |e| {
        let head = e.log().into_iter().find(|signed| signed.id == e.head()).unwrap();
        e.remove(&e.path_of(head.entry.parents[0]));
    });
}

#[test]
fn both_see_a_byte_that_changed() {
    attacked("altered-entry", true, |e| {
        e.edit(&e.path_of(e.head()), |text| text.replacen("by = \"ben\"", "by = \"bem\"", 1));
    });
}

#[test]
fn both_see_other_parents_under_an_old_signature() {
    attacked("bad-signature", true, |e| {
        let mut entry = again(e, "ben");
        let signature = e.signature(entry.render().unwrap().as_bytes(), &Pen::of("ben"));
        entry.parents = vec![e.root().parse().unwrap()];
        let payload = entry.render().unwrap();
        let path = file_path(&entry, &EntryId::of(payload.as_bytes()));
        e.write(path.as_str(), join(&payload, &signature));
    });
}

#[test]
fn both_refuse_a_signature_for_something_else() {
    for (namespace, hash) in [("git", "sha512"), ("file", "sha512"), ("log@tenure", "sha256")] {
        attacked("bad-signature", true, |e| {
            e.sign(again(e, "ben"), &Pen { key: "ben", namespace, hash });
        });
    }
}

#[test]
fn both_refuse_an_entry_in_the_name_of_another() {
    attacked("bad-signature", true, |e| {
        e.sign(again(e, "ben"), &Pen::of("cleo"));
    });
}

#[test]
fn both_refuse_an_entry_by_a_stranger() {
    attacked("bad-signature", true, |e| {
        e.sign(again(e, "ben"), &Pen::of("mallory"));
    });
}

#[test]
fn both_refuse_an_entry_of_another_log() {
    attacked("other-root", true, |e| {
        let other = Estate::with_policy(str::to_owned);
        let path = other.path_of(other.head());
        e.write(&path, other.read(&path));
    });
}

/// Who may do what, and what stands in the files, is not for the script to say.
#[test]
fn only_the_program_judges_rights_and_files() {
    attacked("not-allowed", false, |e| {
        e.sign(again(e, "cleo"), &Pen::of("cleo"));
    });
    attacked("altered", false, |e| {
        e.write("secrets/prod.env", e.read("secrets/staging.env"));
    });
}
