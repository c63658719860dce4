//! Reads one value.

use super::DeedError;
use super::find;
use super::load::Place;
use super::ring::Ring;
use crate::document::{Document, Leaf, splice, value};
use crate::names::{AddressQuery, RepoPath};
use crate::seal::SealError;
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::World;

/// Gives a value as a reader of its file would get it; a whole file as its bytes.
///
/// # Errors
/// [`DeedError::Refused`] where anything is wrong with the environment; [`DeedError::NoSecret`];
/// [`DeedError::NoKey`].
pub fn get(world: &World, query: &AddressQuery, text: &str) -> Result<Plaintext, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.to_read(Some(&query.env))?;
    let verified = loaded.verified(&query.env)?;
    let found = find::value(&verified, query, text)?;
    let ring = Ring::open(world, &verified, &query.env)?;
    one(&verified, &ring, &found)
}

/// Reads the value at a place.
///
/// # Errors
/// As [`get`].
pub fn one(
    verified: &Verified<'_>,
    ring: &Ring,
    found: &find::Found,
) -> Result<Plaintext, DeedError> {
    let Some(file) = verified.files.get(&found.path) else {
        return Err(DeedError::NoFile(found.path.clone()));
    };
    let FileForm::Values(sealed) = &file.form else {
        return ring.open_file(verified, &found.path);
    };
    let missing = || DeedError::NoSecret {
        env: found.env.clone(),
        text: found.key.to_string(),
        nearest: None,
    };
    let leaf = sealed.leaf(&found.key).ok_or_else(missing)?;
    let Some(slice) = ring.open_leaf(verified, (&found.path, sealed), leaf)? else {
        return Ok(value::decode(sealed, leaf)?);
    };
    decoded((&found.path, sealed), leaf, &slice)?.ok_or_else(missing)
}

/// The value of a slice that was opened, as a reader of its file gets it; none where that has no such place.
///
/// # Errors
/// [`DeedError::Seal`] where the file would not be what it was, with the slice in its place.
pub(super) fn decoded(
    (path, sealed): (&RepoPath, &Document<'_>),
    leaf: &Leaf,
    slice: &Plaintext,
) -> Result<Option<Plaintext>, DeedError> {
    // A slice may mean nothing without what is around it, so it is read in its place. All other values
    // stay sealed.
    let text = splice(sealed.text, [(leaf.span.clone(), slice.expose())]);
    let text = std::str::from_utf8(&text).map_err(|_| SealError::StructureChanged)?;
    let document = Document::parse(sealed.format, text)
        .map_err(|why| DeedError::NotSpliceable { path: path.clone(), why })?;
    let Some(again) = document.leaf(&leaf.path) else { return Ok(None) };
    if document.slice(again).as_bytes() != slice.expose() || !document.same_structure(sealed) {
        return Err(SealError::StructureChanged.into());
    }
    Ok(Some(value::decode(&document, again)?))
}
