//! By which policies it is judged what a commit brings: its own, where that was in force when it was made.
//!
//! What a policy calls clear, and which files it manages, may change within a range. By the policy of the beginning
//! alone, an honest change would be red; by that of each commit, whoever commits would be their own judge. So a
//! commit's own policy counts where the log at the end puts it in force, and where it is the one that held at the
//! commit's parents or follows it: an older one that is put back, or one that nobody signed, quiets nothing.
//! Decision 42.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::{Commits, Ends};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::scan::standards::Standards;
use crate::deeds::scan::values::Policies;
use crate::names::{RepoPath, Sha256};
use crate::policy::{self, Policy};
use crate::verify::{Record, Trust};
use crate::world::ObjectId;

/// The policies that count.
pub(super) struct Law {
    /// That of the state whose rules hold.
    first: Option<Policy>,
    /// The log at the end; none where the commits bring no policy.
    chain: Option<Chain>,
    rulings: Rulings,
}

/// By which policies something is judged: all of them must let it stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ruling(usize);

impl Ruling {
    /// Of what belongs to no commit, or to one at which no policy held: by the one whose rules hold; where there is
    /// none, by all that ever were in force.
    pub(super) const GENERAL: Self = Self(0);
}

impl Law {
    /// Asks the log at the end of some commits; only where they bring a policy, since it costs all its signatures.
    pub(super) fn of(
        place: &Place<'_>,
        commits: &Commits,
        standards: &Standards,
        policies: &Policies,
    ) -> Result<Self, DeedError> {
        let first = standards.policy.clone();
        let end = commits.tips.first().or(commits.by.as_ref()).filter(|_| policies.are_changed());
        let Some(end) = end else {
            return Ok(Self { first, chain: None, rulings: Rulings::default() });
        };
        let path: RepoPath = policy::PATH.parse()?;
        let from = commits.ends.as_ref().and_then(|Ends { from, .. }| from.as_ref());
        let before = from.map(|from| place.checkout.file_at(from, &path)).transpose()?.flatten();
        // One that nobody can read held nowhere.
        let before = before.filter(|_| first.is_some());
        let chain = Chain::of(record(place, end, trust(place, from)?)?);
        let mut rulings = Rulings::of(&chain);
        let start = before.map(|text| chain.step(Sha256::of(&text)));
        // What follows the policy of the beginning is not known where the log does not have that.
        let is_known = start != Some(None);
        if is_known {
            rulings.start = start.flatten().map(|step| BTreeSet::from([step]));
            let own = |commit: &ObjectId| {
                Ok(place.checkout.file_at(commit, &path)?.map(|text| Sha256::of(&text)))
            };
            place.checkout.each_parents(&commits.walk, &mut |commit, parents| {
                rulings.take(&chain, policies.brought(commit), (commit, parents), &own)
            })?;
        }
        Ok(Self { first, chain: is_known.then_some(chain), rulings })
    }

    /// By what it is judged what a commit brings.
    pub(super) fn of_commit(&self, commit: &ObjectId) -> Ruling {
        self.rulings.held(commit).map_or(Ruling::GENERAL, |held| held.ruling)
    }

    /// The policies of a ruling.
    pub(super) fn judges(&self, ruling: Ruling) -> Vec<&Policy> {
        match (&self.first, &self.chain, self.rulings.all.get(ruling.0)) {
            (Some(first), ..) if ruling == Ruling::GENERAL => vec![first],
            (_, Some(chain), Some(steps)) => {
                steps.iter().map(|step| &*chain.record.chain.steps[*step].policy).collect()
            }
            (first, ..) => first.iter().collect(),
        }
    }
}

/// The root by which the log at the end is judged: the one that is trusted, else that of the beginning's log.
fn trust(place: &Place<'_>, from: Option<&ObjectId>) -> Result<Option<Trust>, DeedError> {
    let trusted = place.trusted()?;
    let Some(from) = from.filter(|_| trusted.is_none()) else { return Ok(trusted) };
    Ok(record(place, from, None)?.root().map(|root| Trust { root }))
}

fn record(place: &Place<'_>, commit: &ObjectId, trust: Option<Trust>) -> Result<Record, DeedError> {
    let then = Place::find(place.world)?.committed(commit)?;
    Ok(Record::judge(&then.log_evidence()?, trust, place.world.now))
}

/// The policies of a log, by their positions.
struct Chain {
    record: Record,
    in_force: Vec<usize>,
}

impl Chain {
    fn of(record: Record) -> Self {
        let ids: Vec<_> = record.steps_in_force().map(|step| step.id).collect();
        let steps = record.chain.steps.iter().enumerate();
        let in_force = steps.filter(|(_, step)| ids.contains(&step.id)).map(|(at, _)| at).collect();
        Self { record, in_force }
    }

    /// The first policy of a text, in force or not.
    fn step(&self, text: Sha256) -> Option<usize> {
        self.record.chain.steps.iter().position(|step| step.hash == text)
    }

    /// Tells whether one is another one, or came after it.
    fn follows(&self, later: usize, earlier: usize) -> bool {
        let (mut open, mut seen) = (vec![later], BTreeSet::new());
        while let Some(step) = open.pop() {
            if step == earlier {
                return true;
            }
            // Whatever a step follows stands before it.
            let before = self.record.chain.steps[step].follows();
            open.extend(before.filter(|it| *it >= earlier && seen.insert(*it)));
        }
        false
    }

    /// What holds at a commit that has a policy of this text, given what held at its parents.
    fn hold(&self, own: Option<Sha256>, before: &BTreeSet<usize>) -> BTreeSet<usize> {
        let is_last =
            |one: &&usize| !before.iter().any(|it| it != *one && self.follows(*it, **one));
        let last: BTreeSet<usize> = before.iter().filter(is_last).copied().collect();
        let is_own = |step: &&usize| Some(self.record.chain.steps[**step].hash) == own;
        let is_lawful = |step: &&usize| last.iter().all(|before| self.follows(**step, *before));
        let lawful = self.in_force.iter().filter(is_own).find(is_lawful);
        lawful.map_or(last, |step| BTreeSet::from([*step]))
    }
}

/// What holds at a commit, and the text of its policy, whether that holds or not.
#[derive(Clone, Copy)]
struct Held {
    ruling: Ruling,
    own: Option<Sha256>,
}

/// What holds at which commit; these by hashes that mean nothing outside of this process.
#[derive(Default)]
struct Rulings {
    all: Vec<Vec<usize>>,
    /// What holds where the commits begin; none for what each of their parents had itself.
    start: Option<BTreeSet<usize>>,
    key: RandomState,
    commits: HashMap<u64, Held>,
}

impl Rulings {
    fn of(chain: &Chain) -> Self {
        Self { all: vec![chain.in_force.clone()], ..Self::default() }
    }

    fn held(&self, commit: &ObjectId) -> Option<Held> {
        self.commits.get(&self.key.hash_one(commit)).copied()
    }

    /// Takes the next commit, ancestors first, and what it brings as its policy, if it does.
    fn take<E>(
        &mut self,
        chain: &Chain,
        brought: Option<Option<Sha256>>,
        (commit, parents): (&ObjectId, &[ObjectId]),
        read: &dyn Fn(&ObjectId) -> Result<Option<Sha256>, E>,
    ) -> Result<(), E> {
        let mut before: Vec<Held> = Vec::new();
        for parent in parents {
            let held = match self.held(parent) {
                Some(held) => held,
                None => {
                    let own = read(parent)?;
                    let holds = self.start.clone();
                    let holds = holds.unwrap_or_else(|| chain.hold(own, &BTreeSet::new()));
                    self.keep(parent, own, holds)
                }
            };
            before.push(held);
        }
        let first = before.first().copied();
        // What it does not bring is what each of its parents has.
        let own = brought.unwrap_or_else(|| first.and_then(|held| held.own));
        let is_same = |held: &Held| Some(held.ruling) == first.map(|first| first.ruling);
        match first.filter(|_| brought.is_none() && before.iter().all(is_same)) {
            Some(first) => {
                self.commits.insert(self.key.hash_one(commit), first);
            }
            None => {
                let steps = before.iter().flat_map(|held| self.steps(held.ruling)).copied();
                let holds = chain.hold(own, &steps.collect());
                self.keep(commit, own, holds);
            }
        }
        Ok(())
    }

    /// What a ruling adds to what held before; nothing for the general one, at which nothing did.
    fn steps(&self, ruling: Ruling) -> &[usize] {
        if ruling == Ruling::GENERAL { &[] } else { &self.all[ruling.0] }
    }

    fn keep(&mut self, commit: &ObjectId, own: Option<Sha256>, holds: BTreeSet<usize>) -> Held {
        let holds: Vec<_> = holds.into_iter().collect();
        let known = self.all.iter().skip(1).position(|other| *other == holds).map(|at| at + 1);
        let ruling = match known {
            _ if holds.is_empty() => Ruling::GENERAL,
            Some(known) => Ruling(known),
            None => {
                self.all.push(holds);
                Ruling(self.all.len() - 1)
            }
        };
        let held = Held { ruling, own };
        self.commits.insert(self.key.hash_one(commit), held);
        held
    }
}
