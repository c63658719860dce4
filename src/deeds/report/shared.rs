//! Values that serve two environments, as far as the keys at hand open them. Compared in memory alone.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::Ground;
use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::get;
use crate::deeds::load::unblocked;
use crate::deeds::ring::Ring;
use crate::document::Document;
use crate::names::{Address, EnvName, KeyPath, Sha256};
use crate::policy::{Store, is_credential};
use crate::verify::FileForm;

/// Whether a report opens values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// It does not: it is the same for everybody.
    Unused,
    /// It does, with those at hand.
    AtHand,
}

/// The shortest value without a type that tells more than chance: a port is the same everywhere.
const LEAST: usize = 8;

/// What the comparison of environments came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    /// How many values of each environment were opened.
    pub opened: BTreeMap<EnvName, usize>,
    /// The environments with values that no key at hand opens.
    pub closed: BTreeSet<EnvName>,
    /// The values that are one and the same, each group with places of several environments.
    pub same: Vec<BTreeSet<Address>>,
}

/// Opens what the keys at hand open, and compares it; nothing without being asked to.
///
/// # Errors
/// [`DeedError::Seal`] for a token that does not open, and what keeps a key from being used.
pub fn shared(ground: &Ground<'_>, keys: Keys) -> Result<Option<Shared>, DeedError> {
    if keys == Keys::Unused {
        return Ok(None);
    }
    let (verified, world) = (ground.verified, ground.place.world);
    let mut shared = Shared::default();
    let mut places: BTreeMap<Sha256, BTreeSet<Address>> = BTreeMap::new();
    let envs = verified.policy.environments.iter().filter(|(_, it)| it.store == Store::Files);
    for env in envs.map(|(env, _)| env) {
        let sealed = |(at, live): (&Address, &crate::verify::Live<'_>)| {
            at.env == *env && live.item.generation.is_some()
        };
        if !verified.live.iter().any(sealed) {
            continue;
        }
        let ring = unblocked(verified, env).and_then(|()| Ring::open(world, verified, env));
        let ring = match ring {
            Ok(ring) => ring,
            Err(
                DeedError::NoKey { .. } | DeedError::Refused(_) | DeedError::StaleReaders { .. },
            ) => {
                shared.closed.insert(env.clone());
                continue;
            }
            Err(other) => return Err(other),
        };
        let count = opened(ground, env, &ring, &mut places)?;
        shared.opened.insert(env.clone(), count);
    }
    let several = |group: &BTreeSet<Address>| {
        group.iter().map(|at| &at.env).collect::<BTreeSet<_>>().len() > 1
    };
    shared.same = places.into_values().filter(several).collect();
    shared.same.sort();
    Ok(Some(shared))
}

/// Opens the values of an environment, and files each under the hash of what it is.
fn opened(
    ground: &Ground<'_>,
    env: &EnvName,
    ring: &Ring,
    places: &mut BTreeMap<Sha256, BTreeSet<Address>>,
) -> Result<usize, DeedError> {
    let verified = ground.verified;
    let mut count = 0;
    for (path, file) in verified.files.iter().filter(|(_, file)| file.env == *env) {
        for key in keys_of(&file.form) {
            let found = Found { env: env.clone(), path: path.clone(), key };
            let value = get::one(verified, ring, &found)?;
            count += 1;
            if counts(ground, &found.address(), value.len()) {
                places.entry(Sha256::of(value.expose())).or_default().insert(found.address());
            }
        }
    }
    Ok(count)
}

/// The places in a file where something sealed stands.
fn keys_of(form: &FileForm<'_>) -> Vec<KeyPath> {
    let sealed = |document: &Document<'_>| {
        let tokens = document.leaves.iter().filter(|leaf| document.token(leaf).is_some());
        tokens.map(|leaf| leaf.path.clone()).collect()
    };
    match form {
        FileForm::Values(document) => sealed(document),
        FileForm::Whole => vec![KeyPath::Whole],
    }
}

/// Tells whether two that are alike are worth a word.
fn counts(ground: &Ground<'_>, address: &Address, length: usize) -> bool {
    let live = ground.verified.live.get(address);
    let kind = live.and_then(|live| live.item.kind.as_ref());
    match kind {
        None => length >= LEAST,
        Some(kind) => length > 0 && is_credential(Some(kind)),
    }
}
