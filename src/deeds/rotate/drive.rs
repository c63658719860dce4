//! Rotations that a command of the user's takes part in: it makes the new value, has its issuer accept it, tries
//! it, and in the end has the old one refused. Mission, section F.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use jiff::civil::Date;

use super::finish::{Waiting, old_values};
use super::patience::{Haste, ripe_on};
use super::state::{Beside, Step, may, name, place as place_of, refuse};
use super::steps::{Promotion, Stepped, Tried, promote, tried};
use super::{Asked, New, Rotated, ready, rotate, turns};
use crate::deeds::DeedError;
use crate::deeds::find::{self, Found};
use crate::deeds::get;
use crate::deeds::load::Place;
use crate::deeds::ring::Ring;
use crate::deeds::set::{Shape, Wish, without_line_break};
use crate::deliver::redacted;
use crate::names::{Address, Stage};
use crate::policy::Strategy;
use crate::rotation::days_left;
use crate::rotation::generate::Spec;
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::child::Ending;
use crate::world::driver::{Call, Fed, Heard, Stream};
use crate::world::{World, Writes};

/// The most bytes of a new value that are taken, and of what a command prints.
const ROOM: usize = 1 << 20;

/// A command of the user's; a repository never names one.
#[derive(Debug, Clone, Copy)]
pub struct Driver<'a> {
    /// A shell command, as `EDITOR` is one. It gets the part and the secret's address as arguments.
    pub command: &'a OsStr,
    /// How long each part may take.
    pub limit: Duration,
}

/// What a command does in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Reads the current value, and prints the new one, or nothing.
    Create,
    /// Reads the new value, and has its issuer accept it.
    Set,
    /// Reads the new value, and ends with 0 where it works.
    Test,
    /// Reads an old value, and has its issuer refuse it.
    Finish,
}

impl Part {
    /// The word that the command gets.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Set => "set",
            Self::Test => "test",
            Self::Finish => "finish",
        }
    }
}

/// What a command printed, without the values that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The secret.
    pub address: Address,
    /// What it did.
    pub part: Part,
    /// In lines.
    pub printed: String,
    /// Whether it ended with 0.
    pub worked: bool,
}

/// How a rotation is to be driven.
#[derive(Debug, Clone, Copy)]
pub struct Drive<'a> {
    /// The command.
    pub driver: Driver<'a>,
    /// What is said of the new value.
    pub wish: &'a Wish,
    /// Whether those who verify what a key signs are waited for.
    pub haste: Haste,
    /// What makes the new value where the command prints none; none is the generator of its type.
    pub generator: Option<&'a Spec>,
}

/// How far a rotation came.
#[derive(Debug)]
pub struct Driven {
    /// The secret.
    pub address: Address,
    /// What was begun, where nothing was pending before.
    pub begun: Option<Rotated>,
    /// The promotion; none where nothing was started, or it has to wait.
    pub stepped: Option<Stepped>,
    /// The day from which on the same command promotes the new value, where it has to wait.
    pub waits: Option<Date>,
    /// What was left to be done at the beginning.
    pub parts: Vec<Part>,
}

/// Drives the rotation of one secret from where it stands to its promotion.
///
/// # Errors
/// [`DeedError::Refuse`] where a part fails: nothing more is signed, and both values stay as they are.
pub fn drive(
    world: &World,
    asked: &Asked,
    drive: Drive<'_>,
    tell: &mut dyn FnMut(Told),
) -> Result<Driven, DeedError> {
    let mut sight = look(world, asked)?;
    let mut parts = vec![Part::Set, Part::Test];
    let mut begun = None;
    let address = sight.found.address();
    if sight.pending.is_none() {
        parts.insert(0, Part::Create);
    }
    if world.writes == Writes::Dry {
        return Ok(Driven { address, begun, stepped: None, waits: None, parts });
    }
    if sight.pending.is_none() {
        let new = create(world, &sight, drive, tell)?;
        begun = Some(rotate(world, vec![new], drive.wish, Step::Begin)?);
        sight = look(world, asked)?;
    }
    let Some(Pending { value: pending, seen, ripe_on }) = &sight.pending else {
        return refuse(format!("{} changed meanwhile", sight.name), None);
    };
    let bench =
        Bench { world, driver: drive.driver, address: &address, user: sight.user.as_deref() };
    for part in [Part::Set, Part::Test] {
        let current = (part == Part::Set).then_some(&sight.current);
        let heard =
            bench.run(part, Fed { stdin: pending, current }, &[pending, &sight.current], tell)?;
        worked(&heard, part).or_else(|how| sight.stopped(part, &how))?;
    }
    let unripe = ripe_on.filter(|day| days_left(*day, sight.today) > 0 && drive.haste == Haste::No);
    if let Some(day) = unripe {
        return Ok(Driven { address, begun, stepped: None, waits: Some(day), parts });
    }
    let (reason, haste) = (drive.wish.reason.as_deref(), drive.haste);
    let promotion = Promotion { reason, tried: Some(seen), receipts: &[], haste };
    let stepped = Some(promote(world, std::slice::from_ref(asked), promotion)?);
    Ok(Driven { address, begun, stepped, waits: None, parts })
}

/// Where a rotation stands, with the values of it.
struct Sight {
    found: Found,
    name: String,
    /// Whether its issuer takes one value at a time.
    is_single: bool,
    current: Plaintext,
    pending: Option<Pending>,
    /// The user whom the new value is for, where two take turns.
    user: Option<String>,
    today: Date,
}

/// A new value beside the current one.
struct Pending {
    value: Plaintext,
    /// What would be promoted with it.
    seen: Vec<Tried>,
    /// The day before which it may not be.
    ripe_on: Option<Date>,
}

fn look(world: &World, asked: &Asked) -> Result<Sight, DeedError> {
    let env = &asked.query.env;
    let place = Place::find(world)?;
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    let found = find::value(&verified, &asked.query, &asked.text)?;
    let address = found.address();
    let is_pending = Beside::of(&verified, &address).pending;
    if is_pending {
        may(&verified, &address, Step::Promote)?;
    } else {
        ready(&verified, &found, Step::Begin)?;
    }
    let ring = Ring::open(world, &verified, env)?;
    let current = get::one(&verified, &ring, &found)?;
    let pending = is_pending.then(|| pending(&verified, &ring, &address)).transpose()?;
    let user = turns::user_of(&verified, &address)?;
    let user =
        user.map(|(user, users)| turns::next(&verified, &ring, (&user, users))).transpose()?;
    let name = name(&verified, &address);
    let is_single = verified.strategy(&address) == Some(Strategy::Single);
    Ok(Sight { found, name, is_single, current, pending, user, today: place.today() })
}

fn pending(verified: &Verified<'_>, ring: &Ring, address: &Address) -> Result<Pending, DeedError> {
    let next = place_of(verified, address, Stage::Next)?;
    let mut seen = vec![tried(verified, address, &next)];
    if let Some(user) = turns::along(verified, address, Stage::Next)? {
        seen.push(tried(verified, &user, &place_of(verified, &user, Stage::Next)?));
    }
    let ripe_on = ripe_on(verified, address, &next);
    Ok(Pending { value: get::one(verified, ring, &super::at(next))?, seen, ripe_on })
}

impl Sight {
    /// Says where a rotation stands after a part that failed.
    fn stopped<T>(&self, part: Part, how: &str) -> Result<T, DeedError> {
        let Self { name, .. } = self;
        let (part, mut stands) = (
            part.word(),
            match self.pending {
                Some(_) => format!("{name} is as it was, and its new value waits beside it"),
                None => format!("nothing was signed, and {name} is as it was"),
            },
        );
        if self.is_single && self.pending.is_some() {
            stands.push_str("; its issuer takes one value at a time: see which");
        }
        let instead = match self.pending {
            Some(_) => format!(
                "the same command goes on from here; the new value is taken away by: tenure rotate {name} --undo"
            ),
            None => "the same command begins anew".to_owned(),
        };
        refuse(format!("`{part}` of {name}: the command {how}; {stands}"), instead)
    }
}

/// Has a new value made; none is left to the generator.
fn create(
    world: &World,
    sight: &Sight,
    drive: Drive<'_>,
    tell: &mut dyn FnMut(Told),
) -> Result<New, DeedError> {
    let address = sight.found.address();
    let bench =
        Bench { world, driver: drive.driver, address: &address, user: sight.user.as_deref() };
    let fed = Fed { stdin: &sight.current, current: None };
    let heard = bench.run(Part::Create, fed, &[&sight.current], tell)?;
    worked(&heard, Part::Create).or_else(|how| sight.stopped(Part::Create, &how))?;
    let printed = match Shape::of(&sight.found) {
        Shape::Value => without_line_break(&heard.stdout.bytes),
        Shape::File => heard.stdout.bytes,
    };
    let found = sight.found.clone();
    let generator = drive.generator.cloned();
    match (printed.is_empty(), &generator) {
        (true, _) => Ok(New { found, value: None, generator }),
        (false, None) => Ok(New { found, value: Some(printed), generator }),
        (false, Some(_)) => {
            sight.stopped(Part::Create, "printed a value, and --generate wants another")
        }
    }
}

/// Has old values refused by their issuer, the oldest first; what then is recorded is not decided here.
///
/// # Errors
/// [`DeedError::Refuse`] where the command fails, or an old value is not at hand any more.
pub fn end(
    world: &World,
    waiting: &Waiting,
    driver: Driver<'_>,
    tell: &mut dyn FnMut(Told),
) -> Result<(), DeedError> {
    if waiting.values.is_empty() {
        return Ok(());
    }
    let (old, (current, user)) = (old_values(world, waiting)?, current(world, waiting)?);
    if world.writes == Writes::Dry {
        return Ok(());
    }
    let bench = Bench { world, driver, address: &waiting.address, user: user.as_deref() };
    for value in &old {
        let fed = Fed { stdin: value, current: current.as_ref() };
        let hidden: Vec<_> = [value].into_iter().chain(&current).collect();
        let heard = bench.run(Part::Finish, fed, &hidden, tell)?;
        let Err(how) = worked(&heard, Part::Finish) else { continue };
        let what = format!(
            "`finish` of {}: the command {how}; no end was recorded, and the old value may still be taken",
            waiting.address
        );
        return refuse(what, "the same command tries again".to_owned());
    }
    Ok(())
}

/// The value that took the place of those which wait, if one stands there, and the user who is not in use now.
fn current(
    world: &World,
    waiting: &Waiting,
) -> Result<(Option<Plaintext>, Option<String>), DeedError> {
    let env = &waiting.address.env;
    let place = Place::find(world)?;
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    if !verified.live.contains_key(&waiting.address) {
        return Ok((None, None));
    }
    let ring = Ring::open(world, &verified, env)?;
    let user = turns::user_of(&verified, &waiting.address)?;
    let user =
        user.map(|(user, users)| turns::next(&verified, &ring, (&user, users))).transpose()?;
    Ok((Some(get::one(&verified, &ring, &super::at(waiting.address.clone()))?), user))
}

/// Tells how a command failed, if it did.
fn worked(heard: &Heard, part: Part) -> Result<(), String> {
    match heard.ending {
        None => Err("took too long and was ended (--timeout gives it more)".to_owned()),
        Some(Ending::Signal(signal)) => Err(format!("was killed by signal {signal}")),
        Some(Ending::Status(127)) => Err("ended with 127: there is no such program".to_owned()),
        Some(Ending::Status(status)) if status > 0 => Err(format!("ended with {status}")),
        Some(Ending::Status(_)) if part == Part::Create && !heard.stdout.is_whole => {
            Err(format!("printed more than {ROOM} bytes, or its output did not end with it"))
        }
        Some(Ending::Status(_)) => Ok(()),
    }
}

/// Where a command is started for one secret.
struct Bench<'a> {
    world: &'a World,
    driver: Driver<'a>,
    address: &'a Address,
    /// The user whose value it is, where two take turns.
    user: Option<&'a str>,
}

impl Bench<'_> {
    fn run(
        &self,
        part: Part,
        fed: Fed<'_>,
        hidden: &[&Plaintext],
        tell: &mut dyn FnMut(Told),
    ) -> Result<Heard, DeedError> {
        let words = [part.word().to_owned(), self.address.to_string()].into_iter();
        let args: Vec<_> = words.chain(self.user.map(str::to_owned)).map(OsString::from).collect();
        let Driver { command, limit } = self.driver;
        let call = Call { command, args: &args, folder: &self.world.from, limit, room: ROOM };
        let heard = call.run(fed)?;
        let made = (part == Part::Create).then(|| without_line_break(&heard.stdout.bytes));
        let hidden: Vec<_> = hidden.iter().copied().chain(&made).collect();
        let shown = |stream: &Stream| redacted(stream.bytes.expose(), stream.is_whole, &hidden);
        let mut printed = if part == Part::Create { String::new() } else { shown(&heard.stdout) };
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        printed.push_str(&shown(&heard.stderr));
        let worked = worked(&heard, part).is_ok();
        tell(Told { address: self.address.clone(), part, printed, worked });
        Ok(heard)
    }
}
