//! Puts an item of another version of a file into this one, or takes one out, without opening a token.
//!
//! Edits are proposed, the smallest first, and each is proved: the text with it is parsed again, the item
//! must be the one that was meant, and all others must be as they were.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lines::{line_start, next_line};
use super::{Document, Item, Node, items, place};
use crate::names::{KeyPath, Sha256};

/// Gives the text with an item as another version of the file has it; none where no edit leaves all
/// others as they are.
#[must_use]
pub fn graft(onto: &Document<'_>, from: &Document<'_>, key: &KeyPath) -> Option<String> {
    let (here, there) = (items(onto), items(from));
    let theirs = there.get(key)?;
    let proposed = match here.get(key) {
        Some(ours) => replacements(onto, ours, from, theirs),
        None => insertions(onto, &here, from, (key, theirs)),
    };
    proposed.into_iter().find(|text| proved(onto, &here, text, (key, Some(theirs.hash))))
}

/// Gives the text without an item; none where no edit leaves all others as they are.
#[must_use]
pub fn prune(onto: &Document<'_>, key: &KeyPath) -> Option<String> {
    let here = items(onto);
    let ours = here.get(key)?;
    let mut proposed = Vec::new();
    if let Some(leaf) = only_leaf(onto, ours)
        && let Ok(range) = place::remove(onto, leaf)
    {
        proposed.push(range);
    }
    // The key of a list stands above its first line.
    let lines = lines_of(onto.text, &region(onto, ours));
    let above = |start: &usize| Some(line_start(onto.text, start.saturating_sub(1)));
    let starts = std::iter::successors(Some(lines.start), above).take(3);
    proposed.extend(starts.map(|start| start..lines.end));
    let mut texts = proposed.into_iter().map(|range| replaced(onto.text, &range, ""));
    texts.find(|text| proved(onto, &here, text, (key, None)))
}

fn only_leaf<'d>(document: &'d Document<'_>, item: &Item) -> Option<&'d super::Leaf> {
    match item.leaves.as_slice() {
        [only] => document.leaves.get(*only),
        _ => None,
    }
}

/// The bytes from an item's first value to its last.
pub(super) fn region(document: &Document<'_>, item: &Item) -> Range<usize> {
    let spans = || item.leaves.iter().map(|at| &document.leaves[*at].span);
    let start = spans().map(|span| span.start).min().unwrap_or_default();
    start..spans().map(|span| span.end).max().unwrap_or(start)
}

/// The whole lines of a region.
pub(super) fn lines_of(text: &str, region: &Range<usize>) -> Range<usize> {
    line_start(text, region.start)..next_line(text, region.end)
}

fn replaced(text: &str, range: &Range<usize>, new: &str) -> String {
    [&text[..range.start], new, &text[range.end..]].concat()
}

/// The values alone; the values with what stands between them; the whole lines, with tags and anchors.
fn replacements(
    onto: &Document<'_>,
    ours: &Item,
    from: &Document<'_>,
    theirs: &Item,
) -> Vec<String> {
    let (here, there) = (region(onto, ours), region(from, theirs));
    let lines = (lines_of(onto.text, &here), lines_of(from.text, &there));
    let pairs = [(here, there), lines];
    pairs.map(|(here, there)| replaced(onto.text, &here, &from.text[there])).to_vec()
}

/// At the end of its section; behind what it stands behind there; before what it stands before.
fn insertions(
    onto: &Document<'_>,
    here: &BTreeMap<KeyPath, Item>,
    from: &Document<'_>,
    (key, theirs): (&KeyPath, &Item),
) -> Vec<String> {
    let mut proposed = Vec::new();
    if let Some(leaf) = only_leaf(from, theirs).filter(|leaf| leaf.node == Node::Scalar)
        && let Ok(new) = place::insert(onto, key, from.slice(leaf))
    {
        proposed.push(replaced(onto.text, &(new.at..new.at), &new.text));
    }
    let order: Vec<_> = from.leaves.iter().map(|leaf| leaf.path.item()).collect();
    let first = theirs.leaves.iter().min().copied().unwrap_or_default();
    let last = theirs.leaves.iter().max().copied().unwrap_or_default();
    let known = |key: &KeyPath| here.get(key).map(|item| lines_of(onto.text, &region(onto, item)));
    let before = order[..first].iter().rev().find_map(known).map(|lines| lines.end);
    let after = order[last + 1..].iter().find_map(known).map(|lines| lines.start);
    let lines = lines_of(from.text, &region(from, theirs));
    let above = |start: &usize| Some(line_start(from.text, start.saturating_sub(1)));
    for start in std::iter::successors(Some(lines.start), above).take(3) {
        let text = &from.text[start..lines.end];
        let at = [before, after, Some(onto.text.len())].into_iter().flatten();
        proposed.extend(at.map(|at| replaced(onto.text, &(at..at), text)));
    }
    proposed
}

/// Parses a text again and compares its items; a mapping that was empty may have come or gone.
fn proved(
    onto: &Document<'_>,
    before: &BTreeMap<KeyPath, Item>,
    text: &str,
    (key, wanted): (&KeyPath, Option<Sha256>),
) -> bool {
    let Ok(document) = Document::parse(onto.format, text) else { return false };
    let after = items(&document);
    let hash = |of: &BTreeMap<KeyPath, Item>, key: &KeyPath| of.get(key).map(|item| item.hash);
    let untouched = |other: &&KeyPath| *other != key && !is_above(other, key);
    hash(&after, key) == wanted
        && before.keys().filter(untouched).all(|it| hash(&after, it) == hash(before, it))
        && after.keys().filter(untouched).all(|it| before.contains_key(it))
}

fn is_above(upper: &KeyPath, lower: &KeyPath) -> bool {
    let (upper, lower) = (upper.segments(), lower.segments());
    upper.len() < lower.len() && lower.starts_with(upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Format;

    fn grafted(format: Format, onto: &str, from: &str, key: &str) -> Option<String> {
        let (onto, from) =
            (Document::parse(format, onto).unwrap(), Document::parse(format, from).unwrap());
        graft(&onto, &from, &key.parse().unwrap())
    }

    fn pruned(format: Format, onto: &str, key: &str) -> Option<String> {
        prune(&Document::parse(format, onto).unwrap(), &key.parse().unwrap())
    }

    #[test]
    fn a_value_is_taken_and_its_neighbours_stay() {
        let new = grafted(Format::Dotenv, "# c\nA=1\nB=2\n", "B=3\nA=4\n", "A").unwrap();
        assert_eq!(new, "# c\nA=4\nB=2\n");
        let new = grafted(Format::Json, "{\"a\": \"1\", \"b\": \"2\"}", "{\"b\":\"3\"}", "b");
        assert_eq!(new.unwrap(), "{\"a\": \"1\", \"b\": \"3\"}");
    }

    #[test]
    fn a_list_is_taken_with_its_length() {
        let (onto, from) = ("l:\n  - a\n  - b\nx: 1\n", "l:\n  - c\nx: 2\n");
        assert_eq!(grafted(Format::Yaml, onto, from, "l").unwrap(), "l:\n  - c\nx: 1\n");
        assert_eq!(grafted(Format::Yaml, from, onto, "l").unwrap(), "l:\n  - a\n  - b\nx: 2\n");
        let (onto, from) = ("l = [\"a\", \"b\"]\nx = 1\n", "l = [\"c\"]\nx = 2\n");
        assert_eq!(grafted(Format::Toml, onto, from, "l").unwrap(), "l = [\"c\"]\nx = 1\n");
    }

    #[test]
    fn a_tag_comes_and_goes_with_its_value() {
        let (plain, tagged) = ("a: x\nb: y\n", "a: !!str z\nb: w\n");
        assert_eq!(grafted(Format::Yaml, plain, tagged, "a").unwrap(), "a: !!str z\nb: y\n");
        assert_eq!(grafted(Format::Yaml, tagged, plain, "a").unwrap(), "a: x\nb: w\n");
    }

    #[test]
    fn what_is_missing_comes_back_to_its_place() {
        let from = "A=1\nB=2\nC=3\n";
        let new = grafted(Format::Dotenv, "A=1\nC=3\n", from, "B").unwrap();
        assert!(new.contains("B=2\n") && new.contains("C=3\n"), "{new}");
        let from = "a: 1\nl:\n  - x\n  - y\nz: 2\n";
        assert_eq!(grafted(Format::Yaml, "a: 1\nz: 2\n", from, "l").unwrap(), from);
        let nested = "db:\n  l:\n    - x\n  p: q\n";
        assert_eq!(grafted(Format::Yaml, "db:\n  p: q\n", nested, "db.l").unwrap(), nested);
    }

    #[test]
    fn what_is_taken_out_leaves_all_else() {
        assert_eq!(pruned(Format::Dotenv, "A=1\nB=2\n", "A").unwrap(), "B=2\n");
        assert_eq!(pruned(Format::Yaml, "l:\n  - x\n  - y\nz: 2\n", "l").unwrap(), "z: 2\n");
        assert_eq!(pruned(Format::Yaml, "a: x\n", "b"), None);
    }
}
