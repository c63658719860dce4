//! The policy's file, and the copies that are kept of every policy that was signed.

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{RepoPath, Sha256};
use crate::policy;
use crate::world::{Change, Mode, WorldError};

/// Puts a policy's bytes in place, and among those that were ever signed.
///
/// # Errors
/// [`DeedError::Name`], never for a hash.
pub fn put_policy(text: &str, change: &mut Change) -> Result<Sha256, DeedError> {
    let hash = Sha256::of(text.as_bytes());
    change.put(policy::PATH.parse()?, text.as_bytes().to_vec(), Mode::Keep);
    change.put(kept_at(&hash)?, text.as_bytes().to_vec(), Mode::Keep);
    Ok(hash)
}

/// Tells where a policy that was signed is kept.
///
/// # Errors
/// As [`put_policy`].
pub fn kept_at(hash: &Sha256) -> Result<RepoPath, DeedError> {
    let name = hash.to_string();
    Ok(format!(".secrets/policies/{}.toml", name.trim_start_matches("sha256:")).parse()?)
}

/// Reads the text of a policy that was signed.
///
/// # Errors
/// [`DeedError::World`] where it is not there as it was verified.
pub fn kept(place: &Place<'_>, hash: &Sha256) -> Result<String, DeedError> {
    let path = kept_at(hash)?;
    let same = |bytes: &Vec<u8>| Sha256::of(bytes) == *hash;
    let bytes = place.files.read(&path)?.filter(same);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| WorldError::ChangedMeanwhile { path: path.to_string() }.into())
}
