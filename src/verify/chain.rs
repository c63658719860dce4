//! The policy chain: which policy was in force where. Design, section 6.
//!
//! The chain is linear, but branches can make it fork. A fork is settled by a step that descends from
//! all its ends, and that the admins of each of them authorise.

use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Deref;

use ssh_key::PublicKey;

use super::views::Views;
use crate::log::dag::Dag;
use crate::log::entry::Entry;
use crate::log::parse::SignedEntry;
use crate::names::{EntryId, MemberName, Sha256};
use crate::policy::{Member, Policy};

/// A policy that was signed; in force once the previous one's threshold is reached.
#[derive(Debug)]
pub struct Step {
    /// The position of its entry.
    pub entry: usize,
    /// The id of its entry.
    pub id: EntryId,
    /// 1 for `init`, then one more each.
    pub seq: u32,
    /// The position of the step before in [`Chain::steps`]; none for `init`.
    pub prev: Option<usize>,
    /// The positions of the other ends of the fork that it settles; none where it settles none.
    pub settles: Vec<usize>,
    /// The hash of its bytes.
    pub hash: Sha256,
    /// What it says.
    pub policy: Parsed,
}

/// A policy whose bytes are in order; those that were parsed before are parsed again only when asked.
pub struct Parsed(LazyCell<Policy, Box<dyn FnOnce() -> Policy>>);

impl Parsed {
    /// Takes the text of a policy that was parsed before.
    pub(super) fn when_asked(text: String) -> Self {
        let parse = move || Policy::parse(&text).expect("this very text was parsed before");
        Self(LazyCell::new(Box::new(parse)))
    }
}

impl From<Policy> for Parsed {
    fn from(policy: Policy) -> Self {
        Self(LazyCell::new(Box::new(move || policy)))
    }
}

impl Deref for Parsed {
    type Target = Policy;
    fn deref(&self) -> &Policy {
        &self.0
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed(…)")
    }
}

impl Step {
    /// The positions of all steps that it takes the place of.
    pub fn follows(&self) -> impl Iterator<Item = usize> {
        self.prev.into_iter().chain(self.settles.iter().copied())
    }
}

/// All policies whose entries hold, and the approvals among them.
#[derive(Debug, Default)]
pub struct Chain {
    /// In the log's order: a step stands after the one before it.
    pub steps: Vec<Step>,
    /// The places in it, by the ids of the steps' entries.
    places: HashMap<EntryId, usize>,
    /// The steps that follow each one.
    pub(super) followers: Vec<Vec<usize>>,
    /// Which step follows which, by their places.
    lineage: OnceCell<Dag>,
    /// What each entry sees of all this.
    pub(super) views: Views,
    /// By the policy's entry that is approved.
    approvals: BTreeMap<EntryId, Vec<Approval>>,
    /// Who signed which entry under a policy, by the policy's entry.
    uses: BTreeMap<EntryId, Vec<(MemberName, usize)>>,
    /// Which steps are in force with the whole log at hand, where that is known from before.
    known: Option<Vec<bool>>,
}

/// An admin's word for a policy.
#[derive(Debug)]
pub(super) struct Approval {
    pub(super) by: MemberName,
    /// The position of its entry.
    pub(super) entry: usize,
    /// The policy under which it was signed; none for the signer of `init`.
    pub(super) under: Option<EntryId>,
    /// The key that it was signed with.
    pub(super) key: Option<PublicKey>,
}

impl Approval {
    /// Who gave it, with which key.
    fn hand(&self) -> Option<(&MemberName, &PublicKey)> {
        self.key.as_ref().map(|key| (&self.by, key))
    }
}

/// What the signature of a step's own entry is to a rival that takes its signer's right away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    /// It stays: what somebody signs beside their removal is a fork, for people to settle.
    Stays,
    /// It counts no more than an approval: who wins a dispute must not need any such word.
    Counts,
}

/// From where the chain is looked at.
#[derive(Clone, Copy)]
pub(super) enum Seen<'d> {
    /// From an entry: only its ancestors count.
    From(usize, &'d Dag),
    /// From all that came about without an entry: neither it nor what descends from it counts.
    Without(usize, &'d Dag),
    /// With the whole log at hand.
    Whole,
}

impl Seen<'_> {
    pub(super) fn has(self, entry: usize) -> bool {
        match self {
            Self::From(observer, dag) => dag.is_ancestor(entry, observer),
            Self::Without(absent, dag) => entry != absent && !dag.is_ancestor(absent, entry),
            Self::Whole => true,
        }
    }
}

impl Chain {
    /// Finds the step of an entry.
    #[must_use]
    pub fn step(&self, id: &EntryId) -> Option<&Step> {
        self.place(id).map(|at| &self.steps[at])
    }

    /// The place of an entry's step among all.
    pub(super) fn place(&self, id: &EntryId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// Adds a step, after all that it follows.
    pub(super) fn add(&mut self, step: Step) {
        let at = self.steps.len();
        step.follows().for_each(|before| self.followers[before].push(at));
        self.followers.push(Vec::new());
        self.places.insert(step.id, at);
        self.views.add(step.entry, at);
        self.lineage = OnceCell::new();
        self.steps.push(step);
    }

    /// Adds an admin's approval of a policy, at the position of its entry.
    pub(super) fn approve(&mut self, at: usize, signed: &SignedEntry, target: EntryId) {
        let Entry { by, policy: under, .. } = &signed.entry;
        let key = signed.signature.key();
        self.approved(target, Approval { by: by.clone(), entry: at, under: *under, key });
    }

    pub(super) fn approved(&mut self, target: EntryId, approval: Approval) {
        self.views.turn(approval.entry);
        self.approvals.entry(target).or_default().push(approval);
    }

    /// Adds an entry, at its position, that rests on the policy that it names.
    pub(super) fn rely(&mut self, at: usize, entry: &Entry) {
        if let Some(policy) = entry.policy {
            self.uses.entry(policy).or_default().push((entry.by.clone(), at));
        }
    }

    /// Steps of which it is known which are in force; who approved them is not.
    pub(super) fn known(steps: Vec<Step>, known: Vec<bool>) -> Self {
        let mut chain = Self { known: Some(known), ..Self::default() };
        steps.into_iter().for_each(|step| chain.add(step));
        chain
    }

    /// Which steps are in force with the whole log at hand.
    pub(super) fn holding_now(&self) -> Vec<bool> {
        self.holding(Seen::Whole)
    }

    /// The steps in force: those that with all before them reached their thresholds.
    pub(super) fn in_force(&self, seen: Seen<'_>) -> Vec<&Step> {
        let holds = self.holding(seen);
        self.steps.iter().zip(holds).filter_map(|(step, holds)| holds.then_some(step)).collect()
    }

    pub(super) fn holding(&self, seen: Seen<'_>) -> Vec<bool> {
        if let (Some(known), Seen::Whole) = (&self.known, seen) {
            return known.clone();
        }
        let mut holds = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            // A step stands after those that it follows, which were therefore judged already.
            let after = |before: usize| holds[before] && self.lacks(step, before, seen) == 0;
            holds.push(seen.has(step.entry) && step.follows().all(after));
        }
        let ends = self.open(&holds);
        let void = |at: &usize| self.is_void(*at, &ends, seen);
        if ends.len() > 1 {
            let void: Vec<_> = ends.iter().copied().filter(void).collect();
            // Where none would be left they contradict each other: a fork, for people to settle.
            let some_stay = void.len() < ends.len();
            void.into_iter().filter(|_| some_stay).for_each(|at| holds[at] = false);
        }
        holds
    }

    /// The positions of the steps that hold and that no other such one follows.
    fn open(&self, holds: &[bool]) -> Vec<usize> {
        let mut open = holds.to_vec();
        for (step, _) in self.steps.iter().zip(holds).filter(|(_, holds)| **holds) {
            step.follows().for_each(|before| open[before] = false);
        }
        (0..open.len()).filter(|at| open[*at]).collect()
    }

    /// Tells whether a step is in force only by the approval of somebody whose right a rival step took
    /// away, which needs nobody's whose right this one takes away. Nobody else may have relied on it: what
    /// was in use is never taken back, but forks.
    pub(super) fn is_void(&self, at: usize, ends: &[usize], seen: Seen<'_>) -> bool {
        let step = &self.steps[at];
        let beats = |rival: &Step| {
            // Whoever else sealed under it, an admin or not, relied on it.
            let signers = self.approvals.get(&step.id).into_iter().flatten();
            let lost: BTreeSet<_> =
                signers.map(|it| &it.by).filter(|who| !rival.policy.is_admin(who)).collect();
            let mut uses = self.uses.get(&step.id).into_iter().flatten();
            self.is_weaker(step, rival, (seen, Own::Stays))
                && !self.is_weaker(rival, step, (seen, Own::Counts))
                && uses.all(|(by, at)| lost.contains(by) || !seen.has(*at))
        };
        let beside = |it: &Step| it.id != step.id && it.prev == step.prev && it.settles.is_empty();
        let mut first = ends.iter().map(|end| self.first_after(*end, step.prev));
        step.settles.is_empty() && first.any(|it| it.is_some_and(|it| beside(it) && beats(it)))
    }

    /// The step after one, on the way to another.
    fn first_after(&self, end: usize, before: Option<usize>) -> Option<&Step> {
        let mut all =
            std::iter::successors(Some(&self.steps[end]), |it| it.prev.map(|at| &self.steps[at]));
        all.find(|it| it.prev == before)
    }

    /// Tells whether a step lacks signatures without those of members who are no admins under a rival.
    fn is_weaker(&self, step: &Step, rival: &Step, (seen, own): (Seen<'_>, Own)) -> bool {
        let keeps = |it: &&Approval| {
            let admin = it.hand().is_some_and(|hand| is_admin_with(&rival.policy, hand));
            admin || (own == Own::Stays && it.entry == step.entry)
        };
        step.follows().any(|before| {
            let counted = self.counted(step, before, seen).into_iter();
            let left: BTreeSet<_> = counted.filter(keeps).map(|it| &it.by).collect();
            left.len() < self.steps[before].policy.admin.threshold as usize
        })
    }

    /// How many admins of a policy that a step follows have yet to sign or approve it.
    pub(super) fn lacks(&self, step: &Step, before: usize, seen: Seen<'_>) -> usize {
        let threshold = self.steps[before].policy.admin.threshold as usize;
        threshold.saturating_sub(self.approvers(step, before, seen).len())
    }

    /// The admins of a policy that a step follows who signed or approved it, under such a policy: a key
    /// that an earlier one names may have been taken away since. At a fork the key must be theirs under
    /// each: one end of it may have given the name to somebody else's key.
    fn counted(&self, step: &Step, before: usize, seen: Seen<'_>) -> Vec<&Approval> {
        let policy = &self.steps[before].policy;
        let approvals = self.approvals.get(&step.id).into_iter().flatten();
        let current = |it: &Approval| step.follows().any(|at| it.under == Some(self.steps[at].id));
        let counts = |it: &&Approval| {
            seen.has(it.entry)
                && current(it)
                && it.hand().is_some_and(|it| is_admin_with(policy, it))
        };
        approvals.filter(counts).collect()
    }

    pub(super) fn approvers(
        &self,
        step: &Step,
        before: usize,
        seen: Seen<'_>,
    ) -> BTreeSet<&MemberName> {
        self.counted(step, before, seen).into_iter().map(|it| &it.by).collect()
    }

    /// The positions of the steps in force that no other one follows: one, or the ends of a fork.
    pub(super) fn ends(&self, seen: Seen<'_>) -> Vec<usize> {
        self.open(&self.holding(seen))
    }

    /// Which steps follow which, straight or by others: in a log like that of entries.
    pub(super) fn lineage(&self) -> &Dag {
        self.lineage.get_or_init(|| {
            let follows = |step: &Step| step.follows().map(|at| self.steps[at].id).collect();
            let parents: Vec<Vec<EntryId>> = self.steps.iter().map(follows).collect();
            let steps = self.steps.iter().zip(&parents);
            let steps: Vec<_> = steps.map(|(step, all)| (step.id, all.as_slice())).collect();
            Dag::build(&steps).expect("a step has an entry of its own, and follows older ones")
        })
    }

    /// Tells whether a step was in force for the signer of an entry that holds.
    pub(super) fn knew(&self, entry: &Entry, step: &Step) -> bool {
        let named = entry.policy.and_then(|id| self.place(&id));
        let places = named.zip(self.place(&step.id));
        places.is_some_and(|(named, at)| named == at || self.lineage().is_ancestor(at, named))
    }

    /// The highest policy in force with the whole log at hand; one of several, where the chain forks.
    #[must_use]
    pub fn current(&self) -> Option<&Step> {
        self.current_ends().into_iter().max_by_key(|step| (step.seq, step.id))
    }

    /// The policies in force that no other one follows: more than one is a fork.
    #[must_use]
    pub fn current_ends(&self) -> Vec<&Step> {
        self.ends(Seen::Whole).into_iter().map(|at| &self.steps[at]).collect()
    }

    /// The last step that several follow.
    #[must_use]
    pub fn common(&self, ends: &[&Step]) -> Option<&Step> {
        let before = |end: &Step| -> BTreeSet<usize> {
            let mut found = BTreeSet::new();
            let mut left: Vec<usize> = end.follows().collect();
            while let Some(at) = left.pop() {
                if found.insert(at) {
                    left.extend(self.steps[at].follows());
                }
            }
            found
        };
        let shared = ends.iter().map(|end| before(end)).reduce(|a, b| &a & &b)?;
        shared.into_iter().map(|at| &self.steps[at]).max_by_key(|step| step.seq)
    }
}

/// Tells whether a member is an admin under a policy, and a key theirs.
#[must_use]
pub fn is_admin_with(policy: &Policy, (by, key): (&MemberName, &PublicKey)) -> bool {
    let mine = |member: &Member| {
        member.signing_keys.iter().any(|own| own.public().key_data() == key.key_data())
    };
    policy.is_admin(by) && policy.members.get(by).is_some_and(mine)
}

impl super::Record {
    /// The policies in force, with the whole log at hand; each replaced all before it.
    pub fn steps_in_force(&self) -> impl Iterator<Item = &Step> {
        self.chain.in_force(Seen::Whole).into_iter()
    }
}
