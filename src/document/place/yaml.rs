//! New keys of YAML mappings.

use zeroize::Zeroizing;

use super::{Insertion, indentation, indentation_unit, join};
use crate::document::lines::{line_break, line_start, next_line};
use crate::document::value::yaml_key;
use crate::document::{Document, Leaf, Node};
use crate::names::{KeyPath, Segment};

/// No more proofs than this: each parses the file.
const MOST: usize = 32;

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
        for _ in 0..3 {
            at = next_line(text, at);
            for indent in self.indentations() {
                proposed.push(block(text, at, indent, keys, slice));
            }
        }
        proposed
    }

    /// The indentation of a value that is a direct member, then all that stand before its leaves.
    fn indentations(&self) -> Vec<&'t str> {
        let text = self.document.text;
        let direct = self.leaves().find(|leaf| leaf.path.segments().len() == self.depth + 1);
        let mut found: Vec<_> =
            direct.map(|l| indentation(text, l.span.start)).into_iter().collect();
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
            if !kept.contains(&indent) && kept.len() < 6 {
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
        let names: Vec<_> = keys.iter().map(|key| yaml_key(key)).collect();
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let parts = [&names.join(": {"), ": ", slice, &"}".repeat(keys.len() - 1)];
        Some(Insertion { at: leaf.span.start + 1, text: join(&parts) })
    }
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
