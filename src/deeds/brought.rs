//! What a change of a whole file brings: the values that did not stand there before, in clear. What stood there
//! is the value that it was, however it is written now.

use std::collections::{BTreeMap, BTreeSet};

use super::DeedError;
use super::find::Found;
use super::get;
use super::load::Place;
use super::rotate::{Compared, all_new};
use super::sealing::{Resealed, Sealing};
use crate::document::{Document, Format, Leaf, Node, NotSpliceable, items, value};
use crate::log::entry::{FileChange, Item, Op};
use crate::names::{Address, KeyPath, TypeName};
use crate::policy::is_credential;
use crate::rotation::strength::LEAST;
use crate::secret::Plaintext;
use crate::verify::{FileForm, Live};

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
        Ok(self.compared(&resealed.change, &self.stood(&resealed.change), clear)?.0)
    }

    /// What a change brings, and the items in which something stays that stood there.
    fn compared(
        &self,
        change: &FileChange,
        stood: &Stood,
        clear: &Plaintext,
    ) -> Result<(Vec<Brought>, BTreeSet<KeyPath>), DeedError> {
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
            return Ok((vec![new(&KeyPath::Whole, all)], BTreeSet::new()));
        }
        if kinds.is_empty() {
            return Ok((Vec::new(), BTreeSet::new()));
        }
        let why = NotSpliceable { line: 1, why: "it is no longer of its format" };
        let broken = DeedError::NotSpliceable { path: change.path.clone(), why };
        let parsed = Format::of(&change.path).zip(clear.expose_text());
        let Some(Ok(clear)) = parsed.map(|(format, text)| Document::parse(format, text)) else {
            return Err(broken);
        };
        let mine =
            |leaf: &&Leaf| leaf.node == Node::Scalar && kinds.contains_key(&leaf.path.item());
        let (fresh, same): (Vec<&Leaf>, Vec<&Leaf>) =
            clear.leaves.iter().filter(mine).partition(|leaf| is_new(stood, &clear, leaf));
        let brought = fresh.iter().map(|leaf| new(&leaf.path, read(&clear, leaf))).collect();
        Ok((brought, same.iter().map(|leaf| leaf.path.item()).collect()))
    }

    /// Carries on what a change signs anew without bringing any value: quotes, an anchor, another order or less of
    /// a list. And a value under a new name has no more time than it had under the one that goes.
    ///
    /// # Errors
    /// As [`Sealing::brought`].
    pub(super) fn keep_what_stood(
        &self,
        resealed: &mut Resealed,
        clear: &Plaintext,
    ) -> Result<(), DeedError> {
        let change = &mut resealed.change;
        let live = |change: &FileChange, item: &Item| {
            self.verified.live.get(&change.address(&item.key)).copied()
        };
        let is_made = |item: &Item| item.op == Op::New && item.generation.is_some();
        if !change.items.iter().any(is_made)
            || change.items.iter().all(|it| live(change, it).is_none())
        {
            return Ok(());
        }
        let stood = self.stood(change);
        let (brought, mut same) = self.compared(change, &stood, clear)?;
        let brings: BTreeSet<KeyPath> = brought.iter().map(|new| new.found.key.item()).collect();
        let renamed: BTreeMap<KeyPath, Live<'_>> = brought
            .iter()
            .filter_map(|new| Some((new.found.key.clone(), self.renamed(change, &stood, new)?)))
            .collect();
        for item in change.items.iter_mut().filter(|item| is_made(item)) {
            let Some(old) = renamed.get(&item.key) else { continue };
            item.kind = item.kind.take().or_else(|| old.item.kind.clone());
            item.due = item.due.into_iter().chain(old.item.due).min();
        }
        self.carry_on_where(change, &|item| is_made(item) && !brings.contains(&item.key));
        same.retain(|key| brings.contains(key));
        resealed.kept = same;
        Ok(())
    }

    /// Finds the values that stood in clear and are sealed as they are: no new ones. Whoever sees the repository
    /// has them, so a credential among them is due at once.
    pub(super) fn heed_clear(&self, resealed: &mut Resealed, clear: &Plaintext) {
        let change = &mut resealed.change;
        let parsed = Format::of(&change.path).zip(clear.expose_text());
        let document = parsed.and_then(|(format, text)| Document::parse(format, text).ok());
        let Some(found) = document.as_ref().map(items) else { return };
        let (env, path) = (change.env.clone(), change.path.clone());
        let stood = |item: &&mut Item| {
            let address = Address { env: env.clone(), path: path.clone(), key: item.key.clone() };
            let live = self.verified.live.get(&address).map(|live| live.item);
            let hash = live.filter(|it| it.generation.is_none()).and_then(|it| it.hash);
            let made = item.op == Op::New && item.generation.is_some();
            made && hash.is_some() && found.get(&item.key).map(|it| it.hash) == hash
        };
        for item in change.items.iter_mut().filter(stood) {
            resealed.cleared.insert(item.key.clone());
            if is_credential(item.kind.as_ref()) {
                item.due = Some(item.due.map_or(self.today, |due| due.min(self.today)));
            }
        }
    }

    /// The credential of which a change takes the name away and gives the value a new one.
    fn renamed(&self, change: &FileChange, stood: &Stood, new: &Brought) -> Option<Live<'_>> {
        let is_there = self.verified.live.contains_key(&new.found.address());
        let gone = change.items.iter().filter(|it| it.op == Op::Delete && !is_there);
        let same = gone.filter(|it| {
            let old = stood.get(&it.key).into_iter().flatten();
            old.into_iter().any(|old| old.len() >= LEAST && old.expose() == new.value.expose())
        });
        let was = same.filter_map(|it| self.verified.live.get(&change.address(&it.key)).copied());
        was.filter(|live| is_credential(live.item.kind.as_ref())).min_by_key(|live| live.item.due)
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
        all_new(place, self, resealed, &values)
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
