//! Duties: values to replace or to end, and why; and values that another took the place of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::ground::Ground;
use super::leavers::{Readable, by_value, readable};
use super::secrets::Secret;
use super::triggers::Trigger;
use crate::deeds::incident::exposed_by;
use crate::log::entry::Origin;
use crate::names::{Address, TypeName};
use crate::rotation::{Accepted, Cause, Obligation, Owed, Previous, days_left, pressing};
use crate::verify::Record;

/// A duty about one value: of several the most pressing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// Where the value stands, or stood last.
    pub address: Address,
    /// The `new` item that made it.
    pub origin: Origin,
    /// Its type.
    pub kind: Option<TypeName>,
    /// Its shortest name.
    pub name: String,
    /// What opened it.
    pub trigger: Trigger,
    /// The cause, as a clause with a name in it.
    pub cause: String,
    /// Whether it is an exercise.
    pub drill: bool,
    /// What is left to do.
    pub owed: Owed,
    /// Since when.
    pub since: Date,
    /// The last day in time.
    pub due: Date,
    /// By how many days it is late; none where it is in time, borne, an exercise, or a customer's.
    pub late: Option<i32>,
    /// Since when the value could be read by who is the cause; of an incident about values by anybody.
    pub readable_from: Option<Date>,
    /// Who bears it, and until when.
    pub accepted: Option<Accepted>,
    /// Who answers for the value.
    pub owner: Option<String>,
}

/// A value that another took the place of, and that nobody ended yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlived {
    /// Where it stands, or stood last.
    pub address: Address,
    /// The `new` item that made it.
    pub origin: Origin,
    /// Its type.
    pub kind: Option<TypeName>,
    /// Its shortest name.
    pub name: String,
    /// Whether it still stands beside the current one.
    pub stands: bool,
    /// The day it was replaced.
    pub since: Date,
    /// The last day in time.
    pub due: Date,
    /// By how many days it is late; none where it is in time, or a customer's.
    pub late: Option<i32>,
}

/// Lists the open duties, by date and address.
#[must_use]
pub fn debts(ground: &Ground<'_>, secrets: &[Secret]) -> Vec<Debt> {
    let open = pressing(&ground.verified.obligations, ground.today);
    let by_address: BTreeMap<_, _> = secrets.iter().map(|it| (&it.address, it)).collect();
    let mut known: BTreeMap<&Cause, Readable> = BTreeMap::new();
    for cause in open.iter().map(|it| &it.cause) {
        known.entry(cause).or_insert_with(|| window(ground.verified.record, cause));
    }
    let of = |it: &Obligation| {
        let made = ground.verified.record.dag.index(&it.origin.entry);
        let reads = known.get(&it.cause);
        let since = made.and_then(|made| reads?.get(&(made, it.origin.address.clone())));
        let here = by_address.get(&it.address).copied();
        let secret = here.filter(|secret| secret.is_of(&it.origin));
        debt(ground, secret, it, since.map(|it| it.since))
    };
    let mut debts: Vec<_> = open.into_iter().map(of).collect();
    debts.sort_by(|a, b| (a.due, &a.address).cmp(&(b.due, &b.address)));
    debts
}

/// Since when a cause let which values be read.
fn window(record: &Record, cause: &Cause) -> Readable {
    match cause {
        Cause::Left { who } | Cause::LostKey { who } => readable(record, who),
        Cause::Incident { id, .. } => by_value(record, exposed_by(record, *id)),
    }
}

fn debt(
    ground: &Ground<'_>,
    secret: Option<&Secret>,
    it: &Obligation,
    readable_from: Option<Date>,
) -> Debt {
    let rule = ground.verified.policy.rule(&it.address);
    let customers = ground.verified.policy.has_customer(&it.address, &it.origin.address);
    let red = it.is_red(ground.today) && !customers;
    let owner = rule.owner;
    Debt {
        address: it.address.clone(),
        origin: it.origin.clone(),
        kind: secret.map_or_else(|| ground.kind_of(&it.origin), |it| it.kind.clone()),
        name: ground.name(&it.address),
        trigger: match it.cause {
            Cause::Left { .. } | Cause::LostKey { .. } => Trigger::Leaver,
            Cause::Incident { .. } => Trigger::Compromise,
        },
        cause: it.cause.what().replace('`', ""),
        drill: it.is_drill(),
        owed: it.owed,
        since: it.since,
        due: it.due,
        late: red.then(|| -days_left(it.due, ground.today)),
        readable_from,
        accepted: it.accepted.clone().filter(|_| it.is_accepted(ground.today)),
        owner: owner.map(|text| ground.neutral.say(text)),
    }
}

/// Lists the values that another took the place of and that nobody ended, by date and address.
#[must_use]
pub fn outlived(ground: &Ground<'_>) -> Vec<Outlived> {
    let of = |it: &Previous| {
        let customers = ground.verified.policy.has_customer(&it.address, &it.origin.address);
        let left = days_left(it.due, ground.today);
        let red = left < 0 && !customers;
        Outlived {
            address: it.address.clone(),
            origin: it.origin.clone(),
            kind: ground.kind_of(&it.origin),
            name: ground.name(&it.address),
            stands: it.stands,
            since: it.since,
            due: it.due,
            late: red.then_some(-left),
        }
    };
    let mut all: Vec<_> = ground.verified.previous.iter().map(of).collect();
    all.sort_by(|a, b| (a.due, &a.address).cmp(&(b.due, &b.address)));
    all
}

/// The types of the values of which anything is owed: also where none of them stands any more.
#[must_use]
pub fn kinds(debts: &[Debt], outlived: &[Outlived]) -> BTreeSet<TypeName> {
    let debts = debts.iter().filter_map(|it| it.kind.clone());
    debts.chain(outlived.iter().filter_map(|it| it.kind.clone())).collect()
}
