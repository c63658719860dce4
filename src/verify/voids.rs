//! Check 6: entries that came about beside what took their ground away.

use super::chain::{Chain, Seen, Step};
use super::entries::{Judge, Verdict, keys};
use super::rights;
use crate::log::dag::Dag;
use crate::log::entry::{Kind, Note};
use crate::log::signature;
use crate::policy::Policy;

impl Judge<'_> {
    /// Check 6: entries by a key, or under a right, that was taken away where they could not know; or
    /// under a policy that never came in force, since it was void itself.
    pub(super) fn voids(&mut self) {
        let in_force = InForce::of(&self.chain, self.dag);
        for at in 0..self.entries.len() {
            // Which approvals count is for the chain to say.
            let rests_on_it = match &self.entries[at].entry.kind {
                Kind::Init(_) | Kind::Policy(_) | Kind::Note(Note::Approve { .. }) => false,
                Kind::Seal { .. } | Kind::Note(_) => true,
            };
            if rests_on_it && self.verdicts[at] == Verdict::Holds && self.is_void(at, &in_force) {
                self.verdicts[at] = Verdict::Void;
            }
        }
    }

    /// Tells whether an entry rests on a policy that is not in force, or a step beside it took away what it
    /// rests on. What a policy beside it never gave, the other end of a fork may have given.
    fn is_void(&self, at: usize, in_force: &InForce) -> bool {
        let named = self.entries[at].entry.policy.and_then(|id| self.chain.place(&id));
        let Some(named) = named.filter(|named| in_force.holds[*named]) else { return true };
        let beside = in_force.beside(named, self.dag.position(at), self.chain.lineage());
        let mut beside = beside.iter().map(|step| &self.chain.steps[*step]);
        // Which steps were in force without an entry takes long to tell, and is seldom asked.
        beside.any(|step| {
            !self.chain.knew(&self.entries[at].entry, step)
                && !self.dag.is_ancestor(at, step.entry)
                && self.takes_away(step, at)
                && self.holds_without(step, at)
        })
    }

    fn takes_away(&self, step: &Step, at: usize) -> bool {
        let entry = &self.entries[at].entry;
        let has_key = |policy| self.has_key_under(at, policy);
        let taken = |before, after| match &entry.kind {
            Kind::Note(note) => {
                self.may_note(before, at, note).is_ok() && self.may_note(after, at, note).is_err()
            }
            Kind::Init(_) | Kind::Policy(_) | Kind::Seal { .. } => {
                rights::taken(before, after, entry)
            }
        };
        step.follows().map(|before| &self.chain.steps[before].policy).any(|before| {
            (has_key(before) && !has_key(&step.policy)) || taken(before, &step.policy)
        })
    }

    /// Tells whether a step came in force without an entry, and all that descends from it, at hand. It comes
    /// in force with the last approval that it needs, which need not be its own entry.
    fn holds_without(&self, step: &Step, at: usize) -> bool {
        let without = self.chain.in_force(Seen::Without(at, self.dag));
        without.iter().any(|other| other.id == step.id)
    }

    /// Tells whether the key of a signature that holds is the signer's under a policy.
    fn has_key_under(&self, at: usize, policy: &Policy) -> bool {
        let signed = &self.entries[at];
        let member = policy.members.get(&signed.entry.by);
        member.is_some_and(|member| signature::named(&signed.signature, &keys(member)).is_ok())
    }
}

/// The steps in force, so that few of them are looked at for each entry.
pub(super) struct InForce {
    /// Whether each step is.
    holds: Vec<bool>,
    /// Those that are, in the order of their lineage.
    order: Vec<usize>,
    /// For each of those, what all entries below which are ancestors of it and of all after it.
    below: Vec<usize>,
}

impl InForce {
    pub(super) fn of(chain: &Chain, dag: &Dag) -> Self {
        let holds = chain.holding_now();
        let order = chain.lineage().order().iter().copied().filter(|step| holds[*step]);
        let order: Vec<usize> = order.collect();
        let mut below: Vec<usize> =
            order.iter().map(|step| dag.all_below(chain.steps[*step].entry)).collect();
        for at in (1..below.len()).rev() {
            below[at - 1] = below[at - 1].min(below[at]);
        }
        Self { holds, order, below }
    }

    /// The steps that may have come about beside an entry at a place in the log's order, which names one: the
    /// first ones were known to it, the last ones descend from it.
    pub(super) fn beside(&self, named: usize, position: usize, lineage: &Dag) -> &[usize] {
        let known = lineage.all_below(named);
        let start = self.order.partition_point(|step| lineage.position(*step) < known);
        let end = self.below.partition_point(|below| *below <= position);
        self.order.get(start..end).unwrap_or_default()
    }
}
