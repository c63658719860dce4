//! Check 6: entries that came about beside what took their ground away.

use super::chain::{Seen, Step};
use super::entries::{Judge, Verdict, keys};
use super::rights;
use crate::log::entry::{Kind, Note};
use crate::log::signature;
use crate::policy::Policy;

impl Judge<'_> {
    /// Check 6: entries by a key, or under a right, that was taken away where they could not know; or
    /// under a policy that never came in force, since it was void itself.
    pub(super) fn voids(&mut self) {
        let in_force = self.chain.in_force(Seen::Whole);
        for at in 0..self.entries.len() {
            // Which approvals count is for the chain to say.
            let rests_on_it = match &self.entries[at].entry.kind {
                Kind::Init(_) | Kind::Policy(_) | Kind::Note(Note::Approve { .. }) => false,
                Kind::Seal { .. } | Kind::Note(_) => true,
            };
            let rests = |step: &&Step| Some(step.id) == self.entries[at].entry.policy;
            let void = rests_on_it
                && self.verdicts[at] == Verdict::Holds
                && (!in_force.iter().any(rests) || in_force.iter().any(|it| self.voids_it(it, at)));
            if void {
                self.verdicts[at] = Verdict::Void;
            }
        }
    }

    /// Tells whether a step beside an entry took away what it rests on. What a policy beside it never
    /// gave, the other end of a fork may have given.
    fn voids_it(&self, step: &Step, at: usize) -> bool {
        self.apart(at, step) && self.takes_away(step, at)
    }

    fn takes_away(&self, step: &Step, at: usize) -> bool {
        let entry = &self.entries[at].entry;
        let has_key = |policy| self.has_key_under(at, policy);
        step.follows().map(|before| &self.chain.steps[before].policy).any(|before| {
            (has_key(before) && !has_key(&step.policy))
                || rights::taken(before, &step.policy, entry)
        })
    }

    /// Tells whether a step came in force beside an entry: neither known to it, nor with it at hand. It
    /// comes in force with the last approval that it needs, which need not be its own entry.
    fn apart(&self, at: usize, step: &Step) -> bool {
        let entry = &self.entries[at].entry;
        if self.chain.knew(entry, step) || self.dag.is_ancestor(at, step.entry) {
            return false;
        }
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
