//! Grants what a request asks for, after an admin has seen what that is.

use jiff::Timestamp;

use super::keys::{Keys, fingerprints};
use super::replace_key::Turn;
use super::request::{FOLDER, judge, path, read};
use crate::deeds::DeedError;
use crate::deeds::enact::{Draft, Effect, Enacted, Vouch, agree, policy_in_force, readable};
use crate::deeds::load::Place;
use crate::log::request::{Request, Wanted};
use crate::names::{EnvName, MemberName, RoleName};
use crate::policy::edit::{Edit, NewMember};
use crate::policy::{MemberKind, Policy};
use crate::verify::Verified;
use crate::world::{World, random};

/// Whose request is to be granted.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The name of the request.
    pub name: MemberName,
    /// Other roles than those that were asked for; none grants those.
    pub roles: Vec<RoleName>,
    /// Why.
    pub reason: Option<String>,
}

/// What a request asks for, for whoever grants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// What kind of request it is.
    pub wanted: Wanted,
    /// Who asks.
    pub name: MemberName,
    /// The roles that were asked for.
    pub asked: Vec<RoleName>,
    /// The roles that would be granted.
    pub granted: Vec<RoleName>,
    /// The fingerprints of the keys, whole.
    pub keys: Vec<String>,
    /// When it was asked, as the request claims.
    pub time: Timestamp,
    /// How many values they would read, by environment.
    pub reads: Vec<(EnvName, usize)>,
    /// What it changes.
    pub effect: Effect,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// What was asked for.
    pub asking: Asking,
    /// What was signed.
    pub enacted: Enacted,
}

/// Grants a request; `show` is given what that means before consent is asked for.
///
/// # Errors
/// [`DeedError::Refuse`] where the request is not to be granted; [`DeedError::NotAllowed`] for one who is
/// no admin; [`DeedError::Aborted`].
pub fn approve(
    world: &World,
    wish: &Wish,
    show: &mut dyn FnMut(&Asking),
) -> Result<Approved, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load_readers()?;
    let verified = loaded.judged()?;
    let found = policy_in_force(&place, &verified)?;
    let name = &wish.name;
    let (bytes, signed) = read(&place, name)?.ok_or_else(|| missing(&place, name))?;
    judge(&signed, name, verified.record, world.now)?;
    let request = &signed.request;
    let granted = granted(request, &wish.roles)?;
    let text = edited(&found, verified.policy, request, &granted)?;
    let draft = Draft::of(&place, &verified, &found, text)?.answering(path(name)?, bytes);
    let asking = asking(&verified, request, granted, &draft);
    show(&asking);
    agree(world, &format!("compared the key with {name} on another channel? approve?"))?;
    let enacted = draft.enact(Vouch::No, wish.reason.clone())?;
    Ok(Approved { asking, enacted })
}

fn missing(place: &Place<'_>, name: &MemberName) -> DeedError {
    let waiting = place.list(FOLDER).map(|listing| listing.files).unwrap_or_default();
    let names = waiting.iter().filter_map(|path| {
        let rest = path.as_str().strip_prefix(FOLDER)?.strip_prefix('/')?;
        rest.strip_suffix(".toml")?.parse().ok()
    });
    DeedError::NoRequest { name: name.clone(), waiting: names.collect() }
}

/// The roles to grant: those that were asked for, unless the admin says others.
fn granted(request: &Request, said: &[RoleName]) -> Result<Vec<RoleName>, DeedError> {
    match request.wanted {
        Wanted::Replace if !said.is_empty() => Err(DeedError::Refuse {
            what: format!("`{}` asks for other keys, and keeps their roles", request.name),
            instead: Some("leave --role out".to_owned()),
        }),
        Wanted::Join if !said.is_empty() => Ok(said.to_vec()),
        Wanted::Join | Wanted::Replace => Ok(request.roles.clone()),
    }
}

/// The policy's text with what is asked for in it.
fn edited(
    found: &str,
    policy: &Policy,
    request: &Request,
    granted: &[RoleName],
) -> Result<String, DeedError> {
    let mut edit = Edit::of(found)?;
    match (request.wanted, policy.members.get(&request.name)) {
        (Wanted::Replace, Some(member)) => {
            let Request { name, recipients, signing_keys, .. } = request.clone();
            let turn = Turn::of(&name, member, &Keys { recipients, signing_keys })?;
            edit.set_keys(&name, &turn.recipients, &turn.signing_keys)?;
        }
        (Wanted::Replace | Wanted::Join, _) => {
            let new = NewMember {
                name: request.name.clone(),
                kind: MemberKind::Person,
                recipients: request.recipients.clone(),
                signing_keys: request.signing_keys.clone(),
                owner: None,
                expires: None,
            };
            edit.add_member(&new, granted)?;
        }
    }
    Ok(edit.finish(random())?)
}

fn asking(
    verified: &Verified<'_>,
    request: &Request,
    granted: Vec<RoleName>,
    draft: &Draft<'_, '_>,
) -> Asking {
    let next = draft.next();
    let reads = next.readable_by(&request.name);
    let count = |env: &EnvName| match reads.contains(env) {
        true => readable(verified, env).count(),
        false => 0,
    };
    Asking {
        wanted: request.wanted,
        name: request.name.clone(),
        asked: request.roles.clone(),
        granted,
        keys: fingerprints(&request.recipients, &request.signing_keys),
        time: request.time,
        reads: next.environments.keys().map(|env| (env.clone(), count(env))).collect(),
        effect: draft.effect(),
    }
}
