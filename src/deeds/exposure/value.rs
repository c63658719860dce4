//! Which value it was that leaked: all that one's own keys open is compared with it, in memory alone.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::history::{Past, Scope};
use super::rings::Rings;
use super::tokens::{Hit, Search};
use super::{Looked, Progress, Proof, Shown, Unlogged, Value, Wanted};
use crate::deeds::DeedError;
use crate::deeds::enact::{Edited, nothing_blocks};
use crate::deeds::get;
use crate::deeds::load::Place;
use crate::deeds::set::without_line_break;
use crate::document::Document;
use crate::keyring::Generation;
use crate::log::entry::KeyringRecord;
use crate::names::{EnvName, MemberName};
use crate::secret::Plaintext;
use crate::verify::Record;
use crate::verify::exposed::{Made, Opens, Who};
use crate::world::World;
use crate::world::keys::KeysError;

/// The least that a part of a file must have to be told from chance.
const PART: usize = 8;

/// What a leaked value turned out to be.
#[derive(Debug)]
pub struct Leaked {
    /// The values that were this one: those in use first.
    pub matches: Vec<Match>,
    /// Where it stood, and no entry that is here says so.
    pub unlogged: Vec<Unlogged>,
    /// How many values of the log the keys at hand would open, and no token of them is anywhere in this clone.
    pub absent: usize,
    /// The environments that no key at hand opens.
    pub closed: Vec<EnvName>,
    /// What was looked at.
    pub looked: Looked,
}

/// A value that was the leaked one.
#[derive(Debug)]
pub struct Match {
    /// Which.
    pub value: Value,
    /// Whether the leaked one is only a part of a file that is sealed whole.
    pub is_part: bool,
    /// Who made it.
    pub by: MemberName,
    /// Who could read it, and from when on.
    pub readers: Vec<Reader>,
}

/// Somebody who could read a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub member: MemberName,
    /// The UTC day, as claimed, from which on.
    pub since: Date,
    /// Whether the policy in force lets them read its environment.
    pub reads: bool,
}

/// Finds a leaked value among all that ever stood here.
///
/// # Errors
/// [`KeysError::None`] where no key at hand opens any keyring; what keeps the log from being believed.
pub fn find(
    world: &World,
    leaked: &Plaintext,
    wanted: &Wanted,
    progress: Progress<'_>,
) -> Result<Leaked, DeedError> {
    let place = Place::find(world)?;
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    let past = Past::gather(&place, &record, Scope::Everything)?;
    let rings = own(&place, &record, &past)?;
    let made = record.values_made();
    let (mut found, mut parts) = (BTreeSet::new(), BTreeSet::new());
    let (mut unlogged, mut compared, mut opened) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut search = Search::of(&record, &made, &rings)?;
    search.all(&place, &past, progress, &mut |hit| {
        opened += 1;
        compared.extend(hit.made);
        match (compare(&hit, leaked), hit.made) {
            (Likeness::None, _) => {}
            (Likeness::Same, Some(made)) => _ = found.insert(made),
            (Likeness::Part, Some(made)) => _ = parts.insert(made),
            (_, None) => _ = unlogged.insert(Unlogged::of(&hit)),
        }
    })?;
    let told = Told { record: &record, made: &made, members: members(&record), wanted };
    let shown = Shown::of(&record, &past, &made);
    let all = found.iter().chain(parts.difference(&found));
    let mut matches: Vec<_> = all
        .filter_map(|at| told.one(&shown, *at, parts.contains(at) && !found.contains(at)))
        .collect();
    matches.sort_by_cached_key(|it| (!it.value.window.is_live(), it.value.name.clone()));
    Ok(Leaked {
        matches,
        unlogged: unlogged.into_iter().collect(),
        absent: absent(&made, &compared, (&rings, wanted)),
        closed: closed(&record, &rings),
        looked: Looked {
            keyrings: past.keyrings.len(),
            keyrings_opened: rings.opened,
            files: past.files.len(),
            opened,
            is_cut: past.is_cut,
        },
    })
}

/// Opens keyrings with the keys at hand, the newest first: those before it are held in it.
fn own(place: &Place<'_>, record: &Record, past: &Past) -> Result<Rings, DeedError> {
    let mut rings = Rings::none(record);
    let attested = record.keyrings_ever();
    let holds = |ring: &KeyringRecord, rings: &Rings| {
        let mut all = ring.earlier.iter().chain([&ring.generation]);
        all.all(|id| rings.generations.iter().any(|known| known.id() == *id))
    };
    let mut closed = None;
    for file in past.keyrings.iter().rev() {
        let known = attested.iter().find(|(_, ring, _)| ring.hash == file.hash);
        if known.is_some_and(|(_, ring, _)| holds(ring, &rings)) {
            continue;
        }
        match place.world.identities().open(&file.bytes) {
            Ok(opened) => rings.take(file, Some(&opened)),
            Err(why @ KeysError::None { .. }) => closed = Some(why),
            Err(KeysError::NotAge | KeysError::Damaged { .. } | KeysError::PluginFailed { .. }) => {
            }
            Err(why) => return Err(why.into()),
        }
    }
    match closed {
        Some(why) if rings.generations.is_empty() => Err(why.into()),
        _ => Ok(rings),
    }
}

/// Counts the values that could be opened and were not compared, since none of their tokens was found.
fn absent(made: &[Made], compared: &BTreeSet<usize>, (rings, wanted): (&Rings, &Wanted)) -> usize {
    let hashes = |made: &Made| made.versions.iter().filter_map(|it| it.hash).collect::<Vec<_>>();
    // Two values may have one token: what was carried on by two branches.
    let seen: BTreeSet<_> = compared.iter().flat_map(|at| hashes(&made[*at])).collect();
    let ours: BTreeSet<_> = rings.generations.iter().map(Generation::id).collect();
    let openable = |made: &&Made| {
        let mut generations = made.versions.iter().filter_map(|it| it.generation);
        generations.any(|generation| ours.contains(&generation))
    };
    let meant =
        |made: &&Made| wanted.env.as_ref().is_none_or(|only| *only == made.origin.address.env);
    let missing = |made: &&Made| !hashes(made).iter().any(|hash| seen.contains(hash));
    made.iter().filter(openable).filter(meant).filter(missing).count()
}

fn closed(record: &Record, rings: &Rings) -> Vec<EnvName> {
    let envs: BTreeSet<_> = rings.envs.values().collect();
    let opened: BTreeSet<_> =
        rings.generations.iter().filter_map(|it| rings.envs.get(&it.id())).collect();
    let known = |env: &&&EnvName| !record.keyrings(env).is_empty();
    envs.difference(&opened).filter(known).map(|env| (*env).clone()).collect()
}

/// How alike two values are.
#[derive(PartialEq, Eq)]
enum Likeness {
    None,
    Part,
    Same,
}

fn compare(hit: &Hit<'_>, leaked: &Plaintext) -> Likeness {
    let Some((text, format, token)) = hit.within else {
        return whole(&hit.opened, leaked);
    };
    // What a reader gets is never longer than how it is written.
    if hit.opened.len() < leaked.len() {
        return Likeness::None;
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+/=@".contains(byte);
    let is_same = if hit.opened.expose().iter().all(plain) {
        hit.opened.expose() == leaked.expose()
    } else {
        let document = Document::parse(format, text).ok();
        let value = document.and_then(|document| {
            let mut leaves = document.leaves.iter();
            let leaf = leaves.find(|leaf| document.token(leaf) == Some(token))?;
            get::decoded((&hit.address.path, &document), leaf, &hit.opened).ok()?
        });
        value.is_some_and(|value| without_line_break(&value).expose() == leaked.expose())
    };
    if is_same { Likeness::Same } else { Likeness::None }
}

fn whole(file: &Plaintext, leaked: &Plaintext) -> Likeness {
    let (file, leaked) = (without_line_break(file), leaked.expose());
    if file.expose() == leaked {
        return Likeness::Same;
    }
    let within = leaked.len() >= PART && file.expose().windows(leaked.len()).any(|it| it == leaked);
    if within { Likeness::Part } else { Likeness::None }
}

/// Every member that ever was, with what they open.
fn members(record: &Record) -> Vec<(MemberName, Opens)> {
    let all: BTreeSet<_> =
        record.steps_in_force().flat_map(|step| step.policy.members.keys()).collect();
    all.into_iter().map(|name| (name.clone(), record.opens(&Who::Member(name)))).collect()
}

struct Told<'r> {
    record: &'r Record,
    made: &'r [Made],
    members: Vec<(MemberName, Opens)>,
    wanted: &'r Wanted,
}

impl Told<'_> {
    fn one(&self, shown: &Shown<'_>, at: usize, is_part: bool) -> Option<Match> {
        let made = &self.made[at];
        let nobody = Opens::new();
        let exposed = self.record.exposure(made, &Who::Anyone, &nobody)?;
        if !self.wanted.takes(&exposed) {
            return None;
        }
        let entry = self.record.dag.index(&made.origin.entry)?;
        let env = &made.origin.address.env;
        let now = self.record.policy().map(|policy| policy.readers(env)).unwrap_or_default();
        let reader = |(member, opens): &(MemberName, Opens)| {
            let exposed = self.record.exposure(made, &Who::Opening(opens), opens)?;
            let reads = now.contains(member);
            let reader = Reader { member: member.clone(), since: exposed.since, reads };
            self.wanted.takes(&exposed).then_some(reader)
        };
        Some(Match {
            readers: self.members.iter().filter_map(reader).collect(),
            by: self.record.entries[entry].entry.by.clone(),
            value: shown.value(exposed, Proof::Opened),
            is_part,
        })
    }
}
