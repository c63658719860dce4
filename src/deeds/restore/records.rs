//! The records in `.secrets`: entries that HEAD's history had, policies and keyrings that entries name.

use super::State;
use crate::deeds::DeedError;
use crate::deeds::enact::kept_at;
use crate::deeds::load::Place;
use crate::log::entry::{Kind, PolicyStep};
use crate::log::name::{file_path, parse_name};
use crate::log::parse::SignedEntry;
use crate::names::{RepoPath, Sha256};
use crate::verify::{FileEvidence, LogEvidence, Record};

const LOG: &str = ".secrets/log";

/// The log with all entries that ever stood in HEAD's history, with the policies that they name, and with the
/// policy's file where there is none.
pub(super) fn mended(place: &Place<'_>, before: &State) -> Result<LogEvidence, DeedError> {
    let mut log = before.log.clone();
    let mut wanted: Vec<RepoPath> = place
        .checkout
        .versions_below(LOG)?
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| parse_name(path.as_str()).is_some())
        .collect();
    wanted.extend(log.log.keys().filter_map(|path| path.parse().ok()));
    wanted.sort();
    wanted.dedup();
    for path in wanted {
        let good = |bytes: &[u8]| is_entry_of(&path, bytes);
        if log.log.get(path.as_str()).is_some_and(|bytes| good(bytes)) {
            continue;
        }
        if let Some(bytes) = place.version_of(&path, |bytes| good(&bytes).then_some(bytes))? {
            log.log.insert(path.to_string(), bytes);
        }
    }
    for step in log.log.values().filter_map(|bytes| step_of(bytes)).collect::<Vec<_>>() {
        let path = kept_at(&step.hash)?;
        let good = |bytes: &[u8]| Sha256::of(bytes) == step.hash;
        if log.policies.get(path.as_str()).is_some_and(|bytes| good(bytes)) {
            continue;
        }
        if let Some(bytes) = place.version_of(&path, |bytes| good(&bytes).then_some(bytes))? {
            log.policies.insert(path.to_string(), bytes);
        }
    }
    if log.policy.is_none() {
        let record = Record::judge(&log, place.trusted()?, place.world.now);
        let current = record.chain.current().map(|step| kept_at(&step.hash)).transpose()?;
        log.policy = current.and_then(|path| log.policies.get(path.as_str()).cloned());
    }
    Ok(log)
}

/// Tells whether bytes are the entry whose name a path is.
fn is_entry_of(path: &RepoPath, bytes: &[u8]) -> bool {
    SignedEntry::parse(bytes).is_ok_and(|signed| file_path(&signed.entry, &signed.id) == *path)
}

fn step_of(bytes: &[u8]) -> Option<PolicyStep> {
    match SignedEntry::parse(bytes).ok()?.entry.kind {
        Kind::Init(step) | Kind::Policy(step) => Some(step),
        Kind::Seal { .. } | Kind::Note(_) => None,
    }
}

/// Puts back the keyrings that entries name, of every environment.
pub(super) fn keyrings(
    place: &Place<'_>,
    record: &Record,
    files: &mut FileEvidence,
) -> Result<(), DeedError> {
    let envs = record.policy().into_iter().flat_map(|policy| policy.environments.keys());
    for keyring in envs.flat_map(|env| record.keyrings(env)) {
        let wanted = keyring.record;
        let path = format!(".secrets/keys/{}/{}.age", wanted.env, wanted.generation);
        let path: RepoPath = path.parse()?;
        let good = |bytes: &[u8]| Sha256::of(bytes) == wanted.hash;
        if files.keyrings.get(&path).is_some_and(|bytes| good(bytes)) {
            continue;
        }
        if let Some(bytes) = place.version_of(&path, |bytes| good(&bytes).then_some(bytes))? {
            files.keyrings.insert(path, bytes);
        }
    }
    Ok(())
}
