//! Who opens a value that is in custody of the customer: some of us too, or nobody but them.

use super::{Record, Verified};
use crate::names::{Address, EnvName, GenerationId};
use crate::policy::{self, Policy};

/// Who can open a value in custody of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// Some of us can.
    Managed,
    /// Only the customer's own keys do.
    Held,
}

impl Holder {
    /// The word in tables and for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Managed => "customer-managed",
            Self::Held => "customer-held",
        }
    }
}

impl Verified<'_> {
    /// Tells who opens a value in custody of the customer; none for one that is ours, or not sealed.
    #[must_use]
    pub fn holder(&self, address: &Address) -> Option<Holder> {
        let customers = self.policy.rule(address).custody == Some(policy::Custody::Customer);
        let generation = self.live.get(address).filter(|_| customers)?.item.generation?;
        match self.record.some_of_us_open(self.policy, &address.env, generation) {
            true => Some(Holder::Managed),
            false => Some(Holder::Held),
        }
    }
}

impl Record {
    /// Tells whether a keyring with a generation was ever wrapped for one of us. Whoever is gone is judged
    /// by the policy of that time.
    fn some_of_us_open(&self, now: &Policy, env: &EnvName, generation: GenerationId) -> bool {
        let rings = self.keyrings(env).into_iter().filter(|ring| {
            ring.record.generation == generation || ring.record.earlier.contains(&generation)
        });
        let mut wrapped = rings.filter_map(|ring| self.policy_at(ring.entry));
        wrapped.any(|then| {
            then.readers(env).into_iter().any(|who| match now.members.contains_key(who) {
                true => now.is_ours(who),
                false => then.is_ours(who),
            })
        })
    }
}
