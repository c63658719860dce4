//! What stood in commits, whatever stands now: their policies, and what their managed files and keyrings held.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::keys::Rings;
use super::managed;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::scan::commits::{Commits, Ends};
use crate::names::{EnvName, RepoPath, RepositoryId, Sha256};
use crate::policy::{self, Policy};
use crate::world::{FileMode, ObjectId, StagedChange};

const KEYS: &str = ".secrets/keys";

/// The policies of now and of then, whether somebody signed them or not; of those that say the same of files, one.
pub(in crate::deeds::scan) struct Policies {
    pub(in crate::deeds::scan) all: Vec<Policy>,
    /// Which commits bring one, and of which text; none for those that take it away.
    brought: HashMap<ObjectId, Option<Sha256>>,
}

impl Policies {
    /// Reads the one that lies here, those at the ends of commits, and what these bring in between.
    pub(in crate::deeds::scan) fn through(
        place: &Place<'_>,
        commits: &Commits,
    ) -> Result<Self, DeedError> {
        let path: RepoPath = policy::PATH.parse()?;
        let mut texts: BTreeSet<Vec<u8>> = place.read(&path)?.into_iter().collect();
        for state in states(commits) {
            texts.extend(place.checkout.file_at(state, &path)?);
        }
        let (mut ids, mut brought) = (BTreeSet::new(), HashMap::new());
        place.checkout.each_change_at(&commits.walk, &[policy::PATH], &mut |commit, change| {
            ids.extend(contents(&change).cloned());
            brought.insert(commit.clone(), put(&change).cloned());
            Ok(())
        })?;
        let ids: Vec<_> = ids.into_iter().collect();
        let mut hashes = HashMap::new();
        for (id, blob) in ids.iter().zip(place.checkout.read_blobs(&ids)?) {
            let Some(text) = blob.bytes() else { continue };
            hashes.insert(id.clone(), Sha256::of(&text));
            texts.insert(text);
        }
        let hash = |id: Option<ObjectId>| id.and_then(|id| hashes.get(&id).copied());
        let brought = brought.into_iter().map(|(commit, id)| (commit, hash(id))).collect();
        Ok(Self { brought, ..Self::said(&texts) })
    }

    /// Reads the one that is staged, and those that the commit's parents have: what any of them manages is managed
    /// still, whatever the commit says.
    pub(in crate::deeds::scan) fn staged(place: &Place<'_>) -> Result<Self, DeedError> {
        let path: RepoPath = policy::PATH.parse()?;
        let mut texts: BTreeSet<Vec<u8>> = place.read(&path)?.into_iter().collect();
        for parent in parents(place)? {
            texts.extend(place.checkout.file_at(&parent, &path)?);
        }
        Ok(Self::said(&texts))
    }

    /// Takes one alone.
    pub(in crate::deeds::scan) fn only(policy: &Policy) -> Self {
        Self { all: vec![policy.clone()], brought: HashMap::new() }
    }

    fn said(texts: &BTreeSet<Vec<u8>>) -> Self {
        let mut own = Self { all: Vec::new(), brought: HashMap::new() };
        for text in texts.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
            own.all.extend(Policy::parse(text).ok().filter(|policy| own.says_more(policy)));
        }
        own
    }

    /// Tells whether the commits bring any.
    pub(in crate::deeds::scan) fn are_changed(&self) -> bool {
        !self.brought.is_empty()
    }

    /// The text of the policy that a commit brings, if it brings one or takes it away.
    pub(in crate::deeds::scan) fn brought(&self, commit: &ObjectId) -> Option<Option<Sha256>> {
        self.brought.get(commit).copied()
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
    pub(in crate::deeds::scan) fn here(
        &self,
        place: &Place<'_>,
    ) -> Result<BTreeSet<RepoPath>, DeedError> {
        let mut paths = BTreeSet::new();
        for policy in &self.all {
            for env in policy.environments.keys() {
                paths.extend(managed(place, policy, env)?);
            }
        }
        Ok(paths)
    }

    /// Whose a file is or was, each once.
    pub(in crate::deeds::scan) fn owners(&self, path: &RepoPath) -> Vec<(&RepositoryId, &EnvName)> {
        let mut owners = Vec::new();
        for policy in &self.all {
            let owner = policy.environment_of(path).map(|env| (&policy.repository, env));
            owners.extend(owner.filter(|owner| !owners.contains(owner)));
        }
        owners
    }

    /// The folders that patterns of managed files name, without the root.
    pub(super) fn managed_folders(&self) -> BTreeSet<String> {
        let of = |policy: &Policy| -> Vec<String> {
            let envs = policy.environments.keys();
            envs.flat_map(|env| policy.literal_prefixes(Some(env))).collect()
        };
        self.all.iter().flat_map(of).filter(|folder| !folder.is_empty()).collect()
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
pub(in crate::deeds::scan) struct Stood {
    /// Each content once at its path.
    pub(in crate::deeds::scan) files: BTreeSet<(RepoPath, ObjectId)>,
    pub(in crate::deeds::scan) rings: Rings,
}

impl Stood {
    /// Lists what stood in any of some commits: what they bring, what that took the place of, and what the ends hold.
    pub(in crate::deeds::scan) fn through(
        place: &Place<'_>,
        commits: &Commits,
        policies: &Policies,
    ) -> Result<Self, DeedError> {
        let (mut stood, mut is_managed) = (Self::default(), is_managed(policies));
        let folders = policies.folders();
        let folders: Vec<_> = folders.iter().map(String::as_str).collect();
        place.checkout.each_change_at(&commits.walk, &folders, &mut |_, change| {
            stood.changed(&change, &mut is_managed);
            Ok(())
        })?;
        for state in states(commits) {
            for file in place.checkout.files_below(state, &folders)? {
                stood.add(&file.path, &file.id, &mut is_managed);
            }
        }
        Ok(stood)
    }

    /// Lists what a commit of the index takes the place of, and what the newest commits did that were not pushed
    /// yet: until somebody ends it, a value works that was replaced a minute ago, and the push would find it.
    pub(in crate::deeds::scan) fn before(
        place: &Place<'_>,
        changes: &[StagedChange],
        policies: &Policies,
    ) -> Result<Self, DeedError> {
        let (mut stood, mut is_managed) = (Self::default(), is_managed(policies));
        for change in changes {
            let before = StagedChange { now: None, ..change.clone() };
            stood.changed(&before, &mut is_managed);
        }
        let folders = policies.folders();
        let folders: Vec<_> = folders.iter().map(String::as_str).collect();
        let parents = parents(place)?;
        if !parents.is_empty() {
            place.checkout.each_unpushed_change(&parents, &folders, &mut |change| {
                stood.changed(&change, &mut is_managed);
            })?;
        }
        Ok(stood)
    }

    fn changed(&mut self, change: &StagedChange, is_managed: &mut dyn FnMut(&RepoPath) -> bool) {
        if let Some(path) = &change.path {
            contents(change).for_each(|id| self.add(path, id, is_managed));
        }
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

/// The parents of a commit of the index.
pub(super) fn parents(place: &Place<'_>) -> Result<Vec<ObjectId>, DeedError> {
    let merged = place.checkout.merge_heads()?;
    Ok(place.checkout.head_commit()?.into_iter().chain(merged).collect())
}

/// Tells whether any of some policies manages a path; each is asked once.
fn is_managed(policies: &Policies) -> impl FnMut(&RepoPath) -> bool {
    let mut known: BTreeMap<RepoPath, bool> = BTreeMap::new();
    move |path| match known.get(path) {
        Some(is) => *is,
        None => {
            let is = policies.all.iter().any(|policy| policy.environment_of(path).is_some());
            known.insert(path.clone(), is);
            is
        }
    }
}

/// What a change puts there, and what it takes the place of.
fn contents(change: &StagedChange) -> impl Iterator<Item = &ObjectId> {
    change.before.iter().chain(put(change))
}

fn put(change: &StagedChange) -> Option<&ObjectId> {
    let now = change.now.as_ref().filter(|(mode, _)| *mode != FileMode::Submodule);
    now.map(|(_, id)| id)
}
