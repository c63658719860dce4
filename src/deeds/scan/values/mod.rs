//! The values that the repository manages, as far as keys at hand open them without a question.

use std::collections::BTreeSet;

use self::keys::Opened;
use super::commits::Commits;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::{Address, EnvName, RepoPath, RepositoryId};
use crate::policy::Policy;
use crate::scan::managed::Managed;
use crate::secret::Plaintext;
use crate::world::{ObjectId, StagedChange, random};

mod keys;
mod stood;

pub(super) use stood::{Policies, Stood};

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
        let stands = standing(place, &Policies::only(policy), Stood::default())?;
        Ok(Self::new(stands.values, stands.closed))
    }

    /// The same of a commit of the index, and what stood before in managed files that it or the commits before it
    /// change: a value that is replaced works until its issuer ends it. None where nothing is managed.
    pub(super) fn staged(
        place: &Place<'_>,
        changes: &[StagedChange],
    ) -> Result<Option<Self>, DeedError> {
        let stands = about_to_stand(place, changes)?;
        // What stood before, and does not open now, never did for whoever commits.
        Ok(stands.map(|it| Self::new(it.values, it.closed)))
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
        let mut stands = standing(place, policies, stood)?;
        stands.closed.extend(stands.were_closed);
        Ok(Some(Self::new(stands.values, stands.closed)))
    }

    fn new(values: Vec<Value>, closed: BTreeSet<EnvName>) -> Self {
        let searched = values.len();
        let closed = closed.into_iter().collect();
        Self { managed: Managed::new(values, &random()), searched, closed }
    }
}

/// What keys at hand open without a question.
pub(super) struct Standing {
    pub(super) values: Vec<Value>,
    /// The environments of which not all could be opened that lies here, and that stood.
    closed: BTreeSet<EnvName>,
    were_closed: BTreeSet<EnvName>,
}

/// Opens what a commit of the index would hold, and what it or the commits before it take away; none where nothing
/// is managed.
pub(super) fn about_to_stand(
    place: &Place<'_>,
    changes: &[StagedChange],
) -> Result<Option<Standing>, DeedError> {
    let policies = Policies::staged(place)?;
    if policies.all.is_empty() {
        return Ok(None);
    }
    let stood = Stood::before(place, changes, &policies)?;
    standing(place, &policies, stood).map(Some)
}

/// Opens what lies here and is managed by any of some policies, and what stood.
pub(super) fn standing(
    place: &Place<'_>,
    policies: &Policies,
    stood: Stood,
) -> Result<Standing, DeedError> {
    let mut opened = Opened::with(place, stood.rings);
    let (mut closed, mut were_closed) = (BTreeSet::new(), BTreeSet::new());
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
            Ok(unopened) => were_closed.extend(unopened),
            Err(why) => failed = Err(why),
        }
    })?;
    failed?;
    Ok(Standing { values: opened.values, closed, were_closed })
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
