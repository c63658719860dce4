//! Judges the whole repository.

use super::DeedError;
use super::load::Place;
use crate::finding::{Finding, Severity};
use crate::names::EnvName;
use crate::world::World;

/// What `check` found, and what it looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Every finding, the gravest first.
    pub findings: Vec<Finding>,
    /// How many sealed values stand.
    pub values: usize,
    /// How many environments were looked at.
    pub environments: usize,
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
}

impl Checked {
    /// The gravest severity; none where nothing was found.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Does all checks, of one environment or of all.
///
/// # Errors
/// [`DeedError::NoRoot`] and what keeps the repository from being read at all.
pub fn check(world: &World, scope: Option<&EnvName>) -> Result<Checked, DeedError> {
    let place = Place::find(world)?.forgetful();
    let loaded = place.load(scope)?;
    let entries = (loaded.record.holding(), loaded.record.entries.len());
    let Ok(verified) = loaded.judged() else {
        let findings = loaded.record.findings.clone();
        return Ok(Checked { findings, values: 0, environments: 0, entries });
    };
    let sealed = verified.live.values().filter(|live| live.item.generation.is_some());
    Ok(Checked {
        values: sealed.count(),
        environments: scope.map_or(verified.policy.environments.len(), |_| 1),
        findings: verified.findings,
        entries,
    })
}
