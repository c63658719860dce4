//! Check 8, the deadline: it follows the value, and is no later than its type allows.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::standing::found;
use super::{Live, Record, Verified};
use crate::finding::{Code, Finding};
use crate::log::entry::Op;
use crate::names::Address;
use crate::policy::{Clash, Policy};

/// Compares type and deadline of an item with the policy of its entry, or with what it carries on.
pub(super) fn check(
    record: &Record,
    address: &Address,
    live: Live<'_>,
) -> Result<(), Box<Finding>> {
    if live.item.generation.is_none() {
        return Ok(());
    }
    let judged = match live.item.op {
        Op::New => fresh(record, address, live),
        Op::Rekey | Op::Move | Op::Adopt | Op::Extend => carried(record, address, live),
        Op::Delete => Ok(()),
    };
    judged.map_err(|message| {
        let fix = format!("tenure set {}", record.name_of(address));
        found(record, Code::BadDue, address, live, message).fix(fix).into()
    })
}

fn fresh(record: &Record, address: &Address, live: Live<'_>) -> Result<(), String> {
    let Some(policy) = record.policy_at(live.entry) else { return Ok(()) };
    let wanted = policy.rule(address).kind;
    if wanted.is_some() && wanted != live.item.kind.as_ref() {
        return Err("its type is not the one that the policy gives it".to_owned());
    }
    in_time(record, policy, (address, live))
}

/// The UTC day that an entry claims.
fn day(record: &Record, entry: usize) -> Date {
    record.entries[entry].entry.time.to_zoned(TimeZone::UTC).date()
}

/// Insists on a deadline that is no later than that of a value made there with the item's entry.
fn in_time(
    record: &Record,
    policy: &Policy,
    (address, live): (&Address, Live<'_>),
) -> Result<(), String> {
    let made = day(record, live.entry);
    let Some(latest) = policy.due(address, live.item.kind.as_ref(), made) else { return Ok(()) };
    match live.item.due {
        Some(due) if due <= latest => Ok(()),
        Some(due) => {
            Err(format!("due {due}, and {} allows {latest} at most", giver(policy, address)))
        }
        None => Err(format!("it has no deadline, and {} wants one", giver(policy, address))),
    }
}

/// What gives a value its deadline.
fn giver(policy: &Policy, address: &Address) -> &'static str {
    if policy.rule(address).rotate_every.is_some() { "its rule" } else { "its type" }
}

/// Insists that who moved a deadline said why, and moved it no further than a new value's.
fn extended(record: &Record, address: &Address, live: Live<'_>) -> Result<(), String> {
    if record.entries[live.entry].entry.reason.is_none() {
        return Err("its deadline was moved without a reason".to_owned());
    }
    record.policy_at(live.entry).map_or(Ok(()), |policy| in_time(record, policy, (address, live)))
}

/// Insists that who gave a value another type left it no more time, and took its deadline away only as one is
/// moved: `adopt` changes the type, and `extend` where the new one has no deadline.
fn retyped(
    record: &Record,
    (address, new): (&Address, Live<'_>),
    old: Live<'_>,
) -> Result<(), String> {
    if new.item.kind.is_none() || !matches!(new.item.op, Op::Adopt | Op::Extend) {
        return Err("its type changed while it was carried on".to_owned());
    }
    if new.item.op == Op::Extend {
        return Ok(());
    }
    let later = old.item.due.is_some_and(|was| new.item.due.is_none_or(|due| due > was));
    if later {
        return Err("it got more time with another type".to_owned());
    }
    record.policy_at(new.entry).map_or(Ok(()), |policy| in_time(record, policy, (address, new)))
}

fn carried(record: &Record, address: &Address, live: Live<'_>) -> Result<(), String> {
    let origin = live.item.of.as_ref().and_then(|of| record.origin(&of.entry, &of.address));
    let Some(origin) = origin.filter(|o| record.dag.is_ancestor(o.entry, live.entry)) else {
        return Err("what it carries on is not among its ancestors".to_owned());
    };
    if let Some(why) = breaks(record, live, origin) {
        return Err(why.to_owned());
    }
    // Who carries a value on does not make the deadline better that it was given on the way, be it by
    // one whose word does not count.
    let (mut at, mut later) = (address, live);
    for (address, before) in record.chain_of(live) {
        let (new, old) = (later.item, before.item);
        let wanted = record.policy_at(later.entry).and_then(|policy| policy.rule(at).kind);
        if new.kind != old.kind {
            retyped(record, (at, later), before)?;
            if wanted.is_some() && wanted != new.kind.as_ref() {
                return Err("its type is not the one that the policy gives it".to_owned());
            }
        } else if new.op != Op::Extend && new.due != old.due {
            return Err("its deadline changed while it was carried on".to_owned());
        }
        if new.op == Op::Extend {
            extended(record, at, later)?;
        }
        if new.op == Op::Move {
            fits(record, (address, at), later)?;
        }
        if old.op == Op::New {
            return fresh(record, address, before);
        }
        (at, later) = (address, before);
    }
    Ok(())
}

/// Refuses a move to a place where the value would have to be a new one.
fn fits(record: &Record, between: (&Address, &Address), live: Live<'_>) -> Result<(), String> {
    let policy = record.policy_at(live.entry);
    let Some(clash) = policy.and_then(|policy| clash(record, policy, between, live)) else {
        return Ok(());
    };
    let place = match clash {
        Clash::Kind => "of another type",
        Clash::Deadline => "where it may not live that long",
        Clash::Custody => "in custody of the customer",
    };
    Err(format!("it was moved to a place {place}"))
}

fn clash(
    record: &Record,
    policy: &Policy,
    between: (&Address, &Address),
    live: Live<'_>,
) -> Option<Clash> {
    let made = day(record, record.made_by(live));
    policy.clash(between, (live.item.kind.as_ref(), live.item.due), made)
}

impl Verified<'_> {
    /// Tells what of a value does not fit another place under the policy in force: there it would be a new one.
    #[must_use]
    pub fn clash(&self, between: (&Address, &Address), live: Live<'_>) -> Option<Clash> {
        clash(self.record, self.policy, between, live)
    }
}

/// Says why an item is not the value of its origin with the same deadline, as far as that shows.
fn breaks(record: &Record, live: Live<'_>, origin: Live<'_>) -> Option<&'static str> {
    let (item, before) = (live.item, origin.item);
    let same_bytes = (item.hash, item.generation) == (before.hash, before.generation);
    // A token names its key: under another one it is another token.
    if !matches!(item.op, Op::Rekey | Op::Move) && !same_bytes {
        return Some("it is not the value that it says it carries on");
    }
    let replaced =
        item.of.as_ref().is_some_and(|of| record.replaced(origin, &of.address, live.entry));
    replaced.then_some("the value that it carries on was replaced before")
}
