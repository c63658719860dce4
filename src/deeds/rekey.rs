//! A new keyring for the readers that the policy names now; with `--reseal`, every value under it. Values
//! that a writer dropped become ordinary ones.

use super::DeedError;
use super::attest::{Work, attest};
use super::dropping;
use super::enact::{Edited, nothing_blocks};
use super::keyrings::renew;
use super::load::{Loaded, Place};
use super::pen::{Pen, Receipt};
use super::ring::Ring;
use super::rotate::nothing_old;
use super::sealing::Sealing;
use crate::names::{Address, EnvName, MemberName};
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
    /// The environments.
    pub environments: Vec<Renewed>,
    /// The entry.
    pub receipt: Receipt,
}

/// What became of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Which.
    pub env: EnvName,
    /// Whether it got a new keyring.
    pub keyring: bool,
    /// Who reads it now.
    pub readers: Vec<MemberName>,
    /// How many values were sealed anew.
    pub moved: usize,
}

/// Makes new keyrings: for one environment, or for every one whose readers changed. Where values wait that
/// a writer dropped, they are sealed anew, and a keyring is made only if the readers changed or all moves.
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
    for env in which(&place, &loaded, env)? {
        let verified = loaded.verified(&env)?;
        environments.push(one(&place, &verified, env, values, &mut work)?);
    }
    let verified = loaded.judged()?;
    let receipt = attest(&place, &verified, work)?;
    Ok(Rekeyed { environments, receipt })
}

fn which(
    place: &Place<'_>,
    loaded: &Loaded,
    env: Option<&EnvName>,
) -> Result<Vec<EnvName>, DeedError> {
    if let Some(env) = env {
        return Ok(vec![env.clone()]);
    }
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Refused)?;
    let all = verified.policy.environments.keys();
    let stale = all.filter(|env| {
        let stale = verified.record.current_keyring(env).is_none();
        stale || !waiting(place, &verified, env).is_empty()
    });
    let stale: Vec<_> = stale.cloned().collect();
    if stale.is_empty() {
        return Err(DeedError::Refuse {
            what: "the readers changed nowhere, so no keyring is needed".to_owned(),
            instead: Some("to make one all the same: tenure rekey -e ENV".to_owned()),
        });
    }
    Ok(stale)
}

/// The dropped values of an environment that the user reads and may write.
fn waiting<'v>(place: &Place<'_>, verified: &'v Verified<'_>, env: &EnvName) -> Vec<&'v Address> {
    let Ok(pen) = Pen::find(place, verified.record, verified.policy) else { return Vec::new() };
    if !verified.policy.readers(env).contains(pen.by()) {
        return Vec::new();
    }
    dropping::waiting(verified, env, pen.by())
}

/// Renews one environment.
fn one(
    place: &Place<'_>,
    verified: &Verified<'_>,
    env: EnvName,
    values: Values,
    work: &mut Work,
) -> Result<Renewed, DeedError> {
    let dropped = waiting(place, verified, &env);
    let stale = verified.record.current_keyring(&env).is_none();
    let keyring = stale || values == Values::Move || dropped.is_empty();
    let ring = match keyring {
        true => new_ring(place, verified, &env, work)?,
        false => Ring::open(place.world, verified, &env)?,
    };
    let sealing = Sealing { verified, env: &env, ring: &ring, today: place.today() };
    dropped.iter().try_for_each(|address| nothing_old(place, sealing, address))?;
    let mine = verified.files.iter().filter(|(_, file)| file.env == env);
    let mut moved = 0;
    for (path, file) in mine {
        let resealed = match values {
            Values::Stay => dropping::turn(sealing, path, &dropped)?,
            Values::Move => {
                let resealed = sealing.rekey(path, &ring.open_file(verified, path)?)?;
                Some((resealed.change, resealed.bytes))
            }
        };
        let Some((change, bytes)) = resealed else { continue };
        moved += change.items.len();
        work.writes.based_on(path.clone(), Some(file.bytes));
        work.file(change, bytes);
    }
    let readers = verified.policy.readers(&env).into_iter().cloned().collect();
    Ok(Renewed { keyring, readers, moved, env })
}

fn new_ring(
    place: &Place<'_>,
    verified: &Verified<'_>,
    env: &EnvName,
    work: &mut Work,
) -> Result<Ring, DeedError> {
    let earlier = match verified.record.keyrings(env).is_empty() {
        true => Vec::new(),
        false => Ring::open_all(place.world, verified, env)?.into_keyrings(),
    };
    Ok(Ring::renewed(env, renew(place.world, verified.policy, env, earlier, work)?))
}
