//! Whose keys are at hand, and what they may do here.

use super::DeedError;
use super::enact::{Edited, nothing_blocks};
use super::load::Place;
use super::member::list::{Listed, listed};
use super::pen::Pen;
use crate::names::MemberName;
use crate::policy::{Policy, Recipient, SigningKey};
use crate::verify::Record;
use crate::world::keys::Found;
use crate::world::{World, WorldError};

/// The keys at hand, and whose they are.
#[derive(Debug)]
pub struct Whoami {
    /// In the order in which they are tried.
    pub keys: Vec<AtHand>,
    /// What the policy says of them.
    pub standing: Standing,
}

/// A key at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtHand {
    /// The key.
    pub found: Found,
    /// The member it belongs to.
    pub member: Option<MemberName>,
}

/// What the policy says of the keys at hand.
#[derive(Debug)]
pub enum Standing {
    /// This is no repository with a policy.
    NoPolicy,
    /// The policy is not to be believed.
    Untrusted(DeedError),
    /// The members that the keys belong to; usually one.
    Members(Vec<Listed>),
}

/// Looks at the keys at hand; outside of a repository too.
///
/// # Errors
/// [`DeedError::Keys`] where a key was given by name and cannot be used.
pub fn whoami(world: &World) -> Result<Whoami, DeedError> {
    let found = world.identities().public()?;
    let bare = |found: Vec<Found>| -> Vec<AtHand> {
        found.into_iter().map(|found| AtHand { found, member: None }).collect()
    };
    let place = match Place::find(world) {
        Ok(place) => place,
        Err(DeedError::World(WorldError::NoRepository { .. } | WorldError::Bare { .. })) => {
            return Ok(Whoami { keys: bare(found), standing: Standing::NoPolicy });
        }
        Err(other) => return Err(other),
    };
    if place.log_evidence()?.policy.is_none() {
        return Ok(Whoami { keys: bare(found), standing: Standing::NoPolicy });
    }
    let record = match believed(&place) {
        Ok(record) => record,
        Err(why) => return Ok(Whoami { keys: bare(found), standing: Standing::Untrusted(why) }),
    };
    let policy = record.policy().ok_or(DeedError::NoPolicy)?;
    let owned = |found: Found| AtHand { member: owner(policy, &found), found };
    let keys: Vec<AtHand> = found.into_iter().map(owned).collect();
    let mut names: Vec<MemberName> = keys.iter().filter_map(|key| key.member.clone()).collect();
    // A key that only signs may be an agent's, or git's.
    names.extend(Pen::find(&place, &record, policy).ok().map(|pen| pen.by().clone()));
    names.sort();
    names.dedup();
    let members = names.iter().filter_map(|name| listed(policy, name, place.today())).collect();
    Ok(Whoami { keys, standing: Standing::Members(members) })
}

fn believed(place: &Place<'_>) -> Result<Record, DeedError> {
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    record.policy().ok_or(DeedError::NoPolicy)?;
    Ok(record)
}

/// Whose a key is, as far as its public half says.
pub(super) fn owner(policy: &Policy, found: &Found) -> Option<MemberName> {
    let recipient: Option<Recipient> = found.recipient.as_ref().and_then(|key| key.parse().ok());
    let public = found.public.as_ref().and_then(|key| key.to_openssh().ok());
    let signing: Option<SigningKey> = public.and_then(|key| key.parse().ok());
    let owns = |member: &crate::policy::Member| {
        recipient.as_ref().is_some_and(|key| member.recipients.contains(key))
            || signing.as_ref().is_some_and(|key| member.signing_keys.contains(key))
    };
    policy.members.iter().find(|(_, member)| owns(member)).map(|(name, _)| name.clone())
}
