//! Sealed values that were put in clear, as the policy allowed: what was owed of them then is owed until another
//! sealed value takes their place. What is sealed first after that may be the very value that stood in clear.
//! Decision 40.

use jiff::civil::Date;

use super::{Live, Record, Verified};
use crate::document::says_nothing;
use crate::log::entry::{Item, Op, Origin};
use crate::names::{Address, TypeName};
use crate::rotation::days_left;

/// A sealed value in whose place a clear one stands, or stood until it was sealed.
pub(super) struct Cleared<'r> {
    /// The `new` item that made it.
    pub(super) origin: Origin,
    /// The position of that item's entry.
    pub(super) made: usize,
    /// Where it stood last.
    pub(super) address: &'r Address,
    /// Its last item.
    pub(super) live: Live<'r>,
    /// The position of the entry that put another in clear in its place.
    pub(super) since: usize,
}

/// Tells whether an item leaves something readable in clear.
fn is_clear(item: &Item) -> bool {
    item.generation.is_none() && item.hash.is_some_and(|hash| !says_nothing(hash))
}

impl Record {
    /// The sealed values that were put in clear where one stands now, and not replaced by a sealed one since; the
    /// newest first.
    pub(super) fn cleared<'r>(&'r self, address: &'r Address, live: Live<'r>) -> Vec<Cleared<'r>> {
        let mut all = Vec::new();
        let mut next = self.cleared_before(address, live);
        while let Some(one) = next {
            next = self.cleared_before(one.address, one.live);
            all.push(one);
        }
        if !all.is_empty() {
            let ended = self.revoked();
            all.retain(|one| !ended.contains(&one.origin));
        }
        all
    }

    /// The sealed value before the clear ones that end with a value, or from which it was sealed.
    fn cleared_before<'r>(&'r self, address: &'r Address, live: Live<'r>) -> Option<Cleared<'r>> {
        let (first, address) = self.origin_of(address, live);
        let item = self.entries[first].entry.item(address)?;
        let mut since = is_clear(item).then_some(first);
        let before = self.naming(address).iter().copied().rev();
        for entry in before.filter(|at| *at != first && self.dag.is_ancestor(*at, first)) {
            let item = self.entries[entry].entry.item(address)?;
            if is_clear(item) {
                since = Some(entry);
                continue;
            }
            // A value that was taken away, or replaced by a sealed one, is none that was put in clear.
            let since = since.filter(|_| item.op != Op::Delete && item.generation.is_some())?;
            let live = Live { entry, item };
            let (made, born) = self.origin_of(address, live);
            let origin = Origin { entry: self.entries[made].id, address: born.clone() };
            return Some(Cleared { origin, made, address, live, since });
        }
        None
    }
}

impl Verified<'_> {
    /// The type of what stands at an address; of a value in clear, that of the sealed one before it.
    #[must_use]
    pub fn type_at(&self, address: &Address) -> Option<&TypeName> {
        let (address, live) = self.live.get_key_value(address)?;
        if live.item.generation.is_some() {
            return live.item.kind.as_ref();
        }
        let before = self.record.cleared(address, *live).into_iter().next()?;
        before.live.item.kind.as_ref()
    }
}

impl Cleared<'_> {
    /// The deadline that was over when it was put in clear.
    pub(super) fn overdue(&self, record: &Record) -> Option<Date> {
        self.live.item.due.filter(|due| days_left(*due, record.day_of(self.since)) < 0)
    }
}
