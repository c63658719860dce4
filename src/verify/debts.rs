//! Check 12: obligations, derived from the policy chain. Mission, section F.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::{Live, Record, Step};
use crate::names::{Address, EnvName, MemberName};
use crate::policy::LostKey;
use crate::rotation::{Cause, Obligation};

/// Derives the open obligations: values whose newest `new` does not descend from the change of policy
/// that took away a reader, or a reader's key that is lost. Of several causes the one with the earliest
/// deadline is named.
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
    let losses: Vec<_> = steps.iter().flat_map(|step| losses(record, step)).collect();
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
            for who in leavers.iter() {
                earliest(&mut open, address, debt(record, step, address, (who, Cause::Left)));
            }
        }
        let mine = losses.iter().filter(|loss| loss.env == &address.env);
        for loss in mine.filter(|it| !record.chain.knew(&record.entries[made].entry, it.taken)) {
            let why = (loss.who, Cause::LostKey);
            earliest(&mut open, address, debt(record, loss.told, address, why));
        }
    }
    open.into_values().collect()
}

fn earliest<'a>(
    open: &mut BTreeMap<&'a Address, Obligation>,
    address: &'a Address,
    debt: Obligation,
) {
    let known = open.entry(address).or_insert_with(|| debt.clone());
    if debt.due < known.due {
        *known = debt;
    }
}

/// A reader's key that a policy says is lost.
struct Loss<'r> {
    /// The step that says so first.
    told: &'r Step,
    /// The step from which on nothing is sealed to the key: that one, or one before it.
    taken: &'r Step,
    /// What the key opened.
    env: &'r EnvName,
    /// Whose it was.
    who: &'r MemberName,
}

/// What the keys opened that a step is the first to call lost.
fn losses<'r>(record: &'r Record, told: &'r Step) -> Vec<Loss<'r>> {
    let steps = &record.chain.steps;
    let before: Vec<_> = told.follows().map(|at| &steps[at]).collect();
    let known = |key: &LostKey| {
        before.iter().any(|step| step.policy.lost_keys().any(|(_, known)| known == key))
    };
    let mut losses = Vec::new();
    for (_, key) in told.policy.lost_keys().filter(|(_, key)| !known(key)) {
        for first in &before {
            let (mut taken, mut at) = (told, Some(*first));
            while let Some(step) = at {
                if let Some(who) = step.policy.reader_with(key) {
                    let envs = step.policy.readable_by(who).into_iter();
                    losses.extend(envs.map(|env| Loss { told, taken, env, who }));
                    break;
                }
                (taken, at) = (step, step.prev.map(|prev| &steps[prev]));
            }
        }
    }
    losses
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

fn debt(
    record: &Record,
    step: &Step,
    address: &Address,
    (leaver, cause): (&MemberName, Cause),
) -> Obligation {
    let since = record.entries[step.entry].entry.time.to_zoned(TimeZone::UTC).date();
    let due = since.saturating_add(i64::from(step.policy.leaver_days(&address.env)).days());
    Obligation { address: address.clone(), leaver: leaver.clone(), cause, since, due }
}
