//! Open items: what keeps the secrets from being managed as the mission wants, each with what mends it.
//!
//! Mission, section G. What needs keys (OI-20) is an item where they were used, and else an assumption.

mod consumers;
mod debts;
mod documents;
mod duties;
mod history;
mod jobs;
pub mod readers;
pub mod reviews;
mod types;
mod values;

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ci::Ci;
use super::consumers::Usage;
use super::ground::Ground;
use super::incidents::Incident;
use super::kinds::Kind;
use super::secrets::Secret;
use super::shared::Shared;
use super::storage::Stored;
use super::words::Words;
use crate::deeds::DeedError;
use crate::names::{Address, TypeName};

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenItem {
    /// Its id, `OI-01` and so on.
    pub id: &'static str,
    /// What kind of thing it is, without any name.
    pub title: &'static str,
    /// What it is about.
    pub subject: Words,
    /// The UTC day since which it is so; none where nothing tells.
    pub since: Option<Date>,
    /// Who answers for it; none where the policy names nobody.
    pub owner: Option<String>,
    /// What mends it.
    pub fix: Words,
    /// Whether `check` is red for it.
    pub red: bool,
}

/// What the items are found in.
pub struct Matter<'a> {
    /// The judged repository, a day, and the tracked files.
    pub ground: &'a Ground<'a>,
    /// The values.
    pub secrets: &'a [Secret],
    /// Their types.
    pub kinds: &'a [Kind],
    /// Who uses them.
    pub usage: &'a BTreeMap<Option<TypeName>, Usage>,
    /// How they are kept.
    pub stored: &'a [Stored],
    /// The incidents on record.
    pub incidents: &'a [Incident],
    /// What the jobs of CI do.
    pub ci: &'a Ci,
    /// Which values serve two environments, where that was looked at.
    pub shared: Option<&'a Shared>,
}

/// Who answers for what no policy gives to anybody.
const SECURITY: &str = "security";
const PLATFORM: &str = "platform owner";

/// Finds all open items, by id, subject and day.
///
/// # Errors
/// [`DeedError::World`] when a tracked file cannot be read.
pub fn open(matter: &Matter<'_>) -> Result<Vec<OpenItem>, DeedError> {
    let mut items = Vec::new();
    types::add(matter, &mut items);
    values::add(matter, &mut items);
    consumers::add(matter, &mut items);
    debts::add(matter, &mut items);
    readers::add(matter, &mut items);
    reviews::add(matter, &mut items);
    documents::add(matter, &mut items)?;
    duties::add(matter, &mut items);
    jobs::add(matter, &mut items);
    items.sort();
    Ok(items)
}

impl OpenItem {
    fn new(id: &'static str, subject: impl Into<Words>) -> Self {
        let titles = TITLES.iter().find(|(known, _)| *known == id);
        let title = titles.map_or("", |(_, title)| *title);
        let (subject, fix) = (subject.into(), Words::default());
        Self { id, title, subject, since: None, owner: None, fix, red: false }
    }

    fn since(self, since: impl Into<Option<Date>>) -> Self {
        Self { since: since.into(), ..self }
    }

    fn owner(self, owner: impl Into<Option<String>>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    fn fix(self, fix: impl Into<Words>) -> Self {
        Self { fix: fix.into(), ..self }
    }

    fn red(self, red: bool) -> Self {
        Self { red, ..self }
    }
}

/// The ids that can be found, with what they are called.
pub const TITLES: [(&str, &str); 28] = [
    ("OI-01", "Rotation policy not finalized"),
    ("OI-02", "Audit logging incomplete"),
    ("OI-03", "No owner"),
    ("OI-04", "Consumers"),
    ("OI-05", "No revocation"),
    ("OI-06", "Overdue"),
    ("OI-07", "Previous value not ended"),
    ("OI-08", "Due soon"),
    ("OI-09", "Leaver"),
    ("OI-10", "Incident"),
    ("OI-11", "Person reads a runtime-only environment"),
    ("OI-12", "Machine reads where no consumer uses it"),
    ("OI-13", "Keys and machines"),
    ("OI-14", "Access review due"),
    ("OI-15", "5D review due"),
    ("OI-16", "Plan not approved"),
    ("OI-17", "Third-party secret"),
    ("OI-18", "Link"),
    ("OI-19", "Plaintext"),
    ("OI-20", "One value in two environments"),
    ("OI-21", "Acceptance"),
    ("OI-22", "Too few people"),
    ("OI-23", "Storage not established"),
    ("OI-24", "Responsibility blank"),
    ("OI-25", "No check in CI"),
    ("OI-26", "Unpinned action"),
    ("OI-27", "Risk note"),
    ("OI-28", "Org policy changed since aligned"),
];

impl Matter<'_> {
    fn secret(&self, address: &Address) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.address == *address)
    }

    /// Those who answer for some values, each once.
    fn owners<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Option<String> {
        let mut owners: Vec<_> =
            secrets.into_iter().filter_map(|secret| secret.owner.as_deref()).collect();
        owners.sort_unstable();
        owners.dedup();
        (!owners.is_empty()).then(|| owners.join(", "))
    }

    /// The values that pass, by environment.
    fn by_env(&self, passes: impl Fn(&Secret) -> bool) -> Vec<Vec<&Secret>> {
        let mut groups: BTreeMap<_, Vec<&Secret>> = BTreeMap::new();
        for secret in self.secrets.iter().filter(|secret| passes(secret)) {
            groups.entry(&secret.address.env).or_default().push(secret);
        }
        groups.into_values().collect()
    }
}

/// The names of some values.
fn names(secrets: &[&Secret]) -> String {
    let names: Vec<_> = secrets.iter().map(|secret| secret.name.as_str()).collect();
    names.join(", ")
}

/// The day since which one of some values, or one before it of its type, stands in its place.
fn oldest(secrets: &[&Secret]) -> Option<Date> {
    secrets.iter().map(|secret| secret.begun).min()
}
