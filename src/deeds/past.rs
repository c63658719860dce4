//! Bytes that were signed and stand here no longer: found in git by the hash that was signed.

use super::DeedError;
use super::load::Place;
use crate::document::{Document, Format, items, whole_hash};
use crate::names::{KeyPath, RepoPath, Sha256};
use crate::world::{Blob, ObjectId};

/// How many versions are read at once: most searches end with the first few.
const AT_ONCE: usize = 32;

impl Place<'_> {
    /// Looks through the versions of a file for the first of which something can be made.
    ///
    /// # Errors
    /// [`DeedError::World`] when git does not answer.
    pub fn version_of<T>(
        &self,
        path: &RepoPath,
        mut make: impl FnMut(Vec<u8>) -> Option<T>,
    ) -> Result<Option<T>, DeedError> {
        let versions = self.checkout.versions(path)?;
        self.first_of(&versions, &mut make)
    }

    /// Looks through blobs for the first of which something can be made.
    ///
    /// # Errors
    /// As [`Place::version_of`].
    pub fn first_of<T>(
        &self,
        blobs: &[ObjectId],
        make: &mut dyn FnMut(Vec<u8>) -> Option<T>,
    ) -> Result<Option<T>, DeedError> {
        for some in blobs.chunks(AT_ONCE) {
            let found = self.checkout.read_blobs(some)?.into_iter().find_map(|blob| match blob {
                Blob::Bytes(bytes) => make(bytes),
                Blob::TooLarge(_) => None,
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Finds a version of a file in which an item is the one that was signed.
    ///
    /// # Errors
    /// As [`Place::version_of`].
    pub fn version_with(
        &self,
        path: &RepoPath,
        key: &KeyPath,
        hash: Sha256,
    ) -> Result<Option<Vec<u8>>, DeedError> {
        self.version_of(path, |bytes| (item_of(path, &bytes, key) == Some(hash)).then_some(bytes))
    }
}

/// The hash of an item in a file's bytes; none where it is not there.
#[must_use]
pub fn item_of(path: &RepoPath, bytes: &[u8], key: &KeyPath) -> Option<Sha256> {
    if *key == KeyPath::Whole {
        return Some(whole_hash(bytes));
    }
    let document = parsed(path, bytes)?;
    items(&document).get(key).map(|item| item.hash)
}

/// A file's bytes as a document; none where they are none of its format.
#[must_use]
pub fn parsed<'t>(path: &RepoPath, bytes: &'t [u8]) -> Option<Document<'t>> {
    Document::parse(Format::of(path)?, std::str::from_utf8(bytes).ok()?).ok()
}
