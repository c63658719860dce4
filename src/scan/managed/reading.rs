//! A part of a text as it reads once something is undone, and where each byte of that stands in the text.

use std::ops::Range;

use zeroize::Zeroizing;

use super::base64::{self, NONE, SAYS};
use super::units::{Way, is_mark};
use super::{How, walk};
use crate::scan::wide::Wide;

/// Bytes, and where they stand in the text that was given.
pub(super) struct Reading<'a> {
    pub(super) bytes: &'a [u8],
    /// What this was made of, and how; none where the text itself is read.
    from: Option<(&'a Self, &'a [Stretch])>,
    /// The outermost of what was undone.
    pub(super) how: How,
    /// How much was undone within one another.
    pub(super) depth: usize,
    /// Whether parts were put together that may have nothing to do with one another.
    pub(super) is_joined: bool,
}

/// The fewest letters of base64 on a line that goes on in the next.
const LINE: usize = 16;

/// The fewest hexadecimal digits that say a value.
const HEX: usize = 16;

/// Where hexadecimal digits are, and whether many of them are in one run.
struct Digits {
    all: Vec<usize>,
    is_long: bool,
    /// Whether each two of them have a mark, as in `0x61`.
    is_marked: bool,
}

/// The bytes of a reading that is being made.
pub(super) struct Undone {
    bytes: Zeroizing<Vec<u8>>,
    from: Vec<Stretch>,
}

/// Bytes of a reading from one on, up to the next stretch, and where what says them begins.
#[derive(Clone, Copy)]
struct Stretch {
    at: usize,
    start: usize,
    says: Says,
}

/// How much says a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Each has so many bytes of its own.
    Each(usize),
    /// All are said by so many together.
    All(usize),
    /// Four letters say three bytes.
    Base64,
}

impl Stretch {
    fn place(&self, at: usize) -> Range<usize> {
        let count = at - self.at;
        match self.says {
            Says::Each(length) => self.start + count * length..self.start + (count + 1) * length,
            Says::All(length) => self.start..self.start + length,
            Says::Base64 => {
                let letter = self.start + count / 3 * 4 + count % 3;
                letter..letter + 2
            }
        }
    }
}

impl<'a> Reading<'a> {
    /// A text as it is.
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { bytes: text, from: None, how: How::Raw, depth: 0, is_joined: false }
    }

    /// Where in the text a part of this stands.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let Some((parent, from)) = self.from else { return part };
        let place = |at: usize| {
            let stretch = from.partition_point(|stretch| stretch.at <= at).checked_sub(1)?;
            Some(from[stretch].place(at))
        };
        let last = part.end.checked_sub(1).and_then(place);
        place(part.start)
            .zip(last)
            .map_or(0..0, |(first, last)| parent.place(first.start..last.end))
    }

    /// What base64 within this says.
    pub(super) fn base64(&self, run: Range<usize>) -> Undone {
        let mut new = Undone::room(run.len() / 4 * 3 + 3);
        new.stretch(run.start, Says::Base64);
        base64::undone(&self.bytes[run], &mut |byte| new.bytes.push(byte));
        new
    }

    /// Shows what the hexadecimal digits within this say; those that are many, from the second on, too.
    pub(super) fn hex(&self, run: Range<usize>, see: &mut dyn FnMut(&Undone)) {
        let text = &self.bytes[run.clone()];
        if text.iter().filter(|byte| digit(**byte) != NO_DIGIT).count() < HEX {
            return;
        }
        let mut digits =
            Digits { all: Vec::with_capacity(run.len()), is_long: false, is_marked: false };
        let mut at = run.start;
        while at < run.end {
            let rest = &self.bytes[at..run.end];
            let count = rest.iter().take_while(|byte| digit(**byte) != NO_DIGIT).count();
            let is_mark = count == 1 && matches!(rest.get(1), Some(b'x' | b'X'));
            if count > 0 && !is_mark {
                // What is written in two ways is two things.
                let is_marked = at > run.start && matches!(self.bytes[at - 1], b'x' | b'X');
                if std::mem::replace(&mut digits.is_marked, is_marked) != is_marked {
                    self.pairs(&mut digits, see);
                }
            }
            if count % 2 == 1 && count < HEX && !is_mark {
                // One of them, first or last, is of something else; of numbers in a list nothing is left.
                digits.all.extend(at..at + count - 1);
                self.pairs(&mut digits, see);
                digits.all.extend(at + 1..at + count);
            } else if !is_mark {
                digits.is_long |= count >= HEX;
                digits.all.extend(at..at + count);
            }
            at += count.max(1);
        }
        self.pairs(&mut digits, see);
    }

    /// Shows what two digits say each, if there are enough, and forgets them.
    fn pairs(&self, digits: &mut Digits, see: &mut dyn FnMut(&Undone)) {
        for skipped in 0..=usize::from(digits.is_long) {
            if digits.all.len() < HEX {
                break;
            }
            let mut new = Undone::room(digits.all.len() / 2);
            let mut next = (usize::MAX, 0);
            for pair in digits.all[skipped..].chunks_exact(2) {
                let (start, length) = (pair[0], pair[1] + 1 - pair[0]);
                if next != (start, length) {
                    new.stretch(start, Says::Each(length));
                }
                next = (start + length, length);
                new.bytes.push(digit(self.bytes[start]) << 4 | digit(self.bytes[pair[1]]));
            }
            see(&new);
        }
        digits.all.clear();
        digits.is_long = false;
    }

    /// What letters of two or four bytes within this say.
    pub(super) fn wide(&self, run: Range<usize>, wide: Wide) -> Undone {
        let mut new = Undone::room(run.len());
        let mut at = run.start;
        while let Some((letter, length)) = wide.letter(&self.bytes[at..run.end]) {
            let mut room = Zeroizing::new([0; 4]);
            let says = letter.encode_utf8(&mut *room).as_bytes();
            let how = if says.len() == 1 { Says::Each(length) } else { Says::All(length) };
            new.push(says, at, how);
            at += length;
        }
        new
    }

    /// What a part of this says in one way.
    pub(super) fn undone(&self, part: Range<usize>, way: Way) -> Undone {
        let mut new = Undone::room(part.len() + 4);
        let text = &self.bytes[part.clone()];
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let unit = if way.marks(*byte) { way.unit(&text[at..]) } else { None };
            match unit {
                Some(unit) => {
                    new.push(unit.says(), part.start + at, Says::All(unit.length));
                    at += unit.length;
                }
                None => {
                    new.push(&[*byte], part.start + at, Says::Each(1));
                    at += 1;
                }
            }
        }
        new
    }

    /// The letters of base64 round a place where they are written in another way, or broken; and where that ends.
    ///
    /// None where too few of them are there.
    pub(super) fn joined(
        &self,
        at: usize,
        (most, patience): (usize, &mut usize),
    ) -> Option<(Undone, usize)> {
        let is_letter = |byte: &u8| SAYS[usize::from(*byte)] != NONE;
        let has_before = at > 0 && is_letter(&self.bytes[at - 1]);
        if !has_before && !matches!(self.bytes[at], b'\\' | b'%' | b'&') {
            return None;
        }
        let before = self.bytes[at.saturating_sub(most)..at].iter().rev();
        let before = before.take_while(|byte| is_letter(byte)).count();
        if matches!(self.bytes[at], b'\n' | b'\r') && before < LINE {
            return None;
        }
        // Most marks are not within base64, which is seen without looking closely.
        let rest = &self.bytes[at..];
        let says = Way::ALL
            .into_iter()
            .filter(|way| way.marks(rest[0]))
            .filter_map(|way| way.unit(rest))
            .find_map(|unit| {
                let says = unit.says().first().copied();
                says.is_none_or(|byte| is_letter(&byte) || is_mark(byte)).then_some(says)
            });
        let says = says?;
        let is_line = matches!(rest[0], b'\n' | b'\r') || says == Some(b'\n');
        let is_broken = says.is_none_or(|byte| byte == b'\n' || byte == b'\r');
        if is_broken && before < if is_line { LINE } else { 3 } {
            return None;
        }
        let first = self.letter(at, patience)?;
        if first.0.is_none() && !self.bytes.get(at + first.1).is_some_and(is_letter) {
            return None;
        }
        let mut new = Undone::room(256);
        let mut end = at - before;
        while let Some(byte) = self.bytes.get(end).filter(|_| new.bytes.len() < most) {
            if is_letter(byte) {
                new.push(&[*byte], end, Says::Each(1));
                end += 1;
                continue;
            }
            let Some((says, length)) = self.letter(end, patience) else { break };
            says.into_iter().for_each(|byte| new.push(&[byte], end, Says::All(length)));
            end += length;
        }
        (new.bytes.len() >= 11).then_some((new, end))
    }

    /// A letter of base64 that is written in another way, or nothing where a text is broken; and its length.
    fn letter(&self, at: usize, patience: &mut usize) -> Option<(Option<u8>, usize)> {
        let rest = &self.bytes[at..];
        if !is_mark(*rest.first()?) || rest[0] == b'+' {
            return None;
        }
        let mut best = None;
        let depth = if *patience > 0 { 0 } else { walk::DEPTH };
        let undone = walk::units(rest, depth, &mut |unit| {
            let letter = match unit.says() {
                [] | [b'\n' | b'\r'] => None,
                [byte] if SAYS[usize::from(*byte)] != NONE => Some(*byte),
                _ => return,
            };
            // What says more is what was meant: `%252B` is a plus, and a percent sign only on the way to it.
            if best.is_none_or(|(_, length)| length < unit.length) {
                best = Some((letter, unit.length));
            }
        });
        *patience = patience.saturating_sub(undone);
        best
    }
}

impl Undone {
    fn room(size: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(size)), from: Vec::new() }
    }

    /// Begins a stretch.
    fn stretch(&mut self, start: usize, says: Says) {
        self.from.push(Stretch { at: self.bytes.len(), start, says });
    }

    /// Adds bytes, and where what says them begins.
    fn push(&mut self, bytes: &[u8], start: usize, says: Says) {
        let at = self.bytes.len();
        let goes_on = |last: &Stretch| last.says == says && last.place(at).start == start;
        if matches!(says, Says::All(_)) || !self.from.last().is_some_and(goes_on) {
            self.stretch(start, says);
        }
        if at + bytes.len() > self.bytes.capacity() {
            let mut roomier = Zeroizing::new(Vec::with_capacity(at * 2 + 16));
            roomier.extend_from_slice(&self.bytes);
            self.bytes = roomier;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// This, to be read; how it was made.
    pub(super) fn read<'a>(&'a self, of: &'a Reading<'a>, how: How) -> Reading<'a> {
        let is_joined = how == How::Split;
        let deeper = usize::from(!is_joined);
        let how = if of.how == How::Raw { how } else { of.how };
        Reading {
            bytes: &self.bytes,
            from: Some((of, &self.from)),
            how,
            depth: of.depth + deeper,
            is_joined,
        }
    }
}

/// No hexadecimal digit.
const NO_DIGIT: u8 = 16;

/// What a hexadecimal digit says.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut at = 0;
    while at < 16 {
        digits[b"0123456789abcdef"[at] as usize] = at as u8;
        digits[b"0123456789ABCDEF"[at] as usize] = at as u8;
        at += 1;
    }
    digits
};

fn digit(byte: u8) -> u8 {
    DIGITS[usize::from(byte)]
}
