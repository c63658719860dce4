//! A text that comes in pieces, so that none is too large to be looked through.

use std::ops::Range;

use super::regions::Kind;
use super::scanner::{View, widen};
use super::text::{Lines, Wide, count};
use super::{Hit, Scanner};

/// How much is looked through at a time, in bytes.
const WINDOW: usize = 1 << 20;
/// How much of it is looked at again with what follows. Nothing that is found depends on more than half
/// of it to either side, but regions, whose kind is remembered.
const OVERLAP: usize = 64 << 10;

/// The state of a text that comes in pieces. Hits are those that [`Scanner::scan`] gives for the whole,
/// and their places count from the beginning of the text.
#[derive(Debug)]
pub struct Pieces<'s, 'r> {
    scanner: &'s Scanner<'r>,
    window: usize,
    overlap: usize,
    path: String,
    /// What came and was not looked at yet, in UTF-8 where the text is in UTF-16.
    buffer: Vec<u8>,
    /// Where the buffer begins in the text, and in what it was decoded to.
    base: usize,
    wide_base: usize,
    /// Where hits begin that were not told yet, in the buffer.
    told: usize,
    open: Option<Kind>,
    /// The number of the buffer's first line, and how many of its bytes came before.
    line: usize,
    before: usize,
    encoding: Encoding,
    /// A half character of UTF-16, or all that came before one could tell.
    rest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Unknown,
    Bytes,
    Wide(Wide),
}

impl<'s, 'r> Pieces<'s, 'r> {
    /// Begins a text.
    #[must_use]
    pub fn new(scanner: &'s Scanner<'r>, path: &[u8]) -> Self {
        Self::with_window(scanner, path, WINDOW, OVERLAP)
    }

    pub(super) fn with_window(
        scanner: &'s Scanner<'r>,
        path: &[u8],
        window: usize,
        overlap: usize,
    ) -> Self {
        Self {
            scanner,
            window,
            overlap,
            path: String::from_utf8_lossy(path).into_owned(),
            buffer: Vec::new(),
            base: 0,
            wide_base: 0,
            told: 0,
            open: None,
            line: 1,
            before: 0,
            encoding: Encoding::Unknown,
            rest: Vec::new(),
        }
    }

    /// Takes what follows, and gives the hits that are certain by now.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Hit<'r>> {
        let mut hits = Vec::new();
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.window / 4));
            self.take(now);
            bytes = later;
            while self.buffer.len() >= self.window {
                hits.extend(self.look(self.window));
            }
        }
        hits
    }

    /// Ends the text, and gives the hits that are left.
    #[must_use]
    pub fn finish(mut self) -> Vec<Hit<'r>> {
        if self.encoding == Encoding::Unknown {
            self.decide();
        }
        let mut hits = Vec::new();
        while self.buffer.len() > self.window {
            hits.extend(self.look(self.window));
        }
        let all = self.buffer.len();
        hits.extend(self.found(all, self.told..usize::MAX).0);
        hits
    }

    fn take(&mut self, bytes: &[u8]) {
        match self.encoding {
            Encoding::Unknown => {
                self.rest.extend_from_slice(bytes);
                if self.rest.len() >= 256 {
                    self.decide();
                }
            }
            Encoding::Bytes => self.buffer.extend_from_slice(bytes),
            Encoding::Wide(wide) => {
                self.rest.extend_from_slice(bytes);
                let taken = wide.decode(&self.rest, &mut self.buffer);
                self.rest.drain(..taken);
            }
        }
    }

    fn decide(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.encoding = Wide::of(&rest).map_or(Encoding::Bytes, Encoding::Wide);
        self.take(&rest);
    }

    /// Looks through the beginning of the buffer, and lets go of what needs no second look.
    fn look(&mut self, length: usize) -> Vec<Hit<'r>> {
        let keep = length - self.overlap;
        let until = length - self.overlap / 2;
        let (hits, open) = self.found(length, self.told..until);
        self.open = open(keep);
        let gone = &self.buffer[..keep];
        self.wide_base = match self.encoding {
            Encoding::Wide(_) => super::text::Widths::new(gone, self.wide_base).place(keep),
            _ => self.wide_base,
        };
        self.line += count(gone);
        self.before = match gone.iter().rposition(|b| *b == b'\n') {
            Some(last) => keep - last - 1,
            None => self.before + keep,
        };
        self.told = until - keep;
        self.base += keep;
        self.buffer.drain(..keep);
        hits
    }

    /// The hits that begin in a part, with their places in the text, and what tells the kind of region that a
    /// place of the buffer lies in.
    fn found(
        &self,
        length: usize,
        part: Range<usize>,
    ) -> (Vec<Hit<'r>>, impl Fn(usize) -> Option<Kind> + use<>) {
        let bytes = &self.buffer[..length];
        let is_begin = self.base == 0;
        let view = View { path: &self.path, bytes, open: self.open, is_begin };
        let (mut hits, regions) = self.scanner.look(view);
        hits.retain(|it| part.contains(&it.raw.span.start));
        let mut hits =
            self.scanner.tell(hits, bytes, &mut Lines::new(bytes, self.line, self.before));
        if matches!(self.encoding, Encoding::Wide(_)) {
            widen(&mut hits, bytes, self.wide_base);
        } else {
            for hit in &mut hits {
                for range in [&mut hit.span, &mut hit.whole] {
                    *range = range.start + self.base..range.end + self.base;
                }
            }
        }
        (hits, move |place| regions.at(place).map(|region| region.kind))
    }
}
