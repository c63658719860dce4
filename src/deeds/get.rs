//! Reads one value.

use super::DeedError;
use super::find;
use super::load::Place;
use super::ring::Ring;
use crate::document::{Document, value};
use crate::names::{AddressQuery, KeyPath};
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
    let loaded = place.load(Some(&query.env))?;
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
    let clear = ring.open_file(verified, &found.path)?;
    let Some(file) = verified.files.get(&found.path) else {
        return Err(DeedError::NoFile(found.path.clone()));
    };
    let FileForm::Values(sealed) = &file.form else { return Ok(clear) };
    let missing = || DeedError::NoSecret {
        env: found.env.clone(),
        text: found.key.to_string(),
        nearest: None,
    };
    let text = clear.expose_text().ok_or_else(missing)?;
    let document = Document::parse(sealed.format, text)
        .map_err(|why| DeedError::NotSpliceable { path: found.path.clone(), why })?;
    let leaf = document.leaf(&found.key).ok_or_else(missing)?;
    Ok(value::decode(&document, leaf)?)
}

/// Tells whether a place is a whole file.
#[must_use]
pub fn is_whole(found: &find::Found) -> bool {
    found.key == KeyPath::Whole
}
