//! Brings files into the state that was chosen, with bytes that git still has; opens no token.

use std::collections::BTreeMap;

use super::{Files, is_whole};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::past::{item_of, parsed};
use crate::document::{Document, graft, items, prune};
use crate::names::{Address, KeyPath, RepoPath, Sha256, quoted};
use crate::verify::Dispute;
use crate::world::{Change, Mode};

/// The files of some disputes, as they are to be.
pub(super) struct Desk<'d, 'w> {
    place: &'d Place<'w>,
    found: &'d Files,
    /// None for one that is to be removed, or is not there.
    now: BTreeMap<RepoPath, Option<Vec<u8>>>,
}

impl<'d, 'w> Desk<'d, 'w> {
    pub(super) fn of(place: &'d Place<'w>, found: &'d Files) -> Self {
        Self { place, found, now: BTreeMap::new() }
    }

    /// Makes an outcome stand at its place.
    ///
    /// # Errors
    /// [`DeedError::Refuse`] where git has not the bytes, or they cannot be put there alone.
    pub(super) fn put(
        &mut self,
        address: &Address,
        dispute: &Dispute<'_>,
        outcome: Option<Sha256>,
    ) -> Result<(), DeedError> {
        let path = &address.path;
        let old = self.now.remove(path).unwrap_or_else(|| self.found.get(path).cloned());
        let new = if outcome == dispute.on_disk {
            old
        } else {
            match outcome {
                None if is_whole(address) => None,
                None => Some(self.without(address, old.as_deref().unwrap_or_default())?),
                Some(hash) => Some(self.with(address, old.as_deref(), hash)?),
            }
        };
        self.now.insert(path.clone(), new);
        Ok(())
    }

    /// Puts the files that differ into a change, which holds only while all are as they were found.
    pub(super) fn finish(self, writes: &mut Change) {
        for (path, now) in self.now {
            let found = self.found.get(&path);
            writes.based_on(path.clone(), found.map(Vec::as_slice));
            match now {
                Some(bytes) if found != Some(&bytes) => writes.put(path, bytes, Mode::Keep),
                None if found.is_some() => writes.remove(path),
                _ => {}
            }
        }
    }

    fn with(
        &self,
        address: &Address,
        old: Option<&[u8]>,
        hash: Sha256,
    ) -> Result<Vec<u8>, DeedError> {
        let Address { path, key, .. } = address;
        let version = self.place.version_with(path, key, hash)?;
        let version = version.ok_or_else(|| DeedError::Refuse {
            what: format!("the bytes that were signed of `{address}` are nowhere in this clone"),
            instead: Some("fetch the branch that has them, then again".to_owned()),
        })?;
        if is_whole(address) {
            return Ok(version);
        }
        let Some(old) = old else {
            let text = parsed(path, &version).and_then(|from| only(&from, key));
            return proved(address, text, Some(hash));
        };
        let onto = parsed(path, old).zip(parsed(path, &version));
        let text = onto.and_then(|(onto, from)| graft(&onto, &from, key));
        proved(address, text, Some(hash))
    }

    fn without(&self, address: &Address, old: &[u8]) -> Result<Vec<u8>, DeedError> {
        let text = parsed(&address.path, old).and_then(|onto| prune(&onto, &address.key));
        proved(address, text, None)
    }
}

/// The text of a document that has one item only: the file is not here, so nothing else is to stand.
fn only(from: &Document<'_>, key: &KeyPath) -> Option<String> {
    let others: Vec<_> = items(from).into_keys().filter(|other| other != key).collect();
    let mut text = from.text.to_owned();
    for other in others {
        let document = Document::parse(from.format, &text).ok()?;
        text = match document.leaves.iter().any(|leaf| leaf.path.item() == other) {
            true => prune(&document, &other)?,
            false => text,
        };
    }
    Some(text)
}

fn proved(
    address: &Address,
    text: Option<String>,
    outcome: Option<Sha256>,
) -> Result<Vec<u8>, DeedError> {
    let bytes = text.map(String::into_bytes);
    let right = |bytes: &Vec<u8>| item_of(&address.path, bytes, &address.key) == outcome;
    bytes.filter(right).ok_or_else(|| DeedError::Refuse {
        what: format!("`{address}` cannot be put in its place with all else unchanged"),
        instead: Some(format!(
            "put that side's lines there by hand, then: tenure resolve {}",
            quoted(address)
        )),
    })
}
