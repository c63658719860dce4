//! A file under another name: the same bytes, so nothing is opened. Git may have renamed it already.

use std::collections::BTreeMap;

use super::{Moved, Recorded, refuse};
use crate::deeds::DeedError;
use crate::deeds::attest::{Work, attest};
use crate::deeds::find::sealed_again;
use crate::deeds::load::Place;
use crate::deeds::past::parsed;
use crate::deeds::rotate::at_rest;
use crate::document::{Format, items, whole_hash};
use crate::finding::{Finding, Severity};
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{Address, EnvName, KeyPath, RepoPath, Sha256, quoted};
use crate::policy::{Clash, Policy};
use crate::seal;
use crate::verify::{Live, Verified};
use crate::world::Mode;

pub(super) fn mv(
    place: &Place<'_>,
    policy: &Policy,
    (from, to): (&RepoPath, &RepoPath),
    reason: Option<String>,
) -> Result<Moved, DeedError> {
    let env = same_environment(policy, from, to)?;
    let loaded = place.load(Some(env))?;
    let verified = loaded.judged()?;
    let (old, new) = (loaded.files.files.get(from), loaded.files.files.get(to));
    let (bytes, recorded) = match (old, new) {
        (Some(old), None) => (old, Recorded::Done),
        (None, Some(new)) => (new, Recorded::Found),
        (Some(_), Some(_)) => return refuse(format!("there is a `{to}` already"), None),
        (None, None) => return Err(DeedError::NoFile(from.clone())),
    };
    sealed_again(&verified, from)?;
    nothing_else_wrong(&verified, env, (from, to), recorded)?;
    let signed = loaded.record.signed(Some(env));
    let signed: BTreeMap<_, _> = signed.into_iter().filter(|(at, _)| at.path == *from).collect();
    same_items(&signed, to, bytes)?;
    let mut moved = Vec::new();
    for (address, live) in &signed {
        if address.key == KeyPath::Whole {
            at_rest(&verified, address)?;
        }
        moved.push(item(&verified, address, *live, to)?);
    }
    moved.sort_by_key(|item| item.key.to_string());
    let count = moved.len();
    let mut work = Work { reason, ..Work::default() };
    work.writes.based_on(from.clone(), old.map(Vec::as_slice));
    work.writes.based_on(to.clone(), new.map(Vec::as_slice));
    if recorded == Recorded::Done {
        work.writes.remove(from.clone());
        work.writes.put(to.clone(), bytes.clone(), Mode::Keep);
    }
    work.changes.push(FileChange { env: env.clone(), path: to.clone(), items: moved });
    let receipt = attest(place, &verified, work)?;
    let (from, to) = (from.to_string(), to.to_string());
    Ok(Moved { env: env.clone(), from, to, items: count, recorded, receipt })
}

fn same_environment<'p>(
    policy: &'p Policy,
    from: &RepoPath,
    to: &RepoPath,
) -> Result<&'p EnvName, DeedError> {
    let owner = |path: &RepoPath| {
        policy.environment_of(path).ok_or_else(|| DeedError::NotManaged(path.clone()))
    };
    let (env, other) = (owner(from)?, owner(to)?);
    if env != other {
        return refuse(
            format!("`{to}` belongs to {other}, whose readers and tokens are others than {env}'s"),
            format!(
                "tenure open {} | tenure set {}, for a file that is sealed whole; or value by value",
                quoted(from),
                quoted(format!("{other}/{to}"))
            ),
        );
    }
    if Format::of(from) != Format::of(to) {
        return refuse(format!("`{to}` would be read in another format than `{from}`"), None);
    }
    Ok(env)
}

/// Stops at any finding but what a rename by git alone leaves behind.
fn nothing_else_wrong(
    verified: &Verified<'_>,
    env: &EnvName,
    (from, to): (&RepoPath, &RepoPath),
    recorded: Recorded,
) -> Result<(), DeedError> {
    let about = |finding: &Finding, path: &RepoPath| {
        let rest = finding.place.strip_prefix(path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']))
    };
    let left = |finding: &&Finding| {
        let expected = recorded == Recorded::Found && (about(finding, from) || about(finding, to));
        finding.env.as_ref().is_none_or(|of| of == env)
            && finding.severity >= Severity::Invalid
            && !expected
    };
    let worst = verified.findings.iter().filter(left).max_by_key(|finding| finding.severity);
    worst.map_or(Ok(()), |finding| Err(DeedError::Refused(finding.clone().into())))
}

/// What lies under the new name must be what was signed under the old one, all of it and nothing else.
fn same_items(
    signed: &BTreeMap<Address, Live<'_>>,
    to: &RepoPath,
    bytes: &[u8],
) -> Result<(), DeedError> {
    let whole = seal::is_whole(bytes) || Format::of(to).is_none();
    // Of a file by value, all is read once, however many values it has.
    let found: Option<BTreeMap<KeyPath, Sha256>> = match whole {
        true => Some(BTreeMap::from([(KeyPath::Whole, whole_hash(bytes))])),
        false => parsed(to, bytes)
            .map(|it| items(&it).into_iter().map(|(key, item)| (key, item.hash)).collect()),
    };
    let found = found.unwrap_or_default();
    let right = |(at, live): (&Address, &Live<'_>)| found.get(&at.key) == live.item.hash.as_ref();
    if signed.is_empty() || found.len() != signed.len() || !signed.iter().all(right) {
        return refuse(
            format!("what lies at `{to}` is not, value by value, what was signed"),
            "tenure check".to_owned(),
        );
    }
    Ok(())
}

fn item(
    verified: &Verified<'_>,
    address: &Address,
    live: Live<'_>,
    to: &RepoPath,
) -> Result<Item, DeedError> {
    let there = Address { path: to.clone(), ..address.clone() };
    same_terms(verified, (address, &there), live)?;
    let entry = verified.record.entries[live.entry].id;
    let of = Some(Origin { entry, address: address.clone() });
    Ok(Item { op: Op::Move, of, ..live.item.clone() })
}

/// Refuses a place to which the policy gives another type, a shorter life, or the customer's custody: a value
/// with another deadline, or with nothing owed of it, is a new one.
pub(super) fn same_terms(
    verified: &Verified<'_>,
    (from, there): (&Address, &Address),
    live: Live<'_>,
) -> Result<(), DeedError> {
    if live.item.generation.is_none() {
        return Ok(());
    }
    let what = match verified.clash((from, there), live) {
        None => return Ok(()),
        Some(Clash::Kind) => "another type, and with it another deadline",
        Some(Clash::Deadline) => "a nearer deadline than the value has",
        Some(Clash::Custody) => "to the customer's custody, and the value is in ours",
    };
    refuse(
        format!("the policy gives `{there}` {what}"),
        "set a new value there with tenure set, then: tenure unset the old one".to_owned(),
    )
}
