//! New keys of YAML mappings.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{Insertion, indentation, indentation_unit, join, lines_of};
use crate::document::lines::{line_break, line_start, next_line};
use crate::document::value::yaml_key;
use crate::document::{Document, Leaf, Node};
use crate::names::{KeyPath, Segment};

/// No more proofs than this: each parses the file.
const MOST: usize = 40;

/// No more indentations than this are tried on a line.
const INDENTS: usize = 6;

/// Proposes lines behind the innermost mapping on the way that is there, in the indentations around it;
/// mappings that are missing are made.
pub(super) fn insertions(
    document: &Document<'_>,
    path: &KeyPath,
    keys: &[&str],
    slice: &str,
) -> Vec<Insertion> {
    let mut proposed = Vec::new();
    for depth in (0..keys.len()).rev() {
        let above = Above { document, path, depth };
        match above.leaves().last() {
            Some(last) => proposed.extend(above.lines(last, &keys[depth..], slice)),
            None => proposed.extend(above.empty(&keys[depth..], slice)),
        }
    }
    if document.leaves.iter().all(|leaf| leaf.span.is_empty()) {
        proposed.push(end_of_file(document.text, keys, slice));
    }
    proposed.truncate(MOST);
    proposed
}

/// A mapping above the new key.
struct Above<'d, 't> {
    document: &'d Document<'t>,
    path: &'d KeyPath,
    depth: usize,
}

impl<'d, 't> Above<'d, 't> {
    fn segments(&self) -> &'d [Segment] {
        &self.path.segments()[..self.depth]
    }

    fn same_document(&self, leaf: &Leaf) -> bool {
        match (&leaf.path, self.path) {
            (KeyPath::Place { document: a, .. }, KeyPath::Place { document: b, .. }) => a == b,
            _ => false,
        }
    }

    /// The leaves below it.
    fn leaves(&self) -> impl DoubleEndedIterator<Item = &'d Leaf> {
        self.document.leaves.iter().filter(|leaf| {
            let path = leaf.path.segments();
            path.len() > self.depth && path.starts_with(self.segments()) && self.same_document(leaf)
        })
    }

    /// Behind the line of the last leaf, or soon after, where a flow collection ends later.
    fn lines(&self, last: &Leaf, keys: &[&str], slice: &str) -> Vec<Insertion> {
        let text = self.document.text;
        let mut proposed = Vec::new();
        let mut at = last.span.end;
        let flow = Insertion { at, text: join(&[", ", &flow_member(keys, slice)]) };
        for _ in 0..3 {
            at = next_line(text, at);
            for indent in self.indentations() {
                proposed.push(block(text, at, indent, keys, slice));
            }
        }
        proposed.insert(INDENTS.min(proposed.len()), flow);
        proposed
    }

    /// None for the root, the indentation of a value that is a direct member, then all that stand before its leaves.
    fn indentations(&self) -> Vec<&'t str> {
        let text = self.document.text;
        let direct = self.leaves().find(|leaf| leaf.path.segments().len() == self.depth + 1);
        let mut found: Vec<_> = if self.depth == 0 { vec![""] } else { Vec::new() };
        found.extend(direct.map(|l| indentation(text, l.span.start)));
        let mut all: Vec<_> = self.leaves().map(|l| indentation(text, l.span.start)).collect();
        // A mapping's key may have the line above its first leaf to itself.
        if let Some(first) = self.leaves().next() {
            let line = line_start(text, first.span.start);
            all.push(indentation(text, line.saturating_sub(1)));
        }
        all.sort_by_key(|indent| indent.len());
        found.extend(all);
        let mut kept: Vec<&str> = Vec::new();
        for indent in found {
            if !kept.contains(&indent) && kept.len() < INDENTS {
                kept.push(indent);
            }
        }
        kept
    }

    /// Inside `{}`.
    fn empty(&self, keys: &[&str], slice: &str) -> Option<Insertion> {
        let empty = |leaf: &&Leaf| {
            leaf.node == Node::Mapping
                && leaf.path.segments() == self.segments()
                && self.same_document(leaf)
        };
        let leaf = self.document.leaves.iter().find(empty)?;
        Some(Insertion { at: leaf.span.start + 1, text: flow_member(keys, slice) })
    }
}

/// A member of a flow mapping, with the mappings it needs.
fn flow_member(keys: &[&str], slice: &str) -> Zeroizing<String> {
    let names: Vec<_> = keys.iter().map(|key| yaml_key(key)).collect();
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    join(&[&names.join(": {"), ": ", slice, &"}".repeat(keys.len() - 1)])
}

/// The lines of a key and of the mappings it needs.
fn block(text: &str, at: usize, indent: &str, keys: &[&str], slice: &str) -> Insertion {
    let line_break = line_break(text);
    let unit = indentation_unit(text);
    let names: Vec<Zeroizing<String>> = keys.iter().map(|key| yaml_key(key)).collect();
    let open = at == text.len() && !text.is_empty() && !text.ends_with('\n');
    let mut parts = vec![if open { line_break } else { "" }];
    for (n, name) in names.iter().enumerate() {
        if n > 0 {
            parts.extend([":", line_break]);
        }
        parts.push(indent);
        parts.extend(std::iter::repeat_n(unit, n));
        parts.push(name);
    }
    parts.extend([": ", slice, line_break]);
    Insertion { at, text: join(&parts) }
}

fn end_of_file(text: &str, keys: &[&str], slice: &str) -> Insertion {
    block(text, text.len(), "", keys, slice)
}

/// The lines of a key; first, where a flow mapping may be on the line, only its member.
pub(super) fn removals(text: &str, leaf: &Leaf) -> Vec<Range<usize>> {
    let (flow, lines) = (super::flow_member(text, leaf), lines_of(text, &leaf.span));
    let on_the_line = |range: &Range<usize>| !text[range.start..leaf.span.start].contains('\n');
    if flow.iter().all(on_the_line) { [flow, lines].concat() } else { [lines, flow].concat() }
}
