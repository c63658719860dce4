//! The journal of a write: what finishes it, or undoes it, after a crash.
//!
//! It lies in the work tree's own git folder, and its paths are relative to the work tree: a
//! repository that was moved in between can still be mended.
//!
//! ```text
//! tenure journal 1
//! folder TAB secrets
//! put    TAB <old hash, or -> TAB secrets/prod.env TAB .tenure-<random>.tmp TAB <new hash>
//! remove TAB <old hash>       TAB secrets/old.env
//! end    TAB <hash of all before>
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rustix::fs::{AtFlags, renameat, unlinkat};
use rustix::io::Errno;

use super::change::{gone, settle};
use super::files::{Files, LARGEST, parent};
use super::whole::{is_temp_name, sync_folder};
use super::{StateDir, WorldError};
use crate::names::{RepoPath, Sha256};

const HEADER: &str = "tenure journal 1\n";
const JOURNAL: &str = "journal";
const DRAFT: &str = "journal.draft";

/// What a write does, without the contents.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    /// Folders that it makes, the upper ones first.
    pub(super) folders: Vec<String>,
    /// What it does with each file.
    pub(super) lines: BTreeMap<RepoPath, Line>,
}

/// What is done with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What was there before.
    pub(super) old: Option<Sha256>,
    pub(super) deed: Deed,
}

/// Put a file that waits beside the target in its place, or remove the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Put { temp: String, new: Sha256 },
    Remove,
}

/// How a file of the journal stands.
struct Look {
    is_old: bool,
    is_new: bool,
    /// It is old, and what shall come in its place is at hand.
    can_apply: bool,
}

impl Line {
    pub(super) fn is_put(&self) -> bool {
        matches!(self.deed, Deed::Put { .. })
    }
}

impl Journal {
    /// Writes the draft: what is to be undone if we do not come further.
    pub(super) fn draft(&self, state: &StateDir) -> Result<(), WorldError> {
        state.write(DRAFT, self.print().as_bytes())
    }

    /// Makes the draft the journal.
    pub(super) fn decide(state: &StateDir) -> Result<(), WorldError> {
        let journal = state.path(JOURNAL);
        std::fs::rename(state.path(DRAFT), &journal)
            .and_then(|()| std::fs::File::open(state.path("")))
            .and_then(sync_folder)
            .map_err(WorldError::io("write", journal.display()))
    }

    /// Removes the journal: the write is done.
    pub(super) fn forget(state: &StateDir) -> Result<(), WorldError> {
        state.remove(JOURNAL)
    }

    /// Tells whether a decided write waits to be finished.
    pub(super) fn waits(state: &StateDir) -> Result<bool, WorldError> {
        state.has(JOURNAL)
    }

    /// Does for one file what the journal says.
    pub(super) fn apply(&self, path: &RepoPath, files: &Files) -> Result<(), WorldError> {
        let Some(line) = self.lines.get(path) else { return Ok(()) };
        let folder = files.folder_of(path)?.ok_or_else(|| gone(parent(path)))?;
        let name = path.file_name();
        let done = match &line.deed {
            Deed::Put { temp, .. } => renameat(&folder, temp, &folder, name),
            Deed::Remove => unlinkat(&folder, name, AtFlags::empty()),
        };
        done.map_err(WorldError::io("write", path))
    }

    /// The folders in which names change.
    pub(super) fn parents(&self) -> impl Iterator<Item = &str> {
        let mut folders = self.lines.keys().map(parent).collect::<Vec<_>>();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter()
    }

    /// Mends what a crash left: finishes a decided write, undoes one that was not.
    pub(super) fn recover(files: &Files, state: &StateDir) -> Result<(), WorldError> {
        if let Some(bytes) = state.read(JOURNAL)? {
            let journal = Self::parse(&bytes).ok_or_else(|| damaged(state))?;
            journal.finish(files, state)?;
        }
        let Some(bytes) = state.read(DRAFT)? else { return Ok(()) };
        // A draft that is not whole was never followed by another step.
        if let Some(draft) = Self::parse(&bytes) {
            draft.undo(files)?;
        }
        state.remove(DRAFT)
    }

    /// Removes what was prepared, folders too if they are still empty.
    fn undo(&self, files: &Files) -> Result<(), WorldError> {
        for (path, line) in &self.lines {
            let (Deed::Put { temp, .. }, Some(folder)) = (&line.deed, files.folder_of(path)?)
            else {
                continue;
            };
            match unlinkat(&folder, temp, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(WorldError::io("remove", temp)(error)),
            }
        }
        for made in self.folders.iter().rev() {
            let (above, name) = made.rsplit_once('/').unwrap_or(("", made));
            let Some(above) = files.folder(above)? else { continue };
            // Not empty means that somebody uses it by now.
            let _removed = unlinkat(&above, name, AtFlags::REMOVEDIR);
        }
        Ok(())
    }

    /// Finishes a decided write, unless somebody took it back since, or changed one of its files.
    fn finish(&self, files: &Files, state: &StateDir) -> Result<(), WorldError> {
        let looks = self.look(files)?;
        let stuck = looks.iter().find(|(_, look)| !look.can_apply && !look.is_new);
        let Some((path, _)) = stuck else {
            for (path, _) in looks.iter().filter(|(_, look)| look.can_apply) {
                self.apply(path, files)?;
            }
            // A folder that is gone lost only files that were to be removed.
            for folder in self.parents() {
                files.folder(folder)?.map_or(Ok(()), |_| settle(files, folder))?;
            }
            return Self::forget(state);
        };
        // As after `git checkout` and `git clean`: the old state, and nothing to go on with.
        if looks.iter().all(|(_, look)| look.is_old) {
            return self.step_back(files, state);
        }
        let journal = state.path(JOURNAL).display().to_string();
        Err(WorldError::ChangedSince { path: path.to_string(), journal })
    }

    /// Tells whether every file is still what it was before the write.
    pub(super) fn untouched(&self, files: &Files) -> Result<bool, WorldError> {
        Ok(self.look(files)?.iter().all(|(_, look)| look.is_old))
    }

    /// Takes a decision back; only while no file has been touched.
    pub(super) fn step_back(&self, files: &Files, state: &StateDir) -> Result<(), WorldError> {
        let journal = state.path(JOURNAL);
        std::fs::rename(&journal, state.path(DRAFT))
            .map_err(WorldError::io("write", journal.display()))?;
        self.undo(files)?;
        state.remove(DRAFT)
    }

    fn look(&self, files: &Files) -> Result<Vec<(&RepoPath, Look)>, WorldError> {
        let looks = self.lines.iter().map(|(path, line)| Ok((path, line.look(path, files)?)));
        looks.collect()
    }

    fn print(&self) -> String {
        let mut text = HEADER.to_owned();
        for folder in &self.folders {
            line(&mut text, &["folder", folder]);
        }
        for (path, Line { old, deed }) in &self.lines {
            let old = old.map_or_else(|| "-".to_owned(), |old| old.to_string());
            match deed {
                Deed::Put { temp, new } => {
                    line(&mut text, &["put", &old, path.as_str(), temp, &new.to_string()]);
                }
                Deed::Remove => line(&mut text, &["remove", &old, path.as_str()]),
            }
        }
        let hash = Sha256::of(text.as_bytes());
        line(&mut text, &["end", &hash.to_string()]);
        text
    }

    /// Reads a journal; none unless it is whole and names nothing but what we write.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (body, end) = text.split_at(text.rfind("end\t")?);
        let hash = end.strip_prefix("end\t")?.strip_suffix('\n')?;
        if hash.parse::<Sha256>().ok()? != Sha256::of(body.as_bytes()) {
            return None;
        }
        let mut journal = Self::default();
        for line in body.strip_prefix(HEADER)?.lines() {
            journal.read_line(&line.split('\t').collect::<Vec<_>>())?;
        }
        Some(journal)
    }

    fn read_line(&mut self, words: &[&str]) -> Option<()> {
        let (old, path, deed) = match *words {
            ["folder", folder] => {
                folder.parse::<RepoPath>().ok()?;
                self.folders.push(folder.to_owned());
                return Some(());
            }
            ["put", old, path, temp, new] if is_temp_name(temp) => {
                (old, path, Deed::Put { temp: temp.to_owned(), new: new.parse().ok()? })
            }
            ["remove", old, path] => (old, path, Deed::Remove),
            _ => return None,
        };
        let old = if old == "-" { None } else { Some(old.parse().ok()?) };
        self.lines.insert(path.parse().ok()?, Line { old, deed });
        Some(())
    }
}

impl Line {
    /// Compares what is there with what was there and what shall be.
    fn look(&self, path: &RepoPath, files: &Files) -> Result<Look, WorldError> {
        let here = hash(path, files)?;
        let (goal, ready) = match &self.deed {
            Deed::Remove => (None, here.is_some()),
            Deed::Put { temp, new } => {
                let beside = match parent(path) {
                    "" => temp.parse(),
                    folder => format!("{folder}/{temp}").parse(),
                };
                let waiting = beside.ok().map(|beside| hash(&beside, files)).transpose()?;
                (Some(*new), waiting.flatten() == Some(*new))
            }
        };
        let is_old = here == self.old;
        Ok(Look { is_old, is_new: here == goal, can_apply: is_old && ready })
    }
}

/// Hashes a file; none if it is not there.
pub(super) fn hash(path: &RepoPath, files: &Files) -> Result<Option<Sha256>, WorldError> {
    Ok(files.read_up_to(path, LARGEST)?.map(|bytes| Sha256::of(&bytes)))
}

fn line(text: &mut String, words: &[&str]) {
    // Writing into a String cannot fail.
    let _written = writeln!(text, "{}", words.join("\t"));
}

fn damaged(state: &StateDir) -> WorldError {
    WorldError::BadJournal { journal: state.path(JOURNAL).display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        let hash = Sha256::of(b"x");
        let put = Deed::Put { temp: ".tenure-0123456789abcdef.tmp".into(), new: hash };
        let lines = [
            ("a b/ä.env", Line { old: None, deed: put.clone() }),
            ("end", Line { old: Some(hash), deed: put }),
            ("gone", Line { old: Some(hash), deed: Deed::Remove }),
        ];
        let lines = lines.into_iter().map(|(path, line)| (path.parse().unwrap(), line)).collect();
        Journal { folders: vec!["a b".into()], lines }
    }

    #[test]
    fn what_is_printed_is_read() {
        for journal in [Journal::default(), journal()] {
            assert_eq!(Journal::parse(journal.print().as_bytes()), Some(journal));
        }
    }

    #[test]
    fn a_torn_or_foreign_journal_is_none() {
        let text = journal().print();
        for end in 0..text.len() {
            assert_eq!(Journal::parse(&text.as_bytes()[..end]), None, "{end}");
        }
        let lines = ["put\t-\t../x\t.tenure-0123456789abcdef.tmp\tsha256:", "remove\t-", "junk\tx"];
        for bad in lines {
            let body = format!("{HEADER}{bad}\n");
            let whole = format!("{body}end\t{}\n", Sha256::of(body.as_bytes()));
            assert_eq!(Journal::parse(whole.as_bytes()), None, "{bad}");
        }
    }
}
