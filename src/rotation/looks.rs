//! What looks like a credential: where the type `config` is for what is none.

use super::expiry::{Expiry, What};
use jiff::civil::Date;

/// What issuers begin their credentials with, and what each is.
const ISSUED: [(&str, &str); 33] = [
    ("sk_live_", "a secret key of Stripe"),
    ("sk_test_", "a secret key of Stripe"),
    ("rk_live_", "a restricted key of Stripe"),
    ("whsec_", "a webhook secret"),
    ("AKIA", "an access key of AWS"),
    ("ASIA", "an access key of AWS"),
    ("ghp_", "a token of GitHub"),
    ("gho_", "a token of GitHub"),
    ("ghu_", "a token of GitHub"),
    ("ghs_", "a token of GitHub"),
    ("ghr_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("glpat-", "a token of GitLab"),
    ("gldt-", "a token of GitLab"),
    ("xoxb-", "a token of Slack"),
    ("xoxp-", "a token of Slack"),
    ("xoxa-", "a token of Slack"),
    ("xapp-", "a token of Slack"),
    ("AIza", "an API key of Google"),
    ("ya29.", "a token of Google"),
    ("npm_", "a token of npm"),
    ("pypi-", "a token of PyPI"),
    ("dckr_pat_", "a token of Docker"),
    ("dop_v1_", "a token of DigitalOcean"),
    ("hvs.", "a token of Vault"),
    ("SG.", "an API key of SendGrid"),
    ("shpat_", "a token of Shopify"),
    ("sk-ant-", "an API key of Anthropic"),
    ("sk-proj-", "an API key of OpenAI"),
    ("lin_api_", "an API key of Linear"),
    ("NRAK-", "an API key of New Relic"),
    ("AGE-SECRET-KEY-", "an age identity"),
    ("PuTTY-User-Key-File-", "a private key"),
];

/// The fewest characters that are judged by how random they look.
const LONG: usize = 20;

/// Says what credential a value seems to be; none where it seems to be none.
#[must_use]
pub fn credential(value: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    if text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if is_public(text) {
        return None;
    }
    let issued =
        |(start, _): &&(&str, &str)| text.starts_with(start) && text.len() >= start.len() + 8;
    if let Some((_, what)) = ISSUED.iter().find(issued) {
        return Some(what);
    }
    if Expiry::read(value, Date::MIN).is_some_and(|expiry| expiry.what == What::Token) {
        return Some("a token");
    }
    if has_password(text) {
        return Some("an address with a password in it");
    }
    is_random(text).then_some("random characters")
}

/// What may be long and random, and is for everybody.
fn is_public(text: &str) -> bool {
    let starts = [
        "ssh-",
        "ecdsa-sha2-",
        "sk-ssh-",
        "age1",
        "pk_live_",
        "pk_test_",
        "sha256:",
        "sha512:",
        "sha256-",
        "sha384-",
        "sha512-",
        "-----BEGIN CERTIFICATE",
        "-----BEGIN PUBLIC KEY",
    ];
    starts.iter().any(|start| text.starts_with(start))
}

/// `postgres://user:password@host/`, and `Password=…` in a list of settings.
fn has_password(text: &str) -> bool {
    let filled =
        |password: &str| !password.is_empty() && !password.starts_with(['$', '<', '{', '*']);
    let within_address = text.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next()?;
        authority.rsplit_once('@')?.0.split_once(':')
    });
    if within_address.is_some_and(|(_, password)| filled(password)) {
        return true;
    }
    let setting = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let is_password =
            ["password", "pwd", "accountkey", "sharedaccesskey"].contains(&name.as_str());
        Some(is_password && filled(value.trim()))
    };
    text.contains(';') && text.split(';').filter_map(setting).any(|is_password| is_password)
}

/// Judges the parts between signs that join words and paths; a UUID names things and is none.
fn is_random(text: &str) -> bool {
    if text.len() > 4096 || is_uuid(text) {
        return false;
    }
    let wide = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+=_-~!.".contains(c)));
    let narrow = text.split(|c: char| !c.is_ascii_alphanumeric());
    wide.into_iter().any(mixed_case)
        || narrow.into_iter().any(|part| one_case(part) || is_hex(part))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Capital and small letters and digits that change as often as chance makes them.
fn mixed_case(part: &str) -> bool {
    let has = |class: fn(&u8) -> bool| part.as_bytes().iter().filter(|b| class(b)).count();
    let [upper, lower, digits] =
        [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit].map(has);
    part.len() >= LONG
        && upper >= 2
        && lower >= 2
        && digits >= 2
        && changes(part) * 5 >= part.len() * 2
}

/// Letters of one case and digits.
fn one_case(part: &str) -> bool {
    let has = |class: fn(&u8) -> bool| part.bytes().any(|b| class(&b));
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    has(u8::is_ascii_uppercase) != has(u8::is_ascii_lowercase)
        && !is_commit(part)
        && part.len() >= 24
        && digits >= 4
        && part.len() - digits >= 4
        && changes(part) * 4 >= part.len()
}

fn is_commit(part: &str) -> bool {
    part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Hexadecimal digits, as many as a key has.
fn is_hex(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() >= 32
        && !is_commit(part)
        && part.bytes().all(|b| b.is_ascii_hexdigit())
        && digits >= 4
        && digits < part.len()
}

/// How often one class of characters follows another.
fn changes(part: &str) -> usize {
    let class = |b: &u8| (b.is_ascii_uppercase(), b.is_ascii_lowercase(), b.is_ascii_digit());
    part.as_bytes().windows(2).filter(|two| class(&two[0]) != class(&two[1])).count()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rand_core::OsRng;

    use super::*;
    use crate::rotation::generate::generate;

    #[test]
    fn what_issuers_and_generators_make_looks_like_a_credential() {
        for value in [
            "sk_live_not_a_real_key",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdefghij",
            "postgres://app:hunter22@db.example.test/app",
            concat!("Server=db;User Id=app;Pass", "word=hunter22;"),
            "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTg3NjE2MDB9.c2ln",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n",
        ] {
            assert!(credential(value.as_bytes()).is_some(), "{value}");
        }
        for spec in ["password:32", "hex:16", "hex:32", "base64:32", "hmac:32", "age", "ec:p256"] {
            let found = (0..200).filter(|_| {
                let made =
                    generate(&spec.parse().unwrap(), Timestamp::UNIX_EPOCH, &mut OsRng).unwrap();
                credential(made.value.expose_text().unwrap().as_bytes()).is_some()
            });
            // Chance makes one now and then that looks like words.
            let found = found.count();
            assert!(found >= 160, "{spec}: {found} of 200");
        }
    }

    #[test]
    fn settings_look_like_none() {
        for value in [
            "",
            "true",
            "info",
            "8080",
            "eu-central-1",
            "https://api.example.test/v2/things?page=1",
            "postgres://app@db.example.test:5432/app",
            "postgres://app:${DB_PASSWORD}@db/app",
            "arn:aws:iam::123456789012:role/MyProductionDeployRole2024",
            "/usr/local/share/ca-certificates/internal-root-2024.crt",
            "MyCompanyProductionBucketEuCentral2024",
            "my-app-prod-assets-2024-eu-west-1-backup",
            "550e8400-e29b-41d4-a716-446655440000",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk3Yq0b2v1s9cXo8c4mVJ2Wc4dGf7h6j5k4l3m2n1o0",
            "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
            "The quick brown fox jumps over 13 lazy dogs, and 27 more",
            "2026-11-22T10:00:00Z",
            "info,tenure=debug,hyper=warn",
            "{\"retries\": 3, \"timeoutMilliseconds\": 2500}",
            "000000000000000000000000000000000000",
            "00000000000000000000000000000001",
            "registry.example.test:5000/team/service-name:v1.22.333",
        ] {
            assert_eq!(credential(value.as_bytes()), None, "{value}");
        }
    }
}
