//! Values that others took the place of, and of which nobody says that they were ended at their issuer.

use super::exposed::Made;
use super::{Live, Record, Verified};
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
        let asks = |policy: &Policy| policy.types.values().any(|kind| kind.revoke.is_some());
        if !asks(policy) && !self.chain.steps.iter().any(|step| asks(&step.policy)) {
            return Vec::new();
        }
        let ended = self.revoked();
        let made = self.values_made().into_iter().filter(|made| !ended.contains(&made.origin));
        let spent = made.filter_map(|made| Some((self.spent_value(&made, policy)?, made)));
        let mine = |address: &Address| {
            policy.environments.contains_key(&address.env)
                && scope.is_none_or(|only| address.env == *only)
        };
        spent.filter(|(spent, _)| mine(&spent.address)).collect()
    }

    fn spent_value(&self, made: &Made, policy: &Policy) -> Option<Spent> {
        let ended = made.ended.filter(|_| made.live_at.is_empty())?;
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
        let then = self.policy_at(replaced);
        // Who gives it another type, renames one or takes it away pays no debt by that.
        let kinds = [first.item.kind.as_ref(), item.kind.as_ref()];
        let asks = |kind: &Option<&TypeName>| {
            let known = kind.is_some_and(|kind| policy.types.contains_key(kind));
            let rules = if known { Some(policy) } else { then };
            rules.is_some_and(|rules| asks_for_an_end(rules, *kind))
        };
        kinds.iter().find(|kind| asks(kind))?;
        let asked = |kind: &Option<&TypeName>| then.is_some_and(|it| asks_for_an_end(it, *kind));
        Some(Spent {
            origin: made.origin.clone(),
            made: first.entry,
            address: last.address.clone(),
            replaced,
            asked: kinds.iter().any(asked),
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
