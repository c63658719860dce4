//! What a name says of the value that it is given: `dbPassword` a password, `token_type` nothing.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A password, which people choose.
    Password,
    /// A token, a secret, a key for some use: machines make them.
    Secret,
    /// Perhaps a key, perhaps an entry's name.
    Key,
}

/// How many words of a name are looked at, from its end.
const MOST: usize = 12;
/// The longest word of the lists.
const LONGEST: usize = 16;

/// Says what a name promises, by its last word that means something.
pub(super) fn role(name: &[u8]) -> Option<Role> {
    let (words, count) = split(name);
    let mut words = &words[..count];
    while let [rest @ .., last] = words {
        if rest.is_empty() || !is_neutral(last) {
            break;
        }
        words = rest;
    }
    let (last, before) = words.split_last()?;
    if before.iter().any(|word| is_one(word, EXAMPLES)) {
        return None;
    }
    let previous = before.last().copied().unwrap_or_default();
    if is_one(last, PASSWORDS) || ends_as_password(last) {
        return (!before.iter().any(|word| is_one(word, NO_PASSWORD))).then_some(Role::Password);
    }
    if is_one(last, SECRETS) || ends(last, &SECRET_ENDS) {
        // `publicKeyToken` is what everybody may know.
        let is_public = is_one(previous, KEY) && before.iter().any(|word| is_one(word, PUBLIC));
        // A token against forged requests is one page's, and worth nothing to who has no session.
        let is_of_page = is_one(previous, FORGED) && ends(last, &[b"token"]);
        return (!is_public && !is_of_page && !is_one(previous, NO_TOKEN)).then_some(Role::Secret);
    }
    if ends(last, &[b"key", b"salt"]) && last.len() <= 4 {
        return key(before);
    }
    None
}

fn key(before: &[&[u8]]) -> Option<Role> {
    let Some(previous) = before.last() else { return Some(Role::Key) };
    if is_one(previous, NO_KEY) || before.iter().any(|word| starts(word, &[b"pub"])) {
        return None;
    }
    Some(if is_one(previous, KEYS) { Role::Secret } else { Role::Key })
}

/// Tells whether a name says that its value is a hash, an id or otherwise open.
pub(super) fn is_open(name: &[u8]) -> bool {
    let (words, count) = split(name);
    let words = &words[..count];
    words.iter().any(|word| is_one(word, OPEN) || starts(word, &[b"sha", b"md5", b"crc"]))
        || words.last().is_some_and(|last| ends(last, &[b"hash", b"sum", b"id", b"ids"]))
}

/// Tells whether a name says that everybody gets its value: `NEXT_PUBLIC_MAP_TOKEN`, `PublicKeyToken`.
pub(super) fn is_public(name: &[u8]) -> bool {
    let (words, count) = split(name);
    // `public` alone is a word of many languages.
    let words = if count > 1 { &words[..count] } else { &[] };
    role(name) != Some(Role::Password) && words.iter().any(|word| is_one(word, PUBLIC))
}

/// Tells whether a name says that its value is an example.
pub(super) fn is_example(name: &[u8]) -> bool {
    let (words, count) = split(name);
    words[..count].last().is_some_and(|last| is_one(last, EXAMPLES))
}

/// Splits at marks and where a capital begins a word.
fn split(name: &[u8]) -> ([&[u8]; MOST], usize) {
    let mut words: [&[u8]; MOST] = [&[]; MOST];
    let mut count = 0;
    let mut start = 0;
    let mut add = |from: usize, to: usize| {
        if from < to {
            if count == MOST {
                words.rotate_left(1);
                count -= 1;
            }
            words[count] = &name[from..to];
            count += 1;
        }
    };
    for at in 0..name.len() {
        let byte = name[at];
        if !byte.is_ascii_alphanumeric() {
            add(start, at);
            start = at + 1;
        } else if byte.is_ascii_uppercase() && at > start {
            let follows_small = !name[at - 1].is_ascii_uppercase();
            let begins_small = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if follows_small || begins_small {
                add(start, at);
                start = at;
            }
        }
    }
    add(start, name.len());
    (words, count)
}

/// The lists that a word is in.
static WORDS: LazyLock<HashMap<&'static [u8], u16>> = LazyLock::new(|| {
    let mut words = HashMap::with_capacity(512);
    for (bit, list) in LISTS {
        list.split(' ').for_each(|word| *words.entry(word.as_bytes()).or_default() |= bit);
    }
    words
});

fn is_one(word: &[u8], lists: u16) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    WORDS.get(&*lower).is_some_and(|own| own & lists != 0)
}

fn ends(word: &[u8], list: &[&[u8]]) -> bool {
    let tail = |own: &[u8]| word.len().checked_sub(own.len()).map(|at| &word[at..]);
    list.iter().any(|own| tail(own).is_some_and(|tail| tail.eq_ignore_ascii_case(own)))
}

fn starts(word: &[u8], list: &[&[u8]]) -> bool {
    let head = |own: &[u8]| word.get(..own.len());
    list.iter().any(|own| head(own).is_some_and(|head| head.eq_ignore_ascii_case(own)))
}

fn ends_as_password(word: &[u8]) -> bool {
    ends(word, &[b"password", b"passwd", b"passphrase", b"pwd", b"passcode", b"passwort"])
        || (ends(word, &[b"pass"]) && is_one(&word[..word.len() - 4], PASS_OF))
}

/// Words after the one that counts which change nothing.
fn is_neutral(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit) || word.len() == 1 || is_one(word, NEUTRAL)
}

/// The lists of words below, each with its bit.
const LISTS: [(u16, &str); 13] = [
    (EXAMPLES, EXAMPLES_WORDS),
    (NEUTRAL, NEUTRAL_WORDS),
    (PASSWORDS, PASSWORDS_WORDS),
    (PASS_OF, PASS_OF_WORDS),
    (NO_PASSWORD, NO_PASSWORD_WORDS),
    (SECRETS, SECRETS_WORDS),
    (NO_TOKEN, NO_TOKEN_WORDS),
    (KEYS, KEYS_WORDS),
    (NO_KEY, NO_KEY_WORDS),
    (OPEN, OPEN_WORDS),
    (KEY, "key"),
    (PUBLIC, "public pub publishable"),
    (FORGED, "csrf xsrf"),
];
const KEY: u16 = 1 << 10;
const PUBLIC: u16 = 1 << 11;
const FORGED: u16 = 1 << 12;
const EXAMPLES: u16 = 1 << 9;
const EXAMPLES_WORDS: &str = "example dummy fake sample mock placeholder";
const NEUTRAL: u16 = 1 << 0;
const NEUTRAL_WORDS: &str = "\
    value val str string plain plaintext cleartext raw b64 base64 hex prod production dev \
    development test testing staging stage qa uat local default live sandbox old new current \
    secondary backup const v1 v2 here input encoded";
const PASSWORDS: u16 = 1 << 1;
const PASSWORDS_WORDS: &str = "\
    password passwd passphrase pass pwd pw passw psw pswd pword passcode passwort senha \
    contrasena heslo wachtwoord parola";
const PASS_OF: u16 = 1 << 2;
/// What `…pass` is the password of, where it is one word.
const PASS_OF_WORDS: &str = "\
    db my user root admin smtp mail ftp ssh pg sql redis mongo key store login http proxy auth \
    basic ldap wifi require rpc app api svc client server cert vpn imap pop jdbc ds bind enable";
const NO_PASSWORD: u16 = 1 << 3;
const NO_PASSWORD_WORDS: &str = "\
    forgot reset invalid wrong no without hashed encrypted hash missing label show hide toggle";
const SECRETS: u16 = 1 << 4;
const SECRETS_WORDS: &str = "\
    secret token credential credentials creds cred auth jwt authorization bearer apikey \
    accesskey secretkey privatekey authkey authtoken accesstoken";
const NO_TOKEN: u16 = 1 << 5;
const NO_TOKEN_WORDS: &str = "\
    next page continuation cancel cancellation sync stop start end pad mask unk eos bos syntax \
    public pub separator not no";
const KEYS: u16 = 1 << 6;
const KEYS_WORDS: &str = "\
    api access secret private auth encryption encrypt enc decryption signing sign master \
    session account shared server service license deploy ssh aes hmac jwt webhook client \
    consumer app application admin root crypto cipher security stripe aws azure google maps \
    openai github slack sendgrid mailgun algolia datadog subscription integration write \
    developer dev rest payment user cookie";
const NO_KEY: u16 = 1 << 7;
const NO_KEY_WORDS: &str = "\
    public pub primary foreign sort partition cache row map dict index group object \
    translation i18n locale message label config settings registry hot short shift arrow event \
    storage routing idempotency host query react site license unique lock";
const OPEN: u16 = 1 << 8;
/// Words of names whose values are open.
const OPEN_WORDS: &str = "\
    hash digest checksum integrity rev revision commit etag sum fingerprint thumbprint \
    signature sig uuid guid id nonce iv salt public pub pubkey cert certificate data image src \
    href path version resolved content body expected kid x5t mac tag";
const SECRET_ENDS: [&[u8]; 12] = [
    b"secret",
    b"token",
    b"apikey",
    b"secretkey",
    b"accesskey",
    b"privatekey",
    b"authkey",
    b"masterkey",
    b"licensekey",
    b"signingkey",
    b"encryptionkey",
    b"clientkey",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_passwords() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "userPwd",
            "smtp.pass",
            "mysqlpassword",
            "spring.datasource.password",
            "PASSWORD_1",
            "admin_password_prod",
            "keyPassphrase",
            "FromEmailPassword",
            "dbpass",
            "my-password",
            "setPassword",
            "PGPASSWORD",
        ] {
            assert_eq!(role(name.as_bytes()), Some(Role::Password), "{name}");
        }
    }

    #[test]
    fn names_of_what_machines_make() {
        for name in [
            "API_KEY",
            "apiKey",
            "secret",
            "client_secret",
            "authToken",
            "AWS_SECRET_ACCESS_KEY",
            "STRIPE_SECRET_KEY",
            "JWT_SECRET",
            "slackBotToken",
            "credentials",
            "Authorization",
            "access_token",
            "private_key",
            "encryptionKey",
            "apikey",
            "hf_token",
        ] {
            assert_eq!(role(name.as_bytes()), Some(Role::Secret), "{name}");
        }
        for name in ["key", "HEX_KEY", "someKey", "dict2_key"] {
            assert_eq!(role(name.as_bytes()), Some(Role::Key), "{name}");
        }
    }

    #[test]
    fn names_that_promise_nothing() {
        for name in [
            "token_type",
            "password_hash",
            "passwordField",
            "bypass",
            "compass",
            "passenger",
            "author",
            "keyword",
            "keyboard",
            "public_key",
            "primary_key",
            "secretName",
            "tokenizer",
            "password.reset.title",
            "next_page_token",
            "monkey",
            "passed",
            "authority",
            "token_url",
            "hashed_password",
            "key_id",
            "publicKeyToken",
            "csrf-token",
            "xsrfToken",
        ] {
            assert_eq!(role(name.as_bytes()), None, "{name}");
        }
        assert_eq!(role(b"CSRF_SECRET"), Some(Role::Secret));
    }

    #[test]
    fn names_whose_values_everybody_gets() {
        for name in ["NEXT_PUBLIC_MAPBOX_TOKEN", "PublicKeyToken", "STRIPE_PUBLISHABLE_KEY"] {
            assert!(is_public(name.as_bytes()), "{name}");
        }
        for name in ["PUBLIC_FTP_PASSWORD", "REPUBLIC_TOKEN", "MAPBOX_TOKEN", "public"] {
            assert!(!is_public(name.as_bytes()), "{name}");
        }
        assert!(is_example(b"example") && !is_example(b"example_token"));
    }

    #[test]
    fn names_whose_values_are_open() {
        for name in ["sha256", "integrity", "commit_rev", "imageDigest", "CLIENT_ID", "requestId"] {
            assert!(is_open(name.as_bytes()), "{name}");
        }
        for name in ["REDIS_URL", "sentry_dsn", "credentials"] {
            assert!(!is_open(name.as_bytes()), "{name}");
        }
    }
}
