//! Puts a new policy in force: signs or approves it, and once as many admins as the policy in force wants
//! did, makes a new keyring wherever the readers change.

mod effect;
mod follow;
mod ground;
mod kept;

pub use effect::{About, Effect, NewReaders, Signed, effect};
pub(in crate::deeds) use effect::{doubtful, readable};
pub use ground::{
    Edited, agree, nothing_blocks, policy_file, policy_in_force, policy_is_readable, step_in_force,
};
pub use kept::{kept, kept_at, put_policy};

use crate::deeds::DeedError;
use crate::deeds::attest::{Work, sign};
use crate::deeds::attributes;
use crate::deeds::load::Place;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, Note, PolicyStep};
use crate::names::{Address, EntryId, EnvName, MemberName, RepoPath, Sha256};
use crate::policy::{self, Policy};
use crate::verify::{Proposal, Step, Tally, Verified, is_admin_with};
use crate::world::Mode;
use ground::leaves_nothing_behind;

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enacted {
    /// The entry that was signed: a policy, or an approval of one.
    pub entry: EntryId,
    /// The policy's entry.
    pub policy: EntryId,
    /// What the policy waits for before it is in force; none where it is.
    pub waiting: Option<Waiting>,
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
    /// The entries that opened an incident before it.
    pub alarms: Vec<EntryId>,
    /// The files that were written.
    pub paths: Vec<RepoPath>,
}

/// The approvals that a policy waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many more admins must approve it.
    pub lacks: usize,
    /// Those who may.
    pub may: Vec<MemberName>,
    /// How many values the one who puts it in force can vouch for.
    pub voiceless: usize,
    /// How many policies it follows; several where it settles a fork.
    pub follows: usize,
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

/// Whether a signer vouches for what was signed by those who may write it no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouch {
    /// No: a command attests only what it made itself.
    No,
    /// Yes, as far as the signer may write it, so that it goes on standing.
    Yes,
}

/// A policy that may be signed, or approved.
pub struct Draft<'a, 'w> {
    place: &'a Place<'w>,
    verified: &'a Verified<'a>,
    found: Vec<u8>,
    text: String,
    next: Policy,
    /// The steps in force that it follows: one, which its entry names; or all ends of a fork, that one
    /// first.
    follows: Vec<&'a Step>,
    /// What is approved; none where a new policy is put forward.
    approves: Option<&'a Step>,
    answers: Option<(RepoPath, Vec<u8>)>,
    /// What is stated before the policy is signed, and whether or not it comes in force.
    alarms: Vec<Note>,
    pen: Pen<'a, 'w>,
}

impl<'a, 'w> Draft<'a, 'w> {
    /// Takes the text of a new policy; `found` is what the policy's file holds now.
    ///
    /// # Errors
    /// [`DeedError::NotAllowed`] unless the caller is an admin; [`DeedError::Refuse`] where the policy
    /// would leave values behind.
    pub fn of(
        place: &'a Place<'w>,
        verified: &'a Verified<'a>,
        found: &str,
        text: String,
    ) -> Result<Self, DeedError> {
        let follows = vec![step_in_force(verified.record)?];
        Self::settling(place, verified, follows, (found, text))
    }

    /// As [`Draft::of`], of a policy that follows all ends of a fork.
    ///
    /// # Errors
    /// As [`Draft::of`]; the caller must be an admin under the policy of one of the ends.
    pub fn settling(
        place: &'a Place<'w>,
        verified: &'a Verified<'a>,
        follows: Vec<&'a Step>,
        (found, text): (&str, String),
    ) -> Result<Self, DeedError> {
        let next = Policy::parse(&text)?;
        let (at, pen) = admins_pen(place, verified, &follows, None)?;
        leaves_nothing_behind(verified.record, &follows[at].policy, &next)?;
        let mut follows = follows;
        follows.swap(0, at);
        let found = found.as_bytes().to_vec();
        let (approves, answers, alarms) = (None, None, Vec::new());
        Ok(Self { place, verified, found, text, next, follows, approves, answers, alarms, pen })
    }

    /// Says which request this answers, and its bytes: the file goes when the policy is signed.
    #[must_use]
    pub fn answering(self, request: RepoPath, bytes: Vec<u8>) -> Self {
        Self { answers: Some((request, bytes)), ..self }
    }

    /// Says which incidents are opened with it.
    #[must_use]
    pub fn alarming(self, alarms: Vec<Note>) -> Self {
        Self { alarms, ..self }
    }

    /// Takes a policy that others signed; `found` is what the policy's file holds now.
    ///
    /// # Errors
    /// [`DeedError::NotAllowed`] unless the caller is an admin; [`DeedError::Refuse`] where they signed it
    /// already, or it can no longer come in force.
    pub fn approving(
        place: &'a Place<'w>,
        verified: &'a Verified<'a>,
        found: &str,
        proposal: &Proposal<'a>,
    ) -> Result<Self, DeedError> {
        let step = proposal.step;
        let steps = &verified.record.chain.steps;
        let follows: Vec<_> = step.follows().map(|at| &steps[at]).collect();
        if proposal.stale {
            return Err(DeedError::Refuse {
                what: format!(
                    "policy {} of entry {} follows one that is no longer in force",
                    step.seq,
                    step.id.short()
                ),
                instead: Some(
                    "edit .secrets-policy.toml as it wanted, then: tenure policy sign".into(),
                ),
            });
        }
        let (_, pen) = admins_pen(place, verified, &follows, Some(step))?;
        leaves_nothing_behind(verified.record, &follows[0].policy, &step.policy)?;
        let (found, text) = (found.as_bytes().to_vec(), kept(place, &step.hash)?);
        let (next, approves) = (step.policy.clone(), Some(step));
        let (answers, alarms) = (None, Vec::new());
        Ok(Self { place, verified, found, text, next, follows, approves, answers, alarms, pen })
    }

    /// The policy that would be in force.
    #[must_use]
    pub fn next(&self) -> &Policy {
        &self.next
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn by(&self) -> &MemberName {
        self.pen.by()
    }

    /// Says what it would change.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let effect = effect(self.verified, self.verified.policy, &self.next);
        match self.approves {
            Some(step) => Effect { about: About::Proposal(self.signed(step)), ..effect },
            None => effect,
        }
    }

    /// Says what it would change of each policy that it follows.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        let against = |step: &&Step| Effect {
            about: About::Against(self.signed(step)),
            ..effect(self.verified, &step.policy, &self.next)
        };
        self.follows.iter().map(against).collect()
    }

    fn signed(&self, step: &Step) -> Signed {
        Signed::of(self.verified.record, step)
    }

    /// Who will have signed it, with the caller.
    fn tally(&self) -> Tally<'_> {
        let chain = &self.verified.record.chain;
        chain.tally(&self.follows, self.approves, Some(self.pen.hand()))
    }

    /// Signs the policy, or an approval of it, and what follows once it is in force; writes all of it or
    /// nothing. A policy that is not in force yet leaves the policy's file as the one in force has it.
    ///
    /// # Errors
    /// [`DeedError::Signer`], [`DeedError::World`]; then every file is as it was.
    pub fn enact(mut self, vouch: Vouch, reason: Option<String>) -> Result<Enacted, DeedError> {
        let tally = self.tally();
        let may = tally.may.into_iter().cloned().collect();
        let (lacks, follows) = (tally.lacks, self.follows.len());
        let waiting = (lacks > 0).then(|| {
            let voiceless = self.to_vouch_for(vouch);
            Waiting { lacks, may, voiceless, follows }
        });
        let mut work = Work { reason: reason.clone(), ..Work::default() };
        work.writes.based_on(policy::PATH.parse()?, Some(&self.found));
        if let Some((request, bytes)) = &self.answers {
            work.writes.based_on(request.clone(), Some(bytes));
            work.writes.remove(request.clone());
        }
        let (mut renewed, mut stale, mut vouched, mut orphans) = Default::default();
        if waiting.is_some() {
            self.propose(&mut work)?;
        } else {
            put_policy(&self.text, &mut work.writes)?;
            attributes::add(self.place, &self.next, &mut work.writes)?;
            (renewed, stale) = self.keyrings(&mut work)?;
            (vouched, orphans) = self.vouch(vouch, &mut work)?;
        }
        let (seq, kind) = self.kind();
        let alarms = self.sound(reason.as_ref(), &mut work)?;
        let entry = self.pen.sign(kind, reason, &mut work.writes)?;
        let policy = self.approves.map_or(entry, |step| step.id);
        self.pen.under(policy);
        let by = self.pen.by().clone();
        let paths = work.writes.paths().cloned().collect();
        let change = if work.is_empty() {
            work.writes
        } else {
            self.pen.follow(&self.next)?;
            sign(&mut self.pen, &self.next, work)?.1
        };
        self.place.commit(&change)?;
        Ok(Enacted {
            entry,
            policy,
            waiting,
            seq,
            by,
            renewed,
            stale,
            vouched,
            orphans,
            alarms,
            paths,
        })
    }

    /// Signs the alarms, under the policy that is in force until then.
    fn sound(
        &mut self,
        reason: Option<&String>,
        work: &mut Work,
    ) -> Result<Vec<EntryId>, DeedError> {
        let sign = |note: Note| self.pen.sign(Kind::Note(note), reason.cloned(), &mut work.writes);
        std::mem::take(&mut self.alarms).into_iter().map(sign).collect()
    }

    /// How many values whoever puts it in force can vouch for.
    fn to_vouch_for(&self, vouch: Vouch) -> usize {
        let voiceless = effect::voiceless(self.verified, &self.next).count();
        match vouch {
            Vouch::No => voiceless,
            Vouch::Yes => voiceless + doubtful(self.verified, &self.next).count(),
        }
    }

    fn kind(&self) -> (u32, Kind) {
        if let Some(step) = self.approves {
            return (step.seq, Kind::Note(Note::Approve { target: step.id }));
        }
        let (seq, prev) = (self.follows[0].seq + 1, Some(self.follows[0].id));
        let hash = Sha256::of(self.text.as_bytes());
        (seq, Kind::Policy(PolicyStep { seq, prev, hash }))
    }

    /// Keeps the text among those that were signed, and puts the policy in force back in its place.
    fn propose(&self, work: &mut Work) -> Result<(), DeedError> {
        let hash = Sha256::of(self.text.as_bytes());
        work.writes.put(kept_at(&hash)?, self.text.as_bytes().to_vec(), Mode::Keep);
        let found = Sha256::of(&self.found);
        if !self.follows.iter().any(|step| step.hash == found) {
            let text = kept(self.place, &self.follows[0].hash)?;
            work.writes.put(policy::PATH.parse()?, text.into_bytes(), Mode::Keep);
        }
        Ok(())
    }
}

/// The pen of a caller who is an admin under one of the policies that a step follows, and which one that
/// is; one whose signature the step still wants.
fn admins_pen<'a, 'w>(
    place: &'a Place<'w>,
    verified: &Verified<'_>,
    follows: &[&Step],
    approves: Option<&Step>,
) -> Result<(usize, Pen<'a, 'w>), DeedError> {
    let record = verified.record;
    let mut refusal = DeedError::NoPolicy;
    for (at, step) in follows.iter().enumerate() {
        let mut pen = match Pen::find(place, record, &step.policy) {
            Ok(pen) => pen,
            Err(why @ DeedError::NotAMember { .. }) if follows.len() > 1 => {
                refusal = why;
                continue;
            }
            Err(why) => return Err(why),
        };
        let signed = record.chain.tally(&[*step], approves, None).signed;
        if !is_admin_with(&step.policy, pen.hand()) {
            refusal = DeedError::NotAllowed {
                by: pen.by().clone(),
                what: "sign a policy".to_owned(),
                may: step.policy.admins().into_iter().cloned().collect(),
            };
        } else if signed.contains(pen.by()) {
            refusal = twice(pen.by(), &record.chain.tally(follows, approves, None));
        } else {
            pen.under(step.id);
            return Ok((at, pen));
        }
    }
    Err(refusal)
}

fn twice(by: &MemberName, tally: &Tally<'_>) -> DeedError {
    let may: Vec<_> = tally.may.iter().map(|who| who.as_str()).collect();
    DeedError::Refuse {
        what: format!("`{by}` signed this policy already; it wants {} more", tally.lacks),
        instead: Some(format!("ask one of them to run `tenure policy sign`: {}", may.join(", "))),
    }
}
