//! What of a judged log still matters to an environment, or to all: enough for checks 8 to 12.
//!
//! It becomes a [`Record`] again, of fewer entries with fewer items each, so that the same code judges by
//! it. It keeps the newest items of each address, what these carry on back to the value's `new`, what
//! names an address in between, what is owed an end, the keyrings, the notes, and the steps of the policy chain.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Live;
use super::chain::{Chain, Parsed, Step};
use super::entries::{Record, TOLERANCE, Verdict};
use super::incidents::{Bearing, Closing};
use super::policies::policy_path;
use crate::finding::{Code, Finding};
use crate::log::dag::Order;
use crate::log::entry::{Entry, FileChange, Kind, Note, Op, Origin};
use crate::log::parse::SignedEntry;
use crate::log::signature::Signature;
use crate::names::{Address, EntryId, EnvName, Sha256, Stage};

/// A record in brief, to be written down and read again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Brief {
    order: Order,
    /// Without parents, without reasons but of notes and later deadlines, and with the items that matter.
    entries: Vec<Entry>,
    /// The entries that are void.
    void: BTreeSet<usize>,
    steps: Vec<BriefStep>,
    /// The steps in force.
    holding: Vec<bool>,
    /// The step that is in force.
    in_force: Option<usize>,
    findings: Vec<Finding>,
    /// The latest time that any entry of the log claims.
    latest: Timestamp,
    /// How many entries of the log hold, of how many.
    counted: (usize, usize),
    /// Who says of each incident that it is over: that follows from keys, which are not kept.
    closings: BTreeMap<EntryId, Closing>,
    /// Who bears what: that follows from keys, too.
    bearings: Vec<(EntryId, Origin, Bearing)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BriefStep {
    entry: usize,
    seq: u32,
    prev: Option<usize>,
    settles: Vec<usize>,
    hash: Sha256,
}

/// An item, by entry, file and place in the file.
type Item = (usize, usize, usize);

impl Record {
    /// The record in brief; none where checks 1 to 7, or 10, found any fault, or nothing is in force.
    #[must_use]
    pub fn brief(&self, scope: Option<&EnvName>) -> Option<Brief> {
        // That a policy waits for its approval follows from the log alone, and is no fault.
        let sound = self.findings.iter().all(|finding| finding.code == Code::PolicyWaits);
        if !sound || self.in_force.is_none() {
            return None;
        }
        let items = self.items_that_matter(scope);
        let mut kept: BTreeSet<usize> = items.iter().map(|(entry, ..)| *entry).collect();
        kept.extend(self.chain.steps.iter().map(|step| step.entry));
        let has_ring = |at: &usize| {
            let mut rings = self.entries[*at].entry.keyrings().iter();
            rings.any(|ring| scope.is_none_or(|only| ring.env == *only))
        };
        kept.extend((0..self.entries.len()).filter(has_ring));
        // Whose key said something is not kept, so what counts for nothing by that is not either.
        let facts = self.notes().filter(|(at, note)| is_a_fact(note) && !self.is_doubted(*at));
        kept.extend(facts.map(|(at, _)| at));
        let mut kept: Vec<usize> = kept.into_iter().collect();
        kept.sort_by_key(|at| self.dag.position(*at));
        let places: HashMap<usize, usize> =
            kept.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let place = |entry: usize| places.get(&entry).copied();
        let steps = self.chain.steps.iter().map(|step| {
            let Step { seq, prev, hash, .. } = *step;
            let settles = step.settles.clone();
            Some(BriefStep { entry: place(step.entry)?, seq, prev, settles, hash })
        });
        let void = kept.iter().enumerate().filter(|(_, at)| self.verdict(**at) == Verdict::Void);
        Some(Brief {
            order: self.dag.among(&kept),
            entries: kept.iter().map(|at| self.shortened(*at, scope, &items)).collect(),
            void: void.map(|(place, _)| place).collect(),
            steps: steps.collect::<Option<_>>()?,
            holding: self.chain.holding_now(),
            in_force: self.in_force,
            findings: self.findings.clone(),
            latest: self.entries.iter().map(|signed| signed.entry.time).max()?,
            counted: self.counted,
            closings: self.incidents().iter().map(|it| (it.id, self.closing(it.id))).collect(),
            bearings: self.all_bearings(),
        })
    }

    /// The newest items of the addresses, those that these carry on, and those that came between: all
    /// that settling, deadlines and obligations ask about.
    fn items_that_matter(&self, scope: Option<&EnvName>) -> BTreeSet<Item> {
        let (mut items, mut between) = (BTreeSet::new(), BTreeSet::new());
        for (address, candidates) in self.standings() {
            if scope.is_some_and(|only| address.env != *only) {
                continue;
            }
            for standing in candidates {
                let newest = (standing.entry, standing.file, standing.item);
                self.trace(newest, &mut items, &mut between);
                let live = Live { entry: standing.entry, item: self.item(standing) };
                for one in self.cleared(&address, live) {
                    let last = self.place_of(one.live.entry, one.address).into_iter();
                    last.for_each(|item| self.trace(item, &mut items, &mut between));
                    between.extend(self.all_named(one.address));
                }
                // What shows that it is no new value is asked for again.
                if let Some(before) = self.stood_as_another(&address, live) {
                    self.trace(before, &mut items, &mut between);
                }
            }
            between.extend(self.why_pending(&address));
        }
        items.append(&mut between);
        items.extend(self.why_spent(scope));
        items
    }

    fn trace(&self, newest: Item, items: &mut BTreeSet<Item>, between: &mut BTreeSet<Item>) {
        let mut next = Some(newest);
        while let Some(item) = next.take().filter(|item| items.insert(*item)) {
            let (entry, file, at) = item;
            let of = self.entries[entry].entry.files()[file].items[at].of.as_ref();
            let Some((of, origin)) = of.and_then(|of| Some((of, self.dag.index(&of.entry)?)))
            else {
                return;
            };
            let others =
                self.naming(&of.address).iter().copied().filter(|at| {
                    self.dag.is_ancestor(origin, *at) && self.dag.is_ancestor(*at, entry)
                });
            let naming =
                |at| self.place_of(at, &of.address).or_else(|| self.place_of_move(at, &of.address));
            between.extend(others.filter_map(naming));
            next = self.place_of(origin, &of.address);
        }
    }

    /// The items by which the name of a pending value is known for one.
    fn why_pending(&self, address: &Address) -> Vec<Item> {
        let of_pending = address.beside_what().is_some_and(|(stage, _)| stage == Stage::Next);
        let first = self.first_named(address).filter(|_| of_pending);
        let Some((first, born)) = first else { return Vec::new() };
        let mut moves = Vec::new();
        let mut at = address.clone();
        while at != born {
            let Some(named) = self.naming(&at).first() else { break };
            moves.extend(self.place_of(*named, &at));
            let from = self.entries[*named].entry.item(&at).and_then(|item| item.moved_from());
            let Some(from) = from else { break };
            at = from.clone();
        }
        let base = self.stood_before(&born, first).into_iter();
        let base = base.filter_map(|(entry, base)| {
            self.place_of(entry, &base).or_else(|| self.place_of_move(entry, &base))
        });
        moves.into_iter().chain(self.place_of(first, &born)).chain(base).collect()
    }

    /// The items by which it is known of a value that it stands nowhere any more, and since when.
    fn why_spent(&self, scope: Option<&EnvName>) -> BTreeSet<Item> {
        let Some(policy) = self.policy() else { return BTreeSet::new() };
        let spent = self.spent_values(policy, scope).into_iter();
        let versions: Vec<_> = spent.flat_map(|(_, made)| made.versions).collect();
        let stood = versions.iter().filter_map(|it| self.place_of(it.entry, &it.address));
        let places: BTreeSet<&Address> = versions.iter().map(|it| &it.address).collect();
        let named = places.into_iter().flat_map(|address| self.all_named(address));
        stood.chain(named).collect()
    }

    /// The items that name an address, or move its value away.
    fn all_named(&self, address: &Address) -> impl Iterator<Item = Item> {
        self.naming(address).iter().filter_map(|at| {
            self.place_of(*at, address).or_else(|| self.place_of_move(*at, address))
        })
    }

    fn place_of(&self, entry: usize, address: &Address) -> Option<Item> {
        let files = self.entries[entry].entry.files();
        let file = files.iter().position(|f| f.env == address.env && f.path == address.path)?;
        let item = files[file].items.iter().position(|item| item.key == address.key)?;
        Some((entry, file, item))
    }

    /// The item that moves the value of an address away.
    fn place_of_move(&self, entry: usize, source: &Address) -> Option<Item> {
        let files = self.entries[entry].entry.files().iter().enumerate();
        let mut items =
            files.flat_map(|(file, f)| f.items.iter().enumerate().map(move |i| (file, i)));
        items.find_map(|(file, (item, it))| {
            (it.moved_from() == Some(source)).then_some((entry, file, item))
        })
    }

    fn shortened(&self, at: usize, scope: Option<&EnvName>, items: &BTreeSet<Item>) -> Entry {
        let entry = &self.entries[at].entry;
        let kind = match &entry.kind {
            Kind::Seal { files, keyrings } => {
                let mut files = files.clone();
                for (file, change) in files.iter_mut().enumerate() {
                    let mut item = 0..;
                    change.items.retain(|_| {
                        item.next().is_some_and(|item| items.contains(&(at, file, item)))
                    });
                }
                files.retain(|file| !file.items.is_empty());
                let mine = keyrings.iter().filter(|it| scope.is_none_or(|only| it.env == *only));
                Kind::Seal { files, keyrings: mine.cloned().collect() }
            }
            other => other.clone(),
        };
        let noted = matches!(kind, Kind::Note(_));
        let extends = |file: &FileChange| file.items.iter().any(|item| item.op == Op::Extend);
        let reason = entry.reason.clone().filter(|_| noted || entry.files().iter().any(extends));
        Entry { kind, parents: Vec::new(), reason, by: entry.by.clone(), ..*entry }
    }
}

/// Tells whether a note says anything that files are judged by: who approved which policy is known.
fn is_a_fact(note: &Note) -> bool {
    !matches!(note, Note::Approve { .. })
}

impl Brief {
    /// Tells whether no entry of the log claims a time that is later than now.
    #[must_use]
    pub fn is_timely(&self, now: Timestamp) -> bool {
        self.latest.duration_since(now) <= TOLERANCE
    }

    /// The id of `init`.
    #[must_use]
    pub fn root(&self) -> Option<EntryId> {
        let first = self.steps.iter().find(|step| step.prev.is_none())?;
        self.order.ids().get(first.entry).copied()
    }

    /// Gives the record, with the policies that were judged with it, by path.
    #[must_use]
    pub fn into_record(self, policies: &BTreeMap<String, Vec<u8>>) -> Option<Record> {
        let Self {
            order,
            entries,
            void,
            steps,
            holding,
            in_force,
            findings,
            counted,
            closings,
            bearings,
            ..
        } = self;
        let ids = order.ids().to_vec();
        let dag = order.into_dag()?;
        let step = |step: BriefStep| {
            let text = String::from_utf8(policies.get(&policy_path(&step.hash))?.clone()).ok()?;
            let BriefStep { entry, seq, prev, settles, hash } = step;
            let policy = Parsed::when_asked(text);
            Some(Step { entry, id: *ids.get(entry)?, seq, prev, settles, hash, policy })
        };
        let steps = steps.into_iter().map(step).collect::<Option<Vec<_>>>()?;
        let sound = ids.len() == entries.len() && holding.len() == steps.len();
        in_force.filter(|at| sound && *at < steps.len())?;
        let verdict = |at| if void.contains(&at) { Verdict::Void } else { Verdict::Holds };
        let verdicts = (0..entries.len()).map(verdict).collect();
        let signed = |(id, entry): (&EntryId, Entry)| SignedEntry {
            id: *id,
            entry,
            payload: None,
            signature: Signature::none(),
        };
        let entries = ids.iter().zip(entries).map(signed).collect();
        let chain = Chain::known(steps, holding);
        Some(Record {
            entries,
            dag,
            chain,
            findings,
            verdicts,
            news: Vec::new(),
            in_force,
            unsigned: None,
            counted,
            closings: Some(closings),
            bearings: Some(bearings),
            naming: OnceCell::new(),
            tokens: OnceCell::new(),
            files_of_keys: OnceCell::new(),
            asking: OnceCell::new(),
        })
    }
}
