//! What customers and third parties have to do with the values.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ground::Ground;
use super::kinds;
use super::secrets::Secret;
use crate::names::{EnvName, TypeName};
use crate::policy::{Duty, Origin, Party};

/// What customers and third parties have to do with the values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    /// Who does what, in the order of the mission; an empty list is a blank.
    pub duties: Vec<(Duty, Vec<Party>)>,
    /// Third parties, by type.
    pub integrations: Vec<Integration>,
}

/// The values of one type that one third party issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// What it is called: by its type, for products are not named.
    pub title: String,
    /// Who answers for it.
    pub owners: Vec<String>,
    /// Whom to ask at the third party.
    pub contacts: Vec<String>,
    /// Who else holds copies.
    pub copies: Vec<String>,
    /// How its values are ended.
    pub revoke: Option<String>,
    /// The earliest deadline, by environment.
    pub due: BTreeMap<EnvName, Date>,
}

/// Tells what customers and third parties have to do with the values.
#[must_use]
pub fn customer(ground: &Ground<'_>, secrets: &[Secret]) -> Customer {
    let policy = ground.verified.policy;
    let parties = |duty: &Duty| policy.responsibility.get(duty).cloned().unwrap_or_default();
    Customer {
        duties: Duty::ALL.iter().map(|duty| (*duty, parties(duty))).collect(),
        integrations: integrations(ground, secrets),
    }
}

type Party3<'s> = (Option<&'s TypeName>, Option<&'s str>);

fn integrations(ground: &Ground<'_>, secrets: &[Secret]) -> Vec<Integration> {
    let mut by: BTreeMap<Party3<'_>, Vec<&Secret>> = BTreeMap::new();
    let foreign = |it: &&Secret| it.origin == Some(Origin::ThirdParty) || it.vendor.is_some();
    for secret in secrets.iter().filter(foreign) {
        by.entry((secret.kind.as_ref(), secret.vendor.as_deref())).or_default().push(secret);
    }
    let keys: Vec<_> = by.keys().copied().collect();
    let title = |(kind, vendor): Party3<'_>| {
        let same: Vec<_> = keys.iter().filter(|(other, _)| *other == kind).collect();
        let title = kinds::title(kind);
        let place = same.iter().position(|(_, other)| *other == vendor).unwrap_or_default();
        if same.len() == 1 { title } else { format!("{title}, third party {}", place + 1) }
    };
    by.iter().map(|(key, mine)| integration(ground, title(*key), mine)).collect()
}

fn integration(ground: &Ground<'_>, title: String, mine: &[&Secret]) -> Integration {
    let each = |of: &dyn Fn(&Secret) -> Vec<String>| {
        let mut all: Vec<_> = mine.iter().flat_map(|secret| of(secret)).collect();
        all.sort();
        all.dedup();
        all
    };
    let said =
        mine.first().and_then(|secret| ground.verified.policy.types.get(secret.kind.as_ref()?));
    let mut due: BTreeMap<EnvName, Date> = BTreeMap::new();
    for secret in mine {
        if let Some(day) = secret.due {
            let known = due.entry(secret.address.env.clone()).or_insert(day);
            *known = day.min(*known);
        }
    }
    Integration {
        title,
        owners: each(&|secret| secret.owner.iter().cloned().collect()),
        contacts: each(&|secret| secret.contact.iter().cloned().collect()),
        copies: each(&|secret| secret.copies.clone()),
        revoke: said.and_then(|kind| kind.revoke.as_deref()).map(|text| ground.neutral.say(text)),
        due,
    }
}
