//! The sealed files: each item that is not as it was signed comes from a version of the file that has it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, State};
use crate::deeds::DeedError;
use crate::deeds::load::{Place, unbelieved};
use crate::deeds::past::parsed;
use crate::document::{Document, Node, graft, items, prune, whole_hash};
use crate::names::{Address, EntryId, KeyPath, RepoPath, Sha256, quoted};
use crate::seal;
use crate::verify::Verified;

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
    let attested: BTreeMap<RepoPath, BTreeMap<KeyPath, Sha256>> =
        state.record.signed(None).into_iter().fold(BTreeMap::new(), |mut all, (address, live)| {
            let of: &mut BTreeMap<_, _> = all.entry(address.path).or_default();
            of.extend(live.item.hash.map(|hash| (address.key, hash)));
            all
        });
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
        let attested = &attested[path];
        let job = Job { place, path, signed: &signed, attested, disputed: &disputed };
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
    let disputed = disputed(place, state)?;
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

/// What is in dispute; in a file that cannot be read, as amid a merge, by the side that HEAD has.
fn disputed(place: &Place<'_>, state: &State) -> Result<BTreeSet<Address>, DeedError> {
    let mut files = state.files.clone();
    for (path, bytes) in &mut files.files {
        let readable = |bytes: &[u8]| seal::is_whole(bytes) || parsed(path, bytes).is_some();
        if readable(bytes.as_slice()) {
            continue;
        }
        if let Some(head) = place.checkout.head_file(path)?.filter(|head| readable(head)) {
            *bytes = head;
        }
    }
    let verified = Verified::judge(&state.record, &files, None, place.today());
    let verified = verified.ok_or_else(|| unbelieved(&state.record))?;
    Ok(verified.disputes.keys().cloned().collect())
}

struct Job<'j, 'w> {
    place: &'j Place<'w>,
    path: &'j RepoPath,
    /// What of it is to be put back.
    signed: &'j Signed,
    /// All that was signed of it.
    attested: &'j BTreeMap<KeyPath, Sha256>,
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
            // Nor does what somebody once committed in clear come back.
            let right = |bytes: Vec<u8>| {
                let right = self.is_right(&bytes, true) && self.unsigned_clear(&bytes).is_none();
                right.then_some(bytes)
            };
            if let Some(version) = self.version_of(right)? {
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

    /// Looks at the version of HEAD first: amid a merge the index begins with what both sides left.
    fn version_of<T>(
        &self,
        mut make: impl FnMut(Vec<u8>) -> Option<T>,
    ) -> Result<Option<T>, DeedError> {
        let head = self.place.checkout.head_file(self.path)?;
        match head.and_then(&mut make) {
            Some(made) => Ok(Some(made)),
            None => self.place.version_of(self.path, make),
        }
    }

    fn item_by_item(
        &self,
        old: Option<&[u8]>,
        all: bool,
        gone: &mut Vec<KeyPath>,
    ) -> Result<Option<Vec<u8>>, DeedError> {
        let readable = |bytes: &[u8]| parsed(self.path, bytes).map(|it| it.text.to_owned());
        let here = old.and_then(readable);
        let from_git = here.is_none();
        let start = match here {
            Some(text) => Some(text),
            None => self.version_of(|bytes| readable(&bytes))?,
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
        while let Some(key) = from_git.then(|| self.unsigned_clear(text.as_bytes())).flatten() {
            let document = parsed(self.path, text.as_bytes());
            text = document.and_then(|it| prune(&it, &key)).ok_or_else(|| self.by_hand(&key))?;
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
        let found = items(document);
        let mut added = found.iter().filter(|(key, _)| !self.signed.contains_key(*key));
        added.any(|(_, item)| has_clear(document, &item.leaves))
    }

    /// An item of a version of which a part is in clear, and that is not as it was signed.
    fn unsigned_clear(&self, bytes: &[u8]) -> Option<KeyPath> {
        let document = parsed(self.path, bytes)?;
        let mut found = items(&document).into_iter();
        let clear = found.find(|(key, item)| {
            self.attested.get(key) != Some(&item.hash) && has_clear(&document, &item.leaves)
        });
        clear.map(|(key, _)| key)
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

fn has_clear(document: &Document<'_>, leaves: &[usize]) -> bool {
    let mut leaves = leaves.iter().map(|at| &document.leaves[*at]);
    leaves.any(|leaf| leaf.node == Node::Scalar && document.token(leaf).is_none())
}
