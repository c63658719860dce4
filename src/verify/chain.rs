//! The policy chain: which policy was in force where. Design, section 6.

use std::collections::BTreeSet;

use crate::log::dag::Dag;
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
    pub policy: Policy,
}

/// All policies whose entries hold, and the approvals among them.
#[derive(Debug, Default)]
pub struct Chain {
    /// In the log's order: a step stands after the one before it.
    pub steps: Vec<Step>,
    /// Signer, position of the note, and the policy's entry that it approves.
    pub(super) approvals: Vec<(MemberName, usize, EntryId)>,
}

/// From where the chain is looked at.
#[derive(Clone, Copy)]
pub(super) enum Seen<'d> {
    /// From an entry: only its ancestors count.
    From(usize, &'d Dag),
    /// With the whole log at hand.
    Whole,
}

impl Seen<'_> {
    fn has(self, entry: usize) -> bool {
        match self {
            Self::From(observer, dag) => dag.is_ancestor(entry, observer),
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

    /// Tells whether a step is in force: it and all before it reached their thresholds.
    pub(super) fn in_force(&self, step: &Step, seen: Seen<'_>) -> bool {
        if !seen.has(step.entry) {
            return false;
        }
        let Some(prev) = step.prev.map(|at| &self.steps[at]) else { return true };
        self.approvers(step, prev, seen).len() >= prev.policy.admin.threshold as usize
            && self.in_force(prev, seen)
    }

    /// The admins of the policy before who signed or approved a step.
    fn approvers<'c>(
        &'c self,
        step: &Step,
        prev: &Step,
        seen: Seen<'_>,
    ) -> BTreeSet<&'c MemberName> {
        self.approvals
            .iter()
            .filter(|(who, note, target)| {
                *target == step.id && seen.has(*note) && prev.policy.is_admin(who)
            })
            .map(|(who, ..)| who)
            .collect()
    }

    /// The highest policy in force.
    pub(super) fn highest(&self, seen: Seen<'_>) -> Option<&Step> {
        self.steps.iter().filter(|step| self.in_force(step, seen)).max_by_key(|step| step.seq)
    }

    /// The highest policy in force with the whole log at hand.
    #[must_use]
    pub fn current(&self) -> Option<&Step> {
        self.highest(Seen::Whole)
    }

    /// Pairs of policies in force that follow the same one.
    pub(super) fn forks(&self) -> Vec<(&Step, &Step)> {
        let live: Vec<_> =
            self.steps.iter().filter(|step| self.in_force(step, Seen::Whole)).collect();
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
        self.chain.steps.iter().filter(|step| self.chain.in_force(step, Seen::Whole))
    }
}
