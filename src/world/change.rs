//! Several files changed all or none: the steps of a write, in an order that a crash cannot hurt.
//!
//! The new contents are first written beside their targets, under names that the journal's draft
//! lists. Then the draft is renamed to be the journal: from that moment the write is decided, and
//! whoever takes the lock next finishes it (`journal.rs`). Before it, whoever comes next undoes it.

use std::collections::BTreeMap;

use rustix::fs::{Mode as Bits, mkdirat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::files::{Files, LARGEST, parent};
use super::journal::{Deed, Journal, Line, hash};
use super::whole::{Mode, permissions, sync_folder, temp_name, write_temp};
use super::{StateDir, WorldError};
use crate::names::{RepoPath, Sha256};

/// Files to be written and removed together. A later word on a path replaces an earlier one.
#[derive(Default)]
pub struct Change {
    edits: BTreeMap<RepoPath, Edit>,
    expected: BTreeMap<RepoPath, Option<Sha256>>,
}

enum Edit {
    Put { bytes: Zeroizing<Vec<u8>>, mode: Mode },
    Remove,
}

/// One step of a write. Each leaves a state that the next holder of the lock can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Write the draft of the journal.
    Draft,
    /// Make a folder.
    Folder(String),
    /// Write a new content beside its target.
    Temp(RepoPath),
    /// Wait until the disk has the names in a folder.
    Settle(String),
    /// Turn the draft into the journal: the point of no return.
    Decide,
    /// Put what the journal says in its place.
    Apply(RepoPath),
    /// Remove the journal.
    Forget,
}

impl Change {
    /// Begins with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a file; its folders are made.
    pub fn put(&mut self, path: RepoPath, bytes: impl Into<Zeroizing<Vec<u8>>>, mode: Mode) {
        self.edits.insert(path, Edit::Put { bytes: bytes.into(), mode });
    }

    /// Removes a file; one that is not there is no error.
    pub fn remove(&mut self, path: RepoPath) {
        self.edits.insert(path, Edit::Remove);
    }

    /// Says what was read from a file, here edited or not: the change is refused if that is no
    /// longer so. The lock keeps out our own processes, but no editor and no `git checkout`.
    pub fn based_on(&mut self, path: RepoPath, found: Option<&[u8]>) {
        self.expected.insert(path, found.map(Sha256::of));
    }

    /// Tells whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Lists the paths that are written or removed.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.edits.keys()
    }
}

/// A change that was compared with the disk, and the steps that bring it there.
pub(super) struct Plan<'c> {
    change: &'c Change,
    pub(super) journal: Journal,
}

impl<'c> Plan<'c> {
    /// Compares a change with the disk; refuses to write through links or over folders.
    pub(super) fn make(files: &Files, change: &'c Change) -> Result<Self, WorldError> {
        let mut journal = Journal::default();
        for (path, expected) in &change.expected {
            if hash(path, files)? != *expected {
                return Err(WorldError::ChangedMeanwhile { path: path.to_string() });
            }
        }
        for (path, edit) in &change.edits {
            let old = hash(path, files)?;
            let deed = match edit {
                // What could not be read again must not be written.
                Edit::Put { bytes, .. } if bytes.len() as u64 > LARGEST => {
                    let size = bytes.len() as u64;
                    return Err(WorldError::TooLargeToKeep { path: path.to_string(), size });
                }
                Edit::Put { bytes, .. } => Deed::Put { temp: temp_name(), new: Sha256::of(bytes) },
                Edit::Remove if old.is_none() => continue,
                Edit::Remove => Deed::Remove,
            };
            journal.lines.insert(path.clone(), Line { old, deed });
            absent_folders(files, path, &mut journal.folders)?;
        }
        // A file cannot be put where another one needs a folder.
        let folders = &journal.folders;
        match journal.lines.keys().find(|path| folders.iter().any(|made| made == path.as_str())) {
            Some(path) => Err(WorldError::NotAFolder { path: path.to_string() }),
            None => Ok(Self { change, journal }),
        }
    }

    /// Lists the steps in their order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let (paths, folders) = (self.journal.lines.keys(), &self.journal.folders);
        let puts = paths.clone().filter(|path| self.journal.lines[*path].is_put());
        let made = folders.iter().map(|folder| folder.rsplit_once('/').map_or("", |(up, _)| up));
        let mut settled = puts.clone().map(parent).chain(made).collect::<Vec<_>>();
        settled.sort_unstable();
        settled.dedup();
        let mut steps = vec![Step::Draft];
        steps.extend(folders.iter().cloned().map(Step::Folder));
        steps.extend(puts.cloned().map(Step::Temp));
        steps.extend(settled.into_iter().map(|folder| Step::Settle(folder.to_owned())));
        steps.push(Step::Decide);
        steps.extend(paths.clone().cloned().map(Step::Apply));
        steps.extend(self.journal.parents().map(|folder| Step::Settle(folder.to_owned())));
        steps.push(Step::Forget);
        steps
    }

    /// Takes one step.
    pub(super) fn take(
        &self,
        step: &Step,
        files: &Files,
        state: &StateDir,
    ) -> Result<(), WorldError> {
        match step {
            Step::Draft => self.journal.draft(state),
            Step::Folder(folder) => make_folder(files, folder),
            Step::Temp(path) => self.write(path, files),
            Step::Settle(folder) => settle(files, folder),
            Step::Decide => Journal::decide(state),
            Step::Apply(path) => self.journal.apply(path, files),
            Step::Forget => Journal::forget(state),
        }
    }

    fn write(&self, path: &RepoPath, files: &Files) -> Result<(), WorldError> {
        let line = self.journal.lines.get(path);
        let (Some(Line { deed: Deed::Put { temp, .. }, .. }), Some(Edit::Put { bytes, mode })) =
            (line, self.change.edits.get(path))
        else {
            return Ok(());
        };
        let permissions = permissions(*mode, files.stat(path)?.as_ref());
        let folder = files.folder_of(path)?.ok_or_else(|| gone(parent(path)))?;
        write_temp(&folder, temp, bytes, permissions).map_err(WorldError::io("write", path))
    }
}

/// Adds the folders of a path that are not there yet, the upper ones first.
fn absent_folders(
    files: &Files,
    path: &RepoPath,
    absent: &mut Vec<String>,
) -> Result<(), WorldError> {
    for (end, _) in path.as_str().match_indices('/') {
        let folder = &path.as_str()[..end];
        if !absent.iter().any(|known| known == folder) && files.folder(folder)?.is_none() {
            absent.push(folder.to_owned());
        }
    }
    Ok(())
}

fn make_folder(files: &Files, folder: &str) -> Result<(), WorldError> {
    let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    let above = files.folder(above)?.ok_or_else(|| gone(above))?;
    match mkdirat(&above, name, Bits::from_raw_mode(0o777)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(WorldError::io("make", folder)(error)),
    }
}

/// Waits until the disk has the names in a folder.
pub(super) fn settle(files: &Files, folder: &str) -> Result<(), WorldError> {
    let open = files.folder(folder)?.ok_or_else(|| gone(folder))?;
    sync_folder(&open).map_err(WorldError::io("write", folder))
}

/// The error for a folder that somebody took away under our hands.
pub(super) fn gone(folder: &str) -> WorldError {
    WorldError::io("open", folder)(Errno::NOENT)
}
