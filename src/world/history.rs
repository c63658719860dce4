//! Which files a folder that only grows ever had, in all that a commit descends from.
//!
//! Asked of the `git` program, object by object, so that every kind of repository is read the same way:
//! each different tree once, however many commits have it.

use std::collections::{HashMap, HashSet};

use super::git::Checkout;
use super::staged::garbled;
use super::{ObjectId, WorldError};

/// A commit as the history has it.
#[derive(Debug)]
struct Commit {
    id: ObjectId,
    tree: ObjectId,
    parents: Vec<ObjectId>,
}

/// An entry of a tree.
struct Branch {
    is_folder: bool,
    name: Vec<u8>,
    id: ObjectId,
}

/// The commits that one descends from, and what a folder held in each.
#[derive(Debug, Default)]
pub struct History {
    commits: Vec<Commit>,
    /// The folder's tree, by the commit's.
    folders: HashMap<ObjectId, ObjectId>,
    /// What lies in a tree of the folder, with one folder between.
    months: HashMap<ObjectId, Vec<(String, ObjectId)>>,
    /// Whether something was not at hand.
    pub is_cut: bool,
}

/// A content of a file that stood in the folder once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Its path below the folder: `2026-11/name`.
    pub name: String,
    /// Its content.
    pub id: ObjectId,
    /// A commit that has it.
    pub stood_in: ObjectId,
    /// The commit after it that has not; none where the one we began at has it still.
    pub gone_in: Option<ObjectId>,
}

impl Checkout {
    /// Tells whether the clone has the newest commits only, as with `git clone --depth`.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.common_dir.join("shallow").metadata().is_ok_and(|file| file.len() > 0)
    }

    /// Walks all commits from one, but not those that another one descends from; keeps what a folder of
    /// two levels, given as its parts, held in each.
    pub fn history(
        &self,
        from: &ObjectId,
        known: Option<&ObjectId>,
        folder: &[&str],
    ) -> Result<History, WorldError> {
        let mut history = History { commits: self.commits(from, known)?, ..History::default() };
        history.is_cut = self.is_shallow();
        let mut trees: HashMap<ObjectId, ObjectId> = history
            .commits
            .iter()
            .map(|commit| (commit.tree.clone(), commit.tree.clone()))
            .collect();
        for part in folder {
            let found = self.below(trees.values(), &mut history.is_cut, &|branch| {
                (branch.is_folder && branch.name == part.as_bytes()).then(|| branch.id.clone())
            })?;
            let next = |id: &ObjectId| found.get(id).and_then(|ids| ids.first()).cloned();
            trees = trees.into_iter().filter_map(|(from, to)| Some((from, next(&to)?))).collect();
        }
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).ok();
        history.months = self.below(trees.values(), &mut history.is_cut, &|branch| {
            branch.is_folder.then(|| text(&branch.name).map(|name| (name, branch.id.clone())))?
        })?;
        history.folders = trees;
        Ok(history)
    }

    /// Shows each file that the folder ever held, with its content; the same one perhaps often.
    pub fn each_once(
        &self,
        history: &mut History,
        show: &mut dyn FnMut(&str, &str, &ObjectId),
    ) -> Result<(), WorldError> {
        let months = history.different_months();
        let ids: Vec<_> = months.iter().map(|(_, id)| id.clone()).collect();
        let mut cut = false;
        self.each_tree(&ids, &mut |at, tree| {
            let Some(tree) = tree else {
                cut = true;
                return Ok(());
            };
            for branch in branches(&tree, ids[at].as_str().len() / 2)? {
                if let Ok(name) = std::str::from_utf8(&branch.name) {
                    show(&months[at].0, name, &branch.id);
                }
            }
            Ok(())
        })?;
        history.is_cut |= cut;
        Ok(())
    }

    /// Tells of some files that stood in the folder, each content by itself, where they stood last, and
    /// which commit took them out.
    pub fn lost(
        &self,
        history: &History,
        wanted: &dyn Fn(&str, &str) -> bool,
    ) -> Result<Vec<Once>, WorldError> {
        let mut holders: HashMap<(String, ObjectId), HashSet<Version>> = HashMap::new();
        let months = history.different_months();
        let ids: Vec<_> = months.iter().map(|(_, id)| id.clone()).collect();
        self.each_tree(&ids, &mut |at, tree| {
            let (month, id) = &months[at];
            for branch in branches(&tree.unwrap_or_default(), id.as_str().len() / 2)? {
                let Ok(name) = std::str::from_utf8(&branch.name) else { continue };
                if wanted(month, name) {
                    let version = (format!("{month}/{name}"), branch.id);
                    holders.entry(months[at].clone()).or_default().insert(version);
                }
            }
            Ok(())
        })?;
        Ok(history.last_stood(&holders))
    }

    fn commits(
        &self,
        from: &ObjectId,
        known: Option<&ObjectId>,
    ) -> Result<Vec<Commit>, WorldError> {
        let doing = "walk the history";
        let without = known.map(|known| format!("^{}", known.as_str()));
        let mut args = vec!["rev-list", "--topo-order", "--format=%T %P", from.as_str()];
        args.extend(without.as_deref());
        let printed = self.program.ask(doing, &args)?;
        let lines: Vec<_> = printed.split(|byte| *byte == b'\n').collect();
        let pairs = lines.chunks_exact(2);
        pairs.map(|pair| commit(pair[0], pair[1]).ok_or_else(|| garbled(doing))).collect()
    }

    /// Reads trees, each once, and keeps of each what is chosen; a tree that is not at hand cuts the
    /// history.
    fn below<'t, T>(
        &self,
        trees: impl Iterator<Item = &'t ObjectId>,
        is_cut: &mut bool,
        choose: &dyn Fn(&Branch) -> Option<T>,
    ) -> Result<HashMap<ObjectId, Vec<T>>, WorldError> {
        let ids: Vec<_> = trees.collect::<HashSet<_>>().into_iter().cloned().collect();
        let mut found = HashMap::with_capacity(ids.len());
        self.each_tree(&ids, &mut |at, tree| {
            let Some(tree) = tree else {
                *is_cut = true;
                return Ok(());
            };
            let chosen = branches(&tree, ids[at].as_str().len() / 2)?;
            found.insert(ids[at].clone(), chosen.iter().filter_map(choose).collect());
            Ok(())
        })?;
        Ok(found)
    }
}

/// A file's path, and one of its contents: whoever can push can put another content in a file's place.
type Version = (String, ObjectId);

impl History {
    /// The trees below the folder, each once under each of its names.
    fn different_months(&self) -> Vec<(String, ObjectId)> {
        let all: HashSet<_> = self.months.values().flatten().collect();
        all.into_iter().cloned().collect()
    }

    /// Lists the first commit of each content of each file, from the newest on, with a child of it that
    /// has it no more.
    fn last_stood(&self, holders: &HashMap<(String, ObjectId), HashSet<Version>>) -> Vec<Once> {
        let mut child_of: HashMap<&ObjectId, &ObjectId> = HashMap::new();
        let mut found: HashMap<&Version, Once> = HashMap::new();
        for commit in &self.commits {
            let folder = self.folders.get(&commit.tree);
            let months = folder.and_then(|folder| self.months.get(folder)).into_iter().flatten();
            for version in months.filter_map(|month| holders.get(month)).flatten() {
                found.entry(version).or_insert_with(|| Once {
                    name: version.0.clone(),
                    id: version.1.clone(),
                    stood_in: commit.id.clone(),
                    gone_in: child_of.get(&commit.id).map(|id| (*id).clone()),
                });
            }
            for parent in &commit.parents {
                child_of.entry(parent).or_insert(&commit.id);
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        found
    }
}

/// Reads `commit ID` and `TREE PARENTS`.
fn commit(head: &[u8], body: &[u8]) -> Option<Commit> {
    let id = ObjectId::parse(head.strip_prefix(b"commit ")?)?;
    let mut ids = body.split(|byte| *byte == b' ').filter(|id| !id.is_empty());
    let tree = ObjectId::parse(ids.next()?)?;
    Some(Commit { id, tree, parents: ids.map(ObjectId::parse).collect::<Option<_>>()? })
}

/// Reads a tree as git stores it: `mode SP name NUL id`, the id in bytes.
fn branches(tree: &[u8], id_len: usize) -> Result<Vec<Branch>, WorldError> {
    let mut found = Vec::new();
    let mut rest = tree;
    while !rest.is_empty() {
        let (branch, after) = branch(rest, id_len).ok_or_else(|| garbled("read a tree"))?;
        found.push(branch);
        rest = after;
    }
    Ok(found)
}

fn branch(tree: &[u8], id_len: usize) -> Option<(Branch, &[u8])> {
    let space = tree.iter().position(|byte| *byte == b' ')?;
    let (mode, rest) = (&tree[..space], &tree[space + 1..]);
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let (id, rest) = rest.split_at_checked(id_len)?;
    let id = ObjectId::of_bytes(id);
    Some((Branch { is_folder: mode == b"40000", name: name.to_vec(), id }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    const PARTS: [&str; 2] = [".secrets", "log"];

    fn names(repo: &Repo, known: Option<&str>) -> (Vec<String>, bool) {
        let checkout = repo.checkout();
        let known = known.map(|rev| checkout.commit_named(rev).unwrap().unwrap());
        let head = checkout.head_commit().unwrap().unwrap();
        let mut history = checkout.history(&head, known.as_ref(), &PARTS).unwrap();
        let mut names = HashSet::new();
        checkout
            .each_once(&mut history, &mut |month, name, _| {
                names.insert(format!("{month}/{name}"));
            })
            .unwrap();
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        (names, history.is_cut)
    }

    #[test]
    fn every_file_that_ever_stood_is_told_in_every_kind_of_repository() {
        for kind in [&[][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
            let repo = Repo::with(&[&["init", "-q", "-b", "main"], kind].concat());
            repo.commit("before", "x");
            repo.commit(".secrets/log/m/a", "a");
            repo.git(&["checkout", "-q", "-b", "side"]);
            repo.commit(".secrets/log/n/b", "b");
            repo.git(&["checkout", "-q", "main"]);
            repo.commit(".secrets/log/m/c", "c");
            repo.git(&["merge", "-q", "-s", "ours", "-m", "x", "side"]);
            repo.git(&["rm", "-q", ".secrets/log/m/a"]);
            repo.git(&["commit", "-q", "-m", "without a"]);
            repo.commit("after", "x");
            assert_eq!(names(&repo, None), (vec!["m/a".into(), "m/c".into(), "n/b".into()], false));
            assert_eq!(names(&repo, Some("HEAD~1")).0, ["m/c"], "{kind:?}");

            let checkout = repo.checkout();
            let head = checkout.head_commit().unwrap().unwrap();
            let history = checkout.history(&head, None, &PARTS).unwrap();
            let lost = checkout.lost(&history, &|_, _| true).unwrap();
            let rev = |name: &str| checkout.commit_named(name).unwrap();
            let told: Vec<_> = lost
                .iter()
                .map(|once| (once.name.as_str(), Some(once.stood_in.clone()), once.gone_in.clone()))
                .collect();
            assert_eq!(
                told,
                [
                    ("m/a", rev("HEAD~2"), rev("HEAD~1")),
                    ("m/c", rev("HEAD"), None),
                    ("n/b", rev("side"), rev("HEAD~2")),
                ]
            );
            let blobs = checkout.read_blobs(&[lost[2].id.clone()]).unwrap();
            assert_eq!(blobs, [crate::world::Blob::Bytes(b"b".to_vec())]);
        }
    }

    #[test]
    fn a_shallow_and_a_partial_clone_say_that_they_are_cut() {
        let repo = Repo::new();
        repo.commit(".secrets/log/m/a", "a");
        repo.git(&["rm", "-q", ".secrets/log/m/a"]);
        repo.commit(".secrets/log/m/b", "b");
        assert_eq!(names(&repo, None), (vec!["m/a".into(), "m/b".into()], false));
        for (option, seen) in [("--depth=1", vec!["m/b"]), ("--filter=tree:0", vec!["m/b"])] {
            repo.git(&["config", "uploadpack.allowFilter", "true"]);
            let url = format!("file://{}", repo.root().display());
            let to = repo.home().join(option);
            repo.git(&["clone", "-q", option, &url, to.to_str().unwrap()]);
            let checkout = Checkout::discover(&to, &repo.environment(&[])).unwrap();
            let head = checkout.head_commit().unwrap().unwrap();
            let mut history = checkout.history(&head, None, &PARTS).unwrap();
            let mut names = Vec::new();
            checkout
                .each_once(&mut history, &mut |m, name, _| names.push(format!("{m}/{name}")))
                .unwrap();
            assert_eq!(
                (names, history.is_cut),
                (seen.into_iter().map(str::to_owned).collect(), true)
            );
        }
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert!(branches(b"", 20).unwrap().is_empty());
        let good = [b"40000 name\0".as_slice(), &[7; 20]].concat();
        let found = branches(&good, 20).unwrap();
        assert!(found[0].is_folder && found[0].name == b"name");
        assert_eq!(found[0].id.as_str(), "07".repeat(20));
        for end in 1..good.len() {
            assert!(branches(&good[..end], 20).is_err(), "{end}");
        }
    }
}
