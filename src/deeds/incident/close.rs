//! Closes an incident: two members say that it is over, one of them an admin, once nothing is left.

use std::path::Path;

use super::case::{Case, Containment, Ground};
use super::named;
use super::open::{may, runbook};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::over::writes_over;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, Note};
use crate::names::{EntryId, MemberName, RepoPath};
use crate::policy::Policy;
use crate::verify::incidents::{Incident, Word};
use crate::world::{Change, Mode, World, WorldError, Writes, write_whole};

/// An incident about which a member said that it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The incident, with that word.
    pub case: Case,
    /// The entry.
    pub entry: EntryId,
    /// Who signed it.
    pub by: MemberName,
    /// Who must say so too; nobody where it is closed.
    pub wants: Vec<MemberName>,
    /// The incident response runbook, as the policy links it.
    pub runbook: Option<String>,
    /// Who wrote the review: the version of this program.
    pub version: &'static str,
}

/// Says that an incident is over; `review` makes the text that is written into a file.
///
/// # Errors
/// [`DeedError::Refuse`] while anything is left, for one who said so already, and where an admin must;
/// [`DeedError::World`] where the file cannot be written: then nothing was signed.
pub fn close(
    world: &World,
    id: &str,
    to: &Path,
    review: &dyn Fn(&Closed) -> String,
) -> Result<Closed, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    let (record, policy) = (verified.record, verified.policy);
    let incident = named(&verified, id)?;
    let mut case = Ground::of(&verified, world.now).case(&incident);
    nothing_is_left(&case, &incident)?;
    let mut pen = Pen::find(&place, record, policy)?;
    let by = pen.by().clone();
    nobody_twice(policy, &case, &by)?;
    let note = Note::IncidentClose { target: incident.id };
    may(record, policy, &by, &note)?;
    let mut change = Change::new();
    let entry = pen.sign(Kind::Note(note), None, &mut change)?;
    let admin = policy.is_admin(&by);
    let word = Word { entry, by: by.clone(), at: world.now, reason: None };
    case.closing.add(word, admin);
    let wants = match case.closing.closed {
        Some(_) => Vec::new(),
        None => wants(policy, &case),
    };
    let (runbook, version) = (runbook(policy), env!("CARGO_PKG_VERSION"));
    let closed = Closed { case, entry, by, wants, runbook, version };
    let text = review(&closed);
    let is_review = |text: &str| REVIEWS.iter().any(|title| text.starts_with(title));
    writes_over(&world.from.join(to), "a review", is_review)?;
    match inside(&place, to)? {
        Some(path) => {
            is_nobodys(policy, &path)?;
            change.put(path, text.into_bytes(), Mode::Keep);
        }
        None if world.writes == Writes::Real => {
            write_whole(&world.from.join(to), text.as_bytes(), Mode::Keep)?;
        }
        None => {}
    }
    place.commit(&change)?;
    Ok(closed)
}

/// How reviews begin.
const REVIEWS: [&str; 2] = ["# Incident review: ", "# Drill review: "];

/// The path of a file of the repository; none of one elsewhere.
fn inside(place: &Place<'_>, to: &Path) -> Result<Option<RepoPath>, DeedError> {
    match place.checkout.repo_path(to) {
        Ok(path) => Ok(Some(path)),
        Err(WorldError::Outside { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Keeps a review from taking the place of a sealed file, or of what we keep.
fn is_nobodys(policy: &Policy, path: &RepoPath) -> Result<(), DeedError> {
    let ours = path.as_str().starts_with(".secrets") || path.as_str().starts_with(".git/");
    if !ours && policy.environments_of(path).is_empty() {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("`{path}` is a place for secrets"),
        instead: Some("write the review elsewhere: -o docs/incidents/NAME.md".to_owned()),
    })
}

/// "Unused" is no reason: a value is replaced and ended, or borne by admins until a day.
fn nothing_is_left(case: &Case, incident: &Incident<'_>) -> Result<(), DeedError> {
    let id = incident.id.short();
    let refuse = |what: String, instead: String| {
        Err(DeedError::Refuse { what: format!("incident {id}: {what}"), instead: Some(instead) })
    };
    if let Containment::Reads(reads) = &case.containment {
        let what = format!("`{}` still reads {}", incident.subject, reads.join(", "));
        return refuse(what, format!("tenure incident status {id}"));
    }
    let left: Vec<_> = case.left().collect();
    match left.as_slice() {
        [] => Ok(()),
        [(first, _), ..] => {
            let what =
                format!("{} of {} values left, {} first", left.len(), case.lines.len(), first.name);
            refuse(what, format!("tenure incident status {id}"))
        }
    }
}

fn nobody_twice(policy: &Policy, case: &Case, by: &MemberName) -> Result<(), DeedError> {
    let closing = &case.closing;
    if closing.closed.is_some() {
        return Err(DeedError::Refuse {
            what: "the incident is closed already".to_owned(),
            instead: Some("tenure incident status".to_owned()),
        });
    }
    if closing.words.iter().any(|word| word.by == *by) {
        return Err(DeedError::Refuse {
            what: format!("`{by}` said so already; somebody else must too"),
            instead: Some(format!("ask one of {}", listed(&wants(policy, case)))),
        });
    }
    if !closing.words.is_empty() && !closing.admin && !policy.is_admin(by) {
        return Err(DeedError::NotAllowed {
            by: by.clone(),
            what: "close it: an admin must be one of the two".to_owned(),
            may: wants(policy, case),
        });
    }
    Ok(())
}

/// The members whose word would close it.
fn wants(policy: &Policy, case: &Case) -> Vec<MemberName> {
    let said = |who: &MemberName| case.closing.words.iter().any(|word| word.by == *who);
    let signs = policy.members.iter().filter(|(_, member)| !member.signing_keys.is_empty());
    let counts = |who: &MemberName| case.closing.admin || policy.is_admin(who);
    signs.map(|(who, _)| who).filter(|who| !said(who) && counts(who)).cloned().collect()
}

fn listed(names: &[MemberName]) -> String {
    names.iter().map(MemberName::as_str).collect::<Vec<_>>().join(", ")
}
