//! Puts a new value in place of an old one, or where there was none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::DeedError;
use super::aim::aim;
use super::attest::{Work, attest};
use super::dropping;
use super::find::Found;
use super::get;
use super::load::Place;
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::{Sealing, Whole};
use crate::document::{Document, Format, Node, NotSpliceable, place as places, splice, value};
use crate::log::entry::Item;
use crate::names::{
    Address, AddressQuery, EnvName, KeyPath, MemberName, RepoPath, Target, TypeName,
};
use crate::rotation::generate::{Spec, generate};
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::terminal::{self, Terminal};
use crate::world::{World, generator, read_file};

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
    let kind = kind_of(&verified, &found, wish);
    let made;
    let value = match value {
        Source::Given(value) => value,
        Source::Generated(spec) => {
            made = generate(spec_for(&verified, kind.as_ref(), *spec)?, &mut generator());
            &made
        }
    };
    let mut work = Work { reason: wish.reason.clone(), ..Work::default() };
    let desk = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
    let mut set = match is_current(&verified, &ring, &found, value)? {
        true => same(desk, &found, &mut work)?,
        false => {
            let said = |_: &Address| wish.kind.clone();
            let set = put(desk, &[(&found, value)], &said, &mut work)?.pop();
            set.unwrap_or_else(|| nothing(&verified, &found))
        }
    };
    if !work.is_empty() {
        set.receipt = Some(attest(&place, &verified, work)?);
    }
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
    /// From the user.
    Given(Plaintext),
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
    asked: Option<Spec>,
) -> Result<Spec, DeedError> {
    if let Some(spec) = asked {
        return Ok(spec);
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

/// The type that a new value will have.
fn kind_of(verified: &Verified<'_>, found: &Found, wish: &Wish) -> Option<TypeName> {
    let address = found.address();
    let rule = verified.policy.rule(&address).kind.cloned();
    let before = || verified.live.get(&address).and_then(|live| live.item.kind.clone());
    rule.or_else(|| wish.kind.clone()).or_else(before)
}

fn nothing(verified: &Verified<'_>, found: &Found) -> Set {
    Set {
        address: found.address(),
        receipt: None,
        kind: None,
        due: None,
        readers: verified.policy.readers(&found.env).into_iter().cloned().collect(),
        dropped: false,
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

/// Puts new values of one environment into their files, each file sealed once; `said` is the type that the
/// user gives a value.
///
/// # Errors
/// [`DeedError::Value`] and [`DeedError::Refuse`] where a value cannot be written at its place.
pub(super) fn put(
    sealing: Sealing<'_>,
    values: &[(&Found, &Plaintext)],
    said: &dyn Fn(&Address) -> Option<TypeName>,
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
        let kind = |key: &KeyPath| said(&address(key)).filter(|_| meant(key));
        let garbled = |(found, _): &(&Found, _)| dropping::is_garbled(verified, ring, found);
        let items = match ring.is_blind() || mine.iter().any(garbled) {
            true => dropping::put(sealing, path, &mine, &kind, work)?,
            false => sealed(sealing, path, &mine, &kind, work)?,
        };
        for (found, _) in &mine {
            let item = items.iter().find(|item| item.key == found.key.item());
            let kind = item.and_then(|item| item.kind.clone());
            let due = item.and_then(|item| item.due);
            let dropped = ring.is_blind() && item.is_some_and(|item| item.generation.is_some());
            sets.push(Set { kind, due, dropped, ..nothing(verified, found) });
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

/// The most bytes of a value that are read.
const LIMIT: usize = 100 << 20;

/// Whether a value is one of many in a file, or the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value: a line break at the end of stdin is not part of it.
    Value,
    /// A whole file, every byte of it.
    File,
}

impl Shape {
    /// The shape of what stands at a place.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        if found.key == KeyPath::Whole { Self::File } else { Self::Value }
    }

    /// The shape of what a user names, before the files are read.
    #[must_use]
    pub fn asked(query: &AddressQuery) -> Self {
        let file = query.targets.iter().all(|target| matches!(target, Target::File(_)));
        if file { Self::File } else { Self::Value }
    }
}

/// Takes a value from a file, from a hidden prompt where a person is, else from stdin.
///
/// # Errors
/// [`DeedError::World`] and [`DeedError::Terminal`]; [`DeedError::Refuse`] for nothing at all.
pub fn given(
    world: &World,
    what: &str,
    shape: Shape,
    file: Option<&Path>,
) -> Result<Plaintext, DeedError> {
    let value = match (file, world.terminal) {
        (Some(file), _) => read_file(&world.from.join(file))?,
        (None, Terminal::Person) => world.terminal.hidden(what)?,
        (None, Terminal::Piped | Terminal::Nobody) => {
            let all = terminal::read_stdin(LIMIT)?;
            if shape == Shape::File { all } else { without_line_break(&all) }
        }
    };
    if value.is_empty() {
        return Err(DeedError::Refuse {
            what: "the value is empty".to_owned(),
            instead: Some("give it on stdin, or at a terminal".to_owned()),
        });
    }
    Ok(value)
}

pub(super) fn without_line_break(all: &Plaintext) -> Plaintext {
    let bytes = all.expose();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Plaintext::from(bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
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

/// The clear text of a file with a new value at a place.
pub(super) fn with_value(
    found: &Found,
    old: &Plaintext,
    value: &Plaintext,
) -> Result<Plaintext, DeedError> {
    if found.key == KeyPath::Whole {
        return Ok(Plaintext::from(value.expose().to_vec()));
    }
    edited(&found.path, &found.env, old, |document| {
        let text = value.expose_text().ok_or(DeedError::Refuse {
            what: "the value is not UTF-8".to_owned(),
            instead: Some("put it into a file of its own and seal that whole".to_owned()),
        })?;
        let slice = value::encode(document.format, text)?;
        match document.leaf(&found.key) {
            Some(leaf) if matches!(leaf.node, Node::Scalar | Node::Empty) => {
                Ok((leaf.span.clone(), slice))
            }
            Some(_) => Err(DeedError::Refuse {
                what: format!("`{}` is no single value", found.key),
                instead: Some(format!("tenure edit {}", found.path)),
            }),
            None => {
                let insertion = places::insert(document, &found.key, &slice)?;
                Ok((insertion.at..insertion.at, insertion.text))
            }
        }
    })
}

/// Edits a clear text at one place.
pub(super) fn edited(
    path: &RepoPath,
    env: &EnvName,
    old: &Plaintext,
    edit: impl FnOnce(&Document<'_>) -> Result<(std::ops::Range<usize>, Zeroizing<String>), DeedError>,
) -> Result<Plaintext, DeedError> {
    let format = Format::of(path).ok_or_else(|| DeedError::Refuse {
        what: format!("`{path}` is sealed whole and has no keys"),
        instead: Some(format!("tenure set {env}/{path} < FILE")),
    })?;
    let refuse = |why| DeedError::NotSpliceable { path: path.clone(), why };
    let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
    let text = old.expose_text().ok_or_else(|| refuse(not_text))?;
    let document = Document::parse(format, text).map_err(refuse)?;
    let (span, new) = edit(&document)?;
    Ok(Plaintext::from(splice(text, [(span, new.as_bytes())])))
}

/// What a new file of a format begins with.
pub(super) fn empty(path: &RepoPath) -> Vec<u8> {
    match Format::of(path) {
        Some(Format::Json) => b"{}\n".to_vec(),
        _ => Vec::new(),
    }
}
