//! Patterns for files, keys and addresses: a small part of what `.gitignore` knows, without regexes.
//!
//! A policy is read by every command, so matching must cost nothing to prepare: each pattern is a few
//! steps, walked with one place to fall back to, in time linear in pattern times text.

use std::fmt;
use std::str::FromStr;

use crate::names::{Address, EnvName, KeyPath, RepoPath};

/// Longest pattern in bytes.
const MAX: usize = 1024;

/// Says which rule a pattern breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {why}")]
pub struct GlobError {
    /// The rest of the sentence.
    pub why: &'static str,
}

fn bad(why: &'static str) -> GlobError {
    GlobError { why }
}

/// A step that takes one character, or any number of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    One(char),
    Any,
    Star,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Step {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::One(own) => *own == c,
            Self::Any | Self::Star => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

/// Tells whether steps take all of a text, where a star takes any number of items.
///
/// Falling back to the newest star alone is enough: an earlier one that took more could only reach
/// places that the newest reaches too.
fn walk<P, T>(
    steps: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    takes: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        if steps.get(at).is_some_and(&is_star) {
            star = Some((at, from));
            at += 1;
        } else if steps.get(at).is_some_and(|step| takes(step, &text[from])) {
            at += 1;
            from += 1;
        } else if let Some((star_at, star_from)) = star {
            star = Some((star_at, star_from + 1));
            at = star_at + 1;
            from = star_from + 1;
        } else {
            return false;
        }
    }
    steps[at..].iter().all(is_star)
}

fn walk_text(steps: &[Step], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    walk(steps, &text, |s| *s == Step::Star, |s, c| s.takes(*c))
}

/// Whether `[` begins a class or stands for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Class,
    Literal,
}

fn steps(text: &str, brackets: Brackets) -> Result<Vec<Step>, GlobError> {
    let mut steps = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let step = match c {
            '*' => Step::Star,
            '?' => Step::Any,
            '[' if brackets == Brackets::Class => class(&mut rest)?,
            c => Step::One(c),
        };
        if step != Step::Star || steps.last() != Some(&Step::Star) {
            steps.push(step);
        }
    }
    Ok(steps)
}

/// Reads a class after its `[`. A `]` in first place stands for itself.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Step, GlobError> {
    let open = bad("has a `[` without its `]`");
    let negated = rest.as_str().starts_with(['!', '^']);
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let from = rest.next().ok_or(open)?;
        if from == ']' && !ranges.is_empty() {
            return Ok(Step::Class { negated, ranges });
        }
        let after = rest.as_str();
        let to = match after.strip_prefix('-').and_then(|end| end.chars().next()) {
            Some(to) if to != ']' => {
                rest.nth(1);
                to
            }
            _ => from,
        };
        if to < from {
            return Err(bad("has a range that runs backwards"));
        }
        ranges.push((from, to));
    }
}

/// One part of a path pattern, between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Steps(Vec<Step>),
    Folders,
}

/// A pattern for paths, anchored at the repository's root.
///
/// `*` and `?` take anything but `/`, `[a-z]` and `[!a-z]` one character, `**` as a whole part any
/// number of folders; at the end it takes all files below. No pattern takes our own files, git's, or
/// `.gitattributes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    parts: Vec<Part>,
    /// Where the first wildcard stands, or the end.
    wild: usize,
}

impl Glob {
    /// The pattern for one path; what no pattern can hold is taken by `?`.
    ///
    /// # Errors
    /// A path of our own files, of git's, or one that is too long.
    pub fn exactly(path: &str) -> Result<Self, GlobError> {
        let spelt = |c: char| match c {
            '*' | '?' | '[' => format!("[{c}]"),
            '{' | '}' | '\\' => "?".to_owned(),
            c if c.is_control() => "?".to_owned(),
            c => c.to_string(),
        };
        let text: String = path.chars().map(spelt).collect();
        match text.strip_prefix('!') {
            Some(rest) => format!("?{rest}").parse(),
            None => text.parse(),
        }
    }

    /// Tells whether the pattern takes a path.
    #[must_use]
    pub fn takes(&self, path: &RepoPath) -> bool {
        self.takes_name(path.as_str())
    }

    /// The same for whatever git may call a file.
    #[must_use]
    pub fn takes_name(&self, name: &str) -> bool {
        !is_reserved(name) && self.takes_text(name)
    }

    /// The same for any path in the repository, our own files and git's among them.
    #[must_use]
    pub fn takes_text(&self, path: &str) -> bool {
        // Most paths are told apart by how they begin.
        let start = &self.text[..self.wild];
        if !path.starts_with(start) {
            return false;
        }
        // The folders before the first wildcard are compared by that.
        let folders = start.bytes().filter(|b| *b == b'/').count();
        let parts: Vec<&str> = path.split('/').skip(folders).collect();
        walk(
            &self.parts[folders..],
            &parts,
            |part| *part == Part::Folders,
            |part, name| match part {
                Part::Steps(steps) => walk_text(steps, name),
                Part::Folders => true,
            },
        )
    }

    /// Lends the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path itself, where the pattern has no wildcard.
    pub(super) fn literal(&self) -> Option<&str> {
        (self.wild == self.text.len()).then_some(&self.text)
    }

    /// The folder under which all lies that the pattern takes, and whether it may lie in folders below.
    pub(super) fn folder(&self) -> (&str, bool) {
        let end = self.text[..self.wild].rfind('/').unwrap_or(0);
        let after = self.text[end..].trim_start_matches('/');
        (&self.text[..end], after.contains('/') || after.contains("**"))
    }
}

impl FromStr for Glob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        check(text)?;
        if text.starts_with('/') || text.ends_with('/') || text.contains("//") {
            return Err(bad("may not begin or end with `/` or hold `//`"));
        }
        if is_reserved(text) {
            return Err(bad("may not name our own files, git's, or `.gitattributes`"));
        }
        let mut parts = Vec::new();
        for part in text.split('/') {
            match part {
                "**" if parts.last() == Some(&Part::Folders) => {}
                "**" => parts.push(Part::Folders),
                "." | ".." => return Err(bad("may not hold `.` or `..` as a part")),
                _ if part.contains("**") => return Err(bad("may hold `**` only as a whole part")),
                _ => parts.push(Part::Steps(steps(part, Brackets::Class)?)),
            }
        }
        // At the end, `**` takes files: at least one part.
        if parts.last() == Some(&Part::Folders) {
            parts.push(Part::Steps(vec![Step::Star]));
        }
        let wild = text.find(['*', '?', '[']).unwrap_or(text.len());
        Ok(Self { text: text.to_owned(), parts, wild })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check(text: &str) -> Result<(), GlobError> {
    if text.is_empty() {
        return Err(bad("is empty"));
    }
    if text.len() > MAX {
        return Err(bad("is longer than 1,024 bytes"));
    }
    if text.starts_with('!') {
        return Err(bad("may not begin with `!`"));
    }
    if text.chars().any(|c| c.is_control() || matches!(c, '{' | '}' | '\\')) {
        return Err(bad("may hold no control character, `{`, `}` or `\\`"));
    }
    Ok(())
}

fn is_reserved(path: &str) -> bool {
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    first == ".secrets"
        || path == super::PATH
        || first.eq_ignore_ascii_case(".git")
        || path.rsplit('/').next() == Some(".gitattributes")
}

/// A pattern for the text of a key: `*` takes any characters, `?` one; `[` stands for itself.
///
/// It takes a value whose own text it takes (`servers[0].port`), or the text of the item that it
/// belongs to (`servers`), but never a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGlob {
    text: String,
    steps: Vec<Step>,
}

impl KeyGlob {
    /// Tells whether the pattern takes a key.
    #[must_use]
    pub fn takes(&self, key: &KeyPath) -> bool {
        *key != KeyPath::Whole
            && (walk_text(&self.steps, &key.to_string())
                || walk_text(&self.steps, &key.item().to_string()))
    }

    /// Lends the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for KeyGlob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        check(text)?;
        Ok(Self { text: text.to_owned(), steps: steps(text, Brackets::Literal)? })
    }
}

/// The environments that an address pattern speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EnvPattern {
    All,
    One(EnvName),
}

/// A pattern for addresses: `ENV/KEY`, or `ENV/PATH#KEY` where it holds a `#`. `ENV` is a name or `*`,
/// `PATH` a [`Glob`], `KEY` as in [`KeyGlob`]; here a whole file has the key `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressGlob {
    text: String,
    pub(super) env: EnvPattern,
    path: Option<Glob>,
    key: Vec<Step>,
}

impl AddressGlob {
    /// Tells whether the pattern takes an address.
    #[must_use]
    pub fn takes(&self, address: &Address) -> bool {
        self.may_take(&address.env)
            && self.path.as_ref().is_none_or(|path| path.takes(&address.path))
            && walk_text(&self.key, &address.key.to_string())
    }

    /// Tells whether the pattern can take an address of an environment.
    #[must_use]
    pub fn may_take(&self, env: &EnvName) -> bool {
        match &self.env {
            EnvPattern::All => true,
            EnvPattern::One(name) => name == env,
        }
    }

    /// Lends the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for AddressGlob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        check(text)?;
        let shape = bad("must be `ENV/KEY` or `ENV/PATH#KEY`");
        let (env, rest) = text.split_once('/').ok_or(shape)?;
        let env = match env {
            "*" => EnvPattern::All,
            name => EnvPattern::One(
                name.parse().map_err(|_| bad("must begin with an environment's name or `*`"))?,
            ),
        };
        let (path, key) = match rest.split_once('#') {
            Some((path, key)) => (Some(path.parse()?), key),
            None => (None, rest),
        };
        if key.is_empty() {
            return Err(shape);
        }
        Ok(Self { text: text.to_owned(), env, path, key: steps(key, Brackets::Literal)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(glob: &str, path: &str) -> bool {
        glob.parse::<Glob>().unwrap().takes(&path.parse().unwrap())
    }

    #[test]
    fn path_patterns_take_what_gitignore_would() {
        for (glob, hits, misses) in [
            ("secrets/prod.*", vec!["secrets/prod.env"], vec!["secrets/prod", "a/secrets/prod.x"]),
            ("secrets/prod.*", vec!["secrets/prod."], vec!["secrets/prod.d/x", "secrets/prodx"]),
            ("a/**", vec!["a/b", "a/b/c"], vec!["a", "ab", "b/a/c"]),
            ("a/b", vec!["a/b"], vec!["a", "a/bc", "a/b/c", "b/b"]),
            ("a/b/c?", vec!["a/b/cd"], vec!["a/b/c", "a/b/cd/e", "a/cd", "a/x/cd"]),
            ("**/x.env", vec!["x.env", "a/x.env", "a/b/x.env"], vec!["ax.env", "x.env/y"]),
            ("a/**/b/*.y", vec!["a/b/1.y", "a/q/b/b/1.y"], vec!["a/b/c/1.y", "a/b"]),
            ("k?y", vec!["key", "käy"], vec!["ky", "k/y"]),
            ("[a-c]x", vec!["ax", "cx"], vec!["dx", "x"]),
            ("[!a-c]x", vec!["dx"], vec!["ax"]),
            ("[]-]x", vec!["]x", "-x"], vec!["ax"]),
            ("**", vec!["a", "a/b"], vec![".secrets/x", ".gitattributes", "a/.gitattributes"]),
            ("**", vec![".secrets-x"], vec![".secrets-policy.toml"]),
        ] {
            hits.iter().for_each(|path| assert!(takes(glob, path), "{glob} {path}"));
            misses.iter().for_each(|path| assert!(!takes(glob, path), "{glob} {path}"));
        }
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for text in [
            "",
            "/a",
            "a/",
            "a//b",
            "!a",
            "{a,b}",
            "a\\b",
            "a**",
            "[a",
            "[b-a]",
            ".secrets/keys/x",
            ".git/config",
            ".GIT/x",
            ".secrets-policy.toml",
            "../a",
            "a\nb",
            ".gitattributes",
        ] {
            assert!(text.parse::<Glob>().is_err(), "{text:?}");
        }
        for text in ["prod", "prod/", "Prod/x", "/x", "prod/#x", "prod/a#", "pr*/x"] {
            assert!(text.parse::<AddressGlob>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn key_patterns_cross_dots_but_take_no_whole_file() {
        let takes =
            |glob: &str, key: &str| glob.parse::<KeyGlob>().unwrap().takes(&key.parse().unwrap());
        assert!(
            takes("HOST", "HOST") && !takes("HOST", "HOSTS") && !takes("database", "database.x")
        );
        assert!(takes("*.port", "a.b.port") && takes("*", "a.b[0]") && takes("hosts", "hosts[3]"));
        assert!(takes("s[0].port", "s[0].port") && !takes("s[0].port", "s[1].port"));
        assert!(!takes("*", "*"));
    }

    #[test]
    fn address_patterns_look_at_the_path_only_with_a_hash() {
        let takes = |glob: &str, address: &str| {
            glob.parse::<AddressGlob>().unwrap().takes(&address.parse().unwrap())
        };
        assert!(takes("prod/STRIPE_*", "prod/secrets/prod.env#STRIPE_KEY"));
        assert!(!takes("prod/STRIPE_*", "dev/secrets/dev.env#STRIPE_KEY"));
        assert!(takes("*/db.*", "dev/a.yaml#db.password"));
        assert!(takes("prod/certs/*.pem#*", "prod/certs/a.pem#*"));
        assert!(!takes("prod/certs/*.pem#*", "prod/certs/old/a.pem#*"));
    }

    #[test]
    fn a_folder_holds_all_that_a_pattern_takes() {
        for (glob, folder) in [
            ("secrets/prod.*", ("secrets", false)),
            ("secrets/prod/**", ("secrets/prod", true)),
            ("apps/*/x.env", ("apps", true)),
            ("**/x.env", ("", true)),
            (".env", ("", false)),
        ] {
            let parsed: Glob = glob.parse().unwrap();
            assert_eq!(parsed.folder(), folder, "{glob}");
        }
    }

    proptest! {
        #[test]
        fn a_path_takes_itself(path in "[a-z.]{1,4}(/[a-z]{1,4}){0,3}") {
            prop_assume!(path.parse::<RepoPath>().is_ok() && path.parse::<Glob>().is_ok());
            prop_assert!(takes(&path, &path));
            prop_assert!(takes("**", &path));
        }

        #[test]
        fn stars_agree_with_the_naive_walk(glob in "[ab*?]{1,8}", text in "[ab]{1,8}") {
            fn naive(glob: &[u8], text: &[u8]) -> bool {
                match (glob.first(), text.first()) {
                    (None, None) => true,
                    (Some(b'*'), _) => {
                        naive(&glob[1..], text) || (!text.is_empty() && naive(glob, &text[1..]))
                    }
                    (Some(g), Some(t)) => (*g == b'?' || g == t) && naive(&glob[1..], &text[1..]),
                    _ => false,
                }
            }
            let steps = steps(&glob, Brackets::Class).unwrap();
            prop_assert_eq!(walk_text(&steps, &text), naive(glob.as_bytes(), text.as_bytes()));
        }
    }
}
