//! A new keyring for the readers that the policy names now; with `--reseal`, every value under it.

use super::DeedError;
use super::attest::{Work, attest};
use super::enact::{Edited, nothing_blocks};
use super::keyrings::renew;
use super::load::{Loaded, Place};
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::Sealing;
use crate::names::{EnvName, MemberName, RepoPath};
use crate::verify::Verified;
use crate::world::World;

/// Whether values move to the new generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// They keep their tokens.
    Stay,
    /// Each is sealed anew.
    Move,
}

/// What was rekeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The environments, with who reads them now and how many values were sealed anew.
    pub environments: Vec<(EnvName, Vec<MemberName>, usize)>,
    /// The entry.
    pub receipt: Receipt,
}

/// Makes new keyrings: for one environment, or for every one whose readers changed.
///
/// # Errors
/// [`DeedError::Refuse`] where none is named and none needs it; [`DeedError::NoKey`];
/// [`DeedError::NotAllowed`] for who is no reader, or neither a writer nor an admin.
pub fn rekey(
    world: &World,
    env: Option<&EnvName>,
    values: Values,
    reason: Option<&str>,
) -> Result<Rekeyed, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(env)?;
    let mut work = Work { reason: reason.map(str::to_owned), ..Work::default() };
    let mut environments = Vec::new();
    for env in which(&loaded, env)? {
        let verified = loaded.verified(&env)?;
        let moved = one(&place, &verified, &env, values, &mut work)?;
        let readers = verified.policy.readers(&env).into_iter().cloned().collect();
        environments.push((env, readers, moved));
    }
    let verified = loaded.judged()?;
    let receipt = attest(&place, &verified, work)?;
    Ok(Rekeyed { environments, receipt })
}

fn which(loaded: &Loaded, env: Option<&EnvName>) -> Result<Vec<EnvName>, DeedError> {
    if let Some(env) = env {
        return Ok(vec![env.clone()]);
    }
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Refused)?;
    let all = verified.policy.environments.keys();
    let stale = all.filter(|env| verified.record.current_keyring(env).is_none());
    let stale: Vec<_> = stale.cloned().collect();
    if stale.is_empty() {
        return Err(DeedError::Refuse {
            what: "the readers changed nowhere, so no keyring is needed".to_owned(),
            instead: Some("to make one all the same: tenure rekey -e ENV".to_owned()),
        });
    }
    Ok(stale)
}

/// Renews one environment; gives how many values were sealed anew.
fn one(
    place: &Place<'_>,
    verified: &Verified<'_>,
    env: &EnvName,
    values: Values,
    work: &mut Work,
) -> Result<usize, DeedError> {
    let earlier = match verified.record.keyrings(env).is_empty() {
        true => Vec::new(),
        false => Ring::open_all(place.world, verified, env)?.into_keyrings(),
    };
    let keyring = renew(place.world, verified.policy, env, earlier, work)?;
    if values == Values::Stay {
        return Ok(0);
    }
    let ring = Ring::renewed(env, keyring);
    let sealing = Sealing { verified, env, ring: &ring, today: place.today() };
    let mine = verified.files.iter().filter(|(_, file)| file.env == *env);
    let paths: Vec<&RepoPath> = mine.map(|(path, _)| path).collect();
    let mut moved = 0;
    for path in paths {
        let clear = ring.open_file(verified, path)?;
        let resealed = sealing.rekey(path, &clear)?;
        moved += resealed.change.items.len();
        work.writes.based_on(path.clone(), verified.files.get(path).map(|file| file.bytes));
        work.file(resealed.change, resealed.bytes);
    }
    Ok(moved)
}
