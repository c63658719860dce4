//! A regular expression that is compiled when it is first used, since to compile hundreds of them takes longer than
//! a hook may. Its syntax alone tells whether it can be.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::shape::{Shape, is_inside};

/// What a compiled pattern may take, in bytes: a pattern beyond it is not run.
const LARGEST: usize = 4 << 20;
/// What the search of one pattern may remember, in bytes.
const MEMORY: usize = 1 << 18;
/// The estimate up to which a pattern surely stays below [`LARGEST`]; one beyond it is compiled to see.
const SURELY: usize = 1 << 20;
/// How deep the groups of a pattern may nest.
const DEEPEST: u32 = 100;

/// Why a pattern is not run. Holds nothing of it: somebody may have pasted a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternProblem {
    /// No regular expression, or one that takes more than linear time.
    #[error(
        "is no regular expression of those that take linear time \
         (no look-around, no back references)"
    )]
    Grammar,
    /// Compiled, it would take more memory than there is for it.
    #[error("is too large to be run")]
    Large,
    /// It matches at every place of every text.
    #[error("takes an empty text")]
    Empty,
}

/// A regular expression that is compiled when it is first used.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) text: Cow<'static, str>,
    /// Whether the keywords that it is searched round are part of whatever it matches.
    is_near: bool,
    facts: OnceLock<Result<Facts, PatternProblem>>,
    /// The shape of a text that was checked before.
    shape: Option<Shape>,
    compiled: OnceLock<Option<Regex>>,
}

/// What the syntax of a pattern tells.
#[derive(Debug, Clone, Copy)]
struct Facts {
    shape: Shape,
    size: usize,
    takes_all: bool,
    takes_empty: bool,
}

impl Pattern {
    /// Takes a text that was checked before, such as one of ours.
    pub(super) const fn known(text: &'static str, shape: Shape) -> Self {
        Self {
            text: Cow::Borrowed(text),
            is_near: true,
            facts: OnceLock::new(),
            shape: Some(shape),
            compiled: OnceLock::new(),
        }
    }

    /// Takes a text that nobody has looked at yet: where it cannot be run, or matches nothing, it finds nothing.
    pub(super) fn later(text: String) -> Self {
        let (facts, compiled) = (OnceLock::new(), OnceLock::new());
        Self { text: Cow::Owned(text), is_near: true, facts, shape: None, compiled }
    }

    /// Takes a text that can be run.
    pub(super) fn new(text: String) -> Result<Self, PatternProblem> {
        let pattern = Self::later(text);
        if pattern.facts()?.size > SURELY && pattern.get().is_none() {
            return Err(PatternProblem::Large);
        }
        Ok(pattern)
    }

    /// Takes a text that can be run, and matches something.
    pub(super) fn searching(text: String) -> Result<Self, PatternProblem> {
        let pattern = Self::new(text)?;
        if pattern.facts()?.takes_empty { Err(PatternProblem::Empty) } else { Ok(pattern) }
    }

    /// Says round which keywords it is searched.
    pub(super) fn near(mut self, keywords: &[String]) -> Self {
        self.is_near = is_inside(&self.text, keywords);
        self
    }

    /// Gives what is known of whatever it matches; none where it matches nothing, or cannot be run.
    pub(super) fn shape(&self) -> Option<Shape> {
        let read = || self.facts().ok().filter(|facts| !facts.takes_empty).map(|it| it.shape);
        let shape = self.shape.or_else(read)?;
        Some(if self.is_near { shape } else { shape.anywhere() })
    }

    /// Tells whether it matches every text that is not empty.
    pub(super) fn takes_all(&self) -> bool {
        self.facts().is_ok_and(|facts| facts.takes_all)
    }

    /// Tells whether it can be run, and matches something.
    pub(super) fn runs(&self) -> bool {
        let is_small = || self.facts().is_ok_and(|facts| facts.size <= SURELY);
        self.shape().is_some() && (is_small() || self.get().is_some())
    }

    /// Gives what searches; none where it cannot be run.
    pub(super) fn get(&self) -> Option<&Regex> {
        // A pattern that names characters beyond ASCII in a class is no pattern over bytes.
        let compile = || self.build(false).or_else(|| self.build(true));
        self.compiled.get_or_init(compile).as_ref()
    }

    fn facts(&self) -> Result<Facts, PatternProblem> {
        *self.facts.get_or_init(|| {
            let parse = |unicode| {
                let mut parser = regex_syntax::ParserBuilder::new();
                let parser = parser.utf8(false).unicode(unicode).nest_limit(DEEPEST);
                parser.build().parse(&self.text).ok()
            };
            let parsed = parse(false).or_else(|| parse(true)).ok_or(PatternProblem::Grammar)?;
            Ok(Facts {
                shape: Shape::of(&parsed),
                size: size(&parsed),
                takes_all: takes_all(&parsed),
                takes_empty: parsed.properties().minimum_len() == Some(0),
            })
        })
    }

    fn build(&self, unicode: bool) -> Option<Regex> {
        let mut builder = RegexBuilder::new(&self.text);
        builder.unicode(unicode).size_limit(LARGEST).dfa_size_limit(MEMORY).nest_limit(DEEPEST);
        builder.build().ok()
    }
}

/// How large a pattern is when it is compiled, in bytes: rather too much than too little.
fn size(pattern: &Hir) -> usize {
    /// A state of the automaton, and its part of the lists that hold it.
    const STATE: usize = 64;
    /// A range of a class, as one state has it.
    const RANGE: usize = 16;
    /// A range of characters, which take up to four bytes each: so many states.
    const STATES: usize = 24;
    let add = |sum: usize, part: &Hir| sum.saturating_add(size(part)).saturating_add(STATE);
    let all = |parts: &[Hir]| parts.iter().fold(0, add);
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => STATE * literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => STATE + RANGE * class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => STATE * STATES * class.ranges().len().max(1),
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2 * STATE),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => all(parts),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            let once = size(&repetition.sub).saturating_add(2 * STATE);
            once.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
    }
}

/// Tells whether a pattern matches every text that is not empty, be it in part.
fn takes_all(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Alternation(parts) => parts.iter().any(takes_all),
        HirKind::Capture(capture) => takes_all(&capture.sub),
        _ => {
            let about = pattern.properties();
            // Held at both ends, it takes no text that is longer.
            let is_held = about.look_set_prefix().contains(Look::Start)
                && about.look_set_suffix().contains(Look::End)
                && about.maximum_len().is_some();
            about.minimum_len().is_some_and(|least| least <= 1) && is_wide(pattern) && !is_held
        }
    }
}

/// Tells whether a pattern asks for no character in particular.
fn is_wide(pattern: &Hir) -> bool {
    /// Of 256 bytes, and of all characters: all but blanks, or digits, or the like.
    const BYTES: usize = 240;
    const CHARACTERS: u32 = 1_100_000;
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(_) => false,
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().map(|it| it.len()).sum::<usize>() >= BYTES
        }
        HirKind::Class(Class::Unicode(class)) => {
            let length = |range: &regex_syntax::hir::ClassUnicodeRange| {
                u32::from(range.end()) - u32::from(range.start()) + 1
            };
            class.iter().map(length).sum::<u32>() >= CHARACTERS
        }
        HirKind::Repetition(repetition) => repetition.min == 0 || is_wide(&repetition.sub),
        HirKind::Capture(capture) => is_wide(&capture.sub),
        HirKind::Concat(parts) => parts.iter().all(is_wide),
        HirKind::Alternation(parts) => parts.iter().any(is_wide),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str) -> Option<PatternProblem> {
        Pattern::searching(text.to_owned()).err()
    }

    #[test]
    fn what_cannot_be_run_is_told_before() {
        for text in ["(", "(?=x)", r"(a)\1"] {
            assert_eq!(problem(text), Some(PatternProblem::Grammar), "{text}");
        }
        for text in
            ["((a{0,200}){0,200}){0,200}z", r"(?:[\wé]{200}){200}", "((((a{60}){60}){60}){60})"]
        {
            assert_eq!(problem(text), Some(PatternProblem::Large), "{text}");
        }
        for text in ["x*", "", "a|", r"\b", "(?m)^", "(a?)(b*)"] {
            assert_eq!(problem(text), Some(PatternProblem::Empty), "{text}");
        }
        for text in ["x+", "é{3}", "[é-ü]x", r"\bacme_[a-z]{32}\b", "(?i)key.{0,200}x{1000}"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn what_takes_every_text_is_known() {
        let takes_all = |text: &str| Pattern::new(text.to_owned()).unwrap().takes_all();
        for text in [
            ".*",
            ".",
            ".+",
            "",
            "^",
            "$",
            "x*",
            "(?s).",
            r"[\s\S]+",
            r"\S",
            "^.*$",
            "(a|.*)",
            "^.+",
            "[^/]+",
            r"\D",
            "a|b|",
            "(?i)^true|",
            "(?:.)é?",
        ] {
            assert!(takes_all(text), "{text}");
        }
        for text in [
            "a",
            "^$",
            "^.{1,7}$",
            ".{30}",
            "[a-z]",
            "vendor/.*",
            r".*\.md$",
            r"(?i)^true|false|null$",
            "^[^/]+/x",
            r"^\S{4}$",
        ] {
            assert!(!takes_all(text), "{text}");
        }
    }

    /// Patterns that are large in every way there is.
    fn patterns() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("a".to_owned()),
            Just(r"\w".to_owned()),
            Just("[^x]".to_owned()),
            Just(r"[\wé]".to_owned()),
            Just(r"\b".to_owned()),
            "[a-z]{1,20}",
        ];
        leaf.prop_recursive(5, 24, 4, |inner| {
            prop_oneof![
                (inner.clone(), 0_u16..60)
                    .prop_map(|(part, most)| format!("(?:{part}){{0,{most}}}")),
                (inner.clone(), 1_u16..60).prop_map(|(part, times)| format!("({part}){{{times}}}")),
                inner.clone().prop_map(|part| format!("(?:{part})*")),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner, 1..4)
                    .prop_map(|parts| format!("({})", parts.join("|"))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_taken_can_be_compiled(text in patterns()) {
            if let Ok(pattern) = Pattern::new(text) {
                prop_assert!(pattern.get().is_some());
            }
        }
    }
}
