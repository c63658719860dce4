//! The repository round us: its folders, HEAD, history and configuration.
//!
//! libgit2 answers where it can, being quicker than a process by a thousand times; the `git` program
//! where libgit2 cannot read the repository (reftable, SHA-256) and where its answer would differ.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use git2::{ErrorCode, Repository, RepositoryOpenFlags};
use jiff::Timestamp;

use super::program::{Program, refused};
use super::{Environment, Files, ObjectId, StateDir, WorldError};
use crate::names::RepoPath;

/// A work tree and the repository that it belongs to.
pub struct Checkout {
    /// The top of the work tree, absolute and without links.
    pub root: PathBuf,
    /// The work tree's own git folder: `.git`, or one below `.git/worktrees`.
    pub git_dir: PathBuf,
    /// The git folder that all work trees of the repository share.
    pub common_dir: PathBuf,
    pub(super) program: Program,
    /// The file of the index.
    pub(super) index: PathBuf,
    /// What git says that it merges, before it has written that down.
    pub(super) merging: Vec<ObjectId>,
    from: PathBuf,
    pub(super) repository: Option<Repository>,
}

/// Who touched a path last, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The commit.
    pub commit: ObjectId,
    /// Its author's name.
    pub author: String,
    /// When it was committed, as it claims.
    pub time: Timestamp,
}

impl std::fmt::Display for Touch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in commit {}", self.author, &self.commit.as_str()[..12])
    }
}

/// The three folders of a checkout, as they were found.
struct Found {
    root: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
}

/// Tells whether a work tree has this git folder: it is called `.git`, or the tree's `.git` names it.
///
/// Nobody can commit a file of that name. But a commit may hold the parts of a git folder under another
/// one, whose settings and pin whoever made it has written; git's `safe.bareRepository` is about it.
fn is_own(root: &Path, git_dir: &Path) -> bool {
    let named = root.join(".git");
    let real = |path: &Path| path.canonicalize().ok();
    let linked = || {
        let text = std::fs::read_to_string(&named).ok()?;
        real(&root.join(text.strip_prefix("gitdir: ")?.trim_end()))
    };
    let git_dir = real(git_dir);
    let called = git_dir.as_deref().and_then(Path::file_name).is_some_and(|name| name == ".git");
    called || git_dir.is_some() && (real(&named) == git_dir || linked() == git_dir)
}

impl Checkout {
    /// Finds the repository that `from` lies in, by the rules of git: `GIT_DIR`, `GIT_WORK_TREE`,
    /// `core.worktree`, linked work trees and submodules included.
    ///
    /// Relative paths in these variables are relative to `from`.
    pub fn discover(from: &Path, env: &Environment) -> Result<Self, WorldError> {
        let from = from.canonicalize().map_err(WorldError::io("enter", from.display()))?;
        let (found, repository) = match open(&from, env) {
            Ok(repository) => (folders(&repository, &from, env)?, Some(repository)),
            Err(error) => (ask_folders(&from, env, &error)?, None),
        };
        let root = &found.root;
        let root = root.canonicalize().map_err(WorldError::io("enter", root.display()))?;
        if env.git_dir.is_none() && !is_own(&root, &found.git_dir) {
            return Err(WorldError::Embedded { git_dir: found.git_dir });
        }
        let index = env.git_index_file.as_ref().map(|index| from.join(index));
        let program = Program::searching(&root, env.for_children());
        let program = program.at(&root, &found.git_dir, index.as_deref());
        let Found { git_dir, common_dir, .. } = found;
        let index = index.unwrap_or_else(|| git_dir.join("index"));
        let merging = merging(env);
        Ok(Self { root, git_dir, common_dir, program, index, merging, from, repository })
    }

    /// Opens the work tree for reading.
    pub fn files(&self) -> Result<Files, WorldError> {
        Files::open(&self.root)
    }

    /// What is kept for all work trees together: pin, cache, lock.
    #[must_use]
    pub fn shared_state(&self) -> StateDir {
        StateDir::new(&self.common_dir)
    }

    /// What is kept for this work tree alone: the journal, the files that are open.
    #[must_use]
    pub fn own_state(&self) -> StateDir {
        StateDir::new(&self.git_dir)
    }

    /// Turns a path as the user gave it, relative to where we started, into one in the repository.
    ///
    /// Only its text is looked at; links on its way are met when it is read.
    pub fn repo_path(&self, given: &Path) -> Result<RepoPath, WorldError> {
        let outside = || WorldError::Outside { path: given.to_owned() };
        self.name_of(given)?.parse().map_err(|_| outside())
    }

    /// The same for whatever git may call a file, in UTF-8.
    pub fn name_of(&self, given: &Path) -> Result<String, WorldError> {
        let outside = || WorldError::Outside { path: given.to_owned() };
        let whole = self.whole_path(given).ok_or_else(outside)?;
        let inside = whole.strip_prefix(&self.root).map_err(|_| outside())?;
        inside.to_str().map(str::to_owned).ok_or_else(outside)
    }

    /// Tells whether a regular file of such a name lies here.
    #[must_use]
    pub fn is_file_here(&self, name: &str) -> bool {
        std::fs::symlink_metadata(self.root.join(name)).is_ok_and(|it| it.is_file())
    }

    /// Tells whether a path as the user gave it lies below the work tree's root, by its text alone; git's
    /// own files and others that have no [`RepoPath`] do too.
    #[must_use]
    pub fn is_inside(&self, given: &Path) -> bool {
        self.whole_path(given).is_some_and(|whole| whole.starts_with(&self.root))
    }

    pub(super) fn whole_path(&self, given: &Path) -> Option<PathBuf> {
        let mut whole = PathBuf::new();
        for part in self.from.join(given).components() {
            match part {
                Component::ParentDir if !whole.pop() => return None,
                Component::ParentDir | Component::CurDir => {}
                part => whole.push(part),
            }
        }
        Some(whole)
    }

    /// Names the commit that HEAD is at; none on a branch without a commit.
    pub fn head_commit(&self) -> Result<Option<ObjectId>, WorldError> {
        let Some(repository) = &self.repository else { return self.ask_head() };
        match repository.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => Ok(Some(ObjectId::of(commit.id()))),
            Err(error) if error.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(refusal("read HEAD", &error)),
        }
    }

    /// Tells which commit touched a path last, of those HEAD descends from.
    pub fn last_commit_touching(&self, path: &RepoPath) -> Result<Option<Touch>, WorldError> {
        if self.head_commit()?.is_none() {
            return Ok(None);
        }
        let doing = "read the history";
        let args =
            ["log", "-1", "--no-color", "--format=%H%n%ct%n%an", "HEAD", "--", path.as_str()];
        let printed = self.program.ask(doing, &args)?;
        touch_of(&printed, doing)
    }

    /// Tells where git looks for hooks, `core.hooksPath` honoured.
    pub fn hooks_dir(&self) -> Result<PathBuf, WorldError> {
        let printed =
            self.program.ask("name the hooks' folder", &["rev-parse", "--git-path", "hooks"])?;
        Ok(self.root.join(path_of(&printed)))
    }

    /// Reads a value of git's configuration; the last one, if there are several.
    pub fn config(&self, key: &str) -> Result<Option<String>, WorldError> {
        let output = self.program.run(&["config", "--get", "-z", key])?;
        match output.status.code() {
            Some(0) => {
                let text = output.stdout.strip_suffix(b"\0").unwrap_or(&output.stdout);
                Ok(Some(String::from_utf8_lossy(text).into_owned()))
            }
            Some(1) => Ok(None),
            _ => Err(refused("read its configuration", &output)),
        }
    }

    /// Sets a value of the repository's own configuration, or takes it out.
    pub fn set_config(&self, key: &str, value: Option<&str>) -> Result<(), WorldError> {
        let doing = "write its configuration";
        match value {
            Some(value) => self.program.ask(doing, &["config", "--local", key, value])?,
            None => self.program.ask(doing, &["config", "--local", "--unset-all", key])?,
        };
        Ok(())
    }

    /// Reads `user.name`.
    pub fn user_name(&self) -> Result<Option<String>, WorldError> {
        self.config("user.name")
    }

    /// Tells whether git ignores a path that is not tracked.
    pub fn is_ignored(&self, path: &RepoPath) -> Result<bool, WorldError> {
        let doing = "look through its ignore files";
        // This command alone takes no literal paths; behind `./` nothing has a special meaning.
        let path = format!("./{path}");
        let mut command = self.program.command(&["check-ignore", "-q", "--", &path]);
        command.env_remove("GIT_LITERAL_PATHSPECS");
        let output = command.output().map_err(WorldError::NoGit)?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(refused(doing, &output)),
        }
    }

    /// Finds the first of some paths that git ignores and does not track.
    pub fn first_ignored(&self, paths: &[RepoPath]) -> Result<Option<RepoPath>, WorldError> {
        if paths.is_empty() {
            return Ok(None);
        }
        let doing = "look through its ignore files";
        let named: Vec<_> = paths.iter().map(|path| format!("./{path}")).collect();
        let mut args = vec!["check-ignore", "--"];
        args.extend(named.iter().map(String::as_str));
        let mut command = self.program.command(&args);
        command.env_remove("GIT_LITERAL_PATHSPECS");
        let output = command.output().map_err(WorldError::NoGit)?;
        match output.status.code() {
            Some(1) => return Ok(None),
            Some(0) => {}
            _ => return Err(refused(doing, &output)),
        }
        // Git quotes some names, so which it is we ask once more.
        for path in paths {
            if self.is_ignored(path)? {
                return Ok(Some(path.clone()));
            }
        }
        Ok(None)
    }

    fn ask_head(&self) -> Result<Option<ObjectId>, WorldError> {
        let doing = "read HEAD";
        let output = self.program.run(&["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
        if output.status.success() {
            return Ok(ObjectId::parse(output.stdout.trim_ascii_end()));
        }
        // A branch that is named but not there yet, and nothing worse.
        let branch = self.program.ask(doing, &["symbolic-ref", "-q", "HEAD"])?;
        let branch = String::from_utf8_lossy(branch.trim_ascii_end()).into_owned();
        let listed = self.program.ask(doing, &["for-each-ref", "--format=%(refname)", &branch])?;
        if listed.is_empty() { Ok(None) } else { Err(refused(doing, &output)) }
    }
}

impl fmt::Debug for Checkout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkout({})", self.root.display())
    }
}

/// The commits that `git merge` names to its hooks, as `GITHEAD_` and their ids.
fn merging(env: &Environment) -> Vec<ObjectId> {
    let names = env.for_children().iter().map(|(name, _)| name.as_encoded_bytes());
    names.filter_map(|name| ObjectId::parse(name.strip_prefix(b"GITHEAD_")?)).collect()
}

fn open(from: &Path, env: &Environment) -> Result<Repository, git2::Error> {
    let above: [&OsStr; 0] = [];
    match &env.git_dir {
        Some(git_dir) => {
            Repository::open_ext(from.join(git_dir), RepositoryOpenFlags::NO_SEARCH, above)
        }
        None => Repository::open_ext(from, RepositoryOpenFlags::empty(), above),
    }
}

fn folders(repository: &Repository, from: &Path, env: &Environment) -> Result<Found, WorldError> {
    let git_dir = repository.path().components().collect::<PathBuf>();
    let common_dir = repository.commondir().components().collect();
    let configured = || repository.config().and_then(|all| all.get_path("core.worktree")).is_ok();
    let root = match (&env.git_work_tree, &env.git_dir) {
        (Some(root), _) => from.join(root),
        (None, _) if repository.is_bare() => return Err(WorldError::Bare { git_dir }),
        // As git does it: whoever names the git folder alone stands at the top of the work tree.
        (None, Some(_)) if !configured() => from.to_owned(),
        _ => match repository.workdir() {
            Some(root) => root.to_owned(),
            None => return Err(WorldError::Bare { git_dir }),
        },
    };
    Ok(Found { root, git_dir, common_dir })
}

fn ask_folders(from: &Path, env: &Environment, error: &git2::Error) -> Result<Found, WorldError> {
    let doing = "find the repository";
    let program = Program::searching(from, env.for_children());
    let ask = |what: &str| program.run(&["rev-parse", "--path-format=absolute", what]);
    let git_dir = ask("--git-dir")?;
    if !git_dir.status.success() {
        return Err(match error.code() {
            ErrorCode::NotFound => WorldError::NoRepository { from: from.to_owned() },
            _ => refused(doing, &git_dir),
        });
    }
    let git_dir = path_of(&git_dir.stdout);
    let common_dir = path_of(&ask("--git-common-dir")?.stdout);
    let root = ask("--show-toplevel")?;
    if root.status.success() {
        return Ok(Found { root: path_of(&root.stdout), git_dir, common_dir });
    }
    match ask("--is-bare-repository")?.stdout.as_slice() {
        b"true\n" => Err(WorldError::Bare { git_dir }),
        _ => Err(refused(doing, &root)),
    }
}

/// Reads a commit, its time and its author's name, each on a line; none of no lines.
pub(super) fn touch_of(printed: &[u8], doing: &'static str) -> Result<Option<Touch>, WorldError> {
    if printed.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(printed);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (id, seconds, author) = (line(), line(), line());
    let time = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    match (ObjectId::parse(id.as_bytes()), time) {
        (Some(commit), Some(time)) => Ok(Some(Touch { commit, time, author: author.into() })),
        _ => Err(WorldError::Git { doing, why: "its answer has another form".into() }),
    }
}

fn path_of(printed: &[u8]) -> PathBuf {
    Path::new(OsStr::from_bytes(printed.strip_suffix(b"\n").unwrap_or(printed))).to_owned()
}

pub(super) fn refusal(doing: &'static str, error: &git2::Error) -> WorldError {
    WorldError::Git { doing, why: error.message().chars().filter(|c| !c.is_control()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Blob;
    use crate::world::testing::{Repo, path};

    fn checkout(repo: &Repo, from: &str, more: &[(&str, &str)]) -> Result<Checkout, WorldError> {
        Checkout::discover(&repo.root().join(from), &repo.environment(more))
    }

    #[test]
    fn a_sub_folder_finds_the_top() {
        let repo = Repo::new();
        repo.write("a/b/file", "x");
        let found = checkout(&repo, "a/b", &[]).unwrap();
        assert_eq!(found.root, repo.root());
        assert_eq!(found.git_dir, repo.root().join(".git"));
        assert_eq!(found.common_dir, found.git_dir);
        assert_eq!(found.repo_path(Path::new("../b/./file")).unwrap(), path("a/b/file"));
        assert_eq!(found.repo_path(&repo.root().join("a")).unwrap(), path("a"));
        for outside in ["../../..", "/etc/passwd", "../../.git/config"] {
            assert!(found.repo_path(Path::new(outside)).is_err(), "{outside}");
        }
    }

    #[test]
    fn no_repository_and_a_bare_one_say_so() {
        let repo = Repo::new();
        std::fs::create_dir(repo.home().join("empty")).unwrap();
        let error = checkout(&repo, "../home/empty", &[]).unwrap_err();
        assert!(matches!(error, WorldError::NoRepository { .. }), "{error}");
        repo.git(&["init", "-q", "--bare", "../home/bare"]);
        let error = checkout(&repo, "../home/bare", &[]).unwrap_err();
        assert!(matches!(error, WorldError::Bare { .. }), "{error}");
    }

    #[test]
    fn head_is_none_on_a_branch_without_a_commit_and_known_when_detached() {
        let repo = Repo::new();
        let found = checkout(&repo, "", &[]).unwrap();
        assert_eq!(found.head_commit().unwrap(), None);
        assert_eq!(found.head_file(&path("f")).unwrap(), None);
        assert_eq!(found.last_commit_touching(&path("f")).unwrap(), None);
        repo.commit("d/f", "one");
        repo.git(&["checkout", "-q", "--detach"]);
        let head = found.head_commit().unwrap().unwrap();
        assert_eq!(head.as_str(), repo.git(&["rev-parse", "HEAD"]));
        repo.write("d/f", "two");
        assert_eq!(found.head_file(&path("d/f")).unwrap().unwrap(), b"one");
        assert_eq!(found.head_file(&path("d")).unwrap(), None);
        let touch = found.last_commit_touching(&path("d/f")).unwrap().unwrap();
        assert_eq!((touch.commit, touch.author.as_str()), (head, "Ana"));
        assert_eq!(touch.time.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(found.last_commit_touching(&path("else")).unwrap(), None);
    }

    #[test]
    fn repositories_beyond_libgit2_are_asked_of_git() {
        for kind in ["--object-format=sha256", "--ref-format=reftable"] {
            let repo = Repo::with(&["init", "-q", kind]);
            let found = checkout(&repo, "", &[]).unwrap();
            assert!(found.repository.is_none(), "{kind}: libgit2 has learnt it");
            assert_eq!(found.root, repo.root());
            assert_eq!(found.head_commit().unwrap(), None, "{kind}");
            repo.commit("d/f", "one");
            assert_eq!(found.head_file(&path("d/f")).unwrap().unwrap(), b"one");
            assert_eq!(found.head_file(&path("d/g")).unwrap(), None);
            assert_eq!(found.head_file(&path("d")).unwrap(), None);
            assert!(found.last_commit_touching(&path("d/f")).unwrap().is_some());
            std::fs::create_dir(repo.root().join("sub")).unwrap();
            let sub = checkout(&repo, "sub", &[]).unwrap();
            assert_eq!((sub.root, sub.git_dir), (found.root, found.git_dir), "{kind}");
        }
    }

    #[test]
    fn linked_work_trees_and_submodules_share_the_common_folder() {
        let repo = Repo::new();
        repo.commit("f", "one");
        repo.git(&["worktree", "add", "-q", "../home/tree", "-b", "other"]);
        let linked = checkout(&repo, "../home/tree", &[]).unwrap();
        assert_eq!(linked.root, repo.home().join("tree"));
        assert_eq!(linked.common_dir, repo.root().join(".git"));
        assert_eq!(linked.git_dir, repo.root().join(".git/worktrees/tree"));
        assert_eq!(linked.index_files().unwrap().len(), 1);
        let url = repo.root().display().to_string();
        repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
        let sub = checkout(&repo, "sub", &[]).unwrap();
        assert_eq!(sub.root, repo.root().join("sub"));
        assert_eq!(sub.common_dir, repo.root().join(".git/modules/sub"));
    }

    #[test]
    fn a_work_tree_of_a_bare_repository_is_one() {
        let repo = Repo::new();
        repo.commit("f", "one");
        repo.git(&["clone", "-q", "--bare", ".", "../home/bare"]);
        repo.git(&["-C", "../home/bare", "worktree", "add", "-q", "../tree", "-b", "other"]);
        let tree = repo.home().join("tree");
        let found = checkout(&repo, "../home/tree", &[]).unwrap();
        assert_eq!((&found.root, &found.common_dir), (&tree, &repo.home().join("bare")));
        assert_eq!(found.files().unwrap().read(&path("f")).unwrap().unwrap(), b"one");
        // As in a hook, where git names the git folder.
        let git_dir = found.git_dir.to_str().unwrap();
        let hook = checkout(&repo, "../home/tree", &[("GIT_DIR", git_dir)]).unwrap();
        assert_eq!((&hook.root, &hook.git_dir), (&tree, &found.git_dir));
        let bare = repo.home().join("bare");
        let dotted = [("GIT_DIR", bare.to_str().unwrap()), ("GIT_WORK_TREE", ".")];
        assert_eq!(checkout(&repo, "../home/tree", &dotted).unwrap().root, tree);
    }

    #[test]
    fn the_index_of_a_partial_commit_is_read_and_not_the_usual_one() {
        let repo = Repo::new();
        repo.commit("f", "one");
        let hook = "#!/bin/sh\ncp \"$GIT_INDEX_FILE\" ../home/index\n";
        let file = repo.root().join(".git/hooks/pre-commit");
        crate::world::write_whole(&file, hook.as_bytes(), crate::world::Mode::Executable).unwrap();
        repo.stage("unasked", "x");
        repo.write("f", "two");
        repo.git(&["commit", "-q", "-m", "only f", "f"]);
        let hook = checkout(&repo, "", &[("GIT_INDEX_FILE", "../home/index")]).unwrap();
        let files = hook.index_files().unwrap();
        assert_eq!(files.iter().map(|file| file.raw.as_slice()).collect::<Vec<_>>(), [b"f"]);
        assert_eq!(
            hook.read_blobs(&[files[0].id.clone()]).unwrap(),
            [Blob::Bytes(b"two".to_vec())]
        );
        assert_eq!(checkout(&repo, "", &[]).unwrap().index_files().unwrap().len(), 2);
    }

    #[test]
    fn the_variables_of_git_are_honoured_as_git_does() {
        let repo = Repo::new();
        repo.commit("a/f", "one");
        let git_dir = [("GIT_DIR", "../.git")];
        let found = checkout(&repo, "a", &git_dir).unwrap();
        assert_eq!(found.root, repo.root().join("a"), "git takes the current folder for the top");
        let both = [("GIT_DIR", "../.git"), ("GIT_WORK_TREE", "..")];
        assert_eq!(checkout(&repo, "a", &both).unwrap().root, repo.root());
        let missing = checkout(&repo, "a", &[("GIT_DIR", "/nowhere")]).unwrap_err();
        assert!(matches!(missing, WorldError::NoRepository { .. }), "{missing}");
    }

    #[test]
    fn configuration_hooks_and_ignores_are_gits() {
        let repo = Repo::new();
        let found = checkout(&repo, "", &[]).unwrap();
        assert_eq!(found.user_name().unwrap().unwrap(), "Ana");
        assert_eq!(found.config("tenure.branch").unwrap(), None);
        assert_eq!(found.hooks_dir().unwrap(), repo.root().join(".git/hooks"));
        repo.git(&["config", "core.hooksPath", "hooks"]);
        assert_eq!(found.hooks_dir().unwrap(), repo.root().join("hooks"));
        repo.write(".gitignore", ".env\n");
        assert!(found.is_ignored(&path(".env")).unwrap());
        assert!(!found.is_ignored(&path("env")).unwrap());
        assert!(!found.is_ignored(&path(":(glob)*")).unwrap());
        assert!(found.is_ignored(&path("sub/.env")).unwrap());
        repo.write(".git/config", "[core\n");
        assert!(matches!(found.config("user.name"), Err(WorldError::Git { .. })));
    }
}
