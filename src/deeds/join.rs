//! Asks to become a member: writes a request that grants nothing until an admin approves it.

use jiff::Timestamp;

use super::DeedError;
use super::enact::{Edited, nothing_blocks};
use super::key::NewPair;
use super::load::{Place, unbelieved};
use super::member::keys::{Given, Keys, fingerprints};
use super::member::request::{is_free, path, read};
use super::own;
use crate::log::render::join as file;
use crate::log::request::{Request, Wanted};
use crate::log::signature::Purpose;
use crate::names::{EntryId, MemberName, RepoPath, RoleName};
use crate::policy::edit::EditError;
use crate::policy::{MemberKind, Policy, SigningKey, nearest};
use crate::verify::Record;
use crate::world::signer::SignerError;
use crate::world::{Change, Mode, World};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The name as a member; none takes git's `user.name`.
    pub name: Option<MemberName>,
    /// The roles.
    pub roles: Vec<RoleName>,
    /// The keys; none takes the one at hand.
    pub keys: Given,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What kind of request it is.
    pub wanted: Wanted,
    /// Under which name.
    pub name: MemberName,
    /// For which roles.
    pub roles: Vec<RoleName>,
    /// Where the key that signed lies.
    pub using: String,
    /// The fingerprint of the key that signed.
    pub signer: String,
    /// The fingerprints of all keys, whole.
    pub keys: Vec<String>,
    /// The log that it is for.
    pub root: EntryId,
    /// Whether this clone trusts that log.
    pub trust: Trusted,
    /// The file.
    pub path: RepoPath,
    /// The key that was made, if none was at hand.
    pub new_key: Option<NewPair>,
}

/// Whether a clone trusts the log that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// By its pin, or because the user said so.
    Yes,
    /// Not yet: the log is the only one here, and that is all that is known.
    NotYet,
}

/// Writes a request. Needs no pin and makes none: it says which log it names.
///
/// # Errors
/// [`DeedError::Refuse`] where name or keys are taken; [`DeedError::Edit`] for a role that is not there.
pub fn join(world: &World, wish: &Wish) -> Result<Asked, DeedError> {
    let place = Place::to_write(world)?;
    let (record, trust) = seen(&place)?;
    let policy = record.policy().ok_or_else(|| unbelieved(&record))?;
    known_roles(policy, &wish.roles)?;
    let name = own::name(&place, wish.name.as_ref(), "tenure join --role ROLE --name NAME")?;
    let (keys, new_key) = keys(world, &wish.keys)?;
    let draft = Draft { wanted: Wanted::Join, name, roles: wish.roles.clone(), keys };
    let asked = ask(&place, (&record, trust), draft)?;
    Ok(Asked { new_key, ..asked })
}

/// Judges the log by what this clone trusts; where that is nothing, by itself.
fn seen(place: &Place<'_>) -> Result<(Record, Trusted), DeedError> {
    let trust = place.trusted()?;
    let record = Record::judge(&place.log_evidence()?, trust, place.world.now);
    nothing_blocks(&record.findings, Edited::Refused)?;
    Ok((record, if trust.is_some() { Trusted::Yes } else { Trusted::NotYet }))
}

fn known_roles(policy: &Policy, roles: &[RoleName]) -> Result<(), DeedError> {
    let known = || policy.roles.keys().map(RoleName::as_str);
    if roles.is_empty() {
        return Err(DeedError::Refuse {
            what: "no role is named".to_owned(),
            instead: Some(format!("--role: {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    match roles.iter().find(|role| !policy.roles.contains_key(*role)) {
        Some(role) => {
            let nearest = nearest(role.as_str(), known()).map(str::to_owned);
            Err(EditError::UnknownRole { role: role.clone(), nearest }.into())
        }
        None => Ok(()),
    }
}

fn keys(world: &World, given: &Given) -> Result<(Keys, Option<NewPair>), DeedError> {
    if given.is_empty() {
        let (found, new_key) = own::key_or_new(world)?;
        return Ok((own::keys(&found)?, new_key));
    }
    let keys = given.read(world, MemberKind::Person, None)?;
    if keys.signing_keys.is_empty() {
        return Err(DeedError::Refuse {
            what: "no key to sign with is given, and a request is signed".to_owned(),
            instead: Some(
                "--signing-key KEY; or ask an admin: tenure member add --recipient KEY".to_owned(),
            ),
        });
    }
    Ok((keys, None))
}

/// A request that is not signed yet.
pub(super) struct Draft {
    pub(super) wanted: Wanted,
    pub(super) name: MemberName,
    pub(super) roles: Vec<RoleName>,
    pub(super) keys: Keys,
}

/// Signs a request and writes it.
pub(super) fn ask(
    place: &Place<'_>,
    (record, trust): (&Record, Trusted),
    draft: Draft,
) -> Result<Asked, DeedError> {
    let world = place.world;
    let policy = record.policy().ok_or_else(|| unbelieved(record))?;
    let root = record.root().ok_or_else(|| unbelieved(record))?;
    let Keys { recipients, signing_keys } = draft.keys;
    let request = Request {
        wanted: draft.wanted,
        root,
        repository: policy.repository.clone(),
        time: Timestamp::from_second(world.now.as_second()).unwrap_or(world.now),
        name: draft.name,
        roles: draft.roles,
        recipients,
        signing_keys,
    };
    is_free(&request, policy)?;
    let own = policy.members.get(&request.name).map(|member| member.signing_keys.clone());
    let own = own.unwrap_or_default();
    let signs = match request.wanted {
        Wanted::Join => request.signing_keys.as_slice(),
        Wanted::Replace => own.as_slice(),
    };
    let waiting = not_anothers(place, &request, signs)?;
    let public: Vec<_> = signs.iter().map(|key| key.public().clone()).collect();
    let signer = world.signer(&place.checkout, &public).map_err(|why| match why {
        SignerError::NoKey { at_hand } => DeedError::NotAMember { at_hand },
        other => other.into(),
    })?;
    let payload = request.render()?;
    let signature = signer.sign_for(Purpose::Request, payload.as_bytes(), world.terminal)?;
    let mut change = Change::new();
    let path = path(&request.name)?;
    change.based_on(path.clone(), waiting.as_deref());
    change.put(path.clone(), file(&payload, &signature), Mode::Keep);
    place.commit(&change)?;
    Ok(Asked {
        wanted: request.wanted,
        using: signer.place().to_owned(),
        signer: signer.fingerprint(),
        keys: fingerprints(&request.recipients, &request.signing_keys),
        name: request.name,
        roles: request.roles,
        root,
        trust,
        path,
        new_key: None,
    })
}

/// Gives the bytes of one's own request that waits already; another's stays where it is.
fn not_anothers(
    place: &Place<'_>,
    request: &Request,
    signs: &[SigningKey],
) -> Result<Option<Vec<u8>>, DeedError> {
    match read(place, &request.name)? {
        None => Ok(None),
        Some((bytes, waiting)) if waiting.signed_by(signs).is_ok() => Ok(Some(bytes)),
        Some(_) => Err(DeedError::Refuse {
            what: format!("somebody else's request waits under the name `{}`", request.name),
            instead: Some(format!(
                "ask under another name with --name, or: git rm {}",
                path(&request.name)?
            )),
        }),
    }
}
