//! `--generate`: values that are made, in every format that can hold them, and the public half of keys.

use super::seal::started;
use crate::support::{Repo, skipped, snapshot, stock};

/// Values of several lines, one generator of each kind.
const LONG: [&str; 4] =
    ["ssh-ed25519", "ec:p256", "cert:example.test:90d", "testca:example.test:90d"];

fn files() -> Repo {
    let repo = started();
    for (path, text) in [
        ("secrets/dev.env", "A=x\n"),
        ("secrets/dev.yaml", "a:\n  b: x\n"),
        ("secrets/dev.json", "{\"j\": \"x\"}\n"),
        ("secrets/dev.toml", "t = \"x\"\n"),
        ("secrets/dev.properties", "p=x\n"),
        ("secrets/dev.ini", "[s]\ni=x\n"),
    ] {
        repo.write(path, text);
    }
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

#[test]
fn a_key_of_several_lines_comes_back_from_every_format_that_has_lines() {
    let repo = files();
    for (key, spec) in ["A", "a.b", "j", "t", "p"].iter().zip(LONG.iter().cycle()) {
        let secret = format!("dev/{key}");
        repo.tenure(&["set", &secret, "--generate", spec]).done();
        let value = repo.tenure(&["get", &secret]).done().stdout;
        assert!(value.starts_with("-----BEGIN ") && value.ends_with("-----\n"), "{key}: {spec}");
        assert!(value.lines().count() > 3);
        let file = repo.run("list --json").done().stdout;
        assert!(!file.contains("BEGIN"));
    }
    repo.run("check").done();
}

#[test]
fn a_format_that_holds_one_line_refuses_more_and_stays_as_it_is() {
    let repo = files();
    let before = repo.read("secrets/dev.ini");
    let refused = repo.run("set dev/s.i --generate ssh-ed25519");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("it holds a line break"), "{refused}");
    assert_eq!(repo.read("secrets/dev.ini"), before);
    repo.run("set dev/s.i --generate age").done();
    assert!(repo.run("get dev/s.i").done().stdout.starts_with("AGE-SECRET-KEY-1"));
}

#[test]
fn the_public_half_is_shown_and_the_private_one_is_not() {
    let repo = started();
    let done = repo.run("set dev/KEY --generate ssh-ed25519").done();
    let private = repo.run("get dev/KEY").done().stdout;
    assert!(done.stderr.starts_with("ssh-ed25519 AAAA"), "{done}");
    let body = private.lines().nth(2).unwrap();
    assert!(!done.to_string().contains(body), "{done}");

    let json = repo.run("rotate dev/KEY --generate age --json").done().json();
    assert!(json["values"][0]["public"].as_str().unwrap().starts_with("age1"), "{json}");
    let json = repo.run("set dev/KEY --generate uuid --json").done().json();
    assert!(json["public"].is_null(), "{json}");
}

#[test]
fn a_dry_run_shows_no_key_that_nobody_has() {
    let repo = started();
    let shown = repo.run("-n set dev/KEY --generate ssh-ed25519").done();
    assert!(!shown.stderr.contains("AAAA"), "{shown}");
}

#[test]
fn stock_programs_read_what_is_made() {
    let (Some(openssl), Some(keygen)) = (stock("openssl"), stock("ssh-keygen")) else {
        return skipped("openssl or ssh-keygen");
    };
    let repo = started();
    let made = |spec: &str| {
        repo.tenure(&["set", "dev/KEY", "--generate", spec]).done();
        repo.run("get dev/KEY").done().stdout
    };
    for spec in ["ec:p256", "ec:p384", "rsa:3072"] {
        let read = repo.command(&openssl).args(&["pkey", "-noout", "-check"]).feed(made(spec));
        assert_eq!(read.code, 0, "{spec}: {read}");
    }
    let both = made("testca:example.test,10.0.0.1:90d");
    repo.write("both.pem", &both);
    let ca = both.rmatch_indices("-----BEGIN CERTIFICATE").next().unwrap().0;
    repo.write("ca.pem", &both[ca..]);
    let verify = [
        "verify",
        "-CAfile",
        "ca.pem",
        "-no_check_time",
        "-verify_hostname",
        "example.test",
        "both.pem",
    ];
    let verified = repo.command(&openssl).args(&verify).run();
    assert_eq!(verified.code, 0, "{verified}");
    let verify =
        ["verify", "-CAfile", "ca.pem", "-no_check_time", "-verify_ip", "10.0.0.1", "both.pem"];
    assert_eq!(repo.command(&openssl).args(&verify).run().code, 0);

    repo.write("id", made("ssh-ed25519"));
    repo.command("chmod").args(&["600", "id"]).run();
    let public = repo.command(&keygen).args(&["-y", "-f", "id"]).run();
    assert!(public.stdout.starts_with("ssh-ed25519 AAAA"), "{public}");
}

#[test]
fn an_authority_that_stands_as_a_secret_signs_what_openssl_verifies() {
    let repo = started();
    repo.run("set dev/TEST_CA --type internal-certificate --generate ca:acme-test:365d").done();
    let spec = "cert:example.test,10.0.0.1:90d:ca=TEST_CA";
    let made = ["set", "dev/TLS", "--type", "internal-certificate", "--generate", spec];
    let done = repo.tenure(&made).done();
    assert!(done.stderr.contains("-----BEGIN CERTIFICATE"), "{done}");
    assert!(!done.to_string().contains("PRIVATE KEY"), "{done}");
    repo.tenure(&["rotate", "dev/TLS", "--generate", spec]).done();
    for (wrong, code) in [("cert:a.test:90d:ca=NO", 6), ("cert:a.test:90d:ca=prod/TEST_CA", 6)] {
        let refused = repo.tenure(&["rotate", "dev/TLS", "--generate", wrong]);
        assert_eq!((refused.code, refused.stdout.as_str()), (code, ""), "{refused}");
    }
    let longer = repo.run("rotate dev/TLS --generate cert:a.test:366d:ca=TEST_CA");
    assert!(
        longer.stderr.contains("longer than its authority, which ends on 2026-12-31"),
        "{longer}"
    );
    let Some(openssl) = stock("openssl") else { return skipped("openssl") };
    repo.write("ca.pem", repo.run("get dev/TEST_CA").done().stdout);
    repo.write("tls.pem", repo.run("get dev/TLS").done().stdout);
    for words in [
        &["verify", "-x509_strict", "-no_check_time", "-CAfile", "ca.pem", "tls.pem"][..],
        &["verify", "-no_check_time", "-verify_ip", "10.0.0.1", "-CAfile", "ca.pem", "tls.pem"],
        &["verify", "-no_check_time", "-CAfile", "ca.pem", "-purpose", "sslserver", "tls.pem"],
    ] {
        let verified = repo.command(&openssl).args(words).run();
        assert_eq!(verified.code, 0, "{verified}");
    }
    let own = ["verify", "-no_check_time", "-CAfile", "tls.pem", "-partial_chain", "ca.pem"];
    assert_eq!(repo.command(&openssl).args(&own).run().code, 0);
}

#[test]
fn lint_names_a_generator_that_makes_nothing() {
    let repo = started();
    let policy = repo.read(".secrets-policy.toml");
    let odd = policy.replace("[types.api-key]\n", "[types.api-key]\ngenerate = \"password:4\"\n");
    repo.write(".secrets-policy.toml", odd);
    let linted = repo.run("policy lint");
    assert!(linted.stdout.contains("`generate` of the type `api-key` makes nothing"), "{linted}");
    let good = policy
        .replace("[types.api-key]\n", "[types.api-key]\ngenerate = \"password:24:symbols\"\n");
    repo.write(".secrets-policy.toml", good);
    assert!(!repo.run("policy lint").stdout.contains("makes nothing"));
}

#[test]
fn what_is_no_generator_is_refused() {
    let refused = started().run("set dev/A --generate rsa:1024");
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: invalid value 'rsa:1024' for '--generate [<SPEC>]': this is no generator, as `password:32`, `passphrase:6`, `hex:32`, `uuid`, `ssh-ed25519` and `cert:example.test:90d` are

    For more information, try '--help'.
    ");
}
