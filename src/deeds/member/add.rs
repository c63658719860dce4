//! Adds a member to the policy, and gives them what their roles read.

use jiff::civil::Date;

use super::keys::{Given, KeySource, Keys, fingerprints, made_key};
use crate::deeds::DeedError;
use crate::deeds::enact::{Draft, Effect, Enacted, Vouch, agree, policy_in_force};
use crate::deeds::load::Place;
use crate::names::{MemberName, RoleName};
use crate::policy::edit::{Edit, EditError, NewMember};
use crate::policy::{MemberKind, Policy};
use crate::secret::Plaintext;
use crate::world::{World, random};

/// Who is to be added.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Their name.
    pub name: MemberName,
    /// A person or a machine.
    pub kind: MemberKind,
    /// What they may do.
    pub roles: Vec<RoleName>,
    /// Whether a role that is not there is made.
    pub missing_roles: MissingRoles,
    /// Their keys.
    pub keys: Given,
    /// Where a machine's key comes from.
    pub key: KeySource,
    /// Who answers for a machine.
    pub owner: Option<MemberName>,
    /// The last day of the keys.
    pub expires: Option<Date>,
    /// Why.
    pub reason: Option<String>,
}

/// What happens to a role that the policy does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingRoles {
    /// It is made, with the new member in it.
    Made,
    /// An error.
    Refused,
}

/// Who was added.
#[derive(Debug)]
pub struct Added {
    /// Their name.
    pub name: MemberName,
    /// A person or a machine.
    pub kind: MemberKind,
    /// Their roles.
    pub roles: Vec<RoleName>,
    /// The fingerprints of their keys, whole.
    pub keys: Vec<String>,
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
    /// The private key that was made: for stdout, once, and nowhere else.
    pub identity: Option<Plaintext>,
}

/// Adds a member; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Edit`] where the policy cannot take the member; [`DeedError::NotAllowed`] for one who
/// is no admin; [`DeedError::Aborted`].
pub fn add(world: &World, wish: &Wish, show: &mut dyn FnMut(&Effect)) -> Result<Added, DeedError> {
    let made = made_key(wish.key, wish.kind)?;
    let made_public = made.as_ref().map(|(_, public)| public);
    let Keys { recipients, signing_keys } = wish.keys.read(world, wish.kind, made_public)?;
    let new = NewMember {
        name: wish.name.clone(),
        kind: wish.kind,
        recipients,
        signing_keys,
        owner: wish.owner.clone(),
        expires: wish.expires,
    };
    some_key(&new)?;
    let place = Place::to_write(world)?;
    let loaded = place.load_readers()?;
    let verified = loaded.judged()?;
    let found = policy_in_force(&place, &verified)?;
    let text = edited(&found, verified.policy, &new, wish)?;
    let draft = Draft::of(&place, &verified, &found, text)?;
    let effect = draft.effect();
    show(&effect);
    let compare = match wish.key {
        KeySource::Given => format!("compared the key with {} on another channel? ", new.name),
        KeySource::Made => String::new(),
    };
    agree(world, &format!("{compare}add {} and sign this policy?", new.name))?;
    let enacted = draft.enact(Vouch::No, wish.reason.clone())?;
    Ok(Added {
        keys: fingerprints(&new.recipients, &new.signing_keys),
        name: new.name,
        kind: new.kind,
        roles: wish.roles.clone(),
        effect,
        enacted,
        identity: made.map(|(private, _)| private),
    })
}

fn some_key(new: &NewMember) -> Result<(), DeedError> {
    if !new.recipients.is_empty() || !new.signing_keys.is_empty() {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("no key of `{}` is given", new.name),
        instead: Some("--ssh-key FILE.pub, or --recipient age1…".to_owned()),
    })
}

/// The policy's text with the member in it.
fn edited(found: &str, policy: &Policy, new: &NewMember, wish: &Wish) -> Result<String, DeedError> {
    let mut edit = Edit::of(found)?;
    let known = |role: &&RoleName| policy.roles.contains_key(*role);
    let (there, missing): (Vec<&RoleName>, Vec<&RoleName>) = wish.roles.iter().partition(known);
    let there: Vec<RoleName> = there.into_iter().cloned().collect();
    match (missing.first(), wish.missing_roles) {
        (Some(role), MissingRoles::Refused) => {
            let fault = edit.add_member(new, &wish.roles).err();
            return Err(fault
                .unwrap_or(EditError::UnknownRole { role: (*role).clone(), nearest: None })
                .into());
        }
        _ => edit.add_member(new, &there)?,
    }
    for role in missing {
        edit.create_role(role, std::slice::from_ref(&new.name))?;
    }
    Ok(edit.finish(random())?)
}
