//! Merges three versions of a file by its items, without opening a token.
//!
//! The lines of a file are taken as blocks: those of one item belong together and are known by its key, all
//! other lines by their text. So a line moves, comes or goes by what it is, neighbours do not matter, and
//! two branches that add at the same place both add. What comes out is proved: parsed again, it must
//! have exactly the items that the three versions give.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::graft::{lines_of, region};
use super::{Document, Format, items};
use crate::names::{KeyPath, Sha256};

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// This text has what both sides made of the file.
    Clean(String),
    /// Both sides changed the same items: the text has git's markers round them alone.
    Conflict(String, Vec<KeyPath>),
}

/// The most cells of a comparison: two files of 2,000 lines that have nothing in common.
const CELLS: usize = 1 << 22;

/// Merges two versions with their base; none where that cannot be done line by line.
#[must_use]
pub fn merge(base: &Document<'_>, ours: &Document<'_>, theirs: &Document<'_>) -> Option<Merged> {
    let versions = [blocks(base), blocks(ours), blocks(theirs)];
    let [o, a, b] = &versions;
    let mut ids = Ids::default();
    let [io, ia, ib] = [o, a, b].map(|blocks| ids.of(blocks));
    let (to_a, to_b) = (matches(&io, &ia)?, matches(&io, &ib)?);
    let mut weaver = Weaver { format: ours.format, pieces: Vec::new() };
    let (mut at_o, mut at_a, mut at_b) = (0, 0, 0);
    for anchor in 0..=o.len() {
        let (end_a, end_b) = match (anchor == o.len(), to_a.get(anchor), to_b.get(anchor)) {
            (true, ..) => (a.len(), b.len()),
            (false, Some(Some(a)), Some(Some(b))) => (*a, *b),
            _ => continue,
        };
        weaver.chunk(&o[at_o..anchor], &a[at_a..end_a], &b[at_b..end_b]);
        if anchor < o.len() {
            weaver.same_place(&o[anchor], &a[end_a], &b[end_b]);
        }
        (at_o, at_a, at_b) = (anchor + 1, end_a + 1, end_b + 1);
    }
    weaver.finish(&expected(base, ours, theirs))
}

/// Items with their hashes.
type Hashes = Vec<(KeyPath, Sha256)>;

/// Lines that belong together.
#[derive(Debug)]
struct Block<'t> {
    text: &'t str,
    /// The items that begin in it; none for a line of structure, a comment, a blank line.
    items: Hashes,
}

impl Block<'_> {
    fn keys(&self) -> Vec<KeyPath> {
        self.items.iter().map(|(key, _)| key.clone()).collect()
    }
}

fn blocks<'t>(document: &Document<'t>) -> Vec<Block<'t>> {
    let mut ranges: Vec<(Range<usize>, Hashes)> = items(document)
        .into_iter()
        .map(|(key, item)| {
            (lines_of(document.text, &region(document, &item)), vec![(key, item.hash)])
        })
        .collect();
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    ranges.dedup_by(|(next, more), (range, items)| {
        let overlap = next.start < range.end;
        if overlap {
            range.end = range.end.max(next.end);
            items.append(more);
        }
        overlap
    });
    let mut blocks = Vec::new();
    let mut done = 0;
    let literal = |from: usize, to: usize, blocks: &mut Vec<Block<'t>>| {
        let lines = document.text[from..to].split_inclusive('\n');
        blocks.extend(lines.map(|text| Block { text, items: Vec::new() }));
    };
    for (range, items) in ranges {
        literal(done, range.start, &mut blocks);
        done = range.end;
        blocks.push(Block { text: &document.text[range], items });
    }
    literal(done, document.text.len(), &mut blocks);
    blocks
}

/// Numbers for what blocks are known by.
#[derive(Default)]
struct Ids<'t>(HashMap<(Vec<KeyPath>, &'t str), u32>);

impl<'t> Ids<'t> {
    fn of(&mut self, blocks: &[Block<'t>]) -> Vec<u32> {
        let mut id = |block: &Block<'t>| {
            let text = if block.items.is_empty() { block.text.trim_end() } else { "" };
            let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
            *self.0.entry((block.keys(), text)).or_insert(next)
        };
        blocks.iter().map(&mut id).collect()
    }
}

/// For each of the one where it is in the other, as the longest common sequence; none if they are too long.
fn matches(one: &[u32], two: &[u32]) -> Option<Vec<Option<usize>>> {
    let head = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    let (x, y) = (&one[head..], &two[head..]);
    let tail = x.iter().rev().zip(y.iter().rev()).take_while(|(a, b)| a == b).count();
    let (x, y) = (&x[..x.len() - tail], &y[..y.len() - tail]);
    let width = y.len() + 1;
    if (x.len() + 1).checked_mul(width)? > CELLS {
        return None;
    }
    let mut longest = vec![0_u32; (x.len() + 1) * width];
    for i in (0..x.len()).rev() {
        for j in (0..y.len()).rev() {
            longest[i * width + j] = if x[i] == y[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let mut found: Vec<Option<usize>> = (0..head).map(Some).collect();
    let mut j = 0;
    for i in 0..x.len() {
        while j < y.len() && x[i] != y[j] && longest[i * width + j + 1] == longest[i * width + j] {
            j += 1;
        }
        let here = j < y.len() && x[i] == y[j];
        found.push(here.then_some(head + j));
        j += usize::from(here);
    }
    let after = head + y.len();
    found.extend((0..tail).map(|at| Some(after + at)));
    Some(found)
}

/// A part of the result.
enum Piece<'t> {
    Text(&'t str),
    /// Ours, which the others do not know: what they add goes behind it.
    Added(&'t str),
    Clash {
        ours: &'t str,
        theirs: &'t str,
        keys: Vec<KeyPath>,
    },
}

struct Weaver<'t> {
    format: Format,
    pieces: Vec<Piece<'t>>,
}

impl<'t> Weaver<'t> {
    /// Tells whether two blocks say the same; a JSON member is the same with a comma behind it.
    fn same(&self, one: &Block<'_>, two: &Block<'_>) -> bool {
        let bare = |text: &'_ str| match self.format {
            Format::Json => text.trim_end().trim_end_matches(',').to_owned(),
            _ => text.trim_end_matches(['\r', '\n']).to_owned(),
        };
        bare(one.text) == bare(two.text) || (!one.items.is_empty() && one.items == two.items)
    }

    fn known(&self, one: &Block<'_>, two: &Block<'_>) -> bool {
        let both_lines = one.items.is_empty() && two.items.is_empty();
        if both_lines {
            one.text.trim_end() == two.text.trim_end()
        } else {
            one.keys() == two.keys()
        }
    }

    fn same_place(&mut self, o: &Block<'t>, a: &Block<'t>, b: &Block<'t>) {
        let piece = self.of_three(o, a, b);
        self.pieces.push(piece);
    }

    fn of_three(&self, o: &Block<'t>, a: &Block<'t>, b: &Block<'t>) -> Piece<'t> {
        if self.same(o, b) || self.same(a, b) || a.items.is_empty() {
            Piece::Text(a.text)
        } else if self.same(o, a) {
            Piece::Text(b.text)
        } else {
            Piece::Clash { ours: a.text, theirs: b.text, keys: a.keys() }
        }
    }

    /// Merges what lies between two places that all three versions have.
    fn chunk(&mut self, o: &[Block<'t>], a: &[Block<'t>], b: &[Block<'t>]) {
        let find =
            |of: &[Block<'t>], block: &Block<'t>| of.iter().position(|it| self.known(it, block));
        // For each of our blocks that stays its piece, and for those of theirs the place behind it.
        let mut pieces: Vec<(Piece<'t>, Option<usize>)> = Vec::new();
        for block in a {
            let (in_o, in_b) = (find(o, block), find(b, block));
            let piece = match (in_o, in_b) {
                (Some(o_at), Some(b_at)) => Some(self.of_three(&o[o_at], block, &b[b_at])),
                (Some(o_at), None) if self.same(&o[o_at], block) => None,
                (Some(_), None) => {
                    Some(Piece::Clash { ours: block.text, theirs: "", keys: block.keys() })
                }
                (None, Some(b_at)) if self.same(block, &b[b_at]) => Some(Piece::Text(block.text)),
                (None, Some(b_at)) => Some(Piece::Clash {
                    ours: block.text,
                    theirs: b[b_at].text,
                    keys: block.keys(),
                }),
                (None, None) => Some(Piece::Added(block.text)),
            };
            pieces.extend(piece.map(|piece| (piece, in_b)));
        }
        for (b_at, block) in b.iter().enumerate().filter(|(_, block)| find(a, block).is_none()) {
            let piece = match find(o, block) {
                Some(o_at) if self.same(&o[o_at], block) => continue,
                Some(_) => Piece::Clash { ours: "", theirs: block.text, keys: block.keys() },
                None => Piece::Text(block.text),
            };
            let before = pieces.iter().rposition(|(_, of)| of.is_some_and(|of| of < b_at));
            let mut to = before.map_or(0, |at| at + 1);
            while pieces.get(to).is_some_and(|(piece, _)| matches!(piece, Piece::Added(_))) {
                to += 1;
            }
            pieces.insert(to, (piece, Some(b_at)));
        }
        self.pieces.extend(pieces.into_iter().map(|(piece, _)| piece));
    }

    fn finish(self, expected: &BTreeMap<KeyPath, Option<Sha256>>) -> Option<Merged> {
        let mut text = String::new();
        let mut clashing = Vec::new();
        for piece in self.pieces {
            match piece {
                Piece::Text(line) | Piece::Added(line) => push_lines(&mut text, line),
                Piece::Clash { ours, theirs, keys } => {
                    push_lines(&mut text, "<<<<<<< ours\n");
                    push_lines(&mut text, ours);
                    push_lines(&mut text, "=======\n");
                    push_lines(&mut text, theirs);
                    push_lines(&mut text, ">>>>>>> theirs\n");
                    clashing.extend(keys);
                }
            }
        }
        if !clashing.is_empty() {
            return Some(Merged::Conflict(text, clashing));
        }
        let with_commas = (self.format == Format::Json).then(|| commas(&text));
        let right = |text: &String| {
            let found = Document::parse(self.format, text).ok()?;
            let found: BTreeMap<_, _> =
                items(&found).into_iter().map(|(key, item)| (key, Some(item.hash))).collect();
            (found == *expected).then_some(())
        };
        let mut texts = [Some(text), with_commas].into_iter().flatten();
        texts.find(|text| right(text).is_some()).map(Merged::Clean)
    }
}

/// Adds lines; the last line of a file may have had no line break.
fn push_lines(text: &mut String, lines: &str) {
    if !text.is_empty() && !text.ends_with('\n') && !lines.is_empty() {
        text.push('\n');
    }
    text.push_str(lines);
}

/// Puts commas between the members of a JSON text that has one a line.
fn commas(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut out = String::with_capacity(text.len() + lines.len());
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_end().trim_end_matches(',');
        let opens = bare.ends_with(['{', '[']);
        let next = lines.get(at + 1).map(|next| next.trim_start());
        let last = next.is_none_or(|next| next.starts_with(['}', ']']));
        out.push_str(bare);
        out.push_str(if opens || last { "\n" } else { ",\n" });
    }
    out
}

/// The items that the merge must have; an item that both sides changed is none that a text can have.
fn expected(
    base: &Document<'_>,
    ours: &Document<'_>,
    theirs: &Document<'_>,
) -> BTreeMap<KeyPath, Option<Sha256>> {
    let [o, a, b] = [base, ours, theirs].map(items);
    let mut expected = BTreeMap::new();
    for key in o.keys().chain(a.keys()).chain(b.keys()) {
        let [o, a, b] = [&o, &a, &b].map(|of| of.get(key).map(|item| item.hash));
        let hash = match (a == o, b == o) {
            (_, true) => a,
            (true, false) => b,
            (false, false) if a == b => a,
            (false, false) => {
                expected.insert(key.clone(), None);
                continue;
            }
        };
        if hash.is_some() {
            expected.insert(key.clone(), hash);
        }
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn three(format: Format, o: &str, a: &str, b: &str) -> Option<Merged> {
        let [o, a, b] = [o, a, b].map(|text| Document::parse(format, text).unwrap());
        merge(&o, &a, &b)
    }

    #[track_caller]
    fn clean(format: Format, o: &str, a: &str, b: &str) -> String {
        match three(format, o, a, b) {
            Some(Merged::Clean(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn neighbours_do_not_matter() {
        let new = clean(Format::Dotenv, "A=1\nB=1\nC=1\n", "A=2\nB=1\nC=1\n", "A=1\nB=2\nC=1\n");
        assert_eq!(new, "A=2\nB=2\nC=1\n");
        let new = clean(Format::Dotenv, "A=1\nB=1\n", "B=1\n", "A=1\nB=2\n");
        assert_eq!(new, "B=2\n");
    }

    #[test]
    fn both_may_add_at_the_same_place() {
        assert_eq!(clean(Format::Dotenv, "A=1\n", "A=1\nX=1\n", "A=1\nY=1\n"), "A=1\nX=1\nY=1\n");
        assert_eq!(clean(Format::Dotenv, "", "X=1", "Y=1"), "X=1\nY=1");
        let new = clean(Format::Yaml, "a: 1\n", "a: 1\ndb:\n  x: 1\n", "a: 1\ndb:\n  y: 1\n");
        assert_eq!(new, "a: 1\ndb:\n  x: 1\n  y: 1\n");
        let o = "{\n  \"a\": \"1\"\n}\n";
        let (a, b) = (
            o.replace("\"1\"", "\"1\",\n  \"x\": \"1\""),
            o.replace("\"1\"", "\"1\",\n  \"y\": \"1\""),
        );
        let new = clean(Format::Json, o, &a, &b);
        assert_eq!(new, "{\n  \"a\": \"1\",\n  \"x\": \"1\",\n  \"y\": \"1\"\n}\n");
        assert_eq!(
            clean(
                Format::Toml,
                "a = 1\n[t]\nx = 1\n",
                "a = 2\n[t]\nx = 1\ny = 1\n",
                "a = 1\n[t]\nx = 1\nz = 1\n"
            ),
            "a = 2\n[t]\nx = 1\ny = 1\nz = 1\n"
        );
    }

    #[test]
    fn comments_and_blank_lines_of_both_stay() {
        let new = clean(Format::Dotenv, "A=1\n", "# ours\nA=1\n", "A=2\n\n# theirs\nB=1\n");
        assert_eq!(new, "# ours\nA=2\n\n# theirs\nB=1\n");
    }

    #[test]
    fn a_list_is_one_item() {
        let (o, a) = ("l:\n  - a\n  - b\nz: 1\n", "l:\n  - a\nz: 1\n");
        assert_eq!(clean(Format::Yaml, o, a, &o.replace("z: 1", "z: 2")), "l:\n  - a\nz: 2\n");
        let both = three(Format::Yaml, o, a, &o.replace("- a", "- c"));
        let Some(Merged::Conflict(text, keys)) = both else { panic!("{both:?}") };
        assert_eq!(keys, ["l".parse().unwrap()]);
        assert!(text.ends_with(">>>>>>> theirs\nz: 1\n"), "{text}");
    }

    #[test]
    fn what_both_change_stays_a_conflict_of_that_line_alone() {
        let both = three(Format::Dotenv, "A=1\nB=1\nC=1\n", "A=2\nB=2\nC=1\n", "A=1\nB=3\nC=2\n");
        let Some(Merged::Conflict(text, keys)) = both else { panic!("{both:?}") };
        assert_eq!(text, "A=2\n<<<<<<< ours\nB=2\n=======\nB=3\n>>>>>>> theirs\nC=2\n");
        assert_eq!(keys, ["B".parse().unwrap()]);
        for (a, b) in [("A=1\n", "A=1\nB=2\n"), ("A=1\nB=2\n", "A=1\n")] {
            let both = three(Format::Dotenv, "A=1\nB=1\n", a, b);
            assert!(matches!(both, Some(Merged::Conflict(..))), "{both:?}");
        }
        let both = three(Format::Dotenv, "A=1\n", "B=1\nA=1\n", "A=1\nB=2\n");
        assert!(!matches!(both, Some(Merged::Clean(_))), "the same key at two places: {both:?}");
    }

    proptest::proptest! {
        #[test]
        fn disjoint_edits_give_both(
            keys in proptest::collection::btree_set("[A-F]", 1..6),
            ours in proptest::collection::btree_map("[A-F]", proptest::option::of("[x-z]"), 0..4),
            theirs in proptest::collection::btree_map("[G-L]", "[x-z]", 0..4),
        ) {
            let base: BTreeMap<String, String> = keys.into_iter().map(|key| (key, "1".into())).collect();
            let print = |of: &BTreeMap<String, String>| -> String {
                of.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
            };
            let mut a = base.clone();
            for (key, value) in &ours {
                match value {
                    Some(value) => a.insert(key.clone(), value.clone()),
                    None => a.remove(key),
                };
            }
            let mut b = base.clone();
            b.extend(theirs.clone());
            let merged = clean(Format::Dotenv, &print(&base), &print(&a), &print(&b));
            let mut wanted = a;
            wanted.extend(theirs);
            let found: BTreeMap<String, String> = merged
                .lines()
                .map(|line| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap())
                .collect();
            proptest::prop_assert_eq!(found, wanted);
        }
    }
}
