//! What the formats made of lines have in common: line breaks, comments, counting of repeated keys.

use std::collections::HashMap;
use std::ops::Range;

use crate::names::{Segment, Shared};

use super::NotSpliceable;

/// The byte order mark that a text may begin with.
pub(super) const BOM: char = '\u{feff}';

/// Refuses a text at a byte offset.
pub(super) fn refuse<T>(text: &str, at: usize, why: &'static str) -> Result<T, NotSpliceable> {
    let breaks = text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count();
    Err(NotSpliceable { line: 1 + breaks, why })
}

/// Refuses characters that some readers take for a line break and others do not: behind one of them a
/// comment could hide an assignment.
pub(super) fn refuse_odd_breaks(text: &str) -> Result<(), NotSpliceable> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let odd = match c {
            '\r' => chars.peek().is_none_or(|(_, next)| *next != '\n'),
            _ => is_odd_break(c),
        };
        if odd {
            return refuse(
                text,
                at,
                "holds a character that only some readers take for a line break",
            );
        }
    }
    refuse_nul(text)
}

/// Tells whether some readers take the character for a line break and others do not.
pub(super) fn is_odd_break(c: char) -> bool {
    matches!(c, '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Refuses NUL, which ends the text for programs written in C.
pub(super) fn refuse_nul(text: &str) -> Result<(), NotSpliceable> {
    text.find('\0').map_or(Ok(()), |at| refuse(text, at, "holds a NUL"))
}

/// Gives the first byte after a byte order mark.
pub(super) fn start(text: &str) -> usize {
    if text.starts_with(BOM) { BOM.len_utf8() } else { 0 }
}

/// Tells the line break of a text: that of its first line; `\n` where there is none.
pub(super) fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Finds the end of the line that holds a byte, before its `\n` or `\r\n`.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    match text[at..].find('\n') {
        Some(n) if text[..at + n].ends_with('\r') && n > 0 => at + n - 1,
        Some(n) => at + n,
        None => text.len(),
    }
}

/// Finds the start of the next line, or the end of the text.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n + 1)
}

/// Finds the start of the line that holds a byte; none begins before or in a byte order mark.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let first = start(text);
    text[first..at.max(first)].rfind('\n').map_or(first, |n| first + n + 1)
}

/// Skips spaces and tabs.
pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Finds the text of a comment: after its sign and one space, without white space at its end; none if
/// it is empty.
pub(super) fn comment_text(text: &str, sign: usize, end: usize) -> Option<Range<usize>> {
    let mut from = sign + 1;
    if text[from..end].starts_with(' ') {
        from += 1;
    }
    let kept = text[from..end].trim_end().len();
    (kept > 0).then_some(from..from + kept)
}

/// Counts how often each key stood, per section.
#[derive(Debug, Default)]
pub(super) struct Repeats<'t>(HashMap<(Option<&'t str>, std::borrow::Cow<'t, str>), u32>);

impl<'t> Repeats<'t> {
    /// Gives the key's segment, with its count.
    pub(super) fn segment(
        &mut self,
        section: Option<&'t str>,
        name: impl Into<std::borrow::Cow<'t, str>>,
    ) -> Segment {
        let name = name.into();
        let text = Shared::of(&name);
        let nth = self.0.entry((section, name)).or_insert(0);
        *nth += 1;
        Segment::Key { name: text, nth: *nth }
    }
}
