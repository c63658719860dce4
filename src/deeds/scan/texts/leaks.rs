//! What is told of what was found.

use std::ops::Range;

use super::{Judge, Origin};
use crate::deeds::scan::{Leak, MANAGED, What, advice};
use crate::names::Address;
use crate::scan::managed::Found;
use crate::scan::{Hit, Level, Piece, TOO_MANY, excerpt};

/// Whose text it is, and how its path is shown.
pub(super) struct At<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) shown: String,
    /// Whether only sealed values stand at the path, and what its policy leaves in clear.
    pub(super) is_managed: bool,
    /// Whether an exception could let pass what stands there.
    pub(super) excuses: bool,
}

impl At<'_> {
    /// What a rule found.
    pub(super) fn of_hit(&self, piece: &Piece<'_, '_>, hit: &Hit<'_>) -> Leak {
        let fix = match self.is_managed {
            false => advice::of_hit(hit.rule, (&self.shown, hit.line), self.excuses),
            true => advice::of_clear(&self.shown),
        };
        // The place is that in the whole text.
        let span = hit.span.start - piece.base..hit.span.end - piece.base;
        Leak {
            path: self.shown.clone(),
            line: hit.line,
            column: hit.column,
            commit: self.origin.commit.cloned(),
            rule: hit.rule.to_owned(),
            description: hit.description.to_owned(),
            what: What::Credential,
            level: hit.level,
            excerpt: excerpt(piece.bytes, span),
            // What no exception counts for is named by none.
            excusable: (!self.is_managed).then_some(hit.excusable),
            passed: None,
            fix,
        }
    }

    /// A value that is managed here.
    pub(super) fn of_value(
        &self,
        (line, column): (usize, usize),
        (address, level): (Address, Level),
        found: &Found,
    ) -> Leak {
        Leak {
            path: self.shown.clone(),
            line,
            column,
            commit: self.origin.commit.cloned(),
            rule: MANAGED.to_owned(),
            description: "value that this repository manages".to_owned(),
            fix: advice::of_value(&address, level),
            what: What::Managed { address, how: found.how },
            level,
            excerpt: "…".to_owned(),
            excusable: None,
            passed: None,
        }
    }

    /// Says that a text has more findings than are told: what stands behind the last one may be anything.
    pub(super) fn too_many(&self, line: usize) -> Leak {
        Leak {
            path: self.shown.clone(),
            line,
            column: 1,
            commit: self.origin.commit.cloned(),
            rule: TOO_MANY.to_owned(),
            description: "more findings than are told".to_owned(),
            what: What::Credential,
            level: Level::Block,
            excerpt: "…".to_owned(),
            fix: advice::TOO_MUCH.to_owned(),
            excusable: None,
            passed: None,
        }
    }
}

/// How many findings are told of all texts, and as many that pass are kept.
const ALL: usize = 10_000;

/// How many findings may still be kept: those that are told, and those that pass.
#[derive(Debug, Clone, Copy)]
pub(in crate::deeds::scan) struct Room {
    told: usize,
    passed: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { told: ALL, passed: ALL }
    }
}

impl Room {
    /// Has no end, for those who write exceptions for all there is.
    pub(in crate::deeds::scan) const ENDLESS: Self = Self { told: usize::MAX, passed: usize::MAX };
}

impl Judge<'_> {
    /// Keeps findings while there is room, and counts the rest of them: that something blocks stays.
    pub(in crate::deeds::scan) fn kept(&mut self, mut leaks: Vec<Leak>) -> Vec<Leak> {
        leaks.retain(|leak| {
            let room = match leak.passed {
                None => &mut self.room.told,
                Some(_) => &mut self.room.passed,
            };
            let left = room.checked_sub(1);
            *room = left.unwrap_or_default();
            if left.is_none() {
                self.scanned.count(leak);
            }
            left.is_some()
        });
        leaks
    }
}

/// Lines and columns of places that come in their order.
pub(super) struct Places<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    start: usize,
}

impl<'t> Places<'t> {
    /// Begins with the number of the first line.
    pub(super) fn of(text: &'t [u8], line: usize) -> Self {
        Self { text, at: 0, line, start: 0 }
    }

    pub(super) fn place(&mut self, at: usize) -> (usize, usize) {
        let between = self.text.get(self.at..at).unwrap_or_default();
        for step in memchr::memchr_iter(b'\n', between) {
            self.line += 1;
            self.start = self.at + step + 1;
        }
        self.at = self.at.max(at);
        (self.line, at.saturating_sub(self.start) + 1)
    }
}

/// A place of a piece, in the whole text.
pub(super) fn in_text(piece: &Piece<'_, '_>, span: &Range<usize>) -> Range<usize> {
    span.start + piece.base..span.end + piece.base
}
