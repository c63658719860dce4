//! New keys of TOML files, and what goes with an old one.

use std::ops::Range;

use super::flat::after_line;
use super::{Insertion, indentation, join};
use crate::document::lines::{line_break, line_start, next_line, start};
use crate::document::toml::{Header, Statement, outline};
use crate::document::value::{ValueError, toml_key};
use crate::document::{Document, Leaf, Node};
use crate::names::{KeyPath, Segment};

pub(super) fn insertions(
    document: &Document<'_>,
    path: &KeyPath,
    keys: &[&str],
    slice: &str,
) -> Result<Vec<Insertion>, ValueError> {
    let text = document.text;
    let (headers, statements) = outline(text)?;
    let segments = path.segments();
    let key = |from: usize| -> String {
        keys[from..].iter().map(|key| toml_key(key).to_string()).collect::<Vec<_>>().join(".")
    };
    let parent = segments.len() - 1;
    let mut proposed = Vec::new();
    // A header of its own table, or none for the root.
    for number in headers_of(&headers, &segments[..parent]) {
        proposed.extend(in_table(text, &headers, &statements, number, &[&key(parent), slice]));
    }
    // Dotted keys beside it.
    if let Some(beside) = statements.iter().rfind(|s| s.path.starts_with(&segments[..parent])) {
        let above = match beside.header {
            0 => 0,
            number => headers[number - 1].path.len(),
        };
        if above <= parent {
            let indent = indentation(text, beside.span.start);
            let line = [indent, &key(above), " = ", slice];
            proposed.extend(after_line(text, beside.span.end, &line));
        }
    }
    proposed.extend(in_inline_table(document, segments, &key(parent), slice));
    if parent > 0 {
        let mut table: Vec<_> = keys[..parent].iter().map(|key| toml_key(key)).collect();
        let table = table.drain(..).map(|key| key.to_string()).collect::<Vec<_>>().join(".");
        let gap = if text.trim_start_matches('\u{feff}').is_empty() { &[][..] } else { &["\n"] };
        let key = key(parent);
        let lines = [gap, &["[", &table, "]", "\n", &key, " = ", slice]].concat();
        proposed.extend(after_line(text, text.len(), &lines));
    }
    Ok(proposed)
}

/// Gives the numbers of the headers of a table, as statements count them; 0 is the root's.
fn headers_of(headers: &[Header], table: &[Segment]) -> Vec<usize> {
    if table.is_empty() {
        return vec![0];
    }
    let same = |(n, header): (usize, &Header)| (header.path == table).then_some(n + 1);
    headers.iter().enumerate().filter_map(same).collect()
}

/// Behind the last statement of the table; else below its header, or at the top of the file.
fn in_table(
    text: &str,
    headers: &[Header],
    statements: &[Statement],
    number: usize,
    pair: &[&str; 2],
) -> Vec<Insertion> {
    let [key, slice] = pair;
    if let Some(last) = statements.iter().rfind(|s| s.header == number) {
        let indent = indentation(text, last.span.start);
        return after_line(text, last.span.end, &[indent, key, " = ", slice]);
    }
    match number.checked_sub(1) {
        Some(n) => after_line(text, headers[n].span.end, &[key, " = ", slice]),
        None => {
            let parts = [key, " = ", slice, line_break(text)];
            vec![Insertion { at: start(text), text: join(&parts) }]
        }
    }
}

/// Behind the last value of an inline table, or inside an empty one.
fn in_inline_table(
    document: &Document<'_>,
    segments: &[Segment],
    key: &str,
    slice: &str,
) -> Option<Insertion> {
    let parent = segments.len() - 1;
    let table = &segments[..parent];
    let inside = |leaf: &&Leaf| {
        let path = leaf.path.segments();
        path.starts_with(table) && path.len() > parent
    };
    if let Some(last) = document.leaves.iter().rfind(inside) {
        return Some(Insertion { at: last.span.end, text: join(&[", ", key, " = ", slice]) });
    }
    let empty = |leaf: &&Leaf| leaf.path.segments() == table && leaf.node == Node::Mapping;
    let at = document.leaves.iter().find(empty)?.span.start + 1;
    Some(Insertion { at, text: join(&[" ", key, " = ", slice, " "]) })
}

/// The lines of the statement or of the empty table's header.
pub(super) fn removals(
    document: &Document<'_>,
    leaf: &Leaf,
) -> Result<Vec<Range<usize>>, ValueError> {
    let (headers, statements) = outline(document.text)?;
    let path = leaf.path.segments();
    let statements = statements.iter().filter(|s| s.path == path).map(|s| &s.span);
    let headers = headers.iter().filter(|h| h.path == path).map(|h| &h.span);
    let lines = |span: &Range<usize>| {
        line_start(document.text, span.start)..next_line(document.text, span.end)
    };
    Ok(statements.chain(headers).map(lines).collect())
}
