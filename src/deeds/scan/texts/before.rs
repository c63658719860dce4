//! What stood in a file before: a line that is there already is no news.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, Hasher, RandomState};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};
use std::ops::Range;

use super::{Fresh, Judge, Stands};
use crate::deeds::scan::Leak;
use crate::world::{Checkout, ObjectId, StagedChange, WorldError};

/// How many lines are remembered: what touches more is news.
const MOST: usize = 1 << 20;
/// Hashes of lines in a row are numbers below this one, a prime.
const PRIME: u64 = (1 << 61) - 1;

impl Judge<'_> {
    /// Of what was found in a text that a change brings, that of which nothing that stood at its path before has
    /// all the lines, in a row. Contents are read as they come, so that none is too large.
    pub(in crate::deeds::scan) fn news(
        &self,
        checkout: &Checkout,
        change: &StagedChange,
        fresh: Vec<Fresh>,
    ) -> Result<Vec<Leak>, WorldError> {
        let may_be_old = |(_, stands): &Fresh| !matches!(stands, Stands::Anew);
        let now = change.now.as_ref().filter(|_| !change.before.is_empty());
        let Some((_, now)) = now.filter(|_| fresh.iter().any(may_be_old)) else {
            return Ok(fresh.into_iter().map(|(leak, _)| leak).collect());
        };
        let lines = Lines { key: RandomState::new() };
        let base = lines.key.hash_one(PRIME) % PRIME;
        let each = |id: &ObjectId, see: &mut dyn FnMut(Range<usize>, u64)| {
            checkout.each_blob_read(std::slice::from_ref(id), &mut |_, (_, content)| {
                lines.each(content, see).map_err(WorldError::io("read", "a blob"))
            })
        };
        let mut touched = Touched::of(&fresh, base);
        each(now, &mut |line, hash| touched.see(&line, hash))?;
        let mut unseen = Unseen::of(&touched.runs, base);
        for before in &change.before {
            unseen.begin();
            each(before, &mut |_, hash| unseen.see(hash))?;
        }
        let in_clear = match fresh.iter().any(|(_, it)| matches!(it, Stands::InClear(_))) {
            true => self.clear_before(checkout, change)?,
            false => HashSet::new(),
        };
        let is_new = |stands: &Stands, run: &Option<Run>| match stands {
            Stands::InClear(what) => !in_clear.contains(what),
            Stands::Anew | Stands::At(_) => run.is_none_or(|run| unseen.has(run)),
        };
        let news = fresh.into_iter().zip(&touched.runs);
        let news = news.filter(|((_, stands), run)| is_new(stands, run));
        Ok(news.map(|((leak, _), _)| leak).collect())
    }
}

/// Lines in a row: how many, and their hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Run {
    count: usize,
    hash: u64,
}

impl Run {
    fn push(&mut self, line: u64, base: u64) {
        self.hash = sum(product(self.hash, base), line % PRIME);
        self.count += 1;
    }
}

fn sum(one: u64, other: u64) -> u64 {
    (one + other) % PRIME
}

fn product(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other) % u128::from(PRIME);
    u64::try_from(product).unwrap_or_default()
}

/// Runs that were not seen in what stood before.
struct Unseen {
    base: u64,
    /// By how many lines they have: the base to the power of that, and their hashes.
    runs: HashMap<usize, (u64, HashSet<u64>)>,
    /// The hashes of all lines from the first one on up to each of the last lines.
    last: VecDeque<u64>,
    longest: usize,
}

impl Unseen {
    fn of(runs: &[Option<Run>], base: u64) -> Self {
        let mut by_count: HashMap<usize, (u64, HashSet<u64>)> = HashMap::new();
        for run in runs.iter().flatten() {
            let power = || (0..run.count).fold(1, |power, _| product(power, base));
            by_count
                .entry(run.count)
                .or_insert_with(|| (power(), HashSet::new()))
                .1
                .insert(run.hash);
        }
        let longest = by_count.keys().copied().max().unwrap_or_default();
        Self { base, runs: by_count, last: VecDeque::new(), longest }
    }

    /// Begins a text.
    fn begin(&mut self) {
        self.last.clear();
        self.last.push_back(0);
    }

    /// Takes its next line.
    fn see(&mut self, line: u64) {
        let before = self.last.back().copied().unwrap_or_default();
        let all = sum(product(before, self.base), line % PRIME);
        self.last.push_back(all);
        if self.last.len() > self.longest + 1 {
            self.last.pop_front();
        }
        for (count, (power, hashes)) in &mut self.runs {
            let first = self.last.len().checked_sub(count + 1).map(|at| self.last[at]);
            let Some(first) = first else { continue };
            hashes.remove(&sum(all, PRIME - product(first, *power)));
        }
    }

    fn has(&self, run: Run) -> bool {
        self.runs.get(&run.count).is_some_and(|(_, hashes)| hashes.contains(&run.hash))
    }
}

/// Lines by their hashes, which mean nothing outside of this process.
struct Lines {
    key: RandomState,
}

impl Lines {
    fn words(&self) -> Words<impl Hasher + use<>> {
        Words { hasher: self.key.build_hasher(), has_begun: false, is_apart: false }
    }

    /// Shows where each line stands, without its end, and its hash, to which blanks at its ends and the number of those
    /// within mean nothing: what is only laid out anew is no news. However long a line is, it is not kept.
    fn each(&self, from: &mut dyn Read, see: &mut dyn FnMut(Range<usize>, u64)) -> io::Result<()> {
        let mut from = BufReader::with_capacity(64 << 10, from);
        let (mut start, mut at, mut words) = (0, 0, self.words());
        loop {
            let part = match from.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                part => part?,
            };
            let end = memchr::memchr(b'\n', part);
            let is_last = part.is_empty();
            let length = end.unwrap_or(part.len());
            words.take(&part[..length]);
            at += length;
            if end.is_some() || is_last {
                see(start..at, words.hasher.finish());
                words = self.words();
                at += 1;
                start = at;
            }
            if is_last {
                return Ok(());
            }
            from.consume(length + usize::from(end.is_some()));
        }
    }
}

/// The words of a line, as they come.
struct Words<H> {
    hasher: H,
    has_begun: bool,
    /// Whether blanks stand behind the last one.
    is_apart: bool,
}

impl<H: Hasher> Words<H> {
    fn take(&mut self, part: &[u8]) {
        for run in part.chunk_by(|one, two| one.is_ascii_whitespace() == two.is_ascii_whitespace())
        {
            if run[0].is_ascii_whitespace() {
                self.is_apart = true;
                continue;
            }
            if std::mem::take(&mut self.is_apart) && self.has_begun {
                self.hasher.write(b" ");
            }
            self.has_begun = true;
            self.hasher.write(run);
        }
    }
}

/// Which lines findings touch.
struct Touched {
    places: Vec<Range<usize>>,
    /// The findings by where they begin.
    order: Vec<usize>,
    /// How many of those have begun, and which of them go on.
    begun: usize,
    open: Vec<usize>,
    /// The lines of each finding; none where it is news in any case.
    runs: Vec<Option<Run>>,
    base: u64,
    left: usize,
}

impl Touched {
    fn of(fresh: &[Fresh], base: u64) -> Self {
        let place = |(_, stands): &Fresh| match stands {
            Stands::At(place) => Some(place.clone()),
            Stands::Anew | Stands::InClear(_) => None,
        };
        let places: Vec<_> = fresh.iter().map(place).collect();
        let runs: Vec<_> =
            places.iter().map(|place| place.as_ref().map(|_| Run::default())).collect();
        let places: Vec<_> = places.into_iter().map(Option::unwrap_or_default).collect();
        let mut order: Vec<_> = (0..fresh.len()).filter(|at| runs[*at].is_some()).collect();
        order.sort_by_key(|at| places[*at].start);
        Self { places, order, begun: 0, open: Vec::new(), runs, base, left: MOST }
    }

    /// Takes the next line.
    fn see(&mut self, line: &Range<usize>, hash: u64) {
        while let Some(&at) = self.order.get(self.begun)
            && self.places[at].start <= line.end
        {
            self.open.push(at);
            self.begun += 1;
        }
        for &at in &self.open {
            match self.left.checked_sub(1) {
                Some(left) => self.left = left,
                None => self.runs[at] = None,
            }
            if let Some(run) = &mut self.runs[at] {
                run.push(hash, self.base);
            }
        }
        self.open.retain(|at| self.places[*at].end > line.end && self.runs[*at].is_some());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a few bytes at a time.
    struct Few<'b>(&'b [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(into.len());
            self.0.read(&mut into[..some])
        }
    }

    fn hashes(lines: &Lines, text: &str, few: usize) -> Vec<(Range<usize>, u64)> {
        let mut all = Vec::new();
        lines.each(&mut Few(text.as_bytes(), few), &mut |at, hash| all.push((at, hash))).unwrap();
        all
    }

    proptest! {
        #[test]
        fn a_line_has_one_hash_however_it_comes(text in "[ab \t\r\n]{0,60}", few in 1_usize..20) {
            let lines = Lines { key: RandomState::new() };
            let all = hashes(&lines, &text, few);
            prop_assert_eq!(&all, &hashes(&lines, &text, 1000));
            let told: Vec<&str> = all.iter().map(|(at, _)| &text[at.clone()]).collect();
            prop_assert_eq!(&told, &text.split('\n').collect::<Vec<_>>());
            for (one, hash) in told.iter().zip(&all) {
                for (other, its) in told.iter().zip(&all) {
                    let words = |line: &str| line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
                    prop_assert_eq!(words(one) == words(other), hash.1 == its.1);
                }
            }
        }
    }

    #[test]
    fn a_finding_touches_its_first_line_and_its_last() {
        let places = [0..1, 3..3, 4..9, 2..3, 9..12];
        let touched = |text: &str| {
            let mut touched = Touched {
                order: vec![0, 3, 1, 2, 4],
                places: places.to_vec(),
                begun: 0,
                open: Vec::new(),
                runs: vec![Some(Run::default()); 5],
                base: 10,
                left: MOST,
            };
            let mut number = 0;
            let lines = Lines { key: RandomState::new() };
            let see = &mut |line: Range<usize>, _| {
                touched.see(&line, number);
                number += 1;
            };
            lines.each(&mut text.as_bytes(), see).unwrap();
            touched.runs.into_iter().map(Option::unwrap).collect::<Vec<_>>()
        };
        let run = |lines: &[u64]| {
            let mut run = Run::default();
            lines.iter().for_each(|line| run.push(*line, 10));
            run
        };
        // Lines of 0..3, 4..6, 7..8, 9..12.
        let all = [run(&[0]), run(&[0]), run(&[1, 2, 3]), run(&[0]), run(&[3])];
        assert_eq!(touched("abc\nde\nf\nghi"), all);
        assert_eq!(touched("abcdefghijkl"), vec![run(&[0]); 5]);
    }

    proptest! {
        #[test]
        fn lines_are_old_where_they_stood_in_a_row(
            texts in proptest::collection::vec(proptest::collection::vec(0_u64..3, 0..12), 1..3),
            runs in proptest::collection::vec(proptest::collection::vec(0_u64..3, 1..5), 1..6),
            base in 1_000_000_u64..PRIME,
        ) {
            let run = |lines: &Vec<u64>| {
                let mut run = Run::default();
                lines.iter().for_each(|line| run.push(u64::MAX - line, base));
                run
            };
            let all: Vec<_> = runs.iter().map(|lines| Some(run(lines))).collect();
            let mut unseen = Unseen::of(&all, base);
            for text in &texts {
                unseen.begin();
                text.iter().for_each(|line| unseen.see(u64::MAX - line));
            }
            for lines in &runs {
                let stood = texts.iter().any(|text| text.windows(lines.len()).any(|it| it == lines));
                prop_assert_eq!(unseen.has(run(lines)), !stood, "{:?} {:?}", lines, texts);
            }
        }
    }
}
