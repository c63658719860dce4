//! By which policy it is judged what a commit brings in clear: its own, where that is in force in the end.
//!
//! What a policy calls clear, and which files it manages, may change within a range. By the policy of the beginning
//! alone, an honest change would be red; by that of each commit, whoever commits would be their own judge. So a
//! commit's own policy counts where the log at the end puts it in force, and after the one of the beginning: an older
//! one that is put back for a commit, or one that nobody signed, quiets nothing. Decision 42.

use super::commits::{Commits, Ends};
use super::standards::Standards;
use super::stood::Policies;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{RepoPath, Sha256};
use crate::policy::{self, Policy};
use crate::verify::{Record, Trust};
use crate::world::{Checkout, ObjectId, StagedChange, WorldError};

/// The policies that count.
pub(super) struct Law {
    path: RepoPath,
    /// That of the state whose rules hold.
    first: Option<Policy>,
    /// Those that came into force after it, by the hash of their text.
    later: Vec<(Sha256, Policy)>,
}

impl Law {
    /// Asks the log at the end of some commits; only where they bring a policy, since it costs all its signatures.
    pub(super) fn of(
        place: &Place<'_>,
        commits: &Commits,
        standards: &Standards,
        policies: &Policies,
    ) -> Result<Self, DeedError> {
        let (path, first) = (policy::PATH.parse()?, standards.policy.clone());
        let mut law = Self { path, first, later: Vec::new() };
        let end = commits.tips.first().or(commits.by.as_ref()).filter(|_| policies.are_changed);
        let Some(end) = end else { return Ok(law) };
        let from = commits.ends.as_ref().and_then(|Ends { from, .. }| from.as_ref());
        let before = from.map(|from| place.checkout.file_at(from, &law.path)).transpose()?;
        let before = before.flatten().map(|text| Sha256::of(&text));
        let record = record(place, end, trust(place, from)?)?;
        law.later = after(&record, before);
        Ok(law)
    }

    /// The policy of the state whose rules hold.
    pub(super) fn first(&self) -> Option<&Policy> {
        self.first.as_ref()
    }

    /// Tells whether it matters of which commit a change is.
    pub(super) fn is_about(&self, change: &StagedChange) -> bool {
        let Some(path) = change.path.as_ref().filter(|_| !self.later.is_empty()) else {
            return false;
        };
        let mut all = self.first.iter().chain(self.later.iter().map(|(_, policy)| policy));
        all.any(|policy| policy.environment_of(path).is_some())
    }

    /// The policy by which it is judged what a commit brings.
    pub(super) fn of_commit(
        &self,
        checkout: &Checkout,
        commit: &ObjectId,
    ) -> Result<Option<&Policy>, WorldError> {
        let hash = checkout.file_at(commit, &self.path)?.map(|text| Sha256::of(&text));
        let own = self.later.iter().find(|(other, _)| Some(*other) == hash);
        Ok(own.map(|(_, policy)| policy).or(self.first()))
    }
}

/// The root by which the log at the end is judged: the one that is trusted, else that of the beginning's log.
fn trust(place: &Place<'_>, from: Option<&ObjectId>) -> Result<Option<Trust>, DeedError> {
    let trusted = place.trusted()?;
    let Some(from) = from.filter(|_| trusted.is_none()) else { return Ok(trusted) };
    Ok(record(place, from, None)?.root().map(|root| Trust { root }))
}

fn record(place: &Place<'_>, commit: &ObjectId, trust: Option<Trust>) -> Result<Record, DeedError> {
    let then = Place::find(place.world)?.committed(commit)?;
    Ok(Record::judge(&then.log_evidence()?, trust, place.world.now))
}

/// The policies in force that follow one of this text; all, where there was none.
fn after(record: &Record, before: Option<Sha256>) -> Vec<(Sha256, Policy)> {
    let mut follow: Vec<bool> = Vec::new();
    for step in &record.chain.steps {
        let is_it = before.is_none_or(|before| step.hash == before);
        let follows = is_it || step.follows().any(|other| follow[other]);
        follow.push(follows);
    }
    let places = record.chain.steps.iter().map(|step| step.id).zip(follow);
    let later: Vec<_> = places.filter(|(_, follows)| *follows).map(|(id, _)| id).collect();
    let in_force = record.steps_in_force().filter(|step| later.contains(&step.id));
    in_force.map(|step| (step.hash, (*step.policy).clone())).collect()
}
