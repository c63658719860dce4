//! Lines and columns, and what may be shown of a secret.

use std::ops::Range;

use super::shape;

/// Counts lines towards places that are asked for in their order.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    /// Where the line begins; below zero in a piece whose first line began in an earlier one.
    start: isize,
}

impl<'t> Lines<'t> {
    /// Begins with a line's number, and how many of its bytes came before the text.
    pub(super) fn new(text: &'t [u8], line: usize, before: usize) -> Self {
        Self { text, at: 0, line, start: -before.cast_signed() }
    }

    /// Gives line and column of a place that is not before the last one that was asked for.
    pub(super) fn place(&mut self, place: usize) -> (usize, usize) {
        let between = &self.text[self.at.min(place)..place];
        self.line += count(between);
        if let Some(last) = between.iter().rposition(|b| *b == b'\n') {
            self.start = (self.at + last + 1).cast_signed();
        }
        self.at = place.max(self.at);
        (self.line, (place.cast_signed() - self.start).cast_unsigned() + 1)
    }
}

/// Counts the line breaks of a text.
pub(super) fn count(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

/// Tells whether a text has that many bytes of tokens in a row.
pub(super) fn has_run(text: &[u8], least: usize) -> bool {
    let mut at = least;
    // Of bytes that many apart, one lies in every such run.
    while at <= text.len() && at > 0 {
        let back = text[..at].iter().rev().take_while(|b| shape::is_token(**b)).count();
        if back >= least {
            return true;
        }
        at += least - back;
    }
    least == 0
}

/// Shows what may be shown of a secret at a place of a text: the first four bytes where they are an issuer's prefix
/// such as `ghp_`, and no byte of the rest.
#[must_use]
pub fn excerpt(text: &[u8], place: Range<usize>) -> String {
    let secret = text.get(place).unwrap_or_default();
    let is_prefix = secret.len() > 16
        && matches!(secret[..4], [_, _, _, b'_' | b'-'])
        && secret[..3].iter().all(u8::is_ascii_alphabetic);
    let prefix = if is_prefix { String::from_utf8_lossy(&secret[..4]) } else { "".into() };
    format!("{prefix}…")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut lines = Lines::new(b"ab\ncd\n\nx", 1, 0);
        assert_eq!(
            [0, 1, 3, 4, 7].map(|at| lines.place(at)),
            [(1, 1), (1, 2), (2, 1), (2, 2), (4, 1)]
        );
        let mut lines = Lines::new(b"ab\ncd", 7, 10);
        assert_eq!([1, 3].map(|at| lines.place(at)), [(7, 12), (8, 1)]);
    }

    #[test]
    fn an_excerpt_shows_a_known_prefix_and_nothing_else() {
        let text = b"token = ghp_0123456789abcdef0123";
        assert_eq!(excerpt(text, 8..32), "ghp_…");
        assert_eq!(excerpt(b"password = hunter2x!hunter2x!", 11..29), "…");
        assert_eq!(excerpt(b"my-pass", 0..7), "…");
        assert_eq!(excerpt(b"x", 5..9), "…");
    }

    proptest! {
        #[test]
        fn runs_are_found_where_they_are(text in "[ab ]{0,40}", least in 1_usize..9) {
            let naive = text.split(' ').any(|word| word.len() >= least);
            prop_assert_eq!(has_run(text.as_bytes(), least), naive);
        }
    }
}
