//! As of when a command looks at the repository: another day, or what a commit holds, on its own day. Nothing
//! is written, and the pin stays where it is. Decision 35.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::DeedError;
use super::enact::{Edited, nothing_blocks};
use super::load::Place;
use crate::policy;
use crate::verify::Record;
use crate::world::{ObjectId, View, World};

/// What a day that is over means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// What stood then: the newest commit of that day or before on this branch.
    Committed,
    /// What lies here, by that day's calendar.
    Here,
}

/// Gives the world as it looks as of a day, a commit on its own day, or a commit by a day's calendar; no text
/// leaves it as it is.
///
/// # Errors
/// [`DeedError::NoMoment`] for what is neither day nor commit, [`DeedError::NoPolicyThen`] for a commit from
/// before the first policy; [`DeedError::Refused`] where the log, here or then, is not to be believed.
pub fn look(mut world: World, texts: &[String], past: Past) -> Result<World, DeedError> {
    if texts.is_empty() {
        return Ok(world);
    }
    world.view = Some(view(&world, texts, past)?);
    Ok(world)
}

fn view(world: &World, texts: &[String], past: Past) -> Result<View, DeedError> {
    let place = Place::find(world)?;
    let (mut day, mut commit) = (None, None);
    for text in texts {
        let twice = match text.parse::<Date>() {
            Ok(said) => day.replace(said).is_some(),
            Err(_) => commit.replace((text, named(&place, text)?)).is_some(),
        };
        if twice {
            let instead = "one commit and one day, such as: --as-of HEAD~3 --as-of 2027-05-01";
            let what = "it is asked as of two days, or of two commits".to_owned();
            return Err(DeedError::Refuse { what, instead: Some(instead.to_owned()) });
        }
    }
    if let (Some(day), None, Past::Committed) = (day, &commit, past)
        && day < place.today()
    {
        commit = Some((&texts[0], of_day(&place, day)?));
    }
    let Some((text, commit)) = commit else {
        return Ok(View { day: day.unwrap_or_else(|| place.today()), commit: None });
    };
    // What this clone has seen is not hidden by asking about an older state.
    nothing_blocks(&place.record()?.findings, Edited::Refused)?;
    let time = place.checkout.commit_time(&commit)?;
    let day = day.unwrap_or_else(|| time.to_zoned(TimeZone::UTC).date());
    believed(&place.committed(&commit)?, &commit, text)?;
    Ok(View { day, commit: Some(commit) })
}

/// The commit that a text names, in any way that git knows.
///
/// # Errors
/// [`DeedError::NoMoment`].
pub(super) fn named(place: &Place<'_>, text: &str) -> Result<ObjectId, DeedError> {
    let commit = place.checkout.commit_named(text)?;
    commit.ok_or_else(|| DeedError::NoMoment(text.to_owned()))
}

/// What this branch held at the end of a day, by the times that its commits claim.
fn of_day(place: &Place<'_>, day: Date) -> Result<ObjectId, DeedError> {
    let end = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
    let end = end.map_or(Timestamp::MAX, |next| next.timestamp());
    let commit = place.checkout.commit_before(end)?;
    commit.ok_or_else(|| DeedError::Refuse {
        what: format!("this branch has no commit of {day} or before"),
        instead: Some("git fetch --unshallow, in a clone without its past".to_owned()),
    })
}

/// Judges the log that a commit holds, given a place that reads it.
///
/// # Errors
/// [`DeedError::NoPolicyThen`] where it has none; [`DeedError::Refused`].
pub(super) fn believed(
    place: &Place<'_>,
    commit: &ObjectId,
    text: &str,
) -> Result<Record, DeedError> {
    let evidence = place.log_evidence()?;
    if evidence.log.is_empty() && place.read(&policy::PATH.parse()?)?.is_none() {
        return Err(DeedError::NoPolicyThen(text.to_owned()));
    }
    let mut record = Record::judge(&evidence, place.trusted()?, place.world.now);
    for finding in &mut record.findings {
        finding.message = format!("in commit {}: {}", commit.short(), finding.message);
        // It would mend the work tree.
        finding.fix = None;
    }
    nothing_blocks(&record.findings, Edited::Refused)?;
    Ok(record)
}
