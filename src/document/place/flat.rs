//! New keys of dotenv, INI and Java properties files.

use super::{Insertion, indentation, join};
use crate::document::dotenv::is_key;
use crate::document::lines::{line_break, next_line, start};
use crate::document::value::properties_key;
use crate::document::{Document, Leaf};

/// Proposes the file's own line break first; `\n` where that would change the last line's meaning.
pub(super) fn after_line(text: &str, at: usize, body: &[&str]) -> Vec<Insertion> {
    let at = next_line(text, at);
    let with = |line_break: &str| {
        let open = at == text.len() && at > start(text) && !text.ends_with('\n');
        let mut parts = vec![if open { line_break } else { "" }];
        for (n, line) in body.split(|part| *part == "\n").enumerate() {
            if n > 0 {
                parts.push(line_break);
            }
            parts.extend(line);
        }
        parts.push(line_break);
        Insertion { at, text: join(&parts) }
    };
    vec![with(line_break(text)), with("\n")]
}

pub(super) fn dotenv(document: &Document<'_>, keys: &[&str], slice: &str) -> Vec<Insertion> {
    match keys {
        [key] if is_key(key) => after_line(document.text, document.text.len(), &[key, "=", slice]),
        _ => Vec::new(),
    }
}

pub(super) fn properties(document: &Document<'_>, keys: &[&str], slice: &str) -> Vec<Insertion> {
    let [key] = keys else { return Vec::new() };
    let sign = match document.leaves.last() {
        Some(leaf) if document.text[..leaf.span.start].ends_with("= ") => " = ",
        _ => "=",
    };
    let (text, key) = (document.text, properties_key(key));
    let mut proposed = after_line(text, text.len(), &[&key, sign, slice]);
    // A blank line ends a last line that is carried on.
    proposed.extend(after_line(text, text.len(), &["\n", &key, sign, slice]));
    proposed
}

pub(super) fn ini(document: &Document<'_>, keys: &[&str], slice: &str) -> Vec<Insertion> {
    let text = document.text;
    let (section, key) = match keys {
        [key] => (None, *key),
        [section, key] => (Some(*section), *key),
        _ => return Vec::new(),
    };
    let last = document.leaves.iter().rfind(|leaf| is_in(leaf, section));
    let sign = sign(text, last.or(document.leaves.last()));
    let Some(last) = last else {
        return missing(document, section, &[key, sign, slice]);
    };
    let indent = if last.span.is_empty() { "" } else { indentation(text, last.span.start) };
    after_line(text, last.span.end, &[indent, key, sign, slice])
}

/// Tells whether a leaf is a key of the section, or the section itself while it is empty.
fn is_in(leaf: &Leaf, section: Option<&str>) -> bool {
    let segments = leaf.path.segments();
    match (super::keys(&leaf.path).as_deref(), section) {
        (Some([first, _]), Some(section)) => *first == section,
        (Some([only]), Some(section)) => {
            *only == section && leaf.node == crate::document::Node::Mapping
        }
        (_, None) => segments.len() == 1 && leaf.node != crate::document::Node::Mapping,
        _ => false,
    }
}

/// The first key outside of sections goes to the top, a new section to the end.
fn missing(document: &Document<'_>, section: Option<&str>, line: &[&str]) -> Vec<Insertion> {
    let text = document.text;
    let Some(section) = section else {
        let mut parts = line.to_vec();
        parts.push(line_break(text));
        return vec![Insertion { at: start(text), text: join(&parts) }];
    };
    let gap = if text.trim_start_matches('\u{feff}').is_empty() { &[][..] } else { &["\n"] };
    let header = ["[", section, "]", "\n"];
    after_line(text, text.len(), &[gap, &header, line].concat())
}

/// The sign of a key nearby, with its blanks unless they only align a column.
fn sign<'t>(text: &'t str, leaf: Option<&Leaf>) -> &'t str {
    let Some(leaf) = leaf else { return " = " };
    let before = &text[..leaf.span.start];
    let Some(rest) = before.trim_end_matches(' ').strip_suffix('=') else { return " = " };
    if rest.ends_with(' ') { " = " } else { &before[rest.len()..before.len().min(rest.len() + 2)] }
}
