//! The end of a rotation: what was before is ended at its issuer, and taken away where it still stands.
//! Mission, section F.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::desk::take_away;
use super::patience::{Haste, is_spent};
use super::state::{name, refuse};
use super::{Asked, earlier, receipts, steps, turns};
use crate::deeds::DeedError;
use crate::deeds::attest::{Work, attest};
use crate::deeds::find::{self, Found};
use crate::deeds::load::{Loaded, Place};
use crate::deeds::pen::Receipt;
use crate::deeds::ring::Ring;
use crate::deeds::sealing::Sealing;
use crate::deliver::steers;
use crate::log::entry::{Grade, Note, Origin};
use crate::names::{Address, ConsumerName, KeyPath, Segment, Stage, Target};
use crate::secret::Plaintext;
use crate::verify::{Made, Verified};
use crate::world::child::{Child, Ending};
use crate::world::{World, Writes};

/// What ends with a rotation's last step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The current value's place.
    pub address: Address,
    /// The values that were before and have no recorded end, the oldest first.
    pub values: Vec<Made>,
    /// Where one of them still stands.
    pub previous: Option<Address>,
    /// Where the name of its user still stands, which goes with it.
    pub user: Option<Address>,
    /// Who uses the value, as the policy says, and has shown no receipt of the current one.
    pub consumers: Vec<ConsumerName>,
    /// How the policy says that such a value is ended at its issuer.
    pub revoke: Option<String>,
    /// Those of the values of which no end is to be recorded: a program was to be asked, and they are not at hand.
    pub unasked: Vec<Unasked>,
}

/// An old value that is not at hand any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unasked {
    /// The `new` item that made it.
    pub origin: Origin,
    /// Whether it was only ever pending: its issuer may never have heard of it.
    pub was_pending: bool,
}

/// Old values that wait for their end.
pub(super) struct Old {
    /// Those at hand, the oldest first.
    pub(super) values: Vec<Plaintext>,
    /// The others.
    pub(super) lost: Vec<Unasked>,
}

/// What was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Per secret.
    pub values: Vec<Waiting>,
    /// How well it is known.
    pub grade: Grade,
    /// The entry, or the first of several.
    pub receipt: Receipt,
}

/// What a program said of an old value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is refused: the program ended with 1.
    Refused,
    /// It is still taken: the program ended with 0.
    Alive,
    /// The program ended in another way.
    Unclear(Ending),
    /// It was not asked, since nothing is to be done.
    NotAsked,
}

impl Waiting {
    /// The values of which an end is recorded.
    pub fn ended(&self) -> impl Iterator<Item = &Made> {
        let asked = |made: &&Made| self.unasked.iter().all(|it| it.origin != made.origin);
        self.values.iter().filter(asked)
    }
}

/// Finds what the last step would end; nothing is written.
///
/// # Errors
/// [`DeedError::NoSecret`]; [`DeedError::Refuse`] where nothing waits to be ended.
pub fn waiting(
    world: &World,
    asked: &[Asked],
    receipts: &[PathBuf],
    haste: Haste,
) -> Result<Vec<Waiting>, DeedError> {
    let receipts = receipts::read(world, receipts)?;
    let place = Place::find(world)?;
    let loaded = load(&place, asked)?;
    let mut all: Vec<Waiting> = Vec::new();
    for one in asked {
        let verified = loaded.verified(&one.query.env)?;
        let mut waits = of_secret(&verified, secret(&verified, one)?)?;
        is_spent(&verified, &waits, (haste, place.today()))?;
        waits.consumers = receipts::without(&verified, &waits.address, &receipts);
        if all.iter().any(|it| it.address == waits.address) {
            return refuse(format!("`{}` is named twice", waits.address), None);
        }
        all.push(waits);
    }
    Ok(all)
}

/// Loads what is asked about; all of it where the environment is gone, whose values are ended all the same.
fn load(place: &Place<'_>, asked: &[Asked]) -> Result<Loaded, DeedError> {
    let missing = match place.load(steps::scope(asked)) {
        Err(DeedError::NoEnvironment { env, known }) => (env, known),
        other => return other,
    };
    let all = place.load(None)?;
    let (env, known) = missing;
    match all.record.ever_named(&env).is_empty() {
        true => Err(DeedError::NoEnvironment { env, known }),
        false => Ok(all),
    }
}

/// The secret that is meant: it may stand no more, when it was taken away and has no recorded end yet.
fn secret(verified: &Verified<'_>, asked: &Asked) -> Result<Address, DeedError> {
    let Asked { query, text } = asked;
    let missing = match find::value(verified, query, text) {
        Ok(found) => return Ok(found.address()),
        Err(missing @ DeedError::NoSecret { .. }) => missing,
        Err(other) => return Err(other),
    };
    let named = verified.record.ever_named(&query.env);
    let is = |target: &Target, at: &Address| match target {
        Target::Key(key) => at.key == *key,
        Target::InFile(path, key) => at.path == *path && at.key == *key,
        Target::File(path) => at.path == *path && at.key == KeyPath::Whole,
    };
    let by_target = query.targets.iter().map(|target| {
        let found = named.iter().filter(|at| is(target, at));
        found.cloned().collect::<Vec<_>>()
    });
    let mut found = by_target.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found.len() {
        0 => Err(missing),
        1 => Ok(found.remove(0)),
        _ => Err(DeedError::Ambiguous { env: query.env.clone(), text: text.clone(), found }),
    }
}

fn of_secret(verified: &Verified<'_>, address: Address) -> Result<Waiting, DeedError> {
    let at = name(verified, &address);
    if let Some((stage, base)) = verified.stage(&address) {
        let of = name(verified, &base);
        let what = format!("{at} is the {} value of {of}", stage.word());
        return refuse(what, format!("tenure rotate {of} --finish"));
    }
    turns::names_no_user(verified, &address, " --finish")?;
    let previous = address.beside(Stage::Previous);
    let previous = previous.filter(|at| matches!(verified.stage(at), Some((Stage::Previous, _))));
    let stands = previous.as_ref().and_then(|at| {
        let live = verified.live.get(at)?;
        let (entry, origin) = verified.record.origin_of(at, *live);
        Some((entry, origin.clone()))
    });
    let living = verified.living();
    let ended = verified.record.revoked();
    let mut values = verified.record.ever_made(&address);
    values.retain(|made| {
        let origin = (made.entry, made.origin.address.clone());
        let gone = !living.contains(&origin) || stands.as_ref() == Some(&origin);
        gone && !ended.contains(&made.origin)
    });
    if values.is_empty() && previous.is_none() {
        let what = format!("no earlier value of {at} waits for its end");
        let rotate = verified.live.contains_key(&address).then(|| verified.renewal(&address));
        return refuse(what, rotate);
    }
    let consumers = verified.policy.rule(&address).used_by.to_vec();
    let kind = values.last().and_then(|made| made.kind.as_ref());
    let revoke = kind.and_then(|kind| verified.policy.types.get(kind)?.revoke.clone());
    let user = match &previous {
        Some(_) => turns::along(verified, &address, Stage::Previous)?,
        None => None,
    };
    let user = user.and_then(|user| user.beside(Stage::Previous));
    let unasked = Vec::new();
    Ok(Waiting { address, values, previous, user, consumers, revoke, unasked })
}

/// Asks a program whether the old values of one secret are refused: it gets each under the secret's name in
/// its environment, that of a whole file on its stdin. What it prints goes to our stderr.
///
/// # Errors
/// [`DeedError::Refuse`] where no old value is at hand any more; [`DeedError::Child`] where the
/// program does not start.
pub fn probe(
    world: &World,
    waiting: &Waiting,
    (program, args): (&OsStr, &[OsString]),
) -> Result<(Answer, Vec<Unasked>), DeedError> {
    let Old { values, lost } = old_values(world, waiting)?;
    if world.writes == Writes::Dry {
        return Ok((Answer::NotAsked, lost));
    }
    let name = variable(&waiting.address.key)?;
    for value in values {
        let (set, input) = match &name {
            Some(name) => (vec![(name.clone(), value)], None),
            None => (Vec::new(), Some(value)),
        };
        let child = Child { program, args, folder: &world.from, set: &set, remove: &[] };
        match child.run_aside(input.as_ref())? {
            Ending::Status(1) => {}
            Ending::Status(0) => return Ok((Answer::Alive, lost)),
            other => return Ok((Answer::Unclear(other), lost)),
        }
    }
    Ok((Answer::Refused, lost))
}

/// The name of the variable that a program gets an old value in; none for a whole file.
fn variable(key: &KeyPath) -> Result<Option<String>, DeedError> {
    let names: Vec<_> = key
        .segments()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key { name, .. } => Some(name.as_str()),
            Segment::Index(_) | Segment::AnyIndex => None,
        })
        .collect();
    let name = match names.as_slice() {
        [] => return Ok(None),
        [one] => (*one).to_owned(),
        several => several.join("_").replace(['-', '.'], "_").to_ascii_uppercase(),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !name.bytes().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) || steers(&name) {
        return refuse(
            format!("`{key}` is no name of a variable that a program may be given"),
            "say that it was ended, without a program: --finish".to_owned(),
        );
    }
    Ok(Some(name))
}

/// Opens the values that wait for their end, as far as they are at hand.
pub(super) fn old_values(world: &World, waiting: &Waiting) -> Result<Old, DeedError> {
    let Waiting { address, values, .. } = waiting;
    let place = Place::find(world)?;
    let loaded = place.load(Some(&address.env))?;
    let verified = loaded.verified(&address.env)?;
    let ring = Ring::open(world, &verified, &address.env)?;
    let Address { env, path, key } = address.clone();
    let found = Found { env, path, key };
    let earlier = earlier::find(&place, (&verified, &ring), &found, values)?;
    if earlier.values.is_empty() {
        let what = format!(
            "no old value of {} is at hand any more, to ask a program about",
            name(&verified, address)
        );
        return refuse(what, "say that they were ended, without a program: --finish".to_owned());
    }
    let mut found = earlier.values;
    found.sort_by_key(|(made, _)| *made);
    let is_lost = |at: usize| found.iter().all(|(made, _)| *made != at);
    let lost = values.iter().enumerate().filter(|(at, _)| is_lost(*at));
    let lost = lost.map(|(_, made)| Unasked {
        origin: made.origin.clone(),
        was_pending: made.tokens.iter().all(|token| is_next(&token.address)),
    });
    Ok(Old { lost: lost.collect(), values: found.into_iter().map(|(_, value)| value).collect() })
}

fn is_next(address: &Address) -> bool {
    address.beside_what().is_some_and(|(stage, _)| stage == Stage::Next)
}

/// Records that old values were ended at their issuers, and takes away those that still stand.
///
/// # Errors
/// [`DeedError::Refuse`] where it is not what was waiting any more; [`DeedError::NotAllowed`].
pub fn finish(
    world: &World,
    asked: &[Asked],
    seen: &[Waiting],
    grade: Grade,
    reason: Option<&str>,
) -> Result<Finished, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = load(&place, asked)?;
    let mut work = Work { reason: reason.map(str::to_owned), ..Work::default() };
    let mut gone: Vec<Address> = Vec::new();
    for (one, seen) in asked.iter().zip(seen) {
        let verified = loaded.verified(&one.query.env)?;
        let (consumers, unasked) = (seen.consumers.clone(), seen.unasked.clone());
        let now = Waiting { consumers, unasked, ..of_secret(&verified, secret(&verified, one)?)? };
        if now != *seen {
            return refuse(format!("`{}` changed meanwhile", seen.address), None);
        }
        let of = seen.ended().map(|made| made.origin.clone());
        work.notes.extend(of.map(|value| Note::Revoked { value, grade }));
        gone.extend(seen.previous.iter().chain(&seen.user).cloned());
    }
    gone.sort();
    for of_env in gone.chunk_by(|a, b| a.env == b.env) {
        let Some(env) = of_env.first().map(|at| &at.env) else { continue };
        let verified = loaded.verified(env)?;
        let ring = Ring::to_write(&place, &verified, env, Ring::open)?;
        let today = place.today();
        take_away(Sealing { verified: &verified, env, ring: &ring, today }, of_env, &mut work)?;
    }
    let receipt = attest(&place, &loaded.judged()?, work)?;
    Ok(Finished { values: seen.to_vec(), grade, receipt })
}
