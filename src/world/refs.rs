//! Where branches point, what their trees hold, and which commit comes after which.

use git2::{ErrorCode, Oid, Repository};

use super::git::{Checkout, refusal};
use super::staged::{garbled, repo_path};
use super::{ObjectId, WorldError};
use crate::names::RepoPath;

/// A file of a commit's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its path.
    pub path: RepoPath,
    /// Its content.
    pub id: ObjectId,
}

impl Checkout {
    /// Names the commit that a full reference, as in `refs/heads/main`, points to; none without one.
    pub fn reference(&self, name: &str) -> Result<Option<ObjectId>, WorldError> {
        match self.repository.as_ref().map(|repository| peeled(repository, name)) {
            Some(Ok(found)) => Ok(found),
            Some(Err(_)) | None => self.commit_named(name),
        }
    }

    /// Names the reference that a symbolic one, as `HEAD`, points to; none where it is none.
    pub fn points_to(&self, name: &str) -> Result<Option<String>, WorldError> {
        if let Some(repository) = &self.repository {
            return match repository.find_reference(name) {
                Ok(found) => {
                    let target = found.symbolic_target_bytes().map(String::from_utf8_lossy);
                    Ok(target.map(std::borrow::Cow::into_owned))
                }
                Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
                Err(error) => Err(refusal("read a reference", &error)),
            };
        }
        let output = self.program.run(&["symbolic-ref", "-q", name])?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(output.stdout.trim_ascii_end()).into())),
            Some(1) => Ok(None),
            // "Not a symbolic reference" of one that is not there at all.
            _ => Ok(None),
        }
    }

    /// Reads a value of git's configuration as [`Checkout::config`] does, without a process where it can.
    pub fn quick_config(&self, key: &str) -> Result<Option<String>, WorldError> {
        let all = self.repository.as_ref().and_then(|repository| repository.config().ok());
        match all.map(|all| all.get_string(key)) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(error)) if error.code() == ErrorCode::NotFound => Ok(None),
            Some(Err(_)) | None => self.config(key),
        }
    }

    /// Tells whether a commit is another one, or has it among its ancestors. One that is not at hand, as
    /// in a shallow clone, is nobody's ancestor.
    pub fn descends(&self, commit: &ObjectId, from: &ObjectId) -> Result<bool, WorldError> {
        if commit == from {
            return Ok(true);
        }
        let quick = self.repository.as_ref().and_then(|repository| {
            let (commit, from) =
                (Oid::from_str(commit.as_str()).ok()?, Oid::from_str(from.as_str()).ok()?);
            repository.graph_descendant_of(commit, from).ok()
        });
        if let Some(descends) = quick {
            return Ok(descends);
        }
        let asked =
            self.program.run(&["merge-base", "--is-ancestor", from.as_str(), commit.as_str()])?;
        Ok(asked.status.success())
    }

    /// Lists the regular files below a folder of a commit's tree; none where there is no such folder.
    pub fn files_in(&self, commit: &ObjectId, folder: &str) -> Result<Vec<TreeFile>, WorldError> {
        self.files_below(commit, &[folder])
    }

    /// Lists the regular files below some folders of a commit's tree; the empty text is the tree itself.
    pub fn files_below(
        &self,
        commit: &ObjectId,
        folders: &[&str],
    ) -> Result<Vec<TreeFile>, WorldError> {
        let doing = "list the files of a commit";
        let folders: Vec<_> = match folders.contains(&"") {
            true => Vec::new(),
            false => folders.iter().map(|folder| format!("{folder}/")).collect(),
        };
        let mut args = vec!["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
        args.extend(folders.iter().map(String::as_str));
        let printed = self.program.ask(doing, &args)?;
        let records = printed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        let mut files = Vec::new();
        for record in records {
            files.extend(tree_file(record).ok_or_else(|| garbled(doing))?);
        }
        Ok(files)
    }
}

fn peeled(repository: &Repository, name: &str) -> Result<Option<ObjectId>, git2::Error> {
    match repository.find_reference(name) {
        Ok(found) => Ok(Some(ObjectId::of(found.peel_to_commit()?.id()))),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads `mode SP type SP id TAB path`; the inner option is none for what is no regular file of a plain
/// name.
fn tree_file(record: &[u8]) -> Option<Option<TreeFile>> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let (head, raw) = (&record[..tab], &record[tab + 1..]);
    let mut words = head.split(|byte| *byte == b' ');
    let (mode, _kind, id) = (words.next()?, words.next()?, ObjectId::parse(words.next()?)?);
    let path = repo_path(raw).filter(|_| mode.starts_with(b"100"));
    Some(path.map(|path| TreeFile { path, id }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    const KINDS: [&[&str]; 3] = [
        &["init", "-q", "-b", "main"],
        &["init", "-q", "-b", "main", "--object-format=sha256"],
        &["init", "-q", "-b", "main", "--ref-format=reftable"],
    ];

    #[test]
    fn references_are_found_in_every_kind_of_repository() {
        for kind in KINDS {
            let repo = Repo::with(kind);
            let checkout = repo.checkout();
            assert_eq!(checkout.points_to("HEAD").unwrap().unwrap(), "refs/heads/main");
            assert_eq!(checkout.reference("refs/heads/main").unwrap(), None, "{kind:?}");
            assert_eq!(checkout.points_to("refs/remotes/origin/HEAD").unwrap(), None);
            repo.commit("a/f", "one");
            let checkout = repo.checkout();
            let first = checkout.reference("refs/heads/main").unwrap().unwrap();
            assert_eq!(first.as_str(), repo.git(&["rev-parse", "HEAD"]), "{kind:?}");
            repo.git(&["tag", "-a", "-m", "x", "v1"]);
            assert_eq!(checkout.reference("refs/tags/v1").unwrap(), Some(first.clone()));
            repo.git(&["checkout", "-q", "--detach"]);
            assert_eq!(repo.checkout().points_to("HEAD").unwrap(), None, "{kind:?}");
            assert_eq!(checkout.commit_named("HEAD~0").unwrap(), Some(first));
            assert_eq!(checkout.commit_named("nothing").unwrap(), None);
            assert_eq!(checkout.commit_named("--help").unwrap(), None);
        }
    }

    #[test]
    fn a_tree_is_listed_and_the_order_of_commits_is_told() {
        for kind in KINDS {
            let repo = Repo::with(kind);
            repo.commit("a/b/f", "one");
            repo.commit("ab", "two");
            let checkout = repo.checkout();
            let head = checkout.head_commit().unwrap().unwrap();
            let first = checkout.commit_named("HEAD~1").unwrap().unwrap();
            let files = checkout.files_in(&head, "a").unwrap();
            let paths = files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>();
            assert_eq!(paths, ["a/b/f"], "{kind:?}");
            assert_eq!(checkout.files_in(&head, "none").unwrap(), []);
            assert!(checkout.descends(&head, &first).unwrap());
            assert!(checkout.descends(&head, &head).unwrap());
            assert!(!checkout.descends(&first, &head).unwrap());
            let unknown = ObjectId::parse(&vec![b'1'; head.as_str().len()]).unwrap();
            assert!(!checkout.descends(&head, &unknown).unwrap(), "{kind:?}");
        }
    }

    #[test]
    fn configuration_is_the_same_with_and_without_a_process() {
        let repo = Repo::new();
        let checkout = repo.checkout();
        assert_eq!(checkout.quick_config("tenure.branch").unwrap(), None);
        repo.git(&["config", "tenure.branch", "trunk"]);
        let checkout = repo.checkout();
        assert_eq!(checkout.quick_config("tenure.branch").unwrap().unwrap(), "trunk");
        assert_eq!(checkout.config("tenure.branch").unwrap().unwrap(), "trunk");
    }
}
