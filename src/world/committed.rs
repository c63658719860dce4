//! What a commit holds: its files, read through git's plumbing.

use std::path::Path;

use git2::{ErrorCode, Repository};
use jiff::Timestamp;

use super::git::Checkout;
use super::staged::{IndexFile, file_mode, garbled, repo_path};
use super::{Blob, ObjectId, WorldError};
use crate::names::RepoPath;

impl Checkout {
    /// Names the commit that a text such as `main`, `v1.2` or `HEAD~3` means; none where it means none.
    pub fn commit_named(&self, text: &str) -> Result<Option<ObjectId>, WorldError> {
        if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
            return Ok(None);
        }
        let output =
            self.program.run(&["rev-parse", "-q", "--verify", &format!("{text}^{{commit}}")])?;
        Ok(output
            .status
            .success()
            .then(|| ObjectId::parse(output.stdout.trim_ascii_end()))
            .flatten())
    }

    /// Reads a file as HEAD has it; none if HEAD has no regular file there.
    pub fn head_file(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WorldError> {
        let Some(head) = self.head_commit()? else { return Ok(None) };
        self.file_at(&head, path)
    }

    /// Reads a file as a commit has it; none if it has no regular file there.
    pub fn file_at(
        &self,
        commit: &ObjectId,
        path: &RepoPath,
    ) -> Result<Option<Vec<u8>>, WorldError> {
        self.file_named(commit, path.as_str())
    }

    /// The same for whatever git may call a file, in UTF-8.
    pub fn file_named(&self, commit: &ObjectId, path: &str) -> Result<Option<Vec<u8>>, WorldError> {
        match self.repository.as_ref().map(|repository| file(repository, commit, path)) {
            Some(Ok(None)) => Ok(None),
            Some(Ok(Some(id))) => match self.read_blobs(&[id])?.pop() {
                Some(Blob::Bytes(bytes)) => Ok(Some(bytes)),
                _ => self.ask_blob(commit, path),
            },
            // Missing here may well be present for git, in a folder of alternates.
            Some(Err(_)) | None => self.ask_blob(commit, path),
        }
    }

    fn ask_blob(&self, head: &ObjectId, path: &str) -> Result<Option<Vec<u8>>, WorldError> {
        let doing = "read a file of HEAD";
        let printed = self.program.ask(doing, &["ls-tree", "-z", head.as_str(), path])?;
        let mut words = printed.split(|byte| matches!(byte, b' ' | b'\t'));
        let (mode, _kind, id) = (words.next(), words.next(), words.next());
        if !mode.is_some_and(|mode| mode.starts_with(b"100")) {
            return Ok(None);
        }
        let Some(id) = id.and_then(ObjectId::parse) else { return Ok(None) };
        self.program.ask(doing, &["cat-file", "blob", id.as_str()]).map(Some)
    }

    /// Tells when a commit was made, as it claims.
    pub fn commit_time(&self, commit: &ObjectId) -> Result<Timestamp, WorldError> {
        let doing = "read a commit";
        let args = ["log", "-1", "--no-show-signature", "--format=%ct", commit.as_str()];
        let printed = self.program.ask(doing, &args)?;
        let seconds = std::str::from_utf8(printed.trim_ascii()).ok().and_then(|it| it.parse().ok());
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.ok_or_else(|| garbled(doing))
    }

    /// Says who a commit would be by, as far as git knows that: for each of the two, the name, the address and the time.
    pub fn who_commits(&self) -> Result<Vec<(&'static str, Vec<u8>)>, WorldError> {
        let mut who = Vec::new();
        for (told, name) in [("author", "GIT_AUTHOR_IDENT"), ("committer", "GIT_COMMITTER_IDENT")] {
            let output = self.program.run(&["var", name])?;
            // Where it knows nobody, it makes no commit.
            who.extend(output.status.success().then_some((told, output.stdout)));
        }
        Ok(who)
    }

    /// Finds the newest commit of this branch, merges not followed, that claims to be from before a time.
    pub fn commit_before(&self, end: Timestamp) -> Result<Option<ObjectId>, WorldError> {
        let doing = "look for a commit of that day";
        let Some(head) = self.head_commit()? else { return Ok(None) };
        let last = format!("--min-age={}", end.as_second().saturating_sub(1));
        let args = ["rev-list", "-1", "--first-parent", &last, head.as_str()];
        let printed = self.program.ask(doing, &args)?;
        match printed.trim_ascii() {
            b"" => Ok(None),
            id => ObjectId::parse(id).map(Some).ok_or_else(|| garbled(doing)),
        }
    }

    /// Lists the files of a commit.
    pub fn commit_files(&self, commit: &ObjectId) -> Result<Vec<IndexFile>, WorldError> {
        let doing = "list a commit";
        let args = ["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
        let printed = self.program.ask(doing, &args)?;
        let records = printed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        records.map(|record| committed(record).ok_or_else(|| garbled(doing))).collect()
    }
}

/// Names the regular file that a commit has at a path, if it has one.
fn file(
    repository: &Repository,
    head: &ObjectId,
    path: &str,
) -> Result<Option<ObjectId>, git2::Error> {
    let tree = repository.find_commit(git2::Oid::from_str(head.as_str())?)?.tree()?;
    let entry = match tree.get_path(Path::new(path)) {
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        entry => entry?,
    };
    let is_regular = entry.filemode() & 0o170_000 == 0o100_000;
    Ok(is_regular.then(|| ObjectId::of(entry.id())))
}

/// Reads `mode SP type SP id TAB path`.
fn committed(record: &[u8]) -> Option<IndexFile> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let (head, raw) = (&record[..tab], &record[tab + 1..]);
    let mut words = head.split(|byte| *byte == b' ');
    let mode = file_mode(words.next()?)?;
    let id = ObjectId::parse(words.nth(1)?)?;
    Some(IndexFile { raw: raw.to_vec(), path: repo_path(raw), mode, id, stage: 0 })
}

#[cfg(test)]
mod tests {
    use crate::world::testing::Repo;

    #[test]
    fn a_commit_is_named_in_every_way_that_git_knows() {
        let repo = Repo::new();
        repo.commit("a", "one");
        repo.git(&["tag", "first"]);
        repo.commit("b/c", "two");
        let checkout = repo.checkout();
        let first = checkout.commit_named("first").unwrap().unwrap();
        assert_eq!(checkout.commit_named("HEAD~1").unwrap(), Some(first.clone()));
        for none in ["nothing", "", "--help", "HEAD:a", "HEAD^{tree}", "a\nb"] {
            assert_eq!(checkout.commit_named(none).unwrap(), None, "{none}");
        }
        let paths = |commit| {
            let files = checkout.commit_files(&commit).unwrap().into_iter();
            files.map(|file| file.path.unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(paths(first), ["a"]);
        assert_eq!(paths(checkout.commit_named("HEAD").unwrap().unwrap()), ["a", "b/c"]);
    }

    #[test]
    fn repositories_beyond_libgit2_are_read_too() {
        let repo = Repo::with(&["init", "-q", "--object-format=sha256"]);
        repo.commit("a", "one");
        let head = repo.checkout().commit_named("HEAD").unwrap().unwrap();
        assert_eq!(repo.checkout().commit_files(&head).unwrap().len(), 1);
    }
}
