//! What the log says stands: the newest item of every address.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Record;
use super::verdicts::at;
use crate::finding::{Code, Finding};
use crate::log::entry::{Entry, Item, Kind};
use crate::log::timeline::{Effect, Settled, Standing, Timeline};
use crate::names::{Address, EntryId, EnvName, RepoPath, Sha256};

/// The newest item of an address.
#[derive(Debug, Clone, Copy)]
pub struct Live<'r> {
    /// The position of its entry.
    pub entry: usize,
    /// The item.
    pub item: &'r Item,
}

impl Record {
    /// The newest items of every address, void ones among them; several compete.
    pub(super) fn standings(&self) -> BTreeMap<Address, Vec<Standing>> {
        let counts = |at: usize| self.verdicts[at] != super::entries::Verdict::Refused;
        let entries = self.plain_entries();
        Timeline { entries: &entries, dag: &self.dag }.newest(counts)
    }

    /// Decides between the newest items of one address.
    pub(super) fn settle(
        &self,
        address: &Address,
        candidates: &[Standing],
        on_disk: Option<&Sha256>,
    ) -> Settled {
        // Alone: what lists all entries is for those that compete.
        if let [one] = candidates {
            return if one.effect == Effect::Sets { Settled::One(*one) } else { Settled::Gone };
        }
        let entries = self.plain_entries();
        Timeline { entries: &entries, dag: &self.dag }.settle(address, candidates, on_disk)
    }

    /// The item that stands at an address, if one does.
    pub(super) fn live(
        &self,
        address: &Address,
        candidates: &[Standing],
        on_disk: Sha256,
    ) -> Option<Live<'_>> {
        match self.settle(address, candidates, Some(&on_disk)) {
            Settled::One(at) => Some(Live { entry: at.entry, item: self.item(at) }),
            Settled::Concurrent(_) | Settled::Gone => None,
        }
    }

    /// What the log says stands, whatever lies on disk; what is void or in dispute is left out.
    #[must_use]
    pub fn signed(&self, scope: Option<&EnvName>) -> BTreeMap<Address, Live<'_>> {
        let stands = |(address, candidates): (Address, Vec<Standing>)| {
            let Settled::One(at) = self.settle(&address, &candidates, None) else { return None };
            let live = Live { entry: at.entry, item: self.item(at) };
            self.holds(at.entry).then_some((address, live))
        };
        let standings = self.standings().into_iter();
        let mine = standings.filter(|(at, _)| scope.is_none_or(|only| at.env == *only));
        mine.filter_map(stands).collect()
    }

    fn plain_entries(&self) -> Vec<&Entry> {
        self.entries.iter().map(|signed| &signed.entry).collect()
    }

    /// The files that entries name, of one environment or of all.
    #[must_use]
    pub fn named_files(&self, scope: Option<&EnvName>) -> BTreeSet<RepoPath> {
        let mut paths = BTreeSet::new();
        for signed in &self.entries {
            let Kind::Seal { files, .. } = &signed.entry.kind else { continue };
            let mine = files.iter().filter(|file| scope.is_none_or(|only| file.env == *only));
            paths.extend(mine.map(|file| file.path.clone()));
        }
        paths
    }

    /// The environments of whose files entries say something.
    #[must_use]
    pub fn named_envs(&self) -> BTreeSet<&EnvName> {
        let files = self.entries.iter().flat_map(|signed| signed.entry.files());
        files.map(|file| &file.env).collect()
    }

    /// Lends the item of a standing.
    pub(super) fn item(&self, at: Standing) -> &Item {
        &self.entries[at.entry].entry.files()[at.file].items[at.item]
    }

    /// Finds the item that an `of` names.
    pub(super) fn origin(&self, entry: &EntryId, address: &Address) -> Option<Live<'_>> {
        let at = self.dag.index(entry)?;
        Some(Live { entry: at, item: self.entries[at].entry.item(address)? })
    }

    /// Tells whether an entry could see that what stood at an address was no longer the newest there.
    pub(super) fn replaced(&self, old: Live<'_>, address: &Address, seen_by: usize) -> bool {
        let between =
            |at: &usize| self.dag.is_ancestor(old.entry, *at) && self.dag.is_ancestor(*at, seen_by);
        self.naming(address).iter().any(between)
    }

    /// The entries that name an address, or move its value away, by index, parents before children.
    pub(super) fn naming(&self, address: &Address) -> &[usize] {
        let index = self.naming.get_or_init(|| {
            let mut index: HashMap<Address, Vec<usize>> = HashMap::new();
            for at in self.dag.order().iter().copied().filter(|at| self.holds(*at)) {
                let files = self.entries[at].entry.files().iter();
                let items = files.flat_map(|file| file.items.iter().map(move |item| (file, item)));
                for (file, item) in items {
                    let own = file.address(&item.key);
                    let named = std::iter::once(own).chain(item.moved_from().cloned());
                    named.for_each(|address| index.entry(address).or_default().push(at));
                }
            }
            index
        });
        index.get(address).map_or(&[], Vec::as_slice)
    }

    /// The entry that made the value of an item: the `new` at the start of its chain of `of`.
    #[must_use]
    pub fn made_by(&self, live: Live<'_>) -> usize {
        self.chain_of(live).last().map_or(live.entry, |(_, first)| first.entry)
    }

    /// What an item carries on, step by step, back to the `new` that made its value.
    pub(super) fn chain_of<'r>(
        &'r self,
        live: Live<'r>,
    ) -> impl Iterator<Item = (&'r Address, Live<'r>)> {
        let before = |live: Live<'r>| {
            let of = live.item.of.as_ref()?;
            Some((&of.address, self.origin(&of.entry, &of.address)?))
        };
        // Nothing but the entries' own words says that a chain ends; more steps than entries has none.
        std::iter::successors(before(live), move |(_, live)| before(*live)).take(self.entries.len())
    }

    /// The item that sealed the bytes which an item attests.
    pub(super) fn sealed_in<'r>(&'r self, live: Live<'r>) -> Live<'r> {
        let same = |before: &Live<'_>| {
            (before.item.hash, before.item.generation) == (live.item.hash, live.item.generation)
        };
        let chain = self.chain_of(live).map(|(_, before)| before);
        chain.take_while(same).last().unwrap_or(live)
    }

    /// Says of a hash that is not the signed one where else it stood.
    pub(super) fn explain(&self, address: &Address, hash: Sha256) -> Option<&'static str> {
        let files = self.entries.iter().flat_map(|signed| signed.entry.files());
        let items = files.flat_map(|file| file.items.iter().map(move |item| (file, item)));
        let mut known = items.filter(|(_, item)| item.hash == Some(hash)).peekable();
        known.peek()?;
        let own = known.any(|(file, item)| file.address(&item.key) == *address);
        Some(if own { "old version" } else { "other key's" })
    }
}

/// Starts a finding about a signed item.
pub(super) fn found(
    record: &Record,
    code: Code,
    address: &Address,
    live: Live<'_>,
    message: impl Into<String>,
) -> Finding {
    at(code, address, message).entry(record.entries[live.entry].id)
}
