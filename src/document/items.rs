//! Items: what the log attests of a document, and their hashes. Design, section 3.

use std::collections::BTreeMap;

use super::{Document, Leaf, Node};
use crate::names::{KeyPath, Sha256, Sha256Writer};

/// One item of a document: a leaf, or all that lies under a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    /// The hash of what stands there.
    pub hash: Sha256,
    /// The positions of its leaves in [`Document::leaves`], in the order of the text.
    pub leaves: Vec<usize>,
}

/// Groups a document's leaves into items, by the places that the log names.
#[must_use]
pub fn items(document: &Document<'_>) -> BTreeMap<KeyPath, Item> {
    let mut groups: BTreeMap<KeyPath, Vec<usize>> = BTreeMap::new();
    for (at, leaf) in document.leaves.iter().enumerate() {
        groups.entry(leaf.path.item()).or_default().push(at);
    }
    groups
        .into_iter()
        .map(|(key, leaves)| {
            let hash = hash(document, &key, &leaves);
            (key, Item { hash, leaves })
        })
        .collect()
}

fn word(node: Node) -> &'static [u8] {
    match node {
        Node::Scalar => b"scalar",
        Node::Empty => b"empty",
        Node::Alias => b"alias",
        Node::Mapping => b"mapping",
        Node::List => b"list",
    }
}

fn hash(document: &Document<'_>, key: &KeyPath, leaves: &[usize]) -> Sha256 {
    let leaf_parts = |to: Sha256Writer, leaf: &Leaf| {
        to.part(word(leaf.node))
            .part(leaf.tag.as_bytes())
            .part(leaf.anchor.as_bytes())
            .part(leaf.note.as_bytes())
            .part(document.attested(leaf).as_bytes())
    };
    if let [only] = leaves
        && document.leaves[*only].path == *key
    {
        return leaf_parts(Sha256Writer::default(), &document.leaves[*only]).finish();
    }
    leaves
        .iter()
        .map(|at| &document.leaves[*at])
        .fold(Sha256Writer::default().part(b"items"), |to, leaf| {
            leaf_parts(to.part(leaf.path.to_string().as_bytes()), leaf)
        })
        .finish()
}

/// The hash of an item that is one scalar, with no tag, anchor or note: of a slice alone.
#[must_use]
pub fn plain_hash(slice: &str) -> Sha256 {
    let head = Sha256Writer::default().part(word(Node::Scalar));
    head.part(b"").part(b"").part(b"").part(slice.as_bytes()).finish()
}

/// Tells whether a hash is that of an item without a text: an empty value, or an empty mapping or list.
#[must_use]
pub fn says_nothing(hash: Sha256) -> bool {
    let of = |node: Node, slice: &str| {
        let head = Sha256Writer::default().part(word(node));
        head.part(b"").part(b"").part(b"").part(slice.as_bytes()).finish()
    };
    let empty = ["", "\"\"", "''"].map(|slice| of(Node::Empty, slice));
    empty.into_iter().chain([of(Node::Mapping, ""), of(Node::List, "")]).any(|it| it == hash)
}

/// The hash of a file that is sealed whole.
#[must_use]
pub fn whole_hash(bytes: &[u8]) -> Sha256 {
    Sha256Writer::default().part(b"whole").part(b"").part(b"").part(b"").part(bytes).finish()
}
