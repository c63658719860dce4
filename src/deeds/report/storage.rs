//! How each environment's values are kept, from the findings that the checks gave.

use std::collections::BTreeSet;

use super::ground::Ground;
use super::secrets::Secret;
use crate::finding::{Code, Finding, Severity};
use crate::log::entry::Item;
use crate::names::{Address, EnvName, KeyPath};
use crate::policy::Store;

/// How an environment's values are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The environment.
    pub env: EnvName,
    /// Where the policy says.
    pub store: Store,
    /// How many sealed values the log attests.
    pub attested: usize,
    /// How many of them stand as they were attested.
    pub sealed: usize,
    /// Values that the policy leaves in clear.
    pub clear: usize,
    /// What stands in clear and should not, as `file:line key`.
    pub in_clear: Vec<String>,
    /// What keeps the rest from being known, as a word and a place.
    pub doubts: Vec<(&'static str, String)>,
}

/// What a table of the mission may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is so.
    Yes,
    /// It is not.
    No,
    /// Nobody can tell.
    Unknown,
}

impl Stored {
    /// Whether its values are encrypted where they lie.
    #[must_use]
    pub fn at_rest(&self) -> Verdict {
        match self.store {
            Store::Elsewhere => Verdict::Unknown,
            Store::Files if !self.in_clear.is_empty() => Verdict::No,
            Store::Files if !self.doubts.is_empty() => Verdict::Unknown,
            Store::Files => Verdict::Yes,
        }
    }
}

/// Tells how each environment's values are kept, by name.
#[must_use]
pub fn storage(ground: &Ground<'_>, secrets: &[Secret]) -> Vec<Stored> {
    let policy = ground.verified.policy;
    policy.environments.keys().map(|env| stored(ground, secrets, env)).collect()
}

fn stored(ground: &Ground<'_>, secrets: &[Secret], env: &EnvName) -> Stored {
    let verified = ground.verified;
    let signed = verified.record.signed(Some(env));
    let is_sealed = |item: &Item| item.generation.is_some();
    let attested: BTreeSet<&Address> =
        signed.iter().filter(|(_, live)| is_sealed(live.item)).map(|(at, _)| at).collect();
    let sealed = secrets.iter().filter(|it| it.address.env == *env && it.stands);
    let sealed: BTreeSet<&Address> = sealed.map(|secret| &secret.address).collect();
    let clear = verified.live.iter().filter(|(address, live)| {
        let kept = verified.policy.is_clear(env, &address.key);
        address.env == *env && !is_sealed(live.item) && kept && address.key != KeyPath::Whole
    });
    let mut stored = Stored {
        env: env.clone(),
        store: verified.policy.environments[env].store,
        attested: attested.union(&sealed).count(),
        sealed: sealed.len(),
        clear: clear.count(),
        in_clear: Vec::new(),
        doubts: Vec::new(),
    };
    for finding in verified.findings.iter().filter(|it| it.env.as_ref() == Some(env)) {
        if stands_in_clear(finding) {
            stored.in_clear.push(finding.place.clone());
        } else if finding.severity >= Severity::Invalid {
            stored.doubts.push((finding.code.word(), finding.place.clone()));
        }
    }
    let opened =
        verified.open.iter().filter(|path| verified.policy.environment_of(path) == Some(env));
    stored.in_clear.extend(opened.map(ToString::to_string));
    stored.in_clear.sort();
    stored.in_clear.dedup();
    stored
}

/// What the policy wants sealed and is not.
fn stands_in_clear(finding: &Finding) -> bool {
    finding.code == Code::Plaintext
}
