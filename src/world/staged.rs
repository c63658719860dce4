//! What is about to be committed: the index, its changes and its contents.
//!
//! Read through git's plumbing, which no attribute, filter or diff setting can bend.

use std::collections::{BTreeMap, BTreeSet};

use super::git::Checkout;
use super::{ObjectId, WorldError, index};
use crate::names::RepoPath;

/// What git says that a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// A regular file.
    Regular,
    /// A regular file that may be run.
    Executable,
    /// A symbolic link; its blob is its target.
    Link,
    /// A submodule; it has no blob.
    Submodule,
}

/// One path of the index, or of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// The path, in git's bytes.
    pub raw: Vec<u8>,
    /// The path, if it is one that we take.
    pub path: Option<RepoPath>,
    /// What it is.
    pub mode: FileMode,
    /// Its content.
    pub id: ObjectId,
    /// 0, or the side of an unfinished merge: 1 base, 2 ours, 3 theirs.
    pub stage: u8,
}

/// A path whose staged state is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedChange {
    /// The path, in git's bytes.
    pub raw: Vec<u8>,
    /// The path, if it is one that we take.
    pub path: Option<RepoPath>,
    /// What it becomes and its content; none if it is deleted or not merged yet.
    pub now: Option<(FileMode, ObjectId)>,
    /// The contents that it had: in HEAD and, in a merge, in every side that has it. A submodule had none.
    pub before: Vec<ObjectId>,
}

/// The empty blob, by SHA-1 and by SHA-256.
const EMPTY: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

impl Checkout {
    /// Lists the index, sorted as git sorts it; `GIT_INDEX_FILE` honoured.
    pub fn index_files(&self) -> Result<Vec<IndexFile>, WorldError> {
        match self.repository.as_ref().and_then(|_| index::list(&self.index)) {
            Some(files) => Ok(files),
            None => self.ask_index(),
        }
    }

    fn ask_index(&self) -> Result<Vec<IndexFile>, WorldError> {
        let printed = self.program.ask("list the index", &["ls-files", "-s", "-z"])?;
        let records = printed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        let files =
            records.map(|record| index_file(record).ok_or_else(|| garbled("list the index")));
        let mut files: Vec<_> = files.collect::<Result<_, _>>()?;
        // What is only meant to be added (`git add -N`) stands there as an empty file.
        if files.iter().any(|file| EMPTY.contains(&file.id.as_str())) {
            let args = ["diff-files", "--ita-invisible-in-index", "--diff-filter=A", "--name-only"];
            let meant = self.program.ask("list the index", &[&args[..], &["-z"]].concat())?;
            let meant: BTreeSet<_> = meant.split(|byte| *byte == 0).collect();
            let empty = |file: &IndexFile| EMPTY.contains(&file.id.as_str());
            files.retain(|file| !(empty(file) && meant.contains(file.raw.as_slice())));
        }
        Ok(files)
    }

    /// Lists what the index changes: against HEAD and, in a merge, against every side of it, since
    /// what a side already has is no news.
    pub fn staged_changes(&self) -> Result<Vec<StagedChange>, WorldError> {
        let Some(head) = self.head_commit()? else {
            return Ok(self.index_files()?.into_iter().map(StagedChange::from).collect());
        };
        let mut changes = self.changes_since(&head)?;
        for side in self.merge_heads()? {
            let other = self.changes_since(&side)?;
            let mut other: BTreeMap<_, _> =
                other.into_iter().map(|change| (change.raw, change.before)).collect();
            changes.retain_mut(|change| {
                let before = other.remove(&change.raw);
                change.before.extend(before.iter().flatten().cloned());
                before.is_some()
            });
        }
        Ok(changes)
    }

    fn changes_since(&self, commit: &ObjectId) -> Result<Vec<StagedChange>, WorldError> {
        let repository = self.repository.as_ref();
        let quick = repository.and_then(|it| index::changes_since(it, commit, &self.index));
        match quick {
            Some(changes) => Ok(changes),
            None => self.ask_changes_since(commit),
        }
    }

    fn ask_changes_since(&self, commit: &ObjectId) -> Result<Vec<StagedChange>, WorldError> {
        let doing = "compare the index";
        let mut args = vec!["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"];
        args.extend([
            "--ignore-submodules=none",
            "--ita-invisible-in-index",
            commit.as_str(),
            "--",
        ]);
        let printed = self.program.ask(doing, &args)?;
        let fields = printed.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        let fields = fields.collect::<Vec<_>>();
        let pairs = fields.chunks(2);
        pairs.map(|pair| staged_change(pair).ok_or_else(|| garbled(doing))).collect()
    }

    /// Names the commits that an unfinished merge brings in.
    pub fn merge_heads(&self) -> Result<Vec<ObjectId>, WorldError> {
        let path = self.git_dir.join("MERGE_HEAD");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            // Before a clean merge is committed it is not there yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(self.merging.clone());
            }
            Err(error) => return Err(WorldError::io("read", path.display())(error)),
        };
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| ObjectId::parse(line).ok_or_else(|| garbled("read the merge"))).collect()
    }
}

impl StagedChange {
    /// Tells whether it brings a text: a submodule has none, and a change of mode brings none.
    #[must_use]
    pub fn brings_text(&self) -> bool {
        let text = self.now.as_ref().filter(|(mode, _)| *mode != FileMode::Submodule);
        text.is_some_and(|(_, id)| !self.before.contains(id))
    }

    /// Tells whether it brings a path that was not there, be it that of a submodule.
    #[must_use]
    pub fn brings_path(&self) -> bool {
        self.now.is_some() && self.before.is_empty()
    }
}

impl From<IndexFile> for StagedChange {
    fn from(file: IndexFile) -> Self {
        let now = (file.stage == 0).then_some((file.mode, file.id));
        Self { raw: file.raw, path: file.path, now, before: Vec::new() }
    }
}

pub(super) fn garbled(doing: &'static str) -> WorldError {
    WorldError::Git { doing, why: "its answer has another form".into() }
}

pub(super) fn repo_path(raw: &[u8]) -> Option<RepoPath> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// Tells whether what stood at a path had a text: a submodule has none, and nothing neither.
pub(super) fn was_text(mode: Option<FileMode>) -> bool {
    mode.is_some_and(|mode| mode != FileMode::Submodule)
}

pub(super) fn file_mode(digits: &[u8]) -> Option<FileMode> {
    match digits {
        // Very old repositories hold 100664.
        b"100644" | b"100664" => Some(FileMode::Regular),
        b"100755" => Some(FileMode::Executable),
        b"120000" => Some(FileMode::Link),
        b"160000" => Some(FileMode::Submodule),
        _ => None,
    }
}

/// Reads `mode SP id SP stage TAB path`.
fn index_file(record: &[u8]) -> Option<IndexFile> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let (head, raw) = (&record[..tab], &record[tab + 1..]);
    let mut words = head.split(|byte| *byte == b' ');
    let mode = file_mode(words.next()?)?;
    let id = ObjectId::parse(words.next()?)?;
    let &[stage @ b'0'..=b'3'] = words.next()? else { return None };
    Some(IndexFile { raw: raw.to_vec(), path: repo_path(raw), mode, id, stage: stage - b'0' })
}

/// Reads `:mode mode id id STATUS` and the path.
fn staged_change(pair: &[&[u8]]) -> Option<StagedChange> {
    let &[head, raw] = pair else { return None };
    let mut words = head.strip_prefix(b":")?.split(|byte| *byte == b' ');
    let (was, mode, old, id) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let now = match words.next()? {
        b"A" | b"M" | b"T" => Some((file_mode(mode)?, ObjectId::parse(id)?)),
        b"D" | b"U" => None,
        _ => return None,
    };
    let had_text = was_text(file_mode(was));
    let before = had_text.then(|| ObjectId::parse(old)).flatten().into_iter().collect();
    Some(StagedChange { raw: raw.to_vec(), path: repo_path(raw), now, before })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    /// What is staged, by libgit2 and by git, which must say the same.
    fn staged(repo: &Repo) -> Vec<(String, Option<FileMode>)> {
        let checkout = repo.checkout();
        assert_eq!(checkout.index_files().unwrap(), checkout.ask_index().unwrap());
        if let Some(head) = checkout.head_commit().unwrap() {
            let quick = checkout.changes_since(&head).unwrap();
            assert_eq!(quick, checkout.ask_changes_since(&head).unwrap());
        }
        let changes = checkout.staged_changes().unwrap();
        let show = |change: StagedChange| {
            (String::from_utf8_lossy(&change.raw).into_owned(), change.now.map(|now| now.0))
        };
        changes.into_iter().map(show).collect()
    }

    #[test]
    fn the_first_commit_is_all_news() {
        let repo = Repo::new();
        repo.stage("a", "one");
        repo.stage("odd\"name", "two");
        let regular = Some(FileMode::Regular);
        assert_eq!(staged(&repo), [("a".into(), regular), ("odd\"name".into(), regular)]);
        let files = repo.checkout().index_files().unwrap();
        assert!(files[0].path.is_some() && files[1].path.is_none());
    }

    #[test]
    fn the_index_counts_and_not_the_work_tree_nor_attributes() {
        let repo = Repo::new();
        repo.commit(".gitattributes", "* -diff binary\n");
        repo.commit("kept", "x");
        repo.commit("moved", "a long enough text to be seen as a rename\n");
        repo.stage("new", "nul\0byte");
        repo.git(&["mv", "moved", "elsewhere"]);
        std::fs::remove_file(repo.root().join("new")).unwrap();
        std::os::unix::fs::symlink("/secret", repo.root().join("link")).unwrap();
        repo.git(&["add", "link"]);
        let regular = Some(FileMode::Regular);
        let link = ("link".into(), Some(FileMode::Link));
        let (here, gone) = (("elsewhere".into(), regular), ("moved".into(), None));
        assert_eq!(staged(&repo), [here, link, gone, ("new".into(), regular)]);
    }

    #[test]
    fn a_merge_is_compared_with_every_side() {
        let repo = Repo::new();
        repo.commit("base", "x");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("theirs", "x");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("ours", "x");
        repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
        repo.stage("smuggled", "x");
        assert_eq!(staged(&repo), [("smuggled".into(), Some(FileMode::Regular))]);
    }

    #[test]
    fn another_index_may_be_named() {
        let repo = Repo::new();
        repo.commit("a", "one");
        repo.stage("b", "two");
        let env = repo.environment(&[("GIT_INDEX_FILE", ".git/nothing")]);
        let checkout = Checkout::discover(&repo.root(), &env).unwrap();
        assert_eq!(checkout.index_files().unwrap(), []);
        assert_eq!(checkout.staged_changes().unwrap()[0].now, None);
    }

    #[test]
    fn an_unfinished_merge_has_sides_and_a_submodule_no_blob() {
        let repo = Repo::new();
        repo.commit("f", "base");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("f", "theirs");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("f", "ours");
        repo.fails(&["merge", "-q", "side"]);
        let stages = repo.checkout().index_files().unwrap();
        assert_eq!(stages.iter().map(|file| file.stage).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(staged(&repo), [("f".into(), None)]);
        let id = repo.git(&["rev-parse", "HEAD"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},sub")]);
        assert_eq!(staged(&repo)[1], ("sub".into(), Some(FileMode::Submodule)));
    }

    #[test]
    fn a_submodule_had_no_content() {
        let repo = Repo::new();
        repo.commit("f", "x");
        let id = repo.git(&["rev-parse", "HEAD"]);
        for path in ["gone", "file"] {
            let entry = format!("160000,{id},{path}");
            repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
        }
        repo.git(&["commit", "-q", "-m", "submodules"]);
        repo.git(&["update-index", "--force-remove", "gone"]);
        repo.stage("file", "x");
        assert_eq!(staged(&repo).len(), 2);
        let changes = repo.checkout().staged_changes().unwrap();
        assert!(changes.iter().all(|change| change.before.is_empty()), "{changes:?}");
    }

    #[test]
    fn a_split_and_a_sparse_index_are_read_whole() {
        let repo = Repo::new();
        repo.commit("a/one", "1");
        repo.commit("b/two", "2");
        repo.git(&["update-index", "--split-index"]);
        repo.stage("b/three", "3");
        assert_eq!(staged(&repo).len(), 1);
        repo.git(&["update-index", "--no-split-index"]);
        repo.git(&["commit", "-q", "-m", "three"]);
        repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "a"]);
        assert!(!repo.root().join("b").exists());
        let files = repo.checkout().index_files().unwrap();
        let names = files.iter().map(|file| file.path.as_ref().unwrap().as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["a/one", "b/three", "b/two"]);
    }
}
