//! Text and rules in, hits out: what looks like a credential in what is to be committed.
//!
//! One walk over a text finds the keywords of all rules (`keywords`); a rule's pattern is run only round
//! its own. Names such as `password` are keywords too: what is assigned to them is looked at by hand
//! (`assigned`) and weighed by how its characters follow each other (`model`). All of it takes time
//! linear in the text, whatever the text. A hit never holds a value.
//!
//! [`managed`] finds the values that the repository manages, however they are written.

mod allow;
mod assigned;
mod beside;
mod checksum;
mod ciphertext;
mod cursor;
mod gitleaks;
mod hosts;
mod keywords;
pub mod managed;
mod marks;
mod model;
mod naming;
mod of_tests;
mod passes;
mod paths;
mod pattern;
mod pieces;
mod placeholder;
mod published;
mod readings;
mod regions;
mod rule;
mod runs;
mod scanner;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod verdict;
mod weak;
mod wide;

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use allow::{Allow, AllowError, AllowList, AllowProblem, Excusable};
pub use gitleaks::{Gitleaks, GitleaksError, Unheeded, Why};
pub use passes::Passes;
pub use pattern::PatternProblem;
pub use pieces::{Piece, Pieces};
pub use rule::{Rule, RuleError, RuleProblem, RuleText, read};
pub use scanner::Scanner;
pub use text::excerpt;

/// The rule that a text breaks which has more findings than are looked at: marks and exceptions do not hold for it.
pub const TOO_MANY: &str = "too-many-findings";

/// Whether a finding blocks.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Shown by `scan`; blocks nothing.
    Warn,
    /// Blocks a commit; `scan` exits 1.
    #[default]
    Block,
}

/// A text to look through, whole.
#[derive(Clone, Copy)]
pub struct Text<'t> {
    /// From the repository's root, with `/`; need not be UTF-8.
    pub path: &'t [u8],
    /// As they stand in the file: what they say as UTF-16 or UTF-32 is read too.
    pub bytes: &'t [u8],
}

/// Something that looks like a credential. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'r> {
    /// The id of the rule.
    pub rule: &'r str,
    /// What the rule finds, as a noun phrase.
    pub description: &'r str,
    /// Whether it blocks.
    pub level: Level,
    /// Where the secret itself stands, in bytes.
    pub span: Range<usize>,
    /// Where all that the rule matched stands, the secret included.
    pub whole: Range<usize>,
    /// The line that the secret begins in, from 1.
    pub line: usize,
    /// The byte in that line, from 1.
    pub column: usize,
    /// The line that the secret ends in.
    pub last_line: usize,
    /// What an exception names the secret by.
    pub excusable: Excusable,
    /// What lets it pass: then it is counted, and not told.
    pub passed: Option<Pass>,
}

/// What lets a hit pass, of all that stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// A mark in its line, or one for the part of the text that it stands in.
    Mark,
    /// An allow list of `.gitleaks.toml`.
    List,
}

/// The rules that a scanner goes by.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Rule>,
    passes: Vec<Passes>,
    /// Which of those who find values of no known form find nothing, among other ids.
    off: Vec<String>,
}

impl Rules {
    /// Gives our own rules.
    #[must_use]
    pub fn ours() -> Self {
        Self::only(rule::ours())
    }

    /// Goes by these rules and no other.
    #[must_use]
    pub fn only(rules: Vec<Rule>) -> Self {
        Self { rules, passes: Vec::new(), off: Vec::new() }
    }

    /// Adds rules. One with the id of a rule that is there takes its place.
    #[must_use]
    pub fn with(mut self, extra: Vec<Rule>) -> Self {
        self.rules.retain(|rule| extra.iter().all(|new| new.id != rule.id));
        self.rules.extend(extra);
        self
    }

    /// Takes rules out, also what finds values of no known form.
    #[must_use]
    pub fn without(mut self, ids: &[String]) -> Self {
        self.rules.retain(|rule| ids.iter().all(|id| *id != rule.id));
        self.off.extend(ids.iter().cloned());
        self
    }

    /// Tells whether something has this id: a rule, or what finds values of no known form.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| rule.id == id)
            || value::Net::ALL.iter().any(|it| it.id() == id)
    }

    /// Adds what a `.gitleaks.toml` has: its rules, the allow lists for all rules, and takes those of our
    /// rules out that it switches off. A rule of its that cannot be run takes the place of none of ours.
    #[must_use]
    pub fn with_gitleaks(mut self, file: Gitleaks) -> Self {
        self.rules.retain(|rule| file.off.iter().all(|id| *id != rule.id));
        self.off.extend(file.off);
        self.passes.extend(file.passes);
        let ids: HashSet<_> = file.rules.iter().map(Rule::id).collect();
        for rule in &mut self.rules {
            rule.is_second = ids.contains(rule.id());
        }
        self.rules.extend(file.rules);
        self
    }

    /// Lists the rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
