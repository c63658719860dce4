//! What stands at each address: the items that no later item has superseded.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::Dag;
use super::entry::{Entry, Item, Op, Origin};
use crate::names::{Address, Sha256};

/// An item that nothing later supersedes, at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The entry, by index.
    pub entry: usize,
    /// Which of its files.
    pub file: usize,
    /// Which of the file's items.
    pub item: usize,
    /// What the item does to the address.
    pub effect: Effect,
}

/// What an item does to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A value stands here.
    Sets,
    /// None does any more: the item is a `delete`, or a `move` to another address.
    Ends,
}

/// The verdict about the newest items of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// This one holds.
    One(Standing),
    /// They contradict each other, and no rule prefers one.
    Concurrent(Vec<Standing>),
    /// Nothing is to stand here.
    Gone,
}

/// Entries, with their order.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'l> {
    /// The entries, by index.
    pub entries: &'l [&'l Entry],
    /// Their order.
    pub dag: &'l Dag,
}

impl<'l> Timeline<'l> {
    /// The item that stands.
    #[must_use]
    pub fn item(&self, at: &Standing) -> &'l Item {
        &self.entries[at.entry].files()[at.file].items[at.item]
    }

    /// Gives the newest items of every address that an entry which `counts` ever named, in order.
    ///
    /// An item supersedes those for its address in ancestors of its entry; a `move` does so at its
    /// source, too, unless the same entry says what stands there.
    pub fn newest(&self, counts: impl Fn(usize) -> bool) -> BTreeMap<Address, Vec<Standing>> {
        let mut newest: BTreeMap<Address, Vec<Standing>> = BTreeMap::new();
        for entry in self.dag.order().iter().copied().filter(|entry| counts(*entry)) {
            for (address, standing) in effects(entry, self.entries[entry]) {
                let at = newest.entry(address).or_default();
                at.retain(|old| !self.dag.is_ancestor(old.entry, entry));
                at.push(standing);
            }
        }
        newest
    }

    /// Decides between the newest items of one address.
    ///
    /// Equal outcomes count as one. A `new` beats what others concurrently made of the value that it
    /// replaces (`rekey`, `move`, `adopt`, `extend`), if it is what stands on disk.
    #[must_use]
    pub fn settle(
        &self,
        address: &Address,
        newest: &[Standing],
        on_disk: Option<&Sha256>,
    ) -> Settled {
        if newest.iter().all(|at| at.effect == Effect::Ends) {
            return Settled::Gone;
        }
        let mut left: Vec<Standing> = Vec::new();
        for at in newest {
            if !left.iter().any(|other| self.is_same(other, at)) {
                left.push(*at);
            }
        }
        if let [one] = left.as_slice() {
            return Settled::One(*one);
        }
        let beats_all = |new: &&Standing| {
            self.is_on_disk(new, on_disk)
                && left.iter().all(|at| at == *new || self.carries_base(address, at, new))
        };
        match left.iter().find(beats_all) {
            Some(new) => Settled::One(*new),
            None => Settled::Concurrent(newest.to_vec()),
        }
    }

    fn is_same(&self, a: &Standing, b: &Standing) -> bool {
        let outcome = |at| {
            let item = self.item(at);
            (item.hash, item.generation, item.due, &item.kind)
        };
        a.effect == b.effect && (a.effect == Effect::Ends || outcome(a) == outcome(b))
    }

    fn is_on_disk(&self, at: &Standing, on_disk: Option<&Sha256>) -> bool {
        let item = self.item(at);
        item.op == Op::New && item.hash.is_some() && item.hash.as_ref() == on_disk
    }

    /// Tells whether `at` only carries on what stood at the address before `new`.
    fn carries_base(&self, address: &Address, at: &Standing, new: &Standing) -> bool {
        let mut item = self.item(at);
        while !matches!(item.op, Op::New | Op::Delete) {
            let Some(of) = &item.of else { return false };
            let Some(entry) = self.dag.index(&of.entry) else { return false };
            if self.dag.is_ancestor(entry, new.entry) {
                return of.address == *address;
            }
            let Some(before) = self.entries[entry].item(&of.address) else { return false };
            item = before;
        }
        false
    }
}

/// What an entry does, at most once an address.
fn effects(entry: usize, of: &Entry) -> Vec<(Address, Standing)> {
    let mut effects = Vec::new();
    let mut sources = BTreeSet::new();
    for (file, change) in of.files().iter().enumerate() {
        for (at, item) in change.items.iter().enumerate() {
            let gone = item.op == Op::Delete;
            let effect = if gone { Effect::Ends } else { Effect::Sets };
            let standing = Standing { entry, file, item: at, effect };
            effects.push((change.address(&item.key), standing));
            let source = item.of.as_ref().filter(|_| item.op == Op::Move);
            sources.extend(source.map(|Origin { address, .. }| (address, file, at)));
        }
    }
    let named: BTreeSet<&Address> = effects.iter().map(|(address, _)| address).collect();
    sources.retain(|(address, ..)| !named.contains(address));
    let mut ended: Vec<(Address, Standing)> = Vec::new();
    for (address, file, item) in sources {
        if ended.last().is_none_or(|(last, _)| last != address) {
            ended.push((address.clone(), Standing { entry, file, item, effect: Effect::Ends }));
        }
    }
    effects.extend(ended);
    effects
}
