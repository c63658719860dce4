//! Puts a new value in place of an old one, or where there was none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use super::DeedError;
use super::aim::aim;
use super::attest::{Work, attest};
use super::dropping;
pub(super) use super::editing::{edited, empty, with_value};
use super::ends;
use super::find::Found;
use super::fit::{Insist, fits};
use super::get;
pub(super) use super::given::without_line_break;
pub use super::given::{Shape, given, password};
use super::load::Place;
use super::making::make;
use super::pen::Receipt;
use super::request;
use super::retype::retype;
use super::ring::Ring;
use super::rotate::{Compared, blindly, keeps_to_decrypt, not_again};
use super::sealing::{Sealing, Whole, kind_of_new};
use crate::log::entry::{FileChange, Item};
use crate::names::{Address, AddressQuery, KeyPath, MemberName, RepoPath, TypeName};
use crate::rotation::expiry::Expiry;
use crate::rotation::generate::Spec;
use crate::scan::managed::{LeftOut, left_out};
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::{World, Writes};

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Where.
    pub address: Address,
    /// The entry; none where the value was the same already and nothing was written.
    pub receipt: Option<Receipt>,
    /// Its type.
    pub kind: Option<TypeName>,
    /// Its deadline.
    pub due: Option<Date>,
    /// Who can read it.
    pub readers: Vec<MemberName>,
    /// Whether it was dropped for its readers by who cannot read it.
    pub dropped: bool,
    /// The public key or certificates of what was made.
    pub public: Option<String>,
    /// What it says of its own end.
    pub ends: Option<Expiry>,
    /// Whether it is a PKCS#12 file whose end is not known, for want of its password.
    pub locked: bool,
    /// Whether it is known to be none that the secret had before, where that matters.
    pub compared: Compared,
    /// Whether it is what stood there, of another type now.
    pub retyped: Option<Retyped>,
    /// Why `scan` and the hooks do not look for it elsewhere, where they do not.
    pub left_out: Option<LeftOut>,
}

/// A value that got another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retyped {
    /// Why it would not be taken as a new value of its type, if it would not.
    pub doubt: Option<String>,
}

/// What the user says of a new value.
#[derive(Debug, Default, Clone)]
pub struct Wish {
    /// Its type; none takes the policy's, or the one before.
    pub kind: Option<TypeName>,
    /// Why.
    pub reason: Option<String>,
    /// The file that a new key goes into.
    pub file: Option<PathBuf>,
    /// A deadline that is nearer than what its type allows.
    pub due: Option<Date>,
    /// The password of a PKCS#12 file, only to read when it ends.
    pub password: Option<Arc<Plaintext>>,
    /// Whether a value is taken that does not fit.
    pub insist: Insist,
}

/// Sets one value.
///
/// # Errors
/// [`DeedError::Refused`] where anything is wrong with the environment; then nothing is written.
pub fn set(
    world: &World,
    query: &AddressQuery,
    text: &str,
    wish: &Wish,
    value: &Source,
) -> Result<Set, DeedError> {
    let place = Place::to_write(world)?;
    let env = &query.env;
    let loaded = place.load(Some(env))?;
    let mut verified = loaded.judged()?;
    let query = super::aim::in_file(&place, &verified, query, wish.file.as_deref());
    let found = aim(&verified, query, env, text)?;
    super::rotate::stands_alone(&verified, &found.address())?;
    known_type(&verified, wish.kind.as_ref())?;
    let ring = match verified.in_doubt.remove(&found.address()) {
        // What is in dispute may be sealed to a generation of any branch.
        Some(_) => Ring::to_write(&place, &verified, env, Ring::open_all)?,
        None => Ring::to_write(&place, &verified, env, Ring::open)?,
    };
    ring.target()?;
    let kind = kind_of_new(&verified, &found.address(), wish.kind.as_ref()).cloned();
    let mut work = Work { reason: wish.reason.clone(), ..Work::default() };
    let desk = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
    let (made, opened);
    let is_new = matches!(value, Source::Generated(_));
    let (value, public) = match value {
        Source::Kept => {
            let set = kept(desk, &found, kind.as_ref(), wish, &mut work)?;
            return written(&place, &verified, set, work);
        }
        Source::Given(value) => (value, None),
        Source::Generated(spec) => {
            let spec = spec_for(&verified, kind.as_ref(), spec.as_ref())?;
            made = make(desk, &spec, world.now)?;
            (&made.value, made.public)
        }
        Source::Sent(sent) => {
            opened = request::open(&verified, &ring, &found, sent)?;
            (&opened, None)
        }
    };
    let set = match is_current(&verified, &ring, &found, value)? {
        true if is_of(&verified, &found, kind.as_ref()) => same(desk, &found, &mut work)?,
        true => kept(desk, &found, kind.as_ref(), wish, &mut work)?,
        false => {
            keeps_to_decrypt(&verified, &found.address())?;
            let when = (wish, place.today());
            fits(verified.policy, &found, kind.as_ref(), value, when)?;
            let compared = match is_new {
                true => Compared::All,
                false => not_again(&place, desk, &found, value, wish.insist)?,
            };
            let said = |_: &Address| wish.kind.clone();
            let said = Said { kind: &said, wish };
            let set = put(desk, &[(&found, value)], said, &mut work)?.pop();
            Set { compared, ..set.unwrap_or_else(|| nothing(&verified, &found)) }
        }
    };
    let public = public.filter(|_| world.writes == Writes::Real);
    written(&place, &verified, Set { public, ..set }, work)
}

/// Signs and writes what there is to be written.
fn written(
    place: &Place<'_>,
    verified: &Verified<'_>,
    set: Set,
    work: Work,
) -> Result<Set, DeedError> {
    if work.is_empty() {
        return Ok(Set { public: None, ..set });
    }
    Ok(Set { receipt: Some(attest(place, verified, work)?), ..set })
}

/// Tells whether what stands at a place has a type.
fn is_of(verified: &Verified<'_>, found: &Found, kind: Option<&TypeName>) -> bool {
    let live = verified.live.get(&found.address());
    live.is_none_or(|live| live.item.generation.is_none() || live.item.kind.as_ref() == kind)
}

/// Leaves a value as it is, and gives it another type.
fn kept(
    sealing: Sealing<'_>,
    found: &Found,
    kind: Option<&TypeName>,
    wish: &Wish,
    work: &mut Work,
) -> Result<Set, DeedError> {
    let Sealing { verified, .. } = sealing;
    let address = found.address();
    if !verified.live.contains_key(&address) {
        return Err(DeedError::Refuse {
            what: format!("no value stands at {address} that could be kept"),
            instead: Some("leave `--keep` out to set one".to_owned()),
        });
    }
    let nothing = nothing(verified, found);
    let (Some(kind), false) = (kind, is_of(verified, found, kind)) else {
        let live = verified.live.get(&address).map(|live| live.item);
        let kind = live.and_then(|item| item.kind.clone());
        return Ok(Set { kind, due: live.and_then(|item| item.due), ..nothing });
    };
    let (item, doubt) = retype(sealing, found, kind, wish)?;
    let set =
        Set { kind: item.kind.clone(), due: item.due, retyped: Some(Retyped { doubt }), ..nothing };
    let Address { env, path, .. } = address;
    work.changes.push(FileChange { env, path, items: vec![item] });
    Ok(set)
}

/// Leaves a value as it is; one that was dropped becomes an ordinary one, now that a reader vouches for it.
fn same(sealing: Sealing<'_>, found: &Found, work: &mut Work) -> Result<Set, DeedError> {
    let Sealing { verified, .. } = sealing;
    let address = found.address();
    if dropping::is_dropped(verified, &address)
        && let Some((change, bytes)) = dropping::turn(sealing, &found.path, &[&address])?
    {
        let old = verified.files.get(&found.path).map(|file| file.bytes);
        work.writes.based_on(found.path.clone(), old);
        work.file(change, bytes);
    }
    let live = verified.live.get(&address);
    Ok(Set {
        kind: live.and_then(|live| live.item.kind.clone()),
        due: live.and_then(|live| live.item.due),
        ..nothing(verified, found)
    })
}

/// Where a new value comes from.
#[derive(Debug)]
pub enum Source {
    /// What stands there stays; only its type is another.
    Kept,
    /// From the user.
    Given(Plaintext),
    /// From somebody who sealed it with stock age.
    Sent(Plaintext),
    /// From a generator; none is that of the value's type.
    Generated(Option<Spec>),
}

/// The generator that was asked for, else that of the type.
///
/// # Errors
/// [`DeedError::Refuse`] where the type has none; [`DeedError::Rotation`] where it is none.
pub(super) fn spec_for(
    verified: &Verified<'_>,
    kind: Option<&TypeName>,
    asked: Option<&Spec>,
) -> Result<Spec, DeedError> {
    if let Some(spec) = asked {
        return Ok(spec.clone());
    }
    let described = kind.and_then(|kind| verified.policy.types.get(kind));
    match described.and_then(|kind| kind.generate.as_deref()) {
        Some(text) => Ok(text.parse()?),
        None => Err(DeedError::Refuse {
            what: "the policy says no generator for the type of this value".to_owned(),
            instead: Some("say one: --generate password:32".to_owned()),
        }),
    }
}

fn nothing(verified: &Verified<'_>, found: &Found) -> Set {
    Set {
        address: found.address(),
        receipt: None,
        kind: None,
        due: None,
        readers: verified.policy.readers(&found.env).into_iter().cloned().collect(),
        dropped: false,
        public: None,
        ends: None,
        locked: false,
        compared: Compared::All,
        retyped: None,
        left_out: None,
    }
}

/// Tells whether a value stands at a place already.
pub(super) fn is_current(
    verified: &Verified<'_>,
    ring: &Ring,
    found: &Found,
    value: &Plaintext,
) -> Result<bool, DeedError> {
    // What no one vouches for is not asked; and who does not read cannot tell.
    if ring.is_blind() || !verified.live.contains_key(&found.address()) {
        return Ok(false);
    }
    let current = match found.key {
        KeyPath::Whole => ring.open_file(verified, &found.path),
        KeyPath::Place { .. } => get::one(verified, ring, found),
    };
    match current {
        Ok(current) => Ok(current.expose() == value.expose()),
        // What no reader understands is no value that could be the same.
        Err(DeedError::NoSecret { .. } | DeedError::Value(_)) => Ok(false),
        Err(DeedError::Seal(why)) if why.is_garbled() => Ok(false),
        Err(other) => Err(other),
    }
}

/// What the user says of new values.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// The type of each, where no rule gives it one.
    pub(super) kind: &'a dyn Fn(&Address) -> Option<TypeName>,
    /// All else; its type is not asked for here.
    pub(super) wish: &'a Wish,
}

/// Puts new values of one environment into their files, each file sealed once.
///
/// # Errors
/// [`DeedError::Value`] and [`DeedError::Refuse`] where a value cannot be written at its place.
pub(super) fn put(
    sealing: Sealing<'_>,
    values: &[(&Found, &Plaintext)],
    said: Said<'_>,
    work: &mut Work,
) -> Result<Vec<Set>, DeedError> {
    let Sealing { verified, ring, .. } = sealing;
    let paths: BTreeSet<&RepoPath> = values.iter().map(|(found, _)| &found.path).collect();
    let mut sets = Vec::new();
    for path in paths {
        let mine: Vec<_> =
            values.iter().filter(|(found, _)| found.path == *path).copied().collect();
        let meant = |key: &KeyPath| {
            mine.iter().any(|(found, _)| found.key == KeyPath::Whole || found.key.item() == *key)
        };
        let address = |key: &KeyPath| Address {
            env: sealing.env.clone(),
            path: path.clone(),
            key: key.clone(),
        };
        let kind = |key: &KeyPath| (said.kind)(&address(key)).filter(|_| meant(key));
        let garbled = |(found, _): &(&Found, _)| dropping::is_garbled(verified, ring, found);
        let mut items = match ring.is_blind() || mine.iter().any(garbled) {
            true => dropping::put(sealing, path, &mine, &kind, work)?,
            false => sealed(sealing, path, &mine, &kind, work)?,
        };
        if let Some(change) = work.changes.last_mut() {
            ends::heed(change, &mine, said.wish, sealing.today)?;
            items.clone_from(&change.items);
        }
        for (found, value) in &mine {
            let item = items.iter().find(|item| item.key == found.key.item());
            let kind = item.and_then(|item| item.kind.clone());
            let due = item.and_then(|item| item.due);
            let dropped = ring.is_blind() && item.is_some_and(|item| item.generation.is_some());
            let (ends, locked) =
                (ends::of(value, said.wish, sealing.today), ends::is_locked(value, said.wish));
            let compared = blindly(sealing, &found.address());
            let is_sealed = item.is_some_and(|item| item.generation.is_some());
            let left_out = Some(*value).filter(|_| is_sealed).and_then(|it| left_out(it.expose()));
            let nothing = nothing(verified, found);
            sets.push(Set { kind, due, dropped, ends, locked, compared, left_out, ..nothing });
        }
    }
    Ok(sets)
}

/// Opens a file, puts new values into it and seals it again; gives what is new.
fn sealed(
    sealing: Sealing<'_>,
    path: &RepoPath,
    values: &[(&Found, &Plaintext)],
    kind: &dyn Fn(&KeyPath) -> Option<TypeName>,
    work: &mut Work,
) -> Result<Vec<Item>, DeedError> {
    let Sealing { verified, ring, .. } = sealing;
    let old = verified.files.get(path).map(|file| file.bytes);
    let mut clear = match old {
        Some(_) => ring.open_file(verified, path)?,
        None => Plaintext::from(empty(path)),
    };
    for (found, value) in values {
        clear = with_value(found, &clear, value)?;
    }
    let resealed = sealing.reseal(path, &clear, kind, Whole::Refused)?;
    let items = resealed.change.items.clone();
    work.writes.based_on(path.clone(), old);
    work.file(resealed.change, resealed.bytes);
    Ok(items)
}

/// Refuses a type that the policy does not know.
pub(super) fn known_type(
    verified: &Verified<'_>,
    kind: Option<&TypeName>,
) -> Result<(), DeedError> {
    let Some(kind) = kind.filter(|kind| !verified.policy.types.contains_key(*kind)) else {
        return Ok(());
    };
    let known: Vec<_> = verified.policy.types.keys().map(TypeName::as_str).collect();
    Err(DeedError::Refuse {
        what: format!("the policy knows no type `{kind}`"),
        instead: Some(format!("one of: {}", known.join(", "))),
    })
}
