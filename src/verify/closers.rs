//! Who says that an incident is over, and whether two of them are known to be two persons.
//!
//! A name costs nothing: whoever signs the policy can give one to a second key of their own. So two words close
//! an incident where two keys signed them that were there when it was opened, or that somebody else let in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ssh_key::{HashAlg, PublicKey};

use super::incidents::Closing;
use super::{Record, Step};
use crate::log::entry::Note;
use crate::names::{EntryId, MemberName};
use crate::policy::{MemberKind, Policy};

/// A word that an incident is over.
#[derive(Debug, Clone)]
pub struct Voice<'r> {
    /// Who says so.
    pub by: MemberName,
    /// The fingerprint of the key that signs it.
    key: String,
    /// When, as claimed.
    at: Timestamp,
    /// The policy that it is signed under.
    policy: &'r Policy,
}

/// Why two words are not those of two persons, one of them an admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hindrance {
    /// Neither is an admin.
    NoAdmin,
    /// One key signs, or signed, for both.
    OneKey(MemberName),
    /// One of them let the other in after the incident was opened.
    LetIn(MemberName),
}

impl Voice<'_> {
    fn is_admin(&self) -> bool {
        self.policy.is_admin(&self.by)
    }
}

fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

impl Record {
    /// A word that is said now, with a key.
    #[must_use]
    pub fn voice<'r>(
        &self,
        policy: &'r Policy,
        (by, key): (&MemberName, &PublicKey),
        at: Timestamp,
    ) -> Voice<'r> {
        Voice { by: by.clone(), key: fingerprint(key), at, policy }
    }

    /// Who says that an incident is over, and whether that is enough.
    #[must_use]
    pub fn closing(&self, incident: EntryId) -> Closing {
        let mut closing = self.closing_with(incident, Vec::new());
        if self.closings.is_none() && closing.closed.is_none() {
            closing.too_few = self.too_few(incident);
        }
        closing
    }

    /// All who sign here, where no two of them, nor one of them with who said so, could close an incident.
    fn too_few(&self, incident: EntryId) -> Vec<MemberName> {
        let Some(policy) = self.policy() else { return Vec::new() };
        let all = signers(policy).map(|hand| self.voice(policy, hand, Timestamp::MAX));
        if self.closing_with(incident, all.collect()).closed.is_some() {
            return Vec::new();
        }
        let mut people: Vec<_> = signers(policy).map(|(who, _)| who.clone()).collect();
        people.dedup();
        people
    }

    /// As [`Record::closing`], with more words after those in the log.
    #[must_use]
    pub fn closing_with(&self, incident: EntryId, more: Vec<Voice<'_>>) -> Closing {
        if let (Some(known), true) = (&self.closings, more.is_empty()) {
            return known.get(&incident).cloned().unwrap_or_default();
        }
        let said = first_of_each(self.closers_of(incident));
        let words = said.iter().map(|(at, _)| self.word(*at)).collect();
        let mut closing = Closing { words, ..Closing::default() };
        let mut voices: Vec<_> = said.into_iter().map(|(_, voice)| voice).collect();
        voices.extend(more);
        if let Some(opened) = self.dag.index(&incident) {
            self.weigh(opened, &voices, &mut closing);
        }
        closing
    }

    /// The incidents that are closed, and no longer are once some keys are lost.
    #[must_use]
    pub fn reopened_by(&self, lost: &[&PublicKey]) -> Vec<EntryId> {
        let lost: Vec<String> = lost.iter().map(|key| fingerprint(key)).collect();
        let all = self.incidents().into_iter();
        let closed = all.filter(|it| self.closing(it.id).closed.is_some());
        let open = closed.filter(|it| {
            let mut said = self.closers_of(it.id);
            said.retain(|(_, voice)| !lost.contains(&voice.key));
            let voices: Vec<_> = first_of_each(said).into_iter().map(|(_, voice)| voice).collect();
            let mut closing = Closing::default();
            self.weigh(it.entry, &voices, &mut closing);
            closing.closed.is_none()
        });
        open.map(|it| it.id).collect()
    }

    /// The words that an incident is over, in the order of the log, with their entries.
    fn closers_of(&self, incident: EntryId) -> Vec<(usize, Voice<'_>)> {
        let over =
            |note: &Note| matches!(note, Note::IncidentClose { target } if *target == incident);
        let said = self.notes().filter(|(_, note)| over(note));
        said.filter_map(|(at, _)| Some((at, self.voice_of(at)?))).collect()
    }

    /// The word of an entry; none under a policy that is not known.
    pub(super) fn voice_of(&self, at: usize) -> Option<Voice<'_>> {
        let signed = &self.entries[at];
        let (by, time) = (signed.entry.by.clone(), signed.entry.time);
        let key = fingerprint(&signed.signature.key()?);
        Some(Voice { by, key, at: time, policy: self.policy_at(at)? })
    }

    /// The members whose word, after those in the log and one that is about to be signed, would be enough.
    #[must_use]
    pub fn could_close(&self, incident: EntryId, more: Option<&Voice<'_>>) -> Vec<MemberName> {
        let Some(policy) = self.policy() else { return Vec::new() };
        let closing = self.closing(incident);
        let mut said: BTreeSet<&MemberName> = closing.words.iter().map(|word| &word.by).collect();
        said.extend(more.map(|voice| &voice.by));
        let closes = |hand: (&MemberName, &PublicKey)| {
            let last = self.voice(policy, hand, Timestamp::MAX);
            let voices = more.cloned().into_iter().chain([last]).collect();
            self.closing_with(incident, voices).closed.is_some()
        };
        let able = signers(policy).filter(|(who, key)| !said.contains(who) && closes((who, key)));
        let mut able: Vec<_> = able.map(|(who, _)| who.clone()).collect();
        able.dedup();
        able
    }

    /// Finds the first two words that are enough.
    fn weigh(&self, opened: usize, voices: &[Voice<'_>], closing: &mut Closing) {
        for (place, later) in voices.iter().enumerate() {
            closing.admin |= later.is_admin();
            for earlier in &voices[..place] {
                if closing.closed.is_none() {
                    self.pair(opened, (earlier, later), closing);
                }
            }
        }
    }

    fn pair(
        &self,
        opened: usize,
        (earlier, later): (&Voice<'_>, &Voice<'_>),
        closing: &mut Closing,
    ) {
        let hindrance = self.hindrance(opened, earlier, later);
        if self.counts(opened, earlier, later) {
            closing.closed = Some(later.at);
            let doubt = hindrance.map(|_| (earlier.by.clone(), later.by.clone()));
            closing.doubt = doubt;
        } else {
            closing.hindrance = hindrance;
        }
    }

    /// Tells whether two words are enough. Two of whom one let the other in are, where nobody else could have
    /// said it: somebody must be able to end it, and it is told.
    fn counts(&self, opened: usize, one: &Voice<'_>, other: &Voice<'_>) -> bool {
        match self.hindrance(opened, one, other) {
            None => true,
            Some(Hindrance::NoAdmin | Hindrance::OneKey(_)) => false,
            Some(Hindrance::LetIn(_)) => !self.has_another(opened, one, other),
        }
    }

    /// Tells whether somebody else could have said it with one of two.
    fn has_another(&self, opened: usize, one: &Voice<'_>, other: &Voice<'_>) -> bool {
        // Whose key was taken away since, and who is still a member, gets it back in a minute.
        let then = self.policy_at(opened).into_iter().flat_map(signers);
        let still = then.filter(|(who, _)| other.policy.members.contains_key(*who));
        let mut people = signers(other.policy).chain(still);
        people.any(|(who, key)| {
            let third = self.voice(other.policy, (who, key), other.at);
            let fits = |said: &Voice<'_>| {
                said.by != *who && self.hindrance(opened, said, &third).is_none()
            };
            *who != one.by && *who != other.by && (fits(one) || fits(other))
        })
    }

    /// What keeps two words from being those of two persons, one of them an admin.
    fn hindrance(&self, opened: usize, one: &Voice<'_>, other: &Voice<'_>) -> Option<Hindrance> {
        if !one.is_admin() && !other.is_admin() {
            return Some(Hindrance::NoAdmin);
        }
        let shared = one.key == other.key
            || self.gave(&one.by, &other.key).is_some()
            || self.gave(&other.by, &one.key).is_some();
        if shared {
            return Some(Hindrance::OneKey(one.by.clone()));
        }
        let behind = |it: &Voice<'_>| self.behind(opened, (&it.by, &it.key), &mut BTreeSet::new());
        let (first, second) = (behind(one), behind(other));
        let two = first.iter().any(|who| second.iter().any(|it| it != who));
        (!two).then(|| Hindrance::LetIn(one.by.clone()))
    }

    /// Tells whether somebody else stands behind a word than who signed an entry, and than whom it is about: a
    /// name that they gave themselves since then is none.
    pub(super) fn is_another(
        &self,
        cause: usize,
        about: Option<&MemberName>,
        voice: &Voice<'_>,
    ) -> bool {
        let began = &self.entries[cause].entry.by;
        let is_other = |who: &MemberName| who != began && Some(who) != about;
        let key = self.entries[cause].signature.key();
        let shared = self.gave(began, &voice.key).is_some()
            || about.is_some_and(|about| self.gave(about, &voice.key).is_some())
            || key.is_some_and(|key| self.gave(&voice.by, &fingerprint(&key)).is_some());
        let behind = || self.behind(cause, (&voice.by, &voice.key), &mut BTreeSet::new());
        is_other(&voice.by) && !shared && behind().iter().any(is_other)
    }

    /// The first policy in force that gave a key to a member.
    fn gave(&self, who: &MemberName, key: &str) -> Option<&Step> {
        let has = |step: &&Step| {
            let member = step.policy.members.get(who);
            member.is_some_and(|it| it.signing_keys.iter().any(|own| own.fingerprint() == key))
        };
        self.steps_in_force().find(has)
    }

    /// Who stands behind a member's key: they themselves where it was theirs when an incident was opened, else
    /// those who signed the policy that gave it to them.
    fn behind(
        &self,
        opened: usize,
        (who, key): (&MemberName, &str),
        seen: &mut BTreeSet<usize>,
    ) -> BTreeSet<MemberName> {
        let Some(step) = self.gave(who, key) else { return BTreeSet::new() };
        if step.prev.is_none() || self.dag.is_ancestor(step.entry, opened) {
            return BTreeSet::from([who.clone()]);
        }
        if !seen.insert(step.entry) {
            return BTreeSet::new();
        }
        let approved = self.notes().filter_map(|(at, note)| match note {
            Note::Approve { target } if *target == step.id => Some(at),
            _ => None,
        });
        let signed: Vec<usize> = approved.chain([step.entry]).collect();
        let hand = |at: usize| {
            let signed = &self.entries[at];
            Some((&signed.entry.by, fingerprint(&signed.signature.key()?)))
        };
        let hands = signed.into_iter().filter_map(hand);
        hands.flat_map(|(by, key)| self.behind(opened, (by, &key), seen)).collect()
    }
}

/// The first word of each member.
fn first_of_each(said: Vec<(usize, Voice<'_>)>) -> Vec<(usize, Voice<'_>)> {
    let mut first: Vec<(usize, Voice<'_>)> = Vec::new();
    for (at, voice) in said {
        if first.iter().all(|(_, it)| it.by != voice.by) {
            first.push((at, voice));
        }
    }
    first
}

/// The people who sign, with each of their keys.
fn signers(policy: &Policy) -> impl Iterator<Item = (&MemberName, &PublicKey)> {
    let people = policy.members.iter().filter(|(_, it)| it.kind == MemberKind::Person);
    people.flat_map(|(who, it)| it.signing_keys.iter().map(move |key| (who, key.public())))
}
