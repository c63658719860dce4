//! Makes a value; where an authority is to sign it, with that of a secret of the same environment.

use jiff::Timestamp;

use super::DeedError;
use super::find;
use super::get;
use super::sealing::Sealing;
use crate::names::{AddressQuery, KeyPath};
use crate::rotation::generate::{Made, Spec, generate, generate_by};
use crate::world::generator;

/// Makes a value by a generator, in memory alone.
///
/// # Errors
/// [`DeedError::Rotation`]; those of finding and opening the authority.
pub(super) fn make(sealing: Sealing<'_>, spec: &Spec, now: Timestamp) -> Result<Made, DeedError> {
    let Sealing { verified, env, ring, .. } = sealing;
    let Some(text) = spec.authority() else {
        return Ok(generate(spec, now, &mut generator())?);
    };
    if ring.is_blind() {
        let what = format!("you do not read {env}, and so not its authority `{text}`");
        return Err(DeedError::Refuse { what, instead: Some("ask a reader".to_owned()) });
    }
    let query = AddressQuery::parse(text, Some(env))?;
    let found = find::value(verified, &query, text)?;
    let authority = match found.key {
        KeyPath::Whole => ring.open_file(verified, &found.path)?,
        KeyPath::Place { .. } => get::one(verified, ring, &found)?,
    };
    Ok(generate_by(spec, Some(&authority), now, &mut generator())?)
}
