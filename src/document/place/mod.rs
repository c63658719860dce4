//! Where a new key goes, and what goes with a key that is taken away.
//!
//! Each format proposes edits, the likeliest first. An edit counts only once it has been proved: the text
//! with it is parsed again, and nothing but the one leaf may have changed.

mod flat;
mod json;
mod toml;
mod yaml;

use std::ops::Range;

use zeroize::Zeroizing;

use super::lines::{line_start, next_line};
use super::value::ValueError;
use super::{Document, Format, Leaf, Node};
use crate::names::{KeyPath, Segment};

/// A text to be put into a document.
#[derive(Debug)]
pub struct Insertion {
    /// The byte before which it goes.
    pub at: usize,
    /// The key with the slice, and the line breaks, indentation or commas around them.
    pub text: Zeroizing<String>,
}

/// Finds where a key that is not in the file goes, at the end of its section or mapping; missing
/// sections and mappings are made.
///
/// The slice is as [`super::value::encode`] gives it, or a token's.
///
/// # Errors
/// [`ValueError::Occupied`] when there is such a key, [`ValueError::ByHand`] for a place inside a list and
/// wherever no edit leaves everything else as it is.
pub fn insert(
    document: &Document<'_>,
    path: &KeyPath,
    slice: &str,
) -> Result<Insertion, ValueError> {
    if document.leaf(path).is_some() {
        return Err(ValueError::Occupied);
    }
    let keys = keys(path).ok_or(ValueError::ByHand { why: "the place lies inside a list" })?;
    let proposed = match document.format {
        Format::Yaml => yaml::insertions(document, path, &keys, slice),
        Format::Json => json::insertions(document, &keys, slice),
        Format::Toml => toml::insertions(document, path, &keys, slice)?,
        Format::Dotenv => flat::dotenv(document, &keys, slice),
        Format::Ini => flat::ini(document, &keys, slice),
        Format::Properties => flat::properties(document, &keys, slice),
    };
    let added = |edit: &Insertion| {
        let text = spliced(document.text, edit.at..edit.at, &edit.text);
        Document::parse(document.format, &text)
            .is_ok_and(|after| only_adds(document, &after, path, slice))
    };
    proposed
        .into_iter()
        .find(added)
        .ok_or(ValueError::ByHand { why: "the key cannot be added there with all else unchanged" })
}

/// Finds the bytes to take away so that a key is gone: whole lines with their comments, or a member with
/// its comma.
///
/// # Errors
/// [`ValueError::ByHand`] for a place inside a list and wherever no edit leaves everything else as it is,
/// such as for the first of several equal keys.
pub fn remove(document: &Document<'_>, leaf: &Leaf) -> Result<Range<usize>, ValueError> {
    if keys(&leaf.path).is_none() {
        return Err(ValueError::ByHand { why: "the place lies inside a list" });
    }
    let proposed = match document.format {
        Format::Json => json::removals(document.text, leaf),
        Format::Toml => {
            [toml::removals(document, leaf)?, flow_member(document.text, leaf)].concat()
        }
        Format::Yaml => yaml::removals(document.text, leaf),
        Format::Dotenv | Format::Ini | Format::Properties => lines_of(document.text, &leaf.span),
    };
    let removed = |range: &Range<usize>| {
        let text = spliced(document.text, range.clone(), "");
        Document::parse(document.format, &text)
            .is_ok_and(|after| only_removes(document, &after, leaf, range))
    };
    proposed
        .into_iter()
        .find(removed)
        .ok_or(ValueError::ByHand { why: "the key cannot be taken away with all else unchanged" })
}

/// Gives the keys of a path that has a key and no list position.
fn keys(path: &KeyPath) -> Option<Vec<&str>> {
    let name = |segment: &'_ Segment| matches!(segment, Segment::Key { .. });
    let segments = path.segments();
    if segments.is_empty() || !segments.iter().all(name) {
        return None;
    }
    let names = segments.iter().filter_map(|segment| match segment {
        Segment::Key { name, .. } => Some(name.as_str()),
        Segment::Index(_) | Segment::AnyIndex => None,
    });
    Some(names.collect())
}

/// Proposes the whole lines of a span, then up to three more above: its key may stand there.
fn lines_of(text: &str, span: &Range<usize>) -> Vec<Range<usize>> {
    let end = next_line(text, span.end);
    let start = line_start(text, span.start);
    let above = |start: &usize| Some(line_start(text, start.saturating_sub(1)));
    std::iter::successors(Some(start), above).take(4).map(|start| start..end).collect()
}

/// Proposes a member of an inline table or flow mapping: with the comma behind it, before it, or alone.
fn flow_member(text: &str, leaf: &Leaf) -> Vec<Range<usize>> {
    let Range { start, end } = leaf.span;
    let Some(open) = text[..start].rfind(['{', ',']) else { return Vec::new() };
    let next = end + text[end..].len() - text[end..].trim_start().len();
    if text[next..].starts_with(',') {
        return vec![open + 1..next + 1, open..end];
    }
    vec![open..end, open + 1..next]
}

fn spliced(text: &str, range: Range<usize>, new: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + new.len()));
    for part in [&text[..range.start], new, &text[range.end..]] {
        out.push_str(part);
    }
    out
}

fn only_adds(before: &Document<'_>, after: &Document<'_>, path: &KeyPath, slice: &str) -> bool {
    let comments = |document: &Document<'_>| -> Vec<String> {
        document.comments.iter().map(|span| document.text[span.clone()].to_owned()).collect()
    };
    after.leaf(path).is_some_and(|leaf| after.slice(leaf) == slice)
        && same_leaves(before, after, path)
        && comments(before) == comments(after)
}

fn only_removes(
    before: &Document<'_>,
    after: &Document<'_>,
    leaf: &Leaf,
    range: &Range<usize>,
) -> bool {
    let outside = |span: &&Range<usize>| span.end <= range.start || span.start >= range.end;
    let kept = before.comments.iter().filter(outside).map(|span| &before.text[span.clone()]);
    after.leaf(&leaf.path).is_none()
        && same_leaves(before, after, &leaf.path)
        && kept.eq(after.comments.iter().map(|span| &after.text[span.clone()]))
}

/// Compares all leaves but that at the path, and the empty mappings on the way to it.
fn same_leaves(before: &Document<'_>, after: &Document<'_>, path: &KeyPath) -> bool {
    let other = |leaf: &&Leaf| leaf.path != *path && !is_placeholder(leaf, path);
    let ours = before.leaves.iter().filter(other);
    let theirs = after.leaves.iter().filter(other);
    let same = |a: &Leaf, b: &Leaf| {
        (&a.path, a.node, &a.tag, &a.anchor, &a.note)
            == (&b.path, b.node, &b.tag, &b.anchor, &b.note)
            && before.slice(a) == after.slice(b)
    };
    ours.clone().count() == theirs.clone().count() && ours.zip(theirs).all(|(a, b)| same(a, b))
}

/// Tells whether a leaf only says that a mapping above the path holds nothing.
fn is_placeholder(leaf: &Leaf, path: &KeyPath) -> bool {
    let (above, below) = (leaf.path.segments(), path.segments());
    matches!(leaf.node, Node::Mapping | Node::Empty)
        && leaf.tag.is_empty()
        && leaf.anchor.is_empty()
        && above.len() < below.len()
        && above.iter().zip(below).all(|(a, b)| same_name(a, b))
}

fn same_name(a: &Segment, b: &Segment) -> bool {
    match (a, b) {
        (Segment::Key { name: a, .. }, Segment::Key { name: b, .. }) => a == b,
        _ => a == b,
    }
}

/// Joins parts, so that a slice is copied once, into a text that is wiped.
fn join(parts: &[&str]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        out.push_str(part);
    }
    out
}

/// The blanks that the line of a byte begins with.
fn indentation(text: &str, at: usize) -> &str {
    let start = line_start(text, at);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The first indentation in the text, as its unit.
fn indentation_unit(text: &str) -> &str {
    let indented =
        text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    let Some(line) = indented else { return "  " };
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

#[cfg(test)]
mod tests;
