//! Takes a value out of its file, or a whole file away.

use super::DeedError;
use super::aim;
use super::attest::{Work, attest};
use super::find;
use super::load::Place;
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::{Sealing, delete};
use super::set::edited;
use crate::document::place as places;
use crate::log::entry::FileChange;
use crate::names::{Address, AddressQuery, KeyPath};
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::World;
use zeroize::Zeroizing;

/// What was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset {
    /// What.
    pub address: Address,
    /// What commands call it, also now.
    pub name: String,
    /// The entry.
    pub receipt: Receipt,
    /// How the policy says that such a value is ended at its issuer.
    pub revoke: Option<String>,
}

/// Takes a value away.
///
/// # Errors
/// [`DeedError::NoSecret`]; [`DeedError::Value`] where a key cannot be taken away with all else unchanged.
pub fn unset(
    world: &World,
    query: &AddressQuery,
    text: &str,
    reason: Option<&str>,
) -> Result<Unset, DeedError> {
    let place = Place::to_write(world)?;
    let env = &query.env;
    let loaded = place.load(Some(env))?;
    let mut verified = loaded.judged()?;
    let found = aim::mending(&verified, find::value(&verified, query, text), env)?;
    let address = found.address();
    super::rotate::awaits_nothing(&verified, &address)?;
    let revoke = revoke(&verified, &address);
    let mut work = Work { reason: reason.map(str::to_owned), ..Work::default() };
    let old = verified.files.get(&found.path).map(|file| file.bytes);
    work.writes.based_on(found.path.clone(), old);
    if found.key == KeyPath::Whole {
        let live =
            verified.ending(&address).ok_or_else(|| DeedError::NoFile(found.path.clone()))?;
        let items = vec![delete(&verified, &address, live)];
        work.changes.push(FileChange { env: env.clone(), path: found.path.clone(), items });
        work.writes.remove(found.path.clone());
    } else {
        let in_doubt = verified.in_doubt.remove(&address).is_some();
        let ring = Ring::to_write(&place, &verified, env, Ring::open)?;
        // In the sealed text: who takes a value away opens none, and one that does not open goes too.
        let sealed = Plaintext::from(old.unwrap_or_default().to_vec());
        let sealed = edited(&found.path, env, &sealed, |document| {
            let missing = || DeedError::NoSecret {
                env: env.clone(),
                text: found.key.to_string(),
                nearest: None,
            };
            let leaf = document.leaf(&found.key).ok_or_else(missing)?;
            Ok((places::remove(document, leaf)?, Zeroizing::default()))
        })?;
        let sealing = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
        let bytes = sealed.expose().to_vec();
        let mut change = sealing.change(&found.path, &bytes, &|_| None)?;
        if in_doubt {
            let live = verified.ending(&address).ok_or(DeedError::Aborted)?;
            change.items.push(delete(&verified, &address, live));
            change.items.sort_by_key(|item| item.key.to_string());
        }
        work.file(change, bytes);
    }
    let receipt = attest(&place, &verified, work)?;
    let name = verified.record.name_of(&address);
    Ok(Unset { address, name, receipt, revoke })
}

/// How the policy says that a value is ended at its issuer.
pub(super) fn revoke(verified: &Verified<'_>, address: &Address) -> Option<String> {
    let live = verified.live.get(address)?;
    let kind = live.item.kind.as_ref()?;
    verified.policy.types.get(kind)?.revoke.clone()
}
