//! What stood in a file before: a line that is there already is no news.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};
use std::ops::Range;

use super::Leak;
use super::texts::{Fresh, Judge};
use super::utf32::Readable;
use crate::world::{Checkout, ObjectId, StagedChange, WorldError};

/// How many lines are remembered: what touches more is news.
const MOST: usize = 1 << 20;

impl Judge<'_> {
    /// Of what was found in a text that a change brings, that of which nothing that stood at its path before has
    /// all the lines. Contents are read as they come, so that none is too large.
    pub(super) fn news(
        &self,
        checkout: &Checkout,
        change: &StagedChange,
        fresh: Vec<Fresh>,
    ) -> Result<Vec<Leak>, WorldError> {
        let is_old = |(_, place): &Fresh| place.is_some();
        let now = change.now.as_ref().filter(|_| !change.before.is_empty());
        let Some((_, now)) = now.filter(|_| fresh.iter().any(is_old)) else {
            return Ok(fresh.into_iter().map(|(leak, _)| leak).collect());
        };
        let lines = Lines { key: RandomState::new() };
        let mut touched = Touched::of(&fresh);
        let each = |ids: &[ObjectId], see: &mut dyn FnMut(Range<usize>, u64)| {
            checkout.each_blob_read(ids, &mut |_, (_, content)| {
                lines.each(content, see).map_err(WorldError::io("read", "a blob"))
            })
        };
        each(std::slice::from_ref(now), &mut |line, hash| touched.see(&line, hash))?;
        let mut unseen: HashSet<u64> = touched.lines.iter().flatten().flatten().copied().collect();
        each(&change.before, &mut |_, hash| _ = unseen.remove(&hash))?;
        let is_new = |lines: &Option<Vec<u64>>| {
            lines.as_ref().is_none_or(|lines| lines.iter().any(|line| unseen.contains(line)))
        };
        let news = fresh.into_iter().zip(&touched.lines).filter(|(_, lines)| is_new(lines));
        Ok(news.map(|((leak, _), _)| leak).collect())
    }
}

/// Lines by their hashes, which mean nothing outside of this process.
struct Lines {
    key: RandomState,
}

impl Lines {
    /// Shows where each line stands, without its end, and its hash; however long it is, it is not kept.
    fn each(&self, from: &mut dyn Read, see: &mut dyn FnMut(Range<usize>, u64)) -> io::Result<()> {
        let mut from = BufReader::with_capacity(64 << 10, Readable::new(from)?);
        let (mut start, mut at, mut hasher) = (0, 0, self.key.build_hasher());
        loop {
            let part = match from.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                part => part?,
            };
            let end = memchr::memchr(b'\n', part);
            let is_last = part.is_empty();
            let length = end.unwrap_or(part.len());
            hasher.write(&part[..length]);
            at += length;
            if end.is_some() || is_last {
                see(start..at, hasher.finish());
                hasher = self.key.build_hasher();
                at += 1;
                start = at;
            }
            if is_last {
                return Ok(());
            }
            from.consume(length + usize::from(end.is_some()));
        }
    }
}

/// Which lines findings touch.
struct Touched {
    places: Vec<Range<usize>>,
    /// The findings by where they begin.
    order: Vec<usize>,
    /// How many of those have begun, and which of them go on.
    begun: usize,
    open: Vec<usize>,
    /// The lines of each finding, by their hashes; none where it is news in any case.
    lines: Vec<Option<Vec<u64>>>,
    left: usize,
}

impl Touched {
    fn of(fresh: &[Fresh]) -> Self {
        let places: Vec<_> = fresh.iter().map(|(_, place)| place.clone().unwrap_or(0..0)).collect();
        let lines: Vec<_> = fresh.iter().map(|(_, it)| it.as_ref().map(|_| Vec::new())).collect();
        let mut order: Vec<_> = (0..fresh.len()).filter(|at| lines[*at].is_some()).collect();
        order.sort_by_key(|at| places[*at].start);
        Self { places, order, begun: 0, open: Vec::new(), lines, left: MOST }
    }

    /// Takes the next line.
    fn see(&mut self, line: &Range<usize>, hash: u64) {
        while let Some(&at) = self.order.get(self.begun)
            && self.places[at].start <= line.end
        {
            self.open.push(at);
            self.begun += 1;
        }
        for &at in &self.open {
            match self.left.checked_sub(1) {
                Some(left) => self.left = left,
                None => self.lines[at] = None,
            }
            if let Some(lines) = &mut self.lines[at] {
                lines.push(hash);
            }
        }
        self.open.retain(|at| self.places[*at].end > line.end && self.lines[*at].is_some());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a few bytes at a time.
    struct Few<'b>(&'b [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(into.len());
            self.0.read(&mut into[..some])
        }
    }

    fn hashes(lines: &Lines, text: &str, few: usize) -> Vec<(Range<usize>, u64)> {
        let mut all = Vec::new();
        lines.each(&mut Few(text.as_bytes(), few), &mut |at, hash| all.push((at, hash))).unwrap();
        all
    }

    proptest! {
        #[test]
        fn a_line_has_one_hash_however_it_comes(text in "[ab\n]{0,60}", few in 1_usize..20) {
            let lines = Lines { key: RandomState::new() };
            let all = hashes(&lines, &text, few);
            prop_assert_eq!(&all, &hashes(&lines, &text, 1000));
            let told: Vec<&str> = all.iter().map(|(at, _)| &text[at.clone()]).collect();
            prop_assert_eq!(&told, &text.split('\n').collect::<Vec<_>>());
            for (one, hash) in told.iter().zip(&all) {
                for (other, its) in told.iter().zip(&all) {
                    prop_assert_eq!(one == other, hash.1 == its.1);
                }
            }
        }
    }

    #[test]
    fn a_finding_touches_its_first_line_and_its_last() {
        let places = [0..1, 3..3, 4..9, 2..3, 9..12];
        let touched = |text: &str| {
            let mut touched = Touched {
                order: vec![0, 3, 1, 2, 4],
                places: places.to_vec(),
                begun: 0,
                open: Vec::new(),
                lines: vec![Some(Vec::new()); 5],
                left: MOST,
            };
            let mut number = 0;
            let lines = Lines { key: RandomState::new() };
            let see = &mut |line: Range<usize>, _| {
                touched.see(&line, number);
                number += 1;
            };
            lines.each(&mut text.as_bytes(), see).unwrap();
            touched.lines.into_iter().map(Option::unwrap).collect::<Vec<_>>()
        };
        // Lines of 0..3, 4..6, 7..8, 9..12.
        assert_eq!(touched("abc\nde\nf\nghi"), [vec![0], vec![0], vec![1, 2, 3], vec![0], vec![3]]);
        assert_eq!(touched("abcdefghijkl"), vec![vec![0]; 5]);
    }
}
