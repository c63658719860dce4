//! The lives of values, from the log: which was made where, which took the place of which, and when.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::log::entry::{Item, Op};
use crate::names::{Address, Sha256, Stage, TypeName};
use crate::verify::Record;

/// A value that was made: the position of the entry with its `new`, and the address it had there.
pub type Made = (usize, Address);

/// A value that took the place of another one at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// Where.
    pub address: Address,
    /// The type of the value that was replaced.
    pub kind: Option<TypeName>,
    /// The value that was replaced.
    pub old: Made,
    /// The value that took its place.
    pub new: Made,
    /// The position of the entry by which it did.
    pub entry: usize,
    /// The last day in time of the one that was replaced.
    pub due: Option<Date>,
}

/// What became of all values, parents before children.
#[derive(Debug, Default)]
pub struct Lives {
    /// The entries that made a value where there was none, one for each value.
    pub creations: Vec<(usize, Address)>,
    /// The values that were replaced.
    pub successions: Vec<Succession>,
    /// The entries since which values of one type stand where one does, each in the place of another.
    pub begun: HashMap<Address, usize>,
}

/// The UTC day that an entry claims.
#[must_use]
pub fn day(record: &Record, entry: usize) -> Date {
    record.entries[entry].entry.time.to_zoned(TimeZone::UTC).date()
}

/// Finds the `new` that made the value of an item.
#[must_use]
pub fn made(record: &Record, entry: usize, address: &Address, item: &Item) -> Made {
    let (mut at, mut place, mut item) = (entry, address, item);
    // Nothing but the entries' own words says that a chain ends; more steps than entries has none.
    for _ in 0..record.entries.len() {
        let Some(of) = &item.of else { break };
        let Some(before) = record.dag.index(&of.entry) else { break };
        let Some(earlier) = record.entries[before].entry.item(&of.address) else { break };
        (at, place, item) = (before, &of.address, earlier);
    }
    (at, place.clone())
}

/// Finds since which entry a value stands at its present address.
#[must_use]
pub fn here_since(record: &Record, entry: usize, address: &Address, item: &Item) -> usize {
    let (mut at, mut item) = (entry, item);
    for _ in 0..record.entries.len() {
        let Some(of) = item.of.as_ref().filter(|of| of.address == *address) else { break };
        let Some(before) = record.dag.index(&of.entry) else { break };
        let Some(earlier) = record.entries[before].entry.item(&of.address) else { break };
        (at, item) = (before, earlier);
    }
    at
}

/// What stands at an address.
struct Standing {
    made: Made,
    kind: Option<TypeName>,
    due: Option<Date>,
    /// The entry by which it came there.
    entry: usize,
    /// The entry since which values of its type stand there.
    begun: usize,
}

/// What stood at each address before: the values, and the bytes that held them.
#[derive(Default)]
struct Been {
    values: HashMap<Address, Vec<Made>>,
    bytes: HashMap<Address, Vec<Sha256>>,
}

impl Been {
    /// Tells whether a value stood here before, and keeps it in mind. The token that stood here before
    /// holds the value that stood here before, whoever calls it new.
    fn came_back(&mut self, address: &Address, item: &Item, made: &Made) -> bool {
        let bytes = self.bytes.entry(address.clone()).or_default();
        let same = item.hash.is_some_and(|hash| item.op == Op::New && bytes.contains(&hash));
        bytes.extend(item.hash);
        let values = self.values.entry(address.clone()).or_default();
        let known = values.contains(made);
        if !known {
            values.push(made.clone());
        }
        same || known
    }
}

/// Tells whether a place is that of the pending value of one that stands.
fn is_pending(standing: &HashMap<Address, Standing>, address: &Address) -> bool {
    let beside = address.beside_what();
    beside.is_some_and(|(stage, base)| stage == Stage::Next && standing.contains_key(&base))
}

/// Since which entry values of one type stand at an address without a break. One that is moved to where none was
/// brings its time along.
fn begun(
    standing: &HashMap<Address, Standing>,
    at: usize,
    (address, item): (&Address, &Item),
) -> usize {
    let moved = || standing.get(item.moved_from()?);
    let before = standing.get(address).or_else(moved);
    before.filter(|it| it.kind == item.kind).map_or(at, |it| it.begun)
}

/// Follows all sealed values through the entries that hold.
#[must_use]
pub fn lives(record: &Record) -> Lives {
    let mut lives = Lives::default();
    let mut standing: HashMap<Address, Standing> = HashMap::new();
    let mut been = Been::default();
    for at in record.dag.order().iter().copied().filter(|at| record.holds(*at)) {
        let mut arrivals = Vec::new();
        let mut left = Vec::new();
        for file in record.entries[at].entry.files() {
            for item in &file.items {
                let address = file.address(&item.key);
                left.extend(item.moved_from().cloned());
                match item.op {
                    Op::Delete => left.push(address),
                    _ if item.generation.is_some() => arrivals.push((address, item)),
                    _ => left.push(address),
                }
            }
        }
        for (address, item) in &arrivals {
            let new = Standing {
                made: made(record, at, address, item),
                kind: item.kind.clone(),
                due: item.due,
                entry: at,
                begun: begun(&standing, at, (address, item)),
            };
            let again = been.came_back(address, item, &new.made);
            match standing.get(address) {
                None if item.op == Op::New && !is_pending(&standing, address) => {
                    lives.creations.push((at, address.clone()));
                }
                // Who takes a rotation back has not rotated.
                Some(old) if old.made != new.made && again => {
                    lives.successions.retain(|it| it.address != *address || it.old != new.made);
                }
                Some(old) if old.made != new.made => {
                    lives.successions.extend(succession(record, address, old, &new));
                }
                _ => {}
            }
            standing.insert(address.clone(), new);
        }
        let gone = |address: &Address| !arrivals.iter().any(|(arrived, _)| arrived == address);
        left.iter().filter(|address| gone(address)).for_each(|address| {
            standing.remove(address);
        });
    }
    lives.begun = standing.into_iter().map(|(at, it)| (at, it.begun)).collect();
    lives
}

/// What was made beside another value, on another branch, replaced nothing.
fn succession(
    record: &Record,
    address: &Address,
    old: &Standing,
    new: &Standing,
) -> Option<Succession> {
    record.dag.is_ancestor(old.entry, new.entry).then(|| Succession {
        address: address.clone(),
        kind: old.kind.clone(),
        old: old.made.clone(),
        new: new.made.clone(),
        entry: new.entry,
        due: old.due,
    })
}
