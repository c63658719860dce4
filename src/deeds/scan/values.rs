//! The values that the repository manages, as far as keys at hand open them without a question.

use std::collections::BTreeSet;

use super::commits::Commits;
use super::keys::{Opened, Rings};
use super::stood::{Policies, Stood};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{Address, EnvName, RepoPath, RepositoryId};
use crate::policy::Policy;
use crate::scan::managed::Managed;
use crate::secret::Plaintext;
use crate::world::{Blob, ObjectId, StagedChange, random};

/// A value, and where it stands or stood.
pub(super) type Value = (Address, Plaintext);

/// Values to look for.
pub(super) struct Values {
    pub(super) managed: Managed<Address>,
    pub(super) searched: usize,
    /// The environments with values of which no key at hand opens all.
    pub(super) closed: Vec<EnvName>,
}

impl Values {
    /// Opens what stands in the managed files of a place. Whether it is what was signed does not matter here:
    /// a forged value that is looked for too harms nobody.
    pub(super) fn of(place: &Place<'_>, policy: &Policy) -> Result<Self, DeedError> {
        Self::and(place, policy, &[])
    }

    /// The same, and what stood before in managed files that a commit changes: a value that it replaces works until
    /// its issuer ends it.
    pub(super) fn and(
        place: &Place<'_>,
        policy: &Policy,
        changes: &[StagedChange],
    ) -> Result<Self, DeedError> {
        let (values, closed) = opened(place, policy, changes)?;
        Ok(Self::new(values, closed))
    }

    /// Opens what lies here and what stood in any of some commits, by the keyrings of now and of then; none where
    /// there never was a policy. A file counts as managed by whichever policy says so, of now or of then: a value
    /// that is looked for in vain costs nothing, one that is missed is a leak.
    pub(super) fn through(
        place: &Place<'_>,
        commits: &Commits,
        policies: &Policies,
    ) -> Result<Option<Self>, DeedError> {
        if policies.all.is_empty() {
            return Ok(None);
        }
        let stood = Stood::through(place, commits, policies)?;
        let mut opened = Opened::with(place, stood.rings);
        let mut closed = BTreeSet::new();
        let here: Vec<_> = policies.here(place)?.into_iter().collect();
        for (path, bytes) in here.iter().zip(place.read_each(&here)?) {
            let Some(bytes) = bytes else { continue };
            closed.extend(open_as(&mut opened, &policies.owners(path), path, &bytes)?);
        }
        let (files, ids): (Vec<RepoPath>, Vec<ObjectId>) = stood.files.into_iter().unzip();
        let mut failed = Ok(());
        place.checkout.each_blob(&ids, &mut |at, blob| {
            let Some(bytes) = blob.bytes().filter(|_| failed.is_ok()) else { return };
            match open_as(&mut opened, &policies.owners(&files[at]), &files[at], &bytes) {
                Ok(unopened) => closed.extend(unopened),
                Err(why) => failed = Err(why),
            }
        })?;
        failed?;
        Ok(Some(Self::new(opened.values, closed.into_iter().collect())))
    }

    fn new(values: Vec<Value>, closed: Vec<EnvName>) -> Self {
        let searched = values.len();
        Self { managed: Managed::new(values, &random()), searched, closed }
    }
}

/// Opens what keys at hand open without a question, and what of it stood before where changes put something else.
/// Gives values with their addresses, and the environments of which not all could be opened.
pub(super) fn opened(
    place: &Place<'_>,
    policy: &Policy,
    changes: &[StagedChange],
) -> Result<(Vec<Value>, Vec<EnvName>), DeedError> {
    let mut opened = Opened::with(place, Rings::new());
    let mut closed = Vec::new();
    for env in policy.environments.keys() {
        let (paths, mut all) = (managed(place, policy, env)?, true);
        for (path, bytes) in paths.iter().zip(place.read_each(&paths)?) {
            let Some(bytes) = bytes else { continue };
            all &= opened.open((&policy.repository, env, path), &bytes)?;
        }
        if !all {
            closed.push(env.clone());
        }
    }
    for change in changes {
        let path = change.path.as_ref();
        let owner = path.and_then(|path| Some((policy.environment_of(path)?, path)));
        let Some((env, path)) = owner else { continue };
        for bytes in place.checkout.read_blobs(&change.before)?.into_iter().filter_map(Blob::bytes)
        {
            // What does not open now never did for whoever commits.
            opened.open((&policy.repository, env, path), &bytes)?;
        }
    }
    Ok((opened.values, closed))
}

/// Opens a file as of each of its owners; gives the environment of one of them where none opens all of it.
fn open_as(
    opened: &mut Opened<'_>,
    owners: &[(&RepositoryId, &EnvName)],
    path: &RepoPath,
    bytes: &[u8],
) -> Result<Option<EnvName>, DeedError> {
    for (repository, env) in owners {
        if opened.open((repository, env, path), bytes)? {
            return Ok(None);
        }
    }
    Ok(owners.first().map(|(_, env)| (*env).clone()))
}

/// The files of an environment that lie here.
pub(super) fn managed(
    place: &Place<'_>,
    policy: &Policy,
    env: &EnvName,
) -> Result<Vec<RepoPath>, DeedError> {
    let mut paths = Vec::new();
    for folder in policy.literal_prefixes(Some(env)) {
        let below = place.list(&folder)?.files;
        paths.extend(below.into_iter().filter(|path| policy.environment_of(path) == Some(env)));
    }
    Ok(paths)
}
