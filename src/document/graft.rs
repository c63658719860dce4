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
    let wanted = BTreeMap::from([(key, Some(theirs.hash))]);
    proposed.into_iter().find(|text| proved(onto, &here, text, &wanted))
}

/// Gives a text with several items as another version of the file has them, at one time where that can be
/// proved, else part by part.
///
/// # Errors
/// The first item that no edit brings while all others stay as they are.
pub fn graft_all(
    onto: &Document<'_>,
    from: &Document<'_>,
    keys: &[KeyPath],
) -> Result<String, KeyPath> {
    let there = items(from);
    let one = |onto: &Document<'_>, key: &KeyPath| graft(onto, from, key);
    let all = |onto: &Document<'_>, keys: &[KeyPath]| {
        let here = items(onto);
        let edit = |key: &KeyPath| {
            let theirs = only_leaf(from, there.get(key)?).filter(|it| it.node == Node::Scalar)?;
            let new = from.slice(theirs);
            let Some(ours) = here.get(key) else {
                let new = place::insert(onto, key, new).ok()?;
                return Some((new.at..new.at, new.text.to_string()));
            };
            only_leaf(onto, ours).map(|ours| (ours.span.clone(), new.to_owned()))
        };
        let text = edited(onto.text, keys.iter().map(edit).collect::<Option<Vec<_>>>()?)?;
        let wanted = keys.iter().map(|key| (key, there.get(key).map(|item| item.hash)));
        proved(onto, &here, &text, &wanted.collect()).then_some(text)
    };
    part_by_part(onto, keys, (&all, &one))
}

/// Gives a text without several items, as [`graft_all`] puts them in.
///
/// # Errors
/// The first item without which the others do not stay as they are.
pub fn prune_all(onto: &Document<'_>, keys: &[KeyPath]) -> Result<String, KeyPath> {
    let all = |onto: &Document<'_>, keys: &[KeyPath]| {
        let here = items(onto);
        let edit = |key: &KeyPath| {
            let leaf = only_leaf(onto, here.get(key)?)?;
            Some((place::remove(onto, leaf).ok()?, String::new()))
        };
        let text = edited(onto.text, keys.iter().map(edit).collect::<Option<Vec<_>>>()?)?;
        let wanted = keys.iter().map(|key| (key, None)).collect();
        proved(onto, &here, &text, &wanted).then_some(text)
    };
    part_by_part(onto, keys, (&all, &prune))
}

/// Edits a text for many items, and for one.
type Ways<'w> = (
    &'w dyn Fn(&Document<'_>, &[KeyPath]) -> Option<String>,
    &'w dyn Fn(&Document<'_>, &KeyPath) -> Option<String>,
);

/// Edits for all of the items, or for one half after the other.
fn part_by_part(onto: &Document<'_>, keys: &[KeyPath], ways: Ways<'_>) -> Result<String, KeyPath> {
    let (all, one) = ways;
    match keys {
        [] => Ok(onto.text.to_owned()),
        [key] => one(onto, key).ok_or_else(|| key.clone()),
        keys => {
            if let Some(text) = all(onto, keys) {
                return Ok(text);
            }
            let (first, rest) = keys.split_at(keys.len() / 2);
            let text = part_by_part(onto, first, ways)?;
            let onto = Document::parse(onto.format, &text).map_err(|_| rest[0].clone())?;
            part_by_part(&onto, rest, ways)
        }
    }
}

/// Puts new texts in the place of others; none where two of them overlap.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut new = String::with_capacity(text.len());
    let mut done = 0;
    for (range, put) in &edits {
        new.push_str(text.get(done..range.start)?);
        new.push_str(put);
        done = range.end;
    }
    new.push_str(text.get(done..)?);
    Some(new)
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
    let wanted = BTreeMap::from([(key, None)]);
    texts.find(|text| proved(onto, &here, text, &wanted))
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

/// Parses a text again and compares its items: some are to be as is wanted; a mapping that was empty may have
/// come or gone above them.
fn proved(
    onto: &Document<'_>,
    before: &BTreeMap<KeyPath, Item>,
    text: &str,
    wanted: &BTreeMap<&KeyPath, Option<Sha256>>,
) -> bool {
    let Ok(document) = Document::parse(onto.format, text) else { return false };
    let after = items(&document);
    let hash = |of: &BTreeMap<KeyPath, Item>, key: &KeyPath| of.get(key).map(|item| item.hash);
    let changed = |other: &&KeyPath| hash(&after, other) != hash(before, other);
    let unnamed = |other: &&KeyPath| !wanted.contains_key(*other);
    let mut strange = before.keys().chain(after.keys()).filter(changed).filter(unnamed);
    wanted.iter().all(|(key, wanted)| hash(&after, key) == *wanted)
        && strange.all(|other| wanted.keys().any(|key| is_above(other, key)))
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
    fn many_are_taken_at_once_or_one_after_the_other_and_one_that_cannot_be_is_told() {
        let key = |text: &str| text.parse::<KeyPath>().unwrap();
        let all = |format, onto: &str, from: &str, keys: &[&str]| {
            let onto = Document::parse(format, onto).unwrap();
            let from = Document::parse(format, from).unwrap();
            graft_all(&onto, &from, &keys.iter().map(|it| key(it)).collect::<Vec<_>>())
        };
        let (onto, from) = ("A=1\nB=2\nC=3\nD=4\n", "A=5\nB=66\nC=7\nE=8\n");
        let new = all(Format::Dotenv, onto, from, &["E", "A", "B"]).unwrap();
        assert_eq!(new, "A=5\nB=66\nC=3\nD=4\nE=8\n");
        // A list is taken by itself, the others as they can be.
        let (onto, from) = ("a: 1\nl:\n  - x\nz: 2\n", "a: 3\nl:\n  - y\n  - w\nz: 4\n");
        assert_eq!(all(Format::Yaml, onto, from, &["a", "l", "z"]).unwrap(), from);
        // Both need the mapping that neither has.
        let (onto, from) =
            ("{\"x\": \"1\"}", "{\"x\": \"1\", \"m\": {\"a\": \"2\", \"b\": \"3\"}}");
        let new = all(Format::Json, onto, from, &["m.a", "m.b"]).unwrap();
        let document = Document::parse(Format::Json, &new).unwrap();
        assert!(items(&document).contains_key(&key("m.a")), "{new}");
        assert!(items(&document).contains_key(&key("m.b")), "{new}");
        let gone = all(Format::Dotenv, "A=1\n", "A=2\nB=3\n", &["A", "C"]);
        assert_eq!(gone.unwrap_err(), key("C"));
    }

    #[test]
    fn many_are_taken_out_at_once() {
        let onto = "A=1\nB=2\nC=3\nD=4\n";
        let document = Document::parse(Format::Dotenv, onto).unwrap();
        let keys: Vec<KeyPath> = ["B", "A", "D"].map(|it| it.parse().unwrap()).to_vec();
        assert_eq!(prune_all(&document, &keys).unwrap(), "C=3\n");
        let text = "{\"a\": \"1\", \"b\": \"2\", \"c\": \"3\"}";
        let document = Document::parse(Format::Json, text).unwrap();
        let keys: Vec<KeyPath> = ["a", "b", "c"].map(|it| it.parse().unwrap()).to_vec();
        let left = prune_all(&document, &keys).unwrap();
        assert!(!items(&Document::parse(Format::Json, &left).unwrap()).contains_key(&keys[0]));
        assert_eq!(
            prune_all(&document, &["z".parse().unwrap()]).unwrap_err(),
            "z".parse().unwrap()
        );
    }

    #[test]
    fn what_is_taken_out_leaves_all_else() {
        assert_eq!(pruned(Format::Dotenv, "A=1\nB=2\n", "A").unwrap(), "B=2\n");
        assert_eq!(pruned(Format::Yaml, "l:\n  - x\n  - y\nz: 2\n", "l").unwrap(), "z: 2\n");
        assert_eq!(pruned(Format::Yaml, "a: x\n", "b"), None);
    }
}
