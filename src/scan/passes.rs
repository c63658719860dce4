//! What lets a finding pass in the manner of gitleaks: paths, patterns and words, one of them or all.

use super::paths::Paths;
use super::pattern::Pattern;

/// What a pattern of an allow list looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Secret,
    Whole,
    Line,
}

/// Whether one of an allow list's conditions is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enough {
    One,
    All,
}

/// An allow list of a rule, or of all rules.
#[derive(Debug, Clone)]
pub struct Passes {
    /// The ids of the rules that it is for; all rules, where there are none.
    pub(super) rules: Vec<String>,
    pub(super) enough: Enough,
    pub(super) paths: Vec<Paths>,
    pub(super) target: Target,
    pub(super) patterns: Vec<Pattern>,
    /// In lower case; a secret that holds one passes.
    pub(super) words: Vec<String>,
}

/// What a finding is made of, for those who judge it.
pub(super) struct Found<'t> {
    pub(super) rule: &'t str,
    pub(super) path: &'t str,
    pub(super) secret: &'t [u8],
    pub(super) whole: &'t [u8],
    pub(super) line: &'t [u8],
}

impl Passes {
    /// Tells whether the list lets a finding pass.
    pub(super) fn take(&self, found: &Found<'_>) -> bool {
        if !self.rules.is_empty() && self.rules.iter().all(|rule| rule != found.rule) {
            return false;
        }
        let text = match self.target {
            Target::Secret => found.secret,
            Target::Whole => found.whole,
            Target::Line => found.line,
        };
        let mut checks = Vec::with_capacity(3);
        if !self.paths.is_empty() {
            checks.push(self.paths.iter().any(|path| path.take(found.path)));
        }
        if !self.patterns.is_empty() {
            // What cannot be compiled lets nothing pass.
            let takes = |pattern: &Pattern| pattern.get().is_some_and(|own| own.is_match(text));
            checks.push(self.patterns.iter().any(takes));
        }
        if !self.words.is_empty() {
            let secret = found.secret.to_ascii_lowercase();
            let holds = |word: &String| contains(&secret, word.as_bytes());
            checks.push(self.words.iter().any(holds));
        }
        match self.enough {
            Enough::One => checks.contains(&true),
            Enough::All => !checks.is_empty() && !checks.contains(&false),
        }
    }
}

/// Tells whether a text holds another.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}
