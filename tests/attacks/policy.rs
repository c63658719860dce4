//! Cases 16 to 24: the policy.

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
    Estate::new().attacked(5, &["policy-altered"], |e| {
        let before = e.read("secrets/prod.env");
        e.edit(POLICY, |text| {
            text.replace("[environments.prod]\n", "[environments.prod]\nclear = [\"*\"]\n")
        });
        let refused = e.by("ben", "set prod/API_KEY").feed("hunter2-new");
        assert_eq!(refused.code, 5, "{refused}");
        assert_eq!(e.read("secrets/prod.env"), before);
    });
}

#[test]
fn case_17_one_more_recipient_by_an_unsigned_policy() {
    Estate::new().attacked(5, &["policy-altered"], |e| {
        let more = format!("recipients = [\"{}\", ", e.public("mallory"));
        e.edit(POLICY, |text| text.replacen("recipients = [", &more, 1));
        let refused = e.by("ben", "set prod/API_KEY").feed("hunter2-new");
        assert_eq!(refused.code, 5, "{refused}");
    });
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
    use tenure::log::entry::{Kind, Note};
    let estate = Estate::with_policy(|text| text.replace("threshold = 1", "threshold = 2"));
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    let first = estate.read(POLICY);
    let second = next(&estate, "threshold = 2", "threshold = 2 # still");
    estate.attacked(5, &["policy-altered"], |e| {
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

#[test]
fn case_22_another_child_of_the_same_policy() {
    let estate = Estate::new();
    let second = next(&estate, "threshold = 1", "threshold = 1 # ana's");
    let twin = next(&estate, "threshold = 1", "threshold = 1 # ben's");
    let before = estate.log();
    estate.sign_policy(&second, "ana", &Pen::of("ana"));
    let fork = |e: &Estate| {
        let step = tenure::log::entry::PolicyStep {
            seq: 2,
            prev: Some(e.root().parse().unwrap()),
            hash: e.put_policy(&twin),
        };
        let mut entry = e.draft("ben", tenure::log::entry::Kind::Policy(step));
        entry.policy = Some(e.root().parse().unwrap());
        entry.parents = vec![before.iter().max_by_key(|s| s.entry.parents.len()).unwrap().id];
        e.sign(entry, &Pen::of("ben"));
        e.write(POLICY, &second);
    };
    estate.attacked(5, &["policy-fork", "`ben`"], fork);
}

#[test]
fn case_23_a_policy_of_the_chain_changed_or_deleted() {
    let estate = Estate::new();
    let kept = estate.list(".secrets/policies").remove(0);
    estate.attacked(5, &["policy-altered"], |e| e.edit(&kept, |text| format!("{text}#\n")));
    estate.attacked(5, &["policy-altered"], |e| e.remove(&kept));
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
    let read = estate.by("ana", "get prod/DB_URL").run();
    assert_eq!((read.code, read.stdout.as_str()), (3, ""), "{read}");
}

#[track_caller]
fn invalid_everywhere(estate: &Estate) {
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 3, "{checked}");
    assert!(super::says(&checked, "policy-invalid"), "{checked}");
    let read = estate.by("ana", "get prod/DB_URL").run();
    assert_eq!((read.code, read.stdout.as_str()), (3, ""), "{read}");
    let written = estate.by("ben", "set prod/API_KEY").feed("x");
    assert_eq!(written.code, 3, "{written}");
    estate.repo.git(&["checkout", "--quiet", "."]).done();
    estate.honest();
}
