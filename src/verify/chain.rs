//! The policy chain: which policy was in force where. Design, section 6.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use crate::log::dag::Dag;
use crate::log::entry::Entry;
use crate::names::{EntryId, MemberName, Sha256};
use crate::policy::Policy;

/// A policy that was signed; in force once the previous one's threshold is reached.
#[derive(Debug)]
pub struct Step {
    /// The position of its entry.
    pub entry: usize,
    /// The id of its entry.
    pub id: EntryId,
    /// 1 for `init`, then one more each.
    pub seq: u32,
    /// The position of the step before in [`Chain::steps`]; none for `init`.
    pub prev: Option<usize>,
    /// The hash of its bytes.
    pub hash: Sha256,
    /// What it says.
    pub policy: Parsed,
}

/// A policy whose bytes are in order; those that were parsed before are parsed again only when asked.
pub struct Parsed(LazyCell<Policy, Box<dyn FnOnce() -> Policy>>);

impl Parsed {
    /// Takes the text of a policy that was parsed before.
    pub(super) fn when_asked(text: String) -> Self {
        let parse = move || Policy::parse(&text).expect("this very text was parsed before");
        Self(LazyCell::new(Box::new(parse)))
    }
}

impl From<Policy> for Parsed {
    fn from(policy: Policy) -> Self {
        Self(LazyCell::new(Box::new(move || policy)))
    }
}

impl Deref for Parsed {
    type Target = Policy;
    fn deref(&self) -> &Policy {
        &self.0
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed(…)")
    }
}

/// All policies whose entries hold, and the approvals among them.
#[derive(Debug, Default)]
pub struct Chain {
    /// In the log's order: a step stands after the one before it.
    pub steps: Vec<Step>,
    /// By the policy's entry that is approved.
    approvals: BTreeMap<EntryId, Vec<Approval>>,
    /// Which steps are in force with the whole log at hand, where that is known from before.
    known: Option<Vec<bool>>,
}

/// An admin's word for a policy.
#[derive(Debug)]
struct Approval {
    by: MemberName,
    /// The position of its entry.
    entry: usize,
    /// The policy under which it was signed; none for the signer of `init`.
    under: Option<EntryId>,
}

/// From where the chain is looked at.
#[derive(Clone, Copy)]
pub(super) enum Seen<'d> {
    /// From an entry: only its ancestors count.
    From(usize, &'d Dag),
    /// From all that came about without an entry: neither it nor what descends from it counts.
    Without(usize, &'d Dag),
    /// With the whole log at hand.
    Whole,
}

impl Seen<'_> {
    fn has(self, entry: usize) -> bool {
        match self {
            Self::From(observer, dag) => dag.is_ancestor(entry, observer),
            Self::Without(absent, dag) => entry != absent && !dag.is_ancestor(absent, entry),
            Self::Whole => true,
        }
    }
}

impl Chain {
    /// Finds the step of an entry.
    #[must_use]
    pub fn step(&self, id: &EntryId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// Adds an admin's approval of a policy, at the position of its entry.
    pub(super) fn approve(&mut self, at: usize, entry: &Entry, target: EntryId) {
        let approval = Approval { by: entry.by.clone(), entry: at, under: entry.policy };
        self.approvals.entry(target).or_default().push(approval);
    }

    /// Steps of which it is known which are in force; who approved them is not.
    pub(super) fn known(steps: Vec<Step>, known: Vec<bool>) -> Self {
        Self { steps, known: Some(known), ..Self::default() }
    }

    /// Which steps are in force with the whole log at hand.
    pub(super) fn holding_now(&self) -> Vec<bool> {
        self.holding(Seen::Whole)
    }

    /// The steps in force: those that with all before them reached their thresholds.
    pub(super) fn in_force(&self, seen: Seen<'_>) -> Vec<&Step> {
        let holds = self.holding(seen);
        self.steps.iter().zip(holds).filter_map(|(step, holds)| holds.then_some(step)).collect()
    }

    fn holding(&self, seen: Seen<'_>) -> Vec<bool> {
        if let (Some(known), Seen::Whole) = (&self.known, seen) {
            return known.clone();
        }
        let mut holds = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let after_prev = |prev: usize| {
                let threshold = self.steps[prev].policy.admin.threshold as usize;
                // A step stands after the one before it, which was therefore judged already.
                holds[prev] && self.approvers(step, &self.steps[prev], seen).len() >= threshold
            };
            holds.push(seen.has(step.entry) && step.prev.is_none_or(after_prev));
        }
        holds
    }

    /// The admins of the policy before who signed or approved a step, under that very policy: a key
    /// that an earlier one names may have been taken away since.
    fn approvers<'c>(
        &'c self,
        step: &Step,
        prev: &Step,
        seen: Seen<'_>,
    ) -> BTreeSet<&'c MemberName> {
        let approvals = self.approvals.get(&step.id).into_iter().flatten();
        let counts = |it: &&Approval| it.under == Some(prev.id) && seen.has(it.entry);
        approvals.filter(counts).map(|it| &it.by).filter(|who| prev.policy.is_admin(who)).collect()
    }

    /// The highest policy in force.
    pub(super) fn highest(&self, seen: Seen<'_>) -> Option<&Step> {
        self.in_force(seen).into_iter().max_by_key(|step| step.seq)
    }

    /// Tells whether a step was in force for the signer of an entry that holds.
    pub(super) fn knew(&self, entry: &Entry, step: &Step) -> bool {
        let named = entry.policy.and_then(|id| self.step(&id));
        let mut known = std::iter::successors(named, |it| it.prev.map(|prev| &self.steps[prev]));
        known.any(|it| it.id == step.id)
    }

    /// The highest policy in force with the whole log at hand.
    #[must_use]
    pub fn current(&self) -> Option<&Step> {
        self.highest(Seen::Whole)
    }

    /// Pairs of policies in force that follow the same one.
    pub(super) fn forks(&self) -> Vec<(&Step, &Step)> {
        let live = self.in_force(Seen::Whole);
        let mut forks = Vec::new();
        for (at, one) in live.iter().enumerate() {
            let twins = live[at + 1..].iter().filter(|two| two.seq == one.seq);
            forks.extend(twins.map(|two| (*one, *two)));
        }
        forks
    }
}

impl super::Record {
    /// The policies in force, with the whole log at hand; each replaced all before it.
    pub fn steps_in_force(&self) -> impl Iterator<Item = &Step> {
        self.chain.in_force(Seen::Whole).into_iter()
    }
}
