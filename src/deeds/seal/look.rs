//! Looks at one file before it is sealed: what differs from the log, and who put it there.

use std::collections::{BTreeMap, BTreeSet};

use super::committed::{Committed, Origin};
use super::form::Form;
use super::named::Named;
use crate::deeds::DeedError;
use crate::document::{Document, Item, Node};
use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, EnvName, KeyPath, RepoPath, Sha256, quoted};
use crate::policy::{Comments, Policy};
use crate::seal;
use crate::verify::Live;

/// What the log says stands, by address.
pub(super) type Signed<'r> = BTreeMap<Address, Live<'r>>;

/// One file on disk, beside what the log says of it.
pub(super) struct Look<'l> {
    pub(super) policy: &'l Policy,
    pub(super) env: &'l EnvName,
    pub(super) path: &'l RepoPath,
    pub(super) bytes: &'l [u8],
    pub(super) form: Form<'l>,
    pub(super) signed: BTreeMap<&'l KeyPath, Live<'l>>,
}

impl<'l> Look<'l> {
    pub(super) fn at(
        policy: &'l Policy,
        env: &'l EnvName,
        path: &'l RepoPath,
        bytes: &'l [u8],
        signed: &'l Signed<'l>,
    ) -> Self {
        let mine = signed.iter().filter(|(address, _)| address.path == *path);
        let signed: BTreeMap<_, _> = mine.map(|(address, live)| (&address.key, *live)).collect();
        let whole = signed.contains_key(&KeyPath::Whole);
        Self { policy, env, path, bytes, form: Form::of(path, bytes, whole), signed }
    }

    /// Tells whether the bytes are those that the log attests.
    pub(super) fn is_signed(&self, bytes: &[u8]) -> bool {
        let whole = self.signed.contains_key(&KeyPath::Whole);
        let Some(found) = Form::of(self.path, bytes, whole).hashes() else { return false };
        found.len() == self.signed.len()
            && found.iter().all(|(key, hash)| self.stands(key) == Some(*hash))
    }

    fn stands(&self, key: &KeyPath) -> Option<Sha256> {
        self.signed.get(key).and_then(|live| live.item.hash)
    }

    /// Tells whether there is anything to seal, or anything wrong.
    pub(super) fn differs(&self) -> bool {
        if !self.is_signed(self.bytes) {
            return true;
        }
        match &self.form {
            Form::Values(document, items) => {
                let env = self.policy.environments.get(self.env);
                let sealed = env.is_some_and(|env| env.comments == Comments::Sealed);
                (sealed && document.clear_comment().is_some())
                    || items.iter().any(|(key, item)| {
                        !self.policy.is_clear(self.env, key) && has_clear_text(document, item)
                    })
            }
            Form::Whole(_) | Form::Unreadable => false,
        }
    }

    /// The first value that a later entry changed after `base` was signed.
    pub(super) fn newer(&self, base: &[u8]) -> Option<(&'l KeyPath, Live<'l>)> {
        let whole = self.signed.contains_key(&KeyPath::Whole);
        let then = Form::of(self.path, base, whole).hashes().unwrap_or_default();
        let changed =
            |(key, live): &(&&'l KeyPath, &Live<'l>)| then.get(**key).copied() != live.item.hash;
        self.signed.iter().find(changed).map(|(key, live)| (*key, *live))
    }

    /// Judges what differs: no token that was not signed here; gives the keys whose clear text a commit has.
    ///
    /// `base` are the sealed bytes that stood here before, if they are known.
    pub(super) fn committed(
        &self,
        base: Option<&[u8]>,
        commits: &Committed,
    ) -> Result<Vec<(KeyPath, Origin)>, DeedError> {
        match &self.form {
            Form::Unreadable => Ok(commits.all_of(&KeyPath::Whole)),
            Form::Whole(hash) if seal::is_whole(self.bytes) => {
                if self.stands(&KeyPath::Whole) == Some(*hash) {
                    return Ok(Vec::new());
                }
                Err(self.foreign(&KeyPath::Whole))
            }
            Form::Whole(_) => Ok(commits.all_of(&KeyPath::Whole)),
            Form::Values(document, items) => {
                let known = base.map(|base| tokens(self.path, base)).unwrap_or_default();
                let fresh = items.iter().filter(|(key, item)| self.stands(key) != Some(item.hash));
                let mut committed = Vec::new();
                for (key, item) in fresh {
                    self.own_tokens(document, key, item, &known)?;
                    let origin = commits.origin(key, item.hash);
                    committed.extend(origin.map(|origin| (key.clone(), origin)));
                }
                Ok(committed)
            }
        }
    }

    /// Refuses a token that did not stand in this very item when it was signed.
    fn own_tokens(
        &self,
        document: &Document<'_>,
        key: &KeyPath,
        item: &Item,
        known: &BTreeSet<(KeyPath, String)>,
    ) -> Result<(), DeedError> {
        let leaves = || item.leaves.iter().map(|at| &document.leaves[*at]);
        let mut tokens = leaves().filter_map(|leaf| document.token(leaf)).peekable();
        if tokens.peek().is_none() {
            return Ok(());
        }
        let own = tokens.all(|token| known.contains(&(key.clone(), token.to_owned())));
        if own && has_clear_text(document, item) { Ok(()) } else { Err(self.foreign(key)) }
    }

    fn foreign(&self, key: &KeyPath) -> DeedError {
        let message = "what stands here in sealed form is not what was signed";
        self.refuse(Code::Altered, key, message)
    }

    /// Refuses that signed values are gone, unless the user took them out of a file that they opened.
    pub(super) fn missing(&self, named: &Named, opened: bool) -> Result<(), DeedError> {
        let Some(found) = self.form.hashes() else { return Ok(()) };
        let gone = self.signed.keys().find(|key| !found.contains_key(**key));
        match gone {
            Some(key) if !opened && !named.has_path(self.path) => {
                let message = "this is signed, but no longer here";
                Err(self.refuse(Code::Missing, key, message))
            }
            _ => Ok(()),
        }
    }

    fn refuse(&self, code: Code, key: &KeyPath, message: &str) -> DeedError {
        let finding = Finding {
            code,
            severity: Severity::Breach,
            env: Some(self.env.clone()),
            place: format!("{} {key}", self.path),
            address: Some(Address {
                env: self.env.clone(),
                path: self.path.clone(),
                key: key.item(),
            }),
            entry: None,
            message: message.to_owned(),
            fix: Some(format!("tenure restore {}", quoted(self.path))),
        };
        DeedError::Refused(finding.into())
    }
}

fn has_clear_text(document: &Document<'_>, item: &Item) -> bool {
    let mut leaves = item.leaves.iter().map(|at| &document.leaves[*at]);
    leaves.any(|leaf| leaf.node == Node::Scalar && document.token(leaf).is_none())
}

/// The tokens of a sealed text, with the items that they stand in.
fn tokens(path: &RepoPath, base: &[u8]) -> BTreeSet<(KeyPath, String)> {
    let Form::Values(document, _) = Form::of(path, base, false) else { return BTreeSet::new() };
    let found = document
        .leaves
        .iter()
        .filter_map(|leaf| document.token(leaf).map(|token| (leaf.path.item(), token.to_owned())));
    found.collect()
}
