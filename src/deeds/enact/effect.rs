//! What a new policy changes, for whoever is asked to sign it.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::entry::Entry;
use crate::names::{Address, EntryId, EnvName, MemberName};
use crate::policy::{Change, Policy, semantic_diff};
use crate::verify::{Live, Record, Step, Verified};

/// What a new policy changes, for whoever signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Which policy it is.
    pub about: About,
    /// Every statement that comes or goes; access first.
    pub changes: Vec<Change>,
    /// The environments whose readers change.
    pub readers: Vec<NewReaders>,
    /// What was signed by those who may write it no longer: it stands for nothing unless vouched for.
    pub voiceless: Vec<Address>,
}

/// Which policy an effect is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// One that nobody signed yet.
    Next,
    /// One that somebody signed, and that waits for others.
    Proposal(Signed),
    /// What settles a fork, against one end of it.
    Against(Signed),
}

/// A policy that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its entry.
    pub entry: EntryId,
    /// Its number.
    pub seq: u32,
    /// Who put it forward.
    pub by: MemberName,
    /// Why, in their words.
    pub reason: Option<String>,
    /// All who signed or approved it.
    pub signed: Vec<MemberName>,
}

impl Signed {
    /// Says who signed a step.
    #[must_use]
    pub fn of(record: &Record, step: &Step) -> Self {
        let Entry { by, reason, .. } = &record.entries[step.entry].entry;
        let follows: Vec<_> = step.follows().map(|at| &record.chain.steps[at]).collect();
        let tally = record.chain.tally(&follows, Some(step), None);
        Self {
            entry: step.id,
            seq: step.seq,
            by: by.clone(),
            reason: reason.clone(),
            signed: tally.signed.into_iter().cloned().collect(),
        }
    }
}

/// How the readers of an environment change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReaders {
    /// The environment.
    pub env: EnvName,
    /// How many sealed values it has.
    pub values: usize,
    /// Who comes to read it.
    pub gains: Vec<MemberName>,
    /// Who reads it no longer; where nobody comes or goes, a reader's keys change.
    pub loses: Vec<MemberName>,
    /// The whole fingerprints of the keys that come to read it, by member.
    pub keys: BTreeMap<MemberName, Vec<String>>,
}

/// Says what becomes of the rights under one policy with another.
#[must_use]
pub fn effect(verified: &Verified<'_>, from: &Policy, next: &Policy) -> Effect {
    let envs = next.environments.keys().chain(from.environments.keys());
    let envs: BTreeSet<_> = envs.filter(|env| pairs(from, env) != pairs(next, env)).collect();
    let readers = envs.into_iter().map(|env| new_readers(verified, from, next, env)).collect();
    let voiceless = voiceless(verified, next).map(|(address, _)| address.clone()).collect();
    Effect { about: About::Next, changes: semantic_diff(from, next), readers, voiceless }
}

/// What was signed by those who may write it no longer under a policy.
pub(super) fn voiceless<'v, 'a>(
    verified: &'v Verified<'a>,
    next: &'v Policy,
) -> impl Iterator<Item = (&'v Address, &'v Live<'a>)> {
    let entries = &verified.record.entries;
    verified.live.iter().filter(move |(address, live)| {
        let by = &entries[live.entry].entry.by;
        !next.may_write(by, address)
    })
}

/// What stands, and was signed last with a key that a policy is the first to call lost.
pub(in crate::deeds) fn doubtful<'v, 'a>(
    verified: &'v Verified<'a>,
    next: &'v Policy,
) -> impl Iterator<Item = (&'v Address, &'v Live<'a>)> {
    let old: BTreeSet<_> = verified.policy.lost_keys().map(|(_, key)| key).collect();
    let new: Vec<_> =
        next.lost_keys().map(|(_, key)| key).filter(|key| !old.contains(key)).collect();
    let entries = &verified.record.entries;
    verified.live.iter().filter(move |(address, live)| {
        let signed = &entries[live.entry];
        let by_lost = || {
            let key = signed.signature.key();
            let key = key.map(|key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string());
            key.is_some_and(|key| new.iter().any(|lost| lost.fingerprint() == key))
        };
        !new.is_empty() && next.may_write(&signed.entry.by, address) && by_lost()
    })
}

fn new_readers(verified: &Verified<'_>, from: &Policy, next: &Policy, env: &EnvName) -> NewReaders {
    let (before, after) = (from.readers(env), next.readers(env));
    let names = |set: &BTreeSet<&MemberName>, other: &BTreeSet<&MemberName>| -> Vec<MemberName> {
        set.difference(other).map(|name| (*name).clone()).collect()
    };
    let known = from.reader_recipients(env);
    let mut keys: BTreeMap<MemberName, Vec<String>> = BTreeMap::new();
    for (who, key) in next.reader_recipients(env) {
        if !known.contains(&(who, key)) {
            keys.entry(who.clone()).or_default().push(key.fingerprint());
        }
    }
    NewReaders {
        env: env.clone(),
        values: readable(verified, env).count(),
        gains: names(&after, &before),
        loses: names(&before, &after),
        keys,
    }
}

/// The readers of an environment with their keys.
pub(super) fn pairs(policy: &Policy, env: &EnvName) -> BTreeSet<(String, String)> {
    let all = policy.reader_recipients(env).into_iter();
    all.map(|(who, key)| (who.to_string(), key.to_string())).collect()
}

/// The sealed values of an environment that a reader can open.
pub(in crate::deeds) fn readable<'v, 'a>(
    verified: &'v Verified<'a>,
    env: &'v EnvName,
) -> impl Iterator<Item = (&'v Address, &'v Live<'a>)> {
    let mine = verified.live.iter().filter(move |(address, _)| address.env == *env);
    mine.filter(|(_, live)| live.item.generation.is_some())
}
