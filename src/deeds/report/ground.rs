//! What every report stands on: the judged repository, a day, and the tracked files.

use jiff::civil::Date;

use super::lineage;
use super::neutral::Neutral;
use super::tracked::Tracked;
use crate::deeds::find::Names;
use crate::deeds::load::Place;
use crate::log::entry::Origin;
use crate::names::{Address, TypeName};
use crate::verify::Verified;

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
}

impl Ground<'_> {
    /// The UTC day that an entry claims.
    #[must_use]
    pub fn day(&self, entry: usize) -> Date {
        lineage::day(self.verified.record, entry)
    }

    /// The shortest name of a value.
    #[must_use]
    pub fn name(&self, address: &Address) -> String {
        self.names.short(address)
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
