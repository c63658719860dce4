//! Finds all keywords of all rules in one walk, without regard to case.
//!
//! Each keyword is known by its rarest three bytes in a row. Whether any keyword has the three bytes at a
//! place is one bit of eight kilobytes, which cost nothing to set up and stay in the nearest cache; an
//! automaton over the same words takes longer to build than a hook may run.

use super::model;

const BITS: u32 = 16;
const BUCKETS: u32 = 12;
/// Bytes that differ in this bit alone are looked up as one: letters in both cases, and some others.
const FOLD: u64 = 0x2020_2020_2020_2020;
/// How many times three bytes in a row eight bytes hold.
const PARTS: usize = 6;

/// Where three bytes of a keyword stand in it.
#[derive(Debug, Clone, Copy)]
struct Part {
    bytes: u32,
    bucket: u16,
    offset: u16,
    word: u16,
}

/// The keywords, ready to be found.
#[derive(Debug)]
pub(super) struct Keywords<'r> {
    bits: Box<[u64; 1 << (BITS - 6)]>,
    heads: Box<[u16; (1 << BUCKETS) + 1]>,
    parts: Vec<Part>,
    words: Vec<&'r [u8]>,
}

impl<'r> Keywords<'r> {
    /// Takes the words, which must be in lower case and three bytes or longer.
    pub(super) fn new(words: Vec<&'r [u8]>) -> Self {
        let frequencies = Frequencies::new();
        let rarest = |(number, word): (usize, &&[u8])| frequencies.rarest(number, word);
        let mut parts: Vec<Part> = words.iter().enumerate().filter_map(rarest).collect();
        parts.sort_unstable_by_key(|part| part.bucket);
        let mut bits = Box::new([0; 1 << (BITS - 6)]);
        let mut heads = Box::new([0; (1 << BUCKETS) + 1]);
        for part in &parts {
            let hash = hash(part.bytes);
            bits[(hash >> 6) as usize] |= 1 << (hash & 63);
            heads[usize::from(part.bucket) + 1] += 1;
        }
        for at in 1..heads.len() {
            heads[at] += heads[at - 1];
        }
        Self { bits, heads, parts, words }
    }

    /// Tells of each keyword in a text: its number, and where it begins. In the order of their rarest
    /// bytes, which is nearly that of where they begin.
    pub(super) fn find(&self, text: &[u8], mut tell: impl FnMut(usize, usize)) {
        let mut at = 0;
        // Eight bytes hold six times three.
        while let Some(eight) = text[at..].first_chunk::<8>() {
            let eight = u64::from_le_bytes(*eight) | FOLD;
            let add = |some, part| some | (self.bit(low(eight >> (8 * part))) & 1) << part;
            let mut some = (0..PARTS).fold(0_u64, add);
            while some != 0 {
                let part = some.trailing_zeros() as usize;
                self.look(text, at + part, low(eight >> (8 * part)), &mut tell);
                some &= some - 1;
            }
            at += PARTS;
        }
        for (part, three) in text[at..].windows(3).enumerate() {
            if self.bit(fold(three)) & 1 != 0 {
                self.look(text, at + part, fold(three), &mut tell);
            }
        }
    }

    /// One, where a keyword may have these bytes.
    #[inline(always)]
    fn bit(&self, bytes: u32) -> u64 {
        let hash = hash(bytes);
        self.bits[(hash >> 6) as usize] >> (hash & 63)
    }

    #[inline(never)]
    fn look(&self, text: &[u8], at: usize, bytes: u32, tell: &mut impl FnMut(usize, usize)) {
        let bucket = usize::from(bucket(bytes));
        let (from, to) = (usize::from(self.heads[bucket]), usize::from(self.heads[bucket + 1]));
        for part in self.parts[from..to].iter().filter(|part| part.bytes == bytes) {
            let Some(begin) = at.checked_sub(usize::from(part.offset)) else { continue };
            let word = self.words[usize::from(part.word)];
            let found = text.get(begin..begin + word.len());
            if found.is_some_and(|found| found.eq_ignore_ascii_case(word)) {
                tell(usize::from(part.word), begin);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "three bytes of eight")]
#[inline(always)]
fn low(bytes: u64) -> u32 {
    bytes as u32 & 0x00FF_FFFF
}

fn fold(three: &[u8]) -> u32 {
    low(u64::from(u32::from_le_bytes([three[0], three[1], three[2], 0])) | FOLD)
}

#[inline(always)]
fn hash(bytes: u32) -> u32 {
    bytes.wrapping_mul(0x9E37_79B1) >> (32 - BITS)
}

#[expect(clippy::cast_possible_truncation, reason = "a hash of 16 bits without its last four")]
fn bucket(bytes: u32) -> u16 {
    (hash(bytes) >> (BITS - BUCKETS)) as u16
}

/// How often three bytes are met: the higher, the more often. By their hash, so that it may be too high.
struct Frequencies(Box<[u16; 1 << BUCKETS]>);

impl Frequencies {
    fn new() -> Self {
        let mut frequencies = Box::new([0; 1 << BUCKETS]);
        let threes = model::frequent();
        for (three, rank) in threes.zip((1..u16::MAX / 2).rev()) {
            let at = usize::from(bucket(fold(three)));
            frequencies[at] = frequencies[at].max(rank);
        }
        Self(frequencies)
    }

    /// Finds the three bytes in a row of a word that are met least often.
    fn rarest(&self, number: usize, word: &[u8]) -> Option<Part> {
        let grams = word.windows(3).enumerate();
        let frequency = |three: &[u8]| {
            let rarity = model::rarity(three[0], three[1]) + model::rarity(three[1], three[2]);
            (self.0[usize::from(bucket(fold(three)))], u32::MAX - rarity)
        };
        let (offset, three) = grams.min_by_key(|(_, three)| frequency(three))?;
        let bytes = fold(three);
        Some(Part {
            bytes,
            bucket: bucket(bytes),
            offset: u16::try_from(offset).ok()?,
            word: u16::try_from(number).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(words: &[&str], text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let keywords = Keywords::new(words.iter().map(|word| word.as_bytes()).collect());
        keywords.find(text, |word, at| found.push((at, word)));
        found.sort_unstable();
        found
    }

    #[test]
    fn words_are_found_in_any_case_at_both_ends() {
        assert_eq!(found(&["key", "api_key"], b"API_KEY=key"), [(0, 1), (4, 0), (8, 0)]);
        assert_eq!(found(&["abc"], b"abc"), [(0, 0)]);
        assert_eq!(found(&["abcd"], b"abc"), []);
        assert_eq!(found(&["abc"], b"ab"), []);
    }

    #[test]
    fn bytes_that_only_look_alike_are_no_word() {
        // `_` and DEL differ in the bit that letters differ in between cases.
        assert_eq!(found(&["a_b"], b"a\x7fb A_B"), [(4, 0)]);
    }

    proptest! {
        #[test]
        fn all_that_a_naive_search_finds_is_found(
            words in proptest::collection::vec("[ab_]{3,6}", 1..8),
            text in "[abAB_ ]{0,60}",
        ) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let lower = text.to_ascii_lowercase();
            let mut naive: Vec<_> = (0..lower.len())
                .flat_map(|at| words.iter().enumerate().map(move |(word, text)| (at, word, text)))
                .filter(|(at, _, text)| lower[*at..].starts_with(**text))
                .map(|(at, word, _)| (at, word))
                .collect();
            naive.sort_unstable();
            prop_assert_eq!(found(&words, text.as_bytes()), naive);
        }
    }
}
