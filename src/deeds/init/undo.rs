//! Takes back what `init` did, as long as nobody built on it.

use std::collections::BTreeSet;

use super::import::REASON;
use crate::deeds::DeedError;
use crate::deeds::attributes;
use crate::deeds::enact::{Edited, agree, kept_at, nothing_blocks};
use crate::deeds::hooks;
use crate::deeds::load::Place;
use crate::log::entry::{Entry, Kind};
use crate::log::name::file_path;
use crate::names::{EntryId, RepoPath};
use crate::policy;
use crate::verify::Verified;
use crate::world::{Change, World, Writes};

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The root that is trusted no longer.
    pub root: EntryId,
    /// The files that were removed or changed.
    pub paths: Vec<RepoPath>,
}

/// Removes policy, log, keyrings, sealed imports, hook and pin. Keys and plain files stay.
///
/// # Errors
/// [`DeedError::Refuse`] where the log has more than the entries of `init`.
pub fn undo(world: &World) -> Result<Undone, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let root = loaded.record.root().ok_or_else(nothing)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Expected)?;
    if !verified.record.entries.iter().all(|signed| is_inits(&signed.entry)) {
        return Err(DeedError::Refuse {
            what: "the log has more than the entries of `init`: values were signed since"
                .to_owned(),
            instead: Some("tenure log list".to_owned()),
        });
    }
    originals_are_here(&place, &verified)?;
    let mut change = Change::new();
    removals(&verified, &mut change)?;
    attributes::remove(&place, verified.policy, &mut change)?;
    let paths: Vec<_> = change.paths().cloned().collect();
    agree(world, &format!("take back `init`: {} files go?", paths.len()))?;
    place.commit(&change)?;
    if world.writes == Writes::Real {
        place.forget_pin()?;
    }
    drop(loaded);
    hooks::uninstall(world)?;
    Ok(Undone { root, paths })
}

fn nothing() -> DeedError {
    DeedError::Refuse {
        what: "there is no `init` to take back".to_owned(),
        instead: Some("tenure init".to_owned()),
    }
}

/// The plain file that an import's entry names.
fn origin(entry: &Entry) -> Option<RepoPath> {
    entry.reason.as_deref()?.strip_prefix(REASON)?.parse().ok()
}

/// A sealed copy goes only while the plain file is still there.
fn originals_are_here(place: &Place<'_>, verified: &Verified<'_>) -> Result<(), DeedError> {
    for entry in verified.record.entries.iter().map(|signed| &signed.entry) {
        let Some(origin) = origin(entry) else { continue };
        let Some(copy) = entry.files().first().map(|file| &file.path) else { continue };
        if !place.files.is_file(&origin)? {
            return Err(DeedError::Refuse {
                what: format!("`{origin}` is gone, and `{copy}` is the only copy of its values"),
                instead: Some(format!("tenure open {copy} -o {origin}, then again")),
            });
        }
    }
    Ok(())
}

fn is_inits(entry: &Entry) -> bool {
    match &entry.kind {
        Kind::Init(_) => true,
        Kind::Seal { files, .. } => files.is_empty() || origin(entry).is_some(),
        Kind::Policy(_) | Kind::Note(_) => false,
    }
}

/// What the entries name, and the entries themselves.
fn removals(verified: &Verified<'_>, change: &mut Change) -> Result<(), DeedError> {
    change.remove(policy::PATH.parse()?);
    let record = verified.record;
    for step in &record.chain.steps {
        change.remove(kept_at(&step.hash)?);
    }
    for signed in &record.entries {
        change.remove(file_path(&signed.entry, &signed.id));
        for keyring in signed.entry.keyrings() {
            let (env, generation) = (&keyring.env, keyring.generation);
            change.remove(format!(".secrets/keys/{env}/{generation}.age").parse()?);
        }
    }
    let sealed: BTreeSet<_> = record.named_files(None);
    sealed.into_iter().for_each(|path| change.remove(path));
    Ok(())
}
