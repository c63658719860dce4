//! What readers who were taken away could read and is in use no more: it stays read.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::access::Revoked;
use super::ground::Ground;
use super::rotations::End;
use crate::names::{Address, EnvName, MemberName};
use crate::verify::Record;
use crate::verify::exposed::{Exposed, Who};

/// What one reader who was taken away could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Who.
    pub who: MemberName,
    /// The values that are in use no more, the oldest first.
    pub gone: Vec<Gone>,
}

/// A value that is in use no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The shortest name by which it was in use last.
    pub name: String,
    /// The day it was made.
    pub made: Date,
    /// The day it was replaced or deleted.
    pub until: Option<Date>,
    /// The day its end at the issuer was recorded.
    pub ended: Option<Date>,
}

/// What could be read, by the value.
pub(super) type Readable = BTreeMap<(usize, Address), Exposed>;

/// Lists what somebody could ever read, by the `new` that made it.
pub(super) fn readable(record: &Record, who: &MemberName) -> Readable {
    let who = Who::Member(who);
    let (made, opens) = (record.values_made(), record.opens(&who));
    let all = made.iter().filter_map(|made| record.exposure(made, &who, &opens));
    by_value(record, all)
}

/// Finds the value of each again by the position of the entry that made it.
pub(super) fn by_value(record: &Record, all: impl IntoIterator<Item = Exposed>) -> Readable {
    let origin =
        |it: &Exposed| Some((record.dag.index(&it.origin.entry)?, it.origin.address.clone()));
    all.into_iter().filter_map(|it| Some((origin(&it)?, it))).collect()
}

/// Tells what each reader who was taken away, and not let in again, could read besides what is in use.
#[must_use]
pub fn leavers(ground: &Ground<'_>, revoked: &[Revoked], ends: &[End]) -> Vec<Leaver> {
    let policy = ground.verified.policy;
    let mut left: BTreeMap<&MemberName, Vec<&EnvName>> = BTreeMap::new();
    for it in revoked.iter().filter(|it| !policy.readers(&it.env).contains(&it.who)) {
        left.entry(&it.who).or_default().push(&it.env);
    }
    let of = |(who, envs): (&MemberName, Vec<&EnvName>)| {
        let all = readable(ground.verified.record, who);
        let gone = all.iter().filter(|((_, at), it)| !it.is_live() && envs.contains(&&at.env));
        let mut gone: Vec<_> = gone.map(|(made, it)| dead(ground, made, it, ends)).collect();
        gone.sort_by(|a, b| (a.made, &a.name).cmp(&(b.made, &b.name)));
        Leaver { who: who.clone(), gone }
    };
    left.into_iter().map(of).collect()
}

fn dead(ground: &Ground<'_>, made: &(usize, Address), it: &Exposed, ends: &[End]) -> Gone {
    let end = ends.iter().find(|end| end.value == *made);
    Gone {
        name: ground.called(&it.origin),
        made: ground.day(made.0),
        until: it.until,
        ended: end.map(|end| ground.day(end.entry)),
    }
}
