//! The exceptions of a repository, `.secrets/allow.toml`: which text may stand where, and why.
//!
//! An exception names its text by its hash. It tells nothing that the repository does not: the text stands
//! there in clear. Nothing in it is a line's number, which the next commit would make wrong.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use sha2::Digest as _;

use super::TOO_MANY;
use super::rule::line_of;
use crate::names::{Sha256, is_hazard};
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

/// What an exception names a text by, that stands in clear anyway. The text itself is kept nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excusable {
    /// The hash of its bytes, in UTF-8 where they stand in UTF-16.
    pub hash: Sha256,
    length: usize,
}

impl Excusable {
    pub(super) fn of(text: &[u8]) -> Self {
        Self { hash: Allow::hash(text), length: text.len() }
    }

    /// Tells whether another text holds this one.
    #[must_use]
    pub fn stands_in(&self, other: &str) -> bool {
        // An empty text stands everywhere and tells nothing.
        let mut parts = other.as_bytes().windows(self.length.max(1));
        parts.any(|part| Allow::hash(part) == self.hash)
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

    /// Adds exceptions to the text of a file of theirs; what stands there stays as it is.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn added_to(text: &str, new: Vec<Allow>) -> Result<String, AllowError> {
        let mut all = Self::parse(text)?;
        let mut more = Self::default();
        for allow in new {
            if all.add(allow.clone()) {
                more.add(allow);
            }
        }
        let apart = match text {
            "" => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        let longer = format!("{text}{apart}{}", more.print());
        // A list in brackets cannot be added to so.
        let is_right = Self::parse(&longer).is_ok_and(|own| own.entries == all.entries);
        Ok(if is_right { longer } else { all.print() })
    }

    /// Takes exceptions out of the text of a file of theirs; what stands round the others stays.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn taken_from(text: &str, gone: &[Allow]) -> Result<String, AllowError> {
        let all = Self::parse(text)?;
        let mut kept = Self::default();
        for allow in all.entries.iter().filter(|allow| !gone.contains(allow)) {
            kept.add(allow.clone());
        }
        let shorter = text.parse::<toml_edit::DocumentMut>().ok().and_then(|mut document| {
            let tables = document.get_mut("allow")?.as_array_of_tables_mut()?;
            for at in (0..all.entries.len()).rev().filter(|at| gone.contains(&all.entries[*at])) {
                tables.remove(at);
            }
            Some(document.to_string())
        });
        let is_right =
            |text: &String| Self::parse(text).is_ok_and(|own| own.entries == kept.entries);
        Ok(shorter.filter(is_right).unwrap_or_else(|| kept.print()))
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
    pub fn lets(&self, rule: &str, path: &str, text: &Sha256) -> bool {
        let found = self.entries.iter().position(|allow| allow.lets(rule, path, text));
        let Some(at) = found.filter(|_| rule != TOO_MANY) else { return false };
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
        // Rules of others have ids of any characters.
        if self.rule.trim().is_empty() || self.rule.chars().any(is_hazard) {
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
    fn what_is_added_and_taken_out_leaves_comments_alone() {
        let old = format!("# Why.\n{}", entry("jwt", "a", "eyJ", "expired"));
        let new = AllowList::parse(&entry("jwt", "b", "eyK", "a \"test\"")).unwrap().entries;
        let both = AllowList::added_to(&old, new.clone()).unwrap();
        assert!(both.starts_with(&old), "{both}");
        assert_eq!(AllowList::parse(&both).unwrap().entries()[1], new[0]);
        assert_eq!(AllowList::added_to(&both, new.clone()).unwrap().trim(), both.trim());
        let again = AllowList::taken_from(&both, &new).unwrap();
        assert_eq!(again.trim(), old.trim());
        let first = AllowList::parse(&old).unwrap().entries;
        assert!(AllowList::taken_from(&both, &first).unwrap().contains("test"));
        let hash = Allow::hash(b"x");
        let listed = format!(
            "allow = [{{ rule = \"jwt\", path = \"a\", text = \"{hash}\", reason = \"y\" }}]"
        );
        let both = AllowList::added_to(&listed, new).unwrap();
        assert_eq!(AllowList::parse(&both).unwrap().entries().len(), 2);
    }

    #[test]
    fn a_text_is_known_in_a_reason_by_its_hash() {
        let text = Excusable::of(b"hunter2");
        assert!(text.stands_in("is hunter2, of the manual") && !text.stands_in("is hunter3"));
        assert!(!text.stands_in("") && !Excusable::of(b"").stands_in("any"));
    }

    #[test]
    fn a_text_passes_for_its_rule_in_its_files_alone() {
        let list = AllowList::parse(&entry("jwt", "docs/**", "eyJ", "expired")).unwrap();
        assert!(!list.lets("jwt", "src/a", &Allow::hash(b"eyJ")));
        assert!(!list.lets("other", "docs/a", &Allow::hash(b"eyJ")));
        assert!(!list.lets("jwt", "docs/a", &Allow::hash(b"eyK")));
        assert_eq!(list.unused().count(), 1);
        assert!(list.lets("jwt", "docs/a/b", &Allow::hash(b"eyJ")));
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
            (good.replace("jwt", " "), 1, AllowProblem::Rule),
            (format!("{good}{}", good.replace("because", "why")), 5, AllowProblem::Twice),
            ("allow = 3".to_owned(), 1, AllowProblem::Grammar),
        ] {
            let error = AllowList::parse(&bad).unwrap_err();
            assert_eq!(error.problem, problem, "{bad}");
            assert!(error.line.abs_diff(line) <= 1, "{bad} {}", error.line);
        }
    }
}
