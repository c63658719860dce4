//! What stood in a file before: a line that is there already is no news.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

/// Lines by their hashes, which mean nothing outside of this process.
pub(super) struct Lines {
    key: RandomState,
    seen: HashSet<u64>,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { key: RandomState::new(), seen: HashSet::new() }
    }

    /// Remembers all lines of a text, in place of those of another one.
    pub(super) fn of<'t>(&mut self, texts: impl IntoIterator<Item = &'t [u8]>) {
        self.seen.clear();
        for text in texts {
            let lines = text.split(|byte| *byte == b'\n');
            self.seen.extend(lines.map(|line| self.key.hash_one(line)));
        }
    }

    /// Tells whether a line is none of those.
    pub(super) fn is_new(&self, line: u64) -> bool {
        !self.seen.contains(&line)
    }

    /// The hashes of the lines that a part of a text touches. Of parts that come in their order a long line is
    /// hashed once, however many of them it has.
    pub(super) fn touched(&self, text: &[u8], part: &Range<usize>, last: &mut Touched) -> Vec<u64> {
        let Touched { at, hashes } = &*last;
        if hashes.len() != 1 || part.start < at.start || at.end < part.end {
            let at = whole_lines(text, part);
            let lines = text[at.clone()].split(|byte| *byte == b'\n');
            *last = Touched { hashes: lines.map(|it| self.key.hash_one(it)).collect(), at };
        }
        last.hashes.clone()
    }
}

/// The lines that were touched last.
#[derive(Default)]
pub(super) struct Touched {
    at: Range<usize>,
    hashes: Vec<u64>,
}

/// The lines that a part of a text touches, without the end of the last one.
fn whole_lines(text: &[u8], part: &Range<usize>) -> Range<usize> {
    let is_end = |byte: &u8| *byte == b'\n';
    let part = part.start.min(text.len())..part.end.min(text.len());
    let start = text[..part.start].iter().rposition(is_end).map_or(0, |at| at + 1);
    let end = text[part.end..].iter().position(is_end).map_or(text.len(), |at| part.end + at);
    start..end
}
