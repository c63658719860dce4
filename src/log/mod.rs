//! The signed log: entries and items, their bytes, their signatures, and the DAG they form.

pub mod dag;
pub mod entry;
pub mod held;
mod lines;
pub mod name;
mod note;
pub mod parse;
pub mod render;
pub mod request;
mod rules;
pub mod signature;
pub mod timeline;

use crate::names::NameError;

/// The largest file that is read as an entry, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// What opens each armored SSH signature, of whatever kind. No payload may hold it.
const MARKER: &str = "-----BEGIN SSH";

/// Why a text is no entry, or an entry has no text. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Over [`MAX_BYTES`]; when writing, with room left for the signature.
    #[error("the entry is larger than 1 MiB")]
    TooLarge,
    /// Something, such as git, changed the line endings: `.gitattributes` should say `-text`.
    #[error("line {line} has a carriage return")]
    LineEndings {
        /// The line.
        line: usize,
    },
    /// Not UTF-8.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// The line.
        line: usize,
    },
    /// A newer version: no broken log, but one to be read with a newer program.
    #[error("the entry has version {version}, which this program does not know")]
    Version {
        /// What the entry says.
        version: u64,
    },
    /// Kind `checkpoint`, reserved: to be read with a newer program, too.
    #[error("the entry is a checkpoint, which this program does not know")]
    Checkpoint,
    /// Something else stands where the grammar wants this.
    #[error("line {line} should be {wanted}")]
    Expected {
        /// The line.
        line: usize,
        /// What should stand there.
        wanted: &'static str,
    },
    /// A value of the wrong shape.
    #[error("line {line} has a malformed value")]
    Name {
        /// The line.
        line: usize,
        /// What is wrong with it.
        source: NameError,
    },
    /// A rule about the parts of an entry is broken.
    #[error("line {line}: {why}")]
    Rule {
        /// The line, of the canonical text.
        line: usize,
        /// The rule.
        why: &'static str,
    },
    /// The signer's words cannot stand in an entry.
    #[error("the reason {why}")]
    Reason {
        /// The rest of the sentence.
        why: &'static str,
    },
    /// No signature, more than one, or one that is malformed.
    #[error("the signature {why}")]
    Signature {
        /// The rest of the sentence.
        why: &'static str,
    },
}

impl EntryError {
    /// Tells whether a newer program may well read the entry: "update tenure", never a broken log.
    #[must_use]
    pub fn needs_newer_program(&self) -> bool {
        matches!(self, Self::Version { .. } | Self::Checkpoint)
    }
}

/// The bytes before the first and before the last line that begins like a signature, whatever they are;
/// none where no line does.
pub fn payloads_of(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut lines = file.split_inclusive(|byte| *byte == b'\n');
    let mut at = 0;
    let mut starts = std::iter::from_fn(|| {
        let line = lines.next()?;
        at += line.len();
        Some((at - line.len(), line))
    });
    let mut begins = starts.by_ref().filter(|(_, line)| line.starts_with(MARKER.as_bytes()));
    let first = begins.next().map(|(at, _)| at);
    let last = begins.last().map(|(at, _)| at);
    [first, last].into_iter().flatten().map(|at| &file[..at])
}
