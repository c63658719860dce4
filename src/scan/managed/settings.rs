//! Settings that are sealed with the rest of their file and open nothing, known by their form: they stand in code and
//! manuals as well.

use super::common::is_random;

/// What issuers begin keys with that are for everybody to see.
const PUBLIC: [&str; 5] = ["pk_live_", "pk_test_", "ssh-ed25519 AAAA", "ssh-rsa AAAA", "age1"];
/// The end of an OAuth client's id: a name, as the secret beside it is not.
const CLIENT: &str = ".apps.googleusercontent.com";

/// Tells whether a value is a setting that opens nothing.
pub(super) fn is_setting(text: &str) -> bool {
    PUBLIC.iter().any(|begin| text.starts_with(begin))
        || text.ends_with(CLIENT)
        || is_locale(text)
        || is_schedule(text)
        || is_resource(text)
        || is_host(
            text.rsplit_once(':')
                .map_or(text, |(host, port)| if is_digits(port) { host } else { text }),
        )
        || is_mailbox(text)
        || is_image(text)
        || are_flags(text)
        || is_algorithm(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `de_DE.UTF-8`.
fn is_locale(text: &str) -> bool {
    let Some((place, letters)) = text.split_once('.') else { return false };
    let place = place.as_bytes();
    place.len() == 5
        && place[2] == b'_'
        && place[..2].iter().all(u8::is_ascii_lowercase)
        && place[3..].iter().all(u8::is_ascii_uppercase)
        && letters.to_ascii_lowercase().starts_with("utf")
}

/// Five or six fields of cron: `*/5 * * * 1-5`.
fn is_schedule(text: &str) -> bool {
    let is_field =
        |field: &str| field.bytes().all(|byte| byte.is_ascii_digit() || b"*/,-?".contains(&byte));
    let fields: Vec<_> = text.split_ascii_whitespace().collect();
    (5..=6).contains(&fields.len()) && text.contains('*') && fields.into_iter().all(is_field)
}

/// The name of something at AWS: `arn:aws:iam::123456789012:role/app`.
fn is_resource(text: &str) -> bool {
    text.starts_with("arn:aws") && text.split(':').count() >= 6 && !has_blank(text)
}

/// `smtp.acme.example`: labels of which none is drawn at random, and a last one of letters.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_letter) && !is_drawn(label)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && text.split('.').all(is_label)
}

/// `Acme <noreply@acme.example>`, or the address alone.
fn is_mailbox(text: &str) -> bool {
    let address = match text.strip_suffix('>').and_then(|text| text.split_once(" <")) {
        Some((name, address))
            if name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' ') =>
        {
            address
        }
        Some(_) => return false,
        None => text,
    };
    let is_name = |byte: u8| byte.is_ascii_lowercase() || b"._-+".contains(&byte);
    address
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && name.bytes().all(is_name) && is_host(host))
}

/// `ghcr.io/acme/web:1.2.3`.
fn is_image(text: &str) -> bool {
    let Some((host, path)) = text.split_once('/') else { return false };
    let (path, tag) = path.split_once(':').unwrap_or((path, "latest"));
    let is_part = |part: &str| {
        let is_letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        !part.is_empty() && part.bytes().all(is_letter) && !is_drawn(part)
    };
    is_host(host) && path.split('/').all(is_part) && is_part(tag)
}

/// `--max-old-space-size=4096 --enable-source-maps`.
fn are_flags(text: &str) -> bool {
    let is_flag = |word: &str| {
        let Some(flag) = word.strip_prefix("--") else { return false };
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        name.bytes().all(is_letter) && value.bytes().all(is_plain) && !is_drawn(value)
    };
    text.starts_with("--") && text.split_ascii_whitespace().all(is_flag)
}

/// `AES-256-GCM`, `TLS_AES_256_GCM_SHA384`, `RS256,ES256`: known words and lengths, and nothing else.
fn is_algorithm(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "AES", "GCM", "CBC", "CTR", "CCM", "SIV", "SHA", "HMAC", "TLS", "RSA", "ECDSA", "ECDHE",
        "DHE", "WITH", "CHACHA", "POLY", "RS", "ES", "HS", "PS", "PKCS", "OAEP",
    ];
    let is_word = |part: &str| {
        let word = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        word.is_empty() && part.len() <= 4
            || WORDS.contains(&word.to_ascii_uppercase().as_str()) && part.len() <= word.len() + 4
    };
    text.split(['-', '_', ',', '/', ':']).all(is_word)
}

fn has_blank(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_whitespace())
}

/// Tells whether a part is long enough to be drawn at random, and looks so.
fn is_drawn(part: &str) -> bool {
    part.len() >= 12 && is_random(part.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_known_by_their_form() {
        let settings = [
            "de_DE.UTF-8",
            "*/5 * * * *",
            "0 3 * * 1-5",
            "arn:aws:iam::123456789012:role/deploy",
            "smtp.acme.example",
            "db-1.internal.acme.example:5432",
            "Acme <noreply@acme.example>",
            "ghcr.io/acme/web:1.2.3",
            "--max-old-space-size=4096 --enable-source-maps",
            "AES-256-GCM",
            "TLS_AES_256_GCM_SHA384",
            "RS256,ES256",
            "1234-abc.apps.googleusercontent.com",
        ];
        for text in settings {
            assert!(is_setting(text), "{text}");
        }
        let others = [
            "kq8Zw1Lm0pRt",
            "hunter2.Winter",
            "postgres://app:hunter22@db.acme.example/app",
            concat!("--token=x8Kq", "2mWv7TzR4bNc"),
            "x8kq2mwv7tzr4bnc.acme",
            "AES-hunter2-GCM",
            "* * * * hunter2",
            "ana@hunter2!x",
            "550e8400-e29b-41d4-a716-446655440000",
            "9f86d081884c7d65",
            "correct-horse-battery",
        ];
        for text in others {
            assert!(!is_setting(text), "{text}");
        }
    }
}
