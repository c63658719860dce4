//! Gives a value a later deadline: signed by an admin, with a reason, and no later than a new value's.

use jiff::civil::Date;

use super::DeedError;
use super::attest::{Work, attest};
use super::ends;
use super::find::{self, Found};
use super::get;
use super::load::Place;
use super::pen::Receipt;
use super::ring::Ring;
use super::set::Wish;
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{Address, AddressQuery, KeyPath, quoted};
use crate::rotation::expiry::Expiry;
use crate::verify::Verified;
use crate::world::World;

/// What was extended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// The value.
    pub address: Address,
    /// Its deadline before.
    pub was: Date,
    /// Its deadline now.
    pub due: Date,
    /// The entry.
    pub receipt: Receipt,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The new deadline.
    pub until: Date,
    /// Why, for the log.
    pub reason: String,
}

/// Gives a value a later deadline.
///
/// # Errors
/// [`DeedError::Refuse`] for a day that is too early or too late, and for a value that must be rotated for
/// another reason than its age; [`DeedError::NotAllowed`] by who is no admin.
pub fn extend(
    world: &World,
    query: &AddressQuery,
    text: &str,
    plan: &Plan,
) -> Result<Extended, DeedError> {
    let place = Place::to_write(world)?;
    let env = &query.env;
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    let found = find::value(&verified, query, text)?;
    let address = Address { key: found.key.item(), ..found.address() };
    let live = *verified.live.get(&address).ok_or_else(|| DeedError::NoFile(found.path.clone()))?;
    if plan.reason.trim().is_empty() {
        return refuse("a later deadline wants a reason", "--reason TEXT");
    }
    let was = may(&verified, &address, plan.until, place.today())?;
    within_its_life(&place, &verified, &found, plan.until)?;
    let entry = verified.record.entries[live.entry].id;
    let item = Item {
        op: Op::Extend,
        of: Some(Origin { entry, address: address.clone() }),
        due: Some(plan.until),
        ..live.item.clone()
    };
    let mut work = Work { reason: Some(plan.reason.clone()), ..Work::default() };
    let Address { env, path, .. } = address.clone();
    work.changes.push(FileChange { env, path, items: vec![item] });
    let receipt = attest(&place, &verified, work)?;
    Ok(Extended { address, was, due: plan.until, receipt })
}

/// The deadline that may be moved to a day.
fn may(
    verified: &Verified<'_>,
    address: &Address,
    until: Date,
    today: Date,
) -> Result<Date, DeedError> {
    let name = name(address);
    let item = verified.live.get(address).map(|live| live.item);
    let sealed = item.filter(|item| item.generation.is_some());
    let Some(was) = sealed.and_then(|item| item.due) else {
        return refuse(&format!("{name} has no deadline"), "tenure list shows those that have one");
    };
    if let Some(debt) = verified.obligations.iter().find(|debt| debt.address == *address) {
        let what = format!(
            "{name} must be rotated by {} for another reason than its age, and no day moves that",
            debt.due
        );
        return refuse(&what, &format!("tenure rotate {name}"));
    }
    if until <= was {
        return refuse(&format!("{name} is due {was} already"), "name a later day");
    }
    if until < today {
        return refuse(&format!("{until} is past"), "name a day that is to come");
    }
    let kind = item.and_then(|item| item.kind.as_ref());
    match verified.policy.due(address, kind, today).filter(|latest| *latest < until) {
        Some(latest) => refuse(
            &format!("{name} cannot be due later than {latest}, as a new value would be"),
            &format!("tenure rotate {name}"),
        ),
        None => Ok(was),
    }
}

/// Refuses a day on which the value is no longer any good, as far as its own end can be read.
fn within_its_life(
    place: &Place<'_>,
    verified: &Verified<'_>,
    found: &Found,
    until: Date,
) -> Result<(), DeedError> {
    let Ok(ring) = Ring::open(place.world, verified, &found.env) else { return Ok(()) };
    let value = match found.key {
        KeyPath::Whole => ring.open_file(verified, &found.path),
        KeyPath::Place { .. } => get::one(verified, &ring, found),
    };
    // A list, or what no reader understands: its type's clock holds.
    let Ok(value) = value else { return Ok(()) };
    let ends = ends::of(&value, &Wish::default(), place.today());
    let too_late = |ends: &Expiry| ends.due(place.today()) < until;
    let Some(ends) = ends.filter(too_late) else { return Ok(()) };
    let name = name(&found.address());
    let what = format!(
        "the {} of {name} ends on {}: it cannot be due later than {}",
        ends.what.word(),
        ends.until,
        ends.due(place.today())
    );
    refuse(&what, &format!("tenure rotate {name}"))
}

fn name(address: &Address) -> String {
    match &address.key {
        KeyPath::Whole => quoted(format!("{}/{}", address.env, address.path)),
        key => quoted(format!("{}/{key}", address.env)),
    }
}

fn refuse<T>(what: &str, instead: &str) -> Result<T, DeedError> {
    Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) })
}
