//! Commits one after the other, and what each brings that none of its parents has.
//!
//! Asked of git's plumbing, which no setting bends, and read as it comes: however many commits there are,
//! few of them are kept.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::process::{Child, Command, Stdio};

use super::git::Checkout;
use super::staged::{file_mode, garbled, repo_path, was_text};
use super::{ObjectId, StagedChange, WorldError};

const WALKING: &str = "walk through commits";

/// Which commits, and what else their names lead to.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// Ids, with `^` before those whose ancestors are left out.
    pub(super) ids: Vec<String>,
    /// What else `rev-list` is told.
    pub(super) args: Vec<String>,
    /// Whether the newest come first: any other order costs a look at all of them.
    is_newest_first: bool,
    /// Annotated tags among the names.
    pub tags: Vec<ObjectId>,
    /// Contents that a name leads to without a commit, with that name.
    pub blobs: Vec<(String, ObjectId)>,
    /// Trees that a name leads to without a commit, with that name.
    pub trees: Vec<(String, ObjectId)>,
    /// The names of references that come along.
    pub names: Vec<String>,
}

impl Walk {
    /// The commits of several walks that leave out the same ones, each once.
    pub fn together(walks: &[&Self]) -> Self {
        let ids = walks.iter().flat_map(|walk| walk.ids.iter().cloned()).collect();
        let args = walks.first().map(|walk| walk.args.clone()).unwrap_or_default();
        Self { ids, args, ..Self::default() }
    }
}

/// A commit and what it brings: a merge only what is in no parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub commit: ObjectId,
    /// Its changes; of each, the contents that every parent has there.
    pub changes: Vec<StagedChange>,
}

impl Walk {
    /// Those that these have, the newest first, as far as `rev-list` is told.
    pub(super) fn newest(tips: &[ObjectId], args: Vec<String>) -> Self {
        let ids = tips.iter().map(|tip| tip.as_str().to_owned()).collect();
        Self { ids, args, is_newest_first: true, ..Self::default() }
    }
}

/// What is done with a message: its place in the list, what git writes above it, and its bytes as they come.
type Taker<'t> = dyn FnMut(usize, &[u8], &mut dyn Read) -> Result<(), WorldError> + 't;

/// What is done with a commit and its parents.
type Parents<'p> = dyn FnMut(&ObjectId, &[ObjectId]) -> Result<(), WorldError> + 'p;

/// How much is kept of what git writes above a message: people's names come first there.
const MOST_OF_HEAD: usize = 64 << 10;

impl Checkout {
    /// The commits that one has, and another one has not; all that it has where there is no other.
    pub fn walk_between(&self, from: Option<&ObjectId>, to: &ObjectId) -> Walk {
        let without = from.map(|from| format!("^{}", from.as_str()));
        let ids = std::iter::once(to.as_str().to_owned()).chain(without).collect();
        Walk { ids, ..Walk::default() }
    }

    /// All commits and tags that a reference leads to: branches, notes, and every entry of the stash.
    pub fn walk_all(&self) -> Result<Walk, WorldError> {
        let mut walk = Walk { args: vec!["--all".to_owned()], ..Walk::default() };
        let format = "--format=%(objecttype) %(objectname) %(type) %(refname)";
        let listed = self.program.ask("list the references", &["for-each-ref", format])?;
        for line in listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut words = line.splitn(4, |byte| *byte == b' ');
            let found = (words.next(), words.next().and_then(ObjectId::parse), words.next());
            let name = String::from_utf8_lossy(words.next().unwrap_or_default());
            match found {
                (Some(b"commit"), Some(_), _) => {}
                (Some(b"tag"), Some(id), Some(b"commit")) => walk.tags.push(id),
                (_, Some(id), _) => self.follow(&name, &id, &mut walk)?,
                _ => return Err(garbled("list the references")),
            }
            walk.names.push(name.into_owned());
        }
        if self.reference("refs/stash")?.is_some() {
            let args = ["rev-list", "--walk-reflogs", "refs/stash"];
            let entries = self.program.ask("list the stash", &args)?;
            let entries = entries.split(|byte| *byte == b'\n').filter_map(ObjectId::parse);
            walk.ids.extend(entries.map(|id| id.as_str().to_owned()));
        }
        Ok(walk)
    }

    /// Finds out what a name leads to, over tags of tags.
    pub(super) fn follow(
        &self,
        name: &str,
        id: &ObjectId,
        walk: &mut Walk,
    ) -> Result<(), WorldError> {
        let doing = "read a tag";
        let mut id = id.clone();
        loop {
            let kind = self.program.ask(doing, &["cat-file", "-t", id.as_str()])?;
            match kind.trim_ascii_end() {
                b"commit" => return Ok(()),
                b"blob" => walk.blobs.push((name.to_owned(), id)),
                b"tree" => walk.trees.push((name.to_owned(), id)),
                b"tag" => {
                    let text = self.program.ask(doing, &["cat-file", "tag", id.as_str()])?;
                    walk.tags.push(id);
                    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
                    let target = line.strip_prefix(b"object ").and_then(ObjectId::parse);
                    id = target.ok_or_else(|| garbled(doing))?;
                    continue;
                }
                _ => return Err(garbled(doing)),
            }
            return Ok(());
        }
    }

    /// Counts the commits of a walk.
    pub fn count_commits(&self, walk: &Walk) -> Result<usize, WorldError> {
        let mut child = self.rev_list(walk, &["--count"])?;
        let mut printed = String::new();
        let read = child.stdout.take().map(|mut out| out.read_to_string(&mut printed));
        ended(child)?;
        let count = read.and_then(Result::ok).and_then(|_| printed.trim().parse().ok());
        count.ok_or_else(|| garbled(WALKING))
    }

    /// Shows commits, ancestors first.
    pub fn each_commit(
        &self,
        walk: &Walk,
        show: &mut dyn FnMut(Step) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        self.compared(walk, &["-c", "--always"], show)
    }

    /// Shows what commits change at some paths or below them, ancestors first: a merge once for each of its
    /// parents, so that nothing is left out that stood in any of these commits and does not in the last one.
    pub fn each_change_at(
        &self,
        walk: &Walk,
        paths: &[&str],
        show: &mut dyn FnMut(&ObjectId, StagedChange) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        let how = [&["-m", "--"], paths].concat();
        self.compared(walk, &how, &mut |Step { commit, changes }| {
            changes.into_iter().try_for_each(|change| show(&commit, change))
        })
    }

    /// Shows commits with their parents, ancestors first.
    pub fn each_parents(&self, walk: &Walk, show: &mut Parents<'_>) -> Result<(), WorldError> {
        let mut child = self.rev_list(walk, &["--topo-order", "--reverse", "--parents"])?;
        let shown = child.stdout.take().map_or(Ok(()), |out| {
            BufReader::new(out).split(b'\n').try_for_each(|line| {
                let line = line.map_err(|_| garbled(WALKING))?;
                let ids: Option<Vec<_>> =
                    line.split(|it| *it == b' ').map(ObjectId::parse).collect();
                let ids = ids.ok_or_else(|| garbled(WALKING))?;
                ids.split_first().map_or(Ok(()), |(commit, parents)| show(commit, parents))
            })
        });
        if shown.is_err() {
            let _ended = child.kill();
        }
        let end = ended(child);
        shown.and(end)
    }

    fn compared(
        &self,
        walk: &Walk,
        how: &[&str],
        show: &mut dyn FnMut(Step) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        let order = ["--topo-order", "--reverse"];
        let mut commits = self.rev_list(walk, if walk.is_newest_first { &[] } else { &order })?;
        let mut args = vec!["diff-tree", "--stdin", "-r", "-z", "--root", "--raw"];
        args.extend(["--no-abbrev", "--no-renames", "--ignore-submodules=none"]);
        args.extend(how);
        let mut command = self.program.command(&args);
        // One tells the other: nothing of it is kept here.
        command.stdin(commits.stdout.take().map_or_else(Stdio::null, Stdio::from));
        let changes = spawned(&mut command);
        let shown = changes.and_then(|mut changes| {
            let told = told(&mut changes, show);
            if told.is_err() {
                // It may still wait for a reader; that it has ended already is no matter.
                let _ended = changes.kill();
            }
            let end = ended(changes);
            told.and(end)
        });
        if shown.is_err() {
            let _ended = commits.kill();
        }
        let end = ended(commits);
        shown.and(end)
    }

    fn rev_list(&self, walk: &Walk, how: &[&str]) -> Result<Child, WorldError> {
        let mut args = [&["rev-list"], how, &["--stdin"]].concat();
        args.extend(walk.args.iter().map(String::as_str));
        let mut command = self.program.command(&args);
        command.stdin(Stdio::piped());
        let mut child = spawned(&mut command)?;
        if let Some(mut names) = child.stdin.take() {
            // It prints nothing before it has read all; where it stops listening, it says so by how it ends.
            let _heard = names.write_all((walk.ids.join("\n") + "\n").as_bytes());
        }
        Ok(child)
    }

    /// Lends the messages of commits, or of annotated tags, and what git writes above them.
    pub fn each_message(
        &self,
        kind: &'static str,
        ids: &[ObjectId],
        take: &mut Taker<'_>,
    ) -> Result<(), WorldError> {
        self.each_object(kind, ids, &mut |at, object| {
            let doing = "read a message";
            let Some((_, content)) = object else {
                let why = format!("{} is not at hand", ids[at].as_str());
                return Err(WorldError::Git { doing, why });
            };
            let mut text = BufReader::new(content);
            let head = head(&mut text).map_err(|_| garbled(doing))?;
            take(at, &head, &mut text)
        })
    }

    /// Names the commits whose parents are not at hand, in a clone that has the newest ones only.
    pub fn cut_commits(&self) -> Result<HashSet<ObjectId>, WorldError> {
        let path = self.common_dir.join("shallow");
        match std::fs::read(&path) {
            Ok(text) => Ok(text.split(|byte| *byte == b'\n').filter_map(ObjectId::parse).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(error) => Err(WorldError::io("read", path.display())(error)),
        }
    }

    /// Names the newest commits that both have; none where they have nothing in common.
    pub fn common_ancestors(
        &self,
        one: &ObjectId,
        other: &ObjectId,
    ) -> Result<Vec<ObjectId>, WorldError> {
        let output = self.program.run(&["merge-base", "--all", one.as_str(), other.as_str()])?;
        match output.status.code() {
            Some(0 | 1) => {
                Ok(output.stdout.split(|byte| *byte == b'\n').filter_map(ObjectId::parse).collect())
            }
            _ => Err(garbled("look for common ancestors")),
        }
    }
}

fn spawned(command: &mut Command) -> Result<Child, WorldError> {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().map_err(WorldError::NoGit)
}

fn ended(mut child: Child) -> Result<(), WorldError> {
    let status = child.wait().map_err(WorldError::NoGit)?;
    let why = || format!("it ended with {status}");
    status.success().then_some(()).ok_or_else(|| WorldError::Git { doing: WALKING, why: why() })
}

/// Reads `ID NUL`, and after each id its changes: `:MODE MODE ID ID STATUS NUL PATH NUL`.
fn told(
    child: &mut Child,
    show: &mut dyn FnMut(Step) -> Result<(), WorldError>,
) -> Result<(), WorldError> {
    let Some(out) = child.stdout.take() else { return Err(garbled(WALKING)) };
    let mut from = BufReader::with_capacity(1 << 16, out);
    let mut step: Option<Step> = None;
    while let Some(field) = field(&mut from)? {
        if field.starts_with(b":") {
            let path = self::field(&mut from)?;
            let change = path.and_then(|path| change(&field, path));
            let (Some(step), Some(change)) = (&mut step, change) else {
                return Err(garbled(WALKING));
            };
            step.changes.push(change);
            continue;
        }
        let commit = ObjectId::parse(&field).ok_or_else(|| garbled(WALKING))?;
        if let Some(whole) = step.replace(Step { commit, changes: Vec::new() }) {
            show(whole)?;
        }
    }
    step.map_or(Ok(()), show)
}

/// Reads up to the next NUL; none at the end.
fn field(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, WorldError> {
    let mut field = Vec::new();
    from.read_until(0, &mut field).map_err(|_| garbled(WALKING))?;
    match field.pop() {
        None => Ok(None),
        Some(0) => Ok(Some(field)),
        Some(_) => Err(garbled(WALKING)),
    }
}

/// Reads `:MODE MODE ID ID STATUS`, with one more colon, mode and id for each further parent.
fn change(head: &[u8], raw: Vec<u8>) -> Option<StagedChange> {
    let parents = head.iter().take_while(|byte| **byte == b':').count();
    let words: Vec<&[u8]> = head[parents..].split(|byte| *byte == b' ').collect();
    if words.len() != 2 * parents + 3 {
        return None;
    }
    let (modes, ids) = words[..=2 * parents + 1].split_at(parents + 1);
    let now = match modes[parents] {
        b"000000" => None,
        mode => Some((file_mode(mode)?, ObjectId::parse(ids[parents])?)),
    };
    let mut before = Vec::new();
    for (mode, id) in modes.iter().zip(ids).take(parents) {
        if was_text(file_mode(mode)) {
            let id = ObjectId::parse(id)?;
            if !before.contains(&id) {
                before.push(id);
            }
        }
    }
    Some(StagedChange { path: repo_path(&raw), raw, now, before })
}

/// Moves behind the first empty line, and keeps what stands above it.
fn head(from: &mut dyn BufRead) -> std::io::Result<Vec<u8>> {
    let (mut head, mut last) = (Vec::new(), 0);
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(head);
        }
        let ends = |at: &usize| {
            let before = if *at == 0 { last } else { buffer[at - 1] };
            buffer[*at] == b'\n' && before == b'\n'
        };
        let length = buffer.len();
        let end = (0..length).find(ends);
        last = buffer[length - 1];
        let here = &buffer[..end.unwrap_or(length)];
        head.extend_from_slice(&here[..here.len().min(MOST_OF_HEAD - head.len())]);
        from.consume(end.map_or(length, |at| at + 1));
        if end.is_some() {
            return Ok(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    /// Subjects with the paths that they bring, and how many contents stood there before.
    fn told(repo: &Repo, walk: &Walk) -> Vec<(String, Vec<(String, usize)>)> {
        let checkout = repo.checkout();
        let mut steps = Vec::new();
        checkout
            .each_commit(walk, &mut |step| {
                steps.push(step);
                Ok(())
            })
            .unwrap();
        assert_eq!(checkout.count_commits(walk).unwrap(), steps.len());
        let subject = |id: &str| repo.git(&["show", "-s", "--format=%s", id]);
        let path = |it: StagedChange| (String::from_utf8(it.raw).unwrap(), it.before.len());
        let row =
            |it: Step| (subject(it.commit.as_str()), it.changes.into_iter().map(path).collect());
        steps.into_iter().map(row).collect()
    }

    fn between(repo: &Repo, from: &str, to: &str) -> Walk {
        let checkout = repo.checkout();
        let named = |text| checkout.commit_named(text).unwrap().unwrap();
        checkout.walk_between(Some(&named(from)), &named(to))
    }

    fn row(subject: &str, paths: &[(&str, usize)]) -> (String, Vec<(String, usize)>) {
        (subject.to_owned(), paths.iter().map(|(path, n)| ((*path).to_owned(), *n)).collect())
    }

    #[test]
    fn at_some_paths_a_merge_is_compared_with_each_parent() {
        let repo = Repo::new();
        repo.commit("k/a", "one");
        repo.git(&["tag", "first"]);
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("other", "x");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("k/a", "two");
        repo.git(&["tag", "second"]);
        repo.git(&["checkout", "-q", "side"]);
        repo.git(&["merge", "-q", "-m", "merge", "second"]);
        let text = |id: &ObjectId| repo.git(&["cat-file", "blob", id.as_str()]);
        let told = |paths: &[&str]| {
            let (checkout, mut told) = (repo.checkout(), Vec::new());
            let take = &mut |_: &ObjectId, change: StagedChange| {
                let now = change.now.as_ref().map(|(_, id)| text(id)).unwrap_or_default();
                told.push((change.before.iter().map(text).collect::<String>(), now));
                Ok(())
            };
            checkout.each_change_at(&between(&repo, "second", "side"), paths, take).unwrap();
            told
        };
        // The merge has nothing that no parent had; what its first parent had is gone in it.
        assert_eq!(told(&["k"]), [("one".to_owned(), "two".to_owned())]);
        assert_eq!(told(&["k/a", "nothing"]).len(), 1);
        assert_eq!(told(&["nothing"]), []);
        assert_eq!(told(&[]).len(), 3);
    }

    #[test]
    fn a_merge_brings_what_no_parent_has_and_no_setting_matters() {
        let repo = Repo::new();
        for (name, value) in [
            ("diff.renames", "copies"),
            ("log.diffMerges", "off"),
            ("log.showRoot", "false"),
            ("core.abbrev", "7"),
            ("color.ui", "always"),
            ("diff.ignoreSubmodules", "all"),
        ] {
            repo.git(&["config", name, value]);
        }
        repo.commit(".gitattributes", "* -diff binary\n");
        repo.git(&["tag", "first"]);
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("theirs", "x");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("odd\nname", "x");
        repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
        repo.stage("theirs", "evil");
        repo.stage("smuggled", "x");
        repo.git(&["commit", "-q", "-m", "merge"]);
        repo.git(&["mv", "theirs", "moved"]);
        repo.git(&["commit", "-q", "-m", "move"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "nothing"]);
        let mut all = told(&repo, &repo.checkout().walk_all().unwrap());
        assert_eq!(all[0], row(".gitattributes", &[(".gitattributes", 0)]));
        assert_eq!(told(&repo, &between(&repo, "first", "HEAD")), all.split_off(1));
        let [.., merge, moved, nothing] = &told(&repo, &between(&repo, "side", "HEAD"))[..] else {
            panic!("the merge and what follows")
        };
        assert_eq!(*merge, row("merge", &[("smuggled", 0), ("theirs", 1)]));
        assert_eq!(*moved, row("move", &[("moved", 0), ("theirs", 1)]));
        assert_eq!(*nothing, row("nothing", &[]));
    }

    #[test]
    fn the_whole_stash_notes_and_tags_are_walked() {
        let repo = Repo::with(&["init", "-q", "--object-format=sha256"]);
        repo.commit("a", "one");
        for text in ["two", "three"] {
            std::fs::write(repo.root().join("a"), text).unwrap();
            repo.git(&["stash", "push", "-q", "-m", text]);
        }
        repo.git(&["notes", "add", "-m", "noted"]);
        repo.git(&["tag", "-a", "-m", "tagged", "one"]);
        repo.git(&["tag", "-a", "-m", "tag of a tag", "two", "one"]);
        let blob = repo.git(&["rev-parse", "HEAD:a"]);
        repo.git(&["tag", "-a", "-m", "of a blob", "three", &blob]);
        repo.git(&["tag", "four", "HEAD^{tree}"]);
        let checkout = repo.checkout();
        let walk = checkout.walk_all().unwrap();
        let (mut texts, mut tags) = (Vec::new(), walk.tags.clone());
        tags.sort();
        tags.dedup();
        checkout
            .each_message("tag", &tags, &mut |_, head, from| {
                assert!(head.starts_with(b"object ") && head.ends_with(b" +0000\n"), "{head:?}");
                let mut text = String::new();
                from.read_to_string(&mut text).unwrap();
                texts.push(text);
                Ok(())
            })
            .unwrap();
        texts.sort();
        assert_eq!(texts, ["of a blob\n", "tag of a tag\n", "tagged\n"]);
        assert_eq!(walk.blobs.len(), 1);
        assert_eq!(walk.trees.len(), 1);
        assert_eq!(walk.trees[0].0, "refs/tags/four");
        assert!(walk.names.iter().any(|name| name == "refs/tags/four"), "{:?}", walk.names);
        let stashed =
            |(subject, paths): &&(String, Vec<_>)| subject.starts_with("On ") && paths.len() == 1;
        let told = told(&repo, &walk);
        assert_eq!(told.iter().filter(stashed).count(), 2, "{told:?}");
        assert!(told.iter().any(|(subject, _)| subject.contains("notes add")), "{told:?}");
    }

    #[test]
    fn what_cannot_be_walked_is_an_error() {
        let repo = Repo::new();
        repo.commit("a", "one");
        let gone = ObjectId::parse(&[b'1'; 40]).unwrap();
        let checkout = repo.checkout();
        let walk = checkout.walk_between(Some(&gone), &gone);
        assert!(checkout.each_commit(&walk, &mut |_| Ok(())).is_err());
        assert!(checkout.count_commits(&walk).is_err());
        let walk = checkout.walk_all().unwrap();
        let stop = || WorldError::Git { doing: "stop", why: String::new() };
        let stopped = checkout.each_commit(&walk, &mut |_| Err(stop()));
        assert!(matches!(stopped, Err(WorldError::Git { doing: "stop", .. })));
        assert_eq!(change(b":100644 100644 0 0 M", b"a".to_vec()), None);
        assert_eq!(change(b":", b"a".to_vec()), None);
    }
}
