//! Values in base64, wherever they begin within a group of four letters.

use std::ops::Range;

use zeroize::Zeroizing;

/// The two alphabets that are in use.
const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// No letter of base64.
pub(super) const NONE: u8 = 64;

/// What a letter says, in either alphabet.
pub(super) const SAYS: [u8; 256] = {
    let mut says = [NONE; 256];
    let mut at = 0;
    while at < 64 {
        says[ALPHABETS[0][at] as usize] = at as u8;
        says[ALPHABETS[1][at] as usize] = at as u8;
        at += 1;
    }
    says
};

/// A value in base64 after so many bytes of something else in its first group of three.
#[derive(Clone, Copy)]
pub(super) struct Core<'a> {
    value: &'a [u8],
    lead: usize,
}

impl<'a> Core<'a> {
    pub(super) fn new(value: &'a [u8], lead: usize) -> Self {
        Self { value, lead }
    }

    pub(super) fn lead(self) -> u8 {
        self.lead as u8 & 3
    }

    /// The first letter, from the beginning of the group, that the value alone decides.
    fn first(self) -> usize {
        (self.lead * 8).div_ceil(6)
    }

    /// Counts the letters that the value alone decides.
    pub(super) fn len(self) -> usize {
        (self.lead + self.value.len()) * 8 / 6 - self.first()
    }

    /// What a letter of the group says, and which of its bits are the value's.
    fn sextet(self, letter: usize) -> (u8, u8) {
        let (byte, shift) = (letter * 6 / 8, 10 - letter * 6 % 8);
        let of = |at: usize| at.checked_sub(self.lead).and_then(|at| self.value.get(at));
        let two = [of(byte), of(byte + 1)];
        let cut = |two: [u8; 2]| (u16::from_be_bytes(two) >> shift & 63) as u8;
        let says = two.map(|byte| byte.copied().unwrap_or(0));
        (cut(says), cut(two.map(|byte| byte.map_or(0, |_| u8::MAX))))
    }

    /// Eleven letters of those that the value alone decides, or what there is of them, in both alphabets.
    pub(super) fn letters(self, offset: usize) -> [Zeroizing<Vec<u8>>; 2] {
        let count = self.len().saturating_sub(offset).min(11);
        ALPHABETS.map(|alphabet| {
            let letter = |at| alphabet[usize::from(self.sextet(self.first() + offset + at).0)];
            Zeroizing::new((0..count).map(letter).collect())
        })
    }

    /// Tells whether a text has the value where its first own letter is, bit by bit.
    pub(super) fn stands(self, text: &[u8], at: usize) -> bool {
        let first = self.first();
        let start = self.lead * 8 / 6;
        let end = ((self.lead + self.value.len()) * 8).div_ceil(6);
        (start..end).all(|letter| {
            let (says, known) = self.sextet(letter);
            let byte = (at + letter).checked_sub(first).and_then(|at| text.get(at));
            let said = byte.map_or(NONE, |byte| SAYS[usize::from(*byte)]);
            said != NONE && said & known == says
        })
    }

    /// The letters that say the value, from where its first own letter is.
    pub(super) fn place(self, at: usize) -> Range<usize> {
        let before = self.first() - self.lead * 8 / 6;
        let end = ((self.lead + self.value.len()) * 8).div_ceil(6) - self.first();
        at - before..at + end
    }
}

/// What a byte may be in the first three of four letters that say ASCII: a bit for each.
const ASCII: [u8; 256] = {
    let mut may = [0; 256];
    let mut at = 0;
    while at < 256 {
        let says = SAYS[at];
        if says != NONE {
            let (first, second, third) = (says < 32, says & 8 == 0, says & 2 == 0);
            may[at] = first as u8 | (second as u8) << 1 | (third as u8) << 2;
        }
        at += 1;
    }
    may
};

/// How many groups in a row are ASCII where a text may be within base64.
const TELLING: u64 = 1 | 1 << 4 | 1 << 8;

/// Shows the parts of a run of base64 that may say a text: from a letter on, so many groups.
pub(super) fn texts(run: &[u8], see: &mut dyn FnMut(usize, usize)) {
    let mut done = [0; 4];
    let mut history = 0_u64;
    for at in 0..run.len().saturating_sub(3) {
        history = history << 1 | u64::from(is_ascii(&run[at..]));
        if history & TELLING == TELLING && at - 8 >= done[at % 4] {
            let end = end_of_text(run, at);
            let start = start_of_text(run, at - 8, done[at % 4]);
            done[at % 4] = end;
            see(start, end);
        }
    }
}

#[inline]
fn is_ascii(group: &[u8]) -> bool {
    let [one, two, three, ..] = group else { return false };
    let may = [one, two, three].map(|byte| ASCII[usize::from(*byte)]);
    may[0] & 1 & may[1] >> 1 & may[2] >> 2 == 1
}

/// A text may have a few letters that are not ASCII: so many groups without any end it.
const OTHERS: usize = 8;

fn end_of_text(run: &[u8], from: usize) -> usize {
    let (mut at, mut others) = (from + 4, 0);
    while at + 4 <= run.len() && others < OTHERS {
        others = if is_ascii(&run[at..]) { 0 } else { others + 1 };
        at += 4;
    }
    // The last group of a text may have fewer letters.
    if others < OTHERS { run.len() } else { at }
}

fn start_of_text(run: &[u8], from: usize, least: usize) -> usize {
    let (mut at, mut others) = (from, 0);
    while at >= least + 4 && others < OTHERS {
        at -= 4;
        others = if is_ascii(&run[at..]) { 0 } else { others + 1 };
    }
    at
}

/// Shows what letters say, byte by byte.
pub(super) fn undone(letters: &[u8], see: &mut dyn FnMut(u8)) {
    for four in letters.chunks(4) {
        let says = |at: usize| four.get(at).map(|byte| SAYS[usize::from(*byte)] & 63);
        for at in 0..3 {
            let (Some(one), Some(two)) = (says(at), says(at + 1)) else { return };
            see(one << (2 + 2 * at) | two >> (4 - 2 * at));
        }
    }
}
