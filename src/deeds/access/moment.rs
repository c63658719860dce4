//! As of when a question is asked: a day, an entry, or a commit.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::deeds::DeedError;
use crate::deeds::as_of;
use crate::deeds::enact::{Edited, nothing_blocks};
use crate::deeds::load::{Place, unbelieved};
use crate::deeds::log;
use crate::log::name::file_path;
use crate::names::{EntryId, MemberName};
use crate::policy::Policy;
use crate::verify::{LogEvidence, Record};
use crate::world::{ObjectId, World};

/// As of when an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// The state that is here.
    Now,
    /// The end of a UTC day, by the times that entries claim.
    Day(Date),
    /// An entry and its ancestors, whatever came beside it.
    Entry(EntryId),
    /// The log that a commit holds.
    Commit(ObjectId),
}

/// As of when an answer holds, and by which policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// As of when.
    pub moment: Moment,
    /// The policy's number, its entry and who signed that; none where the repository needs no log.
    pub policy: Option<(u32, EntryId, MemberName)>,
    /// The UTC day by which keys are expired or not.
    pub day: Date,
}

impl AsOf {
    /// Tells whether the answer rests on the times that signers claim.
    #[must_use]
    pub fn is_by_claimed_times(&self) -> bool {
        matches!(self.moment, Moment::Day(_))
    }
}

/// A log as it was.
pub(super) struct Then {
    /// What it says.
    pub(super) record: Record,
    moment: Moment,
    day: Date,
}

impl Then {
    /// Reads and judges the log as of some moment: a day, the beginning of an entry's id, or whatever git
    /// takes for a commit.
    ///
    /// # Errors
    /// [`DeedError::Refused`] where the log, here or then, is not to be believed;
    /// [`DeedError::NoMoment`], [`DeedError::NoPolicyThen`].
    pub(super) fn load(world: &World, text: Option<&str>) -> Result<Self, DeedError> {
        let place = Place::find(world)?;
        let record = place.record()?;
        nothing_blocks(&record.findings, Edited::Refused)?;
        let Some(text) = text else {
            return Ok(Self { record, moment: Moment::Now, day: place.today() });
        };
        let then = if let Ok(day) = text.parse::<Date>() {
            on_day(&place, &record, day)?
        } else if let Some(at) = entry(&record, text)? {
            at_entry(&place, &record, at)?
        } else {
            in_commit(place, text)?
        };
        match then.record.policy() {
            Some(_) => Ok(then),
            None => Err(DeedError::NoPolicyThen(text.to_owned())),
        }
    }

    /// The policy in force then.
    pub(super) fn policy(&self) -> Result<&Policy, DeedError> {
        self.record.policy().ok_or_else(|| unbelieved(&self.record))
    }

    /// Says when then is, and by which policy.
    pub(super) fn as_of(&self) -> AsOf {
        let step = self.record.chain.current();
        let signer = |entry: usize| self.record.entries[entry].entry.by.clone();
        AsOf {
            moment: self.moment.clone(),
            policy: step.map(|step| (step.seq, step.id, signer(step.entry))),
            day: self.day,
        }
    }
}

/// A shorter text may well be the name of a branch.
fn entry(record: &Record, text: &str) -> Result<Option<usize>, DeedError> {
    let begins = text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if begins { log::entry_named(record, text) } else { Ok(None) }
}

/// Entries of up to a day. A parent may claim a time later than its child's: then the child does not count
/// either, since it cannot be without its parent.
fn on_day(place: &Place<'_>, whole: &Record, day: Date) -> Result<Then, DeedError> {
    let end = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
    let end = end.map_or(Timestamp::MAX, |next| next.timestamp());
    let late = |at: &usize| whole.entries[*at].entry.time >= end;
    let late: Vec<_> = (0..whole.entries.len()).filter(late).collect();
    if late.len() == whole.entries.len() {
        return Err(DeedError::NoPolicyThen(day.to_string()));
    }
    let counts =
        |at: usize| !late.iter().any(|other| *other == at || whole.dag.is_ancestor(*other, at));
    Ok(Then { record: part(place, whole, counts)?, moment: Moment::Day(day), day })
}

fn at_entry(place: &Place<'_>, whole: &Record, entry: usize) -> Result<Then, DeedError> {
    let counts = |at: usize| at == entry || whole.dag.is_ancestor(at, entry);
    let signed = &whole.entries[entry];
    let day = signed.entry.time.to_zoned(TimeZone::UTC).date();
    Ok(Then { record: part(place, whole, counts)?, moment: Moment::Entry(signed.id), day })
}

/// Judges those entries alone that count; with each, all its ancestors must.
fn part(
    place: &Place<'_>,
    whole: &Record,
    counts: impl Fn(usize) -> bool,
) -> Result<Record, DeedError> {
    let kept = (0..whole.entries.len()).filter(|at| counts(*at));
    let path = |at: usize| file_path(&whole.entries[at].entry, &whole.entries[at].id).to_string();
    let kept: BTreeSet<_> = kept.map(path).collect();
    let LogEvidence { mut log, policies, .. } = place.log_evidence()?;
    log.retain(|path, _| kept.contains(path));
    let evidence = LogEvidence { log, policies, ..LogEvidence::default() };
    let record = Record::judge(&evidence, place.trusted()?, place.world.now);
    // The policy's file is of today, and no part of what was then.
    nothing_blocks(&record.findings, Edited::Expected)?;
    Ok(record)
}

fn in_commit(place: Place<'_>, text: &str) -> Result<Then, DeedError> {
    let commit = as_of::named(&place, text)?;
    let place = place.committed(&commit)?;
    let record = as_of::believed(&place, &commit, text)?;
    let newest = record.entries.iter().map(|signed| signed.entry.time).max();
    let day = newest.map_or(place.today(), |time| time.to_zoned(TimeZone::UTC).date());
    Ok(Then { record, moment: Moment::Commit(commit), day })
}
