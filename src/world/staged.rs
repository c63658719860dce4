//! What is about to be committed: the index, its changes and its contents.
//!
//! Read through git's plumbing, which no attribute, filter or diff setting can bend.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use super::git::Checkout;
use super::{LARGEST, WorldError};
use crate::names::RepoPath;

/// The id of an object of git's, as lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

impl ObjectId {
    /// Lends the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 7 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    pub(super) fn of(id: git2::Oid) -> Self {
        Self(id.to_string())
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes 40 or 64 lower-case hexadecimal digits, and nothing else.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let well = matches!(digits.len(), 40 | 64) && digits.iter().all(hex);
        well.then(|| Self(digits.iter().map(|byte| char::from(*byte)).collect()))
    }
}

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
}

/// A blob's content.
#[derive(Debug, PartialEq, Eq)]
pub enum Blob {
    /// The whole content.
    Bytes(Vec<u8>),
    /// Only its size, over [`LARGEST`].
    TooLarge(u64),
}

/// What is done with an object, and its place in the list; none for one that is not at hand.
type Taker<'s> = dyn FnMut(usize, Option<Blob>) -> Result<(), WorldError> + 's;

/// The empty blob, by SHA-1 and by SHA-256.
const EMPTY: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

const READING: &str = "read blobs";

impl Checkout {
    /// Lists the index, sorted as git sorts it; `GIT_INDEX_FILE` honoured.
    pub fn index_files(&self) -> Result<Vec<IndexFile>, WorldError> {
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
            let other = other.iter().map(|change| &change.raw).collect::<BTreeSet<_>>();
            changes.retain(|change| other.contains(&change.raw));
        }
        Ok(changes)
    }

    /// Reads blobs in one go, in the order given.
    pub fn read_blobs(&self, ids: &[ObjectId]) -> Result<Vec<Blob>, WorldError> {
        let mut blobs = Vec::with_capacity(ids.len());
        self.each_blob(ids, &mut |_, blob| blobs.push(blob))?;
        Ok(blobs)
    }

    /// Shows blobs one after the other, with their place in the list, keeping none in memory.
    pub fn each_blob(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Blob),
    ) -> Result<(), WorldError> {
        self.each_object("blob", ids, &mut |place, object| match object {
            Some(blob) => {
                show(place, blob);
                Ok(())
            }
            None => Err(WorldError::Git {
                doing: "read blobs",
                why: format!("{} is none", ids[place].as_str()),
            }),
        })
    }

    /// Shows blobs as [`Self::each_blob`] does; none for one that is not at hand.
    pub fn each_blob_here(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Option<Blob>),
    ) -> Result<(), WorldError> {
        self.each_object("blob", ids, &mut |place, object| {
            show(place, object);
            Ok(())
        })
    }

    /// Shows trees as git stores them, one after the other; none for one that is not at hand.
    pub(super) fn each_tree(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Option<Vec<u8>>) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        self.each_object("tree", ids, &mut |place, object| match object {
            Some(Blob::Bytes(bytes)) => show(place, Some(bytes)),
            Some(Blob::TooLarge(_)) => Err(garbled("read a tree")),
            None => show(place, None),
        })
    }

    fn each_object(
        &self,
        kind: &str,
        ids: &[ObjectId],
        show: &mut Taker<'_>,
    ) -> Result<(), WorldError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut command = self.program.command(&["cat-file", "--batch", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(WorldError::NoGit)?;
        let shown = converse(&mut child, (kind, ids), show);
        if shown.is_err() {
            // It may still wait for a reader; that it has ended already is no matter.
            let _ended = child.kill();
        }
        let ended = child.wait().map_err(WorldError::NoGit)?;
        shown?;
        if ended.success() { Ok(()) } else { Err(garbled(READING)) }
    }

    fn changes_since(&self, commit: &ObjectId) -> Result<Vec<StagedChange>, WorldError> {
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
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(WorldError::io("read", path.display())(error)),
        };
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| ObjectId::parse(line).ok_or_else(|| garbled("read the merge"))).collect()
    }
}

impl From<IndexFile> for StagedChange {
    fn from(file: IndexFile) -> Self {
        let now = (file.stage == 0).then_some((file.mode, file.id));
        Self { raw: file.raw, path: file.path, now }
    }
}

pub(super) fn garbled(doing: &'static str) -> WorldError {
    WorldError::Git { doing, why: "its answer has another form".into() }
}

pub(super) fn repo_path(raw: &[u8]) -> Option<RepoPath> {
    std::str::from_utf8(raw).ok()?.parse().ok()
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
    let (_, mode, _, id) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let now = match words.next()? {
        b"A" | b"M" | b"T" => Some((file_mode(mode)?, ObjectId::parse(id)?)),
        b"D" | b"U" => None,
        _ => return None,
    };
    Some(StagedChange { raw: raw.to_vec(), path: repo_path(raw), now })
}

/// Asks from a thread of its own, since git may answer before it has heard all.
fn converse(
    child: &mut Child,
    (kind, ids): (&str, &[ObjectId]),
    show: &mut Taker<'_>,
) -> Result<(), WorldError> {
    let (Some(mut questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(garbled(READING));
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A git that stops listening is noticed where its answers end.
            ids.iter().try_for_each(|id| writeln!(questions, "{}", id.as_str())).ok()
        });
        let mut answers = BufReader::with_capacity(1 << 16, answers);
        ids.iter()
            .enumerate()
            .try_for_each(|(place, id)| show(place, answer(&mut answers, (kind, id))?))
    })
}

/// Reads `id SP kind SP size LF content LF`; none for `id SP missing LF`.
fn answer(
    from: &mut dyn BufRead,
    (kind, id): (&str, &ObjectId),
) -> Result<Option<Blob>, WorldError> {
    let failed = |_| garbled(READING);
    let mut head = String::new();
    from.take(200).read_line(&mut head).map_err(failed)?;
    let said = head.strip_prefix(id.as_str()).and_then(|rest| rest.strip_prefix(' '));
    if said == Some("missing\n") {
        return Ok(None);
    }
    let size = said
        .and_then(|said| said.strip_prefix(kind)?.strip_prefix(' ')?.strip_suffix('\n'))
        .and_then(|size| size.parse::<u64>().ok());
    let Some(size) = size else {
        let why = format!("{} is no {kind}", id.as_str());
        return Err(WorldError::Git { doing: READING, why });
    };
    let mut content = from.take(size);
    let blob = if size > LARGEST {
        std::io::copy(&mut content, &mut std::io::sink()).map_err(failed)?;
        Blob::TooLarge(size)
    } else {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        content.read_to_end(&mut bytes).map_err(failed)?;
        Blob::Bytes(bytes)
    };
    let mut end = [0];
    let whole = content.limit() == 0 && from.read_exact(&mut end).is_ok() && end == [b'\n'];
    if whole { Ok(Some(blob)) } else { Err(garbled(READING)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    fn staged(repo: &Repo) -> Vec<(String, Option<FileMode>)> {
        let changes = repo.checkout().staged_changes().unwrap();
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
        let ids = files.into_iter().map(|file| file.id).collect::<Vec<_>>();
        let blobs = repo.checkout().read_blobs(&ids).unwrap();
        assert_eq!(blobs, [Blob::Bytes(b"one".to_vec()), Blob::Bytes(b"two".to_vec())]);
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
    fn many_blobs_come_in_order_and_a_missing_one_is_an_error() {
        let repo = Repo::new();
        repo.stage("empty", "");
        repo.stage("big", &"x".repeat(300_000));
        let checkout = repo.checkout();
        let ids = checkout.index_files().unwrap().into_iter().map(|file| file.id);
        let ids = ids.cycle().take(5000).collect::<Vec<_>>();
        let mut sizes = Vec::new();
        let mut show = |place, blob| match blob {
            Blob::Bytes(bytes) => sizes.push((place, bytes.len())),
            Blob::TooLarge(_) => unreachable!(),
        };
        checkout.each_blob(&ids, &mut show).unwrap();
        assert_eq!((sizes.len(), sizes[4998], sizes[4999]), (5000, (4998, 300_000), (4999, 0)));
        let missing = ObjectId::parse(&[b'1'; 40]).unwrap();
        let error = checkout.read_blobs(&[ids[0].clone(), missing, ids[1].clone()]).unwrap_err();
        assert!(matches!(error, WorldError::Git { doing: "read blobs", .. }));
        let tree = ObjectId::parse(repo.git(&["write-tree"]).as_bytes()).unwrap();
        assert!(checkout.read_blobs(&[tree]).is_err());
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

    #[test]
    fn nothing_is_fetched() {
        let repo = Repo::new();
        repo.commit("f", "far away");
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        let url = format!("file://{}", repo.root().display());
        repo.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "../home/part"]);
        let env = repo.environment(&[]);
        let part = Checkout::discover(&repo.home().join("part"), &env).unwrap();
        assert!(part.head_file(&"f".parse().unwrap()).is_err());
        let id = repo.checkout().index_files().unwrap().remove(0).id;
        assert!(part.read_blobs(&[id]).is_err());
    }

    #[test]
    fn replaced_objects_are_not_what_is_committed() {
        let repo = Repo::new();
        repo.stage("a", "secret");
        repo.stage("b", "harmless");
        let files = repo.checkout().index_files().unwrap();
        repo.git(&["replace", files[0].id.as_str(), files[1].id.as_str()]);
        let blobs = repo.checkout().read_blobs(&[files[0].id.clone()]).unwrap();
        assert_eq!(blobs, [Blob::Bytes(b"secret".to_vec())]);
    }
}
