//! Gives a member other keys: a new laptop, or a key that is lost or stolen.

use std::collections::BTreeMap;

use super::keys::{Given, KeySource, Keys, fingerprints, made_key};
use super::remove::{Debt, debts};
use crate::deeds::DeedError;
use crate::deeds::enact::{
    Draft, Edited, Effect, Enacted, Vouch, agree, doubtful, nothing_blocks, policy_in_force,
};
use crate::deeds::join::{self, Asked, Trusted};
use crate::deeds::load::{Place, unbelieved};
use crate::log::request::Wanted;
use crate::names::{Address, EntryId, EnvName, MemberName};
use crate::policy::edit::{Edit, EditError};
use crate::policy::{LostKey, Member, MemberKind, Policy, Recipient, SigningKey, nearest};
use crate::secret::Plaintext;
use crate::world::{World, random};

/// Whose keys are to be replaced, and by which.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The member.
    pub name: MemberName,
    /// Their keys from now on: each kind that is given replaces all of that kind.
    pub keys: Given,
    /// Where a machine's new key comes from.
    pub source: KeySource,
    /// Whether somebody else may have the keys that go.
    pub fate: Fate,
    /// Whether the signer vouches for what lost keys signed last.
    pub vouch: Vouch,
    /// Why.
    pub reason: Option<String>,
}

/// What became of the keys that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nobody else has them.
    Kept,
    /// They are lost or stolen: what they opened must be rotated.
    Lost,
}

/// Whose keys were replaced.
#[derive(Debug)]
pub struct Replaced {
    /// The member.
    pub name: MemberName,
    /// A person or a machine.
    pub kind: MemberKind,
    /// The fingerprints of the keys that come, whole.
    pub come: Vec<String>,
    /// The fingerprints of the keys that go, whole.
    pub gone: Vec<String>,
    /// What became of those.
    pub fate: Fate,
    /// What they opened and must be rotated, by environment.
    pub debts: BTreeMap<EnvName, Debt>,
    /// What a lost key signed last, and nobody vouched for: it stands.
    pub attested: Vec<Address>,
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
    /// The private key that was made: for stdout, once, and nowhere else.
    pub identity: Option<Plaintext>,
}

/// What would be replaced, for whoever signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacing {
    /// What it changes.
    pub effect: Effect,
    /// What a lost key signed last: it stands.
    pub attested: Vec<Address>,
    /// The incidents that a lost key closed, and that are open again.
    pub reopened: Vec<EntryId>,
}

/// The keys of a member before and after.
pub(super) struct Turn {
    pub(super) recipients: Vec<Recipient>,
    pub(super) signing_keys: Vec<SigningKey>,
    come: Keys,
    gone: Keys,
}

/// Replaces keys in one step of the policy; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Edit`] where the policy cannot take the keys; [`DeedError::NotAllowed`] for one who is no
/// admin; [`DeedError::Aborted`].
pub fn replace_key(
    world: &World,
    wish: &Wish,
    show: &mut dyn FnMut(&Replacing),
) -> Result<Replaced, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load_readers()?;
    let verified = loaded.judged()?;
    let found = policy_in_force(&place, &verified)?;
    let member = member(verified.policy, &wish.name)?;
    let made = made_key(wish.source, member.kind)?;
    let keys = wish.keys.read(world, member.kind, made.as_ref().map(|(_, public)| public))?;
    let turn = Turn::of(&wish.name, member, &keys)?;
    let text = turn.edited(&found, wish)?;
    let draft = Draft::of(&place, &verified, &found, text)?;
    let effect = draft.effect();
    let debts = match wish.fate {
        Fate::Lost if !turn.gone.recipients.is_empty() => {
            debts(&place, &verified, draft.next(), &[&wish.name])
        }
        Fate::Lost | Fate::Kept => BTreeMap::new(),
    };
    let reopened = match wish.fate {
        Fate::Lost => {
            let lost: Vec<_> = turn.gone.signing_keys.iter().map(SigningKey::public).collect();
            verified.record.reopened_by(&lost)
        }
        Fate::Kept => Vec::new(),
    };
    let next = draft.next().clone();
    let attested: Vec<_> = doubtful(&verified, &next).map(|(at, _)| at.clone()).collect();
    show(&Replacing { effect: effect.clone(), attested: attested.clone(), reopened });
    let compare = match wish.source {
        KeySource::Given => format!("compared the key with {} on another channel? ", wish.name),
        KeySource::Made => String::new(),
    };
    agree(world, &format!("{compare}replace keys of {} and sign this policy?", wish.name))?;
    let enacted = draft.enact(wish.vouch, wish.reason.clone())?;
    let vouched = wish.vouch == Vouch::Yes && enacted.waiting.is_none();
    let left = |at: &Address| !vouched || !next.may_write(&enacted.by, at);
    Ok(Replaced {
        name: wish.name.clone(),
        kind: member.kind,
        come: fingerprints(&turn.come.recipients, &turn.come.signing_keys),
        gone: fingerprints(&turn.gone.recipients, &turn.gone.signing_keys),
        fate: wish.fate,
        debts,
        attested: attested.into_iter().filter(left).collect(),
        effect,
        enacted,
        identity: made.map(|(private, _)| private),
    })
}

/// Asks an admin to replace one's own keys; signed with one that the policy names now.
///
/// # Errors
/// As [`join::join`].
pub fn ask(world: &World, name: &MemberName, keys: &Given) -> Result<Asked, DeedError> {
    let place = Place::to_write(world)?;
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    let policy = record.policy().ok_or_else(|| unbelieved(&record))?;
    let member = member(policy, name)?;
    let keys = keys.read(world, member.kind, None)?;
    Turn::of(name, member, &keys)?;
    let draft =
        join::Draft { wanted: Wanted::Replace, name: name.clone(), roles: Vec::new(), keys };
    join::ask(&place, (&record, Trusted::Yes), draft)
}

fn member<'p>(policy: &'p Policy, name: &MemberName) -> Result<&'p Member, DeedError> {
    policy.members.get(name).ok_or_else(|| {
        let known = policy.members.keys().map(MemberName::as_str);
        let nearest = nearest(name.as_str(), known).map(str::to_owned);
        EditError::UnknownMember { name: name.clone(), nearest }.into()
    })
}

impl Turn {
    /// Each kind of which a key is given is replaced as a whole.
    pub(super) fn of(name: &MemberName, member: &Member, keys: &Keys) -> Result<Self, DeedError> {
        if *keys == Keys::default() {
            return Err(DeedError::Refuse {
                what: format!("no new key of `{name}` is given"),
                instead: Some("--ssh-key FILE.pub, or --recipient age1…".to_owned()),
            });
        }
        let recipients = either(&keys.recipients, &member.recipients);
        let signing_keys = either(&keys.signing_keys, &member.signing_keys);
        let come = Keys {
            recipients: without(&recipients, &member.recipients),
            signing_keys: without(&signing_keys, &member.signing_keys),
        };
        let gone = Keys {
            recipients: without(&member.recipients, &recipients),
            signing_keys: without(&member.signing_keys, &signing_keys),
        };
        if come == Keys::default() && gone == Keys::default() {
            return Err(DeedError::Refuse {
                what: format!("`{name}` has these keys already"),
                instead: Some("tenure member list".to_owned()),
            });
        }
        Ok(Self { recipients, signing_keys, come, gone })
    }

    fn edited(&self, found: &str, wish: &Wish) -> Result<String, DeedError> {
        let mut edit = Edit::of(found)?;
        edit.set_keys(&wish.name, &self.recipients, &self.signing_keys)?;
        if wish.fate == Fate::Lost {
            let mut lost: Vec<LostKey> = self.gone.recipients.iter().map(LostKey::from).collect();
            lost.extend(self.gone.signing_keys.iter().map(LostKey::from));
            lost.sort();
            lost.dedup();
            if lost.is_empty() {
                return Err(DeedError::Refuse {
                    what: "no key goes, so none is lost".to_owned(),
                    instead: Some("give the keys that stay, and leave the lost one out".to_owned()),
                });
            }
            edit.lose_keys(&wish.name, &lost)?;
        }
        Ok(edit.finish(random())?)
    }
}

fn either<T: Clone>(new: &[T], old: &[T]) -> Vec<T> {
    if new.is_empty() { old.to_vec() } else { new.to_vec() }
}

fn without<T: Clone + PartialEq>(all: &[T], others: &[T]) -> Vec<T> {
    all.iter().filter(|one| !others.contains(one)).cloned().collect()
}
