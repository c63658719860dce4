//! What stood in commits, whatever stands now: their policies, and what their managed files and keyrings held.

use std::collections::{BTreeMap, BTreeSet};

use super::commits::{Commits, Ends};
use super::keys::Rings;
use super::values::managed;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{EnvName, RepoPath, RepositoryId};
use crate::policy::{self, Policy};
use crate::world::{Blob, FileMode, ObjectId, StagedChange};

const KEYS: &str = ".secrets/keys";

/// The policies of now and of then, whether somebody signed them or not; of those that say the same of files, one.
pub(super) struct Policies {
    pub(super) all: Vec<Policy>,
    /// Whether the commits bring any.
    pub(super) are_changed: bool,
}

impl Policies {
    /// Reads the one that lies here, those at the ends of commits, and what these bring in between.
    pub(super) fn through(place: &Place<'_>, commits: &Commits) -> Result<Self, DeedError> {
        let path: RepoPath = policy::PATH.parse()?;
        let mut texts: BTreeSet<Vec<u8>> = place.read(&path)?.into_iter().collect();
        for state in states(commits) {
            texts.extend(place.checkout.file_at(state, &path)?);
        }
        let mut ids = BTreeSet::new();
        place.checkout.each_change_at(&commits.walk, &[policy::PATH], &mut |change| {
            ids.extend(contents(&change).cloned());
            Ok(())
        })?;
        let ids: Vec<_> = ids.into_iter().collect();
        texts.extend(place.checkout.read_blobs(&ids)?.into_iter().filter_map(Blob::bytes));
        let mut own = Self { all: Vec::new(), are_changed: !ids.is_empty() };
        for text in texts.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
            own.all.extend(Policy::parse(text).ok().filter(|policy| own.says_more(policy)));
        }
        Ok(own)
    }

    /// Tells whether a policy has files of which no other one says the same.
    fn says_more(&self, policy: &Policy) -> bool {
        let files = |policy: &Policy| -> Vec<_> {
            let all = policy.environments.iter();
            all.map(|(env, about)| (env.clone(), about.files.clone())).collect()
        };
        let is_same = |other: &&Policy| {
            other.repository == policy.repository && files(other) == files(policy)
        };
        self.all.iter().find(is_same).is_none()
    }

    /// The files that lie here and belong to an environment of any of them.
    pub(super) fn here(&self, place: &Place<'_>) -> Result<BTreeSet<RepoPath>, DeedError> {
        let mut paths = BTreeSet::new();
        for policy in &self.all {
            for env in policy.environments.keys() {
                paths.extend(managed(place, policy, env)?);
            }
        }
        Ok(paths)
    }

    /// Whose a file is or was, each once.
    pub(super) fn owners(&self, path: &RepoPath) -> Vec<(&RepositoryId, &EnvName)> {
        let mut owners = Vec::new();
        for policy in &self.all {
            let owner = policy.environment_of(path).map(|env| (&policy.repository, env));
            owners.extend(owner.filter(|owner| !owners.contains(owner)));
        }
        owners
    }

    /// The folders in which managed files and keyrings lie or lay.
    fn folders(&self) -> Vec<String> {
        let folders = self.all.iter().flat_map(|policy| policy.literal_prefixes(None));
        let folders: BTreeSet<_> = folders.chain([KEYS.to_owned()]).collect();
        // The empty one holds all others.
        if folders.contains("") { Vec::new() } else { folders.into_iter().collect() }
    }
}

/// What managed files and keyrings held.
#[derive(Default)]
pub(super) struct Stood {
    /// Each content once at its path.
    pub(super) files: BTreeSet<(RepoPath, ObjectId)>,
    pub(super) rings: Rings,
}

impl Stood {
    /// Lists what stood in any of some commits: what they bring, what that took the place of, and what the ends hold.
    pub(super) fn through(
        place: &Place<'_>,
        commits: &Commits,
        policies: &Policies,
    ) -> Result<Self, DeedError> {
        let (mut stood, mut known) = (Self::default(), BTreeMap::new());
        let mut is_managed = |path: &RepoPath| match known.get(path) {
            Some(is) => *is,
            None => {
                let is = policies.all.iter().any(|policy| policy.environment_of(path).is_some());
                known.insert(path.clone(), is);
                is
            }
        };
        let folders = policies.folders();
        let folders: Vec<_> = folders.iter().map(String::as_str).collect();
        place.checkout.each_change_at(&commits.walk, &folders, &mut |change| {
            if let Some(path) = &change.path {
                contents(&change).for_each(|id| stood.add(path, id, &mut is_managed));
            }
            Ok(())
        })?;
        for state in states(commits) {
            for file in place.checkout.files_below(state, &folders)? {
                stood.add(&file.path, &file.id, &mut is_managed);
            }
        }
        Ok(stood)
    }

    fn add(
        &mut self,
        path: &RepoPath,
        id: &ObjectId,
        is_managed: &mut dyn FnMut(&RepoPath) -> bool,
    ) {
        let ring = path.as_str().strip_prefix(KEYS).and_then(|rest| rest.strip_prefix('/'));
        if let Some(env) = ring.and_then(|ring| ring.split('/').next()?.parse::<EnvName>().ok()) {
            self.rings.entry(env).or_default().insert(id.clone());
        } else if is_managed(path) {
            self.files.insert((path.clone(), id.clone()));
        }
    }
}

/// The commits whose whole trees count, beside what the walk brings.
fn states(commits: &Commits) -> BTreeSet<&ObjectId> {
    let from = commits.ends.as_ref().and_then(|Ends { from, .. }| from.as_ref());
    commits.by.iter().chain(&commits.tips).chain(from).collect()
}

/// What a change puts there, and what it takes the place of.
fn contents(change: &StagedChange) -> impl Iterator<Item = &ObjectId> {
    let now = change.now.as_ref().filter(|(mode, _)| *mode != FileMode::Submodule);
    change.before.iter().chain(now.map(|(_, id)| id))
}
