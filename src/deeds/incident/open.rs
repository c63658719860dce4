//! Opens an incident: an alarm, which anybody who signs may raise and nothing refuses.

use super::alarms;
use super::case::{Case, Ground, Told};
use crate::deeds::DeedError;
use crate::deeds::find;
use crate::deeds::load::Place;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, Note, Origin, Subject};
use crate::names::{AddressQuery, EntryId, EnvName, MemberName};
use crate::policy::edit::EditError;
use crate::policy::{Policy, Recipient, nearest};
use crate::verify::incidents::Word;
use crate::verify::{Record, Verified};
use crate::world::{Change, World};

/// What an incident is about, as a user says it.
#[derive(Debug, Clone)]
pub enum About {
    /// A value became known; the text is what the user wrote.
    Secret(AddressQuery, String),
    /// A member, with all that they could read.
    Member(MemberName),
    /// A key.
    Recipient(Recipient),
    /// A supplier.
    Vendor(String),
    /// An environment.
    Env(EnvName),
}

/// What is to be opened.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is about.
    pub about: About,
    /// Whether it is an exercise.
    pub drill: bool,
    /// Why.
    pub reason: String,
}

/// An incident that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its entries: one, or several where one would grow too large.
    pub entries: Vec<EntryId>,
    /// Who opened it.
    pub by: MemberName,
    /// What was exposed.
    pub case: Case,
    /// The incident response runbook, as the policy links it.
    pub runbook: Option<String>,
}

/// Opens an incident.
///
/// # Errors
/// [`DeedError::NotAMember`] for who signs nothing; [`DeedError::Refuse`] where nothing was exposed that
/// still opens something; [`DeedError::NoSecret`] and the like for unknown names.
pub fn open(world: &World, wish: &Wish) -> Result<Opened, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    let (record, policy) = (verified.record, verified.policy);
    let subject = subject(&verified, &wish.about)?;
    let notes = alarms(record, policy, &subject, wish.drill);
    if notes.is_empty() {
        return Err(DeedError::Refuse {
            what: format!("nothing that still opens something was exposed by `{subject}`"),
            instead: Some("tenure log list says what was there before".to_owned()),
        });
    }
    let mut pen = Pen::find(&place, record, policy)?;
    let by = pen.by().clone();
    let mut change = Change::new();
    let mut entries = Vec::new();
    for note in &notes {
        may(record, policy, &by, note)?;
        let kind = Kind::Note(note.clone());
        entries.push(pen.sign(kind, Some(wish.reason.clone()), &mut change)?);
    }
    let [entry, ..] = entries.as_slice() else { return Err(DeedError::Aborted) };
    let reason = Some(wish.reason.clone());
    let opened = Word { entry: *entry, by: by.clone(), at: world.now, reason };
    let values: Vec<Origin> = notes.iter().flat_map(Note::values).cloned().collect();
    let told = Told { opened, subject: &subject, drill: wish.drill, values: &values, then: policy };
    let case = Ground::of(&verified, world.now).told(&told);
    place.commit(&change)?;
    let runbook = runbook(policy);
    Ok(Opened { entries, by, case, runbook })
}

/// The incident response runbook, as the policy links it.
pub(super) fn runbook(policy: &Policy) -> Option<String> {
    policy.links.incident_response.as_ref().map(|link| link.to.clone())
}

/// Refuses a note that nobody would believe.
pub(super) fn may(
    record: &Record,
    policy: &Policy,
    by: &MemberName,
    note: &Note,
) -> Result<(), DeedError> {
    record.takes(policy, by, note).map_err(|what| DeedError::Refuse { what, instead: None })
}

fn subject(verified: &Verified<'_>, about: &About) -> Result<Subject, DeedError> {
    let policy = verified.policy;
    match about {
        About::Secret(query, text) => {
            Ok(Subject::Secret(find::value(verified, query, text)?.address()))
        }
        About::Member(name) => {
            // Who left can still have leaked what they read.
            let mut ever = verified.record.steps_in_force();
            if ever.any(|step| step.policy.members.contains_key(name)) {
                return Ok(Subject::Member(name.clone()));
            }
            let known = policy.members.keys().map(MemberName::as_str);
            let nearest = nearest(name.as_str(), known).map(str::to_owned);
            Err(EditError::UnknownMember { name: name.clone(), nearest }.into())
        }
        About::Recipient(key) => Ok(Subject::Recipient(key.as_str().to_owned())),
        About::Vendor(vendor) => {
            let named = |step: &crate::verify::Step| {
                step.policy.secrets.iter().any(|rule| rule.vendor.as_deref() == Some(vendor))
            };
            if verified.record.steps_in_force().any(named) {
                return Ok(Subject::Vendor(vendor.clone()));
            }
            Err(DeedError::Refuse {
                what: format!("no rule of the policy names the vendor `{vendor}`"),
                instead: Some("name a secret, or all of it: --secret SECRET, --env ENV".to_owned()),
            })
        }
        About::Env(env) if policy.environments.contains_key(env) => Ok(Subject::Env(env.clone())),
        About::Env(env) => {
            let known = policy.environments.keys().cloned().collect();
            Err(DeedError::NoEnvironment { env: env.clone(), known })
        }
    }
}
