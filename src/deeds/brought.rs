//! What a change of a whole file brings: the values that did not stand there before, in clear.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::DeedError;
use super::find::Found;
use super::load::Place;
use super::past::parsed;
use super::rotate::{Compared, all_new};
use super::sealing::{Resealed, Sealing};
use crate::document::{Document, Format, Leaf, Node, NotSpliceable, value};
use crate::log::entry::{Item, Op};
use crate::names::{Address, KeyPath, RepoPath, TypeName};
use crate::secret::Plaintext;
use crate::verify::FileForm;

/// A value that a change brings.
pub(super) struct Brought {
    /// Its place, which may lie inside a list.
    pub(super) found: Found,
    /// The type that it gets.
    pub(super) kind: Option<TypeName>,
    /// The value.
    pub(super) value: Plaintext,
}

impl Sealing<'_> {
    /// The sealed values of a change, given the file's clear text: of a list only what has no token of before.
    ///
    /// # Errors
    /// [`DeedError::NotSpliceable`] for texts that are none of the file's format.
    pub(super) fn brought(
        &self,
        resealed: &Resealed,
        clear: &Plaintext,
    ) -> Result<Vec<Brought>, DeedError> {
        let change = &resealed.change;
        let made = change.items.iter().filter(|it| it.op == Op::New && it.generation.is_some());
        let items: BTreeMap<&KeyPath, &Item> = made.map(|item| (&item.key, item)).collect();
        let found = |key: &KeyPath| Found {
            env: change.env.clone(),
            path: change.path.clone(),
            key: key.clone(),
        };
        if let Some(item) = items.get(&KeyPath::Whole) {
            let value = Plaintext::from(clear.expose().to_vec());
            return Ok(vec![Brought {
                found: found(&KeyPath::Whole),
                kind: item.kind.clone(),
                value,
            }]);
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let broken = || DeedError::NotSpliceable {
            path: change.path.clone(),
            why: NotSpliceable { line: 1, why: "it is no longer of its format" },
        };
        let sealed = parsed(&change.path, &resealed.bytes).ok_or_else(broken)?;
        let format = Format::of(&change.path).ok_or_else(broken)?;
        let text = clear.expose_text().ok_or_else(broken)?;
        let clear = Document::parse(format, text).map_err(|_| broken())?;
        let known = self.tokens(&change.path);
        let is_new = |leaf: &&Leaf| is_new(&known, &sealed, leaf);
        let mut brought = Vec::new();
        for leaf in sealed.leaves.iter().filter(is_new) {
            let Some(item) = items.get(&leaf.path.item()) else { continue };
            let shown = clear.leaf(&leaf.path).ok_or_else(broken)?;
            // What no reader understands is compared as it is written.
            let written = || Plaintext::from(clear.slice(shown).to_owned());
            let value = value::decode(&clear, shown).unwrap_or_else(|_| written());
            brought.push(Brought { found: found(&leaf.path), kind: item.kind.clone(), value });
        }
        Ok(brought)
    }

    /// Leaves no more time to values that a change signs anew without bringing any: an anchor, another order
    /// or less of a list.
    pub(super) fn keep_deadlines(&self, resealed: &mut Resealed) {
        let Resealed { bytes, change, .. } = resealed;
        let Some(sealed) = parsed(&change.path, bytes) else { return };
        let known = self.tokens(&change.path);
        let new: BTreeSet<KeyPath> = {
            let new = sealed.leaves.iter().filter(|leaf| is_new(&known, &sealed, leaf));
            new.map(|leaf| leaf.path.item()).collect()
        };
        let path = change.path.clone();
        let made = change.items.iter_mut().filter(|it| it.op == Op::New && it.generation.is_some());
        for item in made.filter(|item| item.key != KeyPath::Whole && !new.contains(&item.key)) {
            let address =
                Address { env: change.env.clone(), path: path.clone(), key: item.key.clone() };
            let before = self.verified.live.get(&address).and_then(|live| live.item.due);
            item.due = item.due.into_iter().chain(before).min();
        }
    }

    /// The tokens that stood in a file.
    fn tokens(&self, path: &RepoPath) -> HashSet<&str> {
        match self.verified.files.get(path).map(|file| &file.form) {
            Some(FileForm::Values(document)) => {
                let leaves = document.leaves.iter().filter(|leaf| leaf.node == Node::Scalar);
                leaves.filter_map(|leaf| document.token(leaf)).collect()
            }
            Some(FileForm::Whole) | None => HashSet::new(),
        }
    }

    /// Insists that a change pays no duty with values that were there before.
    ///
    /// # Errors
    /// [`DeedError::Refuse`]; those of looking through git.
    pub(super) fn pays_with_new(
        self,
        place: &Place<'_>,
        resealed: &Resealed,
        brought: &[Brought],
    ) -> Result<Compared, DeedError> {
        let values: Vec<_> = brought.iter().map(|new| (&new.found, &new.value)).collect();
        all_new(place, self, &resealed.change, &values)
    }
}

fn is_new(known: &HashSet<&str>, sealed: &Document<'_>, leaf: &Leaf) -> bool {
    sealed.token(leaf).is_some_and(|token| !known.contains(token))
}
