//! Every date that something must be done by, for a calendar. No value, no key, and no day of printing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ground::Ground;
use super::secrets::{Secret, Stage, secrets};
use super::tracked::Tracked;
use crate::deeds::DeedError;
use crate::deeds::enact::{Edited, nothing_blocks};
use crate::deeds::find::Names;
use crate::deeds::load::{Place, unbelieved};
use crate::finding::Severity;
use crate::log::entry::Origin;
use crate::names::{Address, RepositoryId, Sha256, Sha256Writer};
use crate::rotation::{Obligation, Owed, Previous, pressing};
use crate::verify::Verified;
use crate::world::World;

/// All deadlines of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// When the state came to be: the newest time that an entry claims.
    pub of: Timestamp,
    /// The version of this program.
    pub version: &'static str,
    /// By day, then by what they are about.
    pub events: Vec<Event>,
}

/// One deadline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The last UTC day in time.
    pub day: Date,
    /// What it is about: a value, a member or a type, by its shortest name.
    pub name: String,
    /// What the day is the last one for.
    pub what: What,
    /// Days before from which on it is announced.
    pub warn_before: u32,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The same for the same thing whenever it is computed, and in no other repository.
    pub id: Sha256,
}

/// What a day is the last one for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A value lives until then.
    Due,
    /// So does one that a customer has in custody.
    CustomersDue,
    /// A value must be replaced by then, because of something.
    Rotate {
        /// Why.
        cause: String,
    },
    /// A value that was replaced must be ended by then, because of something.
    End {
        /// Why.
        cause: String,
    },
    /// A value that another took the place of may be accepted until then.
    Previous,
    /// The keys of a member are good until then.
    Keys,
    /// Admins bear a duty until then.
    Borne,
    /// A type is not rotated, by decision, until then.
    Waived,
}

impl What {
    /// The word that keeps two deadlines of one thing apart.
    fn word(&self) -> &'static str {
        match self {
            Self::Due | Self::CustomersDue => "due",
            Self::Rotate { .. } | Self::End { .. } => "duty",
            Self::Previous => "previous",
            Self::Keys => "keys",
            Self::Borne => "borne",
            Self::Waived => "waived",
        }
    }
}

/// Gathers the deadlines of the state that is here.
///
/// # Errors
/// [`DeedError::NoRoot`]; [`DeedError::Refused`] where anything here is not to be believed: a calendar
/// that lacks a deadline looks like one that has none.
pub fn calendar(world: &World) -> Result<Calendar, DeedError> {
    let place = Place::find(world)?.forgetful();
    let loaded = place.load(None)?;
    nothing_blocks(&loaded.record.findings, Edited::Refused)?;
    let today = place.today();
    let verified = Verified::judge(&loaded.record, &loaded.files, None, today)
        .ok_or_else(|| unbelieved(&loaded.record))?;
    let bad = verified.findings.iter().filter(|finding| finding.severity >= Severity::Invalid);
    if let Some(finding) = bad.max_by_key(|finding| finding.severity) {
        return Err(DeedError::Refused(finding.clone().into()));
    }
    let names = Names::of(verified.live.keys());
    let ground = Ground::of(&place, (&verified, today), Tracked::default(), names);
    let mut events = values(&ground);
    events.extend(owed(&ground));
    events.extend(keys(&ground));
    events.sort();
    let mut ids = BTreeSet::new();
    events.retain(|event| ids.insert(event.id));
    let newest = loaded.record.entries.iter().map(|signed| signed.entry.time).max();
    let midnight = || today.to_zoned(TimeZone::UTC).map_or(world.now, |day| day.timestamp());
    Ok(Calendar { of: newest.unwrap_or_else(midnight), version: env!("CARGO_PKG_VERSION"), events })
}

/// The parts that tell what an event is about, as one id.
fn id(repository: &RepositoryId, what: &What, about: &[&str]) -> Sha256 {
    let begun = Sha256Writer::default()
        .part(b"calendar")
        .part(repository.to_string().as_bytes())
        .part(what.word().as_bytes());
    about.iter().fold(begun, |to, part| to.part(part.as_bytes())).finish()
}

fn values(ground: &Ground<'_>) -> Vec<Event> {
    let repository = &ground.verified.policy.repository;
    let event = |secret: Secret| {
        let what = if secret.is_customers() { What::CustomersDue } else { What::Due };
        let id = id(repository, &what, &[&secret.address.to_string()]);
        let warn_before = secret.warned_before;
        let (day, name, owner) = (secret.due?, secret.name, secret.owner);
        Some(Event { day, name, what, warn_before, owner, id })
    };
    // Of a value that another took the place of, the end of the overlap counts.
    let all = secrets(ground).into_iter().filter(|secret| secret.stage != Stage::Previous);
    all.filter_map(event).collect()
}

/// Duties, what somebody bears of them, and previous values.
fn owed(ground: &Ground<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for debt in pressing(&ground.verified.obligations, ground.today) {
        if !debt.is_accepted(ground.today) {
            events.push(about(ground, (debt.due, duty(debt)), (&debt.address, &debt.origin)));
        }
        if let Some(accepted) = &debt.accepted {
            let until = (accepted.until, What::Borne);
            events.push(about(ground, until, (&debt.address, &debt.origin)));
        }
    }
    for Previous { address, origin, due, .. } in &ground.verified.previous {
        events.push(about(ground, (*due, What::Previous), (address, origin)));
    }
    events
}

fn duty(debt: &Obligation) -> What {
    let cause = debt.cause.what().replace('`', "");
    match debt.owed {
        Owed::Rotate => What::Rotate { cause },
        Owed::End => What::End { cause },
    }
}

fn about(
    ground: &Ground<'_>,
    (day, what): (Date, What),
    (address, origin): (&Address, &Origin),
) -> Event {
    let policy = ground.verified.policy;
    let made = format!("{}:{}", origin.entry, origin.address);
    Event {
        day,
        name: ground.name(address),
        warn_before: policy.clocks.warn_before,
        owner: policy.rule(address).owner.map(|text| ground.neutral.say(text)),
        id: id(&policy.repository, &what, &[&made]),
        what,
    }
}

/// The last days of members' keys, and of decisions not to rotate.
fn keys(ground: &Ground<'_>) -> Vec<Event> {
    let policy = ground.verified.policy;
    let event = |day, name: String, what: What, owner: Option<String>| {
        let id = id(&policy.repository, &what, &[&name]);
        Event { day, name, what, warn_before: policy.clocks.warn_before, owner, id }
    };
    let members = policy.members.iter().filter_map(|(name, member)| {
        let owner = member.owner.as_ref().map(ToString::to_string);
        Some(event(member.expires?, name.to_string(), What::Keys, owner))
    });
    let waived = policy.types.iter().filter_map(|(name, described)| {
        Some(event(described.accept.as_ref()?.until, name.to_string(), What::Waived, None))
    });
    members.chain(waived).collect()
}
