//! The files that git tracks, as texts to look into. What is sealed or ours is none of them.

use std::collections::BTreeMap;

use crate::names::RepoPath;
use crate::world::{Blob, Checkout, FileMode, ObjectId, View, WorldError};

/// Longer files are no texts that people wrote.
const LONGEST: usize = 1 << 20;

/// By how much of a file it is told whether it is a text.
const LOOKED_AT: usize = 8000;

/// The files of the index, which is what the next commit will hold; or of the commit that is asked about.
#[derive(Debug, Default)]
pub struct Tracked {
    files: BTreeMap<RepoPath, ObjectId>,
}

impl Tracked {
    /// Lists the regular files.
    ///
    /// # Errors
    /// [`WorldError`] when git does not list them.
    pub fn of(checkout: &Checkout, view: Option<&View>) -> Result<Self, WorldError> {
        let regular = |mode| matches!(mode, FileMode::Regular | FileMode::Executable);
        let files = match view.and_then(|view| view.commit.as_ref()) {
            Some(commit) => checkout.commit_files(commit)?,
            None => checkout.index_files()?,
        };
        let files = files.into_iter();
        let files = files.filter(|file| file.stage == 0 && regular(file.mode));
        Ok(Self { files: files.filter_map(|file| Some((file.path?, file.id))).collect() })
    }

    /// The paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.keys()
    }

    /// Tells whether a path is tracked, be it a file or a folder.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let inside = |file: &RepoPath| {
            let rest = file.as_str().strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.files.keys().any(inside)
    }

    /// Reads a file; none where git does not track it, or it is too long.
    ///
    /// # Errors
    /// [`WorldError`] when git does not give it.
    pub fn read(
        &self,
        checkout: &Checkout,
        path: &RepoPath,
    ) -> Result<Option<Vec<u8>>, WorldError> {
        let Some(id) = self.files.get(path) else { return Ok(None) };
        let read = checkout.read_blobs(std::slice::from_ref(id))?.pop();
        Ok(read.and_then(|blob| match blob {
            Blob::Bytes(bytes) => Some(bytes),
            Blob::TooLarge(_) => None,
        }))
    }

    /// Shows the texts among the wanted files, one after the other, in the order of their paths.
    ///
    /// # Errors
    /// [`WorldError`] when git does not give a file.
    pub fn each_text(
        &self,
        checkout: &Checkout,
        wanted: &dyn Fn(&RepoPath) -> bool,
        show: &mut dyn FnMut(&RepoPath, &str),
    ) -> Result<(), WorldError> {
        let files: Vec<_> = self.files.iter().filter(|(path, _)| wanted(path)).collect();
        let ids: Vec<_> = files.iter().map(|(_, id)| (*id).clone()).collect();
        checkout.each_blob(&ids, &mut |place, blob| {
            if let Blob::Bytes(bytes) = blob
                && let Some(text) = text(&bytes)
            {
                show(files[place].0, text);
            }
        })
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if bytes.len() > LONGEST || head.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracked(paths: &[&str]) -> Tracked {
        let id = ObjectId::parse(&[b'a'; 40]).unwrap();
        Tracked { files: paths.iter().map(|p| (p.parse().unwrap(), id.clone())).collect() }
    }

    #[test]
    fn a_path_is_there_as_a_file_or_as_a_folder() {
        let tracked = tracked(&["docs/a.md", "src/b"]);
        for there in ["docs/a.md", "./docs/a.md", "docs", "docs/", "src/b"] {
            assert!(tracked.has(there), "{there}");
        }
        for absent in ["docs/a", "doc", "b", "docs/a.md/x"] {
            assert!(!tracked.has(absent), "{absent}");
        }
    }

    #[test]
    fn only_texts_of_people_are_looked_into() {
        assert_eq!(text(b"API_KEY=1"), Some("API_KEY=1"));
        assert_eq!(text(b"a\0b"), None);
        assert_eq!(text(b"\xff\xfe"), None);
        assert_eq!(text(&vec![b'a'; LONGEST + 1]), None);
    }
}
