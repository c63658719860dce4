//! What the log counts: values made, replaced and ended, and readers taken away.

use jiff::civil::Date;

use super::access::Access;
use super::ground::Ground;
use super::rotations::{self, End, Rotation};
use crate::log::entry::{Grade, Origin};
use crate::names::{EntryId, MemberName};

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
    /// Readers taken away from an environment, and keys of readers that are lost.
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
pub fn events(ground: &Ground<'_>, rotations: &[Rotation], access: &Access) -> Events {
    let record = ground.verified.record;
    let holding = (0..record.entries.len()).filter(|at| record.holds(*at));
    let mut signers: Vec<_> = holding.map(|at| &record.entries[at].entry.by).collect();
    signers.sort();
    signers.dedup();
    Events {
        entries: record.counted(),
        signers: signers.len(),
        root: record.root(),
        creations: Tally::of(ground.lives().creations.iter().map(|(at, _)| ground.day(*at))),
        rotations: Tally::of(rotations.iter().filter_map(|it| it.finished)),
        revoked_readers: Tally::of(access.revoked.iter().map(|it| it.on)),
        ended: ended(ground),
    }
}

/// Lists the credentials that notes say were ended, the oldest note first.
fn ended(ground: &Ground<'_>) -> Vec<Ended> {
    let record = ground.verified.record;
    let ended = |End { entry, value: (made, address), grade }| Ended {
        name: ground.called(&Origin { entry: record.dag.id(made), address }),
        on: ground.day(entry),
        by: record.entries[entry].entry.by.clone(),
        grade,
    };
    rotations::ends(record).into_iter().map(ended).collect()
}
