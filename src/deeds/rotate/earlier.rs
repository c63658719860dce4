//! What a secret's value was before: its tokens lie in git, are known by the hash that was signed, and are
//! opened with the generations that the keyring still holds. There is no public fingerprint of a value.

use std::collections::BTreeMap;

use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::get::decoded;
use crate::deeds::load::Place;
use crate::deeds::past::parsed;
use crate::deeds::ring::{Ring, scope};
use crate::document::{Leaf, items, whole_hash};
use crate::names::{KeyPath, RepoPath};
use crate::seal::{self, Part};
use crate::secret::Plaintext;
use crate::verify::{Made, Signed, Verified};

/// The values that a secret had, as far as they are found.
pub(super) struct Earlier {
    /// Each with its place among those that were made.
    pub(super) values: Vec<(usize, Plaintext)>,
    /// How many are not in this clone, or do not open any more.
    pub(super) lost: usize,
}

/// Looks for values that were made for a secret: in the files that lie here, then in all of git.
///
/// # Errors
/// [`DeedError::World`] when git does not answer; [`DeedError::Refuse`] where some are not here because the
/// clone is shallow.
pub(super) fn find(
    place: &Place<'_>,
    (verified, ring): (&Verified<'_>, &Ring),
    found: &Found,
    made: &[Made],
) -> Result<Earlier, DeedError> {
    let left = made.iter().map(|it| it.tokens.as_slice()).enumerate().collect();
    let mut search = Search { verified, ring, found, left, values: Vec::new() };
    for path in search.paths() {
        if let Some(file) = verified.files.get(&path) {
            search.look(&path, file.bytes);
        }
    }
    for path in search.paths() {
        place.version_of(&path, |bytes| {
            search.look(&path, &bytes);
            (!search.wants(&path)).then_some(())
        })?;
    }
    let lost = search.left.len();
    if lost > 0 && place.checkout.is_shallow() {
        let what = format!(
            "this clone is shallow, and {lost} earlier values of {} are not in it",
            found.address()
        );
        let instead = Some("git fetch --unshallow".to_owned());
        return Err(DeedError::Refuse { what, instead });
    }
    Ok(Earlier { values: search.values, lost })
}

struct Search<'a> {
    verified: &'a Verified<'a>,
    ring: &'a Ring,
    found: &'a Found,
    /// The values that are still to be found, each with its tokens.
    left: BTreeMap<usize, &'a [Signed]>,
    values: Vec<(usize, Plaintext)>,
}

impl Search<'_> {
    /// The files in which any of what is left ever stood.
    fn paths(&self) -> Vec<RepoPath> {
        let tokens = self.left.values().copied().flatten();
        let mut paths: Vec<_> = tokens.map(|token| token.address.path.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    fn wants(&self, path: &RepoPath) -> bool {
        self.left.values().copied().flatten().any(|token| token.address.path == *path)
    }

    /// Takes what a version of a file has of what is left.
    fn look(&mut self, path: &RepoPath, bytes: &[u8]) {
        let hash = whole_hash(bytes);
        let document = parsed(path, bytes);
        let items = document.as_ref().map(items).unwrap_or_default();
        let has = |token: &&Signed| {
            token.address.path == *path
                && match &token.address.key {
                    KeyPath::Whole => token.hash == hash,
                    key => items.get(key).is_some_and(|item| item.hash == token.hash),
                }
        };
        let here: Vec<_> = self
            .left
            .iter()
            .filter_map(|(made, tokens)| Some((*made, tokens.iter().find(has)?.clone())))
            .collect();
        for (made, token) in here {
            if let Some(values) = self.open(&token, bytes) {
                self.left.remove(&made);
                self.values.extend(values.into_iter().map(|value| (made, value)));
            }
        }
    }

    /// Opens an item of a version of its file: of a list every value in it. None where any does not open any
    /// more.
    fn open(&self, token: &Signed, bytes: &[u8]) -> Option<Vec<Plaintext>> {
        let Signed { address, generation, .. } = token;
        if address.key == KeyPath::Whole {
            let generation = self.ring.generation(*generation)?;
            return Some(vec![seal::open_whole(bytes, &generation.identity()).ok()?]);
        }
        let document = parsed(&address.path, bytes)?;
        let nothing_clear = |_: &KeyPath| false;
        let scope = scope(self.verified, &self.found.env, &nothing_clear);
        let mine = document.leaves.iter().filter(|leaf| leaf.path.item() == address.key);
        let sealed = mine.filter_map(|leaf| Some((leaf, document.token(leaf)?)));
        let opened = |(leaf, token): (&Leaf, &str)| {
            let binding = scope.binding(Part::Value, &leaf.path);
            let slice = self.ring.opener().open(&binding, token).ok()?;
            decoded((&address.path, &document), leaf, &slice).ok()?
        };
        sealed.map(opened).collect()
    }
}
