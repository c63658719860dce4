//! What git is in the midst of while it runs a hook, and the file that it gives to one.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::git::Checkout;
use super::{LARGEST, WorldError};

/// What makes commits for which git runs no `pre-commit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amid {
    /// `git rebase`.
    Rebase,
    /// `git am`.
    Am,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`, where it stopped.
    Revert,
    /// One that git has written a message for: a `git revert` that went through.
    Prepared,
}

impl Amid {
    /// What takes the commit that a hook has stopped, as arguments of `git`. A rebase does not take it itself.
    #[must_use]
    pub fn goes_on(self) -> &'static str {
        match self {
            Self::Rebase | Self::Prepared => "commit",
            Self::Am => "am --continue",
            Self::CherryPick => "cherry-pick --continue",
            Self::Revert => "revert --continue",
        }
    }
}

impl Checkout {
    /// Tells what git is in the midst of; none for an ordinary commit or merge.
    pub fn amid(&self) -> Result<Option<Amid>, WorldError> {
        let states = [
            ("rebase-merge", Amid::Rebase),
            ("rebase-apply/applying", Amid::Am),
            ("rebase-apply", Amid::Rebase),
            ("CHERRY_PICK_HEAD", Amid::CherryPick),
            ("REVERT_HEAD", Amid::Revert),
        ];
        for (name, amid) in states {
            if self.has(name)? || self.has_ref(name)? {
                return Ok(Some(amid));
            }
        }
        // A clean revert leaves nothing but its message; a merge has its hook of its own.
        let prepared = self.has("MERGE_MSG")? && !self.has("MERGE_HEAD")?;
        Ok(prepared.then_some(Amid::Prepared))
    }

    fn has(&self, name: &str) -> Result<bool, WorldError> {
        let path = self.git_dir.join(name);
        match path.symlink_metadata() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(WorldError::io("read", path.display())(error)),
        }
    }

    /// Tells whether there is such a ref where refs are no files.
    fn has_ref(&self, name: &str) -> Result<bool, WorldError> {
        if self.repository.is_some() || !name.ends_with("_HEAD") {
            return Ok(false);
        }
        Ok(self.program.run(&["rev-parse", "-q", "--verify", name])?.status.success())
    }

    /// Reads a file that git names to a hook, such as one with a message.
    pub fn given_file(&self, given: &Path) -> Result<Vec<u8>, WorldError> {
        let path =
            self.whole_path(given).ok_or_else(|| WorldError::Outside { path: given.to_owned() })?;
        let failed = || WorldError::io("read", path.display());
        let file = std::fs::File::open(&path).map_err(failed())?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed())?;
        if bytes.len() as u64 > LARGEST {
            return Err(WorldError::TooLarge { path: path.display().to_string(), limit: LARGEST });
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    #[test]
    fn an_ordinary_commit_and_a_merge_are_in_the_midst_of_nothing() {
        let repo = Repo::new();
        repo.commit("f", "base");
        assert_eq!(repo.checkout().amid().unwrap(), None);
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("theirs", "x");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("ours", "x");
        repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
        assert_eq!(repo.checkout().amid().unwrap(), None);
    }

    #[test]
    fn what_stopped_is_known() {
        let repo = Repo::new();
        repo.commit("f", "base");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit("f", "theirs");
        repo.git(&["checkout", "-q", "-"]);
        repo.commit("f", "ours");
        for (line, amid) in [
            (&["cherry-pick", "side"][..], Amid::CherryPick),
            (&["revert", "--no-edit", "HEAD~1"], Amid::Revert),
            (&["rebase", "--merge", "side"], Amid::Rebase),
            (&["rebase", "--apply", "side"], Amid::Rebase),
        ] {
            repo.fails(line);
            assert_eq!(repo.checkout().amid().unwrap(), Some(amid), "{line:?}");
            repo.git(&[line[0], "--abort"]);
            assert_eq!(repo.checkout().amid().unwrap(), None, "{line:?}");
        }
    }
}
