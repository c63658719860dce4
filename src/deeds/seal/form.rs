//! A file as it can be read: value by value, whole, or not at all.

use std::collections::BTreeMap;

use crate::document::{Document, Format, Item, NotSpliceable, items, whole_hash};
use crate::names::{KeyPath, RepoPath, Sha256};
use crate::seal;

/// A file as it can be read.
pub(super) enum Form<'t> {
    Values(Document<'t>, BTreeMap<KeyPath, Item>),
    Whole(Sha256),
    Unreadable,
}

impl<'t> Form<'t> {
    pub(super) fn of(path: &RepoPath, bytes: &'t [u8], attested_whole: bool) -> Self {
        let format = Format::of(path).filter(|_| !attested_whole && !seal::is_whole(bytes));
        let Some(format) = format else { return Self::Whole(whole_hash(bytes)) };
        let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
        let text = std::str::from_utf8(bytes).map_err(|_| not_text);
        match text.and_then(|text| Document::parse(format, text)) {
            Ok(document) => {
                let items = items(&document);
                Self::Values(document, items)
            }
            Err(_) => Self::Unreadable,
        }
    }

    /// The hash of every item; none where the file cannot be read.
    pub(super) fn hashes(&self) -> Option<BTreeMap<KeyPath, Sha256>> {
        match self {
            Self::Values(_, items) => {
                Some(items.iter().map(|(key, item)| (key.clone(), item.hash)).collect())
            }
            Self::Whole(hash) => Some(BTreeMap::from([(KeyPath::Whole, *hash)])),
            Self::Unreadable => None,
        }
    }
}
