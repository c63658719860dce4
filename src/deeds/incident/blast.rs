//! What an incident exposes: the values that its subject could read, as far as they still open something.

use std::collections::{BTreeMap, BTreeSet};

use crate::deeds::member::owner::owned;
use crate::log::entry::{Kind, Note, Origin, Subject};
use crate::names::{EntryId, MemberName, TypeName};
use crate::policy::{Policy, Recipient, is_credential};
use crate::verify::Record;
use crate::verify::exposed::{Exposed, Made, Who};

/// The most bytes of values in one note: it leaves room for all else in an entry's 1 MiB.
const BYTES: usize = 900_000;

/// What a subject could read, also what is dead; of a secret or an environment: whatever stands there.
fn exposed(record: &Record, policy: &Policy, subject: &Subject) -> Vec<Exposed> {
    match subject {
        Subject::Member(name) => of_member(record, policy, name),
        Subject::Recipient(text) => {
            let keys: BTreeSet<_> = text.parse::<Recipient>().into_iter().collect();
            record.exposed(&Who::Keys(&keys))
        }
        Subject::Vendor(vendor) => record.exposed(&Who::Vendor(vendor)),
        Subject::Secret(address) => {
            let mut all = record.exposed(&Who::Anyone);
            // What was taken away can leak too: then it is the last value that stood there.
            let stands = |it: &Exposed| it.live_at.contains(address);
            let here = all.iter().any(stands);
            all.retain(|it| if here { stands(it) } else { it.origin.address == *address });
            if !here { all.pop().into_iter().collect() } else { all }
        }
        Subject::Env(env) => {
            let mut all = record.exposed(&Who::Anyone);
            all.retain(|it| {
                it.origin.address.env == *env || it.live_at.iter().any(|at| at.env == *env)
            });
            all
        }
    }
}

/// Since when a subject could read what; of a secret or an environment: anybody.
pub(super) fn windows(record: &Record, policy: &Policy, subject: &Subject) -> Vec<Exposed> {
    match subject {
        Subject::Secret(_) | Subject::Env(_) => record.exposed(&Who::Anyone),
        Subject::Member(_) | Subject::Recipient(_) | Subject::Vendor(_) => {
            exposed(record, policy, subject)
        }
    }
}

/// Since when which values could be read by what an incident is about.
#[must_use]
pub(in crate::deeds) fn exposed_by(record: &Record, incident: EntryId) -> Vec<Exposed> {
    let Some(at) = record.dag.index(&incident) else { return Vec::new() };
    match (&record.entries[at].entry.kind, record.policy_at(at)) {
        (Kind::Note(Note::IncidentOpen { subject, .. }), Some(then)) => {
            windows(record, then, subject)
        }
        _ => Vec::new(),
    }
}

/// What a member could read, with their own keys or with those of the machines that they answer for: they
/// may hold these too.
fn of_member(record: &Record, policy: &Policy, name: &MemberName) -> Vec<Exposed> {
    let mut all: BTreeMap<Origin, Exposed> = BTreeMap::new();
    let machines = owned(policy, name).into_iter().map(|it| it.name);
    for who in [name.clone()].into_iter().chain(machines) {
        for one in record.exposed(&Who::Member(&who)) {
            let known = all.entry(one.origin.clone()).or_insert_with(|| one.clone());
            if one.since < known.since {
                *known = one;
            }
        }
    }
    all.into_values().collect()
}

/// Tells whether a value still opens something: it stands, or its type wants its end recorded, and it is not.
fn works(record: &Record, policy: &Policy, made: Option<&Made>) -> bool {
    let Some(made) = made else { return false };
    let wants_end = || revoke(record, policy, made).is_some();
    !made.live_at.is_empty() || (wants_end() && record.ended_at_issuer(&made.origin).is_none())
}

/// How the policy, or one while it was in use, says that a value is ended at its issuer.
pub(super) fn revoke<'p>(record: &'p Record, policy: &'p Policy, made: &Made) -> Option<&'p str> {
    let today = kind_of(record, made).and_then(|kind| policy.types.get(kind)?.revoke.as_deref());
    today.or_else(|| record.asked(made, made.ended))
}

fn kind_of<'r>(record: &'r Record, made: &Made) -> Option<&'r TypeName> {
    let at = record.dag.index(&made.origin.entry)?;
    record.entries[at].entry.item(&made.origin.address)?.kind.as_ref()
}

/// The notes that open an incident about a subject: one, or several where one would grow too large; none
/// where nothing that still opens something was exposed.
#[must_use]
pub(in crate::deeds) fn alarms(
    record: &Record,
    policy: &Policy,
    subject: &Subject,
    drill: bool,
) -> Vec<Note> {
    let made = record.values_made();
    let made: BTreeMap<&Origin, &Made> = made.iter().map(|it| (&it.origin, it)).collect();
    let values = exposed(record, policy, subject).into_iter().map(|it| it.origin);
    // What opens nothing is no loss, unless somebody names it.
    let named = matches!(subject, Subject::Secret(_));
    let counts = |it: &Made| named || is_credential(kind_of(record, it));
    let values = values.filter(|origin| {
        let made = made.get(origin).copied();
        works(record, policy, made) && made.is_some_and(counts)
    });
    split(subject, drill, values)
}

/// Puts values into notes that each fit into an entry.
fn split(subject: &Subject, drill: bool, values: impl Iterator<Item = Origin>) -> Vec<Note> {
    let mut parts: Vec<(usize, Vec<Origin>)> = Vec::new();
    for value in values {
        let size = value.to_string().escape_debug().count() + 8;
        match parts.last_mut().filter(|(bytes, _)| bytes + size <= BYTES) {
            Some((bytes, part)) => {
                *bytes += size;
                part.push(value);
            }
            None => parts.push((size, vec![value])),
        }
    }
    let note = |(_, values)| Note::IncidentOpen { subject: subject.clone(), drill, values };
    parts.into_iter().map(note).collect()
}
