//! Finds the place of a new value, and whether one may be put there.

use std::path::Path;

use super::DeedError;
use super::find::{self, Found};
use super::load::Place;
use super::pen::Pen;
use super::set::{Wish, known_type};
use crate::names::{AddressQuery, EnvName, Target};
use crate::verify::Verified;
use crate::world::World;

/// Tells beforehand, as far as that asks for nothing, whether a value can be set: nobody should type one in
/// vain.
///
/// # Errors
/// As [`super::set::set`].
pub fn ready(
    world: &World,
    query: &AddressQuery,
    text: &str,
    wish: &Wish,
) -> Result<(), DeedError> {
    let place = Place::find(world)?;
    let loaded = place.load(Some(&query.env))?;
    let verified = loaded.judged()?;
    let within = in_file(&place, &verified, query, wish.file.as_deref());
    aim(&verified, within, &query.env, text)?;
    known_type(&verified, wish.kind.as_ref())?;
    Pen::find(&place, verified.record, verified.policy).map(|_| ())
}

/// Finds the place of a new value. Nothing may be wrong with the environment, unless the place itself is in
/// a dispute that a new value ends: then others like it may wait.
pub(super) fn aim(
    verified: &Verified<'_>,
    query: Result<AddressQuery, DeedError>,
    env: &EnvName,
    text: &str,
) -> Result<Found, DeedError> {
    let found = query.and_then(|query| find::place(verified, &query, text));
    mending(verified, found, env)
}

/// Refuses where anything is wrong with the environment, unless the place is in such a dispute.
pub(super) fn mending(
    verified: &Verified<'_>,
    found: Result<Found, DeedError>,
    env: &EnvName,
) -> Result<Found, DeedError> {
    let mends = |found: &Found| {
        let address = found.address();
        address.key == found.key && verified.in_doubt.contains_key(&address)
    };
    let wrong = match &found {
        Ok(found) if mends(found) => verified.refusal_beside_doubts(env),
        _ => verified.refusal(env),
    };
    wrong.map_or(found, |finding| Err(DeedError::Refused(finding.as_refusal().into())))
}

/// The query, for a key in the file that the user named.
pub(super) fn in_file(
    place: &Place<'_>,
    verified: &Verified<'_>,
    query: &AddressQuery,
    file: Option<&Path>,
) -> Result<AddressQuery, DeedError> {
    let Some(file) = file else { return Ok(query.clone()) };
    let path = place.checkout.repo_path(file)?;
    if verified.policy.environment_of(&path) != Some(&query.env) {
        return Err(DeedError::NotManaged(path));
    }
    let targets = query.targets.iter().filter_map(|target| match target {
        Target::Key(key) | Target::InFile(_, key) => {
            Some(Target::InFile(path.clone(), key.clone()))
        }
        Target::File(_) => None,
    });
    Ok(AddressQuery { env: query.env.clone(), targets: targets.collect() })
}
