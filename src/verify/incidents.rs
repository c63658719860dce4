//! Incidents as the log tells them: opened, borne for a while, closed. Mission, section F.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::closers::{Hindrance, Voice};
use super::verdicts::breach;
use super::{Record, Step, Verdict, Verified};
use crate::finding::{Code, Finding, Severity};
use crate::log::entry::{Grade, Kind, Note, Origin, Subject};
use crate::log::name::file_path;
use crate::names::{EntryId, EnvName, MemberName};
use crate::policy::Policy;
use crate::rotation::Obligation;

/// Who signed what, and when they say they did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The entry.
    pub entry: EntryId,
    /// The signer.
    pub by: MemberName,
    /// The claimed time.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// An incident.
#[derive(Debug, Clone, Copy)]
pub struct Incident<'r> {
    /// The position of the note that opened it.
    pub entry: usize,
    /// Its id, which is the incident's.
    pub id: EntryId,
    /// What it is about.
    pub subject: &'r Subject,
    /// Whether it is an exercise.
    pub drill: bool,
    /// The values that were exposed.
    pub values: &'r [Origin],
}

/// Whether an incident is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The first word of each member who says so, in the order of the log.
    pub words: Vec<Word>,
    /// When two persons had said so, one of them an admin.
    pub closed: Option<Timestamp>,
    /// Whether one of them is an admin.
    pub admin: bool,
    /// The two by whom it is closed, where nothing shows that they are two persons.
    pub doubt: Option<(MemberName, MemberName)>,
    /// Why the last two that were compared are not enough.
    pub hindrance: Option<Hindrance>,
    /// All who sign here, where no two of them would be enough; else nobody.
    pub too_few: Vec<MemberName>,
}

impl Closing {
    /// Says that nobody here can close it, where that is so.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<String> {
        let names: Vec<_> = self.too_few.iter().map(|who| format!("`{who}`")).collect();
        let who = match names.as_slice() {
            [] => return None,
            [one] => format!("nobody but {one} signs here"),
            several => format!("no two of {} can", several.join(", ")),
        };
        Some(format!("two people, one of them an admin, must say that it is over, and {who}"))
    }
}

/// What lets an incident be closed where nobody can.
pub const LET_IN: &str = "tenure member add NAME --role ROLE";

/// Who bears that a value is not replaced, and until when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearing {
    /// The last word of each admin who bears it, in the order of the log, with the day they name.
    pub words: Vec<(Word, Date)>,
    /// The day up to which enough of them bear it; none where they are too few.
    pub until: Option<Date>,
}

/// The most days ahead that a value can be borne: whoever bears it looks at it again once a year.
pub const BORNE_DAYS: i64 = 365;

impl Verified<'_> {
    /// Names the incidents that nobody closed: a review is due of what is paid too. A drill is never red, and
    /// neither is what a customer has in hand.
    pub(super) fn unclosed(&self, scope: Option<&EnvName>, today: Date) -> Vec<Finding> {
        let in_scope = |value: &&Origin| scope.is_none_or(|env| value.address.env == *env);
        let all = self.record.incidents().into_iter();
        let open = all.filter(|it| self.record.closing(it.id).closed.is_none());
        let here = open.map(|it| (it.values.iter().filter(in_scope).count(), it));
        let here = here.filter(|(values, _)| *values > 0);
        here.map(|(values, it)| self.not_closed(&it, (scope, values), today)).collect()
    }

    fn not_closed(
        &self,
        incident: &Incident<'_>,
        (scope, values): (Option<&EnvName>, usize),
        today: Date,
    ) -> Finding {
        let Incident { entry, id, subject, drill, .. } = incident;
        let mine = |debt: &&Obligation| debt.entry == *id && !debt.is_accepted(today);
        let mine = self.obligations.iter().filter(mine);
        let mut left: Vec<_> = mine.map(|it| (&it.address, &it.origin.address)).collect();
        left.dedup();
        let theirs = left.iter().filter(|(at, born)| self.policy.has_customer(at, born));
        let customers = theirs.count();
        let place = scope.map(|env| format!(" in {env}")).unwrap_or_default();
        let closing = self.record.closing(*id);
        let what = match (left.len(), customers) {
            (0, _) => format!("nothing is left{place}, and {}", wanting(&closing)),
            (all, 0) => format!("{}{place}", left_of(all, values)),
            (all, some) => format!(
                "{}{place}, {some} in custody of the customer, who decides",
                left_of(all, values)
            ),
        };
        let word = if *drill { "drill" } else { "incident" };
        let (day, short) = (self.record.day_of(*entry), id.short());
        let fix = match (left.len(), scope) {
            (0, _) if !closing.too_few.is_empty() => LET_IN.to_owned(),
            (0, None) => format!("tenure incident close {short} -o FILE"),
            _ => format!("tenure incident status {short}"),
        };
        let only_theirs = customers > 0 && customers == left.len();
        let grade = if *drill || only_theirs { Severity::Note } else { Severity::Found };
        let path = file_path(&self.record.entries[*entry].entry, id);
        let message = format!("{word} about {subject}, opened on {day}, is not closed: {what}");
        breach(Code::Incident, path.to_string(), message).graded(grade).entry(*id).fix(fix)
    }
}

/// Whose word is wanting where nothing else is.
fn wanting(closing: &Closing) -> String {
    closing.out_of_reach().unwrap_or_else(|| {
        let who = match closing.words.len() {
            0 => "two members have",
            _ => "another member has",
        };
        format!("{who} yet to say that it is over")
    })
}

/// Says how many of the values that an incident exposed are left: "1 of 1 value left".
#[must_use]
pub fn left_of(left: usize, all: usize) -> String {
    format!("{left} of {all} {} left", if all == 1 { "value" } else { "values" })
}

impl Record {
    /// All incidents, in the order of the log. An alarm stands also where the key or the right of who gave it was
    /// taken away beside it: only people who look into it end it.
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident<'_>> {
        let notes = self.notes();
        let opened = notes.filter_map(|(entry, note)| match note {
            Note::IncidentOpen { subject, drill, values } => {
                let (id, drill) = (self.entries[entry].id, *drill);
                Some(Incident { entry, id, subject, drill, values })
            }
            _ => None,
        });
        opened.collect()
    }

    /// The notes that count, parents before children: those that hold, and alarms that are void; but for what a
    /// key bears or closes that is lost. It may have been another's word, and is given again in a minute.
    pub fn notes(&self) -> impl Iterator<Item = (usize, &Note)> {
        let notes = self.dag.order().iter().filter_map(|at| match &self.entries[*at].entry.kind {
            Kind::Note(note) => Some((*at, note)),
            _ => None,
        });
        let notes = notes.filter(|(at, note)| match note {
            Note::IncidentOpen { .. } => self.verdict(*at) != Verdict::Refused,
            _ => self.holds(*at),
        });
        notes.filter(move |(at, note)| match note {
            Note::IncidentAccept { .. } | Note::IncidentClose { .. } => !self.is_by_lost_key(*at),
            _ => true,
        })
    }

    /// Tells whether the key that signed an entry is said to be lost.
    fn is_by_lost_key(&self, at: usize) -> bool {
        let mut lost = self.policy().into_iter().flat_map(Policy::lost_keys).peekable();
        if lost.peek().is_none() {
            return false;
        }
        let key = self.entries[at].signature.key();
        let key = key.map(|key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string());
        key.is_some_and(|key| lost.any(|(_, lost)| lost.fingerprint() == key))
    }

    /// Tells whether a note says with a lost key that a value was ended which an incident exposed that nobody
    /// closed: what such a key signed stands, but nothing is paid by it where that is looked into.
    pub(super) fn is_doubted(&self, at: usize) -> bool {
        let Kind::Note(Note::Revoked { value, .. }) = &self.entries[at].entry.kind else {
            return false;
        };
        let is_open = |it: &Incident<'_>| self.closing(it.id).closed.is_none();
        self.is_by_lost_key(at)
            && self.incidents().iter().any(|it| it.values.contains(value) && is_open(it))
    }

    /// Who signed an entry.
    #[must_use]
    pub fn word(&self, entry: usize) -> Word {
        let signed = &self.entries[entry];
        let (by, reason) = (signed.entry.by.clone(), signed.entry.reason.clone());
        Word { entry: signed.id, by, at: signed.entry.time, reason }
    }

    /// Who bears, for a cause, that a value is not replaced: as many admins as sign a policy, one of whom
    /// neither signed the cause nor is what it is about. Each one's last word counts, and together they bear it
    /// as long as all of so many do, and none of them for longer than [`BORNE_DAYS`].
    #[must_use]
    pub fn bearing(&self, cause: EntryId, value: &Origin) -> Bearing {
        if let Some(known) = &self.bearings {
            let mut known = known.iter().filter(|(of, which, _)| (*of, which) == (cause, value));
            return known.next().map(|(.., bearing)| bearing.clone()).unwrap_or_default();
        }
        self.bearing_with(cause, value, None)
    }

    /// As [`Record::bearing`], with one more word after those in the log.
    #[must_use]
    pub fn bearing_with(
        &self,
        cause: EntryId,
        value: &Origin,
        more: Option<&(Voice<'_>, Date)>,
    ) -> Bearing {
        let mut last: BTreeMap<&MemberName, (usize, Date)> = BTreeMap::new();
        for (at, note) in self.notes() {
            if let Note::IncidentAccept { target, value: of, until } = note
                && (*target, of) == (cause, value)
            {
                let most = self.day_of(at).saturating_add(BORNE_DAYS.days());
                last.insert(&self.entries[at].entry.by, (at, most.min(*until)));
            }
        }
        let again = |by: &MemberName| more.is_some_and(|(voice, _)| voice.by == *by);
        let said = last.values().filter(|(at, _)| !again(&self.entries[*at].entry.by));
        let said = said.filter_map(|(at, day)| Some((self.voice_of(*at)?, *day)));
        let said: Vec<_> = said.chain(more.cloned()).collect();
        let until = self.borne_until(cause, &said);
        let mut words: Vec<_> = last.into_values().collect();
        words.sort_by_key(|(at, _)| self.dag.position(*at));
        let words = words.into_iter().map(|(at, until)| (self.word(at), until)).collect();
        Bearing { words, until }
    }

    /// All that is borne, by cause and value.
    pub(super) fn all_bearings(&self) -> Vec<(EntryId, Origin, Bearing)> {
        let borne = self.notes().filter_map(|(_, note)| match note {
            Note::IncidentAccept { target, value, .. } => Some((*target, value)),
            _ => None,
        });
        let mut all: Vec<_> = borne.collect();
        all.sort();
        all.dedup();
        let with =
            |(cause, value): (EntryId, &Origin)| (cause, value.clone(), self.bearing(cause, value));
        all.into_iter().map(with).collect()
    }

    /// The member whom an incident is about.
    fn about(&self, incident: EntryId) -> Option<&MemberName> {
        let at = self.dag.index(&incident)?;
        match &self.entries[at].entry.kind {
            Kind::Note(Note::IncidentOpen { subject: Subject::Member(name), .. }) => Some(name),
            _ => None,
        }
    }

    /// The day up to which enough admins bear a value, of those who say so.
    fn borne_until(&self, cause: EntryId, said: &[(Voice<'_>, Date)]) -> Option<Date> {
        let policy = self.policy()?;
        let admins = || said.iter().filter(|(voice, _)| policy.is_admin(&voice.by));
        let mut days: Vec<Date> = admins().map(|(_, day)| *day).collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        let enough = *days.get((policy.admin.threshold as usize).checked_sub(1)?)?;
        let at = self.dag.index(&cause)?;
        let about = self.about(cause);
        let others = admins().filter(|(voice, _)| self.is_another(at, about, voice));
        let other = others.map(|(_, day)| *day).max()?;
        Some(enough.min(other))
    }

    /// The first word that a value was ended at its issuer.
    #[must_use]
    pub fn ended_at_issuer(&self, value: &Origin) -> Option<(Word, Grade)> {
        let mut notes = self.notes();
        notes.find_map(|(at, note)| match note {
            Note::Revoked { value: of, grade } if of == value && !self.is_doubted(at) => {
                Some((self.word(at), *grade))
            }
            _ => None,
        })
    }

    /// The step in force from which on, without a break until now, the policy in force keeps a rule; none while it
    /// does not.
    #[must_use]
    pub fn since_when(&self, keeps: impl Fn(&Policy) -> bool) -> Option<&Step> {
        let mut step = self.step()?;
        if !keeps(&step.policy) {
            return None;
        }
        while let Some(before) = step.prev.map(|at| &self.chain.steps[at]) {
            if !keeps(&before.policy) {
                return Some(step);
            }
            step = before;
        }
        Some(step)
    }
}
