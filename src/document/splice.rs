//! Cuts slices out of a text and puts others in their places.

use std::ops::Range;

use zeroize::Zeroizing;

/// Replaces spans of a text; all else stays byte for byte.
///
/// The spans are in the order of the text and do not overlap. The result is wiped when dropped, and is
/// allocated once, so that no part of it is left behind by growing.
#[must_use]
pub fn splice<'s>(
    text: &str,
    edits: impl IntoIterator<Item = (Range<usize>, &'s [u8]), IntoIter: Clone>,
) -> Zeroizing<Vec<u8>> {
    let edits = edits.into_iter();
    let added: usize = edits.clone().map(|(_, new)| new.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + added));
    let mut done = 0;
    for (span, new) in edits {
        out.extend_from_slice(&text.as_bytes()[done..span.start]);
        out.extend_from_slice(new);
        done = span.end;
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_spans_change() {
        let edits = [(0..1, b"xyz".as_slice()), (3..3, b"!"), (4..6, b"")];
        assert_eq!(splice("abcdef", edits).as_slice(), b"xyzbc!d");
        assert_eq!(splice("abc", []).as_slice(), b"abc");
    }
}
