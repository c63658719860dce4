//! Adds a member to the policy, and gives them what their roles read.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::deeds::DeedError;
use crate::deeds::enact::{self, Draft, Edited, Effect, Enacted, Vouch, agree, nothing_blocks};
use crate::deeds::load::Place;
use crate::names::{MemberName, RoleName};
use crate::policy::edit::{Edit, EditError, NewMember};
use crate::policy::{MemberKind, Policy, Recipient, RecipientError, SigningKey};
use crate::secret::Plaintext;
use crate::world::keys::machine_identity;
use crate::world::terminal::stdout_is_terminal;
use crate::world::{World, random, read_public};

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
    /// Keys to read with.
    pub recipients: Vec<Recipient>,
    /// Keys to sign with.
    pub signing_keys: Vec<SigningKey>,
    /// Files with SSH public keys: to read with, and for a person to sign with too.
    pub ssh_keys: Vec<PathBuf>,
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

/// Where a machine's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// Its public half is given.
    Given,
    /// It is made here; the private half is handed out once.
    Made,
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
    let made = made_key(wish)?;
    let new = new_member(world, wish, made.as_ref().map(|(_, public)| public))?;
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Refused)?;
    let found = enact::policy_file(&place)?;
    enact::same_as_in_force(&found, verified.record)?;
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
        keys: fingerprints(&new),
        name: new.name,
        kind: new.kind,
        roles: wish.roles.clone(),
        effect,
        enacted,
        identity: made.map(|(private, _)| private),
    })
}

/// Makes the machine's key, unless stdout would show it.
fn made_key(wish: &Wish) -> Result<Option<(Plaintext, Recipient)>, DeedError> {
    let refuse = |what: &str, instead: &str| {
        Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) })
    };
    match (wish.key, wish.kind) {
        (KeySource::Given, _) => Ok(None),
        (KeySource::Made, MemberKind::Person) => {
            refuse("a person's key is made by the person", "tenure key new, on their machine")
        }
        (KeySource::Made, MemberKind::Machine) if stdout_is_terminal() => refuse(
            "a private key is not shown on a terminal",
            "pipe it to where the machine gets it: … --generate | gh secret set TENURE_IDENTITY",
        ),
        (KeySource::Made, MemberKind::Machine) => {
            let (private, public) = machine_identity();
            let public = public.parse().map_err(|why| unusable("the new key", why))?;
            Ok(Some((private, public)))
        }
    }
}

fn unusable(place: &str, why: RecipientError) -> DeedError {
    DeedError::Refuse { what: format!("{place} cannot be used: {why}"), instead: None }
}

fn new_member(
    world: &World,
    wish: &Wish,
    made: Option<&Recipient>,
) -> Result<NewMember, DeedError> {
    let mut new = NewMember {
        name: wish.name.clone(),
        kind: wish.kind,
        recipients: wish.recipients.iter().chain(made).cloned().collect(),
        signing_keys: wish.signing_keys.clone(),
        owner: wish.owner.clone(),
        expires: wish.expires,
    };
    for path in &wish.ssh_keys {
        let text = read_public(&world.from.join(path))?;
        let place = path.display().to_string();
        match text.trim().parse::<Recipient>() {
            Ok(key) => new.recipients.push(key),
            // A key that age cannot seal to may still sign for one who reads with another.
            Err(RecipientError::SshKind)
                if wish.kind == MemberKind::Person && !new.recipients.is_empty() => {}
            Err(RecipientError::PrivateKey) => {
                return Err(DeedError::Refuse {
                    what: format!("`{place}` is a private key"),
                    instead: Some(format!("give the public half: --ssh-key {place}.pub")),
                });
            }
            Err(why) => return Err(unusable(&format!("`{place}`"), why)),
        }
        if wish.kind == MemberKind::Person {
            let key = text.trim().parse::<SigningKey>().map_err(|why| DeedError::Refuse {
                what: format!("`{place}` cannot be used: {why}"),
                instead: None,
            })?;
            new.signing_keys.push(key);
        }
    }
    if new.recipients.is_empty() && new.signing_keys.is_empty() {
        return Err(DeedError::Refuse {
            what: format!("no key of `{}` is given", new.name),
            instead: Some("--ssh-key FILE.pub, or --recipient age1…".to_owned()),
        });
    }
    Ok(new)
}

fn fingerprints(new: &NewMember) -> Vec<String> {
    let reads = new.recipients.iter().map(Recipient::fingerprint);
    let mut all: Vec<_> =
        reads.chain(new.signing_keys.iter().map(SigningKey::fingerprint)).collect();
    all.sort();
    all.dedup();
    all
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
