//! Reads a file as it lies on disk: its form, and what stands at each place; judges nothing.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::document::{Document, Format, Node, items, plain_hash, whole_hash};
use crate::names::{GenerationId, KeyPath, RepoPath, Sha256};
use crate::policy::Comments;
use crate::seal::{self, Form};

/// How a file is sealed.
#[derive(Debug)]
pub enum FileForm<'e> {
    /// Value by value.
    Values(Document<'e>),
    /// As one armored age file.
    Whole,
}

/// What stands at one place on disk.
pub(super) struct OnDisk {
    pub(super) hash: Sha256,
    /// The hashes that its one token has with nothing beside it, as formats write it; none for a list.
    pub(super) bare: Vec<Sha256>,
    /// The generations that its tokens name, each once; none where it stands in clear.
    pub(super) generations: Vec<GenerationId>,
    /// Whether a dropped token stands there: its generation is known from its signed item alone.
    pub(super) dropped: bool,
    /// Whether a text stands there in clear that is no token.
    pub(super) clear_text: bool,
    /// The byte at which it begins; none for a whole file.
    at: Option<usize>,
}

impl OnDisk {
    /// Tells whether a token stands there.
    pub(super) fn has_token(&self) -> bool {
        self.dropped || !self.generations.is_empty()
    }

    /// Tells whether what stands there can be of a generation: all tokens that name one name this.
    pub(super) fn may_be_of(&self, generation: GenerationId) -> bool {
        self.has_token() && self.generations.iter().all(|id| *id == generation)
    }

    /// Counts its line from 1: only where it is asked for, since that is slow for a file of many values.
    pub(super) fn line(&self, file: &[u8]) -> Option<usize> {
        let before = &file[..self.at?.min(file.len())];
        Some(1 + before.iter().filter(|byte| **byte == b'\n').count())
    }
}

/// Reads a file's form and what stands at each place.
pub(super) fn read<'e>(
    path: &RepoPath,
    bytes: &'e [u8],
    whole: bool,
) -> Result<(FileForm<'e>, BTreeMap<KeyPath, OnDisk>), String> {
    let format = Format::of(path).filter(|_| !whole && !seal::is_whole(bytes));
    let Some(format) = format else {
        let disk = OnDisk {
            hash: whole_hash(bytes),
            bare: Vec::new(),
            generations: Vec::new(),
            dropped: false,
            clear_text: !seal::is_whole(bytes),
            at: None,
        };
        return Ok((FileForm::Whole, BTreeMap::from([(KeyPath::Whole, disk)])));
    };
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let document = Document::parse(format, text).map_err(|why| why.to_string())?;
    let found = items(&document)
        .into_iter()
        .map(|(key, item)| {
            let mut disk = on_disk(&document, &item.leaves, item.hash);
            disk.bare = bare(&document, &key, &item.leaves);
            (key, disk)
        })
        .collect();
    Ok((FileForm::Values(document), found))
}

/// What stands in clear in a managed file where it should not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum InClear {
    /// A value, by its key and the hash of what stands there.
    Value(KeyPath, Sha256),
    /// A comment, by the hash of its text.
    Comment(Sha256),
    /// A file that should be sealed and is not, or that nobody can read, by the hash of its bytes.
    File(Sha256),
}

/// Finds what stands in clear in a managed file where it should not, and the bytes at which it begins.
#[must_use]
pub fn in_clear(
    path: &RepoPath,
    bytes: &[u8],
    may: &dyn Fn(&KeyPath) -> bool,
    comments: Comments,
) -> Vec<(InClear, usize)> {
    let whole = || (InClear::File(Sha256::of(bytes)), 0);
    let Ok((form, found)) = read(path, bytes, false) else { return vec![whole()] };
    let clear = found.into_iter().filter(|(key, disk)| disk.clear_text && !may(key));
    let named = clear.map(|(key, disk)| match disk.at {
        Some(at) => (InClear::Value(key, disk.hash), at),
        None => whole(),
    });
    let mut all: Vec<_> = named.collect();
    if let (FileForm::Values(document), Comments::Sealed) = (&form, comments) {
        let text = |span: &Range<usize>| Sha256::of(&bytes[span.clone()]);
        let comments = document.clear_comments();
        all.extend(comments.map(|span| (InClear::Comment(text(span)), span.start)));
    }
    all
}

fn bare(document: &Document<'_>, key: &KeyPath, leaves: &[usize]) -> Vec<Sha256> {
    let [only] = leaves else { return Vec::new() };
    let leaf = &document.leaves[*only];
    let token = document.token(leaf).filter(|_| leaf.path == *key);
    let forms = token.map(|token| [plain_hash(token), plain_hash(&format!("\"{token}\""))]);
    forms.into_iter().flatten().collect()
}

fn on_disk(document: &Document<'_>, leaves: &[usize], hash: Sha256) -> OnDisk {
    let first = leaves.iter().map(|at| document.leaves[*at].span.start).min();
    let (generations, bare) = (Vec::new(), Vec::new());
    let mut disk = OnDisk { hash, bare, generations, dropped: false, clear_text: false, at: first };
    for leaf in leaves.iter().map(|at| &document.leaves[*at]) {
        match document.token(leaf).map(seal::form_of) {
            Some(Ok(Form::Sealed(id))) if disk.generations.contains(&id) => {}
            Some(Ok(Form::Sealed(id))) => disk.generations.push(id),
            Some(Ok(Form::Dropped)) => disk.dropped = true,
            Some(Err(_)) | None => disk.clear_text |= leaf.node == Node::Scalar,
        }
    }
    disk
}
