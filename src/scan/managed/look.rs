//! Looks through one text, and through all that it says once something is undone.

use std::ops::Range;

use memchr::{memchr_iter, memchr2_iter, memchr3_iter};

use super::base64::{self, Core};
use super::dense::Dense;
use super::grams::{Grams, Part};
use super::index::{BASE64, Index, RAW, REVERSED, SHORT, STEP, gram, reversed};
use super::reading::Reading;
use super::units::{Way, is_after_quote, is_mark};
use super::{Found, How, walk};

/// How often something is undone within something else.
pub(super) const DEPTH: usize = 3;

/// How many times something is undone within something else in the shortest text.
const PATIENCE: usize = 1 << 16;

/// How many bytes of other readings are read of the shortest text.
const ROOM: usize = 1 << 20;

/// The most bytes of one letter that is written in several ways within one another, about: `&#x25;&#x33;&#x38;`.
const LONGEST_UNIT: usize = 24;

/// Looks for all needles in one text.
pub(super) struct Search<'a> {
    index: &'a Index,
    /// How many more times something is undone within something else round marks: a text of nothing but them takes
    /// no longer.
    pub(super) patience: usize,
    /// How many more bytes are read that say something once something is undone.
    pub(super) room: usize,
    /// What was found, each with the number of its needle.
    pub(super) found: Vec<(Found, usize)>,
}

impl<'a> Search<'a> {
    /// Takes how long the text is.
    pub(super) fn new(index: &'a Index, length: usize) -> Self {
        let (patience, room) = (PATIENCE + length / 8, ROOM + 3 * length);
        Self { index, patience, room, found: Vec::new() }
    }

    /// Looks through a text as it is, and as it says.
    pub(super) fn look(&mut self, reading: &Reading<'_>) {
        self.as_it_is(reading);
        if reading.depth > 0 && !is_text(reading.bytes) {
            return;
        }
        self.written(reading);
        if reading.depth < DEPTH {
            self.in_base64(reading);
            self.in_hex(reading);
            self.in_wide_letters(reading);
        }
    }

    /// What every fourth place shows: values as they are, reversed, and in base64.
    fn as_it_is(&mut self, reading: &Reading<'_>) {
        let index = self.index;
        let has_short = !index.short.is_empty();
        let mut at = 0;
        // Eight places at once: in nearly all of them is nothing.
        for block in reading.bytes.windows(BLOCK).step_by(8 * STEP) {
            let Some(block) = block.first_chunk::<BLOCK>() else { return };
            let mut seen = flags(block, &index.long, u64::MAX);
            if has_short {
                seen |= flags(block, &index.short, SHORT);
            }
            while seen != 0 {
                let number = seen.leading_zeros() as usize;
                self.at_place(reading, at + number * STEP);
                seen &= !(0x80 >> number);
            }
            at += 8 * STEP;
        }
        while at + 8 <= reading.bytes.len() {
            self.at_place(reading, at);
            at += STEP;
        }
        while has_short && at + 5 <= reading.bytes.len() {
            if let Some(hash) = index.short.seen(gram(&reading.bytes[at..]) & SHORT) {
                index.short.parts(hash).for_each(|part| self.compare(reading, at, part));
            }
            at += STEP;
        }
    }

    fn at_place(&mut self, reading: &Reading<'_>, at: usize) {
        let index = self.index;
        let eight = eight(reading.bytes, at);
        if let Some(hash) = index.long.seen(eight) {
            index.long.parts(hash).for_each(|part| self.compare(reading, at, part));
        }
        if let Some(hash) = index.short.seen(eight & SHORT) {
            index.short.parts(hash).for_each(|part| self.compare(reading, at, part));
        }
    }

    /// Compares a whole pattern where one of its parts may stand.
    fn compare(&mut self, reading: &Reading<'_>, at: usize, part: Part) {
        let index = self.index;
        let Some(start) = at.checked_sub(part.offset) else { return };
        let needle = &index.needles[part.needle];
        let bytes = &needle.bytes;
        let here = reading.bytes.get(start..start + bytes.len());
        match part.kind {
            // What is broken as it is, is compared with more care.
            RAW | REVERSED if reading.is_joined => {}
            RAW if here == Some(bytes) => {
                self.add(part.needle, reading, start..start + bytes.len(), How::Raw);
            }
            REVERSED if here == Some(&reversed(bytes)) => {
                self.add(part.needle, reading, start..start + bytes.len(), How::Reversed);
            }
            BASE64.. => {
                let core = Core::new(bytes, usize::from(part.kind - BASE64));
                if core.stands(reading.bytes, start) {
                    self.add(part.needle, reading, core.place(start), How::Base64);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, number: usize, reading: &Reading<'_>, place: Range<usize>, how: How) {
        let needle = &self.index.needles[number];
        let span = reading.place(place);
        let how = [reading.how, how, needle.how].into_iter().find(|how| *how != How::Raw);
        let how = how.unwrap_or(How::Raw);
        for value in &needle.values {
            self.found.push((Found { value: *value, span: span.clone(), how }, number));
        }
    }

    /// Values of which something is written in another way, or which are broken.
    fn written(&mut self, reading: &Reading<'_>) {
        let bytes = reading.bytes;
        let mut joined = 0;
        let mut dense = Dense::default();
        for at in memchr3_iter(b'\\', b'%', b'&', bytes) {
            let outer = Way::OUTER.iter().position(|way| way.marks(bytes[at]));
            let Some(way) = outer else { continue };
            let Some(unit) = Way::OUTER[way].unit(&bytes[at..]) else {
                // Its rest may be written in another way: `&%23x27;`.
                let next = bytes.get(at + 1).filter(|next| **next != bytes[at]);
                match next {
                    Some(b'%' | b'\\' | b'&') => self.undone_from(reading, at, u8::MAX),
                    None if bytes[at] == b'%' => self.at_mark(reading, at),
                    _ => {}
                }
                continue;
            };
            if let Some(part) = dense.next(way, at..at + unit.length) {
                self.densely(reading, Way::OUTER[way], part);
            }
            self.at_mark(reading, at);
            joined = self.joined(reading, at, joined);
        }
        for (way, part) in dense.rest() {
            self.densely(reading, way, part);
        }
        joined = 0;
        for at in memchr2_iter(b'"', b'\'', bytes) {
            if bytes.get(at + 1).is_some_and(|byte| is_after_quote(*byte)) {
                self.at_mark(reading, at);
                joined = self.joined(reading, at, joined);
            }
        }
        joined = 0;
        for line in memchr_iter(b'\n', bytes) {
            let is_windows = line > 0 && bytes[line - 1] == b'\r';
            let at = line - usize::from(is_windows);
            let goes_on = at > 0 && base64::SAYS[usize::from(bytes[at - 1])] != base64::NONE;
            if goes_on && at > 16 && base64::SAYS[usize::from(bytes[at - 16])] != base64::NONE {
                joined = self.joined(reading, at, joined);
            }
            if self.may_go_on(bytes, at, line) {
                self.at_mark(reading, at);
            }
        }
        for at in memchr_iter(b'`', bytes) {
            self.at_mark(reading, at);
        }
        let dollars = memchr_iter(b'$', bytes).filter(|_| self.index.has(b'$'));
        for at in dollars.filter(|at| bytes.get(at + 1) == Some(&b'$')) {
            self.at_mark(reading, at);
        }
        for at in memchr_iter(b'+', bytes).filter(|_| self.index.has(b' ')) {
            self.at_mark(reading, at);
        }
    }

    /// Tells whether a value may go on in the next line; most lines end with another byte than values have there.
    fn may_go_on(&self, bytes: &[u8], end: usize, line: usize) -> bool {
        let rest = &bytes[line + 1..];
        let Some(first) = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')) else {
            return false;
        };
        // What comes after the mark of a comment is looked at more closely.
        let before = [1, 2].map(|back| end.checked_sub(back).map(|at| bytes[at]));
        b"#/*>|;-".contains(first) || self.fits(before, *first, None) || self.may_have_blank(before)
    }

    /// Tells whether a needle that has some bytes before the end of a line may have a blank there, or that end.
    fn may_have_blank(&self, before: [Option<u8>; 2]) -> bool {
        [b' ', b'\n'].into_iter().any(|it| self.index.has(it) && self.fits(before, it, None))
    }

    /// Tells whether a value may have at a place what is written there in the usual way: most marks are just that.
    fn may_be_part(&self, bytes: &[u8], at: usize) -> bool {
        let here = &bytes[at..];
        let before = [1, 2].map(|back| at.checked_sub(back).map(|at| bytes[at]));
        if matches!(here[0], b'\n' | b'\r') {
            let Some(unit) = Way::Joint.unit(here) else { return false };
            let first = here.get(unit.length);
            return first.is_some_and(|first| self.fits(before, *first, None))
                || self.may_have_blank(before);
        }
        let ways = Way::ALL.into_iter().filter(|way| way.marks(here[0]));
        ways.filter_map(|way| way.unit(here)).any(|unit| {
            let mut known = unit.says().iter().chain(&here[unit.length..]);
            let Some(first) = known.next() else { return false };
            let second = known.next().filter(|_| !unit.says().is_empty());
            self.fits(before, *first, second) || *first == b'\r' && self.may_have_blank(before)
        })
    }

    /// Tells whether a byte may be of a needle that has those before it as they are, the last of them first, or that
    /// begins with it where what comes after it is given.
    fn fits(&self, before: [Option<u8>; 2], first: u8, second: Option<&u8>) -> bool {
        if matches!(first, b'\\' | b'%' | b'&') && self.patience > 0 {
            return true;
        }
        let goes_on = match before {
            [Some(last), Some(least)] => {
                self.index.has_triple(least, last, first) || self.index.has_first(last, first)
            }
            [Some(last), None] => self.index.has_first(last, first),
            [None, _] => false,
        };
        goes_on
            || second.is_some_and(|second| match is_mark(*second) {
                true => self.index.has_first_byte(first),
                false => self.index.has_first(first, *second),
            })
    }

    /// Looks for values whose first byte that is written in another way is at a place.
    fn at_mark(&mut self, reading: &Reading<'_>, at: usize) {
        if self.may_be_part(reading.bytes, at) {
            // In other ways it is undone at their marks, which come.
            self.undone_from(reading, at, walk::marked_by(reading.bytes[at]));
        }
    }

    /// Looks for values that go on from a place in one of some ways, or in several within one another.
    fn undone_from(&mut self, reading: &Reading<'_>, at: usize, first: u8) {
        let mut last = [0; 8];
        let depth = if self.patience > 0 { 0 } else { walk::DEPTH };
        let text = &reading.bytes[at..];
        let undone = walk::readings(text, [first, self.index.ways], depth, &mut |ahead| {
            let eight = gram(ahead).to_le_bytes();
            if eight != last || ahead.len() < 8 {
                last = eight;
                self.follow(reading, at, ahead);
            }
        });
        self.patience = self.patience.saturating_sub(undone);
    }

    /// Looks for values that have bytes before a place as they are, and after it as they were undone.
    fn follow(&mut self, reading: &Reading<'_>, at: usize, ahead: &[u8]) {
        let index = self.index;
        let before = &reading.bytes[at.saturating_sub(7)..at];
        let mut both = [0; 15];
        both[7 - before.len()..7].copy_from_slice(before);
        let known = ahead.len().min(8);
        both[7..7 + known].copy_from_slice(&ahead[..known]);
        for back in 8 - known..=before.len() {
            let Some(hash) = index.long.seen(gram(&both[7 - back..15 - back])) else { continue };
            for part in index.long.parts(hash).filter(|part| part.kind == RAW) {
                self.compare_from(reading, at, (back, part));
            }
        }
    }

    /// Compares a needle with a text that has its first bytes as they are, up to a place.
    fn compare_from(&mut self, reading: &Reading<'_>, at: usize, (back, part): (usize, Part)) {
        let needle = &self.index.needles[part.needle];
        let said = part.offset + back;
        let Some(start) = at.checked_sub(said) else { return };
        let is_said = needle.bytes.starts_with(&reading.bytes[start..at]);
        if !is_said || is_within(reading.bytes, start) {
            return;
        }
        if let Some(end) = walk::end_of(reading.bytes, at, &needle.bytes, said) {
            let how = match reading.bytes[at] {
                b'%' if reading.bytes.get(at + 1) == Some(&b'%') => How::Escaped,
                b'%' | b'+' => How::Url,
                b'&' => How::Markup,
                b'\\' | b'$' => How::Escaped,
                _ => How::Split,
            };
            self.add(part.needle, reading, start..end, how);
        }
    }
}

/// The bytes of eight places.
const BLOCK: usize = 7 * STEP + 8;

#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// A bit for each of eight places where one of the grams may be.
#[inline]
fn flags(block: &[u8; BLOCK], grams: &Grams, known: u64) -> u8 {
    let mut flags = 0;
    for number in 0..8 {
        let eight = eight(&block[number * STEP..number * STEP + 8], 0);
        flags |= u8::from(grams.may_have(eight & known)) << (7 - number);
    }
    flags
}

/// Tells whether a place is within digits that say something else, in whichever way: those of `\u0039` are no 39.
fn is_within(bytes: &[u8], at: usize) -> bool {
    let is_outer = |back: &usize| Way::OUTER.iter().any(|way| way.marks(bytes[at - back]));
    (1..=at.min(LONGEST_UNIT)).filter(is_outer).any(|back| {
        let mut is_within = false;
        walk::units(&bytes[at - back..], 0, &mut |unit| {
            is_within |= !unit.says().is_empty() && unit.length > back.max(2);
        });
        is_within
    })
}

/// Tells whether bytes may be a text in which something is written in yet another way.
fn is_text(bytes: &[u8]) -> bool {
    const LETTERS: [u8; 256] = {
        let mut letters = [0; 256];
        let mut at = 0;
        while at < 256 {
            letters[at] = matches!(at as u8, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0) as u8;
            at += 1;
        }
        letters
    };
    bytes.iter().map(|byte| usize::from(LETTERS[usize::from(*byte)])).sum::<usize>() * 2
        > bytes.len()
}
