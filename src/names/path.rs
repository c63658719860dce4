//! Paths inside the repository.

use std::fmt;
use std::str::FromStr;

use super::shared::Shared;
use super::{NameError, serde_as_text};

/// A path relative to the repository's root: UTF-8, `/` between its parts, no `.` or `..`, nothing in
/// `.git`, no control character, no `\`, `#` or `"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Shared);

impl RepoPath {
    /// Lends the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or(self.as_str())
    }
}

impl FromStr for RepoPath {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |why| Err(NameError { what: "a path in the repository", why });
        if text.is_empty() {
            return refuse("is empty");
        }
        if text.len() > 4096 {
            return refuse("is longer than 4,096 bytes");
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '\\' | '#' | '"')) {
            return refuse("may hold no control character, `\\`, `#` or `\"`");
        }
        for part in text.split('/') {
            match part {
                "" => return refuse("may not begin or end with `/` or hold `//`"),
                "." | ".." => return refuse("may not hold `.` or `..`"),
                _ if part.eq_ignore_ascii_case(".git") => return refuse("may not lie in `.git`"),
                _ => {}
            }
        }
        Ok(Self(Shared::of(text)))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(RepoPath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_pass() {
        for good in ["a", "secrets/prod.env", "a b/ä.yaml", ".env", "..a/b"] {
            assert_eq!(good.parse::<RepoPath>().unwrap().as_str(), good);
        }
        for bad in
            ["", "/a", "a/", "a//b", "./a", "a/../b", ".git/x", "a/.GIT", "a\\b", "a#b", "a\nb"]
        {
            assert!(bad.parse::<RepoPath>().is_err(), "{bad:?}");
        }
    }
}
