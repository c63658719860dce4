//! Advice on files and git.

use super::{Advice, Exit};
use crate::world::WorldError;

pub(crate) fn advice(error: &WorldError) -> Advice {
    match error {
        WorldError::NoRepository { .. } => {
            Advice::of(Exit::Invalid).hint("cd into a git repository, or: git init")
        }
        WorldError::Embedded { git_dir } => Advice::of(Exit::Untrusted)
            .hint("work from the top of your clone; if it is yours after all: set GIT_DIR")
            .at(git_dir.display().to_string()),
        WorldError::Bare { git_dir } => Advice::of(Exit::Invalid)
            .at(git_dir.display().to_string())
            .hint("work in a clone of it: git clone"),
        WorldError::NoGit(_) => Advice::of(Exit::Invalid).hint("install git"),
        WorldError::Absent { is_partial: true, .. } => {
            Advice::of(Exit::Invalid).hint("git fetch --refetch --no-filter")
        }
        WorldError::Absent { is_partial: false, .. } => Advice::of(Exit::Invalid).hint("git fsck"),
        WorldError::Git { .. } => Advice::of(Exit::Invalid).hint("git status"),
        WorldError::Outside { path } => Advice::of(Exit::Refused)
            .at(path.display().to_string())
            .hint("name a path inside the work tree"),
        WorldError::NotThere { path } => Advice::of(Exit::Unknown)
            .at(path.display().to_string())
            .hint("name what is there, from the folder you are in"),
        WorldError::Link { path } => Advice::of(Exit::Invalid)
            .at(path.clone())
            .hint("put the file itself in the place of the link"),
        WorldError::NotAFile { path, .. } => {
            Advice::of(Exit::Invalid).at(path.clone()).hint("move it away")
        }
        WorldError::NotAFolder { path } => {
            Advice::of(Exit::Invalid).at(path.clone()).hint("move it away")
        }
        WorldError::TooLarge { path, .. } => Advice::of(Exit::Invalid)
            .at(path.clone())
            .hint("keep files of this size elsewhere, and their key here"),
        WorldError::TooLargeToKeep { path, .. } => Advice::of(Exit::Refused)
            .at(path.clone())
            .hint("keep files of this size elsewhere, and their key here"),
        WorldError::Io { path, .. } => Advice::of(Exit::Invalid).at(path.clone()),
        WorldError::Busy { path, .. } => Advice::of(Exit::Invalid)
            .at(path.clone())
            .hint("wait for the other tenure to end, then again"),
        WorldError::Unfinished { journal, .. } => Advice::of(Exit::Invalid)
            .at(journal.clone())
            .hint("make room on the disk; the next tenure command finishes the write"),
        WorldError::ChangedMeanwhile { path } => Advice::of(Exit::Refused)
            .at(path.clone())
            .hint("another program changed it just now: run the command again"),
        WorldError::ChangedSince { path, journal } => Advice::of(Exit::Invalid)
            .at(path.clone())
            .hint(format!("look at the file; if it is right as it is: rm {journal}")),
        WorldError::BadJournal { journal } => Advice::of(Exit::Invalid)
            .at(journal.clone())
            .hint(format!("git status, then: rm {journal}")),
    }
}
