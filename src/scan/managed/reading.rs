//! A part of a text as it reads once something is undone, and where each byte of that stands in the text.

use std::ops::Range;

use zeroize::Zeroizing;

use super::base64::{self, NONE, SAYS};
use super::units::{Unit, Way, is_mark};
use super::{How, walk};

/// Bytes, and where they stand in the text that was given.
pub(super) struct Reading<'a> {
    pub(super) bytes: &'a [u8],
    /// For each byte its place; none where the text itself is read.
    from: Option<&'a [Range<usize>]>,
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
}

/// The bytes of a reading that is being made.
pub(super) struct Undone {
    bytes: Zeroizing<Vec<u8>>,
    from: Vec<Range<usize>>,
}

impl<'a> Reading<'a> {
    /// A text as it is.
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { bytes: text, from: None, how: How::Raw, depth: 0, is_joined: false }
    }

    /// Where in the text a part of this stands.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let Some(from) = self.from else { return part };
        let all = from.get(part).unwrap_or_default();
        let (first, last) = (all.first(), all.last());
        first.zip(last).map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// What base64 within this says.
    pub(super) fn base64(&self, run: Range<usize>) -> Undone {
        let mut new = Undone::room(run.len() / 4 * 3 + 3);
        base64::undone(&self.bytes[run.clone()], &mut |byte, part| {
            new.push(byte, self.place(run.start + part.start..run.start + part.end));
        });
        new
    }

    /// Shows what the hexadecimal digits within this say; those that are many, from the second on, too.
    pub(super) fn hex(&self, run: Range<usize>, see: &mut dyn FnMut(&Undone)) {
        let text = &self.bytes[run.clone()];
        if text.iter().filter(|byte| byte.is_ascii_hexdigit()).count() < HEX {
            return;
        }
        let mut digits = Digits { all: Vec::with_capacity(run.len()), is_long: false };
        let mut at = run.start;
        while at < run.end {
            let rest = &self.bytes[at..run.end];
            let count = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let is_mark = count == 1 && matches!(rest.get(1), Some(b'x' | b'X'));
            // Numbers have any count of digits, bytes an even one.
            if count % 2 == 1 && count < HEX && !is_mark {
                self.pairs(&mut digits, see);
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
            for pair in digits.all[skipped..].chunks_exact(2) {
                let byte = digit(self.bytes[pair[0]]) << 4 | digit(self.bytes[pair[1]]);
                new.push(byte, self.place(pair[0]..pair[1] + 1));
            }
            see(&new);
        }
        digits.all.clear();
        digits.is_long = false;
    }

    /// What 16-bit letters within this say.
    pub(super) fn wide(&self, run: Range<usize>, is_big: bool) -> Undone {
        let mut new = Undone::room(run.len());
        let mut at = run.start;
        while at + 2 <= run.end {
            let length = wide_letter(&self.bytes[at..run.end], is_big, &mut |byte, length| {
                new.push(byte, self.place(at..at + length));
            });
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
            let (raw, length) = ([*byte], unit.as_ref().map_or(1, |unit| unit.length));
            let place = self.place(part.start + at..part.start + at + length);
            for byte in unit.as_ref().map_or(&raw[..], Unit::says) {
                new.push(*byte, place.clone());
            }
            at += length;
        }
        new
    }

    /// The letters of base64 round a place where they are written in another way, or broken; and where that ends.
    ///
    /// None where too few of them are there.
    pub(super) fn joined(&self, at: usize, most: usize) -> Option<(Undone, usize)> {
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
        let first = self.letter(at)?;
        if first.0.is_none() && !self.bytes.get(at + first.1).is_some_and(is_letter) {
            return None;
        }
        let mut new = Undone::room(256);
        let mut end = at - before;
        while let Some(byte) = self.bytes.get(end).filter(|_| new.bytes.len() < most) {
            let (says, length) = match is_letter(byte) {
                true => (Some(*byte), 1),
                false => match self.letter(end) {
                    Some(letter) => letter,
                    None => break,
                },
            };
            says.into_iter().for_each(|byte| new.push(byte, self.place(end..end + length)));
            end += length;
        }
        (new.bytes.len() >= 11).then_some((new, end))
    }

    /// A letter of base64 that is written in another way, or nothing where a text is broken; and its length.
    fn letter(&self, at: usize) -> Option<(Option<u8>, usize)> {
        let rest = &self.bytes[at..];
        if !is_mark(*rest.first()?) || rest[0] == b'+' {
            return None;
        }
        let mut best = None;
        walk::units(rest, 0, &mut |unit| {
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
        best
    }
}

impl Undone {
    fn room(size: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(size)), from: Vec::with_capacity(size) }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        if self.bytes.len() == self.bytes.capacity() {
            let mut roomier = Zeroizing::new(Vec::with_capacity(self.bytes.len() * 2 + 16));
            roomier.extend_from_slice(&self.bytes);
            self.bytes = roomier;
        }
        self.bytes.push(byte);
        self.from.push(from);
    }

    /// This, to be read; how it was made.
    pub(super) fn read<'a>(&'a self, of: &Reading<'_>, how: How) -> Reading<'a> {
        let is_joined = how == How::Split;
        let deeper = usize::from(!is_joined);
        let how = if of.how == How::Raw { how } else { of.how };
        Reading {
            bytes: &self.bytes,
            from: Some(&self.from),
            how,
            depth: of.depth + deeper,
            is_joined,
        }
    }
}

/// What a hexadecimal digit says.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    }
}

/// Shows the bytes that a 16-bit letter says, or two; gives their length.
fn wide_letter(text: &[u8], is_big: bool, see: &mut dyn FnMut(u8, usize)) -> usize {
    let unit = |at: usize| {
        let pair = [*text.get(at)?, *text.get(at + 1)?];
        Some(if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let units = [unit(0), unit(2)].into_iter().flatten();
    let letter = char::decode_utf16(units).next().and_then(Result::ok).unwrap_or('\u{fffd}');
    let length = letter.len_utf16() * 2;
    let mut room = [0; 4];
    letter.encode_utf8(&mut room).bytes().for_each(|byte| see(byte, length));
    length
}
