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
use crate::verify::Record;
use crate::verify::closers::Hindrance;
use crate::verify::incidents::{Closing, Incident, Word, left_of};
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
    let voice = record.voice(policy, pen.hand(), world.now);
    let with = record.closing_with(incident.id, vec![voice.clone()]);
    nobody_twice(
        &Said { record, incident: incident.id, closing: &case.closing, with: &with },
        &by,
    )?;
    let note = Note::IncidentClose { target: incident.id };
    may(record, policy, &by, &note)?;
    let mut change = Change::new();
    let entry = pen.sign(Kind::Note(note), None, &mut change)?;
    let word = Word { entry, by: by.clone(), at: world.now, reason: None };
    case.closing = with;
    case.closing.words.push(word);
    let wants = match case.closing.closed {
        Some(_) => Vec::new(),
        None => record.could_close(incident.id, Some(&voice)),
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
            let what = format!("{}, {} first", left_of(left.len(), case.lines.len()), first.name);
            refuse(what, format!("tenure incident status {id}"))
        }
    }
}

/// What was said of an incident, and what it comes to with one more word.
struct Said<'r> {
    record: &'r Record,
    incident: EntryId,
    closing: &'r Closing,
    with: &'r Closing,
}

fn nobody_twice(said: &Said<'_>, by: &MemberName) -> Result<(), DeedError> {
    let wants = || said.record.could_close(said.incident, None);
    let refuse = |what: String| Err(DeedError::Refuse { what, instead: Some(ask(&wants())) });
    if said.closing.closed.is_some() {
        return Err(DeedError::Refuse {
            what: "the incident is closed already".to_owned(),
            instead: Some("tenure incident status".to_owned()),
        });
    }
    if said.closing.words.iter().any(|word| word.by == *by) {
        return refuse(format!("`{by}` said so already; somebody else must too"));
    }
    if said.closing.words.is_empty() || said.with.closed.is_some() {
        return Ok(());
    }
    match &said.with.hindrance {
        Some(Hindrance::OneKey(other)) => refuse(format!(
            "`{other}` said so with a key that is, or was, also that of `{by}`: two persons must"
        )),
        Some(Hindrance::LetIn(other)) => refuse(format!(
            "of `{other}` and `{by}` one let the other in after it was opened: others can show that \
             they are two persons"
        )),
        Some(Hindrance::NoAdmin) | None => match wants() {
            none if none.is_empty() => refuse("an admin must be one of the two".to_owned()),
            may => Err(DeedError::NotAllowed {
                by: by.clone(),
                what: "close it: an admin must be one of the two".to_owned(),
                may,
            }),
        },
    }
}

/// Whom to ask; and what to do where there is nobody.
fn ask(names: &[MemberName]) -> String {
    if names.is_empty() {
        return "nobody else could: let another person in who signs, tenure member add NAME --role ROLE"
            .to_owned();
    }
    let names: Vec<_> = names.iter().map(MemberName::as_str).collect();
    format!("ask one of {}", names.join(", "))
}
