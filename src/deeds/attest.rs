//! Attests changed files with one entry, or several where one would grow too large, and writes all.

use super::DeedError;
use super::find::sealed_again;
use super::load::Place;
use super::pen::{Pen, Receipt};
use crate::log::entry::{FileChange, KeyringRecord, Kind};
use crate::names::{EnvName, MemberName};
use crate::policy::Policy;
use crate::verify::Verified;
use crate::world::{Change, Mode};

/// The most items in one entry: at under 600 bytes each it stays below an entry's 1 MiB.
const ITEMS: usize = 1_500;

/// What is to be attested and written together.
#[derive(Default)]
pub struct Work {
    /// What is new in which file.
    pub changes: Vec<FileChange>,
    /// New keyrings.
    pub keyrings: Vec<KeyringRecord>,
    /// The files' bytes.
    pub writes: Change,
    /// Why, in the signer's words.
    pub reason: Option<String>,
}

impl Work {
    /// Adds a file with its new bytes.
    pub fn file(&mut self, change: FileChange, bytes: Vec<u8>) {
        self.writes.put(change.path.clone(), bytes, Mode::Keep);
        self.changes.push(change);
    }

    /// Tells whether there is nothing to attest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keyrings.is_empty() && self.changes.iter().all(|change| change.items.is_empty())
    }
}

/// Signs and writes, if the signer may do all of it.
///
/// # Errors
/// [`DeedError::NotAllowed`] before anything is signed; [`DeedError::World`] leaves all as it was.
pub fn attest(
    place: &Place<'_>,
    verified: &Verified<'_>,
    work: Work,
) -> Result<Receipt, DeedError> {
    for change in &work.changes {
        sealed_again(verified, &change.path)?;
    }
    let mut pen = Pen::find(place, verified.record, verified.policy)?;
    let receipt = sign(&mut pen, verified.policy, work)?;
    place.commit(&receipt.1)?;
    Ok(receipt.0)
}

/// Signs, and leaves the writing to the caller, who has more to write.
///
/// # Errors
/// As [`attest`], but nothing is written.
pub fn sign(
    pen: &mut Pen<'_, '_>,
    policy: &Policy,
    work: Work,
) -> Result<(Receipt, Change), DeedError> {
    may_do(policy, pen.by(), &work)?;
    let Work { changes, keyrings, mut writes, reason } = work;
    let mut paths: Vec<_> = writes.paths().cloned().collect();
    paths.sort();
    let mut parts = portions(changes);
    if parts.is_empty() {
        parts.push(Vec::new());
    }
    let mut keyrings = Some(keyrings);
    let mut last = None;
    for files in parts {
        let kind = Kind::Seal { files, keyrings: keyrings.take().unwrap_or_default() };
        last = Some(pen.sign(kind, reason.clone(), &mut writes)?);
    }
    let entry = last.ok_or(DeedError::Aborted)?;
    Ok((Receipt { entry, by: pen.by().clone(), paths }, writes))
}

/// Cuts changes into portions of at most [`ITEMS`] items.
fn portions(changes: Vec<FileChange>) -> Vec<Vec<FileChange>> {
    let mut portions: Vec<Vec<FileChange>> = Vec::new();
    let mut room = 0;
    for change in changes {
        let mut items = change.items.into_iter().peekable();
        while items.peek().is_some() {
            if room == 0 {
                portions.push(Vec::new());
                room = ITEMS;
            }
            let part: Vec<_> = items.by_ref().take(room).collect();
            room -= part.len();
            let part =
                FileChange { env: change.env.clone(), path: change.path.clone(), items: part };
            portions.last_mut().into_iter().for_each(|last| last.push(part.clone()));
        }
    }
    portions
}

fn may_do(policy: &Policy, by: &MemberName, work: &Work) -> Result<(), DeedError> {
    for change in &work.changes {
        for item in &change.items {
            // A `move` ends its source.
            let source = item.of.as_ref().map(|of| of.address.clone());
            for address in source.into_iter().chain([change.address(&item.key)]) {
                if !policy.may_write(by, &address) {
                    let what = format!("write {} in {}", address.key, address.env);
                    let may = |who: &MemberName| policy.may_write(who, &address);
                    return Err(refused(policy, by, what, (&change.env, &may)));
                }
            }
        }
    }
    for keyring in &work.keyrings {
        let env = &keyring.env;
        let writes = policy.is_admin(by) || policy.may_write_some(by, env);
        if !policy.readers(env).contains(by) || !writes {
            let may = |who: &MemberName| policy.readers(env).contains(who);
            return Err(refused(policy, by, format!("sign a keyring of {env}"), (env, &may)));
        }
    }
    Ok(())
}

/// Names those of an environment's writers who may do it.
fn refused(
    policy: &Policy,
    by: &MemberName,
    what: String,
    (env, may): (&EnvName, &dyn Fn(&MemberName) -> bool),
) -> DeedError {
    let may = policy.writers(env).into_iter().filter(|who| may(who)).cloned().collect();
    DeedError::NotAllowed { by: by.clone(), what, may }
}
