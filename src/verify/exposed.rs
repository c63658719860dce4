//! Which values could be read by whom, from when on: by the log alone, and without a key.
//!
//! A keyring is never taken back. Whoever it was wrapped for opens, for as long as the repository keeps its
//! history, every token that was ever sealed to a generation it holds, also those of before it was made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Record, Step, Verdict};
use crate::log::entry::{KeyringRecord, Op, Origin};
use crate::log::timeline::{Effect, Settled, Standing};
use crate::names::{Address, EntryId, GenerationId, MemberName};
use crate::policy::{Policy, Recipient};

/// A value that a `new` item made, and all that carried it on.
#[derive(Debug, Clone)]
pub struct Made {
    /// The `new` item.
    pub origin: Origin,
    /// The forms in which it ever stood, parents before children; the first is the `new` itself.
    pub versions: Vec<Version>,
    /// Where it stands today. More than one place only while branches contradict each other.
    pub live_at: Vec<Address>,
    /// The position of the entry with which it stood nowhere any more; none while it is live.
    pub ended: Option<usize>,
}

/// A form in which a value stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The position of its entry.
    pub entry: usize,
    /// Where it stood.
    pub address: Address,
    /// The generation that it was sealed to; none where it stood in clear.
    pub generation: Option<GenerationId>,
}

/// Who is asked about.
#[derive(Debug, Clone)]
pub enum Who<'q> {
    /// A member, with every recipient that any policy in force ever gave them.
    Member(&'q MemberName),
    /// Whoever has the private halves of some recipients.
    Keys(&'q BTreeSet<Recipient>),
    /// Whoever has the keys of some generations since the entry at a position.
    Generations(&'q BTreeMap<GenerationId, usize>),
    /// The third party that the policy's rules name: it issued the values, or was given them.
    Vendor(&'q str),
    /// Whoever made it: all values that ever were sealed.
    Anyone,
}

/// A value that somebody could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The value: the `new` item that made it.
    pub origin: Origin,
    /// Where it stands today; nowhere when it is dead.
    pub live_at: Vec<Address>,
    /// The UTC day, as claimed, from which on they could read it.
    pub since: Date,
    /// The UTC day, as claimed, on which it ended; none while it is live.
    ///
    /// It may lie before `since`: who is let in later can still read what only the history holds.
    pub until: Option<Date>,
    /// The entry from which on they could read it: that of its token, or of the keyring that opens it.
    pub entry: EntryId,
    /// The entry that ended it.
    pub ended: Option<EntryId>,
}

impl Exposed {
    /// Tells whether the value is still in use.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.live_at.is_empty()
    }

    /// Tells whether the value was in use, and could be read, on any day of a span; both its ends belong to it.
    #[must_use]
    pub fn within(&self, since: Option<Date>, until: Option<Date>) -> bool {
        let began = until.is_none_or(|last| self.since <= last);
        let lasted = since.is_none_or(|first| self.until.is_none_or(|ended| ended >= first));
        began && lasted
    }
}

impl Record {
    /// Lists all values that were ever made, in the order of the log. Those of void entries are among them:
    /// they count for nothing, but whoever could open them has read them.
    #[must_use]
    pub fn values_made(&self) -> Vec<Made> {
        let mut all: Vec<Made> = Vec::new();
        let mut places: HashMap<(usize, &Address), usize> = HashMap::new();
        let addressed = self.addressed();
        for (entry, address, (op, of), generation) in &addressed {
            let version =
                Version { entry: *entry, address: address.clone(), generation: *generation };
            let made = match (op, of) {
                (Op::New, _) => {
                    let id = self.entries[*entry].id;
                    let origin = Origin { entry: id, address: address.clone() };
                    all.push(Made {
                        origin,
                        versions: Vec::new(),
                        live_at: Vec::new(),
                        ended: None,
                    });
                    all.len() - 1
                }
                (_, Some(of)) => {
                    let before = self.dag.index(&of.entry);
                    let made = before.and_then(|at| places.get(&(at, &of.address)));
                    let Some(made) = made else { continue };
                    *made
                }
                (_, None) => continue,
            };
            all[made].versions.push(version);
            places.insert((*entry, address), made);
        }
        for (address, standing) in self.standing_today() {
            if let Some(made) = places.get(&(standing.entry, &address)).copied() {
                all[made].live_at.push(address);
            }
        }
        for (at, made) in all.iter_mut().enumerate() {
            if made.live_at.is_empty() {
                made.ended = self.ended(&made.versions, |entry, address| {
                    places.get(&(entry, address)) == Some(&at)
                });
            }
        }
        all
    }

    /// Every item that leaves a value at its address, parents before children.
    #[expect(clippy::type_complexity, reason = "four facts of an item, used once, just above")]
    fn addressed(&self) -> Vec<(usize, Address, (Op, &Option<Origin>), Option<GenerationId>)> {
        let mut all = Vec::new();
        for entry in self.believed() {
            for file in self.entries[entry].entry.files() {
                let items = file.items.iter().filter(|item| item.op != Op::Delete);
                all.extend(items.map(|item| {
                    (entry, file.address(&item.key), (item.op, &item.of), item.generation)
                }));
            }
        }
        all
    }

    /// The entries that hold or are void, parents before children.
    fn believed(&self) -> impl Iterator<Item = usize> {
        self.dag.order().iter().copied().filter(|at| self.verdict(*at) != Verdict::Refused)
    }

    /// What stands, also where it is void or in dispute: until that is settled, all of it may be in use.
    fn standing_today(&self) -> Vec<(Address, Standing)> {
        let mut all = Vec::new();
        for (address, candidates) in self.standings() {
            let standing = match self.settle(&address, &candidates, None) {
                Settled::One(one) => vec![one],
                Settled::Concurrent(rivals) => rivals,
                Settled::Gone => Vec::new(),
            };
            let sets = standing.into_iter().filter(|it| it.effect == Effect::Sets);
            all.extend(sets.map(|it| (address.clone(), it)));
        }
        all
    }

    /// The last of the entries that put something else, or nothing, in the place of a value.
    fn ended(
        &self,
        versions: &[Version],
        is_it: impl Fn(usize, &Address) -> bool,
    ) -> Option<usize> {
        let ends = |version: &Version, at: usize| {
            let item = self.entries[at].entry.item(&version.address);
            item.is_some() && !is_it(at, &version.address)
        };
        let first_after = |version: &Version| {
            let mut later = self.naming(&version.address).iter().copied();
            later.find(|at| self.dag.is_ancestor(version.entry, *at) && ends(version, *at))
        };
        // What lost a dispute without anybody's word has no descendant that says so.
        let beside = |version: &Version| {
            self.naming(&version.address).iter().copied().rfind(|at| ends(version, *at))
        };
        let last = |found: &dyn Fn(&Version) -> Option<usize>| {
            versions.iter().filter_map(found).max_by_key(|at| self.dag.position(*at))
        };
        last(&first_after).or_else(|| last(&beside))
    }

    /// Every recipient that any policy in force ever gave a member; of a removed one, too.
    #[must_use]
    pub fn recipients_ever(&self, member: &MemberName) -> BTreeSet<Recipient> {
        let of = |step: &'_ Step| step.policy.members.get(member).map(|it| it.recipients.clone());
        self.steps_in_force().filter_map(of).flatten().collect()
    }

    /// Every keyring with the policy whose readers it was wrapped for, parents before children; those of void
    /// entries, too.
    #[must_use]
    pub fn keyrings_ever(&self) -> Vec<(usize, &KeyringRecord, &Policy)> {
        let of = |at: usize| {
            let policy = self.policy_at(at);
            let keyrings = self.entries[at].entry.keyrings().iter();
            keyrings.filter_map(move |keyring| Some((at, keyring, policy?)))
        };
        self.believed().flat_map(of).collect()
    }

    /// Lists the values that somebody could read, in the order of the log.
    #[must_use]
    pub fn exposed(&self, who: &Who<'_>) -> Vec<Exposed> {
        let opens = self.opens(who);
        self.values_made().iter().filter_map(|made| self.exposure(made, who, &opens)).collect()
    }

    /// The generations that somebody opens, each with the position of the first entry that let them.
    #[must_use]
    pub fn opens(&self, who: &Who<'_>) -> BTreeMap<GenerationId, usize> {
        let keys = match who {
            Who::Member(member) => self.recipients_ever(member),
            Who::Keys(keys) => (*keys).clone(),
            Who::Generations(known) => return (*known).clone(),
            Who::Vendor(_) | Who::Anyone => return BTreeMap::new(),
        };
        let mut opens = BTreeMap::new();
        for (at, keyring, policy) in self.keyrings_ever() {
            let readers = policy.reader_recipients(&keyring.env);
            if !readers.iter().any(|(_, recipient)| keys.contains(recipient)) {
                continue;
            }
            for generation in std::iter::once(&keyring.generation).chain(&keyring.earlier) {
                let first = opens.entry(*generation).or_insert(at);
                *first = self.earlier(*first, at);
            }
        }
        opens
    }

    /// From when on somebody could read a value; none where they could not, and for what was never sealed.
    #[must_use]
    pub fn exposure(
        &self,
        made: &Made,
        who: &Who<'_>,
        opens: &BTreeMap<GenerationId, usize>,
    ) -> Option<Exposed> {
        if made.versions.iter().all(|version| version.generation.is_none()) {
            return None;
        }
        let from = |version: &Version| match (who, version.generation) {
            // All who see the repository read what stands in clear.
            (Who::Vendor(vendor), _) => self.given(version, vendor),
            (Who::Anyone, _) | (_, None) => Some(version.entry),
            (_, Some(generation)) => {
                opens.get(&generation).map(|keyring| self.later(*keyring, version.entry))
            }
        };
        let found = made.versions.iter().filter_map(from);
        let from = found.reduce(|first, at| self.earlier(first, at))?;
        Some(Exposed {
            origin: made.origin.clone(),
            live_at: made.live_at.clone(),
            since: self.day_of(from),
            until: made.ended.map(|at| self.day_of(at)),
            entry: self.entries[from].id,
            ended: made.ended.map(|at| self.entries[at].id),
        })
    }

    /// The entry from which on a vendor had a value: that of the value, or of the rule that names the vendor,
    /// whichever is later.
    fn given(&self, version: &Version, vendor: &str) -> Option<usize> {
        let entry = &self.entries[version.entry].entry;
        let steps = self.steps_in_force();
        let its =
            steps.filter(|step| Some(step.id) == entry.policy || !self.chain.knew(entry, step));
        let names = |step: &&Step| step.policy.rule(&version.address).vendor == Some(vendor);
        let first = its.filter(names).map(|step| step.entry);
        let first = first.reduce(|first, at| self.earlier(first, at))?;
        Some(self.later(first, version.entry))
    }

    /// The UTC day that an entry claims.
    #[must_use]
    pub fn day_of(&self, entry: usize) -> Date {
        self.entries[entry].entry.time.to_zoned(TimeZone::UTC).date()
    }

    fn earlier(&self, one: usize, other: usize) -> usize {
        if self.moment(one) <= self.moment(other) { one } else { other }
    }

    fn later(&self, one: usize, other: usize) -> usize {
        if self.moment(one) > self.moment(other) { one } else { other }
    }

    /// A claimed time; of equal ones the log's order decides.
    fn moment(&self, entry: usize) -> (jiff::Timestamp, usize) {
        (self.entries[entry].entry.time, self.dag.position(entry))
    }
}
