//! Incidents and exercises on record, and what became of their values.

use std::collections::BTreeSet;

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
    /// That nobody here can close it, where that is so.
    pub out_of_reach: Option<String>,
}

/// Lists the incidents, in the log's order. What is in use is what the log says, whatever lies on disk.
#[must_use]
pub fn incidents(ground: &Ground<'_>) -> Vec<Incident> {
    let record = ground.verified.record;
    let opened = record.incidents();
    let live = |it: &Origin| ground.made().get(it).is_some_and(|made| !made.live_at.is_empty());
    let of = |it: &crate::verify::incidents::Incident<'_>| {
        let closing = record.closing(it.id);
        Incident {
            id: it.id,
            subject: ground.neutral.say(&it.subject.to_string()),
            drill: it.drill,
            opened: ground.day(it.entry),
            by: record.entries[it.entry].entry.by.clone(),
            values: it.values.len(),
            live: it.values.iter().filter(|it| live(it)).count(),
            closers: closing.words.iter().map(|word| word.by.clone()).collect(),
            closed: closing.closed.map(day),
            out_of_reach: closing.out_of_reach().map(|why| why.replace('`', "")),
            doubt: closing.doubt,
        }
    };
    opened.iter().map(of).collect()
}
