//! The sealed files: each item that is not as it was signed comes from a version of the file that has it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, State};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::past::parsed;
use crate::document::{Document, Node, graft, items, prune, whole_hash};
use crate::names::{Address, EntryId, KeyPath, RepoPath, Sha256, quoted};
use crate::seal;

/// What was signed of one file, with the entry of each item.
type Signed = BTreeMap<KeyPath, (Sha256, EntryId)>;

/// Each file by the address of one of its items, and what is in dispute.
type Wanted = (Vec<(Address, Signed)>, BTreeSet<Address>);

/// Mends the files of a state; gives what is nowhere in git.
pub(super) fn mend(
    place: &Place<'_>,
    state: &mut State,
    named: &Named,
) -> Result<Vec<(Address, EntryId)>, DeedError> {
    let (wanted, disputed) = wanted(place, state, named)?;
    let mut lost = Vec::new();
    for (address, signed) in wanted {
        let path = &address.path;
        if state.files.opened.contains_key(path) {
            if named.all {
                continue;
            }
            return Err(DeedError::Refuse {
                what: format!(
                    "`{path}` is opened in place, and what was edited there would be lost"
                ),
                instead: Some(format!("tenure seal {}", quoted(path))),
            });
        }
        let old = state.files.files.get(path).map(Vec::as_slice);
        let job = Job { place, path, signed: &signed, disputed: &disputed };
        let mut gone = Vec::new();
        let new = job.mended(old, named.takes_all_of(path), &mut gone)?;
        lost.extend(gone.into_iter().map(|key| {
            let entry = signed[&key].1;
            (Address { key, ..address.clone() }, entry)
        }));
        if let Some(new) = new {
            state.files.files.insert(path.clone(), new);
        }
    }
    Ok(lost)
}

/// By file, the items that are to stand; what is in dispute stays as it is.
fn wanted(place: &Place<'_>, state: &State, named: &Named) -> Result<Wanted, DeedError> {
    let verified = state.judged(place)?;
    let disputed: BTreeSet<Address> = verified.disputes.keys().cloned().collect();
    let mut files: BTreeMap<RepoPath, (Address, Signed)> = BTreeMap::new();
    for (address, live) in state.record.signed(None) {
        let (Some(hash), false) = (live.item.hash, disputed.contains(&address)) else { continue };
        if !named.takes(&address) {
            continue;
        }
        let entry = state.record.entries[live.entry].id;
        let (_, signed) =
            files.entry(address.path.clone()).or_insert_with(|| (address.clone(), Signed::new()));
        signed.insert(address.key, (hash, entry));
    }
    Ok((files.into_values().collect(), disputed))
}

struct Job<'j, 'w> {
    place: &'j Place<'w>,
    path: &'j RepoPath,
    signed: &'j Signed,
    disputed: &'j BTreeSet<Address>,
}

impl Job<'_, '_> {
    /// The file as it is to be; none where nothing can or need be done.
    fn mended(
        &self,
        old: Option<&[u8]>,
        all: bool,
        gone: &mut Vec<KeyPath>,
    ) -> Result<Option<Vec<u8>>, DeedError> {
        if old.is_some_and(|old| self.is_right(old, all)) {
            return Ok(None);
        }
        let clear =
            old.and_then(|old| parsed(self.path, old)).is_some_and(|it| self.adds_in_clear(&it));
        // What somebody added in clear stands nowhere else, and stays.
        if all && !clear {
            let right = |bytes: Vec<u8>| self.is_right(&bytes, true).then_some(bytes);
            if let Some(version) = self.place.version_of(self.path, right)? {
                return Ok(Some(version));
            }
        }
        if let Some((hash, _)) = self.signed.get(&KeyPath::Whole) {
            let version = self.place.version_with(self.path, &KeyPath::Whole, *hash)?;
            gone.extend(version.is_none().then_some(KeyPath::Whole));
            return Ok(version);
        }
        self.item_by_item(old, all, gone)
    }

    fn item_by_item(
        &self,
        old: Option<&[u8]>,
        all: bool,
        gone: &mut Vec<KeyPath>,
    ) -> Result<Option<Vec<u8>>, DeedError> {
        let readable = |bytes: &[u8]| parsed(self.path, bytes).map(|it| it.text.to_owned());
        let start = match old.and_then(readable) {
            Some(text) => Some(text),
            None => self.place.version_of(self.path, |bytes| readable(&bytes))?,
        };
        let Some(mut text) = start else {
            gone.extend(self.signed.keys().cloned());
            return Ok(None);
        };
        for (key, (hash, _)) in self.signed {
            if self.hashes(&text).get(key) == Some(hash) {
                continue;
            }
            match self.place.version_with(self.path, key, *hash)? {
                Some(version) => text = self.grafted(&text, &version, key)?,
                None => gone.push(key.clone()),
            }
        }
        if all {
            text = self.without_strangers(text)?;
        }
        let new = text.into_bytes();
        Ok((old != Some(new.as_slice())).then_some(new))
    }

    fn grafted(&self, text: &str, version: &[u8], key: &KeyPath) -> Result<String, DeedError> {
        let both = parsed(self.path, text.as_bytes()).zip(parsed(self.path, version));
        both.and_then(|(onto, from)| graft(&onto, &from, key)).ok_or_else(|| self.by_hand(key))
    }

    fn by_hand(&self, key: &KeyPath) -> DeedError {
        DeedError::Refuse {
            what: format!("`{key}` of `{}` cannot be put back with all else unchanged", self.path),
            instead: Some(format!("git restore {}", quoted(self.path))),
        }
    }

    /// Takes out what is sealed and was never signed.
    fn without_strangers(&self, mut text: String) -> Result<String, DeedError> {
        while let Some(key) = parsed(self.path, text.as_bytes()).and_then(|it| self.stranger(&it)) {
            let document = parsed(self.path, text.as_bytes());
            text = document.and_then(|it| prune(&it, &key)).ok_or_else(|| self.by_hand(&key))?;
        }
        Ok(text)
    }

    fn hashes(&self, text: &str) -> BTreeMap<KeyPath, Sha256> {
        let found = parsed(self.path, text.as_bytes()).map(|it| items(&it)).unwrap_or_default();
        found.into_iter().map(|(key, item)| (key, item.hash)).collect()
    }

    fn is_disputed(&self, key: &KeyPath) -> bool {
        self.disputed.iter().any(|address| address.path == *self.path && address.key == *key)
    }

    /// An item that nothing signed names, nor a dispute, and of which a part is a token.
    fn stranger(&self, document: &Document<'_>) -> Option<KeyPath> {
        let strange = |key: &KeyPath| !self.signed.contains_key(key) && !self.is_disputed(key);
        let sealed = |leaves: &[usize]| {
            leaves.iter().any(|at| document.token(&document.leaves[*at]).is_some())
        };
        let mut all = items(document).into_iter();
        all.find(|(key, item)| strange(key) && sealed(&item.leaves)).map(|(key, _)| key)
    }

    fn adds_in_clear(&self, document: &Document<'_>) -> bool {
        let clear = |leaves: &[usize]| {
            let mut leaves = leaves.iter().map(|at| &document.leaves[*at]);
            leaves.any(|leaf| leaf.node == Node::Scalar && document.token(leaf).is_none())
        };
        let found = items(document);
        let mut added = found.iter().filter(|(key, _)| !self.signed.contains_key(*key));
        added.any(|(_, item)| clear(&item.leaves))
    }

    /// Tells whether bytes have what was signed; with `all`, nothing else.
    fn is_right(&self, bytes: &[u8], all: bool) -> bool {
        if let Some((hash, _)) = self.signed.get(&KeyPath::Whole) {
            return whole_hash(bytes) == *hash;
        }
        if seal::is_whole(bytes) {
            return false;
        }
        let Some(document) = parsed(self.path, bytes) else { return false };
        let found = self.hashes(document.text);
        let there = |(key, (hash, _)): (&KeyPath, &(Sha256, EntryId))| found.get(key) == Some(hash);
        self.signed.iter().all(there) && (!all || self.stranger(&document).is_none())
    }
}
