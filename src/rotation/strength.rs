//! Values that anybody guesses, and those that nobody filled in.

use std::collections::BTreeSet;

/// The fewest characters of a credential.
pub const LEAST: usize = 8;

/// Why a value is no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`LEAST`] characters.
    Short,
    /// One or two characters over and over, or characters in a row.
    Pattern,
    /// A word that stands for a value, or that everybody tries first.
    Placeholder,
    /// Its own name.
    Name,
    /// A variable that nothing put a value in the place of.
    Template,
}

impl Weakness {
    /// The fact, as the rest of a sentence that begins with the value.
    #[must_use]
    pub fn fact(self) -> &'static str {
        match self {
            Self::Short => "has fewer than 8 characters",
            Self::Pattern => "is one pattern over and over",
            Self::Placeholder => "is a placeholder, or what everybody tries first",
            Self::Name => "is its own name",
            Self::Template => "is a variable that nothing was put in the place of",
        }
    }
}

/// Words that stand for a value, in small letters and digits alone.
const WORDS: [&str; 40] = [
    "admin123",
    "adminadmin",
    "apikey",
    "changeit",
    "changeme",
    "changethis",
    "default",
    "dummy",
    "example",
    "fillmein",
    "fixme",
    "foobar",
    "hunter2",
    "iloveyou",
    "insecure",
    "letmein",
    "mypassword",
    "mysecret",
    "notasecret",
    "null",
    "p4ssw0rd",
    "passw0rd",
    "password",
    "placeholder",
    "postgres",
    "qwerty",
    "qwertyui",
    "qwertyuiop",
    "replaceme",
    "secret",
    "secretkey",
    "supersecret",
    "tbd",
    "test",
    "todo",
    "token",
    "undefined",
    "unset",
    "welcome",
    "yoursecrethere",
];

/// Says why a value is no credential; none where nothing speaks against it. `name` is its key's last part.
#[must_use]
pub fn weakness(value: &[u8], name: &str) -> Option<Weakness> {
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    if is_template(text) {
        return Some(Weakness::Template);
    }
    let plain = plain(text);
    if plain.len() >= 3 && plain == self::plain(name) {
        return Some(Weakness::Name);
    }
    // `changeme123!` and `Password1` are the same idea.
    let stem = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    if [plain.as_str(), stem].iter().any(|word| WORDS.contains(word) || is_filler(word)) {
        return Some(Weakness::Placeholder);
    }
    if text.chars().count() < LEAST {
        return Some(Weakness::Short);
    }
    is_pattern(text).then_some(Weakness::Pattern)
}

/// Small letters and digits alone.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// `your-api-key-here`, `insert token`, `xxxx`.
fn is_filler(plain: &str) -> bool {
    let begins = ["your", "insert", "enter", "replacewith", "putyour"];
    let ends = ["here", "key", "token", "secret", "password", "value"];
    let short = plain.len() <= 32 && plain.bytes().all(|b| b.is_ascii_lowercase());
    (short
        && begins.iter().any(|b| plain.starts_with(b))
        && ends.iter().any(|e| plain.ends_with(e)))
        || (plain.len() >= 3 && plain.bytes().all(|b| b == b'x'))
}

/// `${KEY}`, `$(cmd)`, `{{ key }}`, `<key>`, `%KEY%`, and nothing beside it.
fn is_template(text: &str) -> bool {
    let signs = [("${", "}"), ("$(", ")"), ("{{", "}}"), ("<", ">"), ("%", "%"), ("__", "__")];
    let name = |inner: &str| {
        let word = |c: char| c.is_alphanumeric() || " _-.:/$".contains(c);
        !inner.is_empty() && inner.len() <= 64 && inner.chars().all(word)
    };
    signs.iter().any(|(start, end)| {
        let inner = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        inner.is_some_and(name)
    })
}

/// Few characters, one block repeated, or steps of one: `aaaaaaaa`, `abcabcabc`, `12345678`, `87654321`.
fn is_pattern(text: &str) -> bool {
    let chars: Vec<char> = text.chars().take(256).collect();
    let distinct = chars.iter().collect::<BTreeSet<_>>().len();
    let repeats = |block: usize| chars.iter().zip(&chars[block..]).all(|(a, b)| a == b);
    let steps = |by: i64| {
        chars
            .windows(2)
            .all(|two| i64::from(u32::from(two[1])) - i64::from(u32::from(two[0])) == by)
    };
    distinct <= 2
        || (1..=chars.len() / 2).take(8).any(repeats)
        || steps(1)
        || steps(-1)
        || text.starts_with("1234567890") && text.len() <= 12
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_anybody_guesses_is_weak() {
        for (value, why) in [
            ("", Weakness::Short),
            ("s3cr.t", Weakness::Short),
            ("äöüäöü", Weakness::Short),
            ("aaaaaaaaaaaa", Weakness::Pattern),
            ("abababababab", Weakness::Pattern),
            ("abcdabcdabcd", Weakness::Pattern),
            ("12345678", Weakness::Pattern),
            ("87654321", Weakness::Pattern),
            ("1234567890", Weakness::Pattern),
            ("abcdefgh", Weakness::Pattern),
            ("changeme", Weakness::Placeholder),
            ("Change-Me!", Weakness::Placeholder),
            ("Password123", Weakness::Placeholder),
            ("your-api-key-here", Weakness::Placeholder),
            ("xxxxxxxxxxxx", Weakness::Placeholder),
            ("TODO", Weakness::Placeholder),
            ("${STRIPE_KEY}", Weakness::Template),
            ("{{ stripe.key }}", Weakness::Template),
            ("<your key>", Weakness::Template),
            ("$(cat key)", Weakness::Template),
            ("Stripe-Key", Weakness::Name),
        ] {
            assert_eq!(weakness(value.as_bytes(), "STRIPE_KEY"), Some(why), "{value}");
        }
    }

    #[test]
    fn what_nobody_guesses_is_taken() {
        for value in [
            "sk_live_51H8xYzAbCdEf",
            "correct horse battery staple",
            "passwordless-9f2c41ab",
            "<html>12345",
            "k8s-7hQ2-x9",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n",
        ] {
            assert_eq!(weakness(value.as_bytes(), "KEY"), None, "{value}");
        }
        assert_eq!(weakness(&[0xff; 3], "KEY"), Some(Weakness::Short));
    }

    proptest! {
        #[test]
        fn what_generators_make_is_never_weak(seed in any::<[u8; 16]>()) {
            let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assume!(seed.iter().collect::<std::collections::BTreeSet<_>>().len() > 8);
            prop_assert_eq!(weakness(hex.as_bytes(), "KEY"), None);
        }

        #[test]
        fn no_value_panics(value in prop::collection::vec(any::<u8>(), 0..64), name in ".{0,20}") {
            let _any = weakness(&value, &name);
        }
    }
}
