//! New values by who writes an environment and does not read it: each is dropped for its readers, and
//! nothing else of its file is touched. A reader's `rekey` makes ordinary tokens of them.

use super::DeedError;
use super::attest::Work;
use super::find::Found;
use super::get;
use super::ring::{Ring, scope};
use super::sealing::Sealing;
use super::set::{edited, empty, with_value};
use crate::document::{Document, Format, Leaf, splice, value};
use crate::log::entry::{FileChange, Item};
use crate::names::{Address, EnvName, KeyPath, MemberName, RepoPath, TypeName, quoted};
use crate::seal::{self, Part, SealError, drop_value};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::generator;

/// The type that the user gives a new value.
type Kind<'a> = &'a dyn Fn(&KeyPath) -> Option<TypeName>;

/// Tells whether a reader has to put a new value in the place of one that does not open: whoever writes and
/// does not read can leave such a thing behind. What nobody vouches for is not even tried.
pub(super) fn is_garbled(verified: &Verified<'_>, ring: &Ring, found: &Found) -> bool {
    let Some(file) = verified.files.get(&found.path) else { return false };
    let sealed = match &file.form {
        FileForm::Values(document) => {
            document.leaf(&found.key).is_some_and(|leaf| document.token(leaf).is_some())
        }
        FileForm::Whole => true,
    };
    let vouched = verified.live.contains_key(&found.address());
    (sealed && !vouched)
        || matches!(get::one(verified, ring, found), Err(DeedError::Seal(why)) if why.is_garbled())
}

/// Puts new values into one file without opening it.
///
/// # Errors
/// [`DeedError::Refuse`] inside a list, which is one item, and for a new file of many values;
/// [`DeedError::Value`] where a value cannot be written at its place.
pub(super) fn put(
    sealing: Sealing<'_>,
    path: &RepoPath,
    values: &[(&Found, &Plaintext)],
    kind: Kind<'_>,
    work: &mut Work,
) -> Result<Vec<Item>, DeedError> {
    let file = sealing.verified.files.get(path);
    let old = file.map(|file| file.bytes);
    let (change, bytes) = match values {
        [(found, value)] if found.key == KeyPath::Whole => whole(sealing, found, value, kind)?,
        _ => {
            let mut sealed = Plaintext::from(old.map_or_else(|| empty(path), <[u8]>::to_vec));
            for (found, value) in values {
                sealed = dropped(sealing, found, &sealed, value)?;
            }
            let bytes = sealed.expose().to_vec();
            (sealing.change(path, &bytes, kind)?, bytes)
        }
    };
    let items = change.items.clone();
    work.writes.based_on(path.clone(), old);
    work.file(change, bytes);
    Ok(items)
}

fn whole(
    sealing: Sealing<'_>,
    found: &Found,
    value: &Plaintext,
    kind: Kind<'_>,
) -> Result<(FileChange, Vec<u8>), DeedError> {
    let form = sealing.verified.files.get(&found.path).map(|file| &file.form);
    if Format::of(&found.path).is_some() && !matches!(form, Some(FileForm::Whole)) {
        return Err(DeedError::Refuse {
            what: format!("you do not read {}, and `{}` has a value a key", found.env, found.path),
            instead: Some(format!(
                "tenure set {}#KEY, one by one",
                quoted(format!("{}/{}", found.env, found.path))
            )),
        });
    }
    let resealed = sealing.whole_anew(&found.path, value, kind, None)?;
    Ok((resealed.change, resealed.bytes))
}

/// The sealed text of a file with one value dropped at its place.
fn dropped(
    sealing: Sealing<'_>,
    found: &Found,
    sealed: &Plaintext,
    value: &Plaintext,
) -> Result<Plaintext, DeedError> {
    let Sealing { verified, env, ring, .. } = sealing;
    if found.key != found.key.item() {
        return Err(DeedError::Refuse {
            what: format!(
                "the whole list `{}` is one item, and you do not open it",
                found.key.item()
            ),
            instead: Some("ask a reader, or keep this value outside of the list".to_owned()),
        });
    }
    // In clear beside the tokens of the others: as readers of the file will find it.
    let shown = with_value(found, sealed, value)?;
    if verified.policy.is_clear(env, &found.key) {
        return Ok(shown);
    }
    let dropped = edited(&found.path, env, &shown, |document| {
        let text = value.expose_text().unwrap_or_default();
        let slice = value::encode(document.format, text)?;
        let leaf = document.leaf(&found.key).ok_or(SealError::StructureChanged)?;
        if document.slice(leaf) != slice.as_str() {
            return Err(SealError::StructureChanged.into());
        }
        let none = |_: &KeyPath| false;
        let scope = scope(verified, env, &none);
        let binding = scope.binding(Part::Value, &found.key);
        let token = match ring.is_blind() {
            true => drop_value(&binding, slice.as_bytes(), &ring.target()?.1)?,
            false => ring.current()?.seal(&binding, slice.as_bytes(), &mut generator())?,
        };
        Ok((leaf.span.clone(), document.format.slice_of_token(&token).into()))
    })?;
    prove(found, [sealed, &shown, &dropped])?;
    Ok(dropped)
}

/// Insists that the three texts of a file (before, with the value in clear, with its token) differ in this
/// one value: nobody can open the whole of it here to see.
fn prove(found: &Found, texts: [&Plaintext; 3]) -> Result<(), DeedError> {
    let changed = || DeedError::from(SealError::StructureChanged);
    let format = Format::of(&found.path).ok_or_else(changed)?;
    let [before, shown, dropped] = texts
        .map(|text| Document::parse(format, text.expose_text()?).ok())
        .map(|document| document.ok_or_else(changed));
    let (before, shown, dropped) = (before?, shown?, dropped?);
    // A new key was proved when its place was found.
    let replaced = before.leaf(&found.key).is_some();
    let same = dropped.same_structure(&shown)
        && same_beside(&found.key, &shown, &dropped)
        && (!replaced || same_beside(&found.key, &before, &dropped));
    if same { Ok(()) } else { Err(changed()) }
}

/// Compares all that stands in two documents but at one place.
pub(super) fn same_beside(key: &KeyPath, one: &Document<'_>, other: &Document<'_>) -> bool {
    let beside = |leaf: &&Leaf| leaf.path != *key;
    let (ones, others) = (one.leaves.iter().filter(beside), other.leaves.iter().filter(beside));
    ones.clone().count() == others.clone().count()
        && ones.zip(others).all(|(a, b)| a.same_but_for_text(b) && one.slice(a) == other.slice(b))
}

/// The dropped values of an environment that a member may write, so that they may seal them anew.
pub(super) fn waiting<'v>(
    verified: &'v Verified<'_>,
    env: &EnvName,
    by: &MemberName,
) -> Vec<&'v Address> {
    let mine = verified.live.keys().filter(|address| address.env == *env);
    mine.filter(|address| verified.policy.may_write(by, address) && is_dropped(verified, address))
        .collect()
}

/// Tells whether what stands at an address is one dropped token.
pub(super) fn is_dropped(verified: &Verified<'_>, address: &Address) -> bool {
    let form = verified.files.get(&address.path).map(|file| &file.form);
    let Some(FileForm::Values(document)) = form else { return false };
    let token = document.leaf(&address.key).and_then(|leaf| document.token(leaf));
    token.is_some_and(seal::is_dropped)
}

/// Makes ordinary tokens of dropped ones of a file; none where there are none.
///
/// # Errors
/// [`DeedError::Seal`] where anything in the file does not open, or was made for another place.
pub(super) fn turn(
    sealing: Sealing<'_>,
    path: &RepoPath,
    which: &[&Address],
) -> Result<Option<(FileChange, Vec<u8>)>, DeedError> {
    let Sealing { verified, env, ring, .. } = sealing;
    let Some(file) = verified.files.get(path) else { return Ok(None) };
    let FileForm::Values(document) = &file.form else { return Ok(None) };
    let mine = |leaf: &&Leaf| which.iter().any(|at| at.path == *path && at.key == leaf.path);
    let leaves: Vec<_> = document.leaves.iter().filter(mine).collect();
    if leaves.is_empty() {
        return Ok(None);
    }
    // The whole of it, so that nothing is signed that breaks its file when it is opened.
    ring.open_file(verified, path)?;
    let none = |_: &KeyPath| false;
    let scope = scope(verified, env, &none);
    let mut edits = Vec::new();
    for leaf in leaves {
        let Some(value) = ring.open_leaf(verified, (path, document), leaf)? else { continue };
        let binding = scope.binding(Part::Value, &leaf.path);
        let token = ring.current()?.seal(&binding, value.expose(), &mut generator())?;
        edits.push((leaf.span.clone(), document.format.slice_of_token(&token)));
    }
    let edits = edits.iter().map(|(span, token)| (span.clone(), token.as_bytes()));
    let bytes = splice(document.text, edits).to_vec();
    let mut change = sealing.change(path, &bytes, &|_| None)?;
    sealing.carry_on(&mut change);
    Ok(Some((change, bytes)))
}
