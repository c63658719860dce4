//! The mappings and lists that are open around a place, for the formats that nest (YAML, JSON).

use std::collections::HashSet;
use std::ops::Range;

use super::{Leaf, Node};
use crate::names::{KeyPath, Segment, Shared};

/// Why a text is refused, in words of ours.
pub(super) type Refusal = &'static str;

/// Deepest nesting of mappings and lists together.
const MAX_DEPTH: usize = 128;

/// What the paths of all leaves may take: each leaf owns its path, so long keys around many leaves
/// would need memory far beyond the text's size.
const PATH_BYTES: usize = 16 << 20;
const PATH_BYTES_PER_BYTE: usize = 64;

/// The two kinds of collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Mapping,
    List,
}

/// How a key was written, where that changes what readers take it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A string for every reader.
    Text,
    /// Not a string for some readers, such as YAML's plain `1` or `yes`.
    Typed,
}

#[derive(Debug)]
struct Open {
    collection: Collection,
    /// Where its text begins.
    start: usize,
    /// How many leaves there were before its first child.
    first_leaf: usize,
    children: u32,
    keys: HashSet<Shared>,
    /// What some readers take its keys for, beside their texts.
    readings: HashSet<String>,
    /// A key stands and waits for its value.
    key_waits: bool,
    /// It has a leaf of its own already, for its tag or anchor.
    told: bool,
}

/// Collects leaves with their paths.
#[derive(Debug)]
pub(super) struct Tree {
    document: u32,
    open: Vec<Open>,
    /// One segment for each open collection that has a child.
    path: Vec<Segment>,
    /// Beside `path`: how its key was written.
    written: Vec<Key>,
    leaves: Vec<Leaf>,
    budget: usize,
}

impl Tree {
    /// Begins before the first document of a text of this many bytes.
    pub(super) fn new(text_len: usize) -> Self {
        let budget = PATH_BYTES.saturating_add(text_len.saturating_mul(PATH_BYTES_PER_BYTE));
        Self {
            document: 0,
            open: Vec::new(),
            path: Vec::new(),
            written: Vec::new(),
            leaves: Vec::new(),
            budget,
        }
    }

    /// Begins the next document.
    pub(super) fn next_document(&mut self) -> Result<(), Refusal> {
        self.document = self.document.checked_add(1).ok_or("too many documents")?;
        Ok(())
    }

    /// Tells whether the next node is a key.
    pub(super) fn wants_key(&self) -> bool {
        self.open.last().is_some_and(|o| o.collection == Collection::Mapping && !o.key_waits)
    }

    /// Takes a key of the innermost mapping.
    pub(super) fn key(&mut self, name: &str, written: Key) -> Result<(), Refusal> {
        let Some(open) = self.open.last_mut().filter(|o| o.collection == Collection::Mapping)
        else {
            return Err("a key outside a mapping");
        };
        if open.readings.contains(name) {
            return Err("two keys that are one for some readers");
        }
        let name = Shared::of(name);
        if !open.keys.insert(name.clone()) {
            return Err("a key stands twice in one mapping");
        }
        open.key_waits = true;
        self.step(Segment::Key { name, nth: 1 }, written);
        Ok(())
    }

    /// Takes what some readers take the next key for, beside its text: of two keys that are one for them,
    /// each has another that wins.
    pub(super) fn key_reads_as(&mut self, readings: Vec<String>) -> Result<(), Refusal> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        for reading in readings {
            let known = open.keys.contains(&Shared::of(&reading));
            if known || !open.readings.insert(reading) {
                return Err("two keys that are one for some readers");
            }
        }
        Ok(())
    }

    /// Tells the leaves of the innermost mapping so far that a merge key comes after them: for some
    /// readers a merged value beats what stands before it, for others never.
    pub(super) fn note_merge(&mut self) {
        let Some(open) = self.open.last() else { return };
        let depth = self.open.len() - 1;
        for leaf in &mut self.leaves[open.first_leaf..] {
            add_note(&mut leaf.note, "before-merge", depth);
        }
    }

    /// Goes to the place of the next value, which is to be told or opened next.
    pub(super) fn arrive(&mut self) -> Result<(), Refusal> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        let position = open.children;
        open.children = open.children.checked_add(1).ok_or("too many values")?;
        match open.collection {
            Collection::Mapping if !open.key_waits => Err("a value without a key"),
            Collection::Mapping => {
                open.key_waits = false;
                Ok(())
            }
            Collection::List => {
                self.step(Segment::Index(position), Key::Text);
                Ok(())
            }
        }
    }

    fn step(&mut self, segment: Segment, written: Key) {
        self.path.truncate(self.open.len() - 1);
        self.written.truncate(self.open.len() - 1);
        self.path.push(segment);
        self.written.push(written);
    }

    /// Tells what stands at this place; for a collection, that it has a tag or an anchor.
    pub(super) fn tell(
        &mut self,
        node: Node,
        (tag, anchor): (String, String),
        span: Range<usize>,
    ) -> Result<(), Refusal> {
        let bytes = |s: &Segment| match s {
            Segment::Key { name, .. } => name.as_str().len() + size_of::<Segment>(),
            _ => size_of::<Segment>(),
        };
        let cost = self.path.iter().map(bytes).sum::<usize>();
        self.budget = self
            .budget
            .checked_sub(cost)
            .ok_or("too many values under too long keys for one file")?;
        if self.leaves.last().is_some_and(|last| span.start < last.span.end) {
            return Err("values out of order");
        }
        let mut note = String::new();
        let typed = |(depth, key): (usize, &Key)| (*key == Key::Typed).then_some(depth);
        for depth in self.written.iter().enumerate().filter_map(typed) {
            add_note(&mut note, "typed", depth);
        }
        let path = KeyPath::Place { document: self.document, segments: self.path.clone() };
        self.leaves.push(Leaf { path, node, tag, anchor, note, span });
        Ok(())
    }

    /// Opens a collection at this place.
    pub(super) fn open(
        &mut self,
        collection: Collection,
        start: usize,
        told: bool,
    ) -> Result<(), Refusal> {
        if self.open.len() == MAX_DEPTH {
            return Err("nested too deep");
        }
        self.open.push(Open {
            collection,
            start,
            first_leaf: self.leaves.len(),
            children: 0,
            keys: HashSet::new(),
            readings: HashSet::new(),
            key_waits: false,
            told,
        });
        Ok(())
    }

    /// Closes the innermost collection; an empty one is told if it was not yet.
    pub(super) fn close(&mut self) -> Result<(), Refusal> {
        let open = self.open.pop().ok_or("the end of nothing")?;
        self.path.truncate(self.open.len());
        self.written.truncate(self.open.len());
        if open.key_waits {
            return Err("a key without a value");
        }
        if open.children > 0 || open.told {
            return Ok(());
        }
        let node = match open.collection {
            Collection::Mapping => Node::Mapping,
            Collection::List => Node::List,
        };
        self.tell(node, (String::new(), String::new()), open.start..open.start)
    }

    /// Hands the leaves out once all is closed.
    pub(super) fn finish(self) -> Result<Vec<Leaf>, Refusal> {
        if self.open.is_empty() { Ok(self.leaves) } else { Err("a mapping or list has no end") }
    }
}

/// Adds `word:depth`, where depth counts the path's segments from 0.
fn add_note(note: &mut String, word: &str, depth: usize) {
    if !note.is_empty() {
        note.push(' ');
    }
    note.push_str(&format!("{word}:{depth}"));
}

/// Counts the line that holds this byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count()
}

/// The property that both formats keep.
#[cfg(test)]
pub(super) mod testing {
    use std::ops::Range;

    use crate::document::{Document, Leaf, Node, NotSpliceable};

    pub(in crate::document) type Parse = for<'t> fn(&'t str) -> Result<Document<'t>, NotSpliceable>;

    fn replace(text: &str, parts: &[(Range<usize>, String)]) -> String {
        let (mut at, mut out) = (0, String::new());
        for (span, new) in parts {
            assert!(at <= span.start && span.start <= span.end, "spans overlap in {text:?}");
            out.push_str(&text[at..span.start]);
            out.push_str(new);
            at = span.end;
        }
        out + &text[at..]
    }

    fn meaning(leaf: &Leaf) -> impl PartialEq + std::fmt::Debug {
        (leaf.path.clone(), leaf.node, leaf.tag.clone(), leaf.anchor.clone(), leaf.note.clone())
    }

    /// Lists what can be sealed: each scalar (true) and comment (false), in the order of the text.
    fn sealable(document: &Document<'_>) -> Vec<(Range<usize>, bool)> {
        let scalars = document.leaves.iter().filter(|l| l.node == Node::Scalar);
        let mut parts: Vec<_> = scalars.map(|l| (l.span.clone(), true)).collect();
        parts.extend(document.comments.iter().map(|span| (span.clone(), false)));
        parts.sort_by_key(|(span, _)| span.start);
        parts
    }

    /// Seals the values and comments that `choose` accepts, looks at the result, and puts all back.
    /// Hands out the sealed text; `None` where the text is refused.
    pub(in crate::document) fn splice(
        parse: Parse,
        text: &str,
        quote: &str,
        choose: impl Fn(usize) -> bool,
    ) -> Option<String> {
        let before = parse(text).ok()?;
        for pair in before.leaves.windows(2) {
            assert!(pair[0].span.end <= pair[1].span.start, "leaves out of order in {text:?}");
        }
        let parts = sealable(&before);
        let put = |n: usize| {
            let (span, is_value) = parts[n].clone();
            let quote = if is_value { quote } else { "" };
            if choose(n) {
                format!("{quote}sealed.v1.A-_b{n}{quote}")
            } else {
                text[span].to_owned()
            }
        };
        let new: Vec<_> = (0..parts.len()).map(|n| (parts[n].0.clone(), put(n))).collect();
        assert!(parts.iter().all(|(span, _)| !span.is_empty()), "an empty span in {text:?}");
        let sealed = replace(text, &new);
        let after = parse(&sealed)
            .unwrap_or_else(|e| panic!("{text:?} sealed is refused: {e}: {sealed:?}"));
        assert_eq!(
            before.leaves.iter().map(meaning).collect::<Vec<_>>(),
            after.leaves.iter().map(meaning).collect::<Vec<_>>(),
            "{text:?} became {sealed:?}"
        );
        let found = sealable(&after);
        assert_eq!(parts.len(), found.len(), "{text:?} became {sealed:?}");
        for ((span, _), (_, new)) in found.iter().zip(&new) {
            assert_eq!(&sealed[span.clone()], new, "{text:?} became {sealed:?}");
        }
        let mut back = Vec::new();
        for ((new, _), (old, _)) in found.iter().zip(&parts) {
            back.push((new.clone(), text[old.clone()].to_owned()));
        }
        assert_eq!(replace(&sealed, &back), text);
        Some(sealed)
    }
}
