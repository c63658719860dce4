//! Texts of two or four bytes a letter, wherever they stand in bytes: read beside these, never in their place.

use std::ops::Range;

use memchr::memchr;

/// The fewest letters that are a text.
const SHORTEST: usize = 8;

/// So many letters in a row may be of a script that has no zero bytes.
const OTHERS: usize = 3;

/// So many bytes are passed over at once where none of them is zero.
const BLOCK: usize = 256;

/// How letters are made of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    /// UTF-16, the low byte first.
    Little,
    /// UTF-16, the high byte first.
    Big,
    /// UTF-32, the low byte first.
    Little32,
    /// UTF-32, the high byte first.
    Big32,
}

impl Wide {
    /// The fewest bytes that a letter takes.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Little | Self::Big => 2,
            Self::Little32 | Self::Big32 => 4,
        }
    }

    /// The letter at the beginning of bytes, and how many of them it takes; none where they are too few.
    pub(super) fn letter(self, bytes: &[u8]) -> Option<(char, usize)> {
        let first = self.unit(bytes)?;
        let letter = match self {
            Self::Little32 | Self::Big32 => char::from_u32(first),
            Self::Little | Self::Big => {
                let second = bytes.get(2..).and_then(|rest| self.unit(rest));
                let units = [Some(first), second].into_iter().flatten();
                let units = units.filter_map(|unit| u16::try_from(unit).ok());
                char::decode_utf16(units).next().and_then(Result::ok)
            }
        };
        let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
        Some((letter, self.length(letter)))
    }

    fn length(self, letter: char) -> usize {
        if self.width() == 2 { 2 * letter.len_utf16() } else { 4 }
    }

    fn unit(self, bytes: &[u8]) -> Option<u32> {
        Some(match self {
            Self::Little => u16::from_le_bytes(*bytes.first_chunk()?).into(),
            Self::Big => u16::from_be_bytes(*bytes.first_chunk()?).into(),
            Self::Little32 => u32::from_le_bytes(*bytes.first_chunk()?),
            Self::Big32 => u32::from_be_bytes(*bytes.first_chunk()?),
        })
    }

    fn is_latin(self, bytes: &[u8], at: usize) -> bool {
        let unit = bytes.get(at..).and_then(|rest| self.unit(rest));
        unit.is_some_and(|it| matches!(it, 0x20..=0x7E | 0x09 | 0x0A | 0x0D | 0xA0..=0xFF))
    }
}

/// A part of bytes that is such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// All of it, with letters of other scripts that may belong to it.
    pub(super) range: Range<usize>,
    /// From its first Latin letter to its last.
    pub(super) letters: Range<usize>,
    pub(super) wide: Wide,
}

impl Run {
    /// What it says from its first Latin letter to its last, as UTF-8: at its ends other bytes may look like letters.
    pub(super) fn says(&self, bytes: &[u8]) -> Vec<u8> {
        // Letters of two bytes take three at most: what grows leaves bytes behind.
        let mut says = Vec::with_capacity(self.letters.len() * 3 / 2);
        let mut at = self.letters.start;
        while let Some((letter, length)) = self.wide.letter(&bytes[at..self.letters.end]) {
            says.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            at += length;
        }
        says
    }

    /// Tells whether another run says this, too: bytes of one order, shifted by one, are of the other.
    fn is_in(&self, other: &Self) -> bool {
        let (mine, its) = (&self.letters, &other.letters);
        self.wide.width() == other.wide.width() && its.start <= mine.start && mine.end <= its.end
    }
}

/// All runs, in their order, without those that say what another one does.
pub(super) fn all(bytes: &[u8]) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    runs(bytes, &mut |run| all.push(run));
    all.sort_by_key(|run| (run.letters.start, std::cmp::Reverse(run.letters.end)));
    all.dedup_by(|later, kept| later.is_in(kept));
    all
}

/// Shows each run, in either order of its bytes. Some letters in a row are Latin in each: six of two bytes, or two
/// of four.
fn runs(bytes: &[u8], see: &mut dyn FnMut(Run)) {
    let mut done = [0; 4];
    for block in (0..bytes.len()).step_by(BLOCK) {
        let end = bytes.len().min(block + BLOCK);
        if memchr(0, &bytes[block..end]).is_none() {
            continue;
        }
        for at in (block..end).step_by(4) {
            let Some(eight) = bytes[at..].first_chunk() else { continue };
            let [little, big, little32, big32] = &mut done;
            if let Some(zero) = zero_of_four(eight) {
                let zero = at + zero;
                run_at(bytes, (zero.checked_sub(1), Wide::Little), little, see);
                run_at(bytes, (Some(zero), Wide::Big), big, see);
            } else if let Some(letter) = letter_of_two(eight) {
                let letter = at + letter;
                run_at(bytes, (Some(letter), Wide::Little32), little32, see);
                run_at(bytes, (letter.checked_sub(3), Wide::Big32), big32, see);
            }
        }
    }
}

/// Where the first zero byte is in four letters that have each one, be it the first or the second.
#[inline]
fn zero_of_four(eight: &[u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x00ff_00ff_00ff_00ff;
    const CARRIES: u64 = 0x0100_0100_0100_0100;
    let eight = u64::from_le_bytes(*eight);
    let (even, odd) = (eight & ONES, eight >> 8 & ONES);
    let has_no_zero = |lanes: u64| (lanes + ONES) & CARRIES == CARRIES;
    match (even, odd) {
        (0, odd) if has_no_zero(odd) => Some(0),
        (even, 0) if has_no_zero(even) => Some(1),
        _ => None,
    }
}

/// Where the one byte is that is not zero, in two letters of four that have it at the same place.
#[inline]
fn letter_of_two(eight: &[u8; 8]) -> Option<usize> {
    let eight = u64::from_le_bytes(*eight);
    let lanes = [eight & 0xffff_ffff, eight >> 32];
    let place = |lane: u64| (lane.trailing_zeros() / 8) as usize;
    let is_one = |lane: u64| lane != 0 && lane >> (8 * place(lane)) <= 0xff;
    let is_letters = lanes.into_iter().all(is_one) && place(lanes[0]) == place(lanes[1]);
    is_letters.then(|| place(lanes[0]))
}

/// The run that has a Latin letter at a place, if that was not seen yet.
fn run_at(
    bytes: &[u8],
    (start, wide): (Option<usize>, Wide),
    known: &mut usize,
    see: &mut dyn FnMut(Run),
) {
    let Some(start) = start.filter(|start| *start >= *known && wide.is_latin(bytes, *start)) else {
        return;
    };
    let (from, first) = before(bytes, start, *known, wide);
    let (last, to) = after(bytes, start, wide);
    // What no longer looks like it may be the next one, of bytes that are shifted.
    *known = last;
    if to - from >= SHORTEST * wide.width() {
        see(Run { range: from..to, letters: first..last, wide });
    }
}

/// Where the last Latin letter ends, and where letters do that may belong to it.
fn after(bytes: &[u8], start: usize, wide: Wide) -> (usize, usize) {
    let (mut at, mut others, mut last) = (start, 0, start);
    while at + wide.width() <= bytes.len() && others <= OTHERS {
        let is_latin = wide.is_latin(bytes, at);
        others = if is_latin { 0 } else { others + 1 };
        at += wide.width();
        if is_latin {
            last = at;
        }
    }
    (last, at)
}

/// Where letters begin that may belong to the first Latin one, and where that does.
fn before(bytes: &[u8], start: usize, least: usize, wide: Wide) -> (usize, usize) {
    let (mut at, mut others, mut first) = (start, 0, start);
    while at >= least + wide.width() && others <= OTHERS {
        at -= wide.width();
        let is_latin = wide.is_latin(bytes, at);
        others = if is_latin { 0 } else { others + 1 };
        if is_latin {
            first = at;
        }
    }
    (at, first)
}

/// Gives the places in bytes of places in what a run of them says; both in order.
#[derive(Debug)]
pub(super) struct Widths<'t> {
    says: &'t [u8],
    wide: Wide,
    at: usize,
    place: usize,
}

impl<'t> Widths<'t> {
    pub(super) fn new(run: &Run, says: &'t [u8]) -> Self {
        Self { says, wide: run.wide, at: 0, place: run.letters.start }
    }

    /// Gives the place of a place that is not before the last one that was asked for.
    pub(super) fn place(&mut self, place: usize) -> usize {
        let between = &self.says[self.at.min(place)..place];
        // Each first byte of a letter is as many bytes there as the letter takes.
        let width = |byte: &u8| match (byte, self.wide.width()) {
            (0x80..0xC0, _) => 0,
            (0xF0.., _) => 4,
            (_, width) => width,
        };
        self.place += between.iter().map(width).sum::<usize>();
        self.at = place.max(self.at);
        self.place
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Wide; 4] = [Wide::Little, Wide::Big, Wide::Little32, Wide::Big32];

    fn written(text: &str, wide: Wide) -> Vec<u8> {
        let units = text.encode_utf16();
        match wide {
            Wide::Little => units.flat_map(u16::to_le_bytes).collect(),
            Wide::Big => units.flat_map(u16::to_be_bytes).collect(),
            Wide::Little32 => text.chars().flat_map(|it| u32::from(it).to_le_bytes()).collect(),
            Wide::Big32 => text.chars().flat_map(|it| u32::from(it).to_be_bytes()).collect(),
        }
    }

    fn said(bytes: &[u8]) -> Vec<String> {
        let says = |run: &Run| String::from_utf8(run.says(bytes)).unwrap();
        all(bytes).iter().map(says).collect()
    }

    #[test]
    fn a_text_is_seen_wherever_it_begins_amid_other_bytes() {
        for (wide, before) in ALL.into_iter().flat_map(|it| (0..270).map(move |n| (it, n))) {
            let text = written("a secret text", wide);
            let bytes = [&vec![0xff; before][..], &text, &[0xff; 40]].concat();
            assert!(
                said(&bytes).iter().any(|it| it.contains("a secret text")),
                "{wide:?} {before}"
            );
        }
    }

    #[test]
    fn a_text_begins_where_another_one_ends() {
        for (one, other) in ALL.into_iter().flat_map(|one| ALL.map(|other| (one, other))) {
            for between in 0..9 {
                let texts = [written("one text here", one), written("and another!", other)];
                let bytes = [&texts[0], &b"xxxxxxxxx"[..between], &texts[1]].concat();
                let said = said(&bytes);
                for text in ["one text here", "and another!"] {
                    let found = said.iter().any(|it| it.contains(text));
                    assert!(found, "{one:?} {between} {other:?}: {text}: {said:?}");
                }
            }
        }
    }

    #[test]
    fn a_text_is_read_once() {
        for wide in ALL {
            let text = "a text of words, schlüssel and 😀\n".repeat(40);
            assert_eq!(said(&written(&text, wide)), [text], "{wide:?}");
        }
    }

    #[test]
    fn zeros_without_letters_are_no_text() {
        assert_eq!(all(&[0; 4096]), []);
        assert_eq!(all(&[0, 1, 2, 3, 0, 0, 200, 9].repeat(300)), []);
        assert_eq!(all("text of one byte a letter".repeat(99).as_bytes()), []);
    }

    proptest! {
        #[test]
        fn places_are_found_again(text in "[a-zä€😀\n]{0,40}", at in 0_usize..40, wide in 0_usize..4) {
            let (wide, text) = (ALL[wide], format!("begins as a text {text}"));
            let bytes = written(&text, wide);
            let run = Run { range: 0..bytes.len(), letters: 0..bytes.len(), wide };
            prop_assert_eq!(run.says(&bytes), text.as_bytes());
            let at = text.floor_char_boundary(at.min(text.len()));
            let expected = written(&text[..at], wide).len();
            prop_assert_eq!(Widths::new(&run, text.as_bytes()).place(at), expected);
        }
    }
}
