//! Attacks by what somebody plants for others to use: a git folder, an unsigned policy, a branch without a log.

use std::fs;

use tenure::log::entry::{Kind, Note, Op};
use tenure::log::signature::sign_ed25519;
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;

const POLICY: &str = ".secrets-policy.toml";

#[test]
fn a_git_folder_among_the_files_is_not_used() {
    let estate = Estate::new();
    estate.honest();
    let pin = estate.read(".git/tenure/pin");
    estate.write("docs/HEAD", "ref: refs/heads/main\n");
    estate.write("docs/objects/info/x", "");
    estate.write("docs/refs/heads/x", "");
    estate.write(
        "docs/config",
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ../\n",
    );
    estate.write("docs/tenure/pin", &pin);
    let docs = estate.repo.path().join("docs");
    for line in ["check", "get prod/DB_URL", "set dev/DB_URL"] {
        let refused = estate.by("ana", line).within(&docs).feed("hunter2-x");
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
        assert!(refused.stderr.contains("among the files of a repository"), "{refused}");
    }
    // A linked work tree and a folder that is only a folder are what they were.
    fs::create_dir_all(estate.repo.path().join("plain")).unwrap();
    estate.by("ana", "get prod/DB_URL").within(estate.repo.path().join("plain")).run().done();
    estate.honest();
}

#[test]
fn a_branch_without_a_log_begins_no_second_one_in_a_clone_that_trusts() {
    let estate = Estate::new();
    estate.honest();
    let pin = estate.read(".git/tenure/pin");
    estate.repo.git(&["switch", "--quiet", "--orphan", "pages"]).done();
    let refused = estate.by("ana", "init -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("trusts the log of root"), "{refused}");
    assert_eq!(estate.read(".git/tenure/pin"), pin);
    estate.repo.git(&["switch", "--quiet", "main"]).done();
    estate.honest();
}

#[test]
fn a_policy_that_somebody_committed_unsigned_is_not_signed_by_consent_given_beforehand() {
    let estate = Estate::new();
    estate.honest();
    let before = estate.log().len();
    estate.edit(POLICY, |text| text.replacen("admin = [\"ana\"", "admin = [\"cleo\", \"ana\"", 1));
    estate.commit("planted");
    let refused = estate.by("ana", "policy sign -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("was committed by"), "{refused}");
    assert_eq!(estate.log().len(), before);
    // The same edit by her own hand is hers to sign.
    estate.repo.git(&["reset", "--quiet", "--soft", "HEAD~1"]).done();
    estate.by("ana", "policy sign -y").run().done();
    estate.honest();
}

#[test]
fn what_rests_on_an_approval_beside_a_removal_never_counts_in_silence() {
    let estate = Estate::with_policy(|text| {
        text.replace("threshold = 1", "threshold = 2")
            .replace("admin = [\"ana\", \"ben\"]", "admin = [\"ana\", \"ben\", \"cleo\"]")
    });
    estate.set("ana", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.commit("of three");
    estate.honest();
    let first: EntryId = estate.root().parse().unwrap();
    let sign = |by: &str, from: &str, to: &str| -> EntryId {
        estate.edit(POLICY, |text| text.replacen(from, to, 1));
        let signed = estate.by(by, "--json policy sign -y").run().done().json();
        signed["signed"]["policy_entry"].as_str().unwrap().parse().unwrap()
    };
    // Everybody may write prod, ana thought once; nobody approved it.
    let wide = sign("ana", "writers = [\"admin\"]", "writers = [\"admin\", \"developer\"]");
    let old = vec![estate.head()];
    let admins = "admin = [\"ana\", \"ben\", \"cleo\"]";
    let second = sign("ana", admins, "admin = [\"ana\", \"cleo\"]\nplain = [\"ben\"]");
    estate.by("cleo", &format!("policy sign -y {second}")).run().done();
    estate.commit("ben is no admin");
    estate.judged(0, &[]);
    // Ben approves it from an old clone, and seals under it there.
    estate.attacked(5, &["policy-fork"], |e| {
        let mut note = e.draft("ben", Kind::Note(Note::Approve { target: wide }));
        (note.policy, note.parents) = (Some(first), old.clone());
        e.sign(note, &Pen::of("ben"));
        let note = e.log().iter().find(|it| it.entry.by.as_str() == "ben").unwrap().id;
        let adopt = e.attesting(tenure::log::entry::Op::Adopt, &["prod/secrets/prod.env#DB_URL"]);
        let mut entry = e.draft("cleo", adopt);
        (entry.policy, entry.parents) = (Some(wide), vec![note]);
        e.sign(entry, &Pen::of("cleo"));
    });
}

/// More forms of one forged entry than are ever judged, so that nobody could say what they were.
#[test]
fn forged_entries_in_many_forms_may_be_cleaned_away() {
    let estate = Estate::new();
    estate.honest();
    let kind = |by: &str| {
        let mut draft =
            estate.draft(by, estate.attesting(Op::Adopt, &["prod/secrets/prod.env#API_KEY"]));
        draft.sort();
        draft
    };
    let payload = kind("ben").render().unwrap();
    let id = EntryId::of(payload.as_bytes());
    let path = tenure::log::name::file_path(&kind("ben"), &id);
    for _ in 0..12 {
        let key = ssh_key::PrivateKey::random(
            &mut tenure::world::generator(),
            ssh_key::Algorithm::Ed25519,
        );
        let armor = sign_ed25519(payload.as_bytes(), &key.unwrap()).unwrap();
        estate.write(path.as_str(), tenure::log::render::join(&payload, &armor));
        estate.commit("forged");
    }
    estate.judged(5, &["bad-signature"]);
    estate.remove(path.as_str());
    estate.commit("cleaned");
    estate.judged(0, &[]);
    estate.honest();
    // The one that was an entry is missed, among as many others.
    estate.sign(kind("ben"), &Pen::of("ben"));
    estate.commit("signed");
    estate.judged(0, &[]);
    estate.remove(path.as_str());
    estate.commit("taken out");
    estate.judged(5, &["missing-entry"]);
}
