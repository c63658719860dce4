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

/// Tells whether a tag makes readers refuse a token in its value's place. A verbatim tag of this kind has
/// a comma, and is refused already.
pub(super) fn wants_no_text(tag: &str) -> bool {
    matches!(tag, "!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp" | "!!binary")
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

    #[test]
    fn an_escaped_surrogate_is_told_from_an_escaped_backslash() {
        assert!(check_escapes(r#""\\ud834""#).is_ok());
        assert!(check_escapes(r#""\\\ud834""#).is_err());
        assert!(check_escapes(r#""é\é\uD834""#).is_err());
        assert!(check_escapes(r#""\u00d8 ud8""#).is_ok());
    }
}
