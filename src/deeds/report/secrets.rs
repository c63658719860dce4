//! The sealed values that stand, each with what the policy says of it.

use jiff::civil::Date;

use super::ground::Ground;
use super::lineage;
use crate::log::entry::Origin;
use crate::names::{self, Address, ConsumerName, MemberName, TypeName};
use crate::policy::{self, Custody, RotateEvery};
use crate::verify::{Holder, Live};

/// A sealed value, or a file sealed whole. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its shortest name.
    pub name: String,
    /// Where it stands.
    pub address: Address,
    /// Its type.
    pub kind: Option<TypeName>,
    /// The entry and the address of the `new` that made it.
    pub made: Origin,
    /// The day it was made.
    pub made_on: Date,
    /// Who signed that.
    pub made_by: MemberName,
    /// The day since which it stands here.
    pub since: Date,
    /// The day since which values of its type stand here, one in the place of another.
    pub begun: Date,
    /// The last day in time.
    pub due: Option<Date>,
    /// The last day of its grace, where it has any.
    pub graced_until: Option<Date>,
    /// How long its value may live, where its rule and not its type says so.
    pub rotate_every: Option<RotateEvery>,
    /// Days before the deadline from which on it is announced.
    pub warned_before: u32,
    /// From how many days after the deadline on `run` refuses it.
    pub refused_after: Option<u32>,
    /// Where in its life it is.
    pub stage: Stage,
    /// Who answers for it, in the policy's words.
    pub owner: Option<String>,
    /// Who issues it.
    pub origin: Option<policy::Origin>,
    /// The third party.
    pub vendor: Option<String>,
    /// Whom to ask there.
    pub contact: Option<String>,
    /// Who else holds copies.
    pub copies: Vec<String>,
    /// Who holds it.
    pub custody: Custody,
    /// Who opens it, where it is in custody of the customer; none where that cannot be told.
    pub holder: Option<Holder>,
    /// Whether it stands as it was signed; else the log alone speaks of it.
    pub stands: bool,
    /// The consumers that the policy names for it.
    pub used_by: Vec<ConsumerName>,
}

/// Where in its life a value is. Mission, section F.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Beside the current one, and not in use yet.
    Pending,
    /// In use.
    Current,
    /// Beside the current one, until its end is recorded.
    Previous,
}

impl Secret {
    /// Tells whether its deadline is somebody else's: shown, and never red.
    #[must_use]
    pub fn is_customers(&self) -> bool {
        self.custody == Custody::Customer
    }

    /// Tells whether it is the value that an item made.
    #[must_use]
    pub fn is_of(&self, origin: &Origin) -> bool {
        self.made == *origin
    }

    /// Tells how many days it is past its deadline; none where it is in time, and for a customer's.
    #[must_use]
    pub fn days_late(&self, today: Date) -> Option<i32> {
        self.days_past(today).filter(|_| !self.is_customers())
    }

    /// The last day of the grace that it is in: it is overdue, and `check` is not red for it.
    #[must_use]
    pub fn in_grace(&self, today: Date) -> Option<Date> {
        self.graced_until.filter(|last| self.days_late(today).is_some() && today <= *last)
    }

    /// As [`Secret::days_late`], whoever decides.
    #[must_use]
    pub fn days_past(&self, today: Date) -> Option<i32> {
        let left = crate::rotation::days_left(self.due?, today);
        // Another has the place of a previous one already: its overlap is what counts.
        (left < 0 && self.stage != Stage::Previous).then_some(-left)
    }
}

/// Lists the sealed values that stand, and those that the log says stand and that are not there, by address.
#[must_use]
pub fn secrets(ground: &Ground<'_>) -> Vec<Secret> {
    let verified = ground.verified;
    let mut all = verified.record.signed(None);
    all.retain(|address, _| verified.policy.environments.contains_key(&address.env));
    all.extend(verified.live.iter().map(|(address, live)| (address.clone(), *live)));
    let sealed = all.iter().filter(|(_, live)| live.item.generation.is_some());
    sealed.map(|(address, live)| secret(ground, address, *live)).collect()
}

fn secret(ground: &Ground<'_>, address: &Address, live: Live<'_>) -> Secret {
    let record = ground.verified.record;
    let policy = ground.verified.policy;
    let rule = policy.rule(address);
    let neutral = |text: &str| ground.neutral.say(text);
    let (made, place) = lineage::made(record, live.entry, address, live.item);
    let since = lineage::here_since(record, live.entry, address, live.item);
    Secret {
        name: ground.name(address),
        address: address.clone(),
        kind: live.item.kind.clone(),
        made: Origin { entry: record.dag.id(made), address: place },
        made_on: ground.day(made),
        made_by: record.entries[made].entry.by.clone(),
        since: ground.day(since),
        begun: ground.lives().begun.get(address).map_or(ground.day(made), |at| ground.day(*at)),
        due: live.item.due,
        graced_until: live.item.due.and_then(|due| {
            let last = policy.graced_until(live.item.kind.as_ref(), due);
            (last > due).then_some(last)
        }),
        rotate_every: rule.rotate_every,
        warned_before: ground.verified.warned_before(address, live),
        refused_after: policy.refuse_overdue_after(&address.env, live.item.kind.as_ref()),
        stage: match ground.verified.stage(address) {
            Some((names::Stage::Next, _)) => Stage::Pending,
            Some((names::Stage::Previous, _)) => Stage::Previous,
            None => Stage::Current,
        },
        owner: rule.owner.map(neutral),
        origin: rule.origin,
        vendor: rule.vendor.map(str::to_owned),
        contact: rule.contact.map(neutral),
        copies: rule.copies.iter().map(|copy| neutral(copy)).collect(),
        custody: rule.custody.unwrap_or(Custody::Own),
        used_by: rule.used_by.to_vec(),
        holder: ground.verified.holder(address),
        stands: ground.verified.live.contains_key(address),
    }
}
