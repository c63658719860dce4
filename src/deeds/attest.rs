//! Attests changed files with one entry, or several where one would grow too large, and writes all.

use super::DeedError;
use super::find::sealed_again;
use super::load::Place;
use super::pen::{Pen, Receipt};
use crate::log::entry::{FileChange, Item, KeyringRecord, Kind, Note, Op};
use crate::names::{Address, EnvName, MemberName, RepoPath};
use crate::policy::Policy;
use crate::verify::Verified;
use crate::world::{Change, Mode};

/// The most items in one entry: no reviewer reads more.
const ITEMS: usize = 1_500;

/// What the items of one entry may take when printed: it leaves room for the reason, the parents and the
/// signature in an entry's 1 MiB.
const BYTES: usize = 900_000;

/// What is to be attested and written together.
#[derive(Default)]
pub struct Work {
    /// What is new in which file.
    pub changes: Vec<FileChange>,
    /// New keyrings.
    pub keyrings: Vec<KeyringRecord>,
    /// The files' bytes.
    pub writes: Change,
    /// What is stated besides, each in an entry of its own after the others.
    pub notes: Vec<Note>,
    /// Why, in the signer's words.
    pub reason: Option<String>,
    /// Whether values may come to stand beside others.
    pub beside: Beside,
}

/// Whether values may come to stand beside others, as pending or previous ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Beside {
    /// The steps of a rotation alone bring them there.
    #[default]
    Refused,
    /// This is such a step.
    Allowed,
}

impl Work {
    /// Adds a file with its new bytes.
    pub fn file(&mut self, change: FileChange, bytes: Vec<u8>) {
        self.writes.put(change.path.clone(), bytes, Mode::Keep);
        self.changes.push(change);
    }

    /// Tells whether there is nothing to attest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let silent = self.keyrings.is_empty() && self.notes.is_empty();
        silent && self.changes.iter().all(|change| change.items.is_empty())
    }
}

/// Signs and writes, if the signer may do all of it: values and keyrings first, then notes, which may be
/// all there is.
///
/// # Errors
/// [`DeedError::NotAllowed`], and [`DeedError::Refuse`] of a note, before anything is signed; [`DeedError::World`] leaves all as it was.
pub fn attest(
    place: &Place<'_>,
    verified: &Verified<'_>,
    work: Work,
) -> Result<Receipt, DeedError> {
    for change in &work.changes {
        sealed_again(verified, &change.path)?;
    }
    let by_hand = match work.beside {
        Beside::Allowed => Ok(()),
        Beside::Refused => {
            work.changes.iter().try_for_each(|change| nothing_beside(verified, change))
        }
    };
    let mut pen = Pen::find(place, verified.record, verified.policy)?;
    for note in &work.notes {
        let taken = verified.record.takes(verified.policy, pen.by(), note);
        taken.map_err(|what| DeedError::Refuse { what, instead: None })?;
    }
    // Whose rights do not go so far hears that first.
    let receipt = sign(&mut pen, verified.policy, work)?;
    by_hand?;
    place.commit(&receipt.1)?;
    Ok(receipt.0)
}

/// Refuses values that are put by hand where a rotation puts its own: they would be promoted, or be in the way,
/// without having been compared with those that the secret had.
fn nothing_beside(verified: &Verified<'_>, change: &FileChange) -> Result<(), DeedError> {
    let comes = |item: &&Item| matches!(item.op, Op::New | Op::Move) && item.generation.is_some();
    for item in change.items.iter().filter(comes) {
        let address = change.address(&item.key);
        let Some((stage, base)) = address.beside_what() else { continue };
        let stands = |at: &Address| verified.live.get(at).is_some_and(|it| it.item.hash.is_some());
        let is_disputed = verified.disputes.contains_key(&address);
        let is_kept = stands(&base) && verified.record.is_kept_for(&address);
        if stands(&address) || is_disputed || !is_kept {
            continue;
        }
        let (word, of) = (stage.word(), verified.record.name_of(&base));
        return Err(DeedError::Refuse {
            what: format!("`{address}` is the place of the {word} value of {of}"),
            instead: Some(format!(
                "tenure rotate {of} --begin; or another name, for a value of its own"
            )),
        });
    }
    Ok(())
}

/// Signs, and leaves the writing to the caller, who has more to write.
///
/// # Errors
/// As [`attest`], but nothing is written.
pub fn sign(
    pen: &mut Pen<'_, '_>,
    policy: &Policy,
    work: Work,
) -> Result<(Receipt, Change), DeedError> {
    may_do(policy, pen.by(), &work)?;
    let Work { changes, keyrings, mut writes, notes, reason, beside: _ } = work;
    let mut paths: Vec<_> = writes.paths().cloned().collect();
    paths.sort();
    let mut parts = portions(changes);
    if parts.is_empty() && (notes.is_empty() || !keyrings.is_empty()) {
        parts.push(Vec::new());
    }
    let mut keyrings = Some(keyrings);
    let mut last = None;
    for files in parts {
        let kind = Kind::Seal { files, keyrings: keyrings.take().unwrap_or_default() };
        last = Some(pen.sign(kind, reason.clone(), &mut writes)?);
    }
    for note in notes {
        let noted = pen.sign(Kind::Note(note), reason.clone(), &mut writes)?;
        last = last.or(Some(noted));
    }
    let entry = last.ok_or(DeedError::Aborted)?;
    Ok((Receipt { entry, by: pen.by().clone(), paths }, writes))
}

/// Cuts changes into portions that one entry holds.
fn portions(changes: Vec<FileChange>) -> Vec<Vec<FileChange>> {
    let mut portions = Portions::default();
    for FileChange { env, path, items } in changes {
        items.into_iter().for_each(|item| portions.add((&env, &path), item));
    }
    portions.all
}

#[derive(Default)]
struct Portions {
    all: Vec<Vec<FileChange>>,
    /// How many items the last one has.
    items: usize,
    /// What it takes when printed: at most.
    bytes: usize,
}

impl Portions {
    fn add(&mut self, (env, path): (&EnvName, &RepoPath), item: Item) {
        let (head, size) = (HEAD + printed(path.as_str()), size(&item));
        if self.all.is_empty() || self.items == ITEMS || self.bytes + head + size > BYTES {
            self.all.push(Vec::new());
            (self.items, self.bytes) = (0, 0);
        }
        self.items += 1;
        self.bytes += size;
        let Some(last) = self.all.last_mut() else { return };
        match last.last_mut() {
            Some(file) if (&file.env, &file.path) == (env, path) => file.items.push(item),
            _ => {
                self.bytes += head;
                last.push(FileChange { env: env.clone(), path: path.clone(), items: vec![item] });
            }
        }
    }
}

/// What a file takes in an entry beside its path.
const HEAD: usize = 150;

/// What an item takes beside its key and the address that it carries on: at most.
const REST: usize = 500;

/// What an item takes when printed: at most.
fn size(item: &Item) -> usize {
    let of = item.of.as_ref().map_or(0, |of| printed(&of.address.to_string()));
    REST + printed(&item.key.to_string()) + of
}

/// What a text takes in quotes: at most.
fn printed(text: &str) -> usize {
    let one = |c: char| match c {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        c => c.len_utf8().max(6),
    };
    text.chars().map(one).sum()
}

fn may_do(policy: &Policy, by: &MemberName, work: &Work) -> Result<(), DeedError> {
    for change in &work.changes {
        for item in &change.items {
            if item.op == Op::Extend && !policy.is_admin(by) {
                let what = format!("extend {} in {}", item.key, change.env);
                let may = |who: &MemberName| policy.is_admin(who);
                return Err(refused(policy, by, what, (&change.env, &may)));
            }
            // A `move` ends its source.
            let source = item.of.as_ref().map(|of| of.address.clone());
            for address in source.into_iter().chain([change.address(&item.key)]) {
                if !policy.may_write(by, &address) {
                    let what = format!("write {} in {}", address.key, address.env);
                    let may = |who: &MemberName| policy.may_write(who, &address);
                    return Err(refused(policy, by, what, (&change.env, &may)));
                }
            }
        }
    }
    for keyring in &work.keyrings {
        let env = &keyring.env;
        let writes = policy.is_admin(by) || policy.may_write_some(by, env);
        if !policy.readers(env).contains(by) || !writes {
            let may = |who: &MemberName| policy.readers(env).contains(who);
            return Err(refused(policy, by, format!("sign a keyring of {env}"), (env, &may)));
        }
    }
    Ok(())
}

/// Names those of an environment's writers who may do it.
fn refused(
    policy: &Policy,
    by: &MemberName,
    what: String,
    (env, may): (&EnvName, &dyn Fn(&MemberName) -> bool),
) -> DeedError {
    let may = policy.writers(env).into_iter().filter(|who| may(who)).cloned().collect();
    DeedError::NotAllowed { by: by.clone(), what, may }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::log::entry::{Entry, Origin};
    use crate::names::{Address, EntryId, GenerationId, KeyPath, Sha256};

    fn change(keys: usize, key: &str) -> FileChange {
        let (env, path): (EnvName, RepoPath) =
            ("prod".parse().unwrap(), "secrets/prod.json".parse().unwrap());
        let item = |n: usize| {
            let key: KeyPath = format!("\"{n} {key}\"").parse().unwrap();
            let address = Address { env: env.clone(), path: path.clone(), key: key.clone() };
            Item {
                op: Op::Rekey,
                key,
                of: Some(Origin { entry: EntryId::of(b"x"), address }),
                generation: Some(GenerationId([7; 16])),
                kind: Some("x".repeat(64).parse().unwrap()),
                due: Some(date(2027, 2, 19)),
                hash: Some(Sha256::of(b"x")),
            }
        };
        FileChange { items: (0..keys).map(item).collect(), env, path }
    }

    /// The sizes of the entries that some changes make; each must be one that is written.
    fn sizes(changes: Vec<FileChange>) -> Vec<usize> {
        let id = EntryId::of(b"x");
        let render = |files: Vec<FileChange>| {
            let mut entry = Entry {
                kind: Kind::Seal { files, keyrings: Vec::new() },
                root: Some(id),
                parents: vec![id],
                policy: Some(id),
                time: "2026-01-01T00:00:00Z".parse().unwrap(),
                by: "ana".parse().unwrap(),
                reason: Some("\u{202e}".repeat(1000)),
            };
            entry.sort();
            entry.render().unwrap().len()
        };
        portions(changes).into_iter().map(render).collect()
    }

    #[test]
    fn entries_stay_below_their_limit_however_long_the_keys() {
        assert_eq!(sizes(vec![change(1_500, "k")]).len(), 1);
        assert_eq!(sizes(vec![change(1_000, "k"), change(501, "other")]).len(), 2);
        for key in ["k".repeat(3_000), "\u{200b}".repeat(900), "\\\"".repeat(500)] {
            let sizes = sizes(vec![change(700, &key)]);
            assert!((3..20).contains(&sizes.len()), "{sizes:?}");
        }
    }

    #[test]
    fn every_item_is_in_one_portion_and_in_its_file() {
        let changes = vec![change(2_000, "k"), change(3, &"x".repeat(400_000))];
        let kept: Vec<_> = portions(changes.clone()).concat();
        let items =
            |all: &[FileChange]| all.iter().flat_map(|c| c.items.clone()).collect::<Vec<_>>();
        assert_eq!(items(&kept), items(&changes));
        assert!(kept.iter().all(|change| !change.items.is_empty()));
    }
}
