//! A rule: the data that says how one kind of credential looks, and its grammar in TOML.

use std::borrow::Cow;
use std::ops::Range;

use regex::bytes::{Captures, Match, Regex};
use serde::Deserialize;

use super::Level;
use super::checksum::Checksum;
use super::model;
use super::of_tests::Place;
use super::paths::Paths;
use super::pattern::{Pattern, PatternProblem};
use super::shape::Shape;
use crate::policy::GlobError;

/// A rule as its TOML has it. The examples are for tests, and for those who read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleText {
    /// Lower-case words joined by `-`.
    pub id: String,
    /// A noun phrase.
    pub description: String,
    /// Found without regard to case; the pattern is searched round them. ASCII, three bytes or more.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// A regular expression over bytes; the group `secret` is what must be secret.
    pub pattern: String,
    /// The least Shannon entropy of the secret, in bits a byte.
    pub entropy: Option<f32>,
    /// Whether the secret must look random.
    #[serde(default)]
    pub random: bool,
    /// The name of the checksum that the secret ends with.
    pub checksum: Option<String>,
    /// Globs: the rule holds in files whose path one of them takes.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Regular expressions on the secret that make it none.
    #[serde(default)]
    pub except: Vec<String>,
    /// Whether a finding blocks.
    #[serde(default)]
    pub level: Level,
    /// The same in files of tests and examples, where many of its kind stand that open nothing.
    pub level_in_tests: Option<Level>,
    /// Texts that this rule must find, written with a `¦` where scanners would take them for a leak.
    #[serde(default)]
    pub examples: Vec<String>,
    /// Texts in which this rule must find nothing.
    #[serde(default)]
    pub near_misses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Vec<toml::Spanned<RuleText>>,
}

/// Reads the text of a rule file.
///
/// # Errors
/// The first problem, with its line.
pub fn read(text: &str) -> Result<Vec<Rule>, RuleError> {
    let file: File = toml::from_str(text).map_err(|error| RuleError {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        problem: RuleProblem::Grammar,
    })?;
    let rules = file.rules.into_iter().map(|rule| {
        let line = line_of(text, rule.span().start);
        Rule::new(rule.into_inner()).map_err(|problem| RuleError { line, problem })
    });
    rules.collect()
}

pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// What is wrong with a rule file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct RuleError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: RuleProblem,
}

/// What is wrong with a rule. Holds nothing of its text: it may be a secret that somebody pasted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// No TOML, or a field that is missing, not known, or of another type.
    #[error("this is no valid TOML, or a rule's field is missing, not known, or of another type")]
    Grammar,
    /// The id is not in the form that exceptions name it by.
    #[error("a rule's id must be lower-case letters, digits and single `-`, 64 at most")]
    Id,
    /// A keyword too short to be telling, or not lower-case ASCII.
    #[error("a rule's keyword must be three or more ASCII characters, in lower case")]
    Keyword,
    /// Without keyword and path, a rule would be searched in every byte of every file.
    #[error("a rule must have keywords or paths")]
    Everywhere,
    /// Not a regular expression that can be run.
    #[error("a rule's `{field}` {why}")]
    Pattern {
        /// `pattern` or `except`.
        field: &'static str,
        /// Why not.
        why: PatternProblem,
    },
    /// Not the name of a checksum.
    #[error("a rule's checksum is not one of {}", Checksum::NAMES.join(", "))]
    Checksum,
    /// Not a glob.
    #[error("a rule's path is no glob: {0}")]
    Path(#[from] GlobError),
}

/// The shape of a pattern of which nothing is known.
const ANY: Shape = Shape { run: 0, most: usize::MAX };

/// Which part of a match is the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// The group `secret`, or all of it.
    Named,
    /// The group of a number.
    Number(usize),
    /// The first group that took part and is not empty, or all of it.
    First,
}

impl Group {
    /// Gives where it stands; none where it took no part.
    pub(super) fn of(self, captures: &Captures<'_>) -> Option<Range<usize>> {
        let range = |found: Match<'_>| found.range();
        match self {
            Self::Named => captures.name("secret").map(range),
            Self::Number(number) => captures.get(number).map(range),
            Self::First => {
                let groups = captures.iter().skip(1).flatten();
                groups.map(range).find(|range| !range.is_empty())
            }
        }
    }
}

/// How much of a file a rule without keywords is searched in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Head,
    Whole,
}

/// How one kind of credential looks.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) id: Cow<'static, str>,
    pub(super) description: Cow<'static, str>,
    pub(super) keywords: Vec<Cow<'static, str>>,
    /// None where the path alone is what is found.
    pub(super) pattern: Option<Pattern>,
    pub(super) group: Group,
    pub(super) entropy: Option<f32>,
    pub(super) random: bool,
    pub(super) checksum: Option<Checksum>,
    pub(super) paths: Paths,
    pub(super) except: Vec<Pattern>,
    pub(super) reach: Reach,
    pub(super) level: Level,
    pub(super) level_in_tests: Option<Level>,
    /// Whether it holds only where another one of its id cannot be run.
    pub(super) is_second: bool,
}

impl Rule {
    /// Checks a rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: RuleText) -> Result<Self, RuleProblem> {
        let read = |field, text| {
            Pattern::searching(text).map_err(|why| RuleProblem::Pattern { field, why })
        };
        if !is_id(&text.id) {
            return Err(RuleProblem::Id);
        }
        if !text.keywords.iter().all(|word| is_keyword(word)) {
            return Err(RuleProblem::Keyword);
        }
        if text.keywords.is_empty() && text.paths.is_empty() {
            return Err(RuleProblem::Everywhere);
        }
        let checksum = text.checksum.map(|name| name.parse().map_err(|()| RuleProblem::Checksum));
        let pattern = read("pattern", text.pattern)?;
        let pattern = pattern.near(&text.keywords);
        let except = text.except.into_iter().map(|text| read("except", text));
        Ok(Self {
            id: text.id.into(),
            description: text.description.into(),
            keywords: text.keywords.into_iter().map(Cow::Owned).collect(),
            pattern: Some(pattern),
            group: Group::Named,
            entropy: text.entropy,
            random: text.random,
            checksum: checksum.transpose()?,
            paths: Paths::new(&text.paths.into_iter().map(Cow::Owned).collect::<Vec<_>>())?,
            except: except.collect::<Result<_, _>>()?,
            reach: Reach::Head,
            level: text.level,
            level_in_tests: text.level_in_tests,
            is_second: false,
        })
    }

    /// Whether a finding at a place blocks.
    pub(super) fn level_at(&self, place: Place) -> Level {
        match self.level_in_tests {
            Some(level) if place == Place::Tests => level,
            _ => self.level,
        }
    }

    /// Tells whether it can be run.
    pub(super) fn runs(&self) -> bool {
        self.pattern.as_ref().is_none_or(Pattern::runs)
    }

    /// How far from its keywords it is searched at most.
    pub(super) fn reach(&self) -> usize {
        match &self.pattern {
            // What stands before and after a match is looked at too: `\b`.
            Some(pattern) => pattern.shape().map_or(0, |shape| shape.most.saturating_add(4)),
            None => usize::MAX,
        }
    }

    /// Tells whether what the pattern found is what the rule means.
    pub(super) fn means(&self, secret: &[u8]) -> bool {
        let is_excepted = || {
            let takes = |regex: &Regex| regex.is_match(secret);
            self.except.iter().any(|except| except.get().is_some_and(takes))
        };
        self.entropy.is_none_or(|least| model::entropy(secret) >= least)
            && (!self.random || model::is_random(secret))
            && self.checksum.is_none_or(|checksum| checksum.holds(secret))
            && !is_excepted()
    }

    /// Tells whether it is one of ours: the program lends their texts. What others write means what it says.
    pub(super) const fn is_ours(&self) -> bool {
        matches!(self.id, Cow::Borrowed(_))
    }

    /// Lends the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Lends the description.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }
}

fn is_id(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 64 && text.split('-').all(word)
}

pub(super) fn is_keyword(text: &str) -> bool {
    text.len() >= 3 && text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase())
}

/// One of our own rules, as the build has checked it: see `build.rs`.
pub(super) struct Known {
    pub(super) id: &'static str,
    pub(super) description: &'static str,
    pub(super) keywords: &'static [&'static str],
    pub(super) pattern: &'static str,
    pub(super) shape: Shape,
    pub(super) entropy: Option<f32>,
    pub(super) random: bool,
    pub(super) checksum: Option<&'static str>,
    pub(super) paths: &'static [&'static str],
    pub(super) except: &'static [&'static str],
    pub(super) level: Level,
    pub(super) level_in_tests: Option<Level>,
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Gives our own rules.
pub(super) fn ours() -> Vec<Rule> {
    OURS.iter().map(Known::rule).collect()
}

impl Known {
    fn rule(&self) -> Rule {
        let paths: Vec<_> = self.paths.iter().map(|path| Cow::Borrowed(*path)).collect();
        Rule {
            id: self.id.into(),
            description: self.description.into(),
            keywords: self.keywords.iter().map(|word| Cow::Borrowed(*word)).collect(),
            pattern: Some(Pattern::known(self.pattern, self.shape)),
            group: Group::Named,
            entropy: self.entropy,
            random: self.random,
            checksum: self.checksum.and_then(|name| name.parse().ok()),
            // A test reads all our rules by the door of others, which refuses what is no glob.
            paths: Paths::new(&paths).unwrap_or_default(),
            except: self.except.iter().map(|text| Pattern::known(text, ANY)).collect(),
            reach: Reach::Head,
            level: self.level,
            level_in_tests: self.level_in_tests,
            is_second: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut RuleText)) -> RuleProblem {
        let mut text = RuleText {
            id: "acme-key".to_owned(),
            description: "Acme key".to_owned(),
            keywords: vec!["acme".to_owned()],
            pattern: "acme_[0-9]+".to_owned(),
            ..RuleText::default()
        };
        assert!(Rule::new(text.clone()).is_ok());
        change(&mut text);
        Rule::new(text).unwrap_err()
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_told() {
        assert_eq!(refused(|rule| rule.id = "Acme".to_owned()), RuleProblem::Id);
        assert_eq!(refused(|rule| rule.keywords = vec!["ab".to_owned()]), RuleProblem::Keyword);
        assert_eq!(refused(|rule| rule.keywords = Vec::new()), RuleProblem::Everywhere);
        let (field, why) = ("pattern", PatternProblem::Grammar);
        let pattern = refused(|rule| rule.pattern = "(?=x)".to_owned());
        assert_eq!(pattern, RuleProblem::Pattern { field, why });
        let pattern = refused(|rule| rule.pattern = "[a-z]*".to_owned());
        assert_eq!(pattern, RuleProblem::Pattern { field, why: PatternProblem::Empty });
        let except = refused(|rule| rule.except = vec!["(".to_owned()]);
        assert_eq!(except, RuleProblem::Pattern { field: "except", why });
        assert_eq!(refused(|rule| rule.checksum = Some("x".to_owned())), RuleProblem::Checksum);
        let path = refused(|rule| rule.paths = vec!["/x".to_owned()]);
        assert!(matches!(path, RuleProblem::Path(_)));
    }

    #[test]
    fn a_file_of_rules_is_read_strictly() {
        let good =
            "[[rules]]\nid = \"a\"\ndescription = \"A\"\nkeywords = [\"abc\"]\npattern = \"abc\"\n";
        assert_eq!(read(good).unwrap().len(), 1);
        let unknown = read(&format!("{good}regex = \"x\"\n")).unwrap_err();
        assert_eq!((unknown.problem, unknown.line), (RuleProblem::Grammar, 6));
        let second = read(&format!("{good}\n{}", good.replace("abc", "ab"))).unwrap_err();
        assert_eq!((second.problem, second.line), (RuleProblem::Keyword, 7));
    }
}
