//! What commits have of a file in clear: whoever wrote that may be another than who seals it.
//!
//! Not HEAD alone: what `git merge --squash`, `git merge --no-commit` and `git cherry-pick -n` bring lies in
//! the work tree before HEAD has it.

use std::collections::BTreeMap;

use super::form::Form;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{KeyPath, RepoPath, Sha256};
use crate::world::{Blob, ObjectId};

/// Where something in clear was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// In HEAD.
    Head,
    /// In another commit, with this version of the file.
    Version(ObjectId),
}

/// What commits have of a file.
pub(super) struct Committed {
    all: Vec<(Origin, Has)>,
}

enum Has {
    Items(BTreeMap<KeyPath, Sha256>),
    /// All of what is on disk may be its.
    All,
}

impl Committed {
    /// Reads the versions of a file in all commits that a reference leads to or that are being merged.
    pub(super) fn read(
        place: &Place<'_>,
        path: &RepoPath,
        head: Option<&[u8]>,
        disk: &[u8],
    ) -> Result<Self, DeedError> {
        let mut all = Vec::new();
        if let Some(head) = head {
            // Whoever mends another's broken file does not vouch for the rest of it.
            let has = Has::of(path, head, disk).unwrap_or(Has::All);
            all.push((Origin::Head, has));
        }
        let versions = place.checkout.committed_versions(path)?;
        for (id, blob) in versions.iter().zip(place.checkout.read_blobs(&versions)?) {
            let Blob::Bytes(bytes) = blob else { continue };
            let has = Has::of(path, &bytes, disk);
            all.extend(has.map(|has| (Origin::Version(id.clone()), has)));
        }
        Ok(Self { all })
    }

    /// Tells where an item was committed as it stands.
    pub(super) fn origin(&self, key: &KeyPath, hash: Sha256) -> Option<Origin> {
        let has = |has: &Has| match has {
            Has::Items(items) => items.get(key) == Some(&hash),
            Has::All => true,
        };
        self.all.iter().find(|(_, it)| has(it)).map(|(origin, _)| origin.clone())
    }

    /// Gives the key if all that is on disk may have been committed.
    pub(super) fn all_of(&self, key: &KeyPath) -> Vec<(KeyPath, Origin)> {
        let all = self.all.iter().find(|(_, has)| matches!(has, Has::All));
        all.map(|(origin, _)| (key.clone(), origin.clone())).into_iter().collect()
    }
}

impl Has {
    /// What a version has; none where it cannot be read.
    fn of(path: &RepoPath, bytes: &[u8], disk: &[u8]) -> Option<Self> {
        match Form::of(path, bytes, false) {
            _ if bytes == disk => Some(Self::All),
            Form::Values(_, items) => {
                Some(Self::Items(items.into_iter().map(|(key, item)| (key, item.hash)).collect()))
            }
            Form::Whole(_) => Some(Self::Items(BTreeMap::new())),
            Form::Unreadable => None,
        }
    }
}
