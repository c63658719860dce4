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

    /// As [`Self::touched`], of parts that come in their order: a long line is hashed once, however many parts it has.
    pub(super) fn touched_next(
        &self,
        text: &[u8],
        part: &Range<usize>,
        last: &mut (Range<usize>, Vec<u64>),
    ) -> Vec<u64> {
        let (line, hashes) = &*last;
        let is_within = hashes.len() == 1 && line.start <= part.start && part.end <= line.end;
        if !is_within {
            let start = text[..part.start.min(text.len())].iter().rposition(|byte| *byte == b'\n');
            let start = start.map_or(0, |at| at + 1);
            let end = text[start..].iter().position(|byte| *byte == b'\n');
            let end = end.map_or(text.len(), |at| start + at);
            *last = (start..end, self.touched(text, part));
        }
        last.1.clone()
    }

    /// The hashes of the lines that a part of a text touches.
    pub(super) fn touched(&self, text: &[u8], part: &Range<usize>) -> Vec<u64> {
        let is_end = |byte: &u8| *byte == b'\n';
        let part = part.start.min(text.len())..part.end.min(text.len());
        let start = text[..part.start].iter().rposition(is_end).map_or(0, |at| at + 1);
        let end = text[part.end..].iter().position(is_end).map_or(text.len(), |at| part.end + at);
        text[start..end].split(|byte| *byte == b'\n').map(|it| self.key.hash_one(it)).collect()
    }
}
