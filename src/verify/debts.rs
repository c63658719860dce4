//! Check 12: obligations, derived from the policy chain. Mission, section F.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::{Live, Record, Step};
use crate::names::{Address, EnvName, MemberName};
use crate::rotation::Obligation;

/// Derives the open obligations: values whose newest `new` does not descend from the change of policy
/// that took a reader away. Of several leavers the one with the earliest deadline is named.
pub(super) fn open(record: &Record, live: &BTreeMap<Address, Live<'_>>) -> Vec<Obligation> {
    let mut open: BTreeMap<&Address, Obligation> = BTreeMap::new();
    let sealed = live.iter().filter(|(_, live)| live.item.generation.is_some());
    let steps: Vec<_> = record.steps_in_force().collect();
    let mut gone: BTreeMap<(usize, &EnvName), Vec<&MemberName>> = BTreeMap::new();
    for (address, value) in sealed {
        let made = record.made_by(*value);
        for step in &steps {
            if record.chain.knew(&record.entries[made].entry, step) {
                continue;
            }
            let leavers = gone
                .entry((step.entry, &address.env))
                .or_insert_with(|| leavers(record, step, &address.env).collect());
            for debt in leavers.iter().map(|who| debt(record, step, address, who)) {
                let known = open.entry(address).or_insert_with(|| debt.clone());
                if debt.due < known.due {
                    *known = debt;
                }
            }
        }
    }
    open.into_values().collect()
}

/// The members who could read an environment before a step, under any policy that it follows, and not
/// after it.
fn leavers<'r>(
    record: &'r Record,
    step: &'r Step,
    env: &EnvName,
) -> impl Iterator<Item = &'r MemberName> {
    let before = step.follows().flat_map(|at| record.chain.steps[at].policy.readers(env));
    let before: BTreeSet<_> = before.collect();
    let after = step.policy.readers(env);
    before.into_iter().filter(move |who| !after.contains(who))
}

fn debt(record: &Record, step: &Step, address: &Address, leaver: &MemberName) -> Obligation {
    let since = record.entries[step.entry].entry.time.to_zoned(TimeZone::UTC).date();
    let due = since.saturating_add(i64::from(step.policy.leaver_days(&address.env)).days());
    Obligation { address: address.clone(), leaver: leaver.clone(), since, due }
}
