//! Duties to rotate: who left, which key was lost, with which date.

use jiff::civil::Date;

use super::ground::Ground;
use super::secrets::Secret;
use super::triggers::Trigger;
use crate::names::{Address, EnvName, MemberName};
use crate::rotation::{Cause, Obligation, pressing};

/// A duty to rotate one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// Which value.
    pub address: Address,
    /// Its shortest name.
    pub name: String,
    /// What opened it.
    pub trigger: Trigger,
    /// The cause, as a clause with a name in it.
    pub cause: String,
    /// Since when.
    pub since: Date,
    /// The last day in time.
    pub due: Date,
    /// Since when the value could be read by who is the cause.
    pub readable_from: Option<Date>,
    /// Who answers for the value.
    pub owner: Option<String>,
}

/// Lists the open duties, by date and address.
#[must_use]
pub fn debts(ground: &Ground<'_>, secrets: &[Secret]) -> Vec<Debt> {
    let open = pressing(&ground.verified.obligations, ground.today);
    let mut debts: Vec<_> = open.into_iter().map(|it| debt(ground, secrets, it)).collect();
    debts.sort_by(|a, b| (a.due, &a.address).cmp(&(b.due, &b.address)));
    debts
}

fn debt(ground: &Ground<'_>, secrets: &[Secret], it: &Obligation) -> Debt {
    let secret = secrets.iter().find(|secret| secret.address == it.address);
    let made = secret.map(|secret| secret.made_on);
    let readable = it.cause.who().and_then(|who| reads_since(ground, who, &it.address.env));
    Debt {
        address: it.address.clone(),
        name: ground.name(&it.address),
        trigger: match it.cause {
            Cause::Left { .. } | Cause::LostKey { .. } => Trigger::Leaver,
            Cause::Incident { .. } => Trigger::Compromise,
        },
        cause: it.cause.what().replace('`', ""),
        since: it.since,
        due: it.due,
        readable_from: made.max(readable),
        owner: secret.and_then(|secret| secret.owner.clone()),
    }
}

/// The day of the first policy under which somebody reads an environment.
fn reads_since(ground: &Ground<'_>, who: &MemberName, env: &EnvName) -> Option<Date> {
    let mut steps = ground.verified.record.steps_in_force();
    let first = steps.find(|step| step.policy.readers(env).contains(who))?;
    Some(ground.day(first.entry))
}
