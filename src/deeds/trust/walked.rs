//! What is remembered of history: which entries ever stood before a commit. A fact about that commit, whose
//! id says all that it descends from; so it is as true in a copy of the clone.

use super::history::Short;
use crate::names::Sha256;
use crate::world::{Cache, ObjectId};

const NAME: &str = "history";

/// How many commits are remembered: those of a few branches.
const TIPS: usize = 4;

/// The entries that ever stood in a commit's ancestry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walked {
    pub(super) commit: ObjectId,
    /// Sorted.
    pub(super) names: Vec<Short>,
    /// Those that never were entries of the log, as long as the rest is what it was then.
    pub(super) cleaned: Option<(Sha256, Vec<Short>)>,
    /// Whether not all was at hand.
    pub(super) is_cut: bool,
}

impl Walked {
    /// Remembers those that are none.
    pub(super) fn cleaned(&mut self, state: Sha256, names: Vec<Short>) {
        self.cleaned = Some((state, names));
    }

    fn write(&self, to: &mut Vec<u8>) {
        let commit = self.commit.as_str().as_bytes();
        let (state, cleaned) = self.cleaned.clone().unwrap_or((Sha256([0; 32]), Vec::new()));
        to.push(u8::try_from(commit.len()).unwrap_or_default());
        to.extend_from_slice(commit);
        to.extend_from_slice(&state.0);
        for names in [&self.names, &cleaned] {
            to.extend_from_slice(&(names.len() as u64).to_be_bytes());
            to.extend(names.iter().flat_map(|name| name.to_be_bytes()));
        }
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        let (len, rest) = from.split_first()?;
        let (commit, rest) = rest.split_at_checked(usize::from(*len))?;
        let (state, rest) = rest.split_first_chunk()?;
        *from = rest;
        let (names, cleaned) = (shorts(from)?, shorts(from)?);
        let commit = ObjectId::parse(commit)?;
        Some(Self { commit, names, cleaned: Some((Sha256(*state), cleaned)), is_cut: false })
    }
}

fn shorts(from: &mut &[u8]) -> Option<Vec<Short>> {
    let (count, rest) = from.split_first_chunk()?;
    let count = usize::try_from(u64::from_be_bytes(*count)).ok()?.checked_mul(size_of::<Short>())?;
    let (names, rest) = rest.split_at_checked(count)?;
    *from = rest;
    let (names, _whole) = names.as_chunks();
    Some(names.iter().map(|name| Short::from_be_bytes(*name)).collect())
}

/// The commits that are remembered, the one that was used last first.
#[derive(Debug, Default)]
pub(super) struct Tips {
    all: Vec<Walked>,
}

impl Tips {
    /// Reads them; none from a cache that is not ours.
    pub(super) fn read(cache: Option<&Cache>) -> Self {
        let bytes = cache.and_then(|cache| cache.read(NAME)).unwrap_or_default();
        Self { all: parse(&bytes).unwrap_or_default() }
    }

    /// Lends them.
    pub(super) fn all(&self) -> &[Walked] {
        &self.all
    }

    /// Keeps one more, in the place of the oldest, if it says something new.
    pub(super) fn keep(&mut self, walked: Walked, cache: &Cache) {
        if self.all.contains(&walked) {
            return;
        }
        self.all.retain(|known| known.commit != walked.commit);
        self.all.insert(0, walked);
        self.all.truncate(TIPS);
        let mut bytes = Vec::new();
        self.all.iter().for_each(|tip| tip.write(&mut bytes));
        cache.write(NAME, &bytes);
    }
}

fn parse(bytes: &[u8]) -> Option<Vec<Walked>> {
    let mut rest = bytes;
    let mut all = Vec::new();
    while !rest.is_empty() {
        all.push(Walked::read(&mut rest)?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(digit: u8, cleaned: Option<(Sha256, Vec<Short>)>) -> Walked {
        let commit = ObjectId::parse(&[digit; 40]).unwrap();
        Walked { commit, names: vec![1, 7, u64::MAX], cleaned, is_cut: false }
    }

    #[test]
    fn what_is_written_is_read_and_a_cut_text_is_nothing() {
        let state = Sha256::of(b"state");
        let all = [walked(b'a', Some((state, vec![7]))), walked(b'b', Some((state, Vec::new())))];
        let mut bytes = Vec::new();
        all.iter().for_each(|tip| tip.write(&mut bytes));
        assert_eq!(parse(&bytes).unwrap(), all);
        for end in 1..bytes.len() {
            assert!(parse(&bytes[..end]).is_none_or(|some| some == all[..1]), "{end}");
        }
    }
}
