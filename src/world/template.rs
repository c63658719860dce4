//! What git writes itself into the file of a message that is to be edited, asked of git once more.

use std::path::Path;

use super::program::refused;
use super::staged::garbled;
use super::{Checkout, ObjectId, WorldError};

/// More lines than any file has.
const ALL_OF_IT: &str = "--unified=99999999";

impl Checkout {
    /// The mark of lines that git takes out of an edited message; none where git chooses it by what stands there.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn comment_mark(&self) -> Result<Option<String>, WorldError> {
        // One setting with two names: the last of them counts.
        let args = ["config", "-z", "--get-regexp", "^core\\.comment(char|string)$"];
        let output = self.program.run(&args)?;
        match output.status.code() {
            Some(0) => {}
            Some(1) => return Ok(Some("#".to_owned())),
            _ => return Err(refused("read its configuration", &output)),
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = text.split_terminator('\0').next_back().and_then(|it| it.split_once('\n'));
        let (_, mark) = last.ok_or_else(|| garbled("read its configuration"))?;
        Ok(Some(mark.to_owned()).filter(|mark| mark != "auto"))
    }

    /// The state that git writes beneath a message, without marks: as whoever commits reads it, who started git in a
    /// folder below the root.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn status_lines(&self, below: Option<&Path>) -> Result<Vec<u8>, WorldError> {
        let doing = "tell its state";
        let folder = self.root.join(below.unwrap_or(Path::new("")));
        let args = ["-c", "color.status=never", "status", "--long", "--no-column"];
        let mut command = self.program.command(&args);
        command.current_dir(folder).env_remove("LC_ALL");
        if let Some(own) = self.program.variable("LC_ALL") {
            command.env("LC_ALL", own);
        }
        let output = command.output().map_err(WorldError::NoGit)?;
        if output.status.success() { Ok(output.stdout) } else { Err(refused(doing, &output)) }
    }

    /// The files that a commit changes, against HEAD and against what HEAD follows, if it is amended, and those that
    /// are changed and not staged: as differences that show all of them.
    ///
    /// # Errors
    /// [`WorldError::Git`], [`WorldError::NoGit`].
    pub fn differences(&self) -> Result<Vec<u8>, WorldError> {
        let doing = "compare what is staged";
        let head = self.head_commit()?;
        let before = head.is_some().then(|| self.commit_named("HEAD^")).transpose()?.flatten();
        let before = before.map_or_else(|| self.empty_tree(), Ok)?;
        let mut all = Vec::new();
        for base in head.iter().chain([&before]) {
            let args = ["diff-index", "--cached", "--patch", ALL_OF_IT, base.as_str()];
            all.extend(self.program.ask(doing, &args)?);
        }
        let ours = ["diff-files", "--patch", "--ignore-submodules=dirty", ALL_OF_IT];
        all.extend(self.program.ask(doing, &ours)?);
        Ok(all)
    }

    /// The tree of nothing, which git knows without having it; its name depends on the kind of hash.
    fn empty_tree(&self) -> Result<ObjectId, WorldError> {
        let doing = "name the empty tree";
        let id = self.program.ask(doing, &["hash-object", "-t", "tree", "--stdin"])?;
        ObjectId::parse(id.trim_ascii_end()).ok_or_else(|| garbled(doing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    #[test]
    fn the_mark_is_the_last_one_that_is_set() {
        let repo = Repo::new();
        let mark = || repo.checkout().comment_mark().unwrap();
        assert_eq!(mark().as_deref(), Some("#"));
        repo.git(&["config", "core.commentString", "//"]);
        assert_eq!(mark().as_deref(), Some("//"));
        repo.git(&["config", "core.commentChar", ";"]);
        assert_eq!(mark().as_deref(), Some(";"));
        repo.git(&["config", "core.commentChar", "auto"]);
        assert_eq!(mark(), None);
    }

    #[test]
    fn differences_are_those_of_a_commit_and_of_its_amendment() {
        let repo = Repo::new();
        let told = || String::from_utf8(repo.checkout().differences().unwrap()).unwrap();
        repo.stage("a", "zero\n");
        assert!(told().contains("\n+zero"), "{}", told());
        repo.commit("a", "one\n");
        assert!(told().contains("\n+one"), "{}", told());
        repo.commit("a", "two\n");
        repo.stage("a", "three\n");
        std::fs::write(repo.root().join("a"), "four\n").unwrap();
        for line in ["\n-two\n+three\n", "\n-one\n+three\n", "\n-three\n+four\n"] {
            assert!(told().contains(line), "{line}: {}", told());
        }
    }

    #[test]
    fn the_state_is_told_from_below() {
        let repo = Repo::new();
        repo.commit("sub/a", "one\n");
        repo.stage("sub/a", "two\n");
        let told = |below| {
            let told = repo.checkout().status_lines(below).unwrap();
            String::from_utf8(told).unwrap()
        };
        assert!(told(None).contains(" sub/a\n"));
        assert!(told(Some(Path::new("sub/"))).contains(" a\n"));
    }
}
