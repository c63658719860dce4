//! Keys that sign: who verifies must have the new one before it signs, and the old one for a while after.

use jiff::civil::Date;

use super::finish::Waiting;
use super::receipts::{self, Receipt};
use super::state::{name, refuse};
use crate::deeds::DeedError;
use crate::names::Address;
use crate::policy::Strategy;
use crate::rotation::days_left;
use crate::verify::Verified;

/// Whether a user waits for those who verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Haste {
    /// They are waited for.
    #[default]
    No,
    /// The user knows better.
    Early,
}

/// The day from which on a pending value of a key ring may be used; none for one of another type.
pub(super) fn ripe_on(verified: &Verified<'_>, address: &Address, next: &Address) -> Option<Date> {
    if verified.strategy(address) != Some(Strategy::KeyRing) {
        return None;
    }
    let live = *verified.live.get(next)?;
    let (made, _) = verified.record.origin_of(next, live);
    verified.record.day_of(made).tomorrow().ok()
}

/// Insists that whoever verifies had a day to get a pending value, or that all consumers have shown that they did.
///
/// # Errors
/// [`DeedError::Refuse`] with the day.
pub(super) fn ripe(
    verified: &Verified<'_>,
    (address, next): (&Address, &Address),
    receipts: &[Receipt],
    (haste, today): (Haste, Date),
) -> Result<(), DeedError> {
    let Some(day) = ripe_on(verified, address, next) else { return Ok(()) };
    let consumers = verified.policy.rule(address).used_by;
    let shown = !consumers.is_empty() && receipts::without(verified, next, receipts).is_empty();
    if haste == Haste::Early || shown || days_left(day, today) <= 0 {
        return Ok(());
    }
    let at = name(verified, address);
    refuse(
        format!(
            "whoever verifies what {at} signs may not have its new value yet: it waits until {day}"
        ),
        "then again; or --receipt of every consumer; or --early".to_owned(),
    )
}

/// Insists that what a previous value of a key ring signed is verified no more: its overlap is over, or it is owed.
///
/// # Errors
/// [`DeedError::Refuse`] with the day.
pub(super) fn is_spent(
    verified: &Verified<'_>,
    waits: &Waiting,
    (haste, today): (Haste, Date),
) -> Result<(), DeedError> {
    let is_ring = verified.strategy(&waits.address) == Some(Strategy::KeyRing);
    let Some(previous) = waits.previous.as_ref().filter(|_| is_ring && haste == Haste::No) else {
        return Ok(());
    };
    let owed = verified.obligations.iter().any(|debt| {
        !debt.is_accepted(today) && waits.values.iter().any(|made| made.origin == debt.origin)
    });
    let stands = verified.previous.iter().find(|old| old.stands && old.address == *previous);
    match stands.filter(|old| !owed && days_left(old.due, today) > 0) {
        None => Ok(()),
        Some(old) => refuse(
            format!(
                "what {} signed is verified with it until {}",
                name(verified, previous),
                old.due
            ),
            "then again; or --early".to_owned(),
        ),
    }
}
