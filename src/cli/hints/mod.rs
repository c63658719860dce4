//! What each error means to the caller: exit code, place and the one command that mends it.
//!
//! One file a room; each names every variant, so that a new error cannot be forgotten here.

#![warn(clippy::match_wildcard_for_single_variants, clippy::wildcard_enum_match_arm)]

pub(crate) mod cli;
pub(crate) mod deeds;
pub(crate) mod keys;
pub(crate) mod output;
pub(crate) mod rooms;
pub(crate) mod world;

use super::exit::Exit;

/// What the edge adds to the fact that a room states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// How the program ends.
    pub exit: Exit,
    /// The place, as `file`, `file:line` or `file:line key`.
    pub at: Option<String>,
    /// What led to it, beside the error's own sources.
    pub because: Vec<String>,
    /// The one command, or edit, that mends it.
    pub hint: Option<String>,
}

impl Advice {
    /// Begins with an exit code alone.
    pub(crate) fn of(exit: Exit) -> Self {
        Self { exit, at: None, because: Vec::new(), hint: None }
    }

    /// Adds the place.
    pub(crate) fn at(self, at: impl Into<String>) -> Self {
        Self { at: Some(at.into()), ..self }
    }

    /// Adds a line of what led to it.
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.because.push(why.into());
        self
    }

    /// Adds what mends it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
