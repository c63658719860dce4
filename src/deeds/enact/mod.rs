//! Puts a new policy in force: signs it, and makes a new keyring wherever the readers change.

mod ground;
mod kept;

use std::collections::BTreeSet;

pub use ground::{Edited, agree, nothing_blocks, policy_file, same_as_in_force, step_in_force};
pub use kept::{kept_at, put_policy};

use crate::deeds::DeedError;
use crate::deeds::attest::{Work, sign};
use crate::deeds::attributes;
use crate::deeds::keyrings::renew;
use crate::deeds::load::Place;
use crate::deeds::pen::Pen;
use crate::deeds::ring::Ring;
use crate::keyring::Keyring;
use crate::log::entry::{FileChange, Item, Kind, Op, Origin, PolicyStep};
use crate::names::{Address, EntryId, EnvName, MemberName, RepoPath};
use crate::policy::{self, Change, Policy, Store, semantic_diff};
use crate::verify::{Live, Record, Verified};
use ground::leaves_nothing_behind;

/// What a new policy changes, for whoever signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Every statement that comes or goes; access first.
    pub changes: Vec<Change>,
    /// The environments whose readers change.
    pub readers: Vec<NewReaders>,
    /// What was signed by those who may write it no longer: it stands for nothing unless vouched for.
    pub voiceless: Vec<Address>,
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
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enacted {
    /// The entry that puts the policy in force.
    pub entry: EntryId,
    /// The policy's number.
    pub seq: u32,
    /// Who signed.
    pub by: MemberName,
    /// The environments that have a new keyring.
    pub renewed: Vec<EnvName>,
    /// Those that need one, which the signer could not make.
    pub stale: Vec<Stale>,
    /// How many voiceless values the signer vouches for.
    pub vouched: usize,
    /// Those that another writer must vouch for.
    pub orphans: Vec<Address>,
    /// The files that were written.
    pub paths: Vec<RepoPath>,
}

/// An environment whose keyring is still for the readers of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The environment.
    pub env: EnvName,
    /// Why the signer did not renew it.
    pub why: Hindrance,
    /// Who can renew it.
    pub ask: Vec<MemberName>,
}

/// Why a signer of a policy did not renew a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// They are no reader of it, or neither a writer nor an admin.
    NotAllowed,
    /// Something is wrong with the environment, which does not keep a member from being removed.
    Finding,
    /// None of their keys opens it.
    NoKey,
}

/// A policy that may be signed.
pub struct Draft<'a, 'w> {
    place: &'a Place<'w>,
    verified: &'a Verified<'a>,
    found: Vec<u8>,
    text: String,
    next: Policy,
    by: MemberName,
    answers: Option<(RepoPath, Vec<u8>)>,
}

/// Whether a signer vouches for what was signed by those who may write it no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouch {
    /// No: a command attests only what it made itself.
    No,
    /// Yes, as far as the signer may write it, so that it goes on standing.
    Yes,
}

impl<'a, 'w> Draft<'a, 'w> {
    /// Takes the text of a new policy; `found` is what the policy's file holds now.
    ///
    /// # Errors
    /// [`DeedError::NotAllowed`] unless the caller is an admin; [`DeedError::Refuse`] where the
    /// policy wants several signatures, or would leave values behind.
    pub fn of(
        place: &'a Place<'w>,
        verified: &'a Verified<'a>,
        found: &str,
        text: String,
    ) -> Result<Self, DeedError> {
        let current = step_in_force(verified.record)?;
        let next = Policy::parse(&text)?;
        let by = Pen::find(place, verified.record, verified.policy)?.by().clone();
        if !current.policy.is_admin(&by) {
            return Err(DeedError::NotAllowed {
                by,
                what: "sign a policy".to_owned(),
                may: current.policy.admins().into_iter().cloned().collect(),
            });
        }
        if current.policy.admin.threshold > 1 {
            return Err(DeedError::Refuse {
                what: format!(
                    "a new policy needs {} admins, and this version cannot collect their approval",
                    current.policy.admin.threshold
                ),
                instead: None,
            });
        }
        if next.admin.threshold > 1 {
            return Err(DeedError::Refuse {
                what: format!(
                    "nobody could change a policy that needs {} admins: this version cannot collect \
                     their approval",
                    next.admin.threshold
                ),
                instead: Some(format!("threshold = 1 under [admin] in {}", policy::PATH)),
            });
        }
        leaves_nothing_behind(verified, &next)?;
        let found = found.as_bytes().to_vec();
        Ok(Self { place, verified, found, text, next, by, answers: None })
    }

    /// Says which request this answers, and its bytes: the file goes when the policy is signed.
    #[must_use]
    pub fn answering(self, request: RepoPath, bytes: Vec<u8>) -> Self {
        Self { answers: Some((request, bytes)), ..self }
    }

    /// The policy that would be in force.
    #[must_use]
    pub fn next(&self) -> &Policy {
        &self.next
    }

    /// Says what it would change.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let changes = semantic_diff(self.verified.policy, &self.next);
        let readers = self.changed().into_iter().map(|env| self.new_readers(env)).collect();
        let voiceless = self.voiceless().map(|(address, _)| address.clone()).collect();
        Effect { changes, readers, voiceless }
    }

    fn voiceless(&self) -> impl Iterator<Item = (&Address, &Live<'a>)> {
        let entries = &self.verified.record.entries;
        self.verified.live.iter().filter(|(address, live)| {
            let by = &entries[live.entry].entry.by;
            !self.next.may_write(by, address)
        })
    }

    fn new_readers(&self, env: &EnvName) -> NewReaders {
        let (before, after) = (self.verified.policy.readers(env), self.next.readers(env));
        let names =
            |set: &BTreeSet<&MemberName>, other: &BTreeSet<&MemberName>| -> Vec<MemberName> {
                set.difference(other).map(|name| (*name).clone()).collect()
            };
        NewReaders {
            env: env.clone(),
            values: readable(self.verified, env).count(),
            gains: names(&after, &before),
            loses: names(&before, &after),
        }
    }

    /// The environments whose keyrings must be for others.
    fn changed(&self) -> Vec<&EnvName> {
        let pairs = |policy: &Policy, env: &EnvName| -> BTreeSet<(String, String)> {
            let all = policy.reader_recipients(env).into_iter();
            all.map(|(who, key)| (who.to_string(), key.to_string())).collect()
        };
        let stored = self.next.environments.iter().filter(|(_, e)| e.store == Store::Files);
        let changed = stored.filter(|(env, _)| {
            pairs(self.verified.policy, env) != pairs(&self.next, env)
                || self.verified.record.keyrings(env).is_empty()
        });
        changed.map(|(env, _)| env).collect()
    }

    /// Signs the policy and what follows from it, and writes all of it or nothing.
    ///
    /// # Errors
    /// [`DeedError::Signer`], [`DeedError::World`]; then every file is as it was.
    pub fn enact(self, vouch: Vouch, reason: Option<String>) -> Result<Enacted, DeedError> {
        let current = step_in_force(self.verified.record)?;
        let mut work = Work { reason: reason.clone(), ..Work::default() };
        let (renewed, stale) = self.keyrings(&mut work)?;
        let (vouched, orphans) = self.vouch(vouch, &mut work);
        work.writes.based_on(policy::PATH.parse()?, Some(&self.found));
        if let Some((request, bytes)) = &self.answers {
            work.writes.based_on(request.clone(), Some(bytes));
            work.writes.remove(request.clone());
        }
        let hash = put_policy(&self.text, &mut work.writes)?;
        attributes::add(self.place, &self.next, &mut work.writes)?;
        let step = PolicyStep { seq: current.seq + 1, prev: Some(current.id), hash };
        let mut pen = Pen::find(self.place, self.verified.record, self.verified.policy)?;
        let entry = pen.sign(Kind::Policy(step), reason, &mut work.writes)?;
        let paths = work.writes.paths().cloned().collect();
        let change =
            if work.is_empty() { work.writes } else { sign(&mut pen, &self.next, work)?.1 };
        self.place.commit(&change)?;
        let (seq, by) = (current.seq + 1, self.by);
        Ok(Enacted { entry, seq, by, renewed, stale, vouched, orphans, paths })
    }

    /// Makes the new keyrings that the signer may make and can make.
    fn keyrings(&self, work: &mut Work) -> Result<(Vec<EnvName>, Vec<Stale>), DeedError> {
        let (mut renewed, mut stale) = (Vec::new(), Vec::new());
        for env in self.changed() {
            match self.earlier(env)? {
                Ok(earlier) => {
                    renew(self.place.world, &self.next, env, earlier, work)?;
                    renewed.push(env.clone());
                }
                Err(why) => {
                    stale.push(Stale { env: env.clone(), why, ask: self.who_can_renew(env) });
                }
            }
        }
        Ok((renewed, stale))
    }

    fn may_renew(&self, who: &MemberName, env: &EnvName) -> bool {
        self.next.readers(env).contains(who)
            && (self.next.is_admin(who) || self.next.may_write_some(who, env))
    }

    fn who_can_renew(&self, env: &EnvName) -> Vec<MemberName> {
        let readers = self.next.readers(env).into_iter();
        // Who reads it only from now on opens none of the generations before.
        let before = self.verified.policy.readers(env);
        let can = |who: &&MemberName| self.may_renew(who, env) && before.contains(who);
        readers.filter(can).filter(|who| **who != self.by).cloned().collect()
    }

    /// The generations that a new keyring must hold, or why the signer does not make one.
    fn earlier(&self, env: &EnvName) -> Result<Result<Vec<Keyring>, Hindrance>, DeedError> {
        if !self.may_renew(&self.by, env) {
            return Ok(Err(Hindrance::NotAllowed));
        }
        if self.verified.record.keyrings(env).is_empty() {
            return Ok(Ok(Vec::new()));
        }
        if self.verified.refusal(env).is_some_and(|finding| finding.env.is_some()) {
            return Ok(Err(Hindrance::Finding));
        }
        match Ring::open_all(self.place.world, self.verified, env) {
            Ok(ring) => Ok(Ok(ring.into_keyrings())),
            Err(DeedError::NoKey { .. } | DeedError::Seal(_)) => Ok(Err(Hindrance::NoKey)),
            Err(other) => Err(other),
        }
    }

    /// Adopts what stands, since the word of one who may no longer write does not count.
    fn vouch(&self, vouch: Vouch, work: &mut Work) -> (usize, Vec<Address>) {
        let mut orphans = Vec::new();
        let mut vouched = 0;
        for (address, live) in self.voiceless() {
            if vouch == Vouch::Yes && self.next.may_write(&self.by, address) {
                adopt(self.verified.record, address, *live, &mut work.changes);
                vouched += 1;
            } else {
                orphans.push(address.clone());
            }
        }
        (vouched, orphans)
    }
}

/// The sealed values of an environment that a reader can open.
pub(super) fn readable<'v>(
    verified: &'v Verified<'_>,
    env: &'v EnvName,
) -> impl Iterator<Item = &'v Address> {
    let mine = verified.live.iter().filter(move |(address, _)| address.env == *env);
    mine.filter(|(_, live)| live.item.generation.is_some()).map(|(address, _)| address)
}

fn adopt(record: &Record, address: &Address, live: Live<'_>, changes: &mut Vec<FileChange>) {
    let of = Origin { entry: record.entries[live.entry].id, address: address.clone() };
    let item = Item { op: Op::Adopt, of: Some(of), ..live.item.clone() };
    let same = |change: &&mut FileChange| change.env == address.env && change.path == address.path;
    match changes.iter_mut().find(same) {
        Some(change) => change.items.push(item),
        None => changes.push(FileChange {
            env: address.env.clone(),
            path: address.path.clone(),
            items: vec![item],
        }),
    }
}
