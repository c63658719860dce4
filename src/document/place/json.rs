//! New members of JSON objects, and what goes with an old one.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{Insertion, indentation_unit, join};
use crate::document::lines::line_break;
use crate::document::value::json;
use crate::document::{Document, Leaf, Node};
use crate::names::Segment;

/// Proposes the innermost object on the way that is there; objects that are missing are made.
pub(super) fn insertions(document: &Document<'_>, keys: &[&str], slice: &str) -> Vec<Insertion> {
    let text = document.text;
    let colon = if text.contains("\":") && !text.contains("\": ") { ":" } else { ": " };
    let into = |depth: usize| {
        let member = member(&keys[depth..], colon, slice);
        let above = |leaf: &&Leaf| {
            let path = super::keys(&leaf.path).unwrap_or_default();
            path == keys[..depth] && path.len() == leaf.path.segments().len()
        };
        let empty = |leaf: &&Leaf| above(leaf) && leaf.node == Node::Mapping;
        if let Some(leaf) = document.leaves.iter().find(empty) {
            return Some(Insertion { at: leaf.span.start + 1, text: member });
        }
        let last = document.leaves.iter().rfind(|leaf| is_below(leaf, &keys[..depth]))?;
        let closed = last.path.segments().len() - depth - 1;
        let at = after_containers(text, leaf_end(text, last), closed)?;
        Some(Insertion { at, text: join(&[",", &gap(text, at), &member]) })
    };
    (0..keys.len()).rev().filter_map(into).collect()
}

fn member(keys: &[&str], colon: &str, slice: &str) -> Zeroizing<String> {
    let names: Vec<_> = keys.iter().map(|key| json(key)).collect();
    let mut parts = Vec::new();
    for (n, name) in names.iter().enumerate() {
        parts.extend([if n > 0 { "{" } else { "" }, name.as_str(), colon]);
    }
    parts.push(slice);
    parts.extend(std::iter::repeat_n("}", keys.len() - 1));
    join(&parts)
}

/// Tells whether a leaf lies below an object.
fn is_below(leaf: &Leaf, object: &[&str]) -> bool {
    let path = leaf.path.segments();
    let same = |(segment, key): (&Segment, &&str)| matches!(segment, Segment::Key { name, nth: 1 } if name.as_str() == *key);
    path.len() > object.len() && path.iter().zip(object).all(same)
}

/// The end of a leaf's text; an empty object or list ends with its bracket.
fn leaf_end(text: &str, leaf: &Leaf) -> usize {
    match leaf.node {
        Node::Mapping | Node::List => {
            text[leaf.span.end..].find(['}', ']']).map_or(text.len(), |n| leaf.span.end + n + 1)
        }
        _ => leaf.span.end,
    }
}

/// Skips the ends of as many objects and lists.
fn after_containers(text: &str, mut at: usize, count: usize) -> Option<usize> {
    for _ in 0..count {
        at = skip_space(text, at);
        text[at..].starts_with(['}', ']']).then_some(())?;
        at += 1;
    }
    Some(at)
}

fn skip_space(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|b| b" \t\r\n".contains(b)).count()
}

/// What stands between a comma and the next member: a line break where the object's end has its own line.
fn gap(text: &str, at: usize) -> String {
    let space = &text[at..skip_space(text, at)];
    match space.rsplit_once('\n') {
        Some((_, indent)) => format!("{}{indent}{}", line_break(text), indentation_unit(text)),
        None if text.contains(",\"") => String::new(),
        None => " ".to_owned(),
    }
}

/// The member with the comma behind it; else with the comma before it; else alone.
pub(super) fn removals(text: &str, leaf: &Leaf) -> Vec<Range<usize>> {
    let end = leaf_end(text, leaf);
    let Some(key) = key_start(text, leaf.span.start) else { return Vec::new() };
    let mut proposed = Vec::new();
    let next = skip_space(text, end);
    if text[next..].starts_with(',') {
        proposed.push(key..skip_space(text, next + 1));
    }
    let before = text[..key].trim_end();
    if let Some(before) = before.strip_suffix(',') {
        proposed.push(before.len()..end);
    }
    proposed.push(before.len()..next);
    proposed
}

/// Goes back from a value over the colon to the first quote of its key.
fn key_start(text: &str, value: usize) -> Option<usize> {
    let key = text[..value].trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
    let bytes = key.as_bytes();
    let escaped =
        |at: usize| bytes[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
    (0..bytes.len()).rev().find(|at| bytes[*at] == b'"' && !escaped(*at))
}
