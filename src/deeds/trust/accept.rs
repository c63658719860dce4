//! Accepts what lies here in the place of what this clone has seen, once somebody says that it is right.

use jiff::Timestamp;

use super::pin::{Mark, Pin};
use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place, unbelieved};
use crate::deeds::log::kind;
use crate::finding::Severity;
use crate::log::parse::SignedEntry;
use crate::names::{EntryId, MemberName};
use crate::verify::{Record, Trust};
use crate::world::terminal::Terminal;
use crate::world::{Blob, World, Writes};

/// What would be pinned, in whose place, and what that gives up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What was pinned; none where nothing was, or the file was damaged.
    pub old: Option<Pin>,
    /// What is pinned from now on.
    pub new: Pin,
    /// The entries that this clone has seen and that are not here.
    pub lost: Vec<Lost>,
}

/// An entry that was seen and is not here. What it says of itself is not verified again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its id.
    pub id: EntryId,
    /// What it says, where its bytes are still at hand.
    pub said: Option<Said>,
}

/// What an entry says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its signer.
    pub by: MemberName,
    /// Its time.
    pub time: Timestamp,
    /// Its kind's word.
    pub kind: &'static str,
    /// Why, in the signer's words.
    pub reason: Option<String>,
}

/// Pins what lies here; `show` is given what that gives up before consent is asked for.
///
/// A person is asked, whatever `--yes` says. Where nobody is, `--root` must name what is accepted.
///
/// # Errors
/// [`DeedError::Refused`] where the log does not hold in itself; [`DeedError::Refuse`] where nobody is there
/// and no root is named; [`DeedError::Aborted`].
pub fn accept(world: &World, show: &mut dyn FnMut(&Acceptance)) -> Result<Acceptance, DeedError> {
    let place = Place::find(world)?;
    let acceptance = {
        let _steady = place.steady()?;
        plan(&place)?
    };
    show(&acceptance);
    consent(world)?;
    if world.writes == Writes::Real {
        place.put_pin(&acceptance.new)?;
    }
    Ok(acceptance)
}

fn plan(place: &Place<'_>) -> Result<Acceptance, DeedError> {
    let said = place.world.root.map(|root| Trust { root });
    let record = Record::judge(&place.log_evidence()?, said, place.world.now);
    if record.entries.is_empty() {
        return Err(DeedError::NoPolicy);
    }
    if record.findings.iter().any(|finding| finding.severity >= Severity::Invalid) {
        return Err(unbelieved(&record));
    }
    let root = record.root().ok_or(DeedError::NoRoot { root: None })?;
    let old = match place.pinned() {
        Ok(pin) => pin,
        Err(DeedError::BadPin { .. }) => None,
        Err(why) => return Err(why),
    };
    let seen = old.as_ref().and_then(|pin| pin.mark.as_ref());
    let mark = mark(place, &record, seen)?;
    let lost = seen.map(|seen| lost(place, &record, seen)).transpose()?.unwrap_or_default();
    Ok(Acceptance { old, new: Pin { root, mark }, lost })
}

/// The state of the protected branch; of the one that is named now, where the one that was seen is gone.
fn mark(
    place: &Place<'_>,
    record: &Record,
    seen: Option<&Mark>,
) -> Result<Option<Mark>, DeedError> {
    let tip = match place.protected(seen)? {
        None => place.protected(None)?,
        tip => tip,
    };
    let Some(tip) = tip else { return Ok(None) };
    let mark = place.mark(&tip, record)?;
    if mark.is_none() && !place.log_of(&tip.commit)?.is_empty() {
        return Err(DeedError::Refuse {
            what: format!("`{}` has entries that are not verified here", tip.spelt),
            instead: Some(format!("git switch {}, then again", tip.branch)),
        });
    }
    Ok(mark)
}

/// The entries of the state that was seen which are not here; its heads alone, where it is not at hand.
fn lost(place: &Place<'_>, record: &Record, seen: &Mark) -> Result<Vec<Lost>, DeedError> {
    let here = |id: &EntryId| record.dag.index(id).is_some();
    let heads = seen.heads.iter().filter(|id| !here(id));
    let mut lost: Vec<_> = heads.map(|id| Lost { id: *id, said: None }).collect();
    let Ok(files) = place.checkout.files_in(&seen.commit, LOG) else { return Ok(lost) };
    let ids: Vec<_> = files.into_iter().map(|file| file.id).collect();
    for blob in place.checkout.read_blobs(&ids)? {
        let Blob::Bytes(bytes) = blob else { continue };
        let Ok(SignedEntry { id, entry, .. }) = SignedEntry::parse(&bytes) else { continue };
        if here(&id) {
            continue;
        }
        lost.retain(|known| known.id != id);
        let kind = kind(&entry);
        let said = Said { by: entry.by, time: entry.time, kind, reason: entry.reason };
        lost.push(Lost { id, said: Some(said) });
    }
    lost.sort_by_key(|lost| (lost.said.as_ref().map(|said| said.time), lost.id));
    Ok(lost)
}

fn consent(world: &World) -> Result<(), DeedError> {
    match world.terminal {
        _ if world.writes == Writes::Dry => Ok(()),
        // Who names the root has said what is accepted.
        _ if world.root.is_some() => Ok(()),
        Terminal::Person if world.terminal.confirm("trust this from now on?")? => Ok(()),
        Terminal::Person => Err(DeedError::Aborted),
        Terminal::Piped | Terminal::Nobody => Err(DeedError::Refuse {
            what: "nobody is there to ask whether this is to be trusted".to_owned(),
            instead: Some("tenure trust accept --root ROOT, with the root it shows".to_owned()),
        }),
    }
}
