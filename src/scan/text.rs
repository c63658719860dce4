//! Lines and columns, UTF-16 read as UTF-8, and what may be shown of a secret.

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

/// How a text of two bytes a character has them ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    Little,
    Big,
}

impl Wide {
    /// Knows UTF-16 by its mark, or by every other of its first bytes being zero.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        match text {
            [0xFF, 0xFE, ..] => return Some(Self::Little),
            [0xFE, 0xFF, ..] => return Some(Self::Big),
            _ => {}
        }
        let pairs = text[..text.len().min(256)].as_chunks::<2>().0;
        let all = |is: fn(&[u8; 2]) -> bool| pairs.len() >= 4 && pairs.iter().all(is);
        if all(|pair| pair[0] != 0 && pair[1] == 0) {
            return Some(Self::Little);
        }
        all(|pair| pair[0] == 0 && pair[1] != 0).then_some(Self::Big)
    }

    /// Decodes what is whole, and says how many bytes that were: a later piece may hold the rest.
    pub(super) fn decode(self, text: &[u8], to: &mut Vec<u8>) -> usize {
        let unit = |pair: &[u8; 2]| match self {
            Self::Little => u16::from_le_bytes(*pair),
            Self::Big => u16::from_be_bytes(*pair),
        };
        let (pairs, _) = text.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(unit).collect();
        if units.last().is_some_and(|last| (0xD800..0xDC00).contains(last)) {
            units.pop();
        }
        for c in char::decode_utf16(units.iter().copied()) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        2 * units.len()
    }
}

/// Gives the places in UTF-16 of places in the UTF-8 that it was decoded to; both in order.
#[derive(Debug)]
pub(super) struct Widths<'t> {
    decoded: &'t [u8],
    at: usize,
    wide: usize,
}

impl<'t> Widths<'t> {
    /// Begins where the decoded text begins in the other.
    pub(super) fn new(decoded: &'t [u8], wide: usize) -> Self {
        Self { decoded, at: 0, wide }
    }

    /// Gives the place of a place that is not before the last one that was asked for.
    pub(super) fn place(&mut self, place: usize) -> usize {
        let between = &self.decoded[self.at.min(place)..place];
        // Each first byte of a character is two bytes there, four where the character takes four here.
        let width = |b: &u8| match b {
            0x80..0xC0 => 0,
            0xF0.. => 4,
            _ => 2,
        };
        self.wide += between.iter().map(width).sum::<usize>();
        self.at = place.max(self.at);
        self.wide
    }
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

    #[test]
    fn utf_16_is_known_with_and_without_its_mark() {
        assert_eq!(Wide::of(b"\xFF\xFEa\0"), Some(Wide::Little));
        assert_eq!(Wide::of(b"\0k\0e\0y\0=\0x"), Some(Wide::Big));
        assert_eq!(Wide::of(b"k\0e\0y\0=\0"), Some(Wide::Little));
        assert_eq!(Wide::of(b"key=value"), None);
        assert_eq!(Wide::of(b""), None);
    }

    proptest! {
        #[test]
        fn runs_are_found_where_they_are(text in "[ab ]{0,40}", least in 1_usize..9) {
            let naive = text.split(' ').any(|word| word.len() >= least);
            prop_assert_eq!(has_run(text.as_bytes(), least), naive);
        }

        #[test]
        fn places_of_utf_16_are_found_again(text in "[a-zä€😀\n]{0,40}", at in 0_usize..40) {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let mut decoded = Vec::new();
            prop_assert_eq!(Wide::Little.decode(&wide, &mut decoded), wide.len());
            prop_assert_eq!(&decoded, text.as_bytes());
            let at = text.floor_char_boundary(at.min(text.len()));
            let expected = text[..at].encode_utf16().count() * 2;
            prop_assert_eq!(Widths::new(&decoded, 0).place(at), expected);
        }
    }
}
