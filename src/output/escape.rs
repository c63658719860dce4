//! Text of strangers, made harmless for a terminal (threat 60).

use std::borrow::Cow;

use serde_json::Value;

use crate::names::is_hazard;

/// Escapes what moves the cursor, changes the direction of writing or cannot be seen.
///
/// Line breaks and tabs are among it: a reason of two lines must not look like a second finding.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazard) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    text.chars().for_each(|character| push(&mut safe, character));
    Cow::Owned(safe)
}

/// Adds one character, escaped as Rust does if it is a hazard.
pub(super) fn push(to: &mut String, character: char) {
    match character {
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        _ if is_hazard(character) => to.extend(character.escape_unicode()),
        _ => to.push(character),
    }
}

/// Writes a JSON value as one line, in which hazards stand as `\uXXXX`.
///
/// Outside strings JSON has none of these characters, so the value stays the same.
pub(super) fn json_line(value: &Value) -> String {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if !is_hazard(character) {
            line.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            line.push_str(&format!("\\u{unit:04x}"));
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in ["rotated by Zoë", "секрет", "秘密", "مفتاح", "a\\b"] {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn hazards_are_shown() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("a\u{202e}b\u{2069}"), "a\\u{202e}b\\u{2069}");
        assert_eq!(safe("a\nb\rc\td\u{7f}\u{9b}"), "a\\nb\\rc\\td\\u{7f}\\u{9b}");
    }

    proptest! {
        #[test]
        fn nothing_hazardous_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(is_hazard));
        }

        #[test]
        fn a_json_line_is_the_same_value_without_hazards(text in any::<String>()) {
            let value = Value::from(text);
            let line = json_line(&value);
            prop_assert!(!line.trim_end_matches('\n').chars().any(is_hazard));
            prop_assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
        }
    }
}
