//! Which values could be read by whom, from when on: by the log alone, and without a key.
//!
//! A keyring is never taken back. Whoever it was wrapped for opens, for as long as the repository keeps its
//! history, every token that was ever sealed to a generation it holds, also those of before it was made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Record, Step, Verdict};
use crate::log::entry::{Item, KeyringRecord, Op, Origin};
use crate::log::timeline::{Effect, Settled, Standing};
use crate::names::{Address, EntryId, GenerationId, MemberName, Sha256};
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
    /// The position of the newest entry that it stands by; none when it is dead.
    pub stands: Option<usize>,
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
    /// The hash of its bytes there.
    pub hash: Option<Sha256>,
}

/// From when on somebody has the key of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since {
    /// As the signer claims, or the commit.
    pub time: Timestamp,
    /// The position of the entry that says so; none where only the history does.
    pub entry: Option<usize>,
}

/// The generations that somebody opens.
pub type Opens = BTreeMap<GenerationId, Since>;

impl Made {
    fn by(entry: EntryId, version: &Version) -> Self {
        let origin = Origin { entry, address: version.address.clone() };
        Self { origin, versions: Vec::new(), live_at: Vec::new(), stands: None, ended: None }
    }
}

/// Who is asked about.
#[derive(Debug, Clone)]
pub enum Who<'q> {
    /// A member, with every recipient that any policy in force ever gave them.
    Member(&'q MemberName),
    /// Whoever has the private halves of some recipients.
    Keys(&'q BTreeSet<Recipient>),
    /// Whoever opens some generations.
    Opening(&'q Opens),
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
    /// The entry that shows what became of it: the newest that it stands by, or the one that ended it.
    pub shown: Option<EntryId>,
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
        let versions = self.versions_ever();
        for (version, item) in &versions {
            let before = item.of.as_ref().filter(|_| item.op != Op::New);
            let made = match before {
                None if item.op == Op::New => {
                    all.push(Made::by(self.entries[version.entry].id, version));
                    all.len() - 1
                }
                None => continue,
                Some(of) => {
                    let before = self.dag.index(&of.entry);
                    let made = before.and_then(|at| places.get(&(at, &of.address)));
                    let Some(made) = made else { continue };
                    *made
                }
            };
            all[made].versions.push(version.clone());
            places.insert((version.entry, &version.address), made);
        }
        for (address, standing) in self.standing_today() {
            if let Some(made) = places.get(&(standing.entry, &address)).copied() {
                let made = &mut all[made];
                made.live_at.push(address);
                let newest =
                    made.stands.map_or(standing.entry, |at| self.later(at, standing.entry));
                made.stands = Some(newest);
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

    /// The name by which a value was in use last, and not one beside it under which it was pending or previous;
    /// where it never was in use, the last that it had.
    #[must_use]
    pub fn called<'m>(&self, made: &'m Made) -> &'m Address {
        let mut names = made.versions.iter().rev().map(|version| &version.address);
        let own = names.clone().find(|at| self.stands_beside(at).is_none());
        own.or_else(|| names.next()).unwrap_or(&made.origin.address)
    }

    /// Every item that leaves a value at its address, parents before children.
    fn versions_ever(&self) -> Vec<(Version, &Item)> {
        let mut all = Vec::new();
        for entry in self.believed() {
            for file in self.entries[entry].entry.files() {
                let items = file.items.iter().filter(|item| item.op != Op::Delete);
                all.extend(items.map(|item| {
                    let address = file.address(&item.key);
                    let Item { generation, hash, .. } = *item;
                    (Version { entry, address, generation, hash }, item)
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
            let all = self.naming(&version.address);
            let own = self.dag.position(version.entry);
            let later = all.partition_point(|at| self.dag.position(*at) <= own);
            let mut later = all[later..].iter().copied();
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
        let steps: Vec<_> = self.steps_in_force().collect();
        let made = self.values_made();
        made.iter().filter_map(|made| self.seen(made, who, (&opens, &steps))).collect()
    }

    /// The generations that somebody opens, each from the first keyring on that holds it.
    #[must_use]
    pub fn opens(&self, who: &Who<'_>) -> Opens {
        let keys = match who {
            Who::Member(member) => self.recipients_ever(member),
            Who::Keys(keys) => (*keys).clone(),
            Who::Opening(opens) => return (*opens).clone(),
            Who::Vendor(_) | Who::Anyone => return Opens::new(),
        };
        let mut opens = Opens::new();
        for (at, keyring, policy) in self.keyrings_ever() {
            let readers = policy.reader_recipients(&keyring.env);
            if readers.iter().any(|(_, recipient)| keys.contains(recipient)) {
                self.let_open(&mut opens, (at, keyring));
            }
        }
        opens
    }

    /// Adds what a keyring opens, from its entry on.
    pub fn let_open(&self, opens: &mut Opens, (at, keyring): (usize, &KeyringRecord)) {
        let since = Since { time: self.entries[at].entry.time, entry: Some(at) };
        for generation in std::iter::once(&keyring.generation).chain(&keyring.earlier) {
            let first = opens.entry(*generation).or_insert(since);
            *first = if since.time < first.time { since } else { *first };
        }
    }

    /// From when on somebody could read a value; none where they could not, and for what was never sealed.
    #[must_use]
    pub fn exposure(&self, made: &Made, who: &Who<'_>, opens: &Opens) -> Option<Exposed> {
        let steps = match who {
            Who::Vendor(_) => self.steps_in_force().collect(),
            _ => Vec::new(),
        };
        self.seen(made, who, (opens, &steps))
    }

    fn seen(
        &self,
        made: &Made,
        who: &Who<'_>,
        (opens, steps): (&Opens, &[&Step]),
    ) -> Option<Exposed> {
        if made.versions.iter().all(|version| version.generation.is_none()) {
            return None;
        }
        let from = |version: &Version| {
            let own =
                Since { time: self.entries[version.entry].entry.time, entry: Some(version.entry) };
            let since = match (who, version.generation) {
                (Who::Vendor(vendor), _) => self.given(version, vendor, steps)?,
                // All who see the repository read what stands in clear.
                (Who::Anyone, _) | (_, None) => own,
                (_, Some(generation)) => *opens.get(&generation)?,
            };
            let later = if since.time > own.time { since } else { own };
            Some((later.time, later.entry.unwrap_or(version.entry)))
        };
        let first = made.versions.iter().filter_map(from);
        let (time, entry) = first.min_by_key(|(time, entry)| (*time, self.dag.position(*entry)))?;
        Some(Exposed {
            origin: made.origin.clone(),
            live_at: made.live_at.clone(),
            since: time.to_zoned(TimeZone::UTC).date(),
            until: made.ended.map(|at| self.day_of(at)),
            entry: self.entries[entry].id,
            shown: made.stands.or(made.ended).map(|at| self.entries[at].id),
        })
    }

    /// From when on a vendor had a value: since it is, or since a rule names the vendor.
    fn given(&self, version: &Version, vendor: &str, steps: &[&Step]) -> Option<Since> {
        let entry = &self.entries[version.entry].entry;
        let its = steps.iter().copied();
        let its = its.filter(|step| Some(step.id) == entry.policy || !self.chain.knew(entry, step));
        let names = |step: &&Step| step.policy.rule(&version.address).vendor == Some(vendor);
        let first = its
            .filter(names)
            .map(|step| step.entry)
            .reduce(|a, b| if self.later(a, b) == a { b } else { a })?;
        Some(Since { time: self.entries[first].entry.time, entry: Some(first) })
    }

    /// The UTC day that an entry claims.
    #[must_use]
    pub fn day_of(&self, entry: usize) -> Date {
        self.entries[entry].entry.time.to_zoned(TimeZone::UTC).date()
    }

    /// The later of two entries by the times they claim; of equal ones the log's order decides.
    fn later(&self, one: usize, other: usize) -> usize {
        let moment = |at: usize| (self.entries[at].entry.time, self.dag.position(at));
        if moment(one) > moment(other) { one } else { other }
    }
}
