//! A text that comes in pieces, so that none is too large to be looked through.

use std::ops::Range;

use super::regions::Kind;
use super::scanner::View;
use super::text::{Lines, count};
use super::{Hit, Scanner, TOO_MANY};

/// How much is looked through at a time, in bytes.
const WINDOW: usize = 1 << 20;
/// How much of it is looked at again with what follows. Nothing that is found depends on more than half
/// of it to either side, but regions, whose kind is remembered.
const OVERLAP: usize = 64 << 10;

/// A part of a text, or all of it, and what was found there.
#[derive(Debug)]
pub struct Piece<'p, 'r> {
    /// Its bytes, as they stand in the text.
    pub bytes: &'p [u8],
    /// Where it begins in the text.
    pub base: usize,
    /// The number of its first line.
    pub line: usize,
    /// What rules find there; places count from the beginning of the text.
    pub hits: Vec<Hit<'r>>,
    /// The part in which begins what is told with this piece.
    own: Range<usize>,
    /// How far the piece before this one saw.
    seen: usize,
}

impl<'p, 'r> Piece<'p, 'r> {
    /// A text that is all there.
    #[must_use]
    pub fn whole(scanner: &Scanner<'r>, text: &super::Text<'p>) -> Self {
        let hits = scanner.scan(text);
        Self { bytes: text.bytes, base: 0, line: 1, hits, own: 0..usize::MAX, seen: 0 }
    }

    /// Tells whether what stands at a place of these bytes is told with this piece, rather than with the one before
    /// it or after it, where it is seen too.
    #[must_use]
    pub fn tells(&self, span: &Range<usize>) -> bool {
        span.start < self.own.end && (span.start >= self.own.start || span.end > self.seen)
    }
}

/// The state of a text that comes in pieces. Hits are those that [`Scanner::scan`] gives for the whole,
/// and their places count from the beginning of the text.
#[derive(Debug)]
pub struct Pieces<'s, 'r> {
    scanner: &'s Scanner<'r>,
    window: usize,
    overlap: usize,
    path: String,
    /// What came, from the first byte on that is still looked at.
    buffer: Vec<u8>,
    /// Where the buffer begins in the text.
    base: usize,
    /// Where begins what was not told yet, in the buffer, and how far was looked.
    told: usize,
    seen: usize,
    open: Option<Kind>,
    /// The number of the buffer's first line, and how many of its bytes came before.
    line: usize,
    before: usize,
}

impl<'s, 'r> Pieces<'s, 'r> {
    /// Begins a text.
    #[must_use]
    pub fn new(scanner: &'s Scanner<'r>, path: &[u8]) -> Self {
        Self::with_window(scanner, path, WINDOW, OVERLAP)
    }

    /// Takes other sizes.
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
            told: 0,
            seen: 0,
            open: None,
            line: 1,
            before: 0,
        }
    }

    /// Takes what follows, and shows the pieces that are full by now.
    pub fn push(&mut self, mut bytes: &[u8], see: &mut dyn FnMut(&Piece<'_, 'r>)) {
        while !bytes.is_empty() {
            let room = self.window - self.buffer.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == self.window {
                let keep = self.window - self.overlap;
                self.look(keep, self.window - self.overlap / 2, see);
            }
        }
    }

    /// Ends the text, and shows the last piece.
    pub fn finish(mut self, see: &mut dyn FnMut(&Piece<'_, 'r>)) {
        self.look(self.buffer.len(), usize::MAX, see);
    }

    /// Looks through the buffer, tells what begins before `until`, and lets go of what comes before `keep`.
    fn look(&mut self, keep: usize, until: usize, see: &mut dyn FnMut(&Piece<'_, 'r>)) {
        let (bytes, is_begin) = (self.buffer.as_slice(), self.base == 0);
        let view = View { path: &self.path, bytes, open: self.open, is_begin };
        let (hits, regions) = self.scanner.look(view);
        let mut hits = self.scanner.tell(hits, &mut Lines::new(bytes, self.line, self.before));
        let all = hits.iter_mut().flat_map(|hit| [&mut hit.span, &mut hit.whole]);
        all.for_each(|range| *range = range.start + self.base..range.end + self.base);
        let (base, line, own) = (self.base, self.line, self.told..until);
        let mut piece =
            Piece { bytes: &self.buffer, base, line, hits: Vec::new(), own, seen: self.seen };
        // That there are too many is said of this piece, at its end.
        let is_own = |hit: &Hit<'_>| {
            hit.rule == TOO_MANY || piece.tells(&(hit.span.start - base..hit.span.end - base))
        };
        hits.retain(is_own);
        piece.hits = hits;
        see(&piece);
        self.open = regions.at(keep).map(|region| region.kind);
        let gone = &bytes[..keep];
        self.line += count(gone);
        self.before = match gone.iter().rposition(|b| *b == b'\n') {
            Some(last) => keep - last - 1,
            None => self.before + keep,
        };
        self.told = until.saturating_sub(keep);
        self.seen = self.buffer.len() - keep;
        self.base += keep;
        self.buffer.drain(..keep);
    }
}
