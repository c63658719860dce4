//! What the log counts: values made, replaced and ended, and readers taken away.

use jiff::civil::Date;

use super::access::Access;
use super::ground::Ground;
use super::rotations::Rotation;
use crate::log::entry::Grade;
use crate::names::{Address, EntryId, MemberName};

/// How often something happened, and when last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: usize,
    /// When last.
    pub last: Option<Date>,
}

impl Tally {
    fn of(days: impl Iterator<Item = Date>) -> Self {
        days.fold(Self::default(), |tally, day| Self {
            count: tally.count + 1,
            last: tally.last.max(Some(day)),
        })
    }
}

/// What the log counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
    /// How many members signed them.
    pub signers: usize,
    /// The first entry.
    pub root: Option<EntryId>,
    /// Values made where there was none.
    pub creations: Tally,
    /// Rotations that are finished.
    pub rotations: Tally,
    /// Readers taken away from an environment.
    pub revoked_readers: Tally,
    /// Credentials ended at their issuers, the oldest first.
    pub ended: Vec<Ended>,
}

/// A credential that was ended at its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The shortest name of the value that it was.
    pub name: String,
    /// When that was recorded.
    pub on: Date,
    /// Who says so.
    pub by: MemberName,
    /// Whether a probe with the old value was refused.
    pub grade: Grade,
}

/// Counts what happened.
#[must_use]
pub fn events(
    ground: &Ground<'_>,
    rotations: &[Rotation],
    creations: &[(usize, Address)],
    access: &Access,
) -> Events {
    let record = ground.verified.record;
    let holding = (0..record.entries.len()).filter(|at| record.holds(*at));
    let mut signers: Vec<_> = holding.map(|at| &record.entries[at].entry.by).collect();
    signers.sort();
    signers.dedup();
    Events {
        entries: record.counted(),
        signers: signers.len(),
        root: record.root(),
        creations: Tally::of(creations.iter().map(|(at, _)| ground.day(*at))),
        rotations: Tally::of(rotations.iter().filter_map(|it| it.finished)),
        revoked_readers: Tally::of(access.revoked.iter().map(|it| it.on)),
        ended: ended(ground),
    }
}

/// Lists the credentials that notes say were ended, the oldest note first.
fn ended(ground: &Ground<'_>) -> Vec<Ended> {
    super::rotations::ends(ground.verified.record)
        .into_iter()
        .map(|end| Ended {
            name: ground.name(&end.value.1),
            on: ground.day(end.entry),
            by: ground.verified.record.entries[end.entry].entry.by.clone(),
            grade: end.grade,
        })
        .collect()
}
