//! Finds where one of many patterns may stand in a text: by hashes of a few bytes of each.
//!
//! The hashes are keyed at random for each run and are never shown or kept.

use zeroize::Zeroizing;

/// A gram that so many patterns share tells too little: each is found by another part of it.
const SHARED: usize = 16;

/// So many grams have 64 bits each, more have 16.
const ROOMY: usize = 1 << 13;

/// A random key, so that nobody can make texts that are slow to look through.
#[derive(Clone, Copy)]
pub(super) struct Key {
    add: u64,
    times: u64,
}

impl Key {
    pub(super) fn new(random: &[u8; 16]) -> Self {
        let (add, times) = random.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Self { add: number(add), times: number(times) | 1 | 1 << 63 }
    }

    #[inline]
    pub(super) fn hash(self, gram: u64) -> u64 {
        (gram ^ self.add).wrapping_mul(self.times)
    }
}

/// Which part of which pattern a gram is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) needle: usize,
    pub(super) kind: u8,
    pub(super) offset: usize,
}

/// Grams that are yet to be sorted: the hash of each, and its part.
pub(super) struct Gathered {
    key: Key,
    all: Zeroizing<Vec<(u64, u64)>>,
}

const NEEDLE: u32 = 20;
const OFFSET: u32 = 16;

impl Gathered {
    /// Takes how many there will be about: what grows leaves bytes behind.
    pub(super) fn new(key: Key, count: usize) -> Self {
        Self { key, all: Zeroizing::new(Vec::with_capacity(count)) }
    }

    /// Adds a gram; `is_needed` where it stays even if many share it.
    pub(super) fn add(&mut self, gram: u64, part: Part, is_needed: bool) {
        let (needle, offset) = (part.needle as u64, part.offset as u64);
        if needle >> NEEDLE == 0 && offset >> OFFSET == 0 {
            let packed = needle << (OFFSET + 4) | offset << 4 | u64::from(part.kind & 7) << 1;
            self.all.push((self.key.hash(gram), packed | u64::from(is_needed)));
        }
    }

    pub(super) fn sorted(self) -> Grams {
        let size = self.all.len().max(64).next_power_of_two();
        let buckets = (size / 2).ilog2();
        // Few grams may have much room each; that of many would not stay near the processor.
        let words = if size > ROOMY { size / 4 } else { size };
        let mut grams = Grams {
            key: self.key,
            bits: Zeroizing::new(vec![0; words]),
            words: 64 - words.ilog2(),
            starts: Zeroizing::new(Vec::with_capacity((1 << buckets) + 1)),
            buckets: 64 - buckets,
            entries: Zeroizing::new(Vec::with_capacity(self.all.len())),
        };
        let mut all = self.in_buckets(64 - buckets, 1 << buckets);
        let shift = grams.buckets;
        for bucket in all.chunk_by_mut(|one, two| one.0 >> shift == two.0 >> shift) {
            bucket.sort_unstable();
            for same in bucket.chunk_by(|one, two| one.0 == two.0) {
                let is_shared = same.len() > SHARED;
                let kept = same.iter().filter(|(_, packed)| !is_shared || packed & 1 == 1);
                kept.for_each(|(hash, packed)| grams.put(*hash, *packed));
            }
        }
        let end = u32::try_from(grams.entries.len()).unwrap_or(u32::MAX);
        grams.starts.resize((1 << buckets) + 1, end);
        grams
    }

    /// All in the order of their buckets.
    fn in_buckets(&self, shift: u32, count: usize) -> Zeroizing<Vec<(u64, u64)>> {
        let bucket = |hash: u64| (hash >> shift) as usize;
        let mut places = Zeroizing::new(vec![0; count]);
        self.all.iter().for_each(|(hash, _)| places[bucket(*hash)] += 1);
        let mut sum = 0;
        for place in places.iter_mut() {
            sum += std::mem::replace(place, sum);
        }
        let mut all = Zeroizing::new(vec![(0, 0); self.all.len()]);
        for one in self.all.iter() {
            let place = &mut places[bucket(one.0)];
            all[*place] = *one;
            *place += 1;
        }
        all
    }
}

/// Grams of patterns, to be asked for one that stands in a text.
pub(super) struct Grams {
    key: Key,
    /// Two bits a gram, both in one word.
    bits: Zeroizing<Vec<u64>>,
    words: u32,
    /// Where the entries of a bucket begin; a hash's first bits are its bucket.
    starts: Zeroizing<Vec<u32>>,
    buckets: u32,
    /// The middle of the hash, and the part.
    entries: Zeroizing<Vec<u64>>,
}

impl Grams {
    fn put(&mut self, hash: u64, packed: u64) {
        let bucket = (hash >> self.buckets) as usize;
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        while self.starts.len() <= bucket {
            self.starts.push(at);
        }
        let (word, one, two) = self.place(hash);
        self.bits[word] |= 1 << one | 1 << two;
        self.entries.push(tag(hash) | packed >> 1);
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u32, u32) {
        let word = (hash >> self.words) as usize;
        (word, (hash >> 34) as u32 & 63, (hash >> 40) as u32 & 63)
    }

    /// Tells whether a gram may be in one of the patterns; most that are in none are not.
    #[inline]
    pub(super) fn may_have(&self, gram: u64) -> bool {
        let (word, one, two) = self.place(self.key.hash(gram));
        let bits = self.bits.get(word).copied().unwrap_or(0);
        (bits >> one) & (bits >> two) & 1 == 1
    }

    /// The hash of a gram that may be in one of the patterns.
    #[inline]
    pub(super) fn seen(&self, gram: u64) -> Option<u64> {
        self.may_have(gram).then(|| self.key.hash(gram))
    }

    /// The parts that have a hash.
    pub(super) fn parts(&self, hash: u64) -> impl Iterator<Item = Part> {
        let bucket = (hash >> self.buckets) as usize;
        let start = self.starts.get(bucket).map_or(0, |at| *at as usize);
        let end = self.starts.get(bucket + 1).map_or(start, |at| *at as usize);
        let same = self.entries[start..end.max(start)].iter();
        same.filter(move |entry| **entry & TAG == tag(hash)).map(|entry| Part {
            needle: (entry >> (OFFSET + 3) & ((1 << NEEDLE) - 1)) as usize,
            kind: (entry & 7) as u8,
            offset: (entry >> 3 & ((1 << OFFSET) - 1)) as usize,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts the bytes that this takes.
    pub(super) fn size(&self) -> usize {
        (self.bits.len() + self.entries.len()) * 8 + self.starts.len() * 4
    }
}

const TAG: u64 = !((1 << (NEEDLE + OFFSET + 3)) - 1);

/// What an entry has of a hash: bits below those of most buckets.
fn tag(hash: u64) -> u64 {
    hash.rotate_left(20) & TAG
}
