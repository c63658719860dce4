//! Which values stand beside which, and all that a secret's value ever was. Mission, section F.

use std::collections::BTreeSet;

use super::{Live, Record, Verified};
use crate::log::entry::{Item, Kind, Note, Op, Origin};
use crate::names::{Address, EnvName, GenerationId, Sha256, Stage, TypeName};
use crate::policy::Strategy;

/// A value that was made for a secret, under whatever names and tokens it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The `new` item that made it.
    pub origin: Origin,
    /// The position of that item's entry.
    pub entry: usize,
    /// The type that it was given.
    pub kind: Option<TypeName>,
    /// Where its tokens stood, the newest last.
    pub tokens: Vec<Signed>,
}

/// A token or sealed file that was signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signed {
    /// Where it stood.
    pub address: Address,
    /// The hash of its item.
    pub hash: Sha256,
    /// The generation that it was sealed to.
    pub generation: GenerationId,
}

impl Verified<'_> {
    /// Tells of a value that stands whether it is the pending or the previous one of another, and of which.
    ///
    /// A previous one was moved there from the current one's place. A pending one has a name that came up
    /// after the other's: two that were sealed together are two values of their own.
    #[must_use]
    pub fn stage(&self, address: &Address) -> Option<(Stage, Address)> {
        let (stage, base) = address.beside_what()?;
        let live = self.stands(address).filter(|live| live.item.generation.is_some())?;
        let is = match stage {
            Stage::Previous => self.record.came_from_beside(address, live),
            Stage::Next => {
                let current = self.stands(&base);
                current.is_some_and(|it| it.item.generation.is_some())
                    && self.record.is_for_pending(address)
            }
        };
        is.then_some((stage, base))
    }

    /// The pending values of an environment, which are not in use yet: not even to verify with, as those of a
    /// key ring are.
    #[must_use]
    pub fn pending(&self, env: &EnvName) -> BTreeSet<Address> {
        let mine = self.live.keys().filter(|address| address.env == *env);
        let out = |base: &Address| self.strategy(base) == Some(Strategy::KeyRing);
        let pending = |at: &&Address| {
            self.stage(at).is_some_and(|(stage, base)| stage == Stage::Next && !out(&base))
        };
        mine.filter(pending).cloned().collect()
    }

    /// Whether two values of a secret can be in use at once, by its type.
    #[must_use]
    pub fn strategy(&self, address: &Address) -> Option<Strategy> {
        let kind = self.live.get(address)?.item.kind.as_ref()?;
        self.policy.types.get(kind)?.strategy
    }

    /// The origins of all values that stand.
    #[must_use]
    pub fn living(&self) -> BTreeSet<(usize, Address)> {
        let origin = |(address, live): (&Address, &Live<'_>)| {
            let (at, address) = self.record.origin_of(address, *live);
            (at, address.clone())
        };
        self.live.iter().map(origin).collect()
    }
}

impl Record {
    /// The `new` item that made a value: its entry's position, and where it stood there.
    #[must_use]
    pub fn origin_of<'r>(&'r self, address: &'r Address, live: Live<'r>) -> (usize, &'r Address) {
        let first = self.chain_of(live).last();
        first.map_or((live.entry, address), |(address, first)| (first.entry, address))
    }

    /// Tells by its history whether a name is one beside another: that of its pending or its previous values.
    #[must_use]
    pub fn stands_beside(&self, address: &Address) -> Option<(Stage, Address)> {
        let (stage, base) = address.beside_what()?;
        let is = match stage {
            Stage::Next => self.first_named(address).is_some() && self.is_for_pending(address),
            Stage::Previous => self.first_came_from_beside(address),
        };
        is.then_some((stage, base))
    }

    fn first_came_from_beside(&self, address: &Address) -> bool {
        let mut at = address;
        for _ in 0..=self.entries.len() {
            let base = at.beside_what().filter(|(stage, _)| *stage == Stage::Previous);
            let first =
                self.naming(at).first().and_then(|first| self.entries[*first].entry.item(at));
            let Some(((_, base), from)) = base.zip(first.and_then(Item::moved_from)) else {
                return false;
            };
            if *from == base {
                return true;
            }
            at = from;
        }
        false
    }

    /// Tells whether a value came to a previous one's place from the current one's.
    fn came_from_beside(&self, address: &Address, live: Live<'_>) -> bool {
        let (mut at, mut now) = (address, live);
        for (before, earlier) in self.chain_of(live) {
            let base = at.beside_what().filter(|(stage, _)| *stage == Stage::Previous);
            let Some((_, base)) = base else { return false };
            if now.item.op == Op::Move && *before == base {
                return true;
            }
            (at, now) = (before, earlier);
        }
        false
    }

    /// Tells of a name like `KEY_NEXT` whether it is there for the pending values of `KEY`: it is not where it
    /// stood as soon as that.
    #[must_use]
    pub fn is_for_pending(&self, address: &Address) -> bool {
        match self.first_named(address) {
            Some((first, born)) => self.stood_before(&born, first).is_some(),
            None => address.beside_what().is_some_and(|(stage, _)| stage == Stage::Next),
        }
    }

    /// Tells of a name like `KEY_NEXT` or `KEY_PREVIOUS` whether nothing but a rotation of `KEY` puts a value
    /// there: it is not where one stood that is of its own.
    #[must_use]
    pub fn is_kept_for(&self, address: &Address) -> bool {
        match address.beside_what() {
            Some((Stage::Next, _)) => self.is_for_pending(address),
            Some((Stage::Previous, _)) => {
                self.naming(address).is_empty() || self.first_came_from_beside(address)
            }
            None => false,
        }
    }

    /// The first entry that has an item at an address, or at the one from where that was moved there; with
    /// the address it had then.
    pub(super) fn first_named(&self, address: &Address) -> Option<(usize, Address)> {
        let mut born = address.clone();
        for _ in 0..=self.entries.len() {
            let first = *self.naming(&born).first()?;
            match self.entries[first].entry.item(&born).and_then(Item::moved_from) {
                Some(from) => born = from.clone(),
                None => return Some((first, born)),
            }
        }
        None
    }

    /// The first entry that names what a pending value's name stands beside, where that comes before an entry.
    pub(super) fn stood_before(&self, pending: &Address, entry: usize) -> Option<(usize, Address)> {
        let (_, base) = pending.beside_what().filter(|(stage, _)| *stage == Stage::Next)?;
        let first = *self.naming(&base).first()?;
        self.dag.is_ancestor(first, entry).then_some((first, base))
    }

    /// All sealed values that were ever made for a secret, the oldest first: at its place and beside it, and
    /// where it stood before it was moved there.
    #[must_use]
    pub fn ever_made(&self, address: &Address) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut wanted = vec![(address.clone(), None)];
        while let Some((place, until)) = wanted.pop() {
            let beside = Stage::ALL.into_iter().filter_map(|stage| place.beside(stage));
            let beside = beside.filter(|at| !self.is_own(at));
            for at in beside.chain([place.clone()]) {
                if seen.insert(at.clone()) {
                    self.made_at(&at, until, &mut made, &mut wanted);
                }
            }
        }
        made.sort_by_key(|it| self.dag.position(it.entry));
        made
    }

    /// Tells whether a name like `KEY_NEXT` is that of a value which has nothing to do with `KEY`.
    fn is_own(&self, beside: &Address) -> bool {
        let next = beside.beside_what().is_some_and(|(stage, _)| stage == Stage::Next);
        next && !self.is_for_pending(beside)
    }

    /// Adds the values that stood at one address, in entries before one that moved such a value away.
    fn made_at(
        &self,
        address: &Address,
        until: Option<usize>,
        made: &mut Vec<Made>,
        elsewhere: &mut Vec<(Address, Option<usize>)>,
    ) {
        let in_time = |at: &usize| until.is_none_or(|until| self.dag.is_ancestor(*at, until));
        for at in self.naming(address).iter().copied().filter(in_time) {
            let Some(item) = self.entries[at].entry.item(address) else { continue };
            let live = Live { entry: at, item };
            let Some(signed) = signed(address, item) else { continue };
            let (entry, origin) = self.origin_of(address, live);
            // Nothing becomes a previous value but by being moved there.
            if origin.beside_what().is_some_and(|(stage, _)| stage == Stage::Previous) {
                continue;
            }
            let first = &self.entries[entry];
            let of = Origin { entry: first.id, address: origin.clone() };
            match made.iter_mut().find(|it| it.origin == of) {
                Some(known) => known.tokens.push(signed),
                None => {
                    let kind = first.entry.item(origin).and_then(|item| item.kind.clone());
                    made.push(Made { origin: of, entry, kind, tokens: vec![signed] });
                }
            }
            if let Some(from) = item.moved_from() {
                elsewhere.push((from.clone(), Some(at)));
            }
        }
    }

    /// The values of which a note that holds says that they were ended at their issuers.
    #[must_use]
    pub fn revoked(&self) -> BTreeSet<&Origin> {
        let entries = self.entries.iter().enumerate().filter(|(at, _)| self.holds(*at));
        let revoked = entries.filter_map(|(at, signed)| match &signed.entry.kind {
            Kind::Note(Note::Revoked { value, .. }) if !self.is_doubted(at) => Some(value),
            _ => None,
        });
        revoked.collect()
    }

    /// Every address of an environment that the log ever named.
    #[must_use]
    pub fn ever_named(&self, env: &EnvName) -> BTreeSet<Address> {
        let entries = self.entries.iter().enumerate().filter(|(at, _)| self.holds(*at));
        let files = entries.flat_map(|(_, signed)| signed.entry.files());
        let mine = files.filter(|file| file.env == *env);
        mine.flat_map(|file| file.items.iter().map(|item| file.address(&item.key))).collect()
    }
}

fn signed(address: &Address, item: &Item) -> Option<Signed> {
    let (hash, generation) = (item.hash?, item.generation?);
    Some(Signed { address: address.clone(), hash, generation })
}
