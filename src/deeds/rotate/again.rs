//! Whether a secret had a value before: who owes a new one does not pay with an old one.

use super::state::refuse;
use super::{earlier, steps};
use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::fit::Insist;
use crate::deeds::load::Place;
use crate::deeds::sealing::Sealing;
use crate::rotation::days_left;
use crate::secret::Plaintext;
use crate::verify::Made;

/// What is to be done instead of taking an earlier value.
pub(super) const INSTEAD: &str = "order a new value at its issuer, or: --generate";

/// The earlier value of a secret that is the same as a new one, and how many it could not be compared with.
pub(super) fn same(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    found: &Found,
    value: &Plaintext,
) -> Result<(Option<Made>, usize), DeedError> {
    let Sealing { verified, ring, .. } = sealing;
    let mut made = verified.record.ever_made(&found.address());
    let earlier = earlier::find(place, (verified, ring), found, &made)?;
    let same = earlier.values.iter().find(|(_, old)| old.expose() == value.expose());
    let same = same.map(|(at, _)| made.swap_remove(*at));
    Ok((same, earlier.lost))
}

/// Says that a secret had a value before.
pub(super) fn told<T>(
    sealing: Sealing<'_>,
    found: &Found,
    old: &Made,
    instead: &str,
) -> Result<T, DeedError> {
    let name = sealing.verified.record.name_of(&found.address());
    let entry = old.origin.entry.short();
    let what = format!("{name} had this value before (entry {entry}); nothing written");
    refuse(what, instead.to_owned())
}

/// Insists that a value which is set is none that the secret had before, where a new one is overdue or owed,
/// and where none stands; then, if the old one is still good, the user may insist.
///
/// Who does not read the environment cannot tell.
///
/// # Errors
/// [`DeedError::Refuse`]; those of looking through git.
pub(in crate::deeds) fn not_again(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    found: &Found,
    value: &Plaintext,
    insist: Insist,
) -> Result<(), DeedError> {
    let Sealing { verified, ring, today, .. } = sealing;
    let address = found.address();
    let live = verified.live.get(&address).map(|live| live.item);
    let due = live.filter(|item| item.generation.is_some()).and_then(|item| item.due);
    let mut debts = verified.obligations.iter().filter(|debt| debt.address == address);
    let owed = due.is_some_and(|due| days_left(due, today) < 0)
        || debts.any(|debt| !debt.is_accepted(today));
    let quiet = match live {
        Some(_) => !owed,
        // What lies here and is not live is in dispute, and one of its sides may be the one that is wanted.
        None => steps::stands(verified, &address),
    };
    if ring.is_blind() || quiet {
        return Ok(());
    }
    let Some(old) = same(place, sealing, found, value)?.0 else { return Ok(()) };
    if owed || verified.is_spoilt(&old, &address, today) {
        return told(sealing, found, &old, INSTEAD);
    }
    if insist == Insist::Anyway {
        return Ok(());
    }
    told(
        sealing,
        found,
        &old,
        "order a new value at its issuer, or: --generate; or insist: --anyway",
    )
}
