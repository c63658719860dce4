//! Entries that were signed here and never came into git, of which the bytes that they attest are gone.

use std::collections::BTreeSet;

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::log::entry::Kind;
use crate::log::name::file_path;
use crate::names::{Address, EntryId};
use crate::verify::{LogEvidence, Record};

/// The log without the entries of what is lost and all that follows them; none where git ever had one of
/// these, or one does more than seal values: an entry that somebody else may have is never taken away.
pub(super) fn without(
    place: &Place<'_>,
    record: &Record,
    log: &LogEvidence,
    lost: &[(Address, EntryId)],
) -> Result<Option<(LogEvidence, Vec<EntryId>)>, DeedError> {
    let wanted: BTreeSet<usize> =
        lost.iter().filter_map(|(_, entry)| record.dag.index(entry)).collect();
    let follows = |at: &usize| {
        wanted.contains(at) || wanted.iter().any(|first| record.dag.is_ancestor(*first, *at))
    };
    let mut log = log.clone();
    let mut dropped = Vec::new();
    for at in record.dag.order().iter().copied().filter(follows) {
        let signed = &record.entries[at];
        let only_values =
            matches!(&signed.entry.kind, Kind::Seal { keyrings, .. } if keyrings.is_empty());
        let path = file_path(&signed.entry, &signed.id);
        if !only_values || !place.checkout.versions(&path)?.is_empty() {
            return Ok(None);
        }
        log.log.remove(path.as_str());
        dropped.push(signed.id);
    }
    Ok(Some((log, dropped)))
}
