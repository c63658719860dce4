//! What is found as if there were no exceptions, for those who write them.

use std::path::PathBuf;

use super::standards::Standards;
use super::texts::Room;
use super::texts::{Judge, Origin};
use super::values::Values;
use super::{Leak, staged, tree, values};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::RepoPath;
use crate::policy::Policy;
use crate::scan::AllowList;
use crate::world::ObjectId;

/// Findings, and what there is to judge exceptions by.
pub(in crate::deeds) struct Unexcused {
    pub(in crate::deeds) leaks: Vec<Leak>,
    /// The exceptions that there are.
    pub(in crate::deeds) allow: AllowList,
    pub(in crate::deeds) policy: Option<Policy>,
}

/// Looks through files of the work tree.
pub(in crate::deeds) fn in_tree(
    place: &Place<'_>,
    below: &[PathBuf],
) -> Result<Unexcused, DeedError> {
    let (standards, allow) = apart(place)?;
    let leaks = tree::look(place, &standards, below, Room::ENDLESS)?.leaks;
    Ok(Unexcused { leaks, allow, policy: standards.policy })
}

/// Looks nowhere.
pub(in crate::deeds) fn nowhere(place: &Place<'_>) -> Result<Unexcused, DeedError> {
    let (standards, allow) = apart(place)?;
    Ok(Unexcused { leaks: Vec::new(), allow, policy: standards.policy })
}

/// Looks through what is staged: of a place that reads the index.
pub(in crate::deeds) fn as_staged(place: &Place<'_>) -> Result<Vec<Leak>, DeedError> {
    let (standards, _) = apart(place)?;
    let changes = place.checkout.staged_changes()?;
    Ok(staged::look(place, &standards, &changes)?.0.leaks)
}

/// Looks through a file as a commit has it, by the rules of the work tree.
pub(in crate::deeds) fn in_commit(
    place: &Place<'_>,
    commit: &ObjectId,
    path: &str,
) -> Result<Unexcused, DeedError> {
    let (standards, allow) = apart(place)?;
    let values = standards.policy.as_ref().map(|policy| Values::of(place, policy)).transpose()?;
    let mut judge = Judge::new(&standards, values);
    let origin = Origin { path: path.as_bytes(), commit: None };
    let text = place.checkout.file_named(commit, path)?;
    let found = text.map(|text| judge.read(origin, &mut text.as_slice())).transpose()?;
    let leaks = found.unwrap_or_default().into_iter().map(|(leak, _)| leak).collect();
    let leaks = judge.done(leaks).leaks;
    Ok(Unexcused { leaks, allow, policy: standards.policy })
}

fn apart(place: &Place<'_>) -> Result<(Standards, AllowList), DeedError> {
    let mut standards = Standards::of(place)?;
    let allow = std::mem::take(&mut standards.allow);
    Ok((standards, allow))
}

impl Unexcused {
    /// The sealed files that there are.
    pub(in crate::deeds) fn managed(&self, place: &Place<'_>) -> Result<Vec<RepoPath>, DeedError> {
        let Some(policy) = &self.policy else { return Ok(Vec::new()) };
        let mut paths = Vec::new();
        for env in policy.environments.keys() {
            paths.extend(values::managed(place, policy, env)?);
        }
        Ok(paths)
    }
}
