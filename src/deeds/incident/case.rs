//! An incident as it stands: what is contained, what is replaced and ended, what is left.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::blast::{revoke, windows};
use crate::deeds::member::owner::owned;
use crate::log::entry::{Grade, Origin, Subject};
use crate::names::{Address, EntryId, MemberName, Stage};
use crate::policy::{Custody, Policy, Recipient};
use crate::verify::Verified;
use crate::verify::exposed::{Exposed, Made};
use crate::verify::incidents::{Bearing, Closing, Incident, Word};

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The entry that opened it.
    pub opened: Word,
    /// What it is about.
    pub subject: Subject,
    /// Whether it is an exercise.
    pub drill: bool,
    /// The values that were exposed, those of the shortest clock first.
    pub lines: Vec<Line>,
    /// Whether its subject reads on.
    pub containment: Containment,
    /// Who says that it is over.
    pub closing: Closing,
    /// When it was looked at.
    pub now: Timestamp,
}

/// A value that was exposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The value: the `new` item that made it.
    pub origin: Origin,
    /// The shortest name of it.
    pub name: String,
    /// The secret's, by which it is rotated and finished; another where it is a pending or a previous value.
    pub secret: String,
    /// Where it stands, or stood last.
    pub address: Address,
    /// What it is beside a current value.
    pub stage: Option<Stage>,
    /// Where it stands.
    pub live_at: Vec<Address>,
    /// The first day on which the subject could read it.
    pub since: Option<Date>,
    /// What put something else, or nothing, in its place.
    pub replaced: Option<Word>,
    /// How the policy says that it is ended at its issuer.
    pub revoke: Option<String>,
    /// Who says that it was ended there, and how well that is known.
    pub ended: Option<(Word, Grade)>,
    /// Who bears that it is not.
    pub bearing: Bearing,
    /// Whether the customer holds it: its end is theirs.
    pub custody: Custody,
}

/// What is left to do about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It stands, and must be replaced.
    Rotate,
    /// It was replaced, and its end is not recorded.
    End,
    /// The customer has it in hand, and has not replaced it.
    Customers,
    /// Nothing, as long as it is borne.
    Borne(Date),
    /// Nothing.
    Nothing,
}

/// Whether the subject of an incident reads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Containment {
    /// It is about values, and no reader is to go.
    NoReader,
    /// It reads these, by environment or by machine.
    Reads(Vec<String>),
    /// It reads nothing since then.
    Since(Word),
}

/// The states of mission section F.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A reader reads on.
    Open,
    /// The reader is gone, or none was to go.
    Contained,
    /// No value is left.
    Rotated,
    /// Two members said that it is over.
    Closed,
}

impl State {
    /// The word for people and machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Contained => "contained",
            Self::Rotated => "rotated",
            Self::Closed => "closed",
        }
    }
}

impl Line {
    /// What is left to do on a day.
    #[must_use]
    pub fn left(&self, today: Date) -> Left {
        let owed = match (&self.live_at[..], &self.revoke, &self.ended) {
            ([], None, _) | ([], _, Some(_)) => Left::Nothing,
            _ if self.custody == Custody::Customer => Left::Customers,
            ([_, ..], _, _) if self.stage == Some(Stage::Previous) => Left::End,
            ([_, ..], _, _) => Left::Rotate,
            ([], Some(_), None) => Left::End,
        };
        match self.bearing.until {
            Some(until) if owed != Left::Nothing && until >= today => Left::Borne(until),
            _ => owed,
        }
    }
}

impl Case {
    /// The day on which it was looked at.
    #[must_use]
    pub fn today(&self) -> Date {
        day(self.now)
    }

    /// The values about which something is left to do.
    pub fn left(&self) -> impl Iterator<Item = (&Line, Left)> {
        let today = self.today();
        let all = self.lines.iter().map(move |line| (line, line.left(today)));
        all.filter(|(_, left)| matches!(left, Left::Rotate | Left::End | Left::Customers))
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.containment {
            _ if self.closing.closed.is_some() => State::Closed,
            Containment::Reads(_) => State::Open,
            _ if self.left().next().is_none() => State::Rotated,
            Containment::NoReader | Containment::Since(_) => State::Contained,
        }
    }

    /// How long it is, or was, open.
    #[must_use]
    pub fn open_for(&self) -> SignedDuration {
        self.closing.closed.unwrap_or(self.now).duration_since(self.opened.at)
    }

    /// How long until its subject read nothing; none while it reads, and where none was to go.
    #[must_use]
    pub fn contained_after(&self) -> Option<SignedDuration> {
        match &self.containment {
            Containment::Since(word) => Some(self.after(word.at)),
            Containment::NoReader | Containment::Reads(_) => None,
        }
    }

    /// How long until the last value was replaced; none while one stands.
    #[must_use]
    pub fn replaced_after(&self) -> Option<SignedDuration> {
        let all: Option<Vec<_>> = self.lines.iter().map(|line| line.replaced.as_ref()).collect();
        all?.iter().map(|word| self.after(word.at)).max()
    }

    /// How long until the last end at an issuer was recorded; none while one is not, and where none is wanted.
    #[must_use]
    pub fn ended_after(&self) -> Option<SignedDuration> {
        let wanted = self.lines.iter().filter(|line| line.revoke.is_some() || line.ended.is_some());
        let all: Option<Vec<_>> = wanted.map(|line| line.ended.as_ref()).collect();
        all?.iter().map(|(word, _)| self.after(word.at)).max()
    }

    /// What came before the incident took no time.
    fn after(&self, at: Timestamp) -> SignedDuration {
        at.duration_since(self.opened.at).max(SignedDuration::ZERO)
    }
}

/// The UTC day of a time.
#[must_use]
pub fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// What a note says that opens an incident.
pub(super) struct Told<'n> {
    pub(super) opened: Word,
    pub(super) subject: &'n Subject,
    pub(super) drill: bool,
    pub(super) values: &'n [Origin],
    /// The policy that it was signed under.
    pub(super) then: &'n Policy,
}

/// What all incidents of a repository are judged by.
pub(super) struct Ground<'v, 'e> {
    verified: &'v Verified<'e>,
    made: BTreeMap<Origin, Made>,
    now: Timestamp,
}

impl<'v, 'e> Ground<'v, 'e> {
    pub(super) fn of(verified: &'v Verified<'e>, now: Timestamp) -> Self {
        let made = verified.record.values_made().into_iter();
        let made = made.map(|it| (it.origin.clone(), it)).collect();
        Self { verified, made, now }
    }

    pub(super) fn case(&self, incident: &Incident<'_>) -> Case {
        let record = self.verified.record;
        let Incident { entry, subject, drill, values, .. } = *incident;
        let then = record.policy_at(entry).unwrap_or(self.verified.policy);
        self.told(&Told { opened: record.word(entry), subject, drill, values, then })
    }

    /// An incident as it stands, also one that was opened just now.
    pub(super) fn told(&self, told: &Told<'_>) -> Case {
        let Told { opened, subject, drill, values, then } = told;
        let windows = windows(self.verified.record, then, subject);
        let windows: BTreeMap<_, _> = windows.iter().map(|it| (&it.origin, it)).collect();
        let line = |value: &Origin| self.line(opened.entry, value, windows.get(value).copied());
        let mut lines: Vec<Line> = values.iter().map(line).collect();
        let policy = self.verified.policy;
        let rank = |line: &Line| {
            let at = &line.address;
            (policy.leaver_days(&at.env), line.live_at.is_empty(), at.clone())
        };
        lines.sort_by_cached_key(rank);
        Case {
            opened: opened.clone(),
            subject: (*subject).clone(),
            drill: *drill,
            lines,
            containment: self.containment(subject, then),
            closing: self.verified.record.closing(opened.entry),
            now: self.now,
        }
    }

    fn line(&self, cause: EntryId, value: &Origin, exposed: Option<&Exposed>) -> Line {
        let record = self.verified.record;
        let made = self.made.get(value);
        let live_at = made.map(|it| it.live_at.clone()).unwrap_or_default();
        let last = || Some(made?.versions.last()?.address.clone());
        let address = live_at.first().cloned().or_else(last);
        let address = address.unwrap_or_else(|| value.address.clone());
        let beside = record.stands_beside(&address);
        let secret = beside.as_ref().map_or(&address, |(_, base)| base);
        let revoke = made.and_then(|made| revoke(record, self.verified.policy, made));
        Line {
            name: record.short_name(&address),
            secret: record.short_name(secret),
            stage: beside.as_ref().map(|(stage, _)| *stage),
            since: exposed.map(|it| it.since),
            replaced: made.and_then(|made| made.ended).map(|at| record.word(at)),
            revoke: revoke.map(str::to_owned),
            ended: record.ended_at_issuer(value),
            bearing: record.bearing(cause, value),
            custody: match self.verified.policy.has_customer(&address, &value.address) {
                true => Custody::Customer,
                false => Custody::Own,
            },
            origin: value.clone(),
            live_at,
            address,
        }
    }

    /// Whether a subject reads on; `then` is the policy of when the incident was opened.
    fn containment(&self, subject: &Subject, then: &Policy) -> Containment {
        let (member, keys) = match subject {
            Subject::Secret(_) | Subject::Vendor(_) | Subject::Env(_) => {
                return Containment::NoReader;
            }
            Subject::Member(name) => (Some(name), machine_keys(then, name)),
            Subject::Recipient(text) => (None, text.parse().into_iter().collect()),
        };
        let reads = |policy: &Policy| reading(policy, member, &keys);
        match self.verified.record.since_when(|policy| reads(policy).is_empty()) {
            Some(step) => Containment::Since(self.verified.record.word(step.entry)),
            None => Containment::Reads(reads(self.verified.policy)),
        }
    }
}

/// The keys of the machines that a member answers for.
fn machine_keys(policy: &Policy, name: &MemberName) -> Vec<Recipient> {
    let machines = owned(policy, name);
    let members = machines.iter().filter_map(|it| policy.members.get(&it.name));
    members.flat_map(|member| member.recipients.clone()).collect()
}

/// What a member, and whoever has some keys, reads under a policy.
fn reading(policy: &Policy, member: Option<&MemberName>, keys: &[Recipient]) -> Vec<String> {
    let own = member.into_iter().flat_map(|name| policy.readable_by(name));
    let mut all: Vec<_> = own.map(ToString::to_string).collect();
    for env in policy.environments.keys() {
        let readers = policy.reader_recipients(env).into_iter();
        let with = readers.filter(|(who, key)| keys.contains(key) && Some(*who) != member);
        all.extend(with.map(|(who, _)| format!("{env} as {who}")));
    }
    all
}
