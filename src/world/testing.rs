//! A real repository in a temporary folder, for the tests of this room.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Checkout, Environment};
use crate::names::RepoPath;

/// A repository with a home of its own; nothing of the developer's is seen.
pub(super) struct Repo {
    folder: tempfile::TempDir,
}

impl Repo {
    pub(super) fn new() -> Self {
        Self::with(&["init", "-q"])
    }

    /// Makes the repository by another `git init`.
    pub(super) fn with(init: &[&str]) -> Self {
        let repo = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repo.root()).unwrap();
        std::fs::create_dir(repo.home()).unwrap();
        std::fs::write(repo.home().join(".gitconfig"), "[user]\nname = Ana\nemail = a@b.c\n")
            .unwrap();
        repo.git(init);
        repo
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("repo")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("home")
    }

    pub(super) fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let more = more.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Environment::of(self.variables().into_iter().chain(more))
    }

    pub(super) fn checkout(&self) -> Checkout {
        Checkout::discover(&self.root(), &self.environment(&[])).unwrap()
    }

    /// Runs git, which must succeed; gives what it printed, without the last line break.
    pub(super) fn git(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub(super) fn fails(&self, args: &[&str]) {
        assert!(!self.run(args).status.success(), "git {args:?} succeeds");
    }

    pub(super) fn write(&self, at: &str, text: &str) {
        let file = self.root().join(at);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub(super) fn stage(&self, at: &str, text: &str) {
        self.write(at, text);
        self.git(&["add", "--", at]);
    }

    pub(super) fn commit(&self, at: &str, text: &str) {
        self.stage(at, text);
        self.git(&["commit", "-q", "-m", at]);
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.root()).env_clear().envs(self.variables());
        command.output().unwrap()
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        let own = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        vec![
            (OsString::from("PATH"), std::env::var_os("PATH").unwrap()),
            (OsString::from("HOME"), self.home().into_os_string()),
            own("GIT_CONFIG_NOSYSTEM", "1"),
            own("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
            own("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
        ]
    }
}

pub(super) fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

pub(super) fn texts(paths: &[RepoPath]) -> Vec<&str> {
    paths.iter().map(RepoPath::as_str).collect()
}

/// Lists every file below a folder with its content, sorted: what "nothing changed" compares.
pub(super) fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), std::fs::read(entry.path()).unwrap())).collect()
}
