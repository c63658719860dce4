//! Every content that files ever had, in all that this clone knows of: each with the commit that brought it.
//!
//! Asked of the `git` program in one go. A content that a commit has, and none of its parents, is listed at
//! that commit; so each one is listed somewhere, whichever branch had it, and wherever it was merged from.

use jiff::Timestamp;

use super::git::Checkout;
use super::staged::{garbled, repo_path};
use super::{ObjectId, WorldError};
use crate::names::RepoPath;

/// A content that a regular file got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The file.
    pub path: RepoPath,
    /// Its content.
    pub id: ObjectId,
    /// The commit that has it, and none of its parents.
    pub commit: ObjectId,
    /// When that was committed, as it claims.
    pub time: Timestamp,
}

/// What files ever were.
#[derive(Debug, Default)]
pub struct Ever {
    /// Ancestors first.
    pub contents: Vec<Brought>,
    /// Whether not all of the history is at hand.
    pub is_cut: bool,
}

/// Ancestors first; `-c` compares a merge with all its parents.
const WALK: [&str; 12] = [
    "-c",
    "core.quotePath=false",
    "log",
    "--topo-order",
    "--reverse",
    "--full-history",
    "-c",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--format=commit %H %ct",
];

impl Checkout {
    /// Lists what the files at some paths, or below them, ever were: in all that this clone knows of, or up to
    /// a commit.
    pub fn ever(&self, paths: &[String], until: Option<&ObjectId>) -> Result<Ever, WorldError> {
        let doing = "look through the history";
        let tips = match until {
            Some(commit) => vec![commit.as_str().to_owned()],
            None => [vec!["--reflog".to_owned()], self.tips()?].concat(),
        };
        let mut args: Vec<&str> = WALK.to_vec();
        args.extend(["--no-color", "--no-ext-diff", "--ignore-submodules=all"]);
        args.extend(tips.iter().map(String::as_str));
        args.push("--");
        args.extend(paths.iter().map(String::as_str));
        let printed = self.program.ask(doing, &args)?;
        let mut ever = Ever { contents: Vec::new(), is_cut: self.is_shallow() };
        let mut at = None;
        for line in printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if line.starts_with(b":") {
                let (commit, time) = at.clone().ok_or_else(|| garbled(doing))?;
                let found = brought(line).ok_or_else(|| garbled(doing))?;
                let here = found.map(|(path, id)| Brought { path, id, commit, time });
                ever.contents.extend(here);
            } else {
                at = Some(commit(line).ok_or_else(|| garbled(doing))?);
            }
        }
        Ok(ever)
    }
}

/// Reads `commit ID SECONDS`.
fn commit(line: &[u8]) -> Option<(ObjectId, Timestamp)> {
    let mut words = line.strip_prefix(b"commit ")?.split(|byte| *byte == b' ');
    let id = ObjectId::parse(words.next()?)?;
    let seconds = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    Some((id, Timestamp::from_second(seconds).ok()?))
}

/// Reads `:MODE MODE ID ID STATUS TAB PATH`, with one more colon, mode and id for each further parent. The
/// inner option is none for what is gone, no regular file, or of a name that is not taken here.
fn brought(line: &[u8]) -> Option<Option<(RepoPath, ObjectId)>> {
    let parents = line.iter().take_while(|byte| **byte == b':').count();
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let words: Vec<&[u8]> = line[parents..tab].split(|byte| *byte == b' ').collect();
    let [mode, id] = [words.get(parents)?, words.get(2 * parents + 1)?];
    if !mode.starts_with(b"100") {
        return Some(None);
    }
    let id = ObjectId::parse(id)?;
    Some(repo_path(&line[tab + 1..]).map(|path| (path, id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Blob;
    use crate::world::testing::Repo;

    fn told(repo: &Repo, paths: &[&str]) -> Vec<(String, String, String)> {
        let checkout = repo.checkout();
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let ever = checkout.ever(&paths, None).unwrap();
        assert!(!ever.is_cut);
        let ids: Vec<_> = ever.contents.iter().map(|it| it.id.clone()).collect();
        let blobs = checkout.read_blobs(&ids).unwrap();
        let text = |blob| match blob {
            Blob::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            Blob::TooLarge(_) => unreachable!("these are short"),
        };
        let subject = |id: &str| repo.git(&["show", "-s", "--format=%s", id]);
        let with = ever.contents.iter().zip(blobs);
        with.map(|(it, blob)| (subject(it.commit.as_str()), it.path.to_string(), text(blob)))
            .collect()
    }

    fn row(subject: &str, path: &str, text: &str) -> (String, String, String) {
        (subject.to_owned(), path.to_owned(), text.to_owned())
    }

    #[test]
    fn every_content_is_told_with_the_commit_that_brought_it() {
        let repo = Repo::new();
        repo.commit("k/a", "one");
        repo.commit("other", "x");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("k/\u{e4}", "side");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("k/a", "two");
        // A merge brings what no side had.
        repo.git(&["merge", "-q", "--no-commit", "side"]);
        repo.stage("k/a", "merged");
        repo.git(&["commit", "-q", "-m", "merge"]);
        // What no branch leads to any more is in the reflog.
        repo.commit("k/lost", "lost");
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
        repo.git(&["rm", "-q", "k/a"]);
        repo.git(&["commit", "-q", "-m", "without"]);
        std::os::unix::fs::symlink("/x", repo.root().join("k/link")).unwrap();
        repo.git(&["add", "k/link"]);
        repo.git(&["commit", "-q", "-m", "link"]);
        let mut told = told(&repo, &["k"]);
        assert_eq!(told[0], row("k/a", "k/a", "one"));
        told.sort();
        assert_eq!(
            told,
            [
                row("k/a", "k/a", "one"),
                row("k/a", "k/a", "two"),
                row("k/lost", "k/lost", "lost"),
                row("k/\u{e4}", "k/\u{e4}", "side"),
                row("merge", "k/a", "merged"),
            ]
        );
    }

    #[test]
    fn paths_are_no_patterns_and_no_settings_bend_the_answer() {
        let repo = Repo::new();
        repo.commit("k/a", "one");
        repo.git(&["mv", "k/a", "k/b"]);
        repo.git(&["commit", "-q", "-m", "moved"]);
        for (name, value) in [
            ("diff.renames", "copies"),
            ("log.diffMerges", "off"),
            ("core.abbrev", "7"),
            ("color.ui", "always"),
            ("log.decorate", "full"),
            ("diff.noprefix", "true"),
        ] {
            repo.git(&["config", name, value]);
        }
        let expected = [row("k/a", "k/a", "one"), row("moved", "k/b", "one")];
        assert_eq!(told(&repo, &["k"]), expected);
        assert_eq!(told(&repo, &["*"]), []);
    }

    #[test]
    fn a_shallow_clone_says_that_it_is_cut() {
        let repo = Repo::new();
        repo.commit("k/a", "one");
        repo.commit("k/a", "two");
        let url = format!("file://{}", repo.root().display());
        let to = repo.home().join("clone");
        repo.git(&["clone", "-q", "--depth=1", &url, to.to_str().unwrap()]);
        let checkout = Checkout::discover(&to, &repo.environment(&[])).unwrap();
        let ever = checkout.ever(&["k".to_owned()], None).unwrap();
        assert_eq!((ever.contents.len(), ever.is_cut), (1, true));
    }

    #[test]
    fn lines_of_another_form_are_refused() {
        let (zero, one) = ("0".repeat(40), "1".repeat(40));
        let id = ObjectId::parse(one.as_bytes()).unwrap();
        let line = format!(":000000 100644 {zero} {one} A\tk/a");
        assert_eq!(brought(line.as_bytes()), Some(Some(("k/a".parse().unwrap(), id.clone()))));
        let line = format!("::100644 100644 100755 {zero} {zero} {one} MM\tk/a");
        assert_eq!(brought(line.as_bytes()), Some(Some(("k/a".parse().unwrap(), id))));
        let gone = format!(":100644 000000 {one} {zero} D\tk/a");
        assert_eq!(brought(gone.as_bytes()), Some(None));
        assert_eq!(brought(format!(":000000 100644 {zero} A\tk/a").as_bytes()), None);
        assert_eq!(brought(b":"), None);
        assert_eq!(commit(format!("commit {one}").as_bytes()), None);
    }
}
