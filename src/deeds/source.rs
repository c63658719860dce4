//! Where evidence is read: from the work tree, from the index, which is what a commit will hold, or from
//! a commit.

use std::collections::BTreeMap;

use super::DeedError;
use super::load::Place;
use crate::names::RepoPath;
use crate::world::{
    Blob, Checkout, FileMode, IndexFile, LARGEST, Listing, ObjectId, Odd, OddKind, WorldError,
};

/// What a place reads.
pub(super) enum Source {
    /// The files as they lie there.
    WorkTree,
    /// What is staged, or what a commit holds.
    Index(Index),
}

/// The index, or a commit, as files.
pub(super) struct Index {
    files: BTreeMap<RepoPath, ObjectId>,
    odd: Vec<Odd>,
}

impl Index {
    /// Lists the index of a checkout; `GIT_INDEX_FILE` honoured.
    pub(super) fn of(checkout: &Checkout) -> Result<Self, WorldError> {
        Ok(Self::from(checkout.index_files()?))
    }

    /// Lists what a commit holds.
    pub(super) fn committed(checkout: &Checkout, commit: &ObjectId) -> Result<Self, WorldError> {
        Ok(Self::from(checkout.commit_files(commit)?))
    }

    fn add(&mut self, file: IndexFile) {
        let kind = match (file.mode, &file.path) {
            _ if file.stage != 0 => OddKind::Unmerged,
            (FileMode::Link, _) => OddKind::Link,
            (FileMode::Submodule, _) => OddKind::Special,
            (FileMode::Regular | FileMode::Executable, None) => OddKind::Name,
            (FileMode::Regular | FileMode::Executable, Some(path)) => {
                self.files.insert(path.clone(), file.id);
                return;
            }
        };
        let path = String::from_utf8_lossy(&file.raw).into_owned();
        self.odd.push(Odd { path, kind });
    }

    pub(super) fn list(&self, folder: &str) -> Listing {
        let below = |path: &str| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        Listing {
            files: self.files.keys().filter(|path| below(path.as_str())).cloned().collect(),
            odd: self.odd.iter().filter(|odd| below(&odd.path)).cloned().collect(),
        }
    }

    /// Refuses a path that is staged as something else than a file: it never counts as absent.
    fn refuse_odd(&self, path: &RepoPath) -> Result<(), WorldError> {
        let path = path.as_str();
        match self.odd.iter().find(|odd| odd.path == path).map(|odd| odd.kind) {
            None => Ok(()),
            Some(OddKind::Link) => Err(WorldError::Link { path: path.to_owned() }),
            Some(OddKind::Unmerged) => {
                Err(WorldError::NotAFile { path: path.to_owned(), what: "not merged yet" })
            }
            Some(OddKind::Special | OddKind::Name) => {
                Err(WorldError::NotAFile { path: path.to_owned(), what: "a submodule" })
            }
        }
    }

    fn read_each(
        &self,
        checkout: &Checkout,
        paths: &[RepoPath],
    ) -> Result<Vec<Option<Vec<u8>>>, WorldError> {
        paths.iter().try_for_each(|path| self.refuse_odd(path))?;
        let wanted = |path: &RepoPath| self.files.get(path).map(|id| (path.clone(), id.clone()));
        let (found, ids): (Vec<_>, Vec<_>) = paths.iter().filter_map(wanted).unzip();
        let blobs = checkout.read_blobs(&ids)?;
        let mut contents = BTreeMap::new();
        for (path, blob) in found.into_iter().zip(blobs) {
            match blob {
                Blob::Bytes(bytes) => contents.insert(path, bytes),
                Blob::TooLarge(_) => {
                    return Err(WorldError::TooLarge { path: path.to_string(), limit: LARGEST });
                }
            };
        }
        Ok(paths.iter().map(|path| contents.get(path).cloned()).collect())
    }
}

impl From<Vec<IndexFile>> for Index {
    fn from(files: Vec<IndexFile>) -> Self {
        let mut index = Self { files: BTreeMap::new(), odd: Vec::new() };
        files.into_iter().for_each(|file| index.add(file));
        index
    }
}

impl Place<'_> {
    /// Lists what lies below a folder.
    pub(super) fn list(&self, folder: &str) -> Result<Listing, DeedError> {
        match &self.source {
            Source::WorkTree => Ok(self.files.list(folder)?),
            Source::Index(index) => Ok(index.list(folder)),
        }
    }

    /// Lists what git tracks: what is staged, or what the commit holds that is read.
    pub(super) fn tracked(&self) -> Result<Listing, DeedError> {
        match &self.source {
            Source::WorkTree => Ok(Index::of(&self.checkout)?.list("")),
            Source::Index(index) => Ok(index.list("")),
        }
    }

    /// Reads files in the order given; none for one that is not there.
    pub(super) fn read_each(&self, paths: &[RepoPath]) -> Result<Vec<Option<Vec<u8>>>, DeedError> {
        match &self.source {
            Source::WorkTree => Ok(self.files.read_each(paths)?),
            Source::Index(index) => Ok(index.read_each(&self.checkout, paths)?),
        }
    }

    /// Reads a file of at most `limit` bytes; none if it is not there.
    pub(super) fn read_up_to(
        &self,
        path: &RepoPath,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, DeedError> {
        if let Source::WorkTree = self.source {
            return Ok(self.files.read_up_to(path, limit)?);
        }
        let bytes = self.read(path)?;
        let fits = |bytes: &Vec<u8>| u64::try_from(bytes.len()).is_ok_and(|it| it <= limit);
        match bytes {
            Some(bytes) if !fits(&bytes) => {
                Err(WorldError::TooLarge { path: path.to_string(), limit }.into())
            }
            bytes => Ok(bytes),
        }
    }

    /// Reads a file; none if it is not there.
    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, DeedError> {
        Ok(self.read_each(std::slice::from_ref(path))?.pop().flatten())
    }
}
