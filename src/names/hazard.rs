//! Characters that steer a terminal, reorder text or hide in it, and how they are shown and read again.

use std::borrow::Cow;

/// Tells what steers a terminal, reorders text or hides in it.
#[must_use]
pub fn is_hazard(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Direction of writing: marks, embeddings, overrides, isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Invisible: soft hyphen, joiners, fillers, word joiner, byte order mark, tags.
            | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}')
}

/// Reads what was shown as `\u{202e}` as the hazard that it stands for.
///
/// No path has a `\`, and no JSON string one before `u{`: in an address it is nothing else.
pub(super) fn read_again(shown: &str) -> Cow<'_, str> {
    if !shown.contains("\\u{") {
        return Cow::Borrowed(shown);
    }
    let mut text = String::with_capacity(shown.len());
    let mut rest = shown;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, length) = match hazard(&rest[at..]) {
            Some(found) => found,
            // A pair such as `\\` or `\"` stays one.
            None => {
                let pair: usize = rest[at..].chars().take(2).map(char::len_utf8).sum();
                text.push_str(&rest[at..at + pair]);
                rest = &rest[at + pair..];
                continue;
            }
        };
        text.push(character);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The hazard that a text begins with, as it is shown, and the length of that.
fn hazard(text: &str) -> Option<(char, usize)> {
    let (digits, _) = text.strip_prefix("\\u{")?.split_once('}')?;
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
    let is_shown_so = character.escape_unicode().eq(text[..digits.len() + 4].chars());
    (is_hazard(character) && is_shown_so).then_some((character, digits.len() + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hazards_as_they_are_shown_are_read_again() {
        for (shown, read) in [
            (r#""\u{202e}bidi""#, "\"\u{202e}bidi\""),
            (r#"a\u{7f}b\u{3164}"#, "a\u{7f}b\u{3164}"),
            (r#""\\u{202e}\"\u{200b}""#, "\"\\\\u{202e}\\\"\u{200b}\""),
            (r"\u{41}", r"\u{41}"),
            (r"\u{202E}", r"\u{202E}"),
            (r"\u{0202e}", r"\u{0202e}"),
            (r"\u{202e", r"\u{202e"),
            (r"\u{+202e}ä\", r"\u{+202e}ä\"),
            (r"plain\n", r"plain\n"),
        ] {
            assert_eq!(read_again(shown), read, "{shown}");
        }
    }
}
