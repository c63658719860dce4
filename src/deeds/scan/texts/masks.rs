//! What is shown of a text of others: no value, though files, keys and reasons may be called like one.

use std::ops::Range;

use super::{Judge, Values};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding};
use crate::names::{Address, KeyPath};
use crate::policy::{Glob, Policy};
use crate::scan::{Allow, Text, excerpt};

/// What stands in the place of a value.
pub(in crate::deeds) const HIDDEN: char = '…';

impl Judge<'_> {
    /// A path as it may be shown.
    pub(super) fn shown(&self, path: &[u8]) -> String {
        self.masked(path)
    }

    /// A text of ours without the values that stand in it: what names a file or a key may hold one.
    pub(in crate::deeds::scan) fn without_values(&self, text: &str) -> String {
        self.values.as_ref().map_or_else(|| text.to_owned(), |values| without(values, text))
    }

    /// A text without the values and credentials that stand in it, each cut to the end of its word: what stands
    /// on there may be more of it.
    pub(super) fn masked(&self, text: &[u8]) -> String {
        let hits = self.scanner.scan(&Text { path: b"", bytes: text });
        let hits = hits.into_iter().filter(|hit| hit.passed.is_none());
        let hits = hits.map(|hit| (excerpt(text, hit.span.clone()), hit.span));
        let managed = self.managed(text).into_iter();
        let managed = managed.map(|found| (HIDDEN.to_string(), found.span));
        // Of two that begin together, the one that shows nothing.
        let mut all: Vec<(String, Range<usize>)> = managed.chain(hits).collect();
        all.sort_by_key(|(_, span)| span.start);
        cut(text, &all)
    }

    /// An address as it may be shown.
    pub(super) fn address(&self, address: &Address) -> Address {
        let (path, key) = (address.path.as_str(), address.key.to_string());
        let is_shown = |text: &str| self.managed(text.as_bytes()).is_empty();
        if is_shown(path) && is_shown(&key) {
            return address.clone();
        }
        let path = self.masked(path.as_bytes()).parse().ok();
        let path = path.or_else(|| HIDDEN.to_string().parse().ok());
        let key = self.masked(key.as_bytes()).parse().unwrap_or(KeyPath::Whole);
        Address {
            env: address.env.clone(),
            path: path.unwrap_or_else(|| address.path.clone()),
            key,
        }
    }

    /// An exception as it may be shown.
    pub(in crate::deeds::scan) fn exception(&self, allow: &Allow) -> Allow {
        let path = self.masked(allow.path.as_str().as_bytes());
        let path = if path == allow.path.as_str() { None } else { Glob::exactly(&path).ok() };
        Allow {
            path: path.unwrap_or_else(|| allow.path.clone()),
            reason: self.masked(allow.reason.as_bytes()),
            ..allow.clone()
        }
    }
}

/// Takes out of findings the values that a repository manages, as far as keys at hand open them: a file or a key that
/// nobody signed may be called like one.
pub(in crate::deeds) fn mask<'f>(
    place: &Place<'_>,
    policy: &Policy,
    findings: impl IntoIterator<Item = &'f mut Finding>,
) -> Result<(), DeedError> {
    let is_unsigned = |it: &&mut Finding| it.is_in_clear() || it.code == Code::Unattested;
    let mut unsigned = findings.into_iter().filter(is_unsigned);
    let Some(first) = unsigned.next() else { return Ok(()) };
    let values = Values::of(place, policy)?;
    first.mask(&|text| without(&values, text));
    unsigned.for_each(|finding| finding.mask(&|text| without(&values, text)));
    Ok(())
}

fn without(values: &Values, text: &str) -> String {
    let found = values.managed.find(text.as_bytes()).into_iter();
    let found: Vec<_> = found.map(|found| (HIDDEN.to_string(), found.span)).collect();
    cut(text.as_bytes(), &found)
}

/// Puts something else in the place of some parts of a text, which come in their order.
fn cut(text: &[u8], parts: &[(String, Range<usize>)]) -> String {
    let (mut cut, mut at) = (String::new(), 0);
    for (instead, span) in parts {
        if span.start >= at {
            cut.push_str(&String::from_utf8_lossy(&text[at..span.start]));
            cut.push_str(instead);
        }
        at = at.max(end_of_word(text, span.end));
    }
    cut.push_str(&String::from_utf8_lossy(&text[at..]));
    cut
}

/// Where a word ends that goes on at a place; the extension of a file is none of it.
fn end_of_word(text: &[u8], from: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/\\:;,\"'`()[]{}<>#!&|".contains(byte);
    let rest = text.get(from..).unwrap_or_default();
    let word = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let dot = word.iter().rposition(|byte| *byte == b'.');
    let is_extension = |dot: &usize| {
        word.len() - dot <= 6 && word[dot + 1..].iter().all(u8::is_ascii_alphanumeric)
    };
    from + dot.filter(is_extension).unwrap_or(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_cut_to_its_end_and_its_extension_stays() {
        let shown = |text: &str, secret: &str| {
            let at = text.find(secret).unwrap();
            cut(text.as_bytes(), &[("ghp_…".to_owned(), at..at + secret.len())])
        };
        assert_eq!(shown("conf/ghp_abc.txt", "ghp_abc"), "conf/ghp_….txt");
        assert_eq!(shown("conf/ghp_abcdef/g", "ghp_abc"), "conf/ghp_…/g");
        assert_eq!(shown("n-ghp_abc.more-of-it", "ghp_abc"), "n-ghp_…");
        assert_eq!(shown("it is ghp_abc, of old", "ghp_abc"), "it is ghp_…, of old");
        let nested = [("…".to_owned(), 0..4), ("x_…".to_owned(), 1..9)];
        assert_eq!(cut(b"abcdefghi j", &nested), "… j");
    }
}
