//! A value under another key, perhaps in another file of its environment. Its token names its key, so it is
//! sealed anew, and only a reader can do it.

use zeroize::Zeroizing;

use super::file::same_terms;
use super::{Moved, Plan, Recorded, refuse};
use crate::deeds::DeedError;
use crate::deeds::attest::{Work, attest};
use crate::deeds::find::{self, Found};
use crate::deeds::load::Place;
use crate::deeds::ring::Ring;
use crate::deeds::rotate::{at_rest, moves_no_old};
use crate::deeds::sealing::{Resealed, Sealing, Whole};
use crate::deeds::set::{edited, empty};
use crate::document::{Format, Node, place as places};
use crate::log::entry::{Op, Origin};
use crate::names::{Address, AddressQuery, KeyPath, RepoPath, Target, quoted};
use crate::secret::Plaintext;
use crate::verify::Verified;

pub(super) fn mv(
    place: &Place<'_>,
    (from, to): (&AddressQuery, &AddressQuery),
    plan: &Plan,
) -> Result<Moved, DeedError> {
    let env = &from.env;
    if to.env != *env {
        let (old, new) = (quoted(&plan.from), quoted(&plan.to));
        return refuse(
            format!(
                "{} has other readers than {env}: what moves there is a value of its own",
                to.env
            ),
            format!("tenure get {old} | tenure set {new}, then: tenure unset {old}"),
        );
    }
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    let found = find::value(&verified, from, &plan.from)?;
    let (source, target) = (found.address(), target(&verified, &found, to, &plan.to)?);
    let single = found.key == source.key && found.key != KeyPath::Whole;
    let Some(live) = verified.live.get(&source).copied().filter(|_| single) else {
        return refuse(format!("`{}` is no single value", plan.from), None);
    };
    at_rest(&verified, &source)?;
    same_terms(&verified, (&source, &target), live)?;
    let ring = Ring::open(place.world, &verified, env)?;
    ring.current()?;
    let sealing = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
    moves_no_old(place, sealing, &found, &target)?;
    let mut work = Work { reason: plan.reason.clone(), ..Work::default() };
    let mut files = moved(sealing, &found, &target)?;
    let of = Origin { entry: verified.record.entries[live.entry].id, address: source.clone() };
    for (path, new) in &mut files {
        // A `move` ends its source by itself.
        new.change
            .items
            .retain(|item| item.op != Op::Delete || *path != source.path || item.key != source.key);
        let item =
            new.change.items.iter_mut().find(|it| *path == target.path && it.key == target.key);
        let Some(item) = item else { continue };
        if item.generation.is_some() != live.item.generation.is_some() {
            return refuse(
                format!("the policy seals one of `{source}` and `{target}` and not the other"),
                None,
            );
        }
        (item.op, item.of) = (Op::Move, Some(of.clone()));
        (item.kind, item.due) = (live.item.kind.clone(), live.item.due);
    }
    for (path, new) in files {
        work.writes.based_on(path.clone(), verified.files.get(&path).map(|file| file.bytes));
        work.file(new.change, new.bytes);
    }
    let receipt = attest(place, &verified, work)?;
    let name = |address: &Address| format!("{}#{}", address.path, address.key);
    let (from, to) = (name(&source), name(&target));
    Ok(Moved { env: env.clone(), from, to, items: 1, recorded: Recorded::Done, receipt })
}

/// Where the value goes: in its own file, unless another is said.
fn target(
    verified: &Verified<'_>,
    found: &Found,
    query: &AddressQuery,
    text: &str,
) -> Result<Address, DeedError> {
    let place = query.targets.iter().find_map(|target| match target {
        Target::Key(key) => Some((found.path.clone(), key.clone())),
        Target::InFile(path, key) => Some((path.clone(), key.clone())),
        Target::File(_) => None,
    });
    let Some((path, key)) = place.filter(|(_, key)| key.item() == *key && *key != KeyPath::Whole)
    else {
        return refuse(format!("`{text}` is no place of a single value"), None);
    };
    let address = Address { env: found.env.clone(), path, key };
    if verified.policy.environment_of(&address.path) != Some(&address.env) {
        return Err(DeedError::NotManaged(address.path));
    }
    if verified.live.contains_key(&address) {
        return refuse(format!("there is a `{address}` already"), None);
    }
    if Format::of(&address.path) != Format::of(&found.path) {
        return refuse(
            format!("`{}` has another format than `{}`", address.path, found.path),
            None,
        );
    }
    Ok(address)
}

/// The one or two files, sealed anew.
fn moved(
    sealing: Sealing<'_>,
    found: &Found,
    target: &Address,
) -> Result<Vec<(RepoPath, Resealed)>, DeedError> {
    let Sealing { verified, ring, env, .. } = sealing;
    let clear = ring.open_file(verified, &found.path)?;
    let mut slice = Zeroizing::new(String::new());
    let rest = edited(&found.path, env, &clear, |document| {
        let leaf = document.leaf(&found.key).filter(|leaf| {
            let bare = [&leaf.tag, &leaf.anchor].into_iter().all(String::is_empty);
            leaf.node == Node::Scalar && bare
        });
        let Some(leaf) = leaf else {
            return refuse(format!("`{}` is no plain value", found.key), None);
        };
        slice.push_str(document.slice(leaf));
        Ok((places::remove(document, leaf)?, Zeroizing::default()))
    })?;
    let put = |clear: &Plaintext| {
        edited(&target.path, env, clear, |document| {
            let new = places::insert(document, &target.key, &slice)?;
            Ok((new.at..new.at, new.text))
        })
    };
    let seal = |path: &RepoPath, clear: &Plaintext| {
        Ok::<_, DeedError>((path.clone(), sealing.reseal(path, clear, &|_| None, Whole::Refused)?))
    };
    if target.path == found.path {
        return Ok(vec![seal(&found.path, &put(&rest)?)?]);
    }
    let there = match verified.files.contains_key(&target.path) {
        true => ring.open_file(verified, &target.path)?,
        false => Plaintext::from(empty(&target.path)),
    };
    Ok(vec![seal(&found.path, &rest)?, seal(&target.path, &put(&there)?)?])
}
