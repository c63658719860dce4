//! New values in the place of old ones: one, or all whose time has come.

use std::collections::{BTreeMap, BTreeSet};

use super::DeedError;
use super::attest::{Work, attest};
use super::enact::policy_is_readable;
use super::find::{self, Found};
use super::fit::fits;
use super::load::{Place, unblocked};
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::Sealing;
use super::set::{Set, Wish, is_current, known_type, put, spec_for};
use super::unset::revoke;
use crate::document::Node;
use crate::names::{Address, AddressQuery, EnvName, KeyPath};
use crate::rotation::days_left;
use crate::rotation::generate::{Made, Spec, generate};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::{World, Writes, generator};

/// What is to be rotated.
#[derive(Debug, Clone)]
pub enum What {
    /// This value; the text is what the user wrote.
    One(AddressQuery, String),
    /// What is overdue or owed, of one environment or of all.
    Due(Option<EnvName>),
}

/// A value that wants a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub found: Found,
    /// Where the policy says how such a value is rotated.
    pub runbook: Option<String>,
    /// How the policy says that such a value is made.
    pub generator: Option<Spec>,
    /// How the policy says that the old value is ended at its issuer.
    pub revoke: Option<String>,
}

/// What there is to rotate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Values that a new one can be put in the place of.
    pub wanted: Vec<Wanted>,
    /// Lists and the like, which have to be edited.
    pub by_hand: Vec<Address>,
}

/// Finds what is to be rotated; nothing is written, and no key is needed.
///
/// # Errors
/// [`DeedError::NoSecret`], [`DeedError::Refused`].
pub fn agenda(world: &World, what: &What) -> Result<Agenda, DeedError> {
    let place = Place::find(world)?;
    let mut agenda = Agenda::default();
    match what {
        What::One(query, text) => {
            let loaded = place.load(Some(&query.env))?;
            let verified = loaded.verified(&query.env)?;
            let found = find::value(&verified, query, text)?;
            agenda.wanted.push(wanted(&verified, found)?);
        }
        What::Due(scope) => {
            let loaded = place.load(scope.as_ref())?;
            let verified = loaded.judged()?;
            policy_is_readable(&verified.findings)?;
            for address in owed(&place, &verified) {
                unblocked(&verified, &address.env)?;
                match is_single(&verified, &address) {
                    true => agenda.wanted.push(wanted(&verified, at(address))?),
                    false => agenda.by_hand.push(address),
                }
            }
        }
    }
    Ok(agenda)
}

fn at(address: Address) -> Found {
    Found { env: address.env, path: address.path, key: address.key }
}

/// What is overdue, and what is owed since somebody left, whether or not its date is past.
fn owed(place: &Place<'_>, verified: &Verified<'_>) -> BTreeSet<Address> {
    let late =
        |due: Option<jiff::civil::Date>| due.is_some_and(|due| days_left(due, place.today()) < 0);
    let sealed = verified.live.iter().filter(|(_, live)| live.item.generation.is_some());
    let overdue = sealed.filter(|(_, live)| late(live.item.due)).map(|(address, _)| address);
    let debts = verified.obligations.iter().map(|debt| &debt.address);
    overdue.chain(debts).cloned().collect()
}

fn is_single(verified: &Verified<'_>, address: &Address) -> bool {
    match verified.files.get(&address.path).map(|file| &file.form) {
        Some(FileForm::Values(document)) => {
            document.leaf(&address.key).is_some_and(|leaf| leaf.node == Node::Scalar)
        }
        Some(FileForm::Whole) => address.key == KeyPath::Whole,
        None => false,
    }
}

fn wanted(verified: &Verified<'_>, found: Found) -> Result<Wanted, DeedError> {
    let address = found.address();
    let kind = verified.live.get(&address).and_then(|live| live.item.kind.clone());
    let described = kind.as_ref().and_then(|kind| verified.policy.types.get(kind));
    let generator = described.and_then(|kind| kind.generate.as_deref());
    Ok(Wanted {
        runbook: described.and_then(|kind| kind.runbook.clone()),
        generator: generator.map(str::parse).transpose()?,
        revoke: revoke(verified, &address),
        found,
    })
}

/// A value for a place.
#[derive(Debug)]
pub struct New {
    /// Where.
    pub found: Found,
    /// The value; none is made by the generator.
    pub value: Option<Plaintext>,
    /// The generator; none is that of the type.
    pub generator: Option<Spec>,
}

/// What was rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The values.
    pub values: Vec<Set>,
    /// The entry.
    pub receipt: Receipt,
}

/// Puts new values in the place of the old ones, all or none.
///
/// # Errors
/// [`DeedError::Refuse`] where a new value is the old one, and those of [`super::set::set`].
pub fn rotate(world: &World, new: Vec<New>, wish: &Wish) -> Result<Rotated, DeedError> {
    let place = Place::to_write(world)?;
    let mut by_env: BTreeMap<EnvName, Vec<New>> = BTreeMap::new();
    for one in new {
        by_env.entry(one.found.env.clone()).or_default().push(one);
    }
    let only = by_env.keys().next().filter(|_| by_env.len() == 1);
    let loaded = place.load(only)?;
    let mut work = Work { reason: wish.reason.clone(), ..Work::default() };
    let mut values = Vec::new();
    for (env, new) in by_env {
        let verified = loaded.verified(&env)?;
        known_type(&verified, wish.kind.as_ref())?;
        let ring = Ring::to_write(&place, &verified, &env, Ring::open)?;
        ring.target()?;
        let mut made = made((&place, wish), &verified, &ring, new)?;
        let pairs: Vec<_> = made.iter().map(|(found, made)| (found, &made.value)).collect();
        let sealing = Sealing { verified: &verified, env: &env, ring: &ring, today: place.today() };
        for mut set in put(sealing, &pairs, wish, &mut work)? {
            let mine = made.iter_mut().find(|(found, _)| found.address() == set.address);
            let public = mine.and_then(|(_, made)| made.public.take());
            set.public = public.filter(|_| world.writes == Writes::Real);
            values.push(set);
        }
    }
    let verified = loaded.judged()?;
    let receipt = attest(&place, &verified, work)?;
    Ok(Rotated { values, receipt })
}

/// The new values, none of which is the old one.
fn made(
    (place, wish): (&Place<'_>, &Wish),
    verified: &Verified<'_>,
    ring: &Ring,
    new: Vec<New>,
) -> Result<Vec<(Found, Made)>, DeedError> {
    let mut made = Vec::new();
    for New { found, value, generator: asked } in new {
        let new = match value {
            Some(value) => Made::from(value),
            None => {
                let kind =
                    verified.live.get(&found.address()).and_then(|live| live.item.kind.as_ref());
                let spec = spec_for(verified, kind, asked.as_ref())?;
                generate(&spec, place.world.now, &mut generator())?
            }
        };
        if is_current(verified, ring, &found, &new.value)? {
            return Err(DeedError::Refuse {
                what: "same as the current value; nothing written".to_owned(),
                instead: Some("order a new value at its issuer, or: --generate".to_owned()),
            });
        }
        let kind = verified.live.get(&found.address()).and_then(|live| live.item.kind.clone());
        let rule = verified.policy.rule(&found.address()).kind.cloned();
        fits(verified.policy, &found, rule.or(kind).as_ref(), &new.value, (wish, place.today()))?;
        made.push((found, new));
    }
    Ok(made)
}
