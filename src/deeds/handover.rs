//! What a program is given, written down before it starts. Nobody signs it: it is declared, and proves nothing.

use std::fmt::Display;
use std::path::Path;

use jiff::Timestamp;

use super::DeedError;
use super::load::Place;
use super::over::writes_over;
use super::whoami::owner;
use crate::log::entry::Origin;
use crate::names::{Address, EntryId, EnvName, MemberName, RepoPath};
use crate::policy::Policy;
use crate::verify::Verified;
use crate::world::{Change, Mode, World, WorldError, is_link, write_whole};

/// What a program is given: the content of a receipt, which has no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The root of the log that was verified.
    pub root: Option<EntryId>,
    /// The environment.
    pub env: EnvName,
    /// Whose key opened it; none where the key does not say, as with a plugin's.
    pub member: Option<MemberName>,
    /// When.
    pub time: Timestamp,
    /// By name.
    pub values: Vec<Handed>,
}

/// A value that is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The variable.
    pub name: String,
    /// Where the value stands.
    pub address: Address,
    /// The entry that attests it.
    pub entry: EntryId,
    /// The `new` item that made it.
    pub made: Origin,
}

impl Handover {
    /// Says what becomes variables of a program.
    ///
    /// # Errors
    /// [`DeedError::NoFile`] for a value that no entry attests, which check 9 leaves none of.
    pub(super) fn of<'a>(
        world: &World,
        verified: &Verified<'_>,
        env: &EnvName,
        variables: impl Iterator<Item = (&'a str, &'a Address)>,
    ) -> Result<Self, DeedError> {
        let handed = |(name, address): (&str, &Address)| {
            let address = Address { key: address.key.item(), ..address.clone() };
            let live = verified.live.get(&address).copied();
            let live = live.ok_or_else(|| DeedError::NoFile(address.path.clone()))?;
            let record = verified.record;
            let (made, at) = record.origin_of(&address, live);
            Ok(Handed {
                name: name.to_owned(),
                entry: record.entries[live.entry].id,
                made: Origin { entry: record.entries[made].id, address: at.clone() },
                address,
            })
        };
        Ok(Self {
            root: verified.record.root(),
            env: env.clone(),
            member: member(world, verified.policy, env),
            time: world.now,
            values: variables.map(handed).collect::<Result<_, DeedError>>()?,
        })
    }
}

/// The reader whose key opened the last keyring.
fn member(world: &World, policy: &Policy, env: &EnvName) -> Option<MemberName> {
    let readers = policy.readers(env);
    let identities = world.identities();
    let owners = identities.opened_with().iter().filter_map(|found| owner(policy, found));
    owners.into_iter().find(|who| readers.contains(who))
}

/// Writes a receipt for its owner alone: whole, or not at all and with an error. A link in its place is
/// refused; inside of the repository no link is followed on the way to it either.
///
/// # Errors
/// [`DeedError::Refuse`] for a place of sealed files or of our own; [`DeedError::World`].
pub fn keep(world: &World, target: &Path, bytes: &[u8]) -> Result<(), DeedError> {
    let place = Place::find(world)?;
    let inside = match place.checkout.repo_path(target) {
        Ok(path) => path,
        Err(WorldError::Outside { .. }) if place.checkout.is_inside(target) => {
            return Err(no_place(target.display()));
        }
        Err(WorldError::Outside { .. }) => {
            replaces_a_receipt(&world.from.join(target))?;
            return Ok(write_whole(&world.from.join(target), bytes, Mode::Private)?);
        }
        Err(other) => return Err(other.into()),
    };
    may_lie_there(&place, &inside)?;
    replaces_a_receipt(&world.from.join(target))?;
    let mut change = Change::new();
    change.put(inside, bytes.to_vec(), Mode::Private);
    Place::to_write(world)?.commit(&change)
}

/// Refuses what is no receipt; of a link the writing says so.
fn replaces_a_receipt(target: &Path) -> Result<(), DeedError> {
    let is_receipt = |text: &str| text.starts_with('{') && text.contains("\"receipt\":\"run\"");
    if is_link(target) { Ok(()) } else { writes_over(target, "a receipt", is_receipt) }
}

fn may_lie_there(place: &Place<'_>, path: &RepoPath) -> Result<(), DeedError> {
    let text = place.policy_evidence()?.policy.unwrap_or_default();
    let policy = std::str::from_utf8(&text).ok().and_then(|text| Policy::parse(text).ok());
    let policy = policy.ok_or(DeedError::NoPolicy)?;
    let ours = path.as_str() == crate::policy::PATH || path.as_str().starts_with(".secrets/");
    if ours || !policy.environments_of(path).is_empty() {
        return Err(no_place(path));
    }
    Ok(())
}

fn no_place(path: impl Display) -> DeedError {
    DeedError::Refuse {
        what: format!("`{path}` is no place for a receipt: it is tenure's own, git's, or sealed"),
        instead: Some("name another file, best outside of the repository".to_owned()),
    }
}
