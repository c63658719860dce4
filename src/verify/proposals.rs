//! Policies that were signed and wait for approval: who signed them, and who may.

use std::collections::BTreeSet;

use ssh_key::PublicKey;

use super::chain::{Chain, Seen, Step, is_admin_with};
use crate::names::MemberName;

/// A policy that was signed and is not in force.
#[derive(Debug)]
pub struct Proposal<'c> {
    /// Its step.
    pub step: &'c Step,
    /// Who signed it, and who may.
    pub tally: Tally<'c>,
    /// Whether another policy came in force meanwhile, so that this one never can.
    pub stale: bool,
}

/// Who signed a policy, and who may.
#[derive(Debug, Default)]
pub struct Tally<'c> {
    /// The admins who signed or approved it.
    pub signed: BTreeSet<&'c MemberName>,
    /// Those whose approval it wants.
    pub may: BTreeSet<&'c MemberName>,
    /// How many of them it wants at least.
    pub lacks: usize,
}

impl Chain {
    /// The policies that were signed and are not in force, the oldest first.
    #[must_use]
    pub fn proposals(&self) -> Vec<Proposal<'_>> {
        let holds = self.holding(Seen::Whole);
        let ends = self.ends(Seen::Whole);
        let open = self.steps.iter().zip(holds).filter(|(_, holds)| !holds);
        open.map(|(step, _)| self.proposal(step, &ends)).collect()
    }

    fn proposal<'c>(&'c self, step: &'c Step, ends: &[usize]) -> Proposal<'c> {
        let follows: Vec<_> = step.follows().map(|at| &self.steps[at]).collect();
        // What follows a policy that is no longer in force can never come in force.
        let stale = !ends.iter().all(|end| step.follows().any(|before| before == *end));
        Proposal { step, tally: self.tally(&follows, Some(step), None), stale }
    }

    /// Counts who signed a step, or would with one more hand: for the policies that it follows.
    #[must_use]
    pub fn tally<'c>(
        &'c self,
        follows: &[&'c Step],
        step: Option<&Step>,
        hand: Option<(&'c MemberName, &PublicKey)>,
    ) -> Tally<'c> {
        let mut tally = Tally::default();
        for before in follows {
            let at = self.steps.iter().position(|it| it.id == before.id);
            let signed = step.zip(at).map(|(step, at)| self.approvers(step, at, Seen::Whole));
            let mut signed = signed.unwrap_or_default();
            signed.extend(
                hand.filter(|hand| is_admin_with(&before.policy, *hand)).map(|hand| hand.0),
            );
            let lacks = (before.policy.admin.threshold as usize).saturating_sub(signed.len());
            tally.lacks = tally.lacks.max(lacks);
            if lacks > 0 {
                tally.may.extend(before.policy.admins().difference(&signed).copied());
            }
            tally.signed.extend(signed);
        }
        tally
    }
}
