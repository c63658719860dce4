//! Brings the files of an environment into the state after a step: values change their places, and each
//! file is sealed once.

use std::collections::BTreeMap;

use super::state::refuse;
use crate::deeds::DeedError;
use crate::deeds::attest::Work;
use crate::deeds::dropping::same_beside;
use crate::deeds::find::Found;
use crate::deeds::sealing::{Sealing, Whole, delete};
use crate::deeds::set::{edited, with_value};
use crate::document::{Document, Format, Leaf, Node, place as places, value};
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{Address, KeyPath, RepoPath, quoted};
use crate::policy::Clash;
use crate::seal::SealError;
use crate::secret::Plaintext;
use crate::world::Mode;
use zeroize::Zeroizing;

/// Files as they are to be.
pub(super) struct Desk<'a> {
    sealing: Sealing<'a>,
    /// The clear texts of files that are sealed by value.
    texts: BTreeMap<RepoPath, Plaintext>,
    /// The sealed bytes of files that are sealed whole; none for one that goes.
    whole: BTreeMap<RepoPath, Option<Vec<u8>>>,
    /// What goes where, by where it goes.
    moved: BTreeMap<Address, Address>,
}

impl<'a> Desk<'a> {
    pub(super) fn of(sealing: Sealing<'a>) -> Self {
        let (texts, whole, moved) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { sealing, texts, whole, moved }
    }

    /// Puts what stands at one place to another one, over what stands there.
    ///
    /// # Errors
    /// [`DeedError::Refuse`] for what is no plain value; [`DeedError::Value`] where it cannot be put there.
    pub(super) fn carry(&mut self, from: &Address, to: &Address) -> Result<(), DeedError> {
        self.same_terms(from, to)?;
        if from.key == KeyPath::Whole {
            let bytes = self.bytes(&from.path)?;
            self.whole.insert(to.path.clone(), Some(bytes));
        } else {
            let text = carried(from, to, self.text(&from.path)?)?;
            self.texts.insert(from.path.clone(), text);
        }
        self.moved.insert(to.clone(), from.clone());
        Ok(())
    }

    /// Puts a new value to a place of a file that is there.
    ///
    /// # Errors
    /// [`DeedError::Value`] and [`DeedError::Refuse`] where it cannot be written there.
    pub(super) fn put(&mut self, found: &Found, value: &Plaintext) -> Result<(), DeedError> {
        let text = with_value(found, self.text(&found.path)?, value)?;
        self.texts.insert(found.path.clone(), text);
        Ok(())
    }

    /// Takes away what stands at a place.
    ///
    /// # Errors
    /// [`DeedError::Value`] where that changes anything else.
    pub(super) fn take(&mut self, at: &Address) -> Result<(), DeedError> {
        if at.key == KeyPath::Whole {
            self.whole.insert(at.path.clone(), None);
            return Ok(());
        }
        let text = without(at, self.text(&at.path)?)?;
        self.texts.insert(at.path.clone(), text);
        Ok(())
    }

    /// Seals all, and says what each item carries on.
    ///
    /// # Errors
    /// [`DeedError::Seal`]; [`DeedError::Refuse`] where a value that was to take a place stood there already.
    pub(super) fn finish(self, work: &mut Work) -> Result<(), DeedError> {
        let Sealing { verified, .. } = self.sealing;
        for (path, clear) in &self.texts {
            let mut new = self.sealing.reseal(path, clear, &|_| None, Whole::Refused)?;
            self.carry_on(&mut new.change)?;
            work.writes.based_on(path.clone(), verified.files.get(path).map(|file| file.bytes));
            work.file(new.change, new.bytes);
        }
        for (path, bytes) in &self.whole {
            let address = self.address(path, &KeyPath::Whole);
            let item = self.whole_item(&address)?;
            work.writes.based_on(path.clone(), verified.files.get(path).map(|file| file.bytes));
            match bytes {
                Some(bytes) => work.writes.put(path.clone(), bytes.clone(), Mode::Keep),
                None => work.writes.remove(path.clone()),
            }
            let Some(item) = item else { continue };
            let Address { env, path, .. } = address;
            work.changes.push(FileChange { env, path, items: vec![item] });
        }
        Ok(())
    }

    fn address(&self, path: &RepoPath, key: &KeyPath) -> Address {
        Address { env: self.sealing.env.clone(), path: path.clone(), key: key.clone() }
    }

    fn text(&mut self, path: &RepoPath) -> Result<&Plaintext, DeedError> {
        if !self.texts.contains_key(path) {
            let Sealing { ring, verified, .. } = self.sealing;
            self.texts.insert(path.clone(), ring.open_file(verified, path)?);
        }
        self.texts.get(path).ok_or_else(|| DeedError::NoFile(path.clone()))
    }

    fn bytes(&self, path: &RepoPath) -> Result<Vec<u8>, DeedError> {
        let found = || self.sealing.verified.files.get(path).map(|file| file.bytes.to_vec());
        let now = self.whole.get(path).cloned();
        now.unwrap_or_else(found).ok_or_else(|| DeedError::NoFile(path.clone()))
    }

    /// Refuses a place where the value would have to be a new one.
    fn same_terms(&self, from: &Address, to: &Address) -> Result<(), DeedError> {
        let verified = self.sealing.verified;
        let live = verified.live.get(from).copied();
        let what = match live.and_then(|live| verified.clash((from, to), live)) {
            None => return Ok(()),
            Some(Clash::Kind) => "another type than the value has that is to go there",
            Some(Clash::Deadline) => "a nearer deadline than the value has that is to go there",
            Some(Clash::Custody) => "to the customer's custody, and what is to go there is in ours",
        };
        refuse(
            format!("the policy gives `{to}` {what}"),
            "tenure rotate it with --undo, then with a new value".to_owned(),
        )
    }

    /// Makes of new values those that changed their places: a `move` ends its source by itself.
    fn carry_on(&self, change: &mut FileChange) -> Result<(), DeedError> {
        let (env, path) = (change.env.clone(), change.path.clone());
        let address =
            |key: &KeyPath| Address { env: env.clone(), path: path.clone(), key: key.clone() };
        let is_source = |at: &Address| self.moved.values().any(|from| from == at);
        change.items.retain(|item| item.op != Op::Delete || !is_source(&address(&item.key)));
        for (to, from) in self.moved.iter().filter(|(to, _)| to.path == path) {
            let item = change.items.iter_mut().find(|item| item.key == to.key);
            let Some(item) = item.filter(|item| item.generation.is_some()) else {
                return refuse(
                    format!("`{to}` has the value of `{from}` already, or is not sealed"),
                    None,
                );
            };
            self.as_moved(from, item)?;
        }
        Ok(())
    }

    fn as_moved(&self, from: &Address, item: &mut Item) -> Result<(), DeedError> {
        let verified = self.sealing.verified;
        let missing = || DeedError::NoFile(from.path.clone());
        let live = verified.live.get(from).ok_or_else(missing)?;
        let entry = verified.record.entries[live.entry].id;
        item.op = Op::Move;
        item.of = Some(Origin { entry, address: from.clone() });
        (item.kind, item.due) = (live.item.kind.clone(), live.item.due);
        Ok(())
    }

    /// What is signed of a file that is sealed whole: its bytes go along as they are.
    fn whole_item(&self, address: &Address) -> Result<Option<Item>, DeedError> {
        let verified = self.sealing.verified;
        if let Some(from) = self.moved.get(address) {
            let live =
                verified.live.get(from).ok_or_else(|| DeedError::NoFile(from.path.clone()))?;
            let mut item = live.item.clone();
            self.as_moved(from, &mut item)?;
            return Ok(Some(item));
        }
        if self.moved.values().any(|from| from == address) {
            return Ok(None);
        }
        Ok(verified.live.get(address).map(|live| delete(verified, address, *live)))
    }
}

/// Takes values away without opening anything.
///
/// # Errors
/// [`DeedError::Value`] where that changes anything else.
pub(super) fn take_away(
    sealing: Sealing<'_>,
    gone: &[Address],
    work: &mut Work,
) -> Result<(), DeedError> {
    let verified = sealing.verified;
    let mut texts: BTreeMap<&RepoPath, Plaintext> = BTreeMap::new();
    for at in gone {
        let file =
            verified.files.get(&at.path).ok_or_else(|| DeedError::NoFile(at.path.clone()))?;
        work.writes.based_on(at.path.clone(), Some(file.bytes));
        if at.key != KeyPath::Whole {
            let sealed =
                texts.remove(&at.path).unwrap_or_else(|| Plaintext::from(file.bytes.to_vec()));
            texts.insert(&at.path, without(at, &sealed)?);
            continue;
        }
        let live = verified.live.get(at).ok_or_else(|| DeedError::NoFile(at.path.clone()))?;
        let items = vec![delete(verified, at, *live)];
        work.changes.push(FileChange { env: at.env.clone(), path: at.path.clone(), items });
        work.writes.remove(at.path.clone());
    }
    for (path, sealed) in texts {
        let bytes = sealed.expose().to_vec();
        work.file(sealing.change(path, &bytes, &|_| None)?, bytes);
    }
    Ok(())
}

fn without(at: &Address, text: &Plaintext) -> Result<Plaintext, DeedError> {
    edited(&at.path, &at.env, text, |document| {
        let leaf = document.leaf(&at.key).ok_or_else(|| gone(at))?;
        Ok((places::remove(document, leaf)?, Zeroizing::default()))
    })
}

fn gone(at: &Address) -> DeedError {
    DeedError::NoSecret { env: at.env.clone(), text: at.key.to_string(), nearest: None }
}

/// A clear text with the slice of one place at another one, too.
fn carried(from: &Address, to: &Address, old: &Plaintext) -> Result<Plaintext, DeedError> {
    let mut replaced = false;
    let new = edited(&from.path, &from.env, old, |document| {
        let leaf = document.leaf(&from.key).ok_or_else(|| gone(from))?;
        plain(leaf, from)?;
        let slice = Zeroizing::new(document.slice(leaf).to_owned());
        match document.leaf(&to.key) {
            Some(there) => {
                plain(there, to)?;
                replaced = true;
                Ok((there.span.clone(), slice))
            }
            None => {
                let new = places::insert(document, &to.key, &slice)?;
                Ok((new.at..new.at, new.text))
            }
        }
    })?;
    let format = Format::of(&from.path).ok_or_else(|| DeedError::NoFile(from.path.clone()))?;
    let changed = || DeedError::from(SealError::StructureChanged);
    let parse = |text: &'_ Plaintext| -> Option<bool> {
        let after = Document::parse(format, text.expose_text()?).ok()?;
        let before = Document::parse(format, old.expose_text()?).ok()?;
        let others = !replaced || same_beside(&to.key, &before, &after);
        Some(others && same_value((&before, &from.key), (&after, &to.key)))
    };
    match parse(&new) {
        Some(true) => Ok(new),
        _ => Err(changed()),
    }
}

/// Refuses what a tag or an anchor gives a meaning that another place would not have.
fn plain(leaf: &Leaf, at: &Address) -> Result<(), DeedError> {
    let bare = leaf.tag.is_empty() && leaf.anchor.is_empty();
    if bare && leaf.node == Node::Scalar {
        return Ok(());
    }
    let name = quoted(at);
    refuse(format!("`{at}` is no plain value"), format!("tenure rotate {name}"))
}

/// Tells whether readers get the same value at two places.
fn same_value(one: (&Document<'_>, &KeyPath), other: (&Document<'_>, &KeyPath)) -> bool {
    let read = |(document, key): (&'_ Document<'_>, &KeyPath)| {
        let leaf = document.leaf(key)?;
        let value = value::decode(document, leaf).ok();
        Some((Plaintext::from(document.slice(leaf).to_owned()), value))
    };
    let same = |one: &Plaintext, other: &Plaintext| one.expose() == other.expose();
    match (read(one), read(other)) {
        (Some((slice, Some(value))), Some((other, Some(theirs)))) => {
            same(&slice, &other) && same(&value, &theirs)
        }
        (Some((slice, None)), Some((other, None))) => same(&slice, &other),
        _ => false,
    }
}
