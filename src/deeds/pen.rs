//! Signs entries and writes them together with the files that they attest, all or none.

use jiff::{SignedDuration, Timestamp};

use super::DeedError;
use super::load::Place;
use crate::log::entry::{Entry, Kind};
use crate::log::{name, render};
use crate::names::{EntryId, MemberName, RepoPath};
use crate::policy::Policy;
use crate::verify::Record;
use crate::world::signer::{self, Signer};
use crate::world::{Change, Mode};

/// How far a parent may be ahead of the clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A member's hand: signs what they made, after what they saw.
pub struct Pen<'p, 'w> {
    place: &'p Place<'w>,
    signer: Signer,
    by: MemberName,
    /// What the next entry follows.
    after: After,
}

/// What an entry follows.
struct After {
    root: Option<EntryId>,
    policy: Option<EntryId>,
    parents: Vec<EntryId>,
    newest: Option<Timestamp>,
}

impl<'p, 'w> Pen<'p, 'w> {
    /// Finds the user's signing key and the member it belongs to.
    ///
    /// # Errors
    /// [`DeedError::NotAMember`] when no key at hand is a member's; [`DeedError::ClockBehind`].
    pub fn find(place: &'p Place<'w>, record: &Record, policy: &Policy) -> Result<Self, DeedError> {
        let keys: Vec<_> = policy
            .members
            .values()
            .flat_map(|member| member.signing_keys.iter().map(|key| key.public().clone()))
            .collect();
        let signer = place.world.signer(&place.checkout, &keys).map_err(|why| match why {
            signer::SignerError::NoKey { at_hand } => DeedError::NotAMember { at_hand },
            other => other.into(),
        })?;
        let owns = |(_, member): &(&MemberName, &crate::policy::Member)| {
            member
                .signing_keys
                .iter()
                .any(|key| key.public().key_data() == signer.public().key_data())
        };
        let by = policy.members.iter().find(owns).map(|(name, _)| name.clone());
        let by = by.ok_or_else(|| DeedError::NotAMember { at_hand: vec![signer.fingerprint()] })?;
        let after = After::of(record, place.world.now)?;
        Ok(Self { place, signer, by, after })
    }

    /// A pen for the first entry of a log.
    #[must_use]
    pub fn first(place: &'p Place<'w>, signer: Signer, by: MemberName) -> Self {
        let after = After { root: None, policy: None, parents: Vec::new(), newest: None };
        Self { place, signer, by, after }
    }

    /// Who signs.
    #[must_use]
    pub fn by(&self) -> &MemberName {
        &self.by
    }

    /// Signs from now on with a key that a policy which comes in force gives the same member, where that
    /// policy takes away the one that signed so far.
    ///
    /// # Errors
    /// [`DeedError::Refuse`] where no such key is at hand.
    pub fn follow(&mut self, policy: &Policy) -> Result<(), DeedError> {
        let keys = policy.members.get(&self.by).map(|member| member.signing_keys.as_slice());
        let keys: Vec<_> =
            keys.unwrap_or_default().iter().map(|key| key.public().clone()).collect();
        if keys.iter().any(|key| key.key_data() == self.signer.public().key_data()) {
            return Ok(());
        }
        let found = self.place.world.signer(&self.place.checkout, &keys);
        self.signer = found.map_err(|why| match why {
            signer::SignerError::NoKey { .. } => DeedError::Refuse {
                what: format!(
                    "the new keyrings are signed with the new key of `{}`, which is not at hand",
                    self.by
                ),
                instead: Some("give both keys: -i OLD -i NEW".to_owned()),
            },
            other => other.into(),
        })?;
        Ok(())
    }

    /// Who signs, and with which key.
    #[must_use]
    pub fn hand(&self) -> (&MemberName, &ssh_key::PublicKey) {
        (&self.by, self.signer.public())
    }

    /// Names the policy that the next entries are signed under.
    pub fn under(&mut self, policy: EntryId) {
        self.after.policy = Some(policy);
    }

    /// Signs an entry and puts its file into the change; the next entry follows this one.
    ///
    /// # Errors
    /// [`DeedError::Entry`], [`DeedError::Signer`].
    pub fn sign(
        &mut self,
        kind: Kind,
        reason: Option<String>,
        change: &mut Change,
    ) -> Result<EntryId, DeedError> {
        let steps = matches!(kind, Kind::Init(_) | Kind::Policy(_));
        let now = self.place.world.now;
        let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let time = self.after.newest.map_or(second, |newest| newest.max(second));
        let mut entry = Entry {
            kind,
            root: self.after.root,
            parents: self.after.parents.clone(),
            policy: self.after.policy,
            time,
            by: self.by.clone(),
            reason,
        };
        entry.sort();
        let payload = entry.render()?;
        let id = EntryId::of(payload.as_bytes());
        let signature = self.signer.sign(payload.as_bytes(), self.place.world.terminal)?;
        let path = name::file_path(&entry, &id);
        change.put(path, render::join(&payload, &signature), Mode::Keep);
        self.after.root = self.after.root.or(Some(id));
        self.after.parents = vec![id];
        self.after.newest = Some(time);
        if steps {
            self.after.policy = Some(id);
        }
        Ok(id)
    }
}

impl After {
    fn of(record: &Record, now: Timestamp) -> Result<Self, DeedError> {
        let newest = record.entries.iter().map(|signed| signed.entry.time).max();
        if let Some(newest) = newest.filter(|newest| newest.duration_since(now) > TOLERANCE) {
            return Err(DeedError::ClockBehind(newest));
        }
        Ok(Self {
            root: record.root(),
            policy: record.chain.current().map(|step| step.id),
            parents: record.dag.heads().to_vec(),
            newest,
        })
    }
}

/// What a write did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry that attests it.
    pub entry: EntryId,
    /// Who signed it.
    pub by: MemberName,
    /// The files that were written or removed, in order.
    pub paths: Vec<RepoPath>,
}
