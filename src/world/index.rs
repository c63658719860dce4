//! The index as libgit2 reads it, without a process; none where git itself has to be asked.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Index, IndexEntry, IndexEntryExtendedFlag, Oid, Repository};

use super::ObjectId;
use super::staged::{FileMode, IndexFile, StagedChange, file_mode, repo_path, was_text};

/// How long an index is that we compare with a commit's trees ourselves: git keeps the trees of folders that
/// are as they were in the index, and skips them in a longer one.
const SHORT: usize = 1000;

/// Lists the index; none for one that libgit2 cannot read, such as a split one.
pub(super) fn list(path: &Path) -> Option<Vec<IndexFile>> {
    // One that is not there yet is empty.
    files(&Index::open(path).ok()?)
}

fn files(index: &Index) -> Option<Vec<IndexFile>> {
    let meant_to_be = IndexEntryExtendedFlag::INTENT_TO_ADD.bits();
    let staged = |entry: &IndexEntry| entry.flags_extended & meant_to_be == 0;
    index.iter().filter(staged).map(file).collect()
}

fn file(entry: IndexEntry) -> Option<IndexFile> {
    let mode = mode(entry.mode)?;
    let stage = u8::try_from(entry.flags >> 12 & 3).ok()?;
    let path = repo_path(&entry.path);
    Some(IndexFile { raw: entry.path, path, mode, id: ObjectId::of(entry.id), stage })
}

fn mode(bits: u32) -> Option<FileMode> {
    file_mode(format!("{bits:o}").as_bytes())
}

/// Compares an index with a commit, sorted as git sorts it; none where git is quicker, or must be asked.
pub(super) fn changes_since(
    repository: &Repository,
    commit: &ObjectId,
    index: &Path,
) -> Option<Vec<StagedChange>> {
    let index = Index::open(index).ok().filter(|index| index.len() <= SHORT)?;
    let mut before = files_of(repository, commit)?;
    let mut changes = BTreeMap::new();
    for file in files(&index)? {
        let old = before.remove(&file.raw);
        if file.stage == 0 && old.as_ref() == Some(&(file.mode, file.id.clone())) {
            continue;
        }
        let raw = file.raw.clone();
        let mut change = StagedChange::from(file);
        change.before.extend(text_of(old));
        // The stages of a path that is not merged yet are one change.
        changes.entry(raw).or_insert(change);
    }
    for (raw, old) in before {
        let before = text_of(Some(old)).into_iter().collect();
        let gone = StagedChange { path: repo_path(&raw), now: None, before, raw };
        changes.insert(gone.raw.clone(), gone);
    }
    Some(changes.into_values().collect())
}

fn text_of(old: Option<(FileMode, ObjectId)>) -> Option<ObjectId> {
    old.filter(|(mode, _)| was_text(Some(*mode))).map(|(_, id)| id)
}

/// All files of a commit; none where an object is not at hand, or there are many more than in the index.
fn files_of(
    repository: &Repository,
    commit: &ObjectId,
) -> Option<BTreeMap<Vec<u8>, (FileMode, ObjectId)>> {
    let root = repository.find_commit(Oid::from_str(commit.as_str()).ok()?).ok()?.tree_id();
    let mut files = BTreeMap::new();
    let mut trees = vec![(Vec::new(), root)];
    while let Some((folder, id)) = trees.pop() {
        let tree = repository.find_tree(id).ok()?;
        for entry in &tree {
            let path = [folder.as_slice(), entry.name_bytes()].concat();
            let bits = u32::try_from(entry.filemode_raw()).ok()?;
            if bits == 0o40_000 {
                trees.push(([path.as_slice(), b"/"].concat(), entry.id()));
            } else {
                files.insert(path, (mode(bits)?, ObjectId::of(entry.id())));
            }
        }
        if files.len() + trees.len() > 2 * SHORT {
            return None;
        }
    }
    Some(files)
}
