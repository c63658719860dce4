//! What the parser takes, and what it refuses where.

use jiff::civil::date;
use proptest::prelude::*;

use super::samples::{AGE, BASE, DAN_SSH, RSA_2048, parse};
use crate::policy::terms::{Access, Custody, Duty, LoggedEvent, Origin, Party, RotateEvery, Word};
use crate::policy::{MemberKind, Policy, PolicyError, Problem};

/// Refuses a text, and gives the line that is at fault with the error.
fn refused(text: &str) -> (String, PolicyError) {
    let error = Policy::parse(text).unwrap_err();
    let line = text.lines().nth(error.line - 1).unwrap_or_default().to_owned();
    (line, error)
}

/// Refuses the base policy with one text replaced.
fn with(from: &str, to: &str) -> (String, PolicyError) {
    assert!(BASE.contains(from), "{from}");
    refused(&BASE.replacen(from, to, 1))
}

#[test]
fn the_sketch_of_the_design_is_read() {
    let policy = parse(BASE);
    assert_eq!(policy.revision, "3-9f2c41ab");
    let deploy = &policy.members[&"deploy-prod".parse().unwrap()];
    assert_eq!(deploy.kind, MemberKind::Machine);
    assert_eq!(deploy.expires, Some(date(2027, 5, 1)));
    assert_eq!(deploy.owner.as_ref().unwrap().as_str(), "ana");
    assert_eq!(policy.roles.len(), 4);
    assert_eq!(policy.admin.threshold, 1);
    let kind = &policy.types[&"api-key".parse().unwrap()];
    assert_eq!(kind.rotate_every, Some(RotateEvery::Days(90)));
    assert_eq!(policy.secrets[0].origin, Some(Origin::ThirdParty));
}

#[test]
fn every_field_of_version_1_has_its_place() {
    let policy = parse(&format!(
        "{BASE}used-by = [\"checkout\"]\ncustody = \"customer\"\ncopies = [\"the vendor\"]\n\
         contact = \"help@example.com\"\nusers = {{ key = \"DB_USER\", names = [\"a\", \"b\"] }}\n\
         [environments.lab]\nstore = \"elsewhere\"\nruntime-only = true\nleaver = \"2d\"\n\
         comments = \"clear\"\nallow-env = [\"LD_PRELOAD\"]\n\
         [types.tls]\nword = \"certificates\"\ndescription = \"a\"\nrevoke = \"ask\"\n\
         overlap = \"3d\"\nstrategy = \"key-ring\"\nrunbook = \"docs/tls.md\"\n\
         generate = \"password:32\"\nwarn-before = \"9d\"\n\
         accept = {{ reason = \"r\", until = 2027-01-01 }}\n\
         risk-note = {{ text = \"t\", date = 2026-01-01 }}\n\
         [consumers.checkout]\naccess = \"run\"\nmember = \"deploy-prod\"\npaths = [\"src/**\"]\n\
         [links]\nincident-response = \"docs/ir.md\"\n\
         org-policy = {{ to = \"https://example.com/p\", sha256 = \"sha256:{}\" }}\n\
         [procedure]\nsecurity = [\"admin\"]\nplatform-owner = [\"leads\"]\n\
         [logging]\nrequired = [\"reads\"]\n\
         [clocks]\nleaver = \"5d\"\nreview-5d = \"100d\"\n\
         [responsibility]\ncreate = [\"provider\", \"third-party\"]\n",
        "ab".repeat(32)
    ));
    let tls = &policy.types[&"tls".parse().unwrap()];
    assert_eq!((tls.word, tls.overlap), (Some(Word::Certificates), Some(3)));
    assert_eq!(tls.accept.as_ref().unwrap().until, date(2027, 1, 1));
    let consumer = &policy.consumers[&"checkout".parse().unwrap()];
    assert_eq!(consumer.access, Some(Access::Run));
    assert_eq!(policy.secrets[0].custody, Some(Custody::Customer));
    let users = policy.secrets[0].users.as_ref().unwrap();
    assert_eq!(
        (users.after(b"a"), users.after(b"b"), users.after(b"c")),
        (Some("b"), Some("a"), None)
    );
    assert!(policy.links.org_policy.as_ref().unwrap().sha256.is_some());
    assert_eq!(policy.procedure.security.len(), 1);
    assert_eq!(policy.logging.required, [LoggedEvent::Reads]);
    assert_eq!(policy.clocks.review_5d, 100);
    assert_eq!(policy.responsibility[&Duty::Create], [Party::Provider, Party::ThirdParty]);
}

#[test]
fn two_users_take_turns_and_neither_one_nor_the_same_twice() {
    for names in ["[\"a\"]", "[\"a\", \"a\"]", "[\"a\", \"b\", \"c\"]", "[]"] {
        let text = format!("{BASE}users = {{ key = \"DB_USER\", names = {names} }}\n");
        let (line, _) = refused(&text);
        assert!(line.starts_with("users"), "{line}");
    }
}

#[test]
fn a_policy_without_environments_needs_nobody() {
    let text = "version = 1\nrevision = \"1-00000000\"\n\
                repository = \"0198c9d2-7b1e-4c8a-9f00-0123456789ab\"\n";
    assert!(parse(text).admins().is_empty());
    let text = format!("{text}[environments.dev]\nstore = \"elsewhere\"\n");
    let (_, error) = refused(&text);
    let Problem::MissingField { field, .. } = error.problem else { panic!("{error:?}") };
    assert_eq!(field, "[admin]");
}

#[test]
fn a_later_version_says_so_before_anything_else() {
    let (line, error) = refused("vision = 9\nversion = 2\n");
    assert_eq!((line.as_str(), &error.problem), ("version = 2", &Problem::Version));
    assert_eq!(error.fix().unwrap(), "update tenure");
    assert!(matches!(refused("").1.problem, Problem::MissingField { field: "version", .. }));
}

#[test]
fn a_slip_of_the_finger_is_named_with_its_line_and_what_was_meant() {
    for (from, to, meant) in [
        ("signing-keys", "signing-key", "signing-keys"),
        ("kind = \"machine\"", "knd = \"machine\"", "kind"),
        ("\"cleo\", # since", "\"clio\", # since", "cleo"),
        ("owner = \"ana\"", "owner = \"anna\"", "ana"),
        ("readers = [\"developer\"]", "readers = [\"develope\"]", "developer"),
        ("type = \"api-key\"", "type = \"apikey\"", "api-key"),
        ("match = \"prod/", "match = \"prd/", "prod"),
        ("[environments.prod]", "[enviroments.prod]", "environments"),
    ] {
        let (line, error) = with(from, to);
        assert!(line.contains(to), "{to}: line {} is `{line}`", error.line);
        assert_eq!(error.fix().unwrap(), format!("did you mean `{meant}`?"), "{error}");
    }
}

#[test]
fn what_breaks_a_rule_is_refused_at_its_line() {
    for (from, to) in [
        ("deploy = [\"deploy-prod\"]", "deploy = []"),
        ("leads = [\"ana\"]", "leads = [\"ana\", \"ana\"]"),
        ("threshold = 1", "threshold = 0"),
        ("threshold = 1", "threshold = 3"),
        ("threshold = 1", "threshold = -1"),
        ("roles = [\"admin\"]", "roles = []"),
        ("roles = [\"admin\"]", "roles = [\"deploy\"]"),
        ("files = [\"secrets/dev.*\"]", "files = [\"/secrets/dev.*\"]"),
        ("files = [\"secrets/dev.*\"]", "files = []"),
        ("files = [\"secrets/dev.*\"]", "files = \"secrets/dev.*\""),
        ("rotate-every = \"90d\"", "rotate-every = \"12h\""),
        ("rotate-every = \"90d\"", "rotate-every = \"0d\""),
        ("rotate-every = \"90d\"", "rotate-every = \"090d\""),
        ("rotate-every = \"90d\"", "rotate-every = \"3661d\""),
        ("rotate-every = \"90d\"", "rotate-every = 90"),
        ("expires = 2027-05-01", "expires = 2027-05-01T00:00:00Z"),
        ("expires = 2027-05-01", "expires = \"2027-05-01\""),
        ("kind = \"machine\"", "kind = \"robot\""),
        ("origin = \"third-party\"", "origin = \"elsewhere\""),
        ("revision = \"3-9f2c41ab\"", "revision = \"3\""),
        ("clear = [\"HOST\"", "clear = [\"!HOST\""),
        ("version = 1", "version = \"1\""),
        ("[members.ana]", "[members.Ana]"),
        ("owner = \"payments\"", "owner = \"pay\\nments\""),
        ("owner = \"payments\"", "vendor = \"stripe"),
    ] {
        let (line, error) = with(from, to);
        assert!(line.contains(to), "{to}: line {} is `{line}`: {error}", error.line);
    }
}

#[test]
fn a_key_belongs_to_one_member_and_machines_do_not_sign() {
    let key = format!("recipients = [\"{AGE}\"]");
    let (line, error) = with(&key, &format!("{key}\nsigning-keys = [\"{DAN_SSH}\"]"));
    assert!(matches!(error.problem, Problem::MachineSigns { .. }), "{line}: {error}");
    let zoe = format!("\n[members.zoe]\n{key}\n");
    let (line, error) = refused(&format!("{BASE}{zoe}"));
    assert_eq!(line, "[members.zoe]");
    assert!(matches!(error.problem, Problem::SharedKey { what: "recipient", .. }), "{error}");
    let (_, error) = refused(&format!("{BASE}\n[members.zoe]\n"));
    assert!(matches!(error.problem, Problem::NoKey { .. }), "{error}");
    let (_, error) = refused(&format!("{BASE}\n[members.zoe]\nsigning-keys = [\"{RSA_2048}\"]\n"));
    assert_eq!(error.to_string(), "this RSA key has 2048 bits, and must have from 3072 to 4096");
}

#[test]
fn an_environment_that_nobody_could_open_is_refused() {
    let text = format!(
        "{BASE}\n[members.zoe]\nsigning-keys = [\"{DAN_SSH}\"]\n\
         [environments.qa]\nfiles = [\"qa.env\"]\nreaders = [\"qa\"]\nwriters = [\"qa\"]\n"
    )
    .replace("leads = [\"ana\"]", "leads = [\"ana\"]\nqa = [\"zoe\"]");
    let (line, error) = refused(&text);
    assert_eq!(line, "[environments.qa]");
    assert_eq!(error.to_string(), "nobody in the readers of `qa` has a recipient");
}

#[test]
fn no_error_repeats_what_may_be_a_private_key() {
    let private = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    for (from, to) in [
        (AGE, private.to_owned()),
        ("owner = \"payments\"", format!("owner = \"{private}\"")),
        ("owner = \"payments\"", format!("\"{private}\" = 1")),
        ("owner = \"payments\"", format!("{private} = 1")),
        ("owner = \"payments\"", format!("owner = {private}")),
        ("leads = [\"ana\"]", format!("leads = [\"{private}\"]")),
        ("leads = [\"ana\"]", format!("leads = [\"{}\"]", private.to_lowercase())),
        ("type = \"api-key\"", format!("type = \"{private}\"")),
        ("match = \"prod/STRIPE_*\"", format!("match = \"{private}/x\"")),
    ] {
        let (_, error) = with(from, &to);
        let shown = format!("{error} {error:?} {:?}", error.fix()).to_uppercase();
        assert!(!shown.contains("GQ9778"), "{shown}");
    }
}

#[test]
fn line_ends_of_windows_change_nothing() {
    assert_eq!(parse(&BASE.replace('\n', "\r\n")), parse(BASE));
    let text = BASE.replace("threshold = 1", "threshold = 9").replace('\n', "\r\n");
    assert_eq!(refused(&text).0, "threshold = 9");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = Policy::parse(&text);
    }

    #[test]
    fn a_damaged_policy_is_read_or_refused(at in 0..BASE.len(), to in "[a-z\"\\[\\]=#\n{}0-9.-]{0,3}") {
        let mut text = BASE.to_owned();
        text.replace_range(at..=at, &to);
        if let Err(error) = Policy::parse(&text) {
            prop_assert!(error.line >= 1 && error.line <= text.split('\n').count());
        }
    }
}
