//! What this clone remembers under its git folder: pin, cache, open files, journal. Never committed.

use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::lock::hold;
use super::whole::{Mode, write_whole};
use super::{LARGEST, WorldError};

/// The folder `tenure` in a git folder; made, for its owner alone, with the first write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    folder: PathBuf,
}

impl StateDir {
    pub(super) fn new(git_dir: &Path) -> Self {
        Self { folder: git_dir.join("tenure") }
    }

    /// Names a file of it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads a file; none if it was never written.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError> {
        let path = self.path(name);
        let read = std::fs::metadata(&path).and_then(|about| match about.len() {
            size if size > LARGEST => Ok(None),
            _ => std::fs::read(&path).map(Some),
        });
        match read {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => {
                Err(WorldError::TooLarge { path: path.display().to_string(), limit: LARGEST })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(WorldError::io("read", path.display())(error)),
        }
    }

    /// Writes a file whole or not at all, readable by its owner alone.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.make()?;
        write_whole(&self.path(name), bytes, Mode::Private)
    }

    /// Writes a file in the place of what was read from it; tells whether it was still so.
    ///
    /// Of several processes that read the same, one writes.
    pub fn exchange(
        &self,
        name: &str,
        found: Option<&[u8]>,
        bytes: &[u8],
    ) -> Result<bool, WorldError> {
        self.make()?;
        let _alone = hold(&self.path(&format!("{name}.lock")), File::try_lock)?;
        let same = self.read(name)?.as_deref() == found;
        if same {
            write_whole(&self.path(name), bytes, Mode::Private)?;
        }
        Ok(same)
    }

    /// Removes a file; one that is not there is no error.
    pub fn remove(&self, name: &str) -> Result<(), WorldError> {
        let path = self.path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(WorldError::io("remove", path.display())(error))
            }
            _ => Ok(()),
        }
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> Result<(), WorldError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(WorldError::io("make", self.folder.display()))
    }

    /// Tells whether a file is there; a file system that cannot say is an error.
    pub(super) fn has(&self, name: &str) -> Result<bool, WorldError> {
        let path = self.path(name);
        path.try_exists().map_err(WorldError::io("look for", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_can_be_forgotten() {
        let git_dir = tempfile::tempdir().unwrap();
        let state = StateDir::new(git_dir.path());
        assert_eq!(state.read("pin").unwrap(), None);
        state.remove("pin").unwrap();
        state.write("pin", b"root").unwrap();
        assert_eq!(state.read("pin").unwrap().unwrap(), b"root");
        assert!(state.has("pin").unwrap());
        state.remove("pin").unwrap();
        assert_eq!(state.read("pin").unwrap(), None);
    }
}
