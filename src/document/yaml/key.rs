//! Keys and tags: which of them all readers take for the same string, or the same kind.

use crate::document::tree::{Key, Refusal};

/// Words that some version or schema of YAML reads as a truth value, a number or nothing.
const TYPED: [&str; 15] = [
    "null",
    "nil",
    "none",
    "undefined",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "nan",
    "inf",
    "infinity",
];

/// Tells how readers take a plain key. What does not begin like a word counts as typed, be it or not:
/// numbers, dates, `~`, `<<`, `=` and `:symbol` all begin otherwise.
pub(super) fn written(name: &str) -> Key {
    let wordly = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '/' | '$'));
    let typed = TYPED.iter().any(|word| word.eq_ignore_ascii_case(name));
    if wordly && !typed { Key::Text } else { Key::Typed }
}

/// What some readers take a plain key for beside its text, written as they would: `1` for `0x1`, `true` for
/// `yes`, and `1` for that again, where truth values are numbers.
pub(super) fn readings(name: &str) -> Vec<String> {
    if written(name) == Key::Text {
        return Vec::new();
    }
    let lower = name.to_ascii_lowercase();
    let words: &[&str] = match lower.as_str() {
        "true" | "yes" | "on" | "y" => &["true", "1"],
        "false" | "no" | "off" | "n" => &["false", "0"],
        "~" | "null" | "nil" | "none" | "undefined" => &["null"],
        _ => &[],
    };
    let words = words.iter().map(|word| (*word).to_owned());
    let mut readings: Vec<_> = words.chain(numbers(&lower)).filter(|text| text != name).collect();
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// The numbers that versions and schemas of YAML make of a key, each in one text.
fn numbers(lower: &str) -> Vec<String> {
    let text = lower.replace('_', "");
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(whole);
    let after = |prefix| body.strip_prefix(prefix);
    let octal = after("0").filter(|rest| !rest.is_empty()).and_then(|digits| radix(digits, 8));
    let plain = body.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let decimal = body.parse::<f64>().ok().filter(|_| plain);
    let found = [
        after("0x").and_then(|digits| radix(digits, 16)),
        after("0o").and_then(|digits| radix(digits, 8)),
        after("0b").and_then(|digits| radix(digits, 2)),
        octal,
        decimal,
        sixties(body),
        matches!(body, ".inf" | "inf" | "infinity").then_some(f64::INFINITY),
        matches!(body, ".nan" | "nan").then_some(f64::NAN),
    ];
    let signed = found.into_iter().flatten().map(|number| if negative { -number } else { number });
    // Nothing tells 0 from -0 as a key.
    signed.map(|number| if number == 0.0 { "0".to_owned() } else { number.to_string() }).collect()
}

#[expect(clippy::cast_precision_loss, reason = "as readers do that know one kind of number")]
fn whole(number: i64) -> f64 {
    number as f64
}

/// A number in base sixty, as `1:30` is in YAML 1.1.
fn sixties(body: &str) -> Option<f64> {
    if !body.contains(':') {
        return None;
    }
    let add = |sum: f64, part: &str| Some(sum * 60.0 + part.parse::<f64>().ok()?);
    body.split(':').try_fold(0.0, add)
}

/// Tells whether a tag makes readers refuse a token in its value's place. A verbatim tag of this kind has
/// a comma, and is refused already.
pub(super) fn wants_no_text(tag: &str) -> bool {
    matches!(tag, "!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp" | "!!binary")
}

/// The name of an alias or an anchor, if all readers agree on where it ends.
pub(super) fn anchor(token: &str) -> Result<&str, Refusal> {
    let name = token.get(1..).unwrap_or_default();
    let fine = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(fine) { Ok(name) } else { Err("an anchor's name with a sign in it") }
}

/// Refuses surrogates in a double-quoted key: readers disagree on pairs of them.
pub(super) fn check_escapes(quoted: &str) -> Result<(), Refusal> {
    let mut escaped = false;
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        if escaped && c == 'u' && rest.as_str().starts_with(['d', 'D']) {
            return Err("a key with an escaped surrogate");
        }
        escaped = c == '\\' && !escaped;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_takes_for_a_string_is_text() {
        for name in ["password", "DB_URL", "_x", "info", "Österreich", "/v1", "yes please", "e3"] {
            assert_eq!(written(name), Key::Text, "{name}");
        }
        for name in ["1", "0x1", "1e3", "+1", ".5", ".inf", "~", "<<", "=", ":a", "2026-01-01"] {
            assert_eq!(written(name), Key::Typed, "{name}");
        }
        for name in ["yes", "No", "ON", "off", "Y", "n", "true", "False", "null", "NaN", "", "-"] {
            assert_eq!(written(name), Key::Typed, "{name}");
        }
    }

    /// Tells whether two plain keys may be one.
    fn clash(one: &str, other: &str) -> bool {
        let texts = |name: &str| [vec![name.to_owned()], readings(name)].concat();
        texts(one).iter().any(|text| texts(other).contains(text))
    }

    #[test]
    fn keys_that_are_one_for_some_reader_have_a_reading_in_common() {
        for (one, other) in [
            ("1", "0x1"),
            ("1", "1.0"),
            ("1", "+1"),
            ("10", "0xA"),
            ("8", "010"),
            ("10", "010"),
            ("1_000", "1e3"),
            ("90", "1:30"),
            ("yes", "true"),
            ("On", "Y"),
            ("True", "1"),
            ("no", "0"),
            ("0", "-0"),
            ("~", "null"),
            ("None", "NULL"),
            (".inf", "+.INF"),
        ] {
            assert!(clash(one, other) && clash(other, one), "{one} {other}");
        }
        let apart = ["1", "2", "80", "no", "null", "1.5", "-1", "2026-01-01", "x", "info"];
        for (at, one) in apart.iter().enumerate() {
            for other in &apart[at + 1..] {
                assert!(!clash(one, other), "{one} {other}");
            }
        }
    }

    #[test]
    fn an_escaped_surrogate_is_told_from_an_escaped_backslash() {
        assert!(check_escapes(r#""\\ud834""#).is_ok());
        assert!(check_escapes(r#""\\\ud834""#).is_err());
        assert!(check_escapes(r#""é\é\uD834""#).is_err());
        assert!(check_escapes(r#""\u00d8 ud8""#).is_ok());
    }
}
