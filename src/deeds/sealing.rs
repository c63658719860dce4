//! Seals a file's new text, keeps the tokens of what did not change, and says what is new.

use std::collections::BTreeSet;

use super::DeedError;
use super::ring::{self, Ring};
use crate::document::{Document, Format, NotSpliceable, items, whole_hash};
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{Address, EnvName, GenerationId, KeyPath, RepoPath, Sha256, TypeName};
use crate::policy::is_credential;
use crate::seal::{self, Form, Known, SealError, Sealer};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Live, Verified};
use crate::world::generator;
use jiff::civil::Date;

/// Whether a file may be sealed whole that has been attested by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// The user said so.
    Allowed,
    /// Refuse.
    Refused,
}

/// A file's new bytes, and what they change.
pub struct Resealed {
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// What is new, sorted by key; nothing where all stays as it is.
    pub change: FileChange,
    /// Why a file was sealed whole that could have been sealed by value, if it was.
    pub why_whole: Option<NotSpliceable>,
    /// The lists that got something new, and keep some of what stood in them.
    pub(super) kept: BTreeSet<KeyPath>,
    /// The values that stood in clear at their places, as the policy allowed, and are the same sealed.
    pub(super) cleared: BTreeSet<KeyPath>,
}

impl Resealed {
    fn new(bytes: Vec<u8>, change: FileChange, why_whole: Option<NotSpliceable>) -> Self {
        Self { bytes, change, why_whole, kept: BTreeSet::new(), cleared: BTreeSet::new() }
    }

    /// The credentials among what stood in clear.
    pub(super) fn bared(&self) -> impl Iterator<Item = &KeyPath> {
        let made = self.change.items.iter().filter(|item| is_credential(item.kind.as_ref()));
        made.map(|item| &item.key).filter(|key| self.cleared.contains(key))
    }
}

/// What sealing needs of an environment.
#[derive(Clone, Copy)]
pub struct Sealing<'a> {
    /// What was verified.
    pub verified: &'a Verified<'a>,
    /// The environment.
    pub env: &'a EnvName,
    /// Its opened keyring.
    pub ring: &'a Ring,
    /// The day of the change.
    pub today: Date,
}

impl Sealing<'_> {
    /// Seals the new clear text of a file; the types of values are asked of `kind` where no rule says.
    ///
    /// # Errors
    /// [`DeedError::NotSpliceable`] when a file that was attested by value cannot be sealed so any more
    /// and `whole` refuses; [`DeedError::Seal`] and [`DeedError::StaleReaders`].
    pub fn reseal(
        &self,
        path: &RepoPath,
        clear: &Plaintext,
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
        whole: Whole,
    ) -> Result<Resealed, DeedError> {
        let mut resealed = self.as_it_stands(path, clear, kind, whole)?;
        self.nearer(&mut resealed.change, clear);
        self.keep_what_stood(&mut resealed, clear)?;
        self.heed_clear(&mut resealed, clear);
        Ok(resealed)
    }

    fn as_it_stands(
        &self,
        path: &RepoPath,
        clear: &Plaintext,
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
        whole: Whole,
    ) -> Result<Resealed, DeedError> {
        let old = self.verified.files.get(path).map(|file| &file.form);
        if matches!(old, Some(FileForm::Whole)) {
            return self.whole(path, clear, kind, None);
        }
        let mut anew = BTreeSet::new();
        match self.by_value(path, clear, (old, &anew)) {
            Ok(Some(mut bytes)) => {
                let mut change = self.change(path, &bytes, kind)?;
                anew.extend(self.tokens_to_renew(&change)?);
                if !anew.is_empty()
                    && let Some(again) = self.by_value(path, clear, (old, &anew))?
                {
                    (change, bytes) = (self.change(path, &again, kind)?, again);
                }
                Ok(Resealed::new(bytes, change, None))
            }
            Ok(None) => self.whole(path, clear, kind, None),
            Err(DeedError::NotSpliceable { why, .. })
                if old.is_none() || whole == Whole::Allowed =>
            {
                self.whole(path, clear, kind, Some(why))
            }
            Err(other) => Err(other),
        }
    }

    /// What a change signs in tokens that may not be signed again, and gets new ones: bytes that stood before (a
    /// list in an order that it had, an anchor that is gone again), and tokens of an older generation (of a value
    /// that gets an anchor after a change of readers).
    fn tokens_to_renew(&self, change: &FileChange) -> Result<Vec<KeyPath>, DeedError> {
        let current = self.ring.current()?.id();
        let new = change.items.iter().filter(|item| item.op == Op::New);
        let renewed = |item: &&Item| {
            let sealed = item.hash.zip(item.generation);
            sealed.is_some_and(|(hash, id)| id != current || self.verified.record.stood(hash, id))
        };
        Ok(new.filter(renewed).map(|item| item.key.clone()).collect())
    }

    /// None for a format that is always sealed whole.
    fn by_value(
        &self,
        path: &RepoPath,
        clear: &Plaintext,
        (old, anew): (Option<&FileForm<'_>>, &BTreeSet<KeyPath>),
    ) -> Result<Option<Vec<u8>>, DeedError> {
        let Some(format) = Format::of(path) else { return Ok(None) };
        let refuse = |why| DeedError::NotSpliceable { path: path.clone(), why };
        let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
        let text = clear.expose_text().ok_or_else(|| refuse(not_text))?;
        let document = Document::parse(format, text).map_err(refuse)?;
        let is_clear = |key: &KeyPath| self.verified.policy.is_clear(self.env, key);
        let scope = ring::scope(self.verified, self.env, &is_clear);
        let known = match old {
            Some(FileForm::Values(sealed)) => {
                let stands = |key: &KeyPath| {
                    let address = self.address(path, &key.item());
                    let known = self.live(&address).is_some() || self.in_doubt(&address);
                    known && !anew.contains(&address.key)
                };
                Known::of(sealed, &scope, self.ring.opener(), &stands)?
            }
            Some(FileForm::Whole) | None => Known::default(),
        };
        let current = self.ring.current()?;
        let sealer = Sealer { scope, current, opener: self.ring.opener() };
        match sealer.seal(&document, known, &mut generator()) {
            Ok(text) => Ok(Some(text.into_bytes())),
            Err(SealError::StructureChanged) => {
                Err(refuse(NotSpliceable { line: 1, why: "it would not open to the same bytes" }))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Seals every value of a file anew, to the current generation; type and deadline stay.
    ///
    /// # Errors
    /// [`DeedError::Seal`]; [`DeedError::NoFile`].
    pub fn rekey(&self, path: &RepoPath, clear: &Plaintext) -> Result<Resealed, DeedError> {
        let file = self.verified.files.get(path).ok_or_else(|| DeedError::NoFile(path.clone()))?;
        let none = |_: &KeyPath| None;
        let mut resealed = match &file.form {
            FileForm::Values(_) => {
                let bytes = self.by_value(path, clear, (None, &BTreeSet::new()))?;
                let bytes = bytes.ok_or_else(|| DeedError::NoFile(path.clone()))?;
                let change = self.change(path, &bytes, &none)?;
                Resealed::new(bytes, change, None)
            }
            FileForm::Whole => self.whole_anew(path, clear, &none, None)?,
        };
        self.carry_on(&mut resealed.change);
        Ok(resealed)
    }

    /// Makes of new values those that stood there before, under another token: type and deadline stay.
    pub(super) fn carry_on(&self, change: &mut FileChange) {
        self.carry_on_where(change, &|_| true);
    }

    /// As [`Sealing::carry_on`], of some items.
    pub(super) fn carry_on_where(&self, change: &mut FileChange, which: &dyn Fn(&Item) -> bool) {
        let (env, path) = (change.env.clone(), change.path.clone());
        for item in change.items.iter_mut().filter(|item| which(item)) {
            let (env, path) = (env.clone(), path.clone());
            let address = Address { env, path, key: item.key.clone() };
            let Some(live) = self.live(&address) else { continue };
            let entry = self.verified.record.entries[live.entry].id;
            item.op = Op::Rekey;
            item.of = Some(Origin { entry, address });
            item.kind = live.item.kind.clone();
            item.due = live.item.due;
        }
    }

    fn whole(
        &self,
        path: &RepoPath,
        clear: &Plaintext,
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
        why_whole: Option<NotSpliceable>,
    ) -> Result<Resealed, DeedError> {
        let none = FileChange { env: self.env.clone(), path: path.clone(), items: Vec::new() };
        if let Some(file) = self.verified.files.get(path)
            && matches!(file.form, FileForm::Whole)
            && self.ring.open_file(self.verified, path)?.expose() == clear.expose()
        {
            return Ok(Resealed::new(file.bytes.to_vec(), none, why_whole));
        }
        self.whole_anew(path, clear, kind, why_whole)
    }

    pub(super) fn whole_anew(
        &self,
        path: &RepoPath,
        clear: &Plaintext,
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
        why_whole: Option<NotSpliceable>,
    ) -> Result<Resealed, DeedError> {
        let (id, recipient) = self.ring.target()?;
        let bytes = seal::seal_whole(clear.expose(), &recipient)?;
        let mut change = self.gone(path, &[&KeyPath::Whole]);
        let address = self.address(path, &KeyPath::Whole);
        let mut item = self.item(&address, whole_hash(&bytes), Some(id), kind);
        // In the place of many values, the one item takes the earliest of their deadlines.
        let values =
            self.verified.live.iter().filter(|(of, _)| of.path == *path && **of != address);
        item.due = values.filter_map(|(_, live)| live.item.due).chain(item.due).min();
        change.items.push(item);
        change.items.sort_by_key(|item| item.key.to_string());
        Ok(Resealed::new(bytes, change, why_whole))
    }

    /// Compares a file's new sealed text with what stands in the log.
    pub(super) fn change(
        &self,
        path: &RepoPath,
        bytes: &[u8],
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
    ) -> Result<FileChange, DeedError> {
        let refuse = |why| DeedError::NotSpliceable { path: path.clone(), why };
        let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
        let text = std::str::from_utf8(bytes).map_err(|_| refuse(not_text))?;
        let format = Format::of(path).ok_or_else(|| DeedError::NotManaged(path.clone()))?;
        let document = Document::parse(format, text).map_err(refuse)?;
        let found = items(&document);
        let mut change = self.gone(path, &found.keys().collect::<Vec<_>>());
        for (key, item) in &found {
            let live = self.live(&self.address(path, key));
            let same = live.is_some_and(|live| live.item.hash == Some(item.hash));
            if same || self.in_doubt(&self.address(path, key)) {
                continue;
            }
            let leaves = item.leaves.iter().map(|at| &document.leaves[*at]);
            let mut tokens = leaves.filter_map(|leaf| document.token(leaf));
            let generation = match tokens.next().map(seal::form_of).transpose()? {
                Some(Form::Sealed(id)) => Some(id),
                Some(Form::Dropped) => Some(self.ring.target()?.0),
                None => None,
            };
            change.items.push(self.item(&self.address(path, key), item.hash, generation, kind));
        }
        change.items.sort_by_key(|item| item.key.to_string());
        Ok(change)
    }

    /// The deletions: what stands in the log and is not among these keys.
    fn gone(&self, path: &RepoPath, keep: &[&KeyPath]) -> FileChange {
        let gone = self.verified.live.iter().filter(|(address, _)| {
            address.env == *self.env && address.path == *path && !keep.contains(&&address.key)
        });
        let items = gone.map(|(address, live)| delete(self.verified, address, *live)).collect();
        FileChange { env: self.env.clone(), path: path.clone(), items }
    }

    /// Tells whether a value is in a dispute that this change does not end: it stays as it is, unsigned.
    fn in_doubt(&self, address: &Address) -> bool {
        self.verified.in_doubt.contains_key(address)
    }

    fn live(&self, address: &Address) -> Option<Live<'_>> {
        self.verified.live.get(address).copied()
    }

    fn address(&self, path: &RepoPath, key: &KeyPath) -> Address {
        Address { env: self.env.clone(), path: path.clone(), key: key.clone() }
    }

    /// A new value, with a deadline of its type.
    fn item(
        &self,
        address: &Address,
        hash: Sha256,
        generation: Option<GenerationId>,
        kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
    ) -> Item {
        let mut item = Item {
            op: Op::New,
            key: address.key.clone(),
            of: None,
            generation,
            kind: None,
            due: None,
            hash: Some(hash),
        };
        if generation.is_some() {
            item.kind = kind_of_new(self.verified, address, kind(&address.key).as_ref()).cloned();
            item.due = self.verified.policy.due(address, item.kind.as_ref(), self.today);
        }
        item
    }
}

/// The type that a new value gets: by the policy's rule, else as the user says, else as it was.
pub(super) fn kind_of_new<'v>(
    verified: &'v Verified<'_>,
    address: &Address,
    said: Option<&'v TypeName>,
) -> Option<&'v TypeName> {
    let before = verified.type_at(address);
    verified.policy.rule(address).kind.or(said).or(before)
}

/// The item that ends a value.
#[must_use]
pub fn delete(verified: &Verified<'_>, address: &Address, live: Live<'_>) -> Item {
    let entry = verified.record.entries[live.entry].id;
    Item {
        op: Op::Delete,
        key: address.key.clone(),
        of: Some(Origin { entry, address: address.clone() }),
        generation: None,
        kind: None,
        due: None,
        hash: None,
    }
}
