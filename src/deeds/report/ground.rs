//! What every report stands on: the judged repository, a day, and the tracked files.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::lineage::{self, Lives};
use super::neutral::Neutral;
use super::tracked::Tracked;
use crate::deeds::find::Names;
use crate::deeds::load::Place;
use crate::log::entry::Origin;
use crate::names::{Address, KeyPath, TypeName};
use crate::verify::Verified;
use crate::verify::exposed::Made;

/// What every report stands on. No key is used.
pub struct Ground<'a> {
    /// The repository.
    pub place: &'a Place<'a>,
    /// Policy, log and files, judged as of the day.
    pub verified: &'a Verified<'a>,
    /// The day that the report is of.
    pub today: Date,
    /// What git tracks.
    pub tracked: Tracked,
    /// The shortest names of the values.
    pub names: Names<'a>,
    /// Free words without the names of third parties.
    pub neutral: Neutral,
    lives: OnceCell<Lives>,
    made: OnceCell<BTreeMap<Origin, Made>>,
}

impl<'a> Ground<'a> {
    /// Stands on a repository as of a day.
    #[must_use]
    pub fn of(
        place: &'a Place<'a>,
        (verified, today): (&'a Verified<'a>, Date),
        tracked: Tracked,
        names: Names<'a>,
    ) -> Self {
        let (neutral, lives, made) =
            (Neutral::of(verified.policy), OnceCell::new(), OnceCell::new());
        Self { place, verified, today, tracked, names, neutral, lives, made }
    }

    /// What became of all values.
    #[must_use]
    pub fn lives(&self) -> &Lives {
        self.lives.get_or_init(|| lineage::lives(self.verified.record))
    }

    /// The values that were ever made.
    #[must_use]
    pub fn made(&self) -> &BTreeMap<Origin, Made> {
        let all = || self.verified.record.values_made().into_iter();
        self.made.get_or_init(|| all().map(|it| (it.origin.clone(), it)).collect())
    }

    /// The shortest name by which a value was in use last.
    #[must_use]
    pub fn called(&self, value: &Origin) -> String {
        let made = self.made().get(value);
        self.name(made.map_or(&value.address, |made| self.verified.record.called(made)))
    }

    /// The UTC day that an entry claims.
    #[must_use]
    pub fn day(&self, entry: usize) -> Date {
        lineage::day(self.verified.record, entry)
    }

    /// The shortest name of a value; of what stands nowhere any more the one that commands take.
    #[must_use]
    pub fn name(&self, address: &Address) -> String {
        let Address { env, key, .. } = address;
        let gone = !self.verified.live.contains_key(address) && *key != KeyPath::Whole;
        match gone {
            true if self.verified.record.was_elsewhere(address) => address.to_string(),
            true => format!("{env}/{key}"),
            false => self.names.short(address),
        }
    }

    /// The type that a value was made with.
    #[must_use]
    pub fn kind_of(&self, origin: &Origin) -> Option<TypeName> {
        let record = self.verified.record;
        let made = record.dag.index(&origin.entry)?;
        record.entries[made].entry.item(&origin.address)?.kind.clone()
    }

    /// The day of the log's first entry; the report's own day where there is no log.
    #[must_use]
    pub fn begun(&self) -> Date {
        let record = self.verified.record;
        let first = record.chain.steps.iter().find(|step| step.prev.is_none());
        first.map_or(self.today, |step| self.day(step.entry))
    }
}
