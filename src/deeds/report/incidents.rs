//! Incidents and exercises on record, and what became of their values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::ground::Ground;
use crate::deeds::incident::case::day;
use crate::log::entry::Origin;
use crate::names::{EntryId, MemberName};

/// An incident, or an exercise of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The note that opened it.
    pub id: EntryId,
    /// What it is about, as the note says.
    pub subject: String,
    /// Whether it is an exercise.
    pub drill: bool,
    /// When it was opened.
    pub opened: Date,
    /// By whom.
    pub by: MemberName,
    /// How many values were exposed.
    pub values: usize,
    /// How many of them are still in use.
    pub live: usize,
    /// Who says that it is over.
    pub closers: BTreeSet<MemberName>,
    /// Since when two members say so, an admin among them.
    pub closed: Option<Date>,
    /// The two by whom it is closed, where nothing shows that they are two persons.
    pub doubt: Option<(MemberName, MemberName)>,
}

/// Lists the incidents, in the log's order. What is in use is what the log says, whatever lies on disk.
#[must_use]
pub fn incidents(ground: &Ground<'_>) -> Vec<Incident> {
    let record = ground.verified.record;
    let opened = record.incidents();
    let made = if opened.is_empty() { Vec::new() } else { record.values_made() };
    let live: BTreeMap<&Origin, bool> =
        made.iter().map(|it| (&it.origin, !it.live_at.is_empty())).collect();
    let of = |it: &crate::verify::incidents::Incident<'_>| {
        let closing = record.closing(it.id);
        Incident {
            id: it.id,
            subject: ground.neutral.say(&it.subject.to_string()),
            drill: it.drill,
            opened: ground.day(it.entry),
            by: record.entries[it.entry].entry.by.clone(),
            values: it.values.len(),
            live: it.values.iter().filter(|value| live.get(value).is_some_and(|it| *it)).count(),
            closers: closing.words.iter().map(|word| word.by.clone()).collect(),
            closed: closing.closed.map(day),
            doubt: closing.doubt,
        }
    };
    opened.iter().map(of).collect()
}
