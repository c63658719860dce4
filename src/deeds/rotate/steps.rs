//! The steps of a rotation that need no new value: a pending one is promoted, or undone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::desk::{Desk, take_away};
use super::patience::{Haste, ripe};
use super::state::{Step, may, name, place as place_of, refuse};
use super::{Asked, receipts, turns};
use crate::deeds::DeedError;
use crate::deeds::attest::{Beside, Work, attest};
use crate::deeds::find;
use crate::deeds::load::{Loaded, Place};
use crate::deeds::pen::Receipt;
use crate::deeds::ring::Ring;
use crate::deeds::sealing::Sealing;
use crate::deeds::unset::revoke;
use crate::log::entry::Origin;
use crate::names::{Address, EnvName, Stage};
use crate::policy::{Strategy, is_credential};
use crate::verify::{FileForm, Verified};
use crate::world::World;

/// Values that took a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// The values.
    pub values: Vec<Moved>,
    /// The entry.
    pub receipt: Receipt,
}

/// What became of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The current one's place.
    pub address: Address,
    /// What commands call it.
    pub name: String,
    /// What was done.
    pub turn: Turn,
    /// The current value's deadline.
    pub due: Option<Date>,
    /// How the policy says that a value is ended at its issuer.
    pub revoke: Option<String>,
    /// Whether it opens anything, and so is to be ended anywhere.
    pub is_credential: bool,
}

/// What a step did to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The pending value took its place; the one before stands here, and is to be ended by a day.
    Promoted {
        /// Where the previous value stands; none where its issuer takes one value at a time.
        previous: Option<Address>,
        /// The last day of the overlap; none where it stays to decrypt.
        until: Option<Date>,
    },
    /// The pending value was taken away from here.
    Dropped(Address),
    /// The previous value came back from here.
    Restored(Address),
}

/// Finds what a user names, by environment, with the names of users that go along.
fn located<'l>(
    loaded: &'l Loaded,
    asked: &[Asked],
    step: Step,
) -> Result<BTreeMap<EnvName, (Verified<'l>, Vec<Address>)>, DeedError> {
    let mut by_env: BTreeMap<EnvName, (Verified<'l>, Vec<Address>)> = BTreeMap::new();
    for one in asked {
        let env = &one.query.env;
        if !by_env.contains_key(env) {
            by_env.insert(env.clone(), (loaded.verified(env)?, Vec::new()));
        }
        let Some((verified, addresses)) = by_env.get_mut(env) else { continue };
        let found = find::value(verified, &one.query, &one.text)?;
        let address = found.address();
        if found.key != address.key {
            return refuse(
                format!("`{}` lies in a list, which is rotated by hand", one.text),
                format!("tenure edit {}", found.path),
            );
        }
        if addresses.contains(&address) {
            return refuse(format!("`{address}` is named twice"), None);
        }
        turns::names_no_user(verified, &address)?;
        let along = match step {
            Step::Undo => turns::back(verified, &address),
            Step::Promote | Step::Begin | Step::InPlace => {
                turns::along(verified, &address, Stage::Next)?
            }
        };
        addresses.push(address);
        addresses.extend(along);
    }
    Ok(by_env)
}

/// The one environment that is asked about, if it is one.
pub(super) fn scope(asked: &[Asked]) -> Option<&EnvName> {
    let first = asked.first().map(|one| &one.query.env);
    first.filter(|env| asked.iter().all(|one| one.query.env == **env))
}

/// What a promotion is asked to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Promotion<'a> {
    /// Why.
    pub reason: Option<&'a str>,
    /// The values that a command has tried, where one has: no others are promoted.
    pub tried: Option<&'a [Tried]>,
    /// What jobs wrote of the values that they were given.
    pub receipts: &'a [PathBuf],
    /// Whether those who verify are waited for.
    pub haste: Haste,
}

/// Which values of a rotation were looked at: where each was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    address: Address,
    current: Option<Origin>,
    pending: Option<Origin>,
}

/// Remembers which values stand at the two places of a rotation.
pub(super) fn tried(verified: &Verified<'_>, current: &Address, pending: &Address) -> Tried {
    let made = |at: &Address| {
        let live = *verified.live.get(at)?;
        let (entry, origin) = verified.record.origin_of(at, live);
        let entry = verified.record.entries[entry].id;
        Some(Origin { entry, address: origin.clone() })
    };
    Tried { address: current.clone(), current: made(current), pending: made(pending) }
}

/// Promotes pending values, all or none: one entry moves each current one to the side and each pending one
/// into its place.
///
/// # Errors
/// [`DeedError::Refuse`] where none is pending, or it is not the one that was tried, or it has to wait;
/// [`DeedError::NoKey`]: each token names its key, so it is sealed anew.
pub fn promote(
    world: &World,
    asked: &[Asked],
    promotion: Promotion<'_>,
) -> Result<Stepped, DeedError> {
    let receipts = receipts::read(world, promotion.receipts)?;
    let place = Place::to_write(world)?;
    let loaded = place.load(scope(asked))?;
    let (reason, beside) = (promotion.reason.map(str::to_owned), Beside::Allowed);
    let mut work = Work { reason, beside, ..Work::default() };
    let mut values = Vec::new();
    for (env, (verified, addresses)) in located(&loaded, asked, Step::Promote)? {
        let ring = Ring::open(world, &verified, &env)?;
        ring.target()?;
        let today = place.today();
        let mut desk = Desk::of(Sealing { verified: &verified, env: &env, ring: &ring, today });
        for address in addresses {
            may(&verified, &address, Step::Promote)?;
            let next = place_of(&verified, &address, Stage::Next)?;
            let now = tried(&verified, &address, &next);
            if promotion.tried.is_some_and(|seen| !seen.contains(&now)) {
                return refuse(format!("`{address}` changed meanwhile"), None);
            }
            let when = (promotion.haste, today);
            ripe(&verified, (&address, &next), &receipts, when)?;
            values.push(promoted(&mut desk, (&verified, today), address, &next)?);
        }
        desk.finish(&mut work)?;
    }
    let receipt = attest(&place, &loaded.judged()?, work)?;
    Ok(Stepped { values, receipt })
}

/// Brings one pending value into its place.
fn promoted(
    desk: &mut Desk<'_>,
    (verified, today): (&Verified<'_>, Date),
    address: Address,
    next: &Address,
) -> Result<Moved, DeedError> {
    let strategy = verified.strategy(&address);
    let previous = match strategy {
        Some(Strategy::Single) => None,
        _ => Some(place_of(verified, &address, Stage::Previous)?),
    };
    if let Some(previous) = &previous {
        if stands(verified, previous) {
            return refuse(format!("`{previous}` is a value of its own"), None);
        }
        desk.carry(&address, previous)?;
    }
    desk.carry(next, &address)?;
    desk.take(next)?;
    let live = verified.live.get(next);
    let overlap = verified.policy.overlap(live.and_then(|live| live.item.kind.as_ref()));
    let stays = previous.is_none() || strategy == Some(Strategy::KeepOld);
    let until = (!stays).then(|| today.saturating_add(i64::from(overlap).days()));
    Ok(Moved {
        turn: Turn::Promoted { previous, until },
        due: live.and_then(|live| live.item.due),
        revoke: revoke(verified, &address),
        is_credential: is_credential(live.and_then(|live| live.item.kind.as_ref())),
        name: name(verified, &address),
        address,
    })
}

/// Tells whether anything lies at a place, signed or not.
pub(super) fn stands(verified: &Verified<'_>, at: &Address) -> bool {
    match verified.files.get(&at.path).map(|file| &file.form) {
        Some(FileForm::Values(document)) => document.leaf(&at.key).is_some(),
        Some(FileForm::Whole) => true,
        None => false,
    }
}

/// Undoes what is under way: a pending value goes, else the previous one comes back. Whatever was new is to
/// be ended at its issuer.
///
/// # Errors
/// [`DeedError::Refuse`] where nothing is under way.
pub fn undo(world: &World, asked: &[Asked], reason: Option<&str>) -> Result<Stepped, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(scope(asked))?;
    let (reason, beside) = (reason.map(str::to_owned), Beside::Allowed);
    let mut work = Work { reason, beside, ..Work::default() };
    let mut values = Vec::new();
    for (env, (verified, addresses)) in located(&loaded, asked, Step::Undo)? {
        let (mut back, mut gone) = (Vec::new(), Vec::new());
        for address in addresses {
            let stage = match may(&verified, &address, Step::Undo)?.pending {
                true => Stage::Next,
                false => Stage::Previous,
            };
            let beside = place_of(&verified, &address, stage)?;
            let stays = if stage == Stage::Next { &address } else { &beside };
            let due = verified.live.get(stays).and_then(|live| live.item.due);
            let turn = match stage {
                Stage::Next => Turn::Dropped(beside.clone()),
                Stage::Previous => Turn::Restored(beside.clone()),
            };
            let revoke = revoke(&verified, &address);
            let kind = verified.live.get(&address).and_then(|live| live.item.kind.as_ref());
            let is_credential = is_credential(kind);
            match stage {
                Stage::Next => gone.push(beside),
                Stage::Previous => back.push((beside, address.clone())),
            }
            let name = name(&verified, &address);
            values.push(Moved { address, name, turn, due, revoke, is_credential });
        }
        let today = place.today();
        if back.is_empty() {
            let ring = Ring::to_write(&place, &verified, &env, Ring::open)?;
            let sealing = Sealing { verified: &verified, env: &env, ring: &ring, today };
            take_away(sealing, &gone, &mut work)?;
            continue;
        }
        let ring = Ring::open(world, &verified, &env)?;
        ring.target()?;
        let mut desk = Desk::of(Sealing { verified: &verified, env: &env, ring: &ring, today });
        for (from, to) in &back {
            desk.carry(from, to)?;
            desk.take(from)?;
        }
        gone.iter().try_for_each(|at| desk.take(at))?;
        desk.finish(&mut work)?;
    }
    let receipt = attest(&place, &loaded.judged()?, work)?;
    Ok(Stepped { values, receipt })
}
