//! A text as it reads once a way to write it is undone, and where each byte of that stands in the text.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::scan::managed::units::{Unit, Way};

/// Stands between digits that do not belong together.
const BREAK: u8 = u8::MAX;

/// Bytes, each with the part of the text that says it.
pub(super) struct Reading {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    from: Vec<Range<usize>>,
}

impl Reading {
    /// A text as it is.
    pub(super) fn of(text: &[u8]) -> Self {
        let from = (0..text.len()).map(|at| at..at + 1).collect();
        Self { bytes: Zeroizing::new(text.to_vec()), from }
    }

    fn room(size: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(size)), from: Vec::with_capacity(size) }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.bytes.push(byte);
        self.from.push(from);
    }

    /// Where in the text a part of this stands.
    pub(super) fn place(&self, part: &Range<usize>) -> Range<usize> {
        let all = self.from.get(part.clone()).unwrap_or_default();
        let (first, last) = (all.first(), all.last());
        first.zip(last).map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// All ways to read a text: its escapes undone, and those of URLs and forms in that.
    pub(super) fn all_of(text: &[u8], see: &mut dyn FnMut(&Self)) {
        let plain = Self::of(text);
        let escaped = plain.undone(Way::Escape);
        let twice = escaped.as_ref().and_then(|it| it.undone(Way::Escape));
        let marked = plain.undone(Way::Entity);
        for reading in [Some(plain), escaped, twice, marked].into_iter().flatten() {
            see(&reading);
            [Way::Percent, Way::Form]
                .into_iter()
                .filter_map(|way| reading.undone(way))
                .for_each(|it| see(&it));
        }
    }

    /// As it reads where parts say something else than themselves; none where nothing does.
    fn undone(&self, way: Way) -> Option<Self> {
        let mut new = Self::room(self.bytes.len());
        let (mut at, mut is_other) = (0, false);
        while let Some(byte) = self.bytes.get(at) {
            let unit = way.unit(&self.bytes[at..]);
            is_other |= unit.is_some();
            let (raw, length) = ([*byte], unit.as_ref().map_or(1, |unit| unit.length));
            let from = self.place(&(at..at + length));
            let says = unit.as_ref().map_or(&raw[..], Unit::says);
            says.iter().for_each(|byte| new.push(*byte, from.clone()));
            at += length;
        }
        is_other.then_some(new)
    }

    /// Without blanks, or what stands for one in forms, quotes and backslashes: however it is broken into lines,
    /// and quoted.
    pub(super) fn bare(&self) -> Self {
        let mut new = Self::room(self.bytes.len());
        for (byte, from) in self.bytes.iter().zip(&self.from).filter(|(byte, _)| is_bare(**byte)) {
            new.push(*byte, from.clone());
        }
        new
    }

    /// The hexadecimal digits, whatever stands between two of them in a list or a dump.
    pub(super) fn digits(&self) -> Self {
        let mut new = Self::room(self.bytes.len());
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let is_mark = matches!(self.bytes[at..], [b'0' | b'\\', b'x' | b'X', ..]);
            match digit(*byte) {
                _ if is_mark => at += 1,
                Some(digit) => new.push(digit, self.from[at].clone()),
                None if byte.is_ascii_whitespace() || b":,;-'\"[](){}".contains(byte) => {}
                None => new.push(BREAK, self.from[at].clone()),
            }
            at += 1;
        }
        new
    }
}

/// Tells whether [`Reading::bare`] keeps a byte.
pub(super) fn is_bare(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"+'\"\\".contains(&byte)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
