//! The types of the values that stand, with what the policy says of each.

use std::collections::{BTreeMap, BTreeSet};

use super::neutral::Neutral;
use super::secrets::Secret;
use crate::names::{EnvName, TypeName};
use crate::policy::{Origin, Policy, RotateEvery, SecretType, Strategy, Word};

/// A type of which there are values or something is owed, or the values without a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its name; none for the values without a type.
    pub name: Option<TypeName>,
    /// What people call it.
    pub title: String,
    /// What the policy says it is.
    pub description: Option<String>,
    /// The word of document 5D that it counts under.
    pub word: Option<Word>,
    /// How many values there are, by environment.
    pub counts: BTreeMap<EnvName, usize>,
    /// Who answers for them, each once.
    pub owners: Vec<String>,
    /// Who issues them, each once.
    pub origins: Vec<Origin>,
    /// How many the customer holds.
    pub customers: usize,
    /// How long a value may live.
    pub rotate_every: RotateEvery,
    /// How many of its values have another cadence by a rule of their own: days, or none for never.
    pub own_pace: BTreeMap<Option<u32>, usize>,
    /// How to rotate it.
    pub runbook: Option<String>,
    /// How it is ended at its issuer.
    pub revoke: Option<String>,
    /// Days that the previous value may stay.
    pub overlap: u32,
    /// Days for which an overdue value is a warning.
    pub grace: u32,
    /// Whether two values can be in use at once; none where the policy does not say.
    pub strategy: Option<Strategy>,
}

impl Kind {
    /// Counts its values.
    #[must_use]
    pub fn count(&self) -> usize {
        self.counts.values().sum()
    }

    /// Tells whether each of its values has a cadence by a rule of its own.
    #[must_use]
    pub fn is_paced(&self) -> bool {
        let paced = self.own_pace.iter().filter(|(days, _)| days.is_some());
        self.count() > 0 && paced.map(|(_, count)| count).sum::<usize>() == self.count()
    }
}

/// What values without a type are called.
const UNTYPED: &str = "Untyped";

/// Lists the types of which there are values, or of which something is owed, in the order of the mission;
/// those without a type last.
#[must_use]
pub fn kinds(
    (policy, neutral): (&Policy, &Neutral),
    secrets: &[Secret],
    owed: &BTreeSet<TypeName>,
) -> Vec<Kind> {
    let mut by_name: BTreeMap<Option<&TypeName>, Vec<&Secret>> = BTreeMap::new();
    for secret in secrets {
        by_name.entry(secret.kind.as_ref()).or_default().push(secret);
    }
    for name in owed {
        by_name.entry(Some(name)).or_default();
    }
    let mut kinds: Vec<_> =
        by_name.into_iter().map(|(name, mine)| kind((policy, neutral), name, &mine)).collect();
    let rank = |kind: &Kind| {
        let word = kind.word.map_or(usize::MAX, |word| word as usize);
        (kind.name.is_none(), word, place(kind.name.as_ref()), kind.name.clone())
    };
    kinds.sort_by_key(rank);
    kinds
}

/// Lists the types that the policy describes and that no value has.
#[must_use]
pub fn without_values(policy: &Policy, kinds: &[Kind]) -> Vec<String> {
    let has = |name: &&TypeName| !kinds.iter().any(|kind| kind.name.as_ref() == Some(*name));
    policy.types.keys().filter(has).map(|name| title(Some(name))).collect()
}

fn kind((policy, neutral): (&Policy, &Neutral), name: Option<&TypeName>, mine: &[&Secret]) -> Kind {
    let none = SecretType::default();
    let said = name.and_then(|name| policy.types.get(name)).unwrap_or(&none);
    let mut counts = BTreeMap::new();
    for secret in mine {
        *counts.entry(secret.address.env.clone()).or_default() += 1;
    }
    let mut owners: Vec<_> = mine.iter().filter_map(|secret| secret.owner.clone()).collect();
    owners.sort();
    owners.dedup();
    let mut origins: Vec<_> = mine.iter().filter_map(|secret| secret.origin).collect();
    origins.sort();
    origins.dedup();
    Kind {
        name: name.cloned(),
        title: title(name),
        description: said.description.as_deref().map(|text| neutral.say(text)),
        word: name.and_then(|name| policy.word(name)),
        counts,
        owners,
        origins,
        customers: mine.iter().filter(|secret| secret.is_customers()).count(),
        rotate_every: policy.rotate_every(name),
        own_pace: own_pace(mine),
        runbook: said.runbook.clone(),
        revoke: said.revoke.as_deref().map(|text| neutral.say(text)),
        overlap: policy.overlap(name),
        grace: policy.grace(name).unwrap_or_default(),
        strategy: said.strategy,
    }
}

fn own_pace(mine: &[&Secret]) -> BTreeMap<Option<u32>, usize> {
    let mut paces = BTreeMap::new();
    for every in mine.iter().filter_map(|secret| secret.rotate_every) {
        let days = match every {
            RotateEvery::Days(days) => Some(days),
            RotateEvery::Never => None,
        };
        *paces.entry(days).or_default() += 1;
    }
    paces
}

/// The known types of mission section C, in its order, and what people call them.
const TITLES: [(&str, &str); 14] = [
    ("api-key", "API key"),
    ("oauth-client", "OAuth client secret"),
    ("token", "Token"),
    ("webhook-secret", "Webhook secret"),
    ("db-credential", "Database credential"),
    ("password", "Password"),
    ("certificate", "Certificate"),
    ("internal-certificate", "Internal certificate"),
    ("signing-key", "Signing key"),
    ("encryption-key", "Encryption key"),
    ("wrapping-key", "Wrapping key"),
    ("ssh-key", "SSH key"),
    ("config", "Configuration"),
    ("canary", "Canary"),
];

fn place(name: Option<&TypeName>) -> usize {
    let known = TITLES.iter().position(|(known, _)| name.is_some_and(|it| it.as_str() == *known));
    known.unwrap_or(TITLES.len())
}

/// What people call a type.
#[must_use]
pub fn title(name: Option<&TypeName>) -> String {
    let Some(name) = name else { return UNTYPED.to_owned() };
    if let Some((_, title)) = TITLES.get(place(Some(name))) {
        return (*title).to_owned();
    }
    let words = name.as_str().replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_called_by_its_words() {
        let title = |name: &str| title(Some(&name.parse().unwrap()));
        assert_eq!(title("api-key"), "API key");
        assert_eq!(title("db-credential"), "Database credential");
        assert_eq!(title("vault-unseal_share"), "Vault unseal share");
    }
}
