//! Whether a secret had a value before: who owes a new one does not pay with an old one.

use std::collections::BTreeSet;

use super::state::{keeps_to_decrypt, refuse, stands_alone};
use super::{earlier, steps};
use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::fit::Insist;
use crate::deeds::get;
use crate::deeds::load::Place;
use crate::deeds::sealing::{Resealed, Sealing};
use crate::log::entry::Op;
use crate::names::Address;
use crate::rotation::strength::LEAST;
use crate::rotation::{Obligation, Owed, days_left};
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
    among(place, sealing, (found, value), sealing.verified.record.ever_made(&found.address()))
}

/// As [`same`], among some of the earlier values.
fn among(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    (found, value): (&Found, &Plaintext),
    mut made: Vec<Made>,
) -> Result<(Option<Made>, usize), DeedError> {
    let Sealing { verified, ring, .. } = sealing;
    let earlier = earlier::find(place, (verified, ring), found, &made)?;
    let same = earlier.values.iter().find(|(_, old)| means(old, value));
    let same = same.map(|(at, _)| made.swap_remove(*at));
    Ok((same, earlier.lost))
}

/// Tells whether two values are the same but for blanks and line breaks around them.
fn means(one: &Plaintext, other: &Plaintext) -> bool {
    one.expose().trim_ascii() == other.expose().trim_ascii()
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

/// Whether a new value was compared with all that a secret had before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// It was, or nothing is owed.
    #[default]
    All,
    /// So many of them are nowhere in this clone, or do not open any more.
    Without(usize),
    /// A new value is owed, and who gives it does not read the environment.
    Blindly,
}

impl Compared {
    /// What holds of two values together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Blindly, _) | (_, Self::Blindly) => Self::Blindly,
            (Self::Without(one), Self::Without(other)) => Self::Without(one + other),
            (Self::All, rest) | (rest, Self::All) => rest,
        }
    }
}

/// Insists that a value which is set is none that the secret had before, where a new one is overdue or owed,
/// and where none stands or what stands is in dispute; there, if the old one is still good, the user may insist.
/// One that is no good any more comes back nowhere. Nor is it the value of another secret that must be rotated.
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
) -> Result<Compared, DeedError> {
    no_copy(sealing, &owed_elsewhere(sealing), (found, value))?;
    one(place, sealing, (found, value), insist)
}

/// Insists of all values that a change of a file brings that they are none which were there before, and where
/// a list is owed, that nothing stays in it.
///
/// # Errors
/// As [`not_again`].
pub(in crate::deeds) fn all_new(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    resealed: &Resealed,
    values: &[(&Found, &Plaintext)],
) -> Result<Compared, DeedError> {
    let change = &resealed.change;
    let mut compared = Compared::All;
    let elsewhere = owed_elsewhere(sealing);
    for (found, value) in values {
        let address = found.address();
        stands_alone(sealing.verified, &address)?;
        // What is sealed as it stood in clear is told as such, and pays nothing.
        if resealed.cleared.contains(&address.key.item()) {
            continue;
        }
        keeps_to_decrypt(sealing.verified, &address)?;
        no_copy(sealing, &elsewhere, (found, value))?;
        compared = compared.and(one(place, sealing, (found, value), Insist::Anyway)?);
    }
    let made = change.items.iter().filter(|it| it.op == Op::New && it.generation.is_some());
    for address in made.map(|item| change.address(&item.key)) {
        if resealed.kept.contains(&address.key) && is_owed(sealing, &address) {
            let name = sealing.verified.record.name_of(&address);
            let what = format!("{name} wants new values, and would keep some of the old ones");
            let instead = "replace all that is in the list at once".to_owned();
            return refuse(format!("{what}; nothing written"), instead);
        }
    }
    Ok(compared)
}

/// Insists that a value which gets the name of another one is none that this one had, and that is no good any
/// more. What is owed of the value itself goes along with it.
///
/// # Errors
/// As [`not_again`].
pub(in crate::deeds) fn moves_no_old(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    found: &Found,
    target: &Address,
) -> Result<(), DeedError> {
    let Sealing { verified, ring, today, .. } = sealing;
    let source = found.address();
    let Some(live) = verified.live.get(&source).filter(|live| live.item.generation.is_some())
    else {
        return Ok(());
    };
    if is_owed(sealing, &source) || verified.record.ever_made(target).is_empty() {
        return Ok(());
    }
    let (made, at) = verified.record.origin_of(&source, *live);
    let itself = (verified.record.entries[made].id, at);
    let Address { env, path, key } = target.clone();
    let target = Found { env, path, key };
    let value = get::one(verified, ring, found)?;
    match same(place, sealing, &target, &value)?.0 {
        Some(old)
            if (old.origin.entry, &old.origin.address) != itself
                && verified.is_spoilt(&old, &target.address(), today) =>
        {
            told(sealing, &target, &old, INSTEAD)
        }
        _ => Ok(()),
    }
}

/// Insists that what was dropped at an address is none that this secret had, and that is no good any more: who
/// dropped it could not tell.
///
/// # Errors
/// As [`not_again`].
pub(in crate::deeds) fn nothing_old(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    address: &Address,
) -> Result<(), DeedError> {
    let Sealing { verified, ring, today, .. } = sealing;
    let Some(live) = verified.live.get(address) else { return Ok(()) };
    let (made, at) = verified.record.origin_of(address, *live);
    let itself = (verified.record.entries[made].id, at);
    let mut before = verified.record.ever_made(address);
    before.retain(|old| {
        (old.origin.entry, &old.origin.address) != itself && verified.is_spoilt(old, address, today)
    });
    if before.is_empty() {
        return Ok(());
    }
    let Address { env, path, key } = address.clone();
    let found = Found { env, path, key };
    // What does not open is refused when it is sealed anew.
    let Ok(value) = get::one(verified, ring, &found) else { return Ok(()) };
    let earlier = earlier::find(place, (verified, ring), &found, &before)?;
    let same = earlier.values.iter().find(|(_, old)| old.expose() == value.expose());
    same.map_or(Ok(()), |(at, _)| told(sealing, &found, &before[*at], INSTEAD))
}

/// Whether a value is owed that nobody here can compare with those before it.
pub(in crate::deeds) fn blindly(sealing: Sealing<'_>, address: &Address) -> Compared {
    match sealing.ring.is_blind() && is_owed(sealing, address) {
        true => Compared::Blindly,
        false => Compared::All,
    }
}

fn one(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    (found, value): (&Found, &Plaintext),
    insist: Insist,
) -> Result<Compared, DeedError> {
    let Sealing { verified, ring, today, .. } = sealing;
    let address = found.address();
    let owed = is_owed(sealing, &address);
    if ring.is_blind() {
        return Ok(blindly(sealing, &address));
    }
    let mut made = verified.record.ever_made(&address);
    if verified.live.contains_key(&address) && !owed {
        made.retain(|old| verified.is_spoilt(old, &address, today));
    }
    if made.is_empty() {
        return Ok(Compared::All);
    }
    let (old, lost) = among(place, sealing, (found, value), made)?;
    let compared = if lost == 0 { Compared::All } else { Compared::Without(lost) };
    let Some(old) = old else { return Ok(compared) };
    if owed || verified.is_spoilt(&old, &address, today) {
        return told(sealing, found, &old, INSTEAD);
    }
    // What lies here and is not live is in dispute, and one of its sides may be the one that is wanted.
    if insist == Insist::Anyway || steps::stands(verified, &address) {
        return Ok(compared);
    }
    told(
        sealing,
        found,
        &old,
        "order a new value at its issuer, or: --generate; or insist: --anyway",
    )
}

/// Tells whether what stands at an address is overdue, or must be rotated for another reason.
fn is_owed(sealing: Sealing<'_>, address: &Address) -> bool {
    let Sealing { verified, today, .. } = sealing;
    let due = verified.deadline(address);
    let mut debts = verified.obligations.iter().filter(|debt| debt.address == *address);
    due.is_some_and(|due| days_left(due, today) < 0) || debts.any(|debt| !debt.is_accepted(today))
}

/// The values of an environment that must be rotated, or are overdue, where they can be told from a word that many
/// values have.
fn owed_elsewhere(sealing: Sealing<'_>) -> Vec<(&Address, Plaintext)> {
    let Sealing { verified, ring, today, env } = sealing;
    if ring.is_blind() {
        return Vec::new();
    }
    let open = |debt: &&Obligation| debt.owed == Owed::Rotate && !debt.is_accepted(today);
    let owed = verified.obligations.iter().filter(open).map(|debt| &debt.address);
    let overdue = verified.live.iter().filter(|(address, live)| {
        let due = live.item.due.filter(|_| live.item.generation.is_some());
        due.is_some_and(|due| days_left(due, today) < 0) && verified.stage(address).is_none()
    });
    let all: BTreeSet<_> = owed.chain(overdue.map(|(address, _)| address)).collect();
    let value = |address: &Address| {
        let Address { env, path, key } = address.clone();
        // A list, or what does not open: it is no one value.
        get::one(verified, ring, &Found { env, path, key }).ok()
    };
    let mine = all.into_iter().filter(|address| address.env == *env);
    let read = mine.filter_map(|address| Some((address, value(address)?)));
    read.filter(|(_, value)| value.len() >= LEAST).collect()
}

fn no_copy(
    sealing: Sealing<'_>,
    owed: &[(&Address, Plaintext)],
    (found, value): (&Found, &Plaintext),
) -> Result<(), DeedError> {
    let here = found.address();
    let same = |(at, old): &&(&Address, Plaintext)| **at != here && means(old, value);
    let Some((at, _)) = owed.iter().find(same) else { return Ok(()) };
    let name = |address: &Address| sealing.verified.record.name_of(address);
    let (new, old) = (name(&here), name(at));
    let what = format!("{new} would have the value of {old}, which must be rotated");
    let instead = format!("tenure rotate {old}; to give it another name: tenure mv {old} NAME");
    refuse(format!("{what}; nothing written"), instead)
}
