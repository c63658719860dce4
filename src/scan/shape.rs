//! What must stand in a text for a pattern to match it at all: a quick look that spares most searches, and
//! the making of most patterns. `build.rs` uses it too.

use regex_syntax::hir::{Class, Hir, HirKind};

/// What is known of whatever a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The bytes of tokens that stand in a row in it, at least.
    pub(crate) run: usize,
    /// Its bytes, at most.
    pub(crate) most: usize,
}

impl Shape {
    /// Looks at a parsed pattern.
    pub(crate) fn of(hir: &Hir) -> Self {
        Self { run: least_run(hir), most: hir.properties().maximum_len().unwrap_or(usize::MAX) }
    }

    /// The same where what it matches may stand anywhere near a keyword.
    pub(crate) fn anywhere(self) -> Self {
        Self { most: usize::MAX, ..self }
    }
}

/// Tells whether keywords are part of a pattern, and so of whatever it matches.
pub(crate) fn is_inside(pattern: &str, keywords: &[impl AsRef<str>]) -> bool {
    let plain = pattern.replace('\\', "").to_ascii_lowercase();
    keywords.iter().all(|word| plain.contains(word.as_ref()))
}

/// Tells whether a byte is of those that tokens are made of.
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~' | b'%')
}

/// Counts how many bytes of tokens must stand in a row in whatever a pattern matches.
fn least_run(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let times = usize::try_from(repetition.min).unwrap_or(usize::MAX);
            match length(&repetition.sub) {
                Some(length) => times.saturating_mul(length),
                None if times > 0 => least_run(&repetition.sub),
                None => 0,
            }
        }
        HirKind::Capture(capture) => least_run(&capture.sub),
        HirKind::Concat(parts) => in_a_row(parts),
        HirKind::Alternation(parts) => parts.iter().map(least_run).min().unwrap_or(0),
        _ => length(hir).unwrap_or(0),
    }
}

/// The longest run of a concatenation: neighbours that are of tokens alone count together.
fn in_a_row(parts: &[Hir]) -> usize {
    let (mut best, mut run) = (0, 0);
    for part in parts {
        match length(part) {
            Some(length) => run += length,
            None => run = 0,
        }
        best = best.max(run).max(least_run(part));
    }
    best
}

/// The least length of what a pattern matches, if all of it is of tokens.
fn length(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => {
            literal.0.iter().all(|b| is_token(*b)).then_some(literal.0.len())
        }
        HirKind::Class(class) => of_tokens(class).then_some(1),
        HirKind::Repetition(repetition) => {
            let times = usize::try_from(repetition.min).ok()?;
            length(&repetition.sub)?.checked_mul(times)
        }
        HirKind::Capture(capture) => length(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(length).sum(),
        HirKind::Alternation(parts) => {
            let lengths: Option<Vec<usize>> = parts.iter().map(length).collect();
            lengths?.into_iter().min()
        }
    }
}

fn of_tokens(class: &Class) -> bool {
    match class {
        Class::Bytes(class) => {
            class.iter().all(|range| (range.start()..=range.end()).all(is_token))
        }
        Class::Unicode(class) => class.iter().all(|range| {
            range.end().is_ascii() && (range.start()..=range.end()).all(|c| is_token(c as u8))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pattern: &str) -> usize {
        let mut parser = regex_syntax::ParserBuilder::new();
        least_run(&parser.utf8(false).unicode(false).build().parse(pattern).unwrap())
    }

    #[test]
    fn the_run_that_a_pattern_asks_for() {
        assert_eq!(run(r"\b(?P<secret>ghp_[A-Za-z0-9]{36})\b"), 40);
        assert_eq!(run(r"(?i:lob)[^\n]{0,50}?(live|test)_[0-9a-f]{35}"), 40);
        assert_eq!(run(r"key\s*=\s*[a-z]{8,}"), 8);
        assert_eq!(run(r"[^ ]{10}|abc"), 0);
        assert_eq!(run(r"abc|abcd"), 3);
        assert_eq!(run(r"(ab){3}x?"), 6);
        assert_eq!(run(r"a*"), 0);
    }
}
