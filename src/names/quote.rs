//! Names in commands that people are told to run.

use std::fmt::Display;

use super::is_hazard;

/// Writes a name as one word of a shell: as it is, or in single quotes.
///
/// Whoever can push names files as they like, and a hint is there to be pasted.
#[must_use]
pub fn quoted(name: impl Display) -> String {
    let text = name.to_string();
    // Some hazards are letters, and are shown with a `\`.
    let letter = |c: char| c.is_alphanumeric() && !is_hazard(c);
    let plain = |c: char| letter(c) || matches!(c, '-' | '_' | '.' | '/' | '+' | '@' | ':' | '=');
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text;
    }
    // What begins with a dash would be an option even in quotes.
    let dash = if text.starts_with('-') { "./" } else { "" };
    format!("{dash}'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_takes_for_more_is_quoted() {
        for plain in ["secrets/dev.env", "dev/A_B", "prod/secrets/prod.yaml:1", "a/ä.yaml"] {
            assert_eq!(quoted(plain), plain);
        }
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("dev/\"a.b\""), "'dev/\"a.b\"'");
        assert_eq!(quoted("dev/a.env#*"), "'dev/a.env#*'");
        assert_eq!(quoted("-x;y"), "./'-x;y'");
        assert_eq!(quoted("-x"), "./'-x'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("dev/a\u{3164}.pem"), "'dev/a\u{3164}.pem'");
    }
}
