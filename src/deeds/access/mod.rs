//! Who may do what, and by which role: now, on another day, or as of another state.

mod moment;
pub mod what;
pub mod who;

use crate::log::entry::KeyringRecord;
use crate::names::{EntryId, EnvName, GenerationId, MemberName, RoleName};
use crate::policy::Policy;
use crate::verify::Record;

use moment::Then;
pub use moment::{AsOf, Moment};

/// One way by which a member has a right: a role that the environment names and, where a rule narrows the
/// writers of the secret, one that the rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The role that the environment names.
    pub role: RoleName,
    /// The pattern of the rule that narrows it, and the role that passes.
    pub narrowed: Option<(String, RoleName)>,
}

/// A rule that leaves some secrets to fewer writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// Which secrets.
    pub pattern: String,
    /// The roles that write them, of those that write the environment.
    pub roles: Vec<RoleName>,
}

/// A key of a member's, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Whose.
    pub member: MemberName,
    /// The fingerprint, or the recipient itself where it has none.
    pub key: String,
}

/// A newest keyring of an environment: none was made after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// Its environment.
    pub env: EnvName,
    /// Its generation.
    pub generation: GenerationId,
    /// The entry that attests it.
    pub entry: EntryId,
    /// Who signed that.
    pub by: MemberName,
    /// The number of the policy that the entry names: its readers are those of that policy.
    pub policy: u32,
    /// Those it is wrapped for whom the policy in force does not name.
    pub beyond: Vec<Key>,
    /// Those whom the policy in force names and it is not wrapped for.
    pub lacking: Vec<Key>,
}

impl Wrapped {
    /// Tells whether it is wrapped for exactly the readers of the policy in force.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.beyond.is_empty() && self.lacking.is_empty()
    }
}

/// The keys that a policy lets read an environment, sorted.
fn readers(policy: &Policy, env: &EnvName) -> Vec<Key> {
    let pairs = policy.reader_recipients(env).into_iter();
    let mut keys: Vec<_> =
        pairs.map(|(who, key)| Key { member: who.clone(), key: key.fingerprint() }).collect();
    keys.sort();
    keys
}

/// The keyrings of an environment after which none was made; several where branches made one each.
fn newest_keyrings(record: &Record, policy: &Policy, env: &EnvName) -> Vec<Wrapped> {
    let all = record.keyrings(env);
    let passed = |at: usize| all.iter().any(|other| record.dag.is_ancestor(at, other.entry));
    let newest = all.iter().filter(|ring| !passed(ring.entry));
    newest.filter_map(|ring| wrapped(record, policy, (ring.entry, ring.record))).collect()
}

fn wrapped(
    record: &Record,
    policy: &Policy,
    (at, ring): (usize, &KeyringRecord),
) -> Option<Wrapped> {
    let signed = &record.entries[at];
    let step = record.chain.step(&signed.entry.policy?)?;
    let (then, now) = (readers(&step.policy, &ring.env), readers(policy, &ring.env));
    let without = |some: &[Key], others: &[Key]| {
        some.iter().filter(|key| !others.contains(key)).cloned().collect()
    };
    Some(Wrapped {
        env: ring.env.clone(),
        generation: ring.generation,
        entry: signed.id,
        by: signed.entry.by.clone(),
        policy: step.seq,
        beyond: without(&then, &now),
        lacking: without(&now, &then),
    })
}
