//! What a change of a whole file brings: the values that did not stand there before, in clear.

use std::collections::{BTreeMap, BTreeSet};

use super::DeedError;
use super::find::Found;
use super::get;
use super::load::Place;
use super::rotate::{Compared, all_new};
use super::sealing::{Resealed, Sealing};
use crate::document::{Document, Format, Leaf, Node, NotSpliceable, value};
use crate::log::entry::{FileChange, Op};
use crate::names::{KeyPath, TypeName};
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

/// What stood in the items of a change, by item: a single value as readers get it, those of a list as written.
type Stood = BTreeMap<KeyPath, Vec<Plaintext>>;

impl Sealing<'_> {
    /// The sealed values of a change, given the file's clear text: of a list only those that it did not have.
    ///
    /// # Errors
    /// [`DeedError::NotSpliceable`] for a text that is none of the file's format.
    pub(super) fn brought(
        &self,
        resealed: &Resealed,
        clear: &Plaintext,
    ) -> Result<Vec<Brought>, DeedError> {
        let change = &resealed.change;
        let mut kinds = BTreeMap::new();
        for item in change.items.iter().filter(|it| it.op == Op::New && it.generation.is_some()) {
            kinds.insert(&item.key, item.kind.clone());
        }
        let new = |key: &KeyPath, value: Plaintext| {
            let (env, path) = (change.env.clone(), change.path.clone());
            let kind = kinds.get(&key.item()).cloned().flatten();
            Brought { found: Found { env, path, key: key.clone() }, kind, value }
        };
        if kinds.contains_key(&KeyPath::Whole) {
            let all = Plaintext::from(clear.expose().to_vec());
            return Ok(vec![new(&KeyPath::Whole, all)]);
        }
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let why = NotSpliceable { line: 1, why: "it is no longer of its format" };
        let broken = DeedError::NotSpliceable { path: change.path.clone(), why };
        let parsed = Format::of(&change.path).zip(clear.expose_text());
        let Some(Ok(clear)) = parsed.map(|(format, text)| Document::parse(format, text)) else {
            return Err(broken);
        };
        let stood = self.stood(change);
        let mine =
            |leaf: &&Leaf| leaf.node == Node::Scalar && kinds.contains_key(&leaf.path.item());
        let fresh = clear.leaves.iter().filter(mine).filter(|leaf| is_new(&stood, &clear, leaf));
        Ok(fresh.map(|leaf| new(&leaf.path, read(&clear, leaf))).collect())
    }

    /// Leaves no more time to values that a change signs anew without bringing any: an anchor, another order
    /// or less of a list.
    ///
    /// # Errors
    /// As [`Sealing::brought`].
    pub(super) fn keep_deadlines(
        &self,
        resealed: &mut Resealed,
        clear: &Plaintext,
    ) -> Result<(), DeedError> {
        let change = &resealed.change;
        let before = |key: &KeyPath| self.verified.live.get(&change.address(key));
        if change.items.iter().all(|it| it.op != Op::New || before(&it.key).is_none()) {
            return Ok(());
        }
        let brought = self.brought(resealed, clear)?;
        let brings: BTreeSet<KeyPath> = brought.iter().map(|new| new.found.key.item()).collect();
        let change = &mut resealed.change;
        for at in 0..change.items.len() {
            let (key, op) = (change.items[at].key.clone(), change.items[at].op);
            let live = self.verified.live.get(&change.address(&key));
            let item = &mut change.items[at];
            if op == Op::New && item.generation.is_some() && !brings.contains(&key) {
                item.due = item.due.into_iter().chain(live.and_then(|it| it.item.due)).min();
            }
        }
        Ok(())
    }

    /// What stood in the items of a change, as far as its tokens open.
    fn stood(&self, change: &FileChange) -> Stood {
        let mut stood = Stood::new();
        let file = self.verified.files.get(&change.path).map(|file| &file.form);
        let Some(FileForm::Values(document)) = file else { return stood };
        let keys: BTreeSet<&KeyPath> = change.items.iter().map(|item| &item.key).collect();
        let changed = |leaf: &&Leaf| keys.contains(&leaf.path.item());
        for leaf in document.leaves.iter().filter(changed) {
            let at = (&change.path, document);
            let Ok(Some(slice)) = self.ring.open_leaf(self.verified, at, leaf) else { continue };
            let item = leaf.path.item();
            let value = match item == leaf.path {
                true => get::decoded(at, leaf, &slice).ok().flatten().unwrap_or(slice),
                false => slice,
            };
            stood.entry(item).or_default().push(value);
        }
        stood
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

fn is_new(stood: &Stood, clear: &Document<'_>, leaf: &Leaf) -> bool {
    let item = leaf.path.item();
    let Some(before) = stood.get(&item) else { return true };
    let own = match item == leaf.path {
        true => read(clear, leaf),
        false => Plaintext::from(clear.slice(leaf).to_owned()),
    };
    before.iter().all(|old| old.expose() != own.expose())
}

/// A value as readers get it; what none understands, as it is written.
fn read(clear: &Document<'_>, leaf: &Leaf) -> Plaintext {
    let written = || Plaintext::from(clear.slice(leaf).to_owned());
    value::decode(clear, leaf).unwrap_or_else(|_| written())
}
