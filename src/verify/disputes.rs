//! Disputes: addresses of which the log has no last word that counts, and what could be taken.

use std::collections::BTreeMap;

use super::faults::is_dispute;
use super::keyrings::Generations;
use super::verdicts::breach;
use super::{Live, Record, Verified, item};
use crate::finding::{Code, Finding};
use crate::log::timeline::{Effect, Standing, Timeline};
use crate::names::{Address, EnvName, KeyPath, RepoPath, Sha256, quoted};

/// A dispute over one address, which a writer's word ends.
#[derive(Debug)]
pub struct Dispute<'r> {
    /// Its verdict: `concurrent`, `removed-key` or `writer-gone`.
    pub code: Code,
    /// The place that its finding names.
    pub place: String,
    /// The newest items, and for what is void also what stood before; the oldest entry first.
    pub sides: Vec<Side<'r>>,
    /// What stands on disk; none where nothing does.
    pub on_disk: Option<Sha256>,
}

/// One of the items that could be taken.
#[derive(Debug, Clone, Copy)]
pub struct Side<'r> {
    /// The item and its entry; of a `move` to another address it is that address's item.
    pub live: Live<'r>,
    /// Whether a value stands there, or none any more.
    pub effect: Effect,
    /// Whether its entry counts.
    pub holds: bool,
}

impl Side<'_> {
    /// What stands where this side is taken; none where nothing does.
    #[must_use]
    pub fn outcome(&self) -> Option<Sha256> {
        if self.effect == Effect::Ends { None } else { self.live.item.hash }
    }
}

impl<'r> Dispute<'r> {
    pub(super) fn of(
        record: &'r Record,
        finding: &Finding,
        candidates: &[Standing],
        on_disk: Option<Sha256>,
    ) -> Self {
        let sides = candidates.iter().map(|at| side(record, *at)).collect();
        Self { code: finding.code, place: finding.place.clone(), sides, on_disk }
    }
}

fn side(record: &Record, at: Standing) -> Side<'_> {
    let live = Live { entry: at.entry, item: record.item(at) };
    Side { live, effect: at.effect, holds: record.holds(at.entry) }
}

/// Adds what stood before to disputes over void items: a writer may want that back.
pub(super) fn add_what_was_before<'r>(
    record: &'r Record,
    disputes: &mut BTreeMap<Address, Dispute<'r>>,
) {
    if disputes.values().all(|dispute| dispute.sides.iter().all(|side| side.holds)) {
        return;
    }
    let entries: Vec<_> = record.entries.iter().map(|signed| &signed.entry).collect();
    let before = Timeline { entries: &entries, dag: &record.dag }.newest(|at| record.holds(at));
    for (address, dispute) in disputes {
        for at in before.get(address).into_iter().flatten() {
            if dispute.sides.iter().all(|side| side.live.entry != at.entry) {
                dispute.sides.push(side(record, *at));
            }
        }
        dispute.sides.sort_by_key(|side| record.dag.position(side.live.entry));
    }
}

impl Verified<'_> {
    /// A file that is not here: what is in no dispute is missing, with one finding for all of it.
    pub(super) fn absent(
        &mut self,
        env: &EnvName,
        path: &RepoPath,
        signed: &BTreeMap<&KeyPath, &[Standing]>,
    ) {
        let mut generations = Generations::of(self.record, env);
        let mut missing = false;
        for (key, candidates) in signed {
            let address = Address { env: env.clone(), path: path.clone(), key: (*key).clone() };
            match item::judge(&mut generations, &address, candidates, None) {
                Err(finding) if is_dispute(finding.code) => {
                    self.disputed(address, &finding, candidates, None);
                    self.findings.push(*finding);
                }
                Err(_) => missing = true,
                Ok(_) => {}
            }
        }
        if missing {
            let finding = breach(Code::Missing, path.as_str(), "this file is signed, but not here");
            let finding = self.of_newest(finding, signed);
            self.findings.push(finding.in_env(env).fix(format!("tenure restore {}", quoted(path))));
        }
    }

    pub(super) fn disputed(
        &mut self,
        address: Address,
        finding: &Finding,
        candidates: &[Standing],
        on_disk: Option<Sha256>,
    ) {
        if is_dispute(finding.code) {
            let dispute = Dispute::of(self.record, finding, candidates, on_disk);
            self.disputes.insert(address, dispute);
        }
    }
}
