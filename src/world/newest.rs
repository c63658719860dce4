//! What the newest commits changed: as libgit2 tells it, without a process, or where it cannot, as git does.

use git2::{DiffDelta, DiffFile, DiffOptions, Oid, Repository, Sort, Tree};

use super::commits::Walk;
use super::git::Checkout;
use super::staged::{StagedChange, file_mode, repo_path, was_text};
use super::{ObjectId, WorldError};

/// How many commits are looked at.
const MOST: usize = 64;

impl Checkout {
    /// Shows what the newest commits that these have, and no remote branch is known to have, change at some paths or
    /// below them: a merge against each of its parents.
    pub fn each_unpushed_change(
        &self,
        tips: &[ObjectId],
        paths: &[&str],
        show: &mut dyn FnMut(StagedChange),
    ) -> Result<(), WorldError> {
        let repository = self.repository.as_ref();
        match repository.and_then(|repository| changes(repository, tips, paths)) {
            Some(changes) => changes.into_iter().for_each(show),
            None => self.asked(tips, paths, show)?,
        }
        Ok(())
    }

    /// Lists what the newest commits up to some put at a path, the newest first.
    pub fn newest_at(&self, tips: &[ObjectId], path: &str) -> Result<Vec<ObjectId>, WorldError> {
        let mut contents = Vec::new();
        let args = vec![format!("--max-count={MOST}"), "--".to_owned(), path.to_owned()];
        self.each_change_at(&Walk::newest(tips, args), &[path], &mut |_, change| {
            contents.extend(change.now.map(|(_, id)| id).into_iter().chain(change.before));
            Ok(())
        })?;
        Ok(contents)
    }

    /// The same, as git says.
    fn asked(
        &self,
        tips: &[ObjectId],
        paths: &[&str],
        show: &mut dyn FnMut(StagedChange),
    ) -> Result<(), WorldError> {
        let args = [format!("--max-count={MOST}"), "--not".to_owned(), "--remotes".to_owned()];
        self.each_change_at(&Walk::newest(tips, args.to_vec()), paths, &mut |_, change| {
            show(change);
            Ok(())
        })
    }
}

fn changes(
    repository: &Repository,
    tips: &[ObjectId],
    paths: &[&str],
) -> Option<Vec<StagedChange>> {
    let mut walk = repository.revwalk().ok()?;
    walk.set_sorting(Sort::TIME).ok()?;
    for tip in tips {
        walk.push(Oid::from_str(tip.as_str()).ok()?).ok()?;
    }
    walk.hide_glob("refs/remotes/*").ok()?;
    let mut changes = Vec::new();
    for id in walk.take(MOST) {
        let commit = repository.find_commit(id.ok()?).ok()?;
        let tree = commit.tree().ok()?;
        let mut before = Vec::new();
        for parent in commit.parent_ids() {
            before.push(Some(repository.find_commit(parent).ok()?.tree().ok()?));
        }
        if before.is_empty() {
            before.push(None);
        }
        for old in &before {
            compare(repository, (old.as_ref(), &tree), paths, &mut changes)?;
        }
    }
    Some(changes)
}

fn compare(
    repository: &Repository,
    (old, new): (Option<&Tree<'_>>, &Tree<'_>),
    paths: &[&str],
    changes: &mut Vec<StagedChange>,
) -> Option<()> {
    let mut options = DiffOptions::new();
    options.include_typechange(true).disable_pathspec_match(true);
    paths.iter().for_each(|path| {
        options.pathspec(path);
    });
    let diff = repository.diff_tree_to_tree(old, Some(new), Some(&mut options)).ok()?;
    for delta in diff.deltas() {
        changes.push(change(&delta)?);
    }
    Some(())
}

fn change(delta: &DiffDelta<'_>) -> Option<StagedChange> {
    let (old, new) = (delta.old_file(), delta.new_file());
    let raw = new.path_bytes().or_else(|| old.path_bytes())?.to_owned();
    let mode = |file: &DiffFile<'_>| file_mode(format!("{:o}", u32::from(file.mode())).as_bytes());
    let is_there = |file: &DiffFile<'_>| !file.id().is_zero();
    let now = match is_there(&new) {
        true => Some((mode(&new)?, ObjectId::of(new.id()))),
        false => None,
    };
    let before = (is_there(&old) && was_text(mode(&old))).then(|| ObjectId::of(old.id()));
    Some(StagedChange { path: repo_path(&raw), now, before: before.into_iter().collect(), raw })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::world::testing::Repo;

    type Seen = BTreeSet<(Vec<u8>, Option<ObjectId>, Vec<ObjectId>)>;

    fn seen(changes: impl IntoIterator<Item = StagedChange>) -> Seen {
        let parts = |it: StagedChange| (it.raw, it.now.map(|(_, id)| id), it.before);
        changes.into_iter().map(parts).collect()
    }

    #[test]
    fn it_is_what_git_says() {
        let repo = Repo::new();
        repo.commit("secrets/a.env", "pushed");
        repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        repo.commit("secrets/a.env", "one");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("secrets/deep/b [x].env", "side");
        repo.commit("other", "elsewhere");
        repo.git(&["checkout", "-q", "-"]);
        repo.git(&["rm", "-q", "secrets/a.env"]);
        std::fs::create_dir_all(repo.root().join("secrets")).unwrap();
        std::os::unix::fs::symlink("x", repo.root().join("secrets/link")).unwrap();
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "-q", "-m", "gone"]);
        repo.git(&["merge", "-q", "--no-edit", "side"]);
        let checkout = repo.checkout();
        let head = checkout.head_commit().unwrap().unwrap();
        for paths in [&["secrets"][..], &["secrets/deep", "other"], &["nowhere"], &[]] {
            let tips = std::slice::from_ref(&head);
            let ours = changes(checkout.repository.as_ref().unwrap(), tips, paths);
            let mut theirs = Vec::new();
            let mut take = |change| theirs.push(change);
            checkout.asked(tips, paths, &mut take).unwrap();
            let (ours, theirs) = (seen(ours.unwrap()), seen(theirs));
            assert_eq!(ours, theirs, "{paths:?}");
            assert_eq!(ours.is_empty(), paths == ["nowhere"]);
        }
    }
}
