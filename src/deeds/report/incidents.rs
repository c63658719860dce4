//! Incidents and exercises on record, and what became of their values.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::ground::Ground;
use super::secrets::Secret;
use crate::log::entry::{Kind, Note, Origin};
use crate::names::{EntryId, MemberName};
use crate::verify::Record;

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
}

/// Lists the incidents, in the log's order.
#[must_use]
pub fn incidents(ground: &Ground<'_>, secrets: &[Secret]) -> Vec<Incident> {
    let record = ground.verified.record;
    let opened = |at: usize| match &record.entries[at].entry.kind {
        Kind::Note(Note::IncidentOpen { subject, drill, values }) => {
            Some((at, ground.neutral.say(&subject.to_string()), *drill, values))
        }
        _ => None,
    };
    let holding = record.dag.order().iter().copied().filter(|at| record.holds(*at));
    let all = holding.filter_map(opened);
    all.map(|(at, subject, drill, values)| {
        let id = record.dag.id(at);
        let is_live = |value: &&Origin| secrets.iter().any(|it| it.is_of(value));
        let (closers, closed) = closing(ground, record, id);
        Incident {
            id,
            subject,
            drill,
            opened: ground.day(at),
            by: record.entries[at].entry.by.clone(),
            values: values.len(),
            live: values.iter().filter(is_live).count(),
            closers,
            closed,
        }
    })
    .collect()
}

/// Who says that an incident is over, and since when that is enough.
fn closing(
    ground: &Ground<'_>,
    record: &Record,
    incident: EntryId,
) -> (BTreeSet<MemberName>, Option<Date>) {
    let (mut closers, mut admins, mut closed) = (BTreeSet::new(), 0, None);
    for at in record.dag.order().iter().copied().filter(|at| record.holds(*at)) {
        let entry = &record.entries[at].entry;
        let about = matches!(&entry.kind,
            Kind::Note(Note::IncidentClose { target }) if *target == incident);
        if !about || !closers.insert(entry.by.clone()) {
            continue;
        }
        let step = entry.policy.and_then(|id| record.chain.step(&id));
        admins += usize::from(step.is_some_and(|step| step.policy.is_admin(&entry.by)));
        if closed.is_none() && closers.len() > 1 && admins > 0 {
            closed = Some(ground.day(at));
        }
    }
    (closers, closed)
}
