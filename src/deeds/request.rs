//! Asks somebody without tenure for a value: they seal it with stock age, and a reader takes it in.

use std::path::Path;

use super::DeedError;
use super::aim::{aim, in_file};
use super::find::{Found, Names};
use super::load::Place;
use super::ring::{Ring, stale};
use super::set::{Shape, without_line_break};
use crate::keyring::{Generation, stanzas};
use crate::names::{Address, AddressQuery, EnvName, MemberName, RepositoryId};
use crate::policy::Policy;
use crate::seal::open_whole;
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::{World, read_file};

/// What is asked for, for who is to seal it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where the value goes.
    pub address: Address,
    /// The shortest name that `set` takes for it.
    pub name: String,
    /// The public recipient of the current generation.
    pub recipient: String,
    /// The line that the value's text begins with, without its end: what it is meant for.
    pub heading: String,
    /// Whether a whole file is asked for.
    pub shape: Shape,
    /// Who will be able to open it.
    pub readers: Vec<MemberName>,
    /// Those of them who may take it in.
    pub takers: Vec<MemberName>,
}

/// Says how a value is to be sealed for an address. Needs no key.
///
/// # Errors
/// [`DeedError::Refused`] where anything is wrong with the environment; [`DeedError::StaleReaders`] where
/// nothing may be sealed before `rekey`; those of finding the address.
pub fn request(
    world: &World,
    query: &AddressQuery,
    text: &str,
    file: Option<&Path>,
) -> Result<Request, DeedError> {
    let place = Place::find(world)?;
    let env = &query.env;
    let loaded = place.load(Some(env))?;
    let verified = loaded.judged()?;
    let found = aim(&verified, in_file(&place, &verified, query, file), env, text)?;
    let stale = || stale(&verified, env);
    let current = verified.record.current_keyring(env).ok_or_else(stale)?;
    let address = Address { key: found.key.clone(), ..found.address() };
    let policy = verified.policy;
    Ok(Request {
        name: Names::of(verified.live.keys().chain([&address])).short(&address),
        heading: heading(&policy.repository, &address),
        recipient: current.record.recipient.clone(),
        shape: Shape::of(&found),
        readers: policy.readers(env).into_iter().cloned().collect(),
        takers: takers(policy, env, &address),
        address,
    })
}

/// The readers who may also write a value.
fn takers(policy: &Policy, env: &EnvName, address: &Address) -> Vec<MemberName> {
    let readers = policy.readers(env).into_iter();
    readers.filter(|who| policy.may_write(who, address)).cloned().collect()
}

/// Says what a value is meant for, so that what was sealed for one place is not taken for another.
fn heading(repository: &RepositoryId, address: &Address) -> String {
    format!("tenure request v1 {repository} {address}")
}

/// Reads a file that somebody sent; only later is it known what it was sealed for.
///
/// # Errors
/// [`DeedError::World`].
pub fn sent(world: &World, file: &Path) -> Result<Plaintext, DeedError> {
    Ok(read_file(&world.from.join(file))?)
}

/// Opens what somebody sent as the new value of a place.
///
/// # Errors
/// [`DeedError::Refuse`] for what is not meant for it, and for who writes the environment and does not read it;
/// [`DeedError::Refused`] where anything is wrong with the environment.
pub fn received(world: &World, found: &Found, file: &Path) -> Result<Plaintext, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.load(Some(&found.env))?;
    let verified = loaded.verified(&found.env)?;
    let ring = Ring::to_write(&place, &verified, &found.env, Ring::open)?;
    open(&verified, &ring, found, &sent(world, file)?)
}

/// Opens what somebody sent for a place: sealed for the current generation and nobody else.
///
/// # Errors
/// [`DeedError::Refuse`] for anything else, and for who writes the environment and does not read it.
pub(super) fn open(
    verified: &Verified<'_>,
    ring: &Ring,
    found: &Found,
    sent: &Plaintext,
) -> Result<Plaintext, DeedError> {
    let (env, bytes) = (&found.env, sent.expose());
    let address = Address { key: found.key.clone(), ..found.address() };
    let again = || Some(format!("ask for it anew: tenure request {address}"));
    if ring.is_blind() {
        let takers = takers(verified.policy, env, &address);
        let takers: Vec<_> = takers.iter().map(|who| who.as_str()).collect();
        let what = format!("you write {env} and do not read it: nobody sees what you would put in");
        return refuse(&what, Some(format!("one who reads and writes it: {}", takers.join(", "))));
    }
    let sealed = stanzas(bytes);
    let for_one = sealed.is_ok_and(|it| (it.x25519, it.ssh, it.other) == (1, 0, 0));
    if !for_one {
        let what = "this file is not sealed by age for one age recipient and nobody else";
        return refuse(what, again());
    }
    let current = ring.target()?.0;
    let opens = |generation: &Generation| open_whole(bytes, &generation.identity()).ok();
    let generation = ring.generation(current).and_then(opens);
    let Some(text) = generation else {
        let old = ring.generations().any(|generation| opens(generation).is_some());
        let what = match old {
            true => format!("it is sealed for who read {env} before: its readers changed since"),
            false => {
                format!("it is not sealed for the readers of {env}, or was changed on its way")
            }
        };
        return refuse(&what, again());
    };
    let heading = heading(&verified.policy.repository, &address);
    let value = after(&text, &heading).ok_or_else(|| DeedError::Refuse {
        what: format!("it was not sealed for {address}: its first line says something else"),
        instead: again(),
    })?;
    let value = match Shape::of(found) {
        Shape::Value => without_line_break(&value),
        Shape::File => value,
    };
    if value.is_empty() {
        return refuse("the value is empty", again());
    }
    Ok(value)
}

/// What follows a first line; none where another one stands there.
fn after(text: &Plaintext, heading: &str) -> Option<Plaintext> {
    let rest = text.expose().strip_prefix(heading.as_bytes())?;
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    Some(Plaintext::from(rest.to_vec()))
}

fn refuse<T>(what: &str, instead: Option<String>) -> Result<T, DeedError> {
    Err(DeedError::Refuse { what: what.to_owned(), instead })
}
