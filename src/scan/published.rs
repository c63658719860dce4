//! Values that stand in standards and manuals for everybody to read: they open nothing, and copies of them
//! are everywhere.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::naming;
use super::placeholder::holds;

/// Whole values, in halves, so that no scanner takes this list for a leak.
const VALUES: [(&str, &str); 47] = [
    // Amazon's manuals.
    ("AKIAIOSFO", "DNN7EXAMPLE"),
    ("AKIAI44QH", "8DHBEXAMPLE"),
    ("ASIAIOSFO", "DNN7EXAMPLE"),
    ("wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"),
    ("je7MtGbClwBF/2Zp9Utk", "/h3yCo8nvbEXAMPLEKEY"),
    // Stripe's manuals.
    ("sk_test_4eC39HqLyjW", "DarjtT1zdp7dc"),
    ("sk_test_BQokikJOvBi", "I2HlWgH4olfQ2"),
    ("sk_test_26PHem9AhJ", "ZvU623DfE1x4sd"),
    ("tGN0bIwXnHdwOa85", "VABjPdSn8nWY7G7I"),
    // GitHub's manuals.
    ("ghp_16C7e42F292c69", "12E7710c838347Ae178B4a"),
    ("gho_16C7e42F292c69", "12E7710c838347Ae178B4a"),
    ("ghu_16C7e42F292c69", "12E7710c838347Ae178B4a"),
    ("ghs_16C7e42F292c69", "12E7710c838347Ae178B4a"),
    ("ghr_1B4a2e77838347a7", "E420ce178F2E7c6912E169246c34E1ccbF66C46812d16D5B1A9Dc86A1498"),
    // The book of Cargo.
    ("854DvwSlUwEHtIo3", "kWy6x7UCPKHfzCmy"),
    // OAuth: RFC 5849, RFC 6749, RFC 6750.
    ("kkk9d7dh", "3k39sjv7"),
    ("nnch734d", "00sl2jdk"),
    ("0685bd91", "84jfhq22"),
    ("ad180jjd", "733klru7"),
    ("dpf43f3p", "2l4k3l03"),
    ("hh5s93j4", "hdidpola"),
    ("pfkkdhi9", "sl3r4s00"),
    ("2YotnFZFEjr", "1zCsicMWpAA"),
    ("tGzv3JOkF0X", "G5Qx2TlKWIA"),
    ("SplxlOBeZQQ", "YbYS6WxSbIA"),
    ("7Fjfp0ZBr1K", "tDRbnfVdmIw"),
    ("czZCaGRSa3F0MzpnW", "DFmQmF0M2JW"),
    ("gX1fBat", "3bV"),
    ("mF_9.B5f", "-4.1JqM"),
    ("SlAV32", "hkKG"),
    // HTTP: RFC 7617, RFC 6455.
    ("QWxhZGRpbjpvcGVu", "IHNlc2FtZQ=="),
    ("QWxhZGRpbjpPcGVu", "U2VzYW1l"),
    ("dGVzdDox", "MjPCow=="),
    ("dGhlIHNhbXBsZS", "Bub25jZQ=="),
    // One-time passwords: RFC 6238, and the page that explains their addresses.
    ("JBSWY3DP", "EHPK3PXP"),
    ("GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQ"),
    // JSON Web Keys: RFC 7515 and RFC 7517.
    ("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-", "E9LI"),
    ("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4B", "k43bVdj3eAE"),
    ("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75", "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
    // Emulators of storage, whose keys are the same on every machine.
    (
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/",
        "K1SZFPTOtr/KBHBeksoGMGw==",
    ),
    (
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67",
        "XIw/Jw==",
    ),
    // What a program, a debug key or a storage server has until somebody sets another.
    ("andr", "oid"),
    ("chan", "geit"),
    ("foob", "ared"),
    ("minio", "admin"),
    // The first account of the chains that developers run on their own machines.
    ("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed", "5efcae784d7bf4f2ff80"),
    ("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed", "5efcae784d7bf4f2ff80"),
];

/// How the key begins that all machines of Vagrant had.
const VAGRANT: &[u8] = concat!("MIIEogIBAAKCAQEA6NF8iall", "vQVp22WDkTkyrtvp9eWW6A8YVr").as_bytes();

/// What claims say of tokens that explain tokens, without blanks and in small letters.
const CLAIMS: [&[u8]; 11] = [
    b"\"sub\":\"1234567890\"",
    b"johndoe",
    b"janedoe",
    b"\"payload\"",
    b"\"iss\":\"joe\"",
    b"\"foo\":",
    b"\"hello\":",
    b"example.com",
    b"example.org",
    b"example.net",
    b"//example",
];

/// Tells whether a value is one that everybody knows.
pub(super) fn is_one(value: &[u8]) -> bool {
    if value.starts_with(b"eyJ") {
        return explains(value);
    }
    if value.len() > 120 {
        return value.trim_ascii_start().starts_with(VAGRANT);
    }
    VALUES.iter().any(|(head, tail)| {
        value.strip_prefix(head.as_bytes()).is_some_and(|rest| rest == tail.as_bytes())
    })
}

/// What stands beside the key of a Firebase app: it says which app asks, and goes to everybody who has the app.
const FIREBASE: [&[u8]; 5] =
    [b"\"current_key\"", b"messagingSenderId", b"mobilesdk_app_id", b"GOOGLE_APP_ID", b":web:"];
/// How far away that may stand.
const NEAR: usize = 512;

/// Tells whether everybody gets a value who uses the program that it is built into: its name says so, or it is the
/// key of a Firebase app. `whole` is what was found, with the names before the value.
pub(super) fn is_public(text: &[u8], span: &Range<usize>, whole: &Range<usize>) -> bool {
    let before = text.get(whole.start..span.start).unwrap_or_default();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_of_firebase = || {
        let near = &text[span.start.saturating_sub(NEAR)..text.len().min(span.end + NEAR)];
        FIREBASE.iter().any(|mark| holds(near, mark))
    };
    // The field beside the name may stand between: `<add key="NAME" value="`.
    let names = before.rsplit(|b| !is_name(b)).filter(|name| !name.is_empty());
    names.take(2).any(naming::is_public)
        || (text[span.clone()].starts_with(b"AIza") && is_of_firebase())
}

/// Tells whether a token's claims are those of examples.
fn explains(token: &[u8]) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config);
    let Some(claims) = token.split(|b| *b == b'.').nth(1) else { return false };
    let Ok(claims) = engine.decode(claims) else { return false };
    let claims: Vec<u8> = claims.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
    CLAIMS.iter().any(|claim| holds(&claims, claim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2lnbmF0dXJl", part(r#"{"alg":"HS256"}"#), part(claims))
    }

    #[test]
    fn values_of_standards_are_known_and_no_others() {
        for (head, tail) in VALUES {
            assert!(is_one(format!("{head}{tail}").as_bytes()), "{head}");
            assert!(!is_one(format!("{head}{tail}x").as_bytes()), "{head}");
            assert!(!is_one(head.as_bytes()), "{head}");
        }
    }

    #[test]
    fn what_is_built_into_a_program_is_public() {
        let is_public = |text: &str, value: &str| {
            let start = text.find(value).unwrap();
            super::is_public(text.as_bytes(), &(start..start + value.len()), &(0..text.len()))
        };
        let key = concat!("AIza", "SyB8kd93LqPzMvX0sTnYwRb8uJcEfQ2Ihk4");
        let app = format!("{{ apiKey: \"{key}\", messagingSenderId: \"12\" }}");
        assert!(is_public(&app, key) && !is_public(&format!("apiKey: \"{key}\""), key));
        assert!(is_public("NEXT_PUBLIC_MAP_TOKEN=q8Rw2k", "q8Rw2k"));
        assert!(!is_public("MAP_TOKEN=q8Rw2k # public", "q8Rw2k"));
    }

    #[test]
    fn tokens_that_explain_tokens_are_known_by_their_claims() {
        for claims in [
            r#"{"sub":"1234567890","name":"Ann","iat":1516239022}"#,
            r#"{"sub": "17", "name": "John Doe"}"#,
            r#"{"some":"payload"}"#,
            r#"{"iss":"https://auth.example.com/","sub":"17"}"#,
        ] {
            assert!(is_one(token(claims).as_bytes()), "{claims}");
        }
        for claims in [
            r#"{"sub":"17","iss":"https://auth.corp.net/"}"#,
            r#"{"user":"anna","exp":1798761600}"#,
        ] {
            assert!(!is_one(token(claims).as_bytes()), "{claims}");
        }
        assert!(!is_one(b"eyJhbGciOiJIUzI1NiJ9") && !is_one(b"eyJh.%.x"));
    }
}
