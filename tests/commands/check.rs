//! `tenure check`: its words, its exit codes, its JSON.

use crate::attacks::{Estate, Pen};
use crate::support::snapshot;

const ENV: &str = "secrets/prod.env";

#[test]
fn all_is_well_in_one_line() {
    let estate = Estate::new();
    snapshot!(estate.by("ana", "check").run(), @r"
    exit 0
    --- stdout
    ok  9 values in 3 environments, readers as the policy says, 12 of 12 entries verified
    ");
}

#[test]
fn no_key_is_needed() {
    let estate = Estate::new();
    estate.by("nobody", "check").run().done();
}

#[test]
fn findings_of_one_kind_in_one_file_are_told_together() {
    let estate = Estate::new();
    estate.edit(ENV, |text| format!("{text}X=1\nY=2\nZ=3\n"));
    snapshot!(estate.by("ana", "check").run(), @r"
    exit 1
    --- stdout
    plaintext  secrets/prod.env:3 X  nothing signed names this value in clear
      fix  tenure seal secrets/prod.env
      and 2 more: 4 Y, 5 Z
    found  9 values in 3 environments, readers as the policy says, 12 of 12 entries verified
    ");
}

#[test]
fn the_gravest_finding_decides() {
    let estate = Estate::new();
    estate.edit(ENV, |text| format!("{text}X=1\n"));
    assert_eq!(estate.by("ana", "check").run().code, 1);
    estate.edit(".secrets-policy.toml", |text| text.replacen("version = 1", "version = ", 1));
    let invalid = estate.by("ana", "--json check").run();
    assert_eq!(invalid.code, 3, "{invalid}");
    assert_eq!(invalid.json()["findings"][0]["place"], ".secrets-policy.toml:1");
    estate.edit(ENV, |text| text.replacen("API_KEY=", "API_KEYS=", 1));
    let untrusted = estate.by("ana", "--json check").run();
    assert_eq!(untrusted.code, 5, "{untrusted}");
    assert_eq!(untrusted.json()["findings"][0]["severity"], "breach");
}

#[test]
fn one_environment_alone_may_be_judged() {
    let estate = Estate::new();
    estate.edit(ENV, |text| format!("{text}X=1\n"));
    estate.by("ana", "check -e dev").run().done();
    assert_eq!(estate.by("ana", "check -e prod").run().code, 1);
    assert_eq!(estate.by("ana", "check -e nowhere").run().code, 6);
}

#[test]
fn lines_that_gitattributes_lacks_are_found() {
    let estate = Estate::new();
    estate.edit(".gitattributes", |text| text.replacen("/.secrets/** -text\n", "", 1));
    let found = estate.by("ana", "check").run();
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("attributes  .gitattributes"), "{found}");
    assert!(found.stdout.contains("echo '/.secrets/** -text' >> .gitattributes"), "{found}");
}

#[test]
fn what_is_due_soon_is_told_and_what_is_late_is_found() {
    let estate = Estate::new();
    let estate = Estate { repo: estate.repo.at("2026-04-01") };
    let soon = estate.by("ana", "check").run();
    assert_eq!((soon.code, soon.stdout.contains("due-soon")), (0, true), "{soon}");
    let estate = Estate { repo: estate.repo.at("2026-04-02") };
    let late = estate.by("ana", "check").run();
    assert_eq!((late.code, late.stdout.contains("1 day late")), (1, true), "{late}");
}

#[test]
fn values_that_a_leaver_could_read_are_counted_until_they_are_late() {
    let estate = Estate::new();
    let text = estate
        .read(".secrets-policy.toml")
        .replacen("\"1-00000001\"", "\"2-00000002\"", 1)
        .replacen("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]", 1);
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.wrap(&tenure::policy::Policy::parse(&text).unwrap());
    snapshot!(estate.by("ana", "check").run(), @r"
    exit 0
    --- stdout
    ok  9 values in 3 environments, readers as the policy says, 14 of 14 entries verified
    due  7 values by 2026-01-02 (deploy left)
    ");
    let estate = Estate { repo: estate.repo.at("2026-01-03") };
    let late = estate.by("ana", "check").run();
    assert_eq!((late.code, late.stdout.contains("obligation")), (1, true), "{late}");
}
