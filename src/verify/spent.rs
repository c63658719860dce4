//! Values that others took the place of, and of which nobody says that they were ended at their issuer.

use std::collections::{BTreeSet, HashMap};

use super::exposed::{Made, Version};
use super::{Live, Record, Step, Verified};
use crate::log::entry::{Op, Origin};
use crate::names::{Address, EnvName, Stage, TypeName};
use crate::policy::Policy;

/// A value that stands nowhere, and may still be good at its issuer.
#[derive(Debug)]
pub(super) struct Spent {
    /// The `new` item that made it.
    pub(super) origin: Origin,
    /// The position of its entry.
    pub(super) made: usize,
    /// Where it stood last.
    pub(super) address: Address,
    /// The position of the entry with which another took its place.
    pub(super) replaced: usize,
    /// Whether its type asked for an end already when it was replaced.
    pub(super) asked: bool,
}

/// Tells whether a policy wants values of a type ended at their issuer.
pub(super) fn asks_for_an_end(policy: &Policy, kind: Option<&TypeName>) -> bool {
    let described = kind.and_then(|kind| policy.types.get(kind));
    described.is_some_and(|described| described.revoke.is_some())
}

impl Verified<'_> {
    /// Counts the values of an environment that stand nowhere any more, and of which whoever leaves makes the end
    /// owed: nobody says that they were ended at their issuer.
    #[must_use]
    pub fn ends_open(&self, env: &EnvName) -> usize {
        self.record.spent(self.policy, Some(env)).iter().filter(|spent| spent.asked).count()
    }
}

impl Record {
    /// The values of one environment, or of all, that stand nowhere any more, whose type asks for an end, and
    /// of which no note says that there was one.
    pub(super) fn spent(&self, policy: &Policy, scope: Option<&EnvName>) -> Vec<Spent> {
        self.spent_values(policy, scope).into_iter().map(|(spent, _)| spent).collect()
    }

    /// As [`Record::spent`], each with all that is known of it.
    pub(super) fn spent_values(
        &self,
        policy: &Policy,
        scope: Option<&EnvName>,
    ) -> Vec<(Spent, Made)> {
        let asks = policy.types.values().any(|kind| kind.revoke.is_some());
        if !asks && self.asking().is_empty() {
            return Vec::new();
        }
        let ended = self.revoked();
        let made = self.values_made().into_iter().filter(|made| !ended.contains(&made.origin));
        let spent = made.filter_map(|made| Some((self.spent_value(&made, policy)?, made)));
        let mine = |address: &Address| scope.is_none_or(|only| address.env == *only);
        spent.filter(|(spent, _)| mine(&spent.address)).collect()
    }

    fn spent_value(&self, made: &Made, policy: &Policy) -> Option<Spent> {
        let ended = self.stood_until(made, policy)?;
        let first = self.origin(&made.origin.entry, &made.origin.address)?;
        let was_sealed = made.versions.iter().any(|version| version.generation.is_some());
        // A value of void entries alone was never in use here.
        let counted = made.versions.iter().any(|version| self.holds(version.entry));
        if !was_sealed || !counted {
            return None;
        }
        let last = made.versions.last()?;
        let item = self.entries[last.entry].entry.item(&last.address)?;
        let stood = Live { entry: last.entry, item };
        let replaced = self.replaced_by_move(&last.address, stood).unwrap_or(ended);
        let asked = self.asked(made, Some(replaced)).is_some();
        let asks = || self.kinds(made).iter().any(|kind| asks_for_an_end(policy, Some(kind)));
        if !asked && !asks() {
            return None;
        }
        Some(Spent {
            origin: made.origin.clone(),
            made: first.entry,
            address: last.address.clone(),
            replaced,
            asked,
        })
    }

    /// The position of the entry with which a value stood nowhere any more; none while it stands. One that was
    /// left behind in an environment stands no longer than that does.
    fn stood_until(&self, made: &Made, policy: &Policy) -> Option<usize> {
        let Some(last) = made.live_at.last() else { return made.ended };
        if made.live_at.iter().any(|at| policy.environments.contains_key(&at.env)) {
            return None;
        }
        let without = |policy: &Policy| !policy.environments.contains_key(&last.env);
        self.since_when(without).map(|step| step.entry)
    }

    /// The types that a value ever had.
    fn kinds(&self, made: &Made) -> BTreeSet<&TypeName> {
        let item = |it: &Version| self.entries[it.entry].entry.item(&it.address);
        made.versions.iter().filter_map(|it| item(it)?.kind.as_ref()).collect()
    }

    /// How a policy said that a value is to be ended at its issuer, of those in force from when it was made until
    /// an entry; the last one's word. Who gives it another type, or takes that or its `revoke` away, pays no
    /// debt by it.
    #[must_use]
    pub fn asked(&self, made: &Made, until: Option<usize>) -> Option<&str> {
        let first = &self.entries[self.dag.index(&made.origin.entry)?].entry;
        let in_time = |step: &Step| {
            let known = |until: usize| self.chain.knew(&self.entries[until].entry, step);
            Some(step.id) == first.policy
                || (!self.chain.knew(first, step) && until.is_none_or(known))
        };
        let steps = |kind: &TypeName| {
            let steps = self.asking().get(kind).into_iter().flatten().copied();
            steps.filter(|at| in_time(&self.chain.steps[*at])).max()
        };
        let (at, kind) =
            self.kinds(made).into_iter().filter_map(|kind| Some((steps(kind)?, kind))).max()?;
        self.chain.steps[at].policy.types.get(kind)?.revoke.as_deref()
    }

    /// The steps in force whose policies ask for an end of a type's values, by the type.
    fn asking(&self) -> &HashMap<TypeName, Vec<usize>> {
        self.asking.get_or_init(|| {
            let mut asking: HashMap<TypeName, Vec<usize>> = HashMap::new();
            let holding = self.chain.holding_now().into_iter().enumerate();
            for (at, _) in holding.filter(|(_, holds)| *holds) {
                let kinds = self.chain.steps[at].policy.types.iter();
                for (kind, _) in kinds.filter(|(_, it)| it.revoke.is_some()) {
                    asking.entry(kind.clone()).or_default().push(at);
                }
            }
            asking
        })
    }

    /// The position of the entry that moved a value from the current one's place to the previous one's; none
    /// for a value that is no previous one.
    pub(super) fn replaced_by_move(&self, address: &Address, live: Live<'_>) -> Option<usize> {
        let (mut at, mut now) = (address, live);
        for (before, earlier) in self.chain_of(live) {
            let (_, base) = at.beside_what().filter(|(stage, _)| *stage == Stage::Previous)?;
            if now.item.op == Op::Move && *before == base {
                return Some(now.entry);
            }
            (at, now) = (before, earlier);
        }
        None
    }
}
