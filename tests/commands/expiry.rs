//! Values that end by themselves: the nearer deadline wins, and the day it comes from is said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::seal::started;
use crate::support::{Repo, snapshot};

/// A token that ends on a day, set or sealed on 2026-01-01, the day of the tests.
fn token(ends: &str) -> String {
    let exp = format!("{ends}T12:00:00Z").parse::<jiff::Timestamp>().unwrap().as_second();
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}.c2ln", part("{\"alg\":\"HS256\"}"), part(&format!("{{\"exp\":{exp}}}")))
}

/// A certificate and its key, made on 2026-01-01.
fn certificate(repo: &Repo, spec: &str) -> String {
    repo.tenure(&["set", "dev/MADE", "--generate", spec]).done();
    repo.run("get dev/MADE").done().stdout
}

fn due(repo: &Repo, name: &str) -> String {
    let list = repo.run("list --json").done().json();
    let rows = list["secrets"].as_array().unwrap();
    let mine = rows.iter().find(|row| row["name"].as_str().unwrap().ends_with(name));
    mine.unwrap_or_else(|| panic!("{list}"))["due"].as_str().unwrap_or("never").to_owned()
}

#[test]
fn a_tokens_own_end_makes_its_deadline_nearer() {
    let repo = started();
    snapshot!(repo.tenure_fed(&["set", "dev/T", "--type", "token"], token("2026-02-28")), @r"
    exit 0
    --- stdout
    dev/T sealed. Readers: ana. Rotate by 2026-02-14 (its token ends 2026-02-28). Entry [id], signed by ana.
    ");
    snapshot!(repo.tenure_fed(&["rotate", "dev/T"], token("2026-03-30")), @r"
    exit 0
    --- stdout
    dev/T rotated. Due 2026-03-16 (its token ends 2026-03-30).
    Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer
    ");
    let json = repo.tenure_fed(&["set", "dev/T", "--json"], token("2030-01-01")).done().json();
    assert_eq!(
        (json["due"].as_str(), json["ends"]["on"].as_str()),
        (Some("2026-04-01"), Some("2030-01-01"))
    );
    repo.run("check").done();
}

#[test]
fn a_certificate_is_due_seven_days_before_it_ends() {
    let repo = started();
    let pem = certificate(&repo, "cert:example.test:60d");
    snapshot!(repo.tenure_fed(&["set", "dev/TLS", "--type", "internal-certificate"], &pem), @r"
    exit 0
    --- stdout
    dev/TLS sealed. Readers: ana. Rotate by 2026-02-22 (its certificate ends 2026-03-01). Entry [id], signed by ana.
    ");
    let repo = repo.at("2026-02-21");
    assert_eq!(repo.run("check -e dev").code, 0);
    let repo = repo.at("2026-02-24");
    assert_eq!(repo.run("check -e dev").code, 1, "the day after");
}

#[test]
fn what_is_sealed_from_files_has_its_nearer_deadline_too() {
    let repo = started();
    let pem = certificate(&repo, "cert:example.test:60d");
    repo.write("secrets/prod/tls.pem", &pem);
    repo.write(
        "secrets/dev.yaml",
        format!("list:\n  - x\n  - {}\nplain: y\n", token("2026-02-28")),
    );
    repo.run("seal").done();
    assert_eq!(due(&repo, "list"), "2026-02-14");
    assert_eq!(due(&repo, "plain"), "2026-04-01");
    assert_eq!(due(&repo, "tls.pem"), "2026-02-22");
    repo.run("check").done();
}

#[test]
fn what_has_ended_is_refused_unless_the_user_insists() {
    let repo = started();
    repo.commit("started");
    let ended = token("2025-12-31");
    snapshot!(repo.tenure_fed(&["set", "dev/T", "--type", "token"], &ended), @r"
    exit 2
    --- stderr
    error: the token of dev/T ended on 2025-12-31; nothing written
    hint: order a new one at its issuer; or insist: --anyway
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    repo.tenure_fed(&["set", "dev/T", "--type", "token", "--anyway"], &ended).done();
    assert_eq!(due(&repo, "T"), "2025-12-31");
    assert_eq!(repo.run("check -e dev").code, 1);
    let today = started();
    today.tenure_fed(&["set", "dev/T", "--type", "token"], token("2026-01-01")).done();
    assert_eq!(today.run("check -e dev").code, 0, "its last day");
}

#[test]
fn a_setting_has_no_deadline_whatever_it_holds() {
    let repo = started();
    let pem = certificate(&repo, "cert:example.test:60d");
    let public = &pem[..pem.find("-----BEGIN PRIVATE").unwrap()];
    repo.tenure_fed(&["set", "dev/CA", "--type", "config"], public).done();
    assert_eq!(due(&repo, "CA"), "never");
}

#[test]
fn a_public_certificate_that_lives_too_long_is_named() {
    let repo = started();
    let pem = certificate(&repo, "testca:example.test:399d");
    let leaf = &pem[..pem.find("-----END").unwrap() + 26];
    let said = repo.tenure_fed(&["set", "dev/TLS", "--type", "certificate"], leaf).done();
    assert!(said.stderr.contains("lives 399 days: browsers take 398 at most"), "{said}");
    let own = repo.tenure_fed(&["set", "dev/IN", "--type", "internal-certificate"], leaf).done();
    assert!(!own.stderr.contains("browsers"), "{own}");
}

#[test]
fn a_pkcs12_file_is_read_with_its_password_and_without_it_that_is_said() {
    let repo = started().at("2026-12-01");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rotation/expiry/samples/pbes2.p12");
    repo.write("in.p12", std::fs::read(sample).unwrap());
    repo.write("password", "pässword\n");
    let args = ["set", "prod/secrets/prod/tls.p12", "--from-file", "in.p12"];
    let blind = repo.tenure(&args).done();
    assert!(blind.stdout.contains("Rotate by 2027-03-01."), "{blind}");
    assert!(blind.stderr.contains("--password-file"), "{blind}");
    repo.run("unset prod/secrets/prod/tls.p12").done();
    let mut with = args.to_vec();
    with.extend(["--password-file", "password"]);
    let read = repo.tenure(&with).done();
    assert!(
        read.stdout.contains("Rotate by 2027-02-03 (its certificate ends 2027-02-10)."),
        "{read}"
    );
    assert!(!read.stderr.contains("--password-file"), "{read}");
    assert!(!format!("{read}{}", repo.run("log").done()).contains("pässword"));
}

#[test]
fn a_credential_under_config_is_refused_and_not_repeated() {
    let repo = started();
    let key = "sk_live_51H8xYzAbCdEfGh";
    let refused = repo.tenure_fed(&["set", "dev/LEVEL", "--type", "config"], key);
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: dev/LEVEL is of the type `config`, and the value looks like a secret key of Stripe; nothing written
    hint: give it a type that is rotated: --type api-key; if it is no credential: --anyway
    ");
    assert!(!refused.to_string().contains("51H8"), "{refused}");
    repo.tenure_fed(&["set", "dev/LEVEL", "--type", "config"], "info").done();
    assert_eq!(repo.tenure_fed(&["rotate", "dev/LEVEL"], key).code, 2);
    assert_eq!(repo.run("get dev/LEVEL").done().stdout, "info");
    assert_eq!(due(&repo, "LEVEL"), "never");
    repo.tenure_fed(&["rotate", "dev/LEVEL", "--anyway"], key).done();
}

#[test]
fn a_value_may_be_due_earlier_than_its_type_says_and_never_later() {
    let repo = started();
    let set = |due: &str| {
        repo.tenure_fed(
            &["set", "dev/KEY", "--type", "api-key", "--due", due],
            format!("value of {due}"),
        )
    };
    let early = set("2026-02-01").done();
    assert!(early.stdout.contains("Rotate by 2026-02-01."), "{early}");
    set("2026-04-01").done();
    snapshot!(set("2026-04-02"), @r"
    exit 2
    --- stderr
    error: `KEY` cannot be due later than 2026-04-01
    hint: leave `--due` out, or name a nearer day
    ");
    assert_eq!(set("2025-12-31").code, 2);
    repo.tenure_fed(&["set", "dev/NEVER", "--type", "config", "--due", "2026-05-05"], "info")
        .done();
    assert_eq!(due(&repo, "NEVER"), "2026-05-05");
    repo.run("check").done();
}
