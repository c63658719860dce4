//! The folder of hooks that git uses here.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::whole::{Mode, write_whole};
use super::{Checkout, WorldError};

/// The hooks of a repository, `core.hooksPath` honoured.
#[derive(Debug)]
pub struct Hooks {
    folder: PathBuf,
    shared: bool,
    runner: Runner,
}

/// Who runs a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Git, if it may be run.
    Git,
    /// husky: git runs one of its own, which hands each on to `sh -e`, whether it may be run or not.
    Husky,
}

impl Hooks {
    /// Asks git where they lie.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn of(checkout: &Checkout) -> Result<Self, WorldError> {
        let (folder, runner) = theirs(checkout.hooks_dir()?);
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let own = [&checkout.root, &checkout.common_dir, &checkout.git_dir];
        let shared = !own.into_iter().any(|own| {
            let own = own.canonicalize().unwrap_or_else(|_| own.clone());
            real.starts_with(own)
        });
        Ok(Self { folder, shared, runner })
    }

    /// Lends the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells who runs what lies there.
    #[must_use]
    pub fn runner(&self) -> Runner {
        self.runner
    }

    /// Those of another work tree, where each has a folder of its own.
    #[must_use]
    pub fn of_other(&self, checkout: &Checkout, tree: &Path) -> Option<Self> {
        let below = self.folder.strip_prefix(&checkout.root).ok()?;
        Some(Self { folder: tree.join(below), ..*self })
    }

    /// Tells whether no hook can lie where git looks for them: `core.hooksPath` names something else than a folder.
    #[must_use]
    pub fn are_nowhere(&self) -> bool {
        self.folder.exists() && !self.folder.is_dir()
    }

    /// Tells whether a hook would be run: git runs none that may not be executed.
    #[must_use]
    pub fn runs(&self, name: &str) -> bool {
        let about = std::fs::metadata(self.folder.join(name));
        let may = about.is_ok_and(|about| about.permissions().mode() & 0o111 != 0);
        may || self.runner == Runner::Husky
    }

    /// Tells whether the folder lies outside of this repository, where others may use it too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Reads a hook; none where there is none.
    ///
    /// # Errors
    /// [`WorldError::Io`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError> {
        let path = self.folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => Ok(None),
            Err(error) => Err(WorldError::io("read", path.display())(error)),
        }
    }

    /// Writes a hook whole, so that it can be run.
    ///
    /// # Errors
    /// [`WorldError::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        std::fs::create_dir_all(&self.folder)
            .map_err(WorldError::io("make", self.folder.display()))?;
        write_whole(&self.folder.join(name), bytes, Mode::Executable)
    }

    /// Gives a hook another name, which must be free.
    ///
    /// # Errors
    /// [`WorldError::Io`].
    pub fn rename(&self, from: &str, to: &str) -> Result<(), WorldError> {
        let path = self.folder.join(from);
        std::fs::rename(&path, self.folder.join(to)).map_err(WorldError::io("move", path.display()))
    }

    /// Removes a hook.
    ///
    /// # Errors
    /// [`WorldError::Io`].
    pub fn remove(&self, name: &str) -> Result<(), WorldError> {
        let path = self.folder.join(name);
        std::fs::remove_file(&path).map_err(WorldError::io("remove", path.display()))
    }
}

impl Checkout {
    /// Tells whether `core.hooksPath` is relative: git takes it from the top of each work tree.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn has_relative_hooks(&self) -> Result<bool, WorldError> {
        let said = self.config("core.hooksPath")?;
        Ok(said.is_some_and(|it| !it.is_empty() && !it.starts_with(['/', '~', '%'])))
    }

    /// The other work trees of the repository that are there.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn other_work_trees(&self) -> Result<Vec<PathBuf>, WorldError> {
        let listed =
            self.program.ask("list the work trees", &["worktree", "list", "--porcelain"])?;
        let listed = String::from_utf8_lossy(&listed);
        let trees = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
        let trees = trees.filter_map(|tree| Path::new(tree).canonicalize().ok());
        // Of a bare repository its own folder is among them.
        Ok(trees.filter(|tree| *tree != self.root && tree.join(".git").exists()).collect())
    }
}

/// husky writes the folder that git is told of anew with every installation of packages, and its users' own
/// hooks lie in the one above.
fn theirs(folder: PathBuf) -> (PathBuf, Runner) {
    let is_husky = folder.ends_with("_") && folder.join("h").is_file();
    match folder.parent().filter(|_| is_husky) {
        Some(above) => (above.to_owned(), Runner::Husky),
        None => (folder, Runner::Git),
    }
}
