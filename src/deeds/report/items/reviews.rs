//! Items about reviews: OI-14, OI-15, OI-16. No review and no approval can be recorded yet, so that none
//! is on record, and each is due from the first day on that it is counted from.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::history::since;
use super::{Matter, OpenItem};
use crate::deeds::report::ground::Ground;
use crate::deeds::report::words::Words;
use crate::names::EnvName;
use crate::policy::Policy;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    let clocks = &policy.clocks;
    for env in policy.environments.keys() {
        let due = review_due(matter.ground, env);
        if due < matter.ground.today {
            let item = OpenItem::new(
                "OI-14",
                Words::said(format!("{env}, no review is on record; due {due}")),
            );
            let item = item.since(due.tomorrow().ok()).owner(super::SECURITY.to_owned());
            items.push(
                item.fix(Words::from("look through ").code(format!("tenure who-can read {env}"))),
            );
        }
    }
    if let Some(due) = past(matter.ground.begun(), clocks.review_5d, matter.ground.today) {
        let item =
            OpenItem::new("OI-15", Words::said(format!("no review is on record; due {due}")));
        let item = item.since(due.tomorrow().ok()).owner(super::SECURITY.to_owned());
        items.push(item.fix("read this document, and mend what it says"));
    }
    if !policy.environments.is_empty() {
        let hash = policy.plan_hash();
        let same = |policy: &Policy| policy.plan_hash() == hash;
        let subject = "no approval by security or the platform owner is on record";
        let item = OpenItem::new("OI-16", subject).since(since(matter.ground, same));
        items.push(item.owner(super::PLATFORM.to_owned()).fix("read `tenure report plan`"));
    }
}

/// By when who reads an environment is to be reviewed: no review is on record, so that it counts from its
/// first day.
#[must_use]
pub fn review_due(ground: &Ground<'_>, env: &EnvName) -> Date {
    let there = |policy: &Policy| policy.environments.contains_key(env);
    let begun = since(ground, there).unwrap_or_else(|| ground.begun());
    let days = ground.verified.policy.clocks.access_review;
    begun.saturating_add(i64::from(days).days())
}

/// The last day in time, where it is over.
fn past(begun: Date, days: u32, today: Date) -> Option<Date> {
    let due = begun.saturating_add(i64::from(days).days());
    (due < today).then_some(due)
}
