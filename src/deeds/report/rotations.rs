//! Rotations: which were finished, and which of them in time.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::ground::Ground;
use super::lineage::{Made, Succession};
use crate::log::entry::{Grade, Kind, Note};
use crate::names::{Address, EnvName, MemberName, TypeName};
use crate::policy::is_credential;
use crate::verify::{Record, Step};

/// A value that was replaced by a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Where.
    pub address: Address,
    /// Its type.
    pub kind: Option<TypeName>,
    /// The day the new value took the place of the old one.
    pub on: Date,
    /// The day it was finished: where the type asks for it, the day the old credential was ended.
    pub finished: Option<Date>,
    /// Whether that was in time; none while it is not finished.
    pub timely: Option<Timely>,
    /// Who signed the new value.
    pub by: MemberName,
}

/// Whether something was done by its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timely {
    /// By its date.
    Yes,
    /// Later.
    No,
}

/// The recorded end of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The position of the note's entry.
    pub entry: usize,
    /// The value that was ended.
    pub value: Made,
    /// How well that is known.
    pub grade: Grade,
}

/// Lists the recorded ends of credentials, parents before children.
#[must_use]
pub fn ends(record: &Record) -> Vec<End> {
    let end = |at: usize| match &record.entries[at].entry.kind {
        Kind::Note(Note::Revoked { value, grade }) => {
            let made = record.dag.index(&value.entry)?;
            Some(End { entry: at, value: (made, value.address.clone()), grade: *grade })
        }
        _ => None,
    };
    let holding = record.dag.order().iter().copied().filter(|at| record.holds(*at));
    holding.filter_map(end).collect()
}

/// Lists the rotations, in the log's order. A value that opens nothing is changed, and not rotated.
#[must_use]
pub fn rotations(ground: &Ground<'_>) -> Vec<Rotation> {
    let ends = ends(ground.verified.record);
    let all = ground.lives().successions.iter();
    let credentials = all.filter(|it| is_credential(it.kind.as_ref()));
    credentials.map(|it| rotation(ground, it, &ends)).collect()
}

fn rotation(ground: &Ground<'_>, it: &Succession, ends: &[End]) -> Rotation {
    let (policy, on) = (ground.verified.policy, ground.day(it.entry));
    let said = it.kind.as_ref().and_then(|kind| policy.types.get(kind));
    let to_end = said.is_some_and(|kind| kind.revoke.is_some());
    let end = ends.iter().find(|end| end.value == it.old).map(|end| ground.day(end.entry));
    let finished = if to_end { end.map(|end| end.max(on)) } else { Some(on) };
    let duty = duty(ground, it);
    let in_time = |done: Date| {
        let overlap = i64::from(policy.overlap(it.kind.as_ref()));
        let begun = it.due.is_none_or(|due| on <= due);
        let ended = done <= on.saturating_add(overlap.days());
        let paid = duty.is_none_or(|due| done <= due);
        if begun && ended && paid { Timely::Yes } else { Timely::No }
    };
    Rotation {
        address: it.address.clone(),
        kind: it.kind.clone(),
        on,
        finished,
        timely: finished.map(in_time),
        by: ground.verified.record.entries[it.new.0].entry.by.clone(),
    }
}

/// The earliest date that a leaver set to the value that was replaced.
fn duty(ground: &Ground<'_>, it: &Succession) -> Option<Date> {
    let record = ground.verified.record;
    let between = |step: &&Step| {
        !record.dag.is_ancestor(step.entry, it.old.0)
            && record.dag.is_ancestor(step.entry, it.entry)
    };
    let env = &it.address.env;
    let steps = record.steps_in_force().filter(between);
    let left = steps.filter(|step| takes_a_reader(record, step, env));
    let due = |step: &Step| {
        let days = i64::from(step.policy.leaver_days(env));
        ground.day(step.entry).saturating_add(days.days())
    };
    left.map(due).min()
}

fn takes_a_reader(record: &Record, step: &Step, env: &EnvName) -> bool {
    let now = step.policy.readers(env);
    let gone = |who: &&MemberName| !now.contains(who);
    let mut before = step.follows().map(|at| &record.chain.steps[at].policy);
    before.any(|policy| policy.readers(env).iter().any(&gone))
}
