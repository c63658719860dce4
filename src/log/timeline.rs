//! What stands at each address: the items that no later item has superseded.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::Dag;
use super::entry::{Entry, FileChange, Item, Op};
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
                // Almost every address has one, and there are thousands.
                let at = newest.entry(address).or_insert_with(|| Vec::with_capacity(1));
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
fn effects(entry: usize, of: &Entry) -> impl Iterator<Item = (Address, Standing)> {
    let own = items(of).map(move |(file, at, change, item)| {
        let gone = item.op == Op::Delete;
        let effect = if gone { Effect::Ends } else { Effect::Sets };
        (change.address(&item.key), Standing { entry, file, item: at, effect })
    });
    own.chain(moved_away(entry, of))
}

/// An entry's items, with the places of their files and their own.
fn items<'e>(of: &'e Entry) -> impl Iterator<Item = (usize, usize, &'e FileChange, &'e Item)> {
    let of_file = |(file, change): (usize, &'e FileChange)| {
        change.items.iter().enumerate().map(move |(at, item)| (file, at, change, item))
    };
    of.files().iter().enumerate().flat_map(of_file)
}

/// The sources of an entry's moves, but for those of which it says itself what stands there.
fn moved_away<'e>(entry: usize, of: &'e Entry) -> Vec<(Address, Standing)> {
    let moves = items(of).filter(|(.., item)| item.op == Op::Move);
    let source =
        |(file, at, _, item): (_, _, _, &'e Item)| Some((&item.of.as_ref()?.address, file, at));
    let mut sources: BTreeSet<(&Address, usize, usize)> = moves.filter_map(source).collect();
    if sources.is_empty() {
        return Vec::new();
    }
    let named: BTreeSet<_> =
        items(of).map(|(_, _, change, item)| change.address(&item.key)).collect();
    sources.retain(|(address, ..)| !named.contains(*address));
    let mut ended: Vec<(Address, Standing)> = Vec::new();
    for (address, file, item) in sources {
        if ended.last().is_none_or(|(last, _)| last != address) {
            ended.push((address.clone(), Standing { entry, file, item, effect: Effect::Ends }));
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::entry::{Kind, Origin};
    use crate::names::EntryId;

    /// Lines of `name: parents; op KEY [< entry KEY] = hash, …`; made into entries and a verdict.
    struct Story {
        names: Vec<String>,
        ids: Vec<EntryId>,
        parents: Vec<Vec<EntryId>>,
        entries: Vec<Entry>,
    }

    fn id(name: &str) -> EntryId {
        EntryId::of(name.as_bytes())
    }

    fn address(key: &str) -> Address {
        format!("prod/a.env#{key}").parse().unwrap()
    }

    fn item(text: &str) -> Item {
        let (left, hash) = text.split_once(" = ").unwrap_or((text, ""));
        let mut words = left.split(' ');
        let word = words.next().unwrap();
        let key = words.next().unwrap();
        let of = words.next().and_then(|_| words.next()).map(|entry| Origin {
            entry: id(entry),
            address: address(words.next().unwrap_or(key)),
        });
        Item {
            op: Op::ALL.into_iter().find(|op| op.word() == word).unwrap(),
            key: key.parse().unwrap(),
            of,
            generation: None,
            kind: None,
            due: None,
            hash: (!hash.is_empty()).then(|| Sha256::of(hash.as_bytes())),
        }
    }

    fn story(text: &str) -> Story {
        let mut story = Story { names: vec![], ids: vec![], parents: vec![], entries: vec![] };
        for line in text.trim().lines() {
            let (name, rest) = line.trim().split_once(':').unwrap();
            let (parents, items) = rest.split_once(';').unwrap();
            story.names.push(name.to_owned());
            story.ids.push(id(name));
            story.parents.push(parents.split_whitespace().map(id).collect());
            let items = items.split(',').map(|text| item(text.trim())).collect();
            let env = "prod".parse().unwrap();
            let files = vec![FileChange { env, path: "a.env".parse().unwrap(), items }];
            story.entries.push(Entry {
                kind: Kind::Seal { files, keyrings: Vec::new() },
                root: None,
                parents: Vec::new(),
                policy: None,
                time: jiff::Timestamp::UNIX_EPOCH,
                by: "ana".parse().unwrap(),
                reason: None,
            });
        }
        story
    }

    impl Story {
        /// The verdict about a key: a name, `gone`, or the concurrent names in order of the story.
        fn settle(&self, key: &str, on_disk: &str) -> String {
            self.settle_without(key, on_disk, "")
        }

        fn settle_without(&self, key: &str, on_disk: &str, void: &str) -> String {
            let list: Vec<(EntryId, &[EntryId])> =
                self.ids.iter().zip(&self.parents).map(|(id, p)| (*id, p.as_slice())).collect();
            let dag = Dag::build(&list).unwrap();
            let entries: Vec<&Entry> = self.entries.iter().collect();
            let timeline = Timeline { entries: &entries, dag: &dag };
            let newest = timeline.newest(|entry| self.names[entry] != void);
            let at = address(key);
            let standing = newest.get(&at).map(Vec::as_slice).unwrap_or_default();
            match timeline.settle(&at, standing, Some(&Sha256::of(on_disk.as_bytes()))) {
                Settled::One(one) => self.names[one.entry].clone(),
                Settled::Gone => "gone".to_owned(),
                Settled::Concurrent(many) => {
                    let mut names: Vec<_> =
                        many.iter().map(|at| self.names[at.entry].as_str()).collect();
                    names.sort_unstable();
                    names.join(" ")
                }
            }
        }
    }

    #[test]
    fn the_newest_in_line_stands() {
        let story = story(
            "a: ; new K = 1, new L = 1
             b: a; rekey K < a = 2
             c: b; new K = 3",
        );
        assert_eq!(story.settle("K", "3"), "c");
        assert_eq!(story.settle("L", "1"), "a");
        assert_eq!(story.settle("M", "1"), "gone");
        assert_eq!(story.settle_without("K", "2", "c"), "b");
    }

    #[test]
    fn two_new_values_contradict_each_other_whatever_is_on_disk() {
        let text = "a: ; new K = 1
                    b: a; new K = 2
                    c: a; new K = 3";
        for on_disk in ["1", "2", "3"] {
            assert_eq!(story(text).settle("K", on_disk), "b c");
        }
        let merged = format!("{text}\n d: b c; adopt K < b = 2");
        assert_eq!(story(&merged).settle("K", "2"), "d");
    }

    #[test]
    fn a_new_value_beats_what_was_made_of_its_base() {
        for op in ["rekey", "adopt", "extend"] {
            let story = story(&format!(
                "a: ; new K = 1
                 b: a; new K = 2
                 c: a; {op} K < a = 3
                 d: c; rekey K < c = 4"
            ));
            assert_eq!(story.settle("K", "2"), "b", "{op}");
            assert_eq!(story.settle("K", "4"), "b d", "{op}");
        }
    }

    #[test]
    fn a_new_value_does_not_beat_what_was_made_of_another() {
        let story = story(
            "a: ; new K = 1
             b: a; new K = 2
             c: a; new K = 3
             d: c; rekey K < c = 4
             e: a; delete K < a",
        );
        assert_eq!(story.settle_without("K", "2", "e"), "b d");
        assert_eq!(story.settle_without("K", "2", "d"), "b c e");
    }

    #[test]
    fn a_move_ends_its_source() {
        let text = "a: ; new K = 1
                    b: a; move L < a K = 1";
        assert_eq!(story(text).settle("K", "1"), "gone");
        assert_eq!(story(text).settle("L", "1"), "b");
        let again = format!("{text}\n c: b; new K = 2");
        assert_eq!(story(&again).settle("K", "2"), "c");
        let beside = format!("{text}\n c: a; new K = 2");
        assert_eq!(story(&beside).settle("K", "2"), "c");
        let rekeyed = format!("{text}\n c: a; rekey K < a = 2");
        assert_eq!(story(&rekeyed).settle("K", "2"), "b c");
    }

    #[test]
    fn a_move_leaves_what_its_own_entry_puts_at_the_source() {
        let story = story(
            "a: ; new K = 1
             b: a; new K = 2, move K_PREVIOUS < a K = 1",
        );
        for on_disk in ["2", "elsewhere"] {
            assert_eq!(story.settle("K", on_disk), "b");
            assert_eq!(story.settle("K_PREVIOUS", on_disk), "b");
        }
    }

    #[test]
    fn a_move_into_an_address_is_not_made_of_its_base() {
        let story = story(
            "a: ; new K = 1, new L = 5
             b: a; new K = 2
             c: a; move K < a L = 5",
        );
        assert_eq!(story.settle("K", "2"), "b c");
    }

    #[test]
    fn equal_outcomes_count_as_one() {
        let story = story(
            "a: ; new K = 1
             b: a; adopt K < a = 1
             c: a; extend K < a = 1
             d: a; delete L < a
             e: a; move M < a L = 1",
        );
        assert!(["b", "c"].contains(&story.settle("K", "1").as_str()));
        assert_eq!(story.settle("L", "1"), "gone");
    }
}
