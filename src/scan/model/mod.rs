//! How much a text looks like it was drawn at random, and not like names and words.
//!
//! Two guesses are compared for each character: that it follows the one before as characters do in the
//! names and words of source code, or that it was drawn from the kinds of characters that the text has.
//! Shannon's entropy does not see that difference: `passwordForTheUser` has as much as a random text.

mod table;

use table::{FREQUENT, ROWS};

const OTHER: usize = 65;
const START: usize = 66;
const SMALLEST: u8 = b'0';

const fn place(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => (byte - b'a') as usize,
        b'A'..=b'Z' => (byte - b'A') as usize + 26,
        b'0'..=b'9' => (byte - b'0') as usize + 52,
        b'_' => 62,
        b'-' => 63,
        b'.' => 64,
        _ => OTHER,
    }
}

static PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "a table of 256 places below 67")]
        {
            places[byte] = place(byte as u8) as u8;
        }
        byte += 1;
    }
    places
};

/// How seldom one byte follows another in names and words, in quarter bits.
pub(super) fn rarity(before: u8, byte: u8) -> u32 {
    let (row, column) = (PLACES[usize::from(before)], PLACES[usize::from(byte)]);
    u32::from(ROWS[usize::from(row)][usize::from(column)] - SMALLEST)
}

/// The three bytes in a row that are met most often in sources, the most frequent first.
pub(super) fn frequent() -> impl Iterator<Item = &'static [u8]> {
    FREQUENT.iter().flat_map(|row| row.chunks_exact(3))
}

/// The kinds of characters in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    /// All else.
    pub(super) marks: usize,
}

impl Kinds {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut kinds = Self::default();
        for byte in text {
            match byte {
                b'a'..=b'z' => kinds.lower += 1,
                b'A'..=b'Z' => kinds.upper += 1,
                b'0'..=b'9' => kinds.digits += 1,
                _ => kinds.marks += 1,
            }
        }
        kinds
    }

    pub(super) fn letters(self) -> usize {
        self.lower + self.upper
    }

    /// How many of lower case, upper case and digits there are.
    pub(super) fn count(self) -> usize {
        [self.lower, self.upper, self.digits].iter().filter(|count| **count > 0).count()
    }

    fn alphabet(self) -> f32 {
        let kinds =
            [(self.lower, 26.0), (self.upper, 26.0), (self.digits, 10.0), (self.marks, 6.0)];
        kinds.iter().filter(|(count, _)| *count > 0).map(|(_, size)| size).sum()
    }
}

/// The bits by which the guess of a random draw is better than that of names and words; below zero, where
/// it is worse.
pub(super) fn randomness(text: &[u8]) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let (mut before, mut quarters) = (START, 0_u32);
    for byte in text {
        let place = usize::from(PLACES[usize::from(*byte)]);
        quarters += u32::from(ROWS[before][place] - SMALLEST);
        before = place;
    }
    #[expect(clippy::cast_precision_loss, reason = "a secret's length is far below 2^24")]
    let (natural, length) = (quarters as f32 / 4.0, text.len() as f32);
    natural - length * Kinds::of(text).alphabet().log2()
}

/// Shannon's entropy, in bits a byte.
pub(super) fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    #[expect(clippy::cast_precision_loss, reason = "a secret's length is far below 2^24")]
    let share = |count: u32| count as f32 / text.len() as f32;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| share(*count));
    shares.map(|share| -share * share.log2()).sum()
}

/// Tells whether a text looks random: the check that rules ask for by `random = true`.
pub(super) fn is_random(text: &[u8]) -> bool {
    // A draw from digits alone is no better guess than that of names: there are none of digits.
    let few = text.iter().collect::<std::collections::BTreeSet<_>>().len() * 4 < text.len().min(32);
    !few && randomness(text) > 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_do_not_look_random() {
        for text in [
            "passwordForTheUser",
            "get_secret_value",
            "authorization-token",
            "com.example.application.SecretKeyProvider",
            "CLIENT_SECRET_NAME",
            "thisismypassword",
            "incorrect",
        ] {
            assert!(randomness(text.as_bytes()) < 0.0, "{text} {}", randomness(text.as_bytes()));
        }
    }

    #[test]
    fn draws_look_random() {
        for text in [
            "qVwYS81VP7Hb1DX8pPd5khxE3pyIgKp",
            "UnArl63XykWZ",
            "vzihlaquknriqlht",
            "951bc382db9abad29c68634761dd6e19",
            "iftkeq2y4qj0nbt",
        ] {
            assert!(is_random(text.as_bytes()), "{text} {}", randomness(text.as_bytes()));
        }
    }

    #[test]
    fn entropy_is_that_of_shannon() {
        assert!((entropy(b"aabb") - 1.0).abs() < 1e-6);
        assert!(entropy(b"aaaa").abs() < 1e-6);
        assert!((entropy(b"abcdefgh") - 3.0).abs() < 1e-6);
    }

    #[test]
    fn the_table_has_quarter_bits_alone() {
        assert!(ROWS.iter().all(|row| row.iter().all(|c| (48..=104).contains(c))));
        assert!(rarity(b'q', b'u') < rarity(b'q', b'k'));
    }
}
