//! Looks for credentials, and for the values that the repository manages, where they do not belong.

use std::time::Duration;

use super::DeedError;
use super::load::Place;
use crate::names::{Address, EnvName};
use crate::scan::managed::How;
use crate::scan::{Allow, Excusable, Level, Unheeded};
use crate::world::{ObjectId, Stopwatch, World};

mod advice;
pub mod commits;
pub(in crate::deeds) mod excepted;
mod message;
mod staged;
mod standards;
mod texts;
mod tree;
mod unexcused;
mod values;

use commits::Commits;

pub(super) use message::scan as message;
pub(super) use staged::look;
pub use standards::{ALLOW, GITLEAKS};
pub(super) use standards::{Standards, broken, rule_text};
use texts::UNREAD;
pub(in crate::deeds) use texts::{HIDDEN, mask};
pub use tree::stdin;
pub(super) use unexcused::{Unexcused, as_staged, in_commit, in_tree, nowhere};

/// What must not stand where it was found. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The file, from the repository's root; none in a text without a name.
    pub path: String,
    /// From 1; 0 for what the path itself says.
    pub line: usize,
    /// The byte in that line, from 1.
    pub column: usize,
    /// The commit that brings it, where a commit was looked at.
    pub commit: Option<ObjectId>,
    /// Whose rule it is, by its id.
    pub rule: String,
    /// What it is, as a noun phrase.
    pub description: String,
    /// What was found.
    pub what: What,
    /// Whether it blocks.
    pub level: Level,
    /// As much of it as may be shown.
    pub excerpt: String,
    /// The command or the deed that mends it.
    pub fix: String,
    /// What an exception would name it by; none where none counts.
    pub excusable: Option<Excusable>,
    /// What lets it pass; then it is counted, and told to nobody.
    pub passed: Option<By>,
}

/// What lets a finding pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// An exception.
    Exception,
    /// An allow list of `.gitleaks.toml`.
    List,
    /// A mark in its line.
    Mark,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something that looks like a credential.
    Credential,
    /// A value that the repository manages.
    Managed {
        /// Which.
        address: Address,
        /// How it is written.
        how: How,
    },
}

/// The rule that a managed value breaks.
pub const MANAGED: &str = "managed-value";

/// What was looked through, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// What was found, by place.
    pub leaks: Vec<Leak>,
    /// How many findings there are beyond those: too many to be told.
    pub more: usize,
    /// How many of these block.
    pub more_blocking: usize,
    /// How many files, or other texts.
    pub texts: usize,
    /// How large they are together.
    pub bytes: u64,
    /// How many commits were looked at; none where none were asked for.
    pub commits: Option<usize>,
    /// Whether the clone is shallow just there, so that a commit seems to bring what is older.
    pub is_cut: bool,
    /// How many values of the repository were looked for.
    pub searched: usize,
    /// Those at hand that cannot be told from other text, since they are too short or too common.
    pub left_out: Vec<Address>,
    /// The environments that no key at hand opens without a question.
    pub closed: Vec<EnvName>,
    /// How many findings an exception lets pass.
    pub allowed: usize,
    /// How many findings an allow list of `.gitleaks.toml` lets pass.
    pub listed: usize,
    /// How many findings a mark in their line lets pass.
    pub by_marks: usize,
    /// Those of them that came within the range that was looked through.
    pub marked: Vec<Leak>,
    /// Which of the files that let findings pass are changed by what was looked through.
    pub relaxed: Vec<&'static str>,
    /// The exceptions that let nothing pass in the whole work tree, as they may be shown.
    pub unused: Vec<Allow>,
    /// The same as they are.
    pub(in crate::deeds) idle: Vec<Allow>,
    /// The exceptions that came within the range that was looked through, and do not count there.
    pub added: Vec<Allow>,
    /// What of `.gitleaks.toml` is not heeded.
    pub unheeded: Vec<Unheeded>,
    /// What was not looked through, and why.
    pub skipped: Vec<(String, &'static str)>,
    /// How long it took.
    pub took: Duration,
}

impl Scanned {
    /// Tells whether something was found that blocks.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.blocking() > 0
    }

    /// Tells whether there may be values that were not looked for.
    #[must_use]
    pub fn may_lack_values(&self) -> bool {
        !self.closed.is_empty() || self.skipped.iter().any(|(_, why)| *why == UNREAD)
    }

    /// Leaves out what only warns.
    pub fn keep_blocking(&mut self) {
        self.leaks.retain(|leak| leak.level == Level::Block);
        self.more = self.more_blocking;
    }

    /// Adds what was looked through beside it.
    fn join(&mut self, other: Self) {
        let Self { leaks, texts, bytes, commits, is_cut, searched, left_out, closed, .. } = other;
        append(&mut self.leaks, leaks);
        append(&mut self.closed, closed);
        append(&mut self.unused, other.unused);
        append(&mut self.unheeded, other.unheeded);
        append(&mut self.skipped, other.skipped);
        (self.texts, self.bytes) = (self.texts + texts, self.bytes + bytes);
        self.commits = self.commits.into_iter().chain(commits).reduce(|one, more| one + more);
        self.is_cut |= is_cut;
        self.searched = self.searched.max(searched);
        append(&mut self.left_out, left_out);
        (self.more, self.more_blocking) =
            (self.more + other.more, self.more_blocking + other.more_blocking);
        self.allowed += other.allowed;
        self.listed += other.listed;
        self.by_marks += other.by_marks;
        append(&mut self.relaxed, other.relaxed);
        self.took += other.took;
    }

    /// How many findings block.
    #[must_use]
    pub fn blocking(&self) -> usize {
        let told = self.leaks.iter().filter(|leak| leak.level == Level::Block).count();
        told + self.more_blocking
    }

    /// Counts a finding that is not kept.
    fn count(&mut self, leak: &Leak) {
        match leak.passed {
            Some(By::Exception) => self.allowed += 1,
            Some(By::List) => self.listed += 1,
            Some(By::Mark) => self.by_marks += 1,
            None => {
                self.more += 1;
                self.more_blocking += usize::from(leak.level == Level::Block);
            }
        }
    }

    /// How many findings there are, told or not.
    #[must_use]
    pub fn found(&self) -> usize {
        self.leaks.len() + self.more
    }
}

/// Adds what is not there yet.
fn append<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

/// What is looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// The files of the work tree that git does not ignore, below these paths; all where there are none.
    Tree(Vec<std::path::PathBuf>),
    /// What a commit of the index would bring.
    Staged,
    /// What the commits of a range `A..B` bring, by the exceptions of A.
    Range(String),
    /// What every commit brought that a reference leads to.
    History,
}

/// Tells how far it has come: how many commits are done, of how many.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize);

/// Looks through a repository; tells how far it has come where there are commits to look through.
///
/// # Errors
/// [`DeedError::Refuse`] for a range that is none; [`DeedError::World`] where something cannot be read; [`DeedError::Standard`] where a rule or an exception is
/// not well made: then nothing was looked through.
pub fn scan(world: &World, of: &Where, progress: Progress<'_>) -> Result<Scanned, DeedError> {
    let watch = Stopwatch::start();
    let mut scanned = match of {
        Where::Tree(below) => tree::scan(world, below)?,
        Where::Staged => staged::scan(&Place::staged(world)?)?,
        Where::Range(range) => {
            let place = Place::find(world)?;
            commits::scan(&place, &Commits::between(&place, range)?, Some(progress))?
        }
        Where::History => {
            let place = Place::find(world)?;
            commits::scan(&place, &Commits::all(&place)?, Some(progress))?
        }
    };
    scanned.took = watch.elapsed();
    Ok(scanned)
}
