//! What follows from a policy that comes in force: new keyrings, and a writer's word for what lost it.

use std::collections::BTreeSet;

use super::effect::{doubtful, pairs, voiceless};
use super::{Draft, Hindrance, Stale, Vouch};
use crate::deeds::DeedError;
use crate::deeds::attest::Work;
use crate::deeds::keyrings::renew;
use crate::deeds::ring::Ring;
use crate::finding::{Code, Severity};
use crate::keyring::Keyring;
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{Address, EnvName, MemberName};
use crate::policy::Store;
use crate::verify::{Live, Record};

impl Draft<'_, '_> {
    /// The environments whose keyrings must be for others.
    fn changed(&self) -> BTreeSet<&EnvName> {
        let stored = self.next.environments.iter().filter(|(_, e)| e.store == Store::Files);
        let others = |env: &EnvName| {
            let wanted = pairs(&self.next, env);
            self.follows.iter().any(|step| pairs(&step.policy, env) != wanted)
        };
        let none = |env: &EnvName| self.verified.record.keyrings(env).is_empty();
        stored.map(|(env, _)| env).filter(|env| others(env) || none(env)).collect()
    }

    /// Makes the new keyrings that the signer may make and can make.
    pub(super) fn keyrings(
        &self,
        work: &mut Work,
    ) -> Result<(Vec<EnvName>, Vec<Stale>), DeedError> {
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

    fn who_can_renew(&self, env: &EnvName) -> Vec<MemberName> {
        let makers = self.verified.record.keyring_makers(&self.next, env).into_iter();
        makers.filter(|who| *who != self.by()).cloned().collect()
    }

    /// The generations that a new keyring must hold, or why the signer does not make one.
    fn earlier(&self, env: &EnvName) -> Result<Result<Vec<Keyring>, Hindrance>, DeedError> {
        if !self.next.may_make_keyring(self.by(), env) {
            return Ok(Err(Hindrance::NotAllowed));
        }
        if self.verified.record.keyrings(env).is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let mut mine = self.verified.findings.iter().filter(|it| it.env.as_ref() == Some(env));
        if mine.any(|it| it.severity >= Severity::Invalid || it.code == Code::Plaintext) {
            return Ok(Err(Hindrance::Finding));
        }
        match Ring::open_all(self.place.world, self.verified, env) {
            Ok(ring) => Ok(Ok(ring.into_keyrings())),
            Err(DeedError::NoKey { .. } | DeedError::Seal(_)) => Ok(Err(Hindrance::NoKey)),
            Err(other) => Err(other),
        }
    }

    /// Adopts what stands, since the word of one who may no longer write does not count.
    ///
    /// # Errors
    /// Those of reading the files: only what stands there as it was signed is vouched for.
    pub(super) fn vouch(
        &self,
        vouch: Vouch,
        work: &mut Work,
    ) -> Result<(usize, Vec<Address>), DeedError> {
        let (mut vouched, mut orphans) = (0, Vec::new());
        let some = voiceless(self.verified, &self.next).next().is_some()
            || doubtful(self.verified, &self.next).next().is_some();
        if !some {
            return Ok((vouched, orphans));
        }
        // What is known so far may be what the log says, and nobody looked at the files.
        let loaded = self.place.load(None)?;
        let verified = loaded.judged()?;
        for (address, live) in voiceless(&verified, &self.next) {
            if vouch == Vouch::Yes && self.next.may_write(self.by(), address) {
                adopt(verified.record, address, *live, &mut work.changes);
                vouched += 1;
            } else {
                orphans.push(address.clone());
            }
        }
        // What a lost key signed stands, so nobody's word is wanted for it; it may be given.
        for (address, live) in doubtful(&verified, &self.next) {
            if vouch == Vouch::Yes && self.next.may_write(self.by(), address) {
                adopt(verified.record, address, *live, &mut work.changes);
                vouched += 1;
            }
        }
        Ok((vouched, orphans))
    }
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
