//! Check 8, the bytes: a token that stood before is no new value, nor is a list in an order that it had. A token is
//! made at random, a dropped one too, so nobody seals a value anew and gets it again; who signs it as a new one
//! wants its duties gone, be it with a comment, a tag or an anchor beside it. Threat model, section 2.

use std::collections::{BTreeSet, HashMap};
use std::iter::once;

use jiff::civil::Date;

use super::disk::OnDisk;
use super::standing::found;
use super::{Live, Record, Verified};
use crate::finding::{Code, Finding};
use crate::log::entry::{Op, Origin};
use crate::names::{Address, GenerationId, Sha256};
use crate::rotation::days_left;

/// Where a sealed item stands: its entry, and the positions of its file and of itself there.
pub(super) type At = (usize, usize, usize);

/// Insists that the bytes of a value, and of all that it was since it was made, were none before.
pub(super) fn check(
    record: &Record,
    address: &Address,
    (live, disk): (Live<'_>, &OnDisk),
) -> Result<(), Box<Finding>> {
    if live.item.generation.is_none() {
        return Ok(());
    }
    let bare = || record.bare_stood_as_another(address, live, &disk.bare);
    let before = record.stood_as_another(address, live).or_else(bare);
    before.map_or(Ok(()), |before| Err(told(record, address, live, before).into()))
}

fn told(record: &Record, address: &Address, live: Live<'_>, (before, ..): At) -> Finding {
    let id = record.entries[before].id.short();
    let message = format!("this very token stood before, in entry {id}: it is no new value");
    let fix = format!("tenure set {}", record.name_of(address));
    found(record, Code::BadDue, address, live, message).fix(fix)
}

impl Verified<'_> {
    /// The sealed values that took the place, within one generation, of one that is overdue, was ended, or was
    /// exposed by an incident: whoever signs the old token anew wants the duties of that gone.
    #[must_use]
    pub fn succeeding(&self, today: Date) -> Vec<&Address> {
        let record = self.record;
        let (ended, incidents) = (record.revoked(), record.incidents());
        let exposed: BTreeSet<&Origin> = incidents.iter().flat_map(|it| it.values).collect();
        let is_bad = |address: &Address, live: Live<'_>| {
            let (made, at) = record.origin_of(address, live);
            let origin = Origin { entry: record.entries[made].id, address: at.clone() };
            live.item.due.is_some_and(|due| days_left(due, today) < 0)
                || ended.contains(&origin)
                || exposed.contains(&origin)
        };
        let succeeds = |(address, live): &(&Address, &Live<'_>)| {
            let origin = record.origin_of(address, **live);
            live.item.generation.is_some()
                && record.naming(address).iter().any(|at| {
                    let item = record.entries[*at].entry.item(address);
                    let same = item.filter(|item| item.generation == live.item.generation);
                    same.is_some_and(|item| {
                        let old = Live { entry: *at, item };
                        record.origin_of(address, old) != origin && is_bad(address, old)
                    })
                })
        };
        self.live.iter().filter(succeeds).map(|(address, _)| address).collect()
    }

    /// The finding that a value holds what an item was that stood there before; none where that was another form
    /// of it.
    #[must_use]
    pub fn stood_in(&self, address: &Address, hash: Sha256) -> Option<Finding> {
        let (record, live) = (self.record, *self.live.get(address)?);
        let (step, origin) = (record.sealed_in(live), record.origin_of(address, live));
        let before = record.bytes_stood_as_another(hash, step, origin)?;
        Some(told(record, address, live, before))
    }
}

impl Record {
    /// Tells whether sealed bytes ever stood anywhere.
    #[must_use]
    pub fn stood(&self, hash: Sha256, generation: GenerationId) -> bool {
        let same = |(entry, file, item): &At| {
            self.entries[*entry].entry.files()[*file].items[*item].generation == Some(generation)
        };
        self.tokens().get(&hash).is_some_and(|all| all.iter().any(same))
    }

    /// Where the bytes of a value, or of anything that it was since it was made, were another value before.
    pub(super) fn stood_as_another(&self, address: &Address, live: Live<'_>) -> Option<At> {
        let origin = self.origin_of(address, live);
        let steps = once((address, live)).chain(self.chain_of(live));
        let mut sealed = steps.filter(|(_, it)| {
            it.item.generation.is_some() && matches!(it.item.op, Op::New | Op::Rekey | Op::Move)
        });
        sealed.find_map(|(_, step)| self.step_stood_as_another(step, origin))
    }

    /// Where a value's token, with nothing beside it, was another value before.
    fn bare_stood_as_another(
        &self,
        address: &Address,
        live: Live<'_>,
        bare: &[Sha256],
    ) -> Option<At> {
        let (origin, step) = (self.origin_of(address, live), self.sealed_in(live));
        bare.iter().find_map(|hash| self.bytes_stood_as_another(*hash, step, origin))
    }

    /// Where the very bytes of a step were another value before it.
    fn step_stood_as_another(&self, step: Live<'_>, origin: (usize, &Address)) -> Option<At> {
        self.bytes_stood_as_another(step.item.hash?, step, origin)
    }

    fn bytes_stood_as_another(
        &self,
        hash: Sha256,
        step: Live<'_>,
        origin: (usize, &Address),
    ) -> Option<At> {
        let all = self.tokens().get(&hash)?;
        let another = |(entry, file, item): &At| {
            let file = &self.entries[*entry].entry.files()[*file];
            let item = &file.items[*item];
            let address = file.address(&item.key);
            *entry != step.entry
                && item.generation == step.item.generation
                && self.dag.is_ancestor(*entry, step.entry)
                && self.origin_of(&address, Live { entry: *entry, item }) != origin
        };
        all.iter().find(|at| another(at)).copied()
    }

    /// Where sealed bytes stand in the entries that hold, by their hash.
    fn tokens(&self) -> &HashMap<Sha256, Vec<At>> {
        self.tokens.get_or_init(|| {
            let holding = self.entries.iter().enumerate().filter(|(at, _)| self.holds(*at));
            let files = holding.flat_map(|(entry, signed)| {
                signed.entry.files().iter().enumerate().map(move |(at, file)| (entry, at, file))
            });
            let items = files.flat_map(|(entry, file, change)| {
                change.items.iter().enumerate().map(move |(at, item)| ((entry, file, at), item))
            });
            let mut index: HashMap<Sha256, Vec<At>> = HashMap::new();
            for (at, item) in items.filter(|(_, item)| item.generation.is_some()) {
                item.hash.into_iter().for_each(|hash| index.entry(hash).or_default().push(at));
            }
            index
        })
    }
}
