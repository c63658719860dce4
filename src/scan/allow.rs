//! The exceptions of a repository, `.secrets/allow.toml`: which text may stand where, and why.
//!
//! An exception names its text by its hash. It tells nothing that the repository does not: the text stands
//! there in clear. Nothing in it is a line's number, which the next commit would make wrong.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use sha2::Digest as _;

use super::rule::line_of;
use crate::names::Sha256;
use crate::policy::Glob;
use crate::secret::Plaintext;

/// Says what is wrong with the exceptions, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct AllowError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: AllowProblem,
}

/// What is wrong with an exception. Holds nothing of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllowProblem {
    /// No TOML, or a field that is missing, not known, or of another type.
    #[error(
        "this is no valid TOML, or an exception has other fields than `rule`, `path`, `text` and `reason`"
    )]
    Grammar,
    /// No hash.
    #[error("an exception's text is not `sha256:` and 64 hexadecimal digits")]
    Text,
    /// No glob.
    #[error("an exception's path is no glob")]
    Path,
    /// Nobody could review it.
    #[error("an exception has no reason, or one of more than a line")]
    Reason,
    /// No id of a rule.
    #[error("an exception names no rule")]
    Rule,
    /// The same exception is there before.
    #[error("an exception stands twice")]
    Twice,
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The id of the rule.
    pub rule: String,
    /// The files that it holds in.
    pub path: Glob,
    /// The hash of the text that passes.
    pub text: Sha256,
    /// For those who review it.
    pub reason: String,
}

impl Allow {
    /// Hashes the text that a hit found, as exceptions name it.
    #[must_use]
    pub fn hash(text: &[u8]) -> Sha256 {
        Sha256(sha2::Sha256::digest(text).into())
    }

    fn lets(&self, rule: &str, path: &str, text: &Sha256) -> bool {
        self.text == *text && self.rule == rule && self.path.takes_text(path)
    }
}

/// All exceptions, in their order, and which were used.
#[derive(Debug, Default)]
pub struct AllowList {
    entries: Vec<Allow>,
    used: Vec<AtomicBool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    path: String,
    text: String,
    reason: String,
}

impl AllowList {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// The first problem, with its line.
    pub fn parse(text: &str) -> Result<Self, AllowError> {
        let file: File = toml::from_str(text).map_err(|error| AllowError {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            problem: AllowProblem::Grammar,
        })?;
        let mut list = Self::default();
        for entry in file.allow {
            let line = line_of(text, entry.span().start);
            let allow =
                entry.into_inner().check().map_err(|problem| AllowError { line, problem })?;
            if !list.add(allow) {
                return Err(AllowError { line, problem: AllowProblem::Twice });
            }
        }
        Ok(list)
    }

    /// Adds an exception; tells whether it was not there before, whatever its reason.
    pub fn add(&mut self, allow: Allow) -> bool {
        let is_same = |own: &Allow| {
            own.rule == allow.rule && own.path == allow.path && own.text == allow.text
        };
        if self.entries.iter().any(is_same) {
            return false;
        }
        self.entries.push(allow);
        self.used.push(AtomicBool::new(false));
        true
    }

    /// Prints the file.
    #[must_use]
    pub fn print(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let entry = |allow: &Allow| {
            format!(
                "[[allow]]\nrule = {}\npath = {}\ntext = \"{}\"\nreason = {}\n",
                quoted(&allow.rule),
                quoted(allow.path.as_str()),
                allow.text,
                quoted(&allow.reason)
            )
        };
        self.entries.iter().map(entry).collect::<Vec<_>>().join("\n")
    }

    /// Tells whether an exception lets a text pass that a rule found in a file, and remembers that it was
    /// used.
    pub fn lets(&self, rule: &str, path: &str, text: &[u8]) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let hash = Allow::hash(text);
        let Some(at) = self.entries.iter().position(|allow| allow.lets(rule, path, &hash)) else {
            return false;
        };
        self.used[at].store(true, Ordering::Relaxed);
        true
    }

    /// The exceptions.
    #[must_use]
    pub fn entries(&self) -> &[Allow] {
        &self.entries
    }

    /// The exceptions whose text is a value, with or without blanks round it.
    pub fn naming(&self, value: &Plaintext) -> impl Iterator<Item = &Allow> {
        let bytes = value.expose();
        let hashes = [Allow::hash(bytes), Allow::hash(bytes.trim_ascii())];
        self.entries.iter().filter(move |allow| hashes.contains(&allow.text))
    }

    /// The exceptions that let nothing pass so far.
    pub fn unused(&self) -> impl Iterator<Item = &Allow> {
        let pairs = self.entries.iter().zip(&self.used);
        pairs.filter(|(_, used)| !used.load(Ordering::Relaxed)).map(|(allow, _)| allow)
    }
}

impl Entry {
    fn check(self) -> Result<Allow, AllowProblem> {
        let is_id = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if self.rule.is_empty() || !self.rule.bytes().all(is_id) {
            return Err(AllowProblem::Rule);
        }
        if self.reason.trim().is_empty() || self.reason.chars().any(char::is_control) {
            return Err(AllowProblem::Reason);
        }
        Ok(Allow {
            rule: self.rule,
            path: self.path.parse().map_err(|_| AllowProblem::Path)?,
            text: self.text.parse().map_err(|_| AllowProblem::Text)?,
            reason: self.reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(rule: &str, path: &str, text: &str, reason: &str) -> String {
        let hash = Allow::hash(text.as_bytes());
        format!(
            "[[allow]]\nrule = {rule:?}\npath = {path:?}\ntext = \"{hash}\"\nreason = {reason:?}\n"
        )
    }

    #[test]
    fn what_is_printed_reads_back() {
        let text = entry("github-pat", "docs/**", "ghp_x", "from the \"manual\"")
            + "\n"
            + &entry("jwt", "a b.txt", "eyJ", "expired");
        let list = AllowList::parse(&text).unwrap();
        assert_eq!(AllowList::parse(&list.print()).unwrap().entries(), list.entries());
        assert_eq!(AllowList::parse("").unwrap().print(), "");
    }

    #[test]
    fn a_text_passes_for_its_rule_in_its_files_alone() {
        let list = AllowList::parse(&entry("jwt", "docs/**", "eyJ", "expired")).unwrap();
        assert!(!list.lets("jwt", "src/a", b"eyJ"));
        assert!(!list.lets("other", "docs/a", b"eyJ"));
        assert!(!list.lets("jwt", "docs/a", b"eyK"));
        assert_eq!(list.unused().count(), 1);
        assert!(list.lets("jwt", "docs/a/b", b"eyJ"));
        assert_eq!(list.unused().count(), 0);
    }

    #[test]
    fn problems_are_told_with_their_line() {
        let good = entry("jwt", "a", "x", "because");
        for (bad, line, problem) in [
            (format!("{good}line = 3\n"), 5, AllowProblem::Grammar),
            (good.replace("reason", "because"), 5, AllowProblem::Grammar),
            (good.replace("sha256:", "sha1:"), 1, AllowProblem::Text),
            (good.replace("\"a\"", "\"/a\""), 1, AllowProblem::Path),
            (good.replace("because", "  "), 1, AllowProblem::Reason),
            (good.replace("jwt", "j w"), 1, AllowProblem::Rule),
            (format!("{good}{}", good.replace("because", "why")), 5, AllowProblem::Twice),
            ("allow = 3".to_owned(), 1, AllowProblem::Grammar),
        ] {
            let error = AllowList::parse(&bad).unwrap_err();
            assert_eq!(error.problem, problem, "{bad}");
            assert!(error.line.abs_diff(line) <= 1, "{bad} {}", error.line);
        }
    }
}
