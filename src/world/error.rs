//! What can go wrong outside.

use std::io;
use std::path::PathBuf;

use super::{LARGEST, ObjectId};

/// Says what could not be done outside, and where. Never holds a byte of a file.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Neither this folder nor one above it belongs to a repository.
    #[error("there is no git repository at `{}` or above it", from.display())]
    NoRepository {
        /// Where the search began.
        from: PathBuf,
    },
    /// The git folder lies in another repository's files, where anyone who can push may put one.
    #[error("`{}` is a git folder among the files of a repository, and is not used", git_dir.display())]
    Embedded {
        /// The git folder.
        git_dir: PathBuf,
    },
    /// The repository has no work tree.
    #[error("`{}` is a bare repository, without a work tree", git_dir.display())]
    Bare {
        /// Its git folder.
        git_dir: PathBuf,
    },
    /// The `git` program could not be started.
    #[error("the program `git` could not be started")]
    NoGit(#[source] io::Error),
    /// git refused.
    #[error("git could not {doing}: {why}")]
    Git {
        /// What was asked of it.
        doing: &'static str,
        /// Its reason: the first line that it printed.
        why: String,
    },
    /// An object is not in this clone.
    #[error("this clone has no object {}", id.short())]
    Absent {
        /// Which.
        id: ObjectId,
        /// Whether the clone leaves contents out until they are asked for.
        is_partial: bool,
    },
    /// A path leads out of the work tree, or cannot stand in it.
    #[error("`{}` is no path inside the work tree", path.display())]
    Outside {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Nothing is at a path that the user gave.
    #[error("there is no file or folder `{}`", path.display())]
    NotThere {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The path, or a folder on the way to it, is a symbolic link.
    #[error("`{path}` is a symbolic link, which is not followed")]
    Link {
        /// The link.
        path: String,
    },
    /// Something else stands where a regular file should.
    #[error("`{path}` is {what}, not a regular file")]
    NotAFile {
        /// The path.
        path: String,
        /// What it is: "a folder".
        what: &'static str,
    },
    /// Something else stands where a folder should.
    #[error("`{path}` is not a folder")]
    NotAFolder {
        /// The path.
        path: String,
    },
    /// The file is larger than is read.
    #[error("`{path}` is larger than {limit} bytes")]
    TooLarge {
        /// The path.
        path: String,
        /// The most that is read.
        limit: u64,
    },
    /// The file would be larger than is read again.
    #[error("`{path}` would take {size} bytes, more than the {LARGEST} that are read again")]
    TooLargeToKeep {
        /// The path.
        path: String,
        /// The size that it would have.
        size: u64,
    },
    /// The operating system refused.
    #[error("cannot {doing} `{path}`")]
    Io {
        /// What was tried, as in "read".
        doing: &'static str,
        /// The path.
        path: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Another process holds the lock, and went on holding it.
    #[error("another process has held `{path}` for {seconds} seconds")]
    Busy {
        /// The lock's file.
        path: String,
        /// How long we waited.
        seconds: u64,
    },
    /// A write of several files passed the point of no return and then failed.
    #[error("a write was interrupted half-way; `{journal}` knows the rest")]
    Unfinished {
        /// The journal's file.
        journal: String,
        /// What stopped it.
        source: Box<Self>,
    },
    /// A file is no longer what the change was made from; nothing was written.
    #[error("`{path}` was changed by another program in the meantime")]
    ChangedMeanwhile {
        /// The file.
        path: String,
    },
    /// A file was changed by somebody else after a write to it was interrupted.
    #[error(
        "`{path}` was changed after a write to it was interrupted; `{journal}` knows that write"
    )]
    ChangedSince {
        /// The file.
        path: String,
        /// The journal's file.
        journal: String,
    },
    /// The journal of an interrupted write cannot be understood.
    #[error("the journal `{journal}` of an interrupted write is damaged")]
    BadJournal {
        /// The journal's file.
        journal: String,
    },
}

impl WorldError {
    /// Names what was tried and where, for `map_err`.
    pub(crate) fn io<E: Into<io::Error>>(
        doing: &'static str,
        path: impl ToString,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { doing, path: path.to_string(), source: source.into() }
    }
}
