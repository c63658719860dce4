//! What a file ever was, as far as this clone knows: its versions in the index and in all history.

use std::collections::BTreeSet;

use super::git::{Touch, touch_of};
use super::{Checkout, ObjectId, WorldError};
use crate::names::RepoPath;

/// How history is asked: by everything that a name or a reflog still holds, merges not simplified away.
const EVERYTHING: [&str; 4] = ["rev-list", "--objects", "--full-history", "--reflog"];

/// Commits that git holds for a while and no reference may lead to.
const PASSING: [&str; 4] = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "FETCH_HEAD"];

impl Checkout {
    /// Lists the versions of a file, each once: the index first, an unfinished merge's sides too, then
    /// those of every branch.
    pub fn versions(&self, path: &RepoPath) -> Result<Vec<ObjectId>, WorldError> {
        let index = self.index_files()?.into_iter();
        let mut found: Vec<_> =
            index.filter(|file| file.path.as_ref() == Some(path)).map(|file| file.id).collect();
        let args = [&EVERYTHING[..], &["--all", "--", path.as_str()]].concat();
        self.listed(&args, |id, name| {
            if name == path.as_str().as_bytes() && !found.contains(&id) {
                found.push(id);
            }
        })?;
        Ok(found)
    }

    /// Lists the versions of files in all history, each once, in one walk.
    pub fn versions_of(
        &self,
        paths: &BTreeSet<&RepoPath>,
    ) -> Result<Vec<(RepoPath, ObjectId)>, WorldError> {
        let mut args = [&EVERYTHING[..], &["--all", "--"]].concat();
        args.extend(paths.iter().map(|path| path.as_str()));
        let mut found = Vec::new();
        self.listed(&args, |id, name| {
            let path = paths.iter().find(|path| path.as_str().as_bytes() == name);
            found.extend(path.map(|path| ((*path).clone(), id)));
        })?;
        Ok(found)
    }

    /// Lists the versions of a file that commits have, each once: of every reference but the stash, which is
    /// the user's own, and of what is being fetched, merged or picked.
    pub fn committed_versions(&self, path: &RepoPath) -> Result<Vec<ObjectId>, WorldError> {
        let tips = self.tips()?;
        let mut args = vec!["rev-list", "--objects", "--full-history"];
        args.extend(tips.iter().map(String::as_str));
        args.extend(["--", path.as_str()]);
        let mut found = Vec::new();
        self.listed(&args, |id, name| {
            if name == path.as_str().as_bytes() && !found.contains(&id) {
                found.push(id);
            }
        })?;
        Ok(found)
    }

    /// Tells which of these commits brought a version of a file; none where only a merge did.
    pub fn commit_bringing(
        &self,
        path: &RepoPath,
        version: &ObjectId,
    ) -> Result<Option<Touch>, WorldError> {
        let (tips, object) = (self.tips()?, format!("--find-object={}", version.as_str()));
        let mut args =
            vec!["log", "--no-color", "--reverse", "--format=%H%n%ct%n%an", "--full-history"];
        args.push(&object);
        args.extend(tips.iter().map(String::as_str));
        args.extend(["--", path.as_str()]);
        let doing = "read the history";
        touch_of(&self.program.ask(doing, &args)?, doing)
    }

    /// The arguments that name where all commits but the stash's begin.
    pub(super) fn tips(&self) -> Result<Vec<String>, WorldError> {
        let mut tips = vec!["--ignore-missing".to_owned(), "--exclude=refs/stash".to_owned()];
        tips.extend(["--all".to_owned()]);
        tips.extend(self.head_commit()?.map(|head| head.as_str().to_owned()));
        for name in PASSING {
            let file = self.git_dir.join(name);
            let text = match std::fs::read(&file) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(WorldError::io("read", file.display())(error)),
            };
            let words = text.split(|byte| *byte == b'\n').map(|line| {
                line.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default()
            });
            tips.extend(words.filter_map(ObjectId::parse).map(|id| id.as_str().to_owned()));
        }
        Ok(tips)
    }

    /// Lists what ever stood below a folder in HEAD and the commits before it, each version once.
    pub fn versions_below(&self, folder: &str) -> Result<Vec<(RepoPath, ObjectId)>, WorldError> {
        if self.head_commit()?.is_none() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let args = ["rev-list", "--objects", "--full-history", "HEAD", "--", folder];
        self.listed(&args, |id, name| {
            let path = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
            found.extend(path.map(|path: RepoPath| (path, id)));
        })?;
        Ok(found)
    }

    /// Reads lines of `id SP name`; commits have no name.
    fn listed(
        &self,
        args: &[&str],
        mut take: impl FnMut(ObjectId, &[u8]),
    ) -> Result<(), WorldError> {
        let printed = self.program.ask("look through the history", args)?;
        for line in printed.split(|byte| *byte == b'\n') {
            let Some(space) = line.iter().position(|byte| *byte == b' ') else { continue };
            if let Some(id) = ObjectId::parse(&line[..space]) {
                take(id, &line[space + 1..]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::world::Blob;
    use crate::world::testing::Repo;

    #[test]
    fn versions_of_every_branch_and_of_the_index_are_found() {
        let repo = Repo::new();
        repo.commit("a/f", "one");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("a/f", "two");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("a/f", "three");
        repo.git(&["merge", "-q", "-s", "ours", "side"]);
        repo.git(&["branch", "-q", "-D", "side"]);
        repo.stage("a/f", "four");
        let checkout = repo.checkout();
        let versions = checkout.versions(&"a/f".parse().unwrap()).unwrap();
        let blobs = checkout.read_blobs(&versions).unwrap();
        assert_eq!(blobs[0], Blob::Bytes(b"four".to_vec()));
        for text in ["one", "two", "three"] {
            assert!(blobs.contains(&Blob::Bytes(text.into())), "{text}");
        }
        assert_eq!(blobs.len(), 4);
    }

    #[test]
    fn below_a_folder_only_what_leads_to_head_is_found() {
        let repo = Repo::new();
        assert_eq!(repo.checkout().versions_below("a").unwrap(), []);
        repo.commit("a/f", "one");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("a/g", "two");
        repo.git(&["checkout", "-q", "-"]);
        let found = repo.checkout().versions_below("a").unwrap();
        assert!(found.iter().any(|(path, _)| path.as_str() == "a/f"));
        assert!(!found.iter().any(|(path, _)| path.as_str() == "a/g"));
    }
}
