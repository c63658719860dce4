//! What all values look like in a text, made once for all texts.

use zeroize::Zeroizing;

use super::base64::Core;
use super::grams::{Gathered, Grams, Key, Part};
use super::needles::Needle;
use super::walk;

/// A value as it is.
pub(super) const RAW: u8 = 0;
/// A value from its end to its beginning.
pub(super) const REVERSED: u8 = 1;
/// A value in base64, with none, one, or two bytes before it in its first group.
pub(super) const BASE64: u8 = 2;

/// Each fourth place of a text is looked at: so many places of a pattern are enough to see it.
pub(super) const STEP: usize = 4;

/// The fewest bytes that have an eight-gram at each place that is looked at.
const LONG: usize = 8 + STEP - 1;

/// The bits that a gram of a short pattern has: five bytes.
pub(super) const SHORT: u64 = (1 << 40) - 1;

/// The bits of a hash of three bytes.
const TRIPLES: u32 = 20;

/// Only so many places of a value lead to it; all of it is compared. Fewer where there are very many.
const LEADING: usize = 512;
const FEW_LEADING: usize = 32;
const VERY_MANY: usize = 1 << 19;

/// The needles, and what leads to them.
pub(super) struct Index {
    pub(super) needles: Vec<Needle>,
    /// Grams of eight bytes: those of the needles at all places, of other forms at as many as are enough.
    pub(super) long: Grams,
    /// Grams of five bytes, of patterns too short for those.
    pub(super) short: Grams,
    /// Which bytes are in a needle.
    bytes: Zeroizing<Vec<bool>>,
    /// A bit for each hash of three bytes that follow one another in a needle.
    triples: Zeroizing<Vec<u64>>,
    /// A bit for each two bytes that a needle begins with.
    firsts: Zeroizing<Vec<u64>>,
    /// The ways that needles may be written in, as `walk` has them.
    pub(super) ways: u8,
}

impl Index {
    pub(super) fn new(needles: Vec<Needle>, key: &[u8; 16]) -> Self {
        let key = Key::new(key);
        let leading = match total(&needles, LEADING) {
            0..VERY_MANY => LEADING,
            _ => FEW_LEADING,
        };
        let total = total(&needles, leading);
        let short_ones = needles.iter().filter(|needle| needle.bytes.len() < LONG).count();
        let mut long = Gathered::new(key, total);
        let mut short = Gathered::new(key, short_ones * 32);
        let counts = Counts::of(&needles, key);
        let mut bytes = Zeroizing::new(vec![false; 256]);
        let mut triples = Zeroizing::new(vec![0; 1 << (TRIPLES - 6)]);
        let mut firsts = Zeroizing::new(vec![0; 1 << 10]);
        for (number, needle) in needles.iter().enumerate() {
            let mut adding = Adding { long: &mut long, short: &mut short, needle: number };
            let window = counts.rarest(&needle.bytes);
            adding.raw(&needle.bytes, window, leading);
            if !needle.is_minor {
                adding.reversed(&needle.bytes, window);
                (0..3).for_each(|lead| adding.base64(Core::new(&needle.bytes, lead), window));
            }
            if let [one, two, ..] = needle.bytes[..] {
                let (word, bit) = pair(one, two);
                firsts[word] |= bit;
            }
            needle.bytes.iter().for_each(|byte| bytes[usize::from(*byte)] = true);
            for three in needle.bytes.windows(3) {
                let (word, bit) = triple(three[0], three[1], three[2]);
                triples[word] |= bit;
            }
        }
        let [has_blank, has_line] = [b' ', b'\n'].map(|byte| bytes[usize::from(byte)]);
        let ways = walk::ways(has_blank, has_line);
        let (long, short) = (long.sorted(), short.sorted());
        Self { needles, long, short, bytes, triples, firsts, ways }
    }

    /// Tells whether a byte is in a needle.
    #[inline]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.bytes[usize::from(byte)]
    }

    /// Tells whether three bytes may follow one another in a needle.
    #[inline]
    pub(super) fn has_triple(&self, one: u8, two: u8, three: u8) -> bool {
        let (word, bit) = triple(one, two, three);
        // Most marks are in no needle, whatever others have their hash.
        let are_known = [one, two, three].iter().all(|byte| self.bytes[usize::from(*byte)]);
        are_known && self.triples[word] & bit != 0
    }

    /// Tells whether a needle begins with two bytes.
    #[inline]
    pub(super) fn has_first(&self, one: u8, two: u8) -> bool {
        let (word, bit) = pair(one, two);
        self.firsts[word] & bit != 0
    }

    /// Tells whether a needle begins with a byte.
    pub(super) fn has_first_byte(&self, byte: u8) -> bool {
        let (word, _) = pair(byte, 0);
        self.firsts[word..word + 4].iter().any(|bits| *bits != 0)
    }

    /// Counts the bytes that this takes.
    pub(super) fn size(&self) -> usize {
        let needles = self.needles.iter().map(|needle| {
            size_of::<Needle>() + needle.bytes.len() + needle.values.len() * size_of::<usize>()
        });
        needles.sum::<usize>()
            + self.long.size()
            + self.short.size()
            + (self.triples.len() + self.firsts.len()) * 8
            + self.bytes.len()
    }
}

/// Counts the places that lead to needles, about.
fn total(needles: &[Needle], leading: usize) -> usize {
    let others = |needle: &Needle| if needle.is_minor { STEP } else { 8 * STEP };
    needles.iter().map(|needle| needle.bytes.len().min(leading) + others(needle)).sum()
}

#[inline]
fn pair(one: u8, two: u8) -> (usize, u64) {
    (usize::from(one) << 2 | usize::from(two >> 6), 1 << (two & 63))
}

#[inline]
fn triple(one: u8, two: u8, three: u8) -> (usize, u64) {
    let number = u32::from_be_bytes([0, one, two, three]).wrapping_mul(0x9e37_79b1);
    let place = number >> (32 - TRIPLES);
    ((place >> 6) as usize, 1 << (place & 63))
}

/// The beginning of some bytes as a number.
pub(super) fn gram(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    let count = bytes.len().min(8);
    eight[..count].copy_from_slice(&bytes[..count]);
    u64::from_le_bytes(eight)
}

/// Bytes from the last to the first, or letters where they are a text.
pub(super) fn reversed(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut new = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut room = [0; 4];
    match std::str::from_utf8(bytes) {
        Ok(text) => text
            .chars()
            .rev()
            .for_each(|letter| new.extend_from_slice(letter.encode_utf8(&mut room).as_bytes())),
        Err(_) => new.extend(bytes.iter().rev()),
    }
    new
}

/// Where the parts of one needle are put.
struct Adding<'a> {
    long: &'a mut Gathered,
    short: &'a mut Gathered,
    needle: usize,
}

impl Adding<'_> {
    fn part(&self, kind: u8, offset: usize) -> Part {
        Part { needle: self.needle, kind, offset }
    }

    fn raw(&mut self, bytes: &[u8], window: usize, leading: usize) {
        for (offset, eight) in bytes.windows(8).enumerate().take(LEADING) {
            let is_needed = (window..window + STEP).contains(&offset);
            if offset >= leading && !is_needed {
                continue;
            }
            self.long.add(gram(eight), self.part(RAW, offset), is_needed);
        }
        if bytes.len() < LONG {
            self.short_of(bytes, RAW);
        }
    }

    fn reversed(&mut self, bytes: &[u8], window: usize) {
        let bytes = reversed(bytes);
        if bytes.len() < LONG {
            return self.short_of(&bytes, REVERSED);
        }
        let first = bytes.len() - LONG - window;
        for (offset, eight) in bytes.windows(8).enumerate().skip(first).take(STEP) {
            self.long.add(gram(eight), self.part(REVERSED, offset), true);
        }
    }

    fn base64(&mut self, core: Core<'_>, window: usize) {
        let offset = (window * 8 / 6).min(core.len().saturating_sub(LONG));
        let [one, two] = core.letters(offset);
        let others = (one != two).then_some(two);
        for letters in [Some(one), others].into_iter().flatten() {
            if core.len() < LONG {
                self.short_of(&letters, BASE64 + core.lead());
                continue;
            }
            for (at, eight) in letters.windows(8).enumerate() {
                let part = self.part(BASE64 + core.lead(), offset + at);
                self.long.add(gram(eight), part, true);
            }
        }
    }

    fn short_of(&mut self, bytes: &[u8], kind: u8) {
        for (offset, five) in bytes.windows(5).enumerate().take(STEP) {
            self.short.add(gram(five), self.part(kind, offset), true);
        }
    }
}

/// About how many needles have a gram.
struct Counts {
    key: Key,
    counts: Zeroizing<Vec<u8>>,
    shift: u32,
}

impl Counts {
    fn of(needles: &[Needle], key: Key) -> Self {
        let total: usize = needles.iter().map(|needle| needle.bytes.len().min(LEADING)).sum();
        let size = (total * 4).next_power_of_two().clamp(1 << 10, 1 << 22);
        let mut new = Self { key, counts: Zeroizing::new(vec![0; size]), shift: 64 - size.ilog2() };
        for eight in needles.iter().flat_map(|needle| needle.bytes.windows(8).take(LEADING)) {
            let at = new.place(eight);
            new.counts[at] = new.counts[at].saturating_add(1);
        }
        new
    }

    fn place(&self, eight: &[u8]) -> usize {
        (self.key.hash(gram(eight)) >> self.shift) as usize
    }

    /// Where those grams of a needle begin that it shares least with others.
    fn rarest(&self, bytes: &[u8]) -> usize {
        let counts: Vec<_> =
            bytes.windows(8).take(LEADING).map(|eight| self.counts[self.place(eight)]).collect();
        let windows = counts.windows(STEP).enumerate();
        windows.min_by_key(|(_, some)| some.iter().max().copied()).map_or(0, |(at, _)| at)
    }
}
