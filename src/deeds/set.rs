//! Puts a new value in place of an old one, or where there was none.

use std::path::Path;

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::DeedError;
use super::attest::{Work, attest};
use super::find::{self, Found};
use super::load::Place;
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::{Sealing, Whole};
use crate::document::{Document, Format, Node, NotSpliceable, place as places, splice, value};
use crate::names::{
    Address, AddressQuery, EnvName, KeyPath, MemberName, RepoPath, Target, TypeName,
};
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::terminal::{self, Terminal};
use crate::world::{World, read_file};

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
}

/// What the user says of a new value.
#[derive(Debug, Default, Clone)]
pub struct Wish {
    /// Its type; none takes the policy's, or the one before.
    pub kind: Option<TypeName>,
    /// Why.
    pub reason: Option<String>,
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
    value: &Plaintext,
) -> Result<Set, DeedError> {
    let place = Place::to_write(world)?;
    let env = &query.env;
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    let found = find::place(&verified, query, text)?;
    known_type(&verified, wish.kind.as_ref())?;
    let ring = Ring::open(world, &verified, env)?;
    ring.current()?;
    let new = with_value(&verified, &ring, &found, value)?;
    let sealing = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
    let item = found.key.item();
    // A whole file may be one whose values are sealed one by one: then all of them were meant.
    let meant = |key: &KeyPath| *key == item || item == KeyPath::Whole;
    let kind = |key: &KeyPath| wish.kind.clone().filter(|_| meant(key));
    let resealed = sealing.reseal(&found.path, &new, &kind, Whole::Refused)?;
    let written = resealed.change.items.iter().find(|change| meant(&change.key)).cloned();
    let mut set = Set {
        address: found.address(),
        receipt: None,
        kind: written.as_ref().and_then(|item| item.kind.clone()),
        due: written.as_ref().and_then(|item| item.due),
        readers: verified.policy.readers(env).into_iter().cloned().collect(),
    };
    if written.is_some() {
        let mut work = Work { reason: wish.reason.clone(), ..Work::default() };
        work.file(resealed.change, resealed.bytes);
        set.receipt = Some(attest(&place, &verified, work)?);
    }
    Ok(set)
}

/// The most bytes of a value that are read.
const LIMIT: usize = 100 << 20;

/// Takes a value from a file, from a hidden prompt where a person is, else from stdin; the one line
/// break at the end of stdin is taken off for a value, and kept for a whole file.
///
/// # Errors
/// [`DeedError::World`] and [`DeedError::Terminal`]; [`DeedError::Refuse`] for nothing at all.
pub fn given(
    world: &World,
    query: &AddressQuery,
    file: Option<&Path>,
) -> Result<Plaintext, DeedError> {
    let value = match (file, world.terminal) {
        (Some(file), _) => read_file(&world.from.join(file))?,
        (None, Terminal::Person) => world.terminal.hidden("value")?,
        (None, Terminal::Nobody) => {
            let all = terminal::read_stdin(LIMIT)?;
            let whole = query.targets.iter().all(|target| matches!(target, Target::File(_)));
            if whole { all } else { without_line_break(&all) }
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

fn without_line_break(all: &Plaintext) -> Plaintext {
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

/// The clear text of the file with a new value at a place.
pub(super) fn with_value(
    verified: &Verified<'_>,
    ring: &Ring,
    found: &Found,
    value: &Plaintext,
) -> Result<Plaintext, DeedError> {
    let old = match verified.files.contains_key(&found.path) {
        true => ring.open_file(verified, &found.path)?,
        false => Plaintext::from(empty(&found.path)),
    };
    if found.key == KeyPath::Whole {
        return Ok(Plaintext::from(value.expose().to_vec()));
    }
    edited(&found.path, &found.env, &old, |document| {
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
fn empty(path: &RepoPath) -> Vec<u8> {
    match Format::of(path) {
        Some(Format::Json) => b"{}\n".to_vec(),
        _ => Vec::new(),
    }
}
