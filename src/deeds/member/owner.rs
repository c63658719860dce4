//! Says who answers for a machine, and which identities somebody answers for.

use crate::deeds::DeedError;
use crate::deeds::enact::{Draft, Effect, Enacted, Vouch, agree, policy_in_force};
use crate::deeds::load::Place;
use crate::names::{EnvName, MemberName};
use crate::policy::edit::Edit;
use crate::policy::{MemberKind, Policy};
use crate::world::{World, random};

/// An identity that somebody answers for: a deploy key, a key for emergencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: MemberName,
    /// What it is.
    pub kind: MemberKind,
    /// What it reads.
    pub reads: Vec<EnvName>,
}

/// The identities that a member answers for, by name.
#[must_use]
pub fn owned(policy: &Policy, owner: &MemberName) -> Vec<Identity> {
    let mine = policy.members.iter().filter(|(_, member)| member.owner.as_ref() == Some(owner));
    let identity = |(name, member): (&MemberName, &crate::policy::Member)| Identity {
        name: name.clone(),
        kind: member.kind,
        reads: policy.readable_by(name).into_iter().cloned().collect(),
    };
    mine.map(identity).collect()
}

/// Who answers for what from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The identity.
    pub name: MemberName,
    /// Who answers for it.
    pub owner: MemberName,
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
}

/// Says who answers for a member; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Edit`] for an unknown name, or an owner who is no person; [`DeedError::NotAllowed`] for
/// one who is no admin; [`DeedError::Aborted`].
pub fn give(
    world: &World,
    name: &MemberName,
    owner: &MemberName,
    reason: Option<String>,
    show: &mut dyn FnMut(&Effect),
) -> Result<Owned, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load_readers()?;
    let verified = loaded.judged()?;
    let found = policy_in_force(&place, &verified)?;
    let member = verified.policy.members.get(name);
    if member.is_some_and(|member| member.owner.as_ref() == Some(owner)) {
        return Err(DeedError::Refuse {
            what: format!("`{owner}` answers for `{name}` already"),
            instead: Some("tenure member list".to_owned()),
        });
    }
    let mut edit = Edit::of(&found)?;
    edit.give_owner(name, owner)?;
    let draft = Draft::of(&place, &verified, &found, edit.finish(random())?)?;
    let effect = draft.effect();
    show(&effect);
    agree(world, &format!("give {name} to {owner} and sign this policy?"))?;
    let enacted = draft.enact(Vouch::No, reason)?;
    Ok(Owned { name: name.clone(), owner: owner.clone(), effect, enacted })
}
