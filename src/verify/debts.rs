//! Check 12: obligations, derived from the policy chain and from incidents; and previous values that nobody
//! ended. Mission, sections F and G; decision 26.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter::once;
use std::rc::Rc;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::incidents::Incident;
use super::spent::Spent;
use super::{Live, Made, Record, Step, Verified};
use crate::log::entry::{Note, Origin};
use crate::names::{Address, EntryId, EnvName, MemberName, Stage};
use crate::policy::{LostKey, Policy, Strategy, is_credential};
use crate::rotation::{Accepted, Cause, Obligation, Owed, Previous, days_left};

/// What is owed.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) obligations: Vec<Obligation>,
    pub(super) previous: Vec<Previous>,
}

/// A value that a cause may bear on.
struct Value {
    address: Address,
    origin: Origin,
    /// The position of the entry that says how old it is.
    made: usize,
    owed: Owed,
    /// Whether whoever leaves makes it owed.
    to_leavers: bool,
    /// The position of the entry that put it in clear: what comes after that finds no secret there.
    cleared: Option<usize>,
}

/// Derives what is owed of one environment, or of all: the values whose `new` does not descend from the change
/// of policy that took away a reader, or a reader's key that is lost; those that an incident exposed; and
/// those that were replaced, of a type that asks for an end, and of which nobody says that they were ended.
///
/// A value sealed to an old generation is open to all who ever read that: it is as old as its keyring.
pub(super) fn ledger(verified: &Verified<'_>, scope: Option<&EnvName>) -> Ledger {
    let record = verified.record;
    let spent = record.spent(verified.policy, scope);
    let values = values(verified, &spent);
    let mut book = Book::of(record);
    let mut obligations: Vec<_> = values.iter().flat_map(|value| book.of_value(value)).collect();
    obligations.extend(book.of_incidents(&values));
    obligations.sort_by(|a, b| (&a.address, a.due, &a.cause).cmp(&(&b.address, b.due, &b.cause)));
    Ledger { obligations, previous: previous(verified, &spent) }
}

impl Verified<'_> {
    /// Tells whether a value is no good any more: it is overdue, was ended at its issuer, or would be owed if it
    /// stood at an address.
    #[must_use]
    pub fn is_spoilt(&self, made: &Made, address: &Address, today: Date) -> bool {
        let first = self.record.origin(&made.origin.entry, &made.origin.address);
        if first.and_then(|it| it.item.due).is_some_and(|due| days_left(due, today) < 0) {
            return true;
        }
        if self.record.revoked().contains(&made.origin) {
            return true;
        }
        let value = Value {
            address: address.clone(),
            origin: made.origin.clone(),
            made: made.entry,
            owed: Owed::Rotate,
            to_leavers: is_credential(made.kind.as_ref()),
            cleared: None,
        };
        let mut book = Book::of(self.record);
        let mut owed = book.of_value(&value);
        owed.extend(book.of_incidents(&[value]));
        owed.iter().any(|debt| !debt.is_accepted(today))
    }
}

/// The sealed values that stand.
fn standing<'v, 'e>(
    verified: &'v Verified<'e>,
) -> impl Iterator<Item = (&'v Address, &'v Live<'e>)> {
    all_standing(verified).filter(|(_, live)| live.item.generation.is_some())
}

/// What stands, also what only the log says so of: a file that is gone pays nothing.
fn all_standing<'v, 'e>(
    verified: &'v Verified<'e>,
) -> impl Iterator<Item = (&'v Address, &'v Live<'e>)> {
    let unfound = verified.unfound.iter().filter(|(at, _)| !verified.live.contains_key(at));
    verified.live.iter().chain(unfound)
}

/// The values that were put in clear where one stands, but for those of which an end is asked anyhow.
fn cleared<'v>(verified: &'v Verified<'_>, spent: &'v [Spent]) -> impl Iterator<Item = Value> + 'v {
    let record = verified.record;
    let spent: HashSet<&Origin> = spent.iter().map(|it| &it.origin).collect();
    all_standing(verified).flat_map(move |(address, live)| {
        let mut cleared = record.cleared(address, *live);
        cleared.retain(|it| !spent.contains(&it.origin));
        cleared.into_iter().map(|it| Value {
            address: address.clone(),
            origin: it.origin,
            made: it.made,
            owed: Owed::Rotate,
            to_leavers: was_credential(record, it.live),
            cleared: Some(it.since),
        })
    })
}

/// The values that stand, and those that were replaced and must be ended.
fn values(verified: &Verified<'_>, spent: &[Spent]) -> Vec<Value> {
    let record = verified.record;
    let origin = |address: &Address, live: Live<'_>| {
        let (made, at) = record.origin_of(address, live);
        (made, Origin { entry: record.entries[made].id, address: at.clone() })
    };
    let mut all: Vec<_> = standing(verified)
        .map(|(address, live)| {
            let (made, origin) = origin(address, *live);
            let owed = match verified.stage(address) {
                Some((Stage::Previous, _)) => Owed::End,
                Some((Stage::Next, _)) | None => Owed::Rotate,
            };
            let to_leavers = was_credential(record, *live);
            let address = address.clone();
            Value { address, origin, made, owed, to_leavers, cleared: None }
        })
        .collect();
    all.extend(cleared(verified, spent));
    all.extend(verified.badly_sealed.iter().filter_map(|(address, live)| {
        let keyrings = record.keyrings(&address.env).into_iter();
        let mut mine = keyrings.filter(|it| Some(it.record.generation) == live.item.generation);
        let (made, (_, origin)) = (mine.next()?.entry, origin(address, *live));
        let address = address.clone();
        let to_leavers = was_credential(record, *live);
        let (owed, cleared) = (Owed::Rotate, None);
        Some(Value { address, origin, made, owed, to_leavers, cleared })
    }));
    all.extend(spent.iter().map(|spent| Value {
        address: spent.address.clone(),
        origin: spent.origin.clone(),
        made: spent.made,
        owed: Owed::End,
        to_leavers: spent.asked,
        cleared: None,
    }));
    all
}

/// Tells whether a value ever counted as a credential: who gives it another type pays no debt by that.
fn was_credential(record: &Record, live: Live<'_>) -> bool {
    let before = record.chain_of(live).map(|(_, before)| before);
    before.chain([live]).any(|it| is_credential(it.item.kind.as_ref()))
}

/// The previous values, standing or not, that are to be ended.
fn previous(verified: &Verified<'_>, spent: &[Spent]) -> Vec<Previous> {
    let (record, policy) = (verified.record, verified.policy);
    let one = |address: &Address, origin: Origin, replaced: usize, stands: bool| {
        let made = record.origin(&origin.entry, &origin.address);
        let overlap = policy.overlap(made.and_then(|made| made.item.kind.as_ref()));
        let since = record.day_of(replaced);
        let due = since.saturating_add(i64::from(overlap).days());
        Previous { address: address.clone(), origin, stands, since, due }
    };
    // What opens nothing, as the name of a user, has no end at an issuer.
    let standing = standing(verified).filter(|(_, live)| was_credential(record, **live));
    let standing = standing.filter_map(|(address, live)| {
        verified.stage(address).filter(|(stage, _)| *stage == Stage::Previous)?;
        let replaced = record.replaced_by_move(address, *live)?;
        let (made, at) = record.origin_of(address, *live);
        let origin = Origin { entry: record.entries[made].id, address: at.clone() };
        let value = one(address, origin, replaced, true);
        (!stays(record, *live, (replaced, value.due))).then_some(value)
    });
    let gone = spent.iter().filter(|it| it.asked);
    let gone = gone.map(|it| one(&it.address, it.origin.clone(), it.replaced, false));
    let mut all: Vec<_> = standing.chain(gone).collect();
    all.sort_by(|a, b| (&a.address, a.due, &a.origin).cmp(&(&b.address, b.due, &b.origin)));
    all
}

/// Tells whether a previous value decrypts what it encrypted, and has to stay: its type says so since its time was
/// up at the latest, and did not become that type after another value took its place.
fn stays(record: &Record, live: Live<'_>, (replaced, due): (usize, Date)) -> bool {
    let steps = once(live).chain(record.chain_of(live).map(|(_, before)| before));
    let mut steps = steps.skip_while(|it| it.entry != replaced);
    let Some(kind) = steps.next().and_then(|it| it.item.kind.as_ref()) else { return false };
    let same = live.item.kind.as_ref() == Some(kind);
    let keeps = |policy: &Policy| {
        let kind = policy.types.get(kind);
        kind.is_some_and(|kind| kind.strategy == Some(Strategy::KeepOld))
    };
    same && record.since_when(keeps).is_some_and(|step| record.day_of(step.entry) <= due)
}

/// What bears on values: who left, which keys are lost, which incidents there are, and what is borne.
struct Book<'r> {
    record: &'r Record,
    steps: Vec<&'r Step>,
    losses: Vec<Loss<'r>>,
    incidents: Vec<Incident<'r>>,
    /// What some admin bears: enough of them or not.
    borne: HashSet<(EntryId, &'r Origin)>,
    /// Who lost an environment with each step; told when it is asked.
    gone: BTreeMap<EnvName, Vec<Option<Vec<&'r MemberName>>>>,
    /// The steps that were not in force for whoever signed under a policy, by their places in `steps`.
    unknown: HashMap<Option<EntryId>, Rc<[usize]>>,
}

impl<'r> Book<'r> {
    fn of(record: &'r Record) -> Self {
        let steps: Vec<_> = record.steps_in_force().collect();
        let losses = steps.iter().flat_map(|step| losses(record, step)).collect();
        let over = |it: &Incident<'_>| it.drill && record.closing(it.id).closed.is_some();
        let incidents = record.incidents().into_iter().filter(|it| !over(it)).collect();
        let borne = record.notes().filter_map(|(_, note)| match note {
            Note::IncidentAccept { target, value, .. } => Some((*target, value)),
            _ => None,
        });
        let (borne, gone, unknown) = (borne.collect(), BTreeMap::new(), HashMap::new());
        Self { record, steps, losses, incidents, borne, gone, unknown }
    }

    fn unknown(&mut self, made: usize) -> Rc<[usize]> {
        let (entry, chain) = (&self.record.entries[made].entry, &self.record.chain);
        let steps = &self.steps;
        let unknown = || (0..steps.len()).filter(|at| !chain.knew(entry, steps[*at])).collect();
        Rc::clone(self.unknown.entry(entry.policy).or_insert_with(unknown))
    }

    /// What is owed of a value to those who left and to lost keys.
    fn of_value(&mut self, value: &Value) -> Vec<Obligation> {
        let mut owed = Vec::new();
        if !value.to_leavers {
            return owed;
        }
        let (record, env) = (self.record, &value.address.env);
        let untold = || vec![None; self.steps.len()];
        let mut gone = self.gone.remove(env).unwrap_or_else(untold);
        for at in self.unknown(value.made).iter().copied() {
            let step = self.steps[at];
            if !self.bears_on(step.entry, value) {
                continue;
            }
            let left = |who: &&MemberName| Cause::Left { who: (*who).clone() };
            let gone = gone[at].get_or_insert_with(|| leavers(record, step, env).collect());
            owed.extend(gone.iter().map(|who| self.since(step, value, left(who))));
        }
        self.gone.insert(env.clone(), gone);
        let made = &record.entries[value.made].entry;
        for at in 0..self.losses.len() {
            let Loss { told, taken, env, who } = self.losses[at];
            let bears = self.bears_on(told.entry, value);
            if bears && *env == value.address.env && !record.chain.knew(made, taken) {
                owed.push(self.since(told, value, Cause::LostKey { who: who.clone() }));
            }
        }
        owed
    }

    /// Tells whether an entry does not come after a value was put in clear, for all to read.
    fn bears_on(&self, cause: usize, value: &Value) -> bool {
        value.cleared.is_none_or(|since| !self.record.dag.is_ancestor(since, cause))
    }

    fn since(&self, step: &Step, value: &Value, cause: Cause) -> Obligation {
        let since = self.record.day_of(step.entry);
        let days = i64::from(step.policy.leaver_days(&value.address.env));
        self.debt(value, cause, step.id, (since, since.saturating_add(days.days())))
    }

    fn debt(
        &self,
        value: &Value,
        cause: Cause,
        entry: EntryId,
        (since, due): (Date, Date),
    ) -> Obligation {
        let Value { address, origin, owed, .. } = value;
        let accepted = self.accepted(entry, origin);
        let (address, origin) = (address.clone(), origin.clone());
        Obligation { address, origin, cause, entry, since, due, owed: *owed, accepted }
    }

    fn accepted(&self, cause: EntryId, value: &Origin) -> Option<Accepted> {
        self.borne.get(&(cause, value))?;
        let bearing = self.record.bearing(cause, value);
        let until = bearing.until?;
        let admin = |who: &MemberName| self.record.policy().is_some_and(|it| it.is_admin(who));
        let mut words = bearing.words;
        words.retain(|(word, last)| admin(&word.by) && *last >= until);
        let reason = words.last().and_then(|(word, _)| word.reason.clone());
        let by = words.into_iter().map(|(word, _)| word.by).collect();
        Some(Accepted { until, by, reason })
    }

    /// What is owed of the values that incidents exposed.
    fn of_incidents(&self, values: &[Value]) -> Vec<Obligation> {
        let mut by_origin: HashMap<&Origin, Vec<&Value>> = HashMap::new();
        if !self.incidents.is_empty() {
            values.iter().for_each(|it| by_origin.entry(&it.origin).or_default().push(it));
        }
        let mut owed = Vec::new();
        for incident in &self.incidents {
            let (id, drill) = (incident.id, incident.drill);
            let day = self.record.day_of(incident.entry);
            let exposed = incident.values.iter().filter_map(|origin| by_origin.get(origin));
            owed.extend(
                exposed
                    .flatten()
                    .filter(|value| self.bears_on(incident.entry, value))
                    .map(|value| self.debt(value, Cause::Incident { id, drill }, id, (day, day))),
            );
        }
        owed
    }
}

/// A reader's key that a policy says is lost.
#[derive(Clone, Copy)]
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

impl Record {
    /// The keys of readers that are lost: the position of the policy's entry from which on nothing is sealed to
    /// them, what they opened, and whose they were.
    #[must_use]
    pub fn lost_readers(&self) -> Vec<(usize, &EnvName, &MemberName)> {
        let all = self.steps_in_force().flat_map(|step| losses(self, step));
        all.map(|it| (it.taken.entry, it.env, it.who)).collect()
    }
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
    // With an environment that is no more nobody left.
    let has = |policy: &Policy| policy.environments.contains_key(env);
    let removed = !has(&step.policy) && !record.policy().is_some_and(has);
    let before = if removed { BTreeSet::new() } else { before };
    before.into_iter().filter(move |who| !after.contains(who))
}
