//! Cases 16 to 24: the policy.

use tenure::log::entry::{Kind, Note, Op, PolicyStep};
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;

const POLICY: &str = ".secrets-policy.toml";

/// The next policy: another revision, and an edit.
fn next(estate: &Estate, from: &str, to: &str) -> String {
    let old = estate.read(POLICY);
    let new = old.replacen("revision = \"1-00000001\"", "revision = \"2-00000002\"", 1);
    let new = new.replacen(from, to, 1);
    assert_ne!(old, new);
    new
}

#[test]
fn case_16_everything_in_clear_by_an_unsigned_policy() {
    let estate = Estate::new();
    let entries = estate.log().len();
    estate.attacked(5, &["policy-altered"], |e| {
        let before = e.read("secrets/prod.env");
        e.edit(POLICY, |text| {
            text.replace("[environments.prod]\n", "[environments.prod]\nclear = [\"*\"]\n")
        });
        for line in ["set prod/API_KEY", "seal", "seal secrets/prod.env", "rekey -e prod"] {
            let refused = e.by("ben", line).feed("hunter2-new");
            assert_eq!(refused.code, 5, "{line}: {refused}");
            assert!(refused.stderr.contains("[policy-altered]"), "{line}: {refused}");
        }
        assert_eq!(e.read("secrets/prod.env"), before);
        assert_eq!(e.log().len(), entries);
    });
    // The same policy, signed, is nobody's attack.
    let clear = |text: &str| {
        text.replace("[environments.prod]\n", "[environments.prod]\nclear = [\"*\"]\n")
    };
    estate.edit(POLICY, clear);
    estate.by("ben", "policy sign -y").run().done();
    estate.honest();
}

#[test]
fn case_17_one_more_recipient_by_an_unsigned_policy() {
    let estate = Estate::new();
    let fingerprint = fingerprint(&estate, "mallory");
    let more = |e: &Estate| {
        let more = format!("recipients = [\"{}\", ", e.public("mallory"));
        e.edit(POLICY, |text| text.replacen("recipients = [", &more, 1));
    };
    estate.attacked(5, &["policy-altered", &fingerprint], |e| {
        more(e);
        let keys = e.list(".secrets/keys");
        for line in ["set prod/API_KEY", "rekey", "rekey -e prod", "rekey --reseal -e dev"] {
            let refused = e.by("ben", line).feed("hunter2-new");
            assert_eq!(refused.code, 5, "{line}: {refused}");
            assert!(refused.stderr.contains("[policy-altered]"), "{line}: {refused}");
            assert!(refused.stderr.contains(&fingerprint), "{line}: {refused}");
        }
        assert_eq!(e.list(".secrets/keys"), keys);
    });
    // Whoever signs it is shown the key, whole.
    more(&estate);
    let signed = estate.by("ana", "policy sign -y").run().done();
    assert!(signed.stderr.contains(&format!("ana reads with {fingerprint}")), "{signed}");
    estate.honest();
}

fn fingerprint(estate: &Estate, who: &str) -> String {
    let key: tenure::policy::SigningKey = estate.public(who).parse().unwrap();
    key.fingerprint()
}

#[test]
fn case_18_a_keyring_wrapped_for_one_more_recipient() {
    Estate::new().attacked(5, &["altered"], |e| {
        let text =
            e.read(POLICY).replacen("deploy = [\"deploy\"]", "deploy = [\"deploy\", \"cleo\"]", 1);
        let policy = tenure::policy::Policy::parse(&text).unwrap();
        let record = e.keyring(&policy, &"prod".parse().unwrap());
        let made = format!(".secrets/keys/prod/{}.age", record.generation);
        let keys = e.list(".secrets/keys/prod");
        let old = keys.iter().find(|path| **path != made).unwrap();
        std::fs::rename(e.repo.path().join(&made), e.repo.path().join(old)).unwrap();
    });
}

#[test]
fn case_19_the_bytes_of_the_first_policy_again() {
    let estate = Estate::new();
    let first = estate.read(POLICY);
    let second = next(&estate, "threshold = 1", "threshold = 1 # still");
    let id = estate.sign_policy(&second, "ana", &Pen::of("ana"));
    estate.attacked(5, &["policy-altered"], |e| e.write(POLICY, &first));
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.attacked(5, &["missing-entry"], |e| {
        e.write(POLICY, &first);
        e.remove(&e.path_of(id));
    });
}

#[test]
fn case_20_a_policy_signed_by_somebody_who_is_no_admin() {
    let estate = Estate::new();
    let second = next(&estate, "threshold = 1", "threshold = 1 # still");
    for (by, key) in [("cleo", "cleo"), ("ana", "mallory"), ("deploy", "deploy")] {
        estate.attacked(5, &["policy-unauthorised", "policy-altered"], |e| {
            e.sign_policy(&second, by, &Pen::of(key));
        });
    }
    estate.sign_policy(&second, "ben", &Pen::of("ben"));
    estate.honest();
}

#[test]
fn case_21_a_threshold_of_two_and_one_signature() {
    let estate = Estate::with_policy(|text| text.replace("threshold = 1", "threshold = 2"));
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    let first = estate.read(POLICY);
    let second = next(&estate, "threshold = 2", "threshold = 2 # still");
    estate.attacked(5, &["policy-altered", "signed by ana alone"], |e| {
        e.sign_policy(&second, "ana", &Pen::of("ana"));
    });
    estate.attacked(5, &["policy-altered", "signed by ana alone"], |e| {
        let id = e.sign_policy(&second, "ana", &Pen::of("ana"));
        let mut approve = e.draft("ana", Kind::Note(Note::Approve { target: id }));
        approve.policy = Some(e.root().parse().unwrap());
        e.sign(approve, &Pen::of("ana"));
    });
    let id = estate.sign_policy(&second, "ana", &Pen::of("ana"));
    estate.write(POLICY, &first);
    estate.honest();
    estate.write(POLICY, &second);
    let mut approve = estate.draft("ben", Kind::Note(Note::Approve { target: id }));
    approve.policy = Some(estate.root().parse().unwrap());
    estate.sign(approve, &Pen::of("ben"));
    estate.honest();
}

/// Another child of the first policy, signed on what its signer knew then.
fn twin(estate: &Estate, old_heads: &[EntryId], by: &str, text: &str) -> EntryId {
    let in_place = estate.read(POLICY);
    let root: EntryId = estate.root().parse().unwrap();
    let step = PolicyStep { seq: 2, prev: Some(root), hash: estate.put_policy(text) };
    let mut entry = estate.draft(by, Kind::Policy(step));
    (entry.policy, entry.parents) = (Some(root), old_heads.to_vec());
    estate.write(POLICY, in_place);
    estate.sign(entry, &Pen::of(by))
}

#[test]
fn case_22_another_child_of_the_same_policy() {
    let estate = Estate::new();
    let old = vec![estate.head()];
    let text = next(&estate, "threshold = 1", "threshold = 1 # ben's");
    estate.by("ana", "member remove ben -y").run().done();
    let fork = |e: &Estate| twin(e, &old, "ben", &text);
    estate.attacked(5, &["policy-fork", "by `ben`", "by `ana`"], |e| {
        fork(e);
        for line in ["set prod/API_KEY", "rekey -e dev", "member remove cleo -y", "policy sign -y"]
        {
            let refused = e.by("ana", line).feed("hunter2-new");
            assert_eq!(refused.code, 5, "{line}: {refused}");
            assert!(refused.stderr.contains("tenure policy reconcile"), "{line}: {refused}");
        }
    });
    // Who follows one of the two as if it had won is refused, whichever it is.
    let won = |e: &Estate, by: &str, under: EntryId| {
        let mut entry = e.draft(by, e.attesting(Op::Adopt, &["prod/secrets/prod.env#DB_URL"]));
        entry.policy = Some(under);
        e.sign(entry, &Pen::of(by));
    };
    let ours = estate.step(2);
    estate.attacked(5, &["policy-fork", "not-allowed"], |e| {
        fork(e);
        won(e, "ana", ours);
    });
    estate.attacked(5, &["policy-fork", "not-allowed"], |e| {
        let theirs = fork(e);
        won(e, "ben", theirs);
    });
    // The one who was removed cannot settle it in his own favour; ana can.
    let theirs = fork(&estate);
    let dispute = |by: &str| {
        let step =
            PolicyStep { seq: 3, prev: Some(theirs), hash: estate.put_policy(&third(&text)) };
        let mut entry = estate.draft(by, Kind::Policy(step));
        entry.policy = Some(theirs);
        let id = estate.sign(entry, &Pen::of(by));
        estate.path_of(id)
    };
    let kept = estate.read(POLICY);
    let bens = dispute("ben");
    estate.commit("ben settles it");
    estate.judged(5, &["policy-fork"]);
    // Out of the history too: a commit on top that removes an entry is an attack.
    estate.does("reset --quiet --soft HEAD~1");
    estate.remove(&bens);
    estate.write(POLICY, kept);
    estate.by("ana", "policy reconcile -y").run().done();
    estate.commit("settled");
    estate.judged(0, &[]);
    estate.honest();
    let members = estate.by("ana", "member list").run().done();
    assert!(!members.stdout.contains("ben"), "{members}");
    assert!(estate.read(POLICY).contains("# ben's"), "both sides' changes are there");
    estate.set("ana", "prod/API_KEY", "hunter2-after");
    estate.honest();
}

fn third(text: &str) -> String {
    text.replacen("\"2-00000002\"", "\"3-00000003\"", 1)
}

#[test]
fn a_fork_in_which_each_removed_the_other_is_settled_by_nobody() {
    let estate = Estate::new();
    let old = vec![estate.head()];
    let text =
        super::members::without(&estate, "ana").replace("owner = \"ana\"", "owner = \"ben\"");
    estate.by("ana", "member remove ben -y").run().done();
    estate.commit("ben is gone");
    estate.honest();
    let ours = estate.step(2);
    let theirs = twin(&estate, &old, "ben", &text);
    for line in ["policy reconcile -y".to_owned(), format!("policy reconcile -y --take {theirs}")] {
        for who in ["ana", "ben"] {
            let refused = estate.by(who, &line).run();
            assert_eq!(refused.code, 2, "{refused}");
            assert!(refused.stderr.contains("nobody can settle this"), "{refused}");
        }
    }
    // Neither can one of them by hand: the step waits for the other one's admins.
    for (by, under) in [("ana", ours), ("ben", theirs)] {
        let kept = estate.read(POLICY);
        let step = PolicyStep { seq: 3, prev: Some(under), hash: estate.put_policy(&third(&text)) };
        estate.write(POLICY, kept);
        let mut entry = estate.draft(by, Kind::Policy(step));
        entry.policy = Some(under);
        let id = estate.sign(entry, &Pen::of(by));
        estate.commit("settled, they say");
        estate.judged(5, &["policy-fork"]);
        estate.does("reset --quiet --soft HEAD~1");
        estate.remove(&estate.path_of(id));
    }
    estate.remove(&estate.path_of(theirs));
    estate.commit("his commit is taken out");
    estate.judged(0, &[]);
    estate.honest();
}

#[test]
fn a_rival_policy_gives_its_signer_no_name_to_settle_with() {
    let estate = Estate::new();
    let old = vec![estate.head()];
    // Ben's rival says that mallory's key is ana's.
    let ana = format!("signing-keys = [\"{}\"]", estate.public("ana"));
    let text = next(&estate, &ana, &format!("signing-keys = [\"{}\"]", estate.public("mallory")));
    estate.by("ana", "member remove ben -y").run().done();
    let ours = estate.step(2);
    let theirs = twin(&estate, &old, "ben", &text);
    let settle = |e: &Estate, under: EntryId, key: &str| {
        let kept = e.read(POLICY);
        let step = PolicyStep { seq: 3, prev: Some(under), hash: e.put_policy(&third(&text)) };
        e.write(POLICY, kept);
        let mut entry = e.draft("ana", Kind::Policy(step));
        entry.policy = Some(under);
        e.sign(entry, &Pen::of(key))
    };
    let id = settle(&estate, theirs, "mallory");
    estate.commit("in ana's name");
    estate.judged(5, &["policy-fork"]);
    estate.remove(&estate.path_of(id));
    // Ana herself needs the word of both keys.
    let id = settle(&estate, ours, "ana");
    estate.commit("ana's own");
    estate.judged(5, &["policy-fork"]);
    let mut note = estate.draft("ana", Kind::Note(Note::Approve { target: id }));
    note.policy = Some(theirs);
    estate.sign(note, &Pen::of("mallory"));
    let checked = estate.by("ana", "--json check").run();
    assert!(!super::says(&checked, "policy-fork"), "{checked}");
}

#[test]
fn case_23_a_policy_of_the_chain_changed_or_deleted() {
    let estate = Estate::new();
    let kept = estate.list(".secrets/policies").remove(0);
    estate.attacked(5, &["policy-altered"], |e| e.edit(&kept, |text| format!("{text}#\n")));
    estate.attacked(5, &["policy-altered"], |e| e.remove(&kept));
    // That of a policy that is no longer in force, and one that waits, as well.
    estate.edit(POLICY, |text| text.replace("threshold = 1", "threshold = 2"));
    estate.by("ana", "policy sign -y").run().done();
    estate.attacked(5, &["policy-altered"], |e| e.remove(&kept));
    let before = estate.list(".secrets/policies");
    estate.edit(POLICY, |text| text.replace("threshold = 2", "threshold = 2 # still"));
    estate.by("ana", "policy sign -y").run().done();
    let all = estate.list(".secrets/policies");
    let waiting = all.iter().find(|path| !before.contains(path)).unwrap();
    estate.attacked(5, &["policy-altered"], |e| e.edit(waiting, |text| format!("{text}#\n")));
    estate.attacked(5, &["policy-altered"], |e| e.remove(waiting));
    estate.attacked(5, &["policy-altered"], |e| {
        e.write(&waiting.replace(".toml", "0.toml"), "version = 1\n");
    });
    estate.by("ben", "policy sign -y").run().done();
    estate.honest();
}

#[test]
fn case_24_a_policy_that_is_gone_or_broken() {
    let estate = Estate::new();
    type Attack = fn(&str) -> String;
    let attacks: [Attack; 4] = [
        |text| text.replacen("version = 1", "version = ", 1),
        |text| text.replacen("version = 1", "version = 1\nverison = 1", 1),
        |text| text.replacen("developer = [\"cleo\"]", "developer = []", 1),
        |text| text.replacen("ssh-ed25519 AAAA", "ssh-ed25519 BBBB", 1),
    ];
    for attack in attacks {
        estate.commit("before the attack");
        estate.honest();
        estate.edit(POLICY, attack);
        invalid_everywhere(&estate);
    }
    estate.remove(POLICY);
    invalid_everywhere(&estate);
    let overlapping = next(&estate, "secrets/staging.*", "secrets/prod.*");
    estate.sign_policy(&overlapping, "ana", &Pen::of("ana"));
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 3, "{checked}");
    assert!(super::says(&checked, "policy-invalid"), "{checked}");
    for line in [
        "get prod/DB_URL",
        "set prod/API_KEY",
        "set staging/DB_URL",
        "export -e prod --format json",
    ] {
        let read = estate.by("ana", line).feed("hunter2-new");
        assert_eq!((read.code, read.stdout.as_str()), (3, ""), "{line}: {read}");
    }
}

/// Every command that reads or writes something of the repository.
const ALL: [&str; 32] = [
    "check",
    "get prod/DB_URL",
    "export -e prod --format dotenv",
    "open secrets/prod.env",
    "open --in-place secrets/prod.env",
    "edit prod/DB_URL",
    "list -e prod",
    "status",
    "set prod/API_KEY",
    "set prod/NEW_KEY",
    "unset prod/API_KEY",
    "seal",
    "seal secrets/prod.env",
    "rotate prod/DB_URL",
    "rotate --due -e prod",
    "rekey",
    "rekey -e prod",
    "rekey --reseal -e prod",
    "member list",
    "member add dan --role developer --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p -y",
    "member remove cleo -y",
    "policy show",
    "policy lint",
    "policy diff",
    "policy sign -y",
    "policy reconcile -y",
    "who-can read prod",
    "what-can ben",
    "log signers",
    "run -e prod -- true",
    "status -e prod",
    "list",
];

#[track_caller]
fn invalid_everywhere(estate: &Estate) {
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 3, "{checked}");
    assert!(super::says(&checked, "policy-invalid"), "{checked}");
    let before = crate::support::below(&estate.repo.path().join(".secrets"));
    let mut wrong = Vec::new();
    for line in ALL {
        let refused = estate.by("ben", line).feed("hunter2-new");
        let wanted = if line.starts_with("run ") { 125 } else { 3 };
        let both = format!("{}{}", refused.stdout, refused.stderr);
        if refused.code != wanted || both.contains(super::VALUE) {
            wrong.push(format!("{line}: {refused}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(crate::support::below(&estate.repo.path().join(".secrets")), before);
    estate.repo.git(&["add", "--all"]).done();
    let guarded = estate.by("ben", "hook run").run();
    assert_eq!(guarded.code, 3, "{guarded}");
    estate.repo.git(&["reset", "--quiet", "--hard"]).done();
    estate.honest();
}
