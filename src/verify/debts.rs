//! Check 12: obligations, derived from the policy chain. Mission, section F.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::{Live, Record, Step};
use crate::names::{Address, EnvName, MemberName};
use crate::rotation::Obligation;

/// Derives the open obligations: values whose newest `new` does not descend from the change of policy
/// that took a reader away. Of several leavers the one with the earliest deadline is named.
///
/// A value sealed to an old generation is open to all who ever read that: it is as old as its keyring.
pub(super) fn open(
    record: &Record,
    live: &BTreeMap<Address, Live<'_>>,
    badly_sealed: &BTreeMap<Address, Live<'_>>,
) -> Vec<Obligation> {
    let mut open: BTreeMap<&Address, Obligation> = BTreeMap::new();
    let sealed = live.iter().filter(|(_, live)| live.item.generation.is_some());
    let steps: Vec<_> = record.steps_in_force().collect();
    let mut gone: BTreeMap<(usize, &EnvName), Vec<&MemberName>> = BTreeMap::new();
    let sealed = sealed.map(|(address, value)| (address, record.made_by(*value)));
    let badly = badly_sealed.iter().filter_map(|(address, value)| {
        let keyrings = record.keyrings(&address.env).into_iter();
        let mut mine = keyrings.filter(|it| Some(it.record.generation) == value.item.generation);
        Some((address, mine.next()?.entry))
    });
    for (address, made) in sealed.chain(badly) {
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

/// The members who could read an environment before a step and not after it.
fn leavers<'r>(
    record: &'r Record,
    step: &'r Step,
    env: &EnvName,
) -> impl Iterator<Item = &'r MemberName> {
    let before = step.prev.map(|prev| record.chain.steps[prev].policy.readers(env));
    let after = step.policy.readers(env);
    before.unwrap_or_default().into_iter().filter(move |who| !after.contains(who))
}

fn debt(record: &Record, step: &Step, address: &Address, leaver: &MemberName) -> Obligation {
    let since = record.entries[step.entry].entry.time.to_zoned(TimeZone::UTC).date();
    let due = since.saturating_add(i64::from(step.policy.leaver_days(&address.env)).days());
    Obligation { address: address.clone(), leaver: leaver.clone(), since, due }
}
