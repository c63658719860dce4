//! What each entry sees of the policy chain: most see what their parent does, so the whole chain is not
//! walked for each of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::chain::{Chain, Seen};
use crate::log::dag::Dag;

/// What an entry's ancestors put in force, before rivals are weighed.
///
/// More ancestors only put more in force: what is neither waiting nor unseen is in force.
#[derive(Debug, Default)]
struct View {
    /// The steps in force that no other one in force follows, in order.
    ends: Vec<usize>,
    /// The steps that are seen and not in force, in order.
    waiting: Vec<usize>,
}

/// The views of entries, by their positions.
#[derive(Debug, Default)]
pub(super) struct Views {
    of: Vec<Option<Rc<View>>>,
    /// The entries that change what their children see: steps, and approvals.
    turns: HashSet<usize>,
    /// The steps of entries.
    steps: HashMap<usize, usize>,
}

impl Views {
    /// Notes that an entry changes what its children see.
    pub(super) fn turn(&mut self, at: usize) {
        self.turns.insert(at);
    }

    /// Notes that an entry is that of a step.
    pub(super) fn add(&mut self, entry: usize, step: usize) {
        self.steps.insert(entry, step);
    }

    fn at(&self, entry: usize) -> Option<&Rc<View>> {
        self.of.get(entry)?.as_ref()
    }

    /// The one view of all parents, where they have but one, and change nothing.
    fn shared(&self, parents: &[usize]) -> Option<&Rc<View>> {
        let one = self.at(*parents.first()?)?;
        let same = |parent: &usize| {
            let view = self.at(*parent);
            !self.turns.contains(parent) && view.is_some_and(|view| Rc::ptr_eq(one, view))
        };
        parents.iter().all(same).then_some(one)
    }
}

impl Chain {
    /// Notes what an entry sees, which stands at a position and has these parents: they were noted before.
    pub(super) fn look(&mut self, at: usize, parents: &[usize], dag: &Dag) {
        let view = match self.views.shared(parents) {
            Some(view) => Rc::clone(view),
            None => Rc::new(self.view(parents, Seen::From(at, dag))),
        };
        if self.views.of.len() <= at {
            self.views.of.resize(at + 1, None);
        }
        self.views.of[at] = Some(view);
    }

    fn view(&self, parents: &[usize], seen: Seen<'_>) -> View {
        let views = || parents.iter().filter_map(|parent| self.views.at(*parent));
        let own = parents.iter().filter_map(|parent| self.views.steps.get(parent).copied());
        let unsure: BTreeSet<usize> =
            views().flat_map(|view| view.waiting.iter().copied()).chain(own).collect();
        let mut ends: BTreeSet<usize> =
            views().flat_map(|view| view.ends.iter().copied()).collect();
        let mut view = View::default();
        // A step stands after those that it follows, which were therefore judged already.
        for at in unsure {
            let step = &self.steps[at];
            let after = |before: usize| {
                self.is_seen_in_force(before, &view, seen) && self.lacks(step, before, seen) == 0
            };
            if step.follows().all(after) {
                ends.insert(at);
            } else {
                view.waiting.push(at);
            }
        }
        ends.retain(|end| !self.is_followed(*end, |it| self.is_seen_in_force(it, &view, seen)));
        view.ends = ends.into_iter().collect();
        view
    }

    fn is_seen_in_force(&self, step: usize, view: &View, seen: Seen<'_>) -> bool {
        seen.has(self.steps[step].entry) && view.waiting.binary_search(&step).is_err()
    }

    fn is_followed(&self, step: usize, holds: impl Fn(usize) -> bool) -> bool {
        self.followers[step].iter().any(|follower| holds(*follower))
    }

    /// The positions of the steps that were in force for the signer of an entry, and that no other such one
    /// follows: one, or the ends of a fork.
    pub(super) fn ends_for(&self, at: usize, dag: &Dag) -> Vec<usize> {
        let Some(view) = self.views.at(at) else { return Vec::new() };
        let seen = Seen::From(at, dag);
        let rivals = |end: &usize| view.ends.len() > 1 && self.is_void(*end, &view.ends, seen);
        let void: Vec<usize> = view.ends.iter().copied().filter(rivals).collect();
        // Where none would be left they contradict each other: a fork, for people to settle.
        if void.is_empty() || void.len() == view.ends.len() {
            return view.ends.clone();
        }
        let holds = |at: usize| self.is_seen_in_force(at, view, seen) && !void.contains(&at);
        let before = void.iter().flat_map(|at| self.steps[*at].follows());
        let mut ends: BTreeSet<usize> = view.ends.iter().copied().chain(before).collect();
        ends.retain(|at| holds(*at) && !self.is_followed(*at, holds));
        ends.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use ssh_key::PublicKey;
    use ssh_key::private::{Ed25519Keypair, PrivateKey};

    use super::super::chain::{Approval, Step};
    use super::super::voids::InForce;
    use super::*;
    use crate::log::entry::{Entry, Kind};
    use crate::names::{EntryId, Sha256};
    use crate::policy::Policy;

    const PEOPLE: [&str; 3] = ["ana", "ben", "cleo"];

    fn key(who: usize) -> PublicKey {
        let pair = Ed25519Keypair::from_seed(&[u8::try_from(who).unwrap(); 32]);
        PrivateKey::from(pair).public_key().clone()
    }

    /// A policy whose admins are some of the people.
    fn policy(admins: usize, threshold: usize) -> Policy {
        let person = |who: usize| {
            let key = key(who).to_openssh().unwrap();
            let name = PEOPLE[who];
            format!("[members.{name}]\nrecipients = [\"{key}\"]\nsigning-keys = [\"{key}\"]\n")
        };
        let people: String = (0..3).map(person).collect();
        let names: Vec<_> =
            (0..3).filter(|who| admins >> who & 1 == 1).map(|who| PEOPLE[who]).collect();
        let text = format!(
            "version = 1\nrevision = \"1-00000000\"\n\
             repository = \"0198c9d2-7b1e-4c8a-9f00-0123456789ab\"\n{people}\
             [roles]\nadmin = {names:?}\n[admin]\nroles = [\"admin\"]\nthreshold = {}\n",
            threshold.min(names.len())
        );
        Policy::parse(&text).unwrap()
    }

    /// What an entry does, in numbers that are taken modulo what there is.
    #[derive(Debug, Clone)]
    struct Doing {
        /// The distances to its parents.
        back: Vec<usize>,
        what: usize,
        by: usize,
        /// Which of the steps seen it follows, approves or rests on.
        which: usize,
        admins: usize,
        threshold: usize,
    }

    fn doing() -> impl Strategy<Value = Doing> {
        let back = prop::collection::vec(1..6_usize, 1..3);
        let numbers = (0..10_usize, 0..3_usize, 0..64_usize, 1..8_usize, 1..3_usize);
        (back, numbers).prop_map(|(back, (what, by, which, admins, threshold))| Doing {
            back,
            what,
            by,
            which,
            admins,
            threshold,
        })
    }

    struct Log {
        dag: Dag,
        chain: Chain,
        entries: BTreeMap<usize, Entry>,
    }

    fn log(all: &[Doing]) -> Log {
        let ids: Vec<_> = (0..all.len()).map(|n| EntryId::of(&n.to_le_bytes())).collect();
        let parents = |(n, doing): (usize, &Doing)| -> Vec<usize> {
            let mut all: Vec<_> =
                doing.back.iter().filter_map(|back| n.checked_sub(*back)).collect();
            all.dedup();
            all
        };
        let parents: Vec<_> = all.iter().enumerate().map(parents).collect();
        let named: Vec<Vec<_>> =
            parents.iter().map(|all| all.iter().map(|n| ids[*n]).collect()).collect();
        let nodes: Vec<_> = ids.iter().zip(&named).map(|(id, all)| (*id, all.as_slice())).collect();
        let dag = Dag::build(&nodes).unwrap();
        let mut log = Log { dag, chain: Chain::default(), entries: BTreeMap::new() };
        for at in log.dag.order().to_vec() {
            log.chain.look(at, &parents[at], &log.dag);
            log.does(at, ids[at], &all[at]);
        }
        log
    }

    impl Log {
        fn does(&mut self, at: usize, id: EntryId, doing: &Doing) {
            let dag = &self.dag;
            let seen = |step: &Step| dag.is_ancestor(step.entry, at);
            let steps: Vec<_> =
                (0..self.chain.steps.len()).filter(|n| seen(&self.chain.steps[*n])).collect();
            let ends = self.chain.ends(Seen::From(at, dag));
            let one = (!steps.is_empty()).then(|| steps[doing.which % steps.len()]);
            let under = ends.get(doing.which % ends.len().max(1)).copied();
            let approval = |under: Option<usize>, chain: &Chain| Approval {
                by: PEOPLE[doing.by].parse().unwrap(),
                entry: at,
                under: under.map(|at| chain.steps[at].id),
                key: Some(key(doing.by)),
            };
            match (doing.what, one) {
                (0..4, Some(_)) | (_, None) => {
                    // Now and then a step follows no end: others may be in force by the time it comes.
                    let prev = if doing.which.is_multiple_of(5) { one } else { under };
                    let mut settles = if doing.what == 0 { ends } else { Vec::new() };
                    settles.retain(|end| Some(*end) != prev);
                    let word = approval(prev, &self.chain);
                    self.chain.approved(id, word);
                    let policy = policy(doing.admins, doing.threshold).into();
                    let (seq, hash) = (1, Sha256::of(&at.to_le_bytes()));
                    self.chain.add(Step { entry: at, id, seq, prev, settles, hash, policy });
                }
                (4..7, Some(one)) => {
                    let target = self.chain.steps[one].id;
                    let word = approval(under, &self.chain);
                    self.chain.approved(target, word);
                }
                (_, Some(_)) => {
                    let entry = Entry {
                        kind: Kind::Seal { files: Vec::new(), keyrings: Vec::new() },
                        root: None,
                        parents: Vec::new(),
                        policy: under.map(|at| self.chain.steps[at].id),
                        time: "2026-01-01T00:00:00Z".parse().unwrap(),
                        by: PEOPLE[doing.by].parse().unwrap(),
                        reason: None,
                    };
                    self.chain.rely(at, &entry);
                    self.entries.insert(at, entry);
                }
            }
        }

        /// Walks down from the step that an entry names.
        fn walked(&self, entry: &Entry, step: &Step) -> bool {
            let steps = &self.chain.steps;
            let mut left: Vec<_> = steps.iter().filter(|it| Some(it.id) == entry.policy).collect();
            while let Some(one) = left.pop() {
                if one.id == step.id {
                    return true;
                }
                left.extend(one.follows().map(|at| &steps[at]));
            }
            false
        }
    }

    #[test]
    fn of_two_rivals_an_entry_sees_the_one_that_needs_nobody_whom_the_other_removes() {
        let doing = |back: &[usize], what, by, admins| Doing {
            back: back.to_vec(),
            what,
            by,
            which: 1,
            admins,
            threshold: 2,
        };
        let Log { dag, chain, .. } = log(&[
            doing(&[], 1, 0, 7),
            // All stay admins, which ben approves.
            doing(&[1], 1, 0, 7),
            doing(&[1], 4, 1, 7),
            // Ben goes, which cleo approves.
            doing(&[3], 1, 0, 5),
            doing(&[1], 4, 2, 7),
            doing(&[1, 3], 8, 0, 7),
        ]);
        assert_eq!(chain.followers[0].len(), 2);
        let seen = chain.ends_for(5, &dag);
        assert_eq!(seen, chain.ends(Seen::From(5, &dag)));
        assert_eq!(seen.iter().map(|at| chain.steps[*at].entry).collect::<Vec<_>>(), [3]);
    }

    proptest! {
        #[test]
        fn what_each_entry_sees_is_what_a_walk_over_all_steps_finds(
            all in prop::collection::vec(doing(), 1..40),
        ) {
            let Log { dag, chain, .. } = log(&all);
            for at in 0..all.len() {
                prop_assert_eq!(chain.ends_for(at, &dag), chain.ends(Seen::From(at, &dag)));
            }
        }

        #[test]
        fn no_step_beside_an_entry_is_passed_over(all in prop::collection::vec(doing(), 1..40)) {
            let log = log(&all);
            let in_force = InForce::of(&log.chain, &log.dag);
            for (at, entry) in &log.entries {
                let Some(named) = entry.policy.and_then(|id| log.chain.place(&id)) else { continue };
                let position = log.dag.position(*at);
                let beside = in_force.beside(named, position, log.chain.lineage());
                for (place, step) in log.chain.steps.iter().enumerate() {
                    let knew = log.walked(entry, step);
                    prop_assert_eq!(log.chain.knew(entry, step), knew);
                    let apart = !knew && !log.dag.is_ancestor(*at, step.entry);
                    let told = beside.contains(&place);
                    prop_assert!(told || !apart || !log.chain.holding_now()[place]);
                }
            }
        }
    }
}
