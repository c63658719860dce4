//! The sealed files: each item that is not as it was signed comes from a version of the file that has it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, State};
use crate::deeds::DeedError;
use crate::deeds::load::{Place, unbelieved};
use crate::deeds::past::parsed;
use crate::document::{Document, Node, graft_all, items, prune_all, whole_hash};
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
                let unsigned = parsed(self.path, &bytes).map(|it| self.unsigned_clear(&it));
                let right = self.is_right(&bytes, true) && unsigned.is_none_or(|it| it.is_empty());
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
        text = self.with_versions(text, gone)?;
        if from_git {
            let clear = parsed(self.path, text.as_bytes()).map(|it| self.unsigned_clear(&it));
            text = self.pruned(text, &clear.unwrap_or_default())?;
        }
        if all {
            let strangers = parsed(self.path, text.as_bytes()).map(|it| self.strangers(&it));
            text = self.pruned(text, &strangers.unwrap_or_default())?;
        }
        let new = text.into_bytes();
        Ok((old != Some(new.as_slice())).then_some(new))
    }

    /// Puts in what is not as it was signed, from the first version of the file that has it.
    fn with_versions(&self, text: String, gone: &mut Vec<KeyPath>) -> Result<String, DeedError> {
        let here = self.hashes(&text);
        let wrong = self.signed.iter().filter(|(key, (hash, _))| here.get(key) != Some(hash));
        let mut wanted: BTreeMap<&KeyPath, Sha256> =
            wrong.map(|(key, (hash, _))| (key, *hash)).collect();
        if wanted.is_empty() {
            return Ok(text);
        }
        let mut text = Ok(text);
        self.place.version_of(self.path, |version| {
            let from = parsed(self.path, &version)?;
            let there = items(&from);
            let has = |key: &KeyPath, hash| there.get(key).is_some_and(|item| item.hash == hash);
            let mut found = Vec::new();
            wanted.retain(|key, hash| {
                let has = has(key, *hash);
                found.extend(has.then(|| (*key).clone()));
                !has
            });
            let onto = text.as_ref().ok().and_then(|text| parsed(self.path, text.as_bytes()))?;
            text = graft_all(&onto, &from, &found).map_err(|key| self.by_hand(&key));
            (text.is_err() || wanted.is_empty()).then_some(())
        })?;
        gone.extend(wanted.into_keys().cloned());
        text
    }

    fn pruned(&self, text: String, keys: &[KeyPath]) -> Result<String, DeedError> {
        let Some(onto) = parsed(self.path, text.as_bytes()).filter(|_| !keys.is_empty()) else {
            return Ok(text);
        };
        prune_all(&onto, keys).map_err(|key| self.by_hand(&key))
    }

    fn by_hand(&self, key: &KeyPath) -> DeedError {
        DeedError::Refuse {
            what: format!("`{key}` of `{}` cannot be put back with all else unchanged", self.path),
            instead: Some(format!("git restore {}", quoted(self.path))),
        }
    }

    fn hashes(&self, text: &str) -> BTreeMap<KeyPath, Sha256> {
        let found = parsed(self.path, text.as_bytes()).map(|it| items(&it)).unwrap_or_default();
        found.into_iter().map(|(key, item)| (key, item.hash)).collect()
    }

    fn is_disputed(&self, key: &KeyPath) -> bool {
        self.disputed.iter().any(|address| address.path == *self.path && address.key == *key)
    }

    /// The items that nothing signed names, nor a dispute, and of which a part is a token.
    fn strangers(&self, document: &Document<'_>) -> Vec<KeyPath> {
        let strange = |key: &KeyPath| !self.signed.contains_key(key) && !self.is_disputed(key);
        let sealed = |leaves: &[usize]| {
            leaves.iter().any(|at| document.token(&document.leaves[*at]).is_some())
        };
        let all = items(document).into_iter();
        all.filter(|(key, item)| strange(key) && sealed(&item.leaves)).map(|(key, _)| key).collect()
    }

    fn adds_in_clear(&self, document: &Document<'_>) -> bool {
        let found = items(document);
        let mut added = found.iter().filter(|(key, _)| !self.signed.contains_key(*key));
        added.any(|(_, item)| has_clear(document, &item.leaves))
    }

    /// The items of a version of which a part is in clear, and that are not as they were signed.
    fn unsigned_clear(&self, document: &Document<'_>) -> Vec<KeyPath> {
        let clear = items(document).into_iter().filter(|(key, item)| {
            self.attested.get(key) != Some(&item.hash) && has_clear(document, &item.leaves)
        });
        clear.map(|(key, _)| key).collect()
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
        self.signed.iter().all(there) && (!all || self.strangers(&document).is_empty())
    }
}

fn has_clear(document: &Document<'_>, leaves: &[usize]) -> bool {
    let mut leaves = leaves.iter().map(|at| &document.leaves[*at]);
    leaves.any(|leaf| leaf.node == Node::Scalar && document.token(leaf).is_none())
}
