//! The order that the parents of entries give: who comes after whom, and which entries are newest.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use serde::{Deserialize, Serialize};

use crate::names::EntryId;

/// Why entries have no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DagError {
    /// Two files have one payload.
    #[error("the entry `{entry}` is there twice")]
    Twice {
        /// The entry.
        entry: EntryId,
    },
    /// Impossible where ids are hashes.
    #[error("the entry `{entry}` is among its own ancestors")]
    Cycle {
        /// The first such entry.
        entry: EntryId,
    },
}

/// A parent that is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The entry that names it, by index.
    pub entry: usize,
    /// The parent.
    pub parent: EntryId,
}

/// The order of entries, which are named by their index in the list it was built of.
#[derive(Debug)]
pub struct Dag {
    ids: Vec<EntryId>,
    index: HashMap<EntryId, usize>,
    order: Vec<usize>,
    /// The inverse of `order`.
    position: Vec<usize>,
    /// By position.
    ancestors: Vec<Ancestors>,
    heads: Vec<EntryId>,
    missing: Vec<Missing>,
    complete: Vec<bool>,
}

/// The positions of an entry's ancestors: all below `all_below`, and some above.
///
/// In a log without branches the second part is empty, so memory grows with the entries; each branch
/// costs a bit for every entry since it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ancestors {
    all_below: usize,
    /// Bits from the word that has `all_below`, without zeros at the end.
    some: Vec<u64>,
}

impl Ancestors {
    fn first_word(&self) -> usize {
        self.all_below / 64
    }

    fn contains(&self, position: usize) -> bool {
        if position < self.all_below {
            return true;
        }
        let word = self.some.get(position / 64 - self.first_word());
        word.is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    /// Makes it of a whole bit set.
    fn of(bits: &[u64]) -> Self {
        let full = bits.iter().take_while(|word| **word == u64::MAX).count();
        let ones = bits.get(full).map_or(0, |word| word.trailing_ones() as usize);
        let end = bits.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        let all_below = full * 64 + ones;
        let some = bits.get(full..end).unwrap_or_default();
        // What `all_below` says already need not be said again.
        let extra = some.len() > 1 || some.first().is_some_and(|w| w.count_ones() as usize > ones);
        Self { all_below, some: if extra { some.to_vec() } else { Vec::new() } }
    }

    fn add_to(&self, bits: &mut [u64]) {
        let (full, ones) = (self.first_word(), self.all_below % 64);
        bits[..full].fill(u64::MAX);
        if ones > 0 {
            bits[full] |= (1 << ones) - 1;
        }
        for (to, word) in bits[full..].iter_mut().zip(&self.some) {
            *to |= word;
        }
    }
}

/// The order of some entries, to be written down and read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Parents before children.
    ids: Vec<EntryId>,
    ancestors: Vec<Ancestors>,
    /// The heads of the whole log.
    heads: Vec<EntryId>,
}

impl Order {
    /// The ids of the entries, parents before children.
    #[must_use]
    pub fn ids(&self) -> &[EntryId] {
        &self.ids
    }

    /// Gives the order; none unless it is one.
    #[must_use]
    pub fn into_dag(self) -> Option<Dag> {
        let Self { ids, ancestors, heads } = self;
        let index: HashMap<_, _> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let below = |(at, it): (usize, &Ancestors)| it.all_below <= at;
        let sound = index.len() == ids.len()
            && ancestors.len() == ids.len()
            && ancestors.iter().enumerate().all(below);
        let order: Vec<_> = (0..ids.len()).collect();
        sound.then(|| Dag {
            index,
            position: order.clone(),
            complete: vec![true; order.len()],
            missing: Vec::new(),
            ids,
            order,
            ancestors,
            heads,
        })
    }
}

impl Dag {
    /// The order among some of the entries, which are all here. In it they are named by their place in the
    /// list that is given, which is sorted as [`Dag::order`] is.
    #[must_use]
    pub fn among(&self, some: &[usize]) -> Order {
        let places: Vec<_> = some.iter().map(|entry| self.position[*entry]).collect();
        let mut bits = vec![0_u64; some.len() / 64 + 1];
        let of = |(at, place): (usize, &usize)| {
            let known = &self.ancestors[*place];
            let all_below = places[..at].partition_point(|other| *other < known.all_below);
            bits.fill(0);
            Ancestors { all_below, some: Vec::new() }.add_to(&mut bits);
            for other in (all_below..at).filter(|other| known.contains(places[*other])) {
                bits[other / 64] |= 1 << (other % 64);
            }
            Ancestors::of(&bits)
        };
        Order {
            ids: some.iter().map(|entry| self.ids[*entry]).collect(),
            ancestors: places.iter().enumerate().map(of).collect(),
            heads: self.heads.clone(),
        }
    }

    /// Orders entries, given as their ids and parents. Parents that are not here stop nothing: see
    /// [`Dag::missing`] and [`Dag::is_complete`].
    ///
    /// # Errors
    /// [`DagError::Twice`] for two entries with one id, [`DagError::Cycle`] where there is no order.
    pub fn build(entries: &[(EntryId, &[EntryId])]) -> Result<Self, DagError> {
        let ids: Vec<EntryId> = entries.iter().map(|(id, _)| *id).collect();
        let mut index = HashMap::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            if index.insert(*id, at).is_some() {
                return Err(DagError::Twice { entry: *id });
            }
        }
        let mut missing = Vec::new();
        let mut parents = Vec::with_capacity(ids.len());
        for (entry, (_, named)) in entries.iter().enumerate() {
            let absent = named.iter().filter(|parent| !index.contains_key(*parent));
            missing.extend(absent.map(|parent| Missing { entry, parent: *parent }));
            parents.push(named.iter().filter_map(|parent| index.get(parent).copied()).collect());
        }
        let order = order(&ids, &parents)?;
        let mut position = vec![0; ids.len()];
        for (at, entry) in order.iter().enumerate() {
            position[*entry] = at;
        }
        let ancestors = ancestors(&order, &position, &parents);
        let complete = complete(&order, &parents, &missing);
        let heads = heads(&ids, &parents);
        Ok(Self { ids, index, order, position, ancestors, heads, missing, complete })
    }

    /// All entries, parents before children; by id where the parents leave it open.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The ids of the entries that are nobody's parent, sorted.
    #[must_use]
    pub fn heads(&self) -> &[EntryId] {
        &self.heads
    }

    /// Finds an entry.
    #[must_use]
    pub fn index(&self, id: &EntryId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The id of an entry.
    #[must_use]
    pub fn id(&self, entry: usize) -> EntryId {
        self.ids[entry]
    }

    /// The place of an entry in [`Dag::order`].
    #[must_use]
    pub fn position(&self, entry: usize) -> usize {
        self.position[entry]
    }

    /// Tells whether `a` comes before `b` by way of parents. No entry is its own ancestor.
    #[must_use]
    pub fn is_ancestor(&self, a: usize, b: usize) -> bool {
        self.ancestors[self.position[b]].contains(self.position[a])
    }

    /// A place in [`Dag::order`] below which all entries are ancestors of this one.
    #[must_use]
    pub fn all_below(&self, entry: usize) -> usize {
        self.ancestors[self.position[entry]].all_below
    }

    /// Lists the descendants of `a` that are ancestors of `b`.
    pub fn between(&self, a: usize, b: usize) -> impl Iterator<Item = usize> {
        let places = self.position[a]..self.position[b].max(self.position[a]);
        let inside = move |at: &usize| self.is_ancestor(a, *at) && self.is_ancestor(*at, b);
        self.order[places].iter().copied().filter(inside)
    }

    /// Every parent that is named but not here, by entry, then as the entry names them.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Tells whether all ancestors of an entry are here.
    #[must_use]
    pub fn is_complete(&self, entry: usize) -> bool {
        self.complete[entry]
    }
}

fn order(ids: &[EntryId], parents: &[Vec<usize>]) -> Result<Vec<usize>, DagError> {
    let mut children = vec![Vec::new(); ids.len()];
    let mut waits_for: Vec<usize> = parents.iter().map(Vec::len).collect();
    for (entry, parents) in parents.iter().enumerate() {
        parents.iter().for_each(|parent| children[*parent].push(entry));
    }
    let free = |entry: &usize| parents[*entry].is_empty();
    let mut ready: BinaryHeap<_> =
        (0..ids.len()).filter(free).map(|entry| Reverse((ids[entry], entry))).collect();
    let mut order = Vec::with_capacity(ids.len());
    while let Some(Reverse((_, entry))) = ready.pop() {
        order.push(entry);
        for child in &children[entry] {
            waits_for[*child] -= 1;
            if waits_for[*child] == 0 {
                ready.push(Reverse((ids[*child], *child)));
            }
        }
    }
    match waits_for.iter().position(|n| *n > 0) {
        Some(entry) => Err(DagError::Cycle { entry: ids[entry] }),
        None => Ok(order),
    }
}

fn ancestors(order: &[usize], position: &[usize], parents: &[Vec<usize>]) -> Vec<Ancestors> {
    let mut all: Vec<Ancestors> = Vec::with_capacity(order.len());
    let mut bits = vec![0_u64; order.len() / 64 + 1];
    for (at, entry) in order.iter().enumerate() {
        let before = |parent: &usize| {
            let parent = position[*parent];
            parent + 1 == at && all[parent].all_below == parent
        };
        if parents[*entry].iter().any(before) {
            all.push(Ancestors { all_below: at, some: Vec::new() });
            continue;
        }
        bits.fill(0);
        for parent in &parents[*entry] {
            let parent = position[*parent];
            all[parent].add_to(&mut bits);
            bits[parent / 64] |= 1 << (parent % 64);
        }
        all.push(Ancestors::of(&bits));
    }
    all
}

fn complete(order: &[usize], parents: &[Vec<usize>], missing: &[Missing]) -> Vec<bool> {
    let mut complete = vec![true; order.len()];
    for missing in missing {
        complete[missing.entry] = false;
    }
    for entry in order {
        complete[*entry] &= parents[*entry].iter().all(|parent| complete[*parent]);
    }
    complete
}

fn heads(ids: &[EntryId], parents: &[Vec<usize>]) -> Vec<EntryId> {
    let mut is_head = vec![true; ids.len()];
    parents.iter().flatten().for_each(|parent| is_head[*parent] = false);
    let mut heads: Vec<_> =
        ids.iter().zip(is_head).filter(|(_, is_head)| *is_head).map(|(id, _)| *id).collect();
    heads.sort_unstable();
    heads
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> EntryId {
        EntryId::of(&[n])
    }

    fn build(entries: &[(u8, &[u8])]) -> Result<Dag, DagError> {
        let parents: Vec<Vec<EntryId>> =
            entries.iter().map(|(_, parents)| parents.iter().map(|n| id(*n)).collect()).collect();
        let entries: Vec<(EntryId, &[EntryId])> =
            entries.iter().zip(&parents).map(|((n, _), p)| (id(*n), p.as_slice())).collect();
        Dag::build(&entries)
    }

    #[test]
    fn branches_meet_again() {
        let dag = build(&[(0, &[]), (1, &[0]), (2, &[0]), (3, &[1, 2]), (4, &[1])]).unwrap();
        assert!(dag.is_ancestor(0, 3) && dag.is_ancestor(2, 3) && dag.is_ancestor(1, 4));
        assert!(!dag.is_ancestor(2, 4) && !dag.is_ancestor(1, 2) && !dag.is_ancestor(2, 1));
        assert!(!dag.is_ancestor(3, 3) && !dag.is_ancestor(3, 0));
        let mut heads = vec![id(3), id(4)];
        heads.sort_unstable();
        assert_eq!(dag.heads(), heads);
        assert_eq!(dag.index(&id(2)), Some(2));
        assert_eq!(dag.index(&id(9)), None);
        assert_eq!(dag.order()[0], 0);
    }

    #[test]
    fn missing_parents_are_all_told_and_stop_nothing() {
        let dag = build(&[(1, &[0, 7]), (2, &[1]), (3, &[9]), (4, &[])]).unwrap();
        let told: Vec<_> = dag.missing().iter().map(|m| (m.entry, m.parent)).collect();
        assert_eq!(told, [(0, id(0)), (0, id(7)), (2, id(9))]);
        let complete: Vec<_> = (0..4).map(|entry| dag.is_complete(entry)).collect();
        assert_eq!(complete, [false, false, false, true]);
        assert!(dag.is_ancestor(0, 1));
    }

    #[test]
    fn what_has_no_order_is_refused() {
        assert_eq!(build(&[(1, &[]), (1, &[])]).unwrap_err(), DagError::Twice { entry: id(1) });
        assert_eq!(build(&[(1, &[1])]).unwrap_err(), DagError::Cycle { entry: id(1) });
        let two = build(&[(0, &[]), (1, &[2]), (2, &[1])]);
        assert!(matches!(two, Err(DagError::Cycle { .. })));
        assert!(build(&[]).unwrap().heads().is_empty());
    }

    #[test]
    fn a_log_without_branches_takes_no_bits() {
        let ids: Vec<EntryId> = (0..10_000_u32).map(|n| EntryId::of(&n.to_le_bytes())).collect();
        let entries: Vec<(EntryId, &[EntryId])> =
            ids.iter().enumerate().map(|(n, id)| (*id, &ids[n.saturating_sub(1)..n])).collect();
        let dag = Dag::build(&entries).unwrap();
        assert!(dag.ancestors.iter().all(|a| a.some.is_empty()));
        assert!(dag.is_ancestor(17, 9_999) && !dag.is_ancestor(9_999, 17));
        assert_eq!(dag.heads(), &ids[9_999..]);
    }

    /// Parents as distances back; a shuffle by hash then hides the order of the list.
    fn graph() -> impl Strategy<Value = Vec<Vec<usize>>> {
        let parents = prop_oneof![
            4 => prop::collection::vec(1..3_usize, 1..2),
            3 => prop::collection::vec(1..9_usize, 1..4),
            1 => prop::collection::vec(1..200_usize, 0..3),
        ];
        prop::collection::vec(parents, 1..200)
    }

    proptest! {
        #[test]
        fn ancestors_are_those_of_the_naive_closure(graph in graph(), seed in any::<u64>()) {
            let parents: Vec<Vec<usize>> = graph
                .iter()
                .enumerate()
                .map(|(n, back)| back.iter().filter_map(|b| n.checked_sub(*b)).collect())
                .collect();
            let ids: Vec<EntryId> = (0..parents.len())
                .map(|n| EntryId::of(&[seed.to_le_bytes(), n.to_le_bytes()].concat()))
                .collect();
            let named: Vec<Vec<EntryId>> =
                parents.iter().map(|p| p.iter().map(|n| ids[*n]).collect()).collect();
            let mut list: Vec<usize> = (0..ids.len()).collect();
            list.sort_by_key(|n| ids[*n]);
            let entries: Vec<(EntryId, &[EntryId])> =
                list.iter().map(|n| (ids[*n], named[*n].as_slice())).collect();
            let dag = Dag::build(&entries).unwrap();
            let mut closure: Vec<BTreeSet<usize>> = Vec::new();
            for parents in &parents {
                let all = parents.iter().flat_map(|p| closure[*p].iter().chain([p])).copied();
                let all = all.collect();
                closure.push(all);
            }
            for (a, n) in list.iter().enumerate() {
                for (b, m) in list.iter().enumerate() {
                    prop_assert_eq!(dag.is_ancestor(a, b), closure[*m].contains(n));
                }
            }
            let some = dag.order().iter().copied().filter(|n| (seed >> (n % 64)) & 1 == 1);
            let order = dag.among(&some.collect::<Vec<_>>());
            let written = serde_json::to_string(&order).unwrap();
            let fewer = serde_json::from_str::<Order>(&written).unwrap().into_dag().unwrap();
            prop_assert_eq!(fewer.heads(), dag.heads());
            for a in order.ids() {
                for b in order.ids() {
                    let within = |dag: &Dag| dag.is_ancestor(dag.index(a).unwrap(), dag.index(b).unwrap());
                    prop_assert_eq!(within(&fewer), within(&dag));
                }
            }
            let mut seen = vec![false; ids.len()];
            for entry in dag.order() {
                prop_assert!(parents[list[*entry]].iter().all(|parent| seen[*parent]));
                seen[list[*entry]] = true;
            }
            prop_assert!(seen.into_iter().all(|seen| seen));
        }
    }
}
