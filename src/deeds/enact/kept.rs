//! The policy's file, and the copies that are kept of every policy that was signed.

use crate::deeds::DeedError;
use crate::names::{RepoPath, Sha256};
use crate::policy;
use crate::world::{Change, Mode};

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
