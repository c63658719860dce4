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
use crate::world::{Blob, ObjectId, StagedChange, random};

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
    /// The sealed files that nobody can read as they are.
    pub(super) unread: Vec<RepoPath>,
}

impl Values {
    /// Opens what stands in the managed files of a place. Whether it is what was signed does not matter here:
    /// a forged value that is looked for too harms nobody.
    pub(super) fn of(place: &Place<'_>, policy: &Policy) -> Result<Self, DeedError> {
        let stands = standing(place, &Policies::only(policy), Stood::default())?;
        Ok(Self::new(stands))
    }

    /// The same of a commit of the index, and what stood before in managed files that it or the commits before it
    /// change: a value that is replaced works until its issuer ends it. None where nothing is managed.
    pub(super) fn staged(
        place: &Place<'_>,
        changes: &[StagedChange],
    ) -> Result<Option<Self>, DeedError> {
        let stands = about_to_stand(place, changes)?;
        // What stood before, and does not open now, never did for whoever commits.
        Ok(stands.map(Self::new))
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
        stands.closed.append(&mut stands.were_closed);
        Ok(Some(Self::new(stands)))
    }

    fn new(stands: Standing) -> Self {
        let (searched, unread) = (stands.values.len(), stands.unread.into_iter().collect());
        let closed = stands.closed.into_iter().collect();
        Self { managed: Managed::new(stands.values, &random()), searched, closed, unread }
    }
}

/// What keys at hand open without a question.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) values: Vec<Value>,
    /// The environments of which not all could be opened that lies here, and that stood.
    closed: BTreeSet<EnvName>,
    were_closed: BTreeSet<EnvName>,
    /// The files of those that lie here which nobody can read as they are.
    unread: BTreeSet<RepoPath>,
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
    let mut opened = Opened::with(place, stood.rings);
    let (standing, staged) = open(&mut opened, &policies, stood.files)?;
    open_lying(&mut opened, &policies, staged)?;
    Ok(Some(Standing { values: opened.values, ..standing }))
}

/// Opens what lies in the work tree and is staged otherwise, or not yet: a value that was set just now is the likeliest
/// to be pasted. What cannot be read there is not what the commit holds, and is let be.
fn open_lying(
    opened: &mut Opened<'_>,
    policies: &Policies,
    staged: BTreeSet<RepoPath>,
) -> Result<(), DeedError> {
    let (files, mut paths) = (&opened.place.files, staged);
    // Not the whole work tree: it may have anything in it.
    for folder in policies.managed_folders() {
        let below = files.list(&folder).map(|listing| listing.files).unwrap_or_default();
        paths.extend(below.into_iter().filter(|path| !policies.owners(path).is_empty()));
    }
    for path in paths {
        if let Ok(Some(bytes)) = files.read(&path) {
            open_as(opened, &policies.owners(&path), &path, &bytes)?;
        }
    }
    Ok(())
}

/// Opens what lies here and is managed by any of some policies, and what stood.
pub(super) fn standing(
    place: &Place<'_>,
    policies: &Policies,
    stood: Stood,
) -> Result<Standing, DeedError> {
    let mut opened = Opened::with(place, stood.rings);
    let (standing, _) = open(&mut opened, policies, stood.files)?;
    Ok(Standing { values: opened.values, ..standing })
}

/// Opens all of that; tells what could not be opened, and which files lie here.
fn open(
    opened: &mut Opened<'_>,
    policies: &Policies,
    stood: BTreeSet<(RepoPath, ObjectId)>,
) -> Result<(Standing, BTreeSet<RepoPath>), DeedError> {
    let (place, mut standing) = (opened.place, Standing::default());
    let here: Vec<_> = policies.here(place)?.into_iter().collect();
    for (path, bytes) in here.iter().zip(place.read_each(&here)?) {
        let Some(bytes) = bytes else { continue };
        standing.closed.extend(open_as(opened, &policies.owners(path), path, &bytes)?);
    }
    standing.unread = std::mem::take(&mut opened.unread);
    open_last(opened, policies, &standing.unread)?;
    let (files, ids): (Vec<RepoPath>, Vec<ObjectId>) = stood.into_iter().unzip();
    let mut failed = Ok(());
    place.checkout.each_blob(&ids, &mut |at, blob| {
        let Some(bytes) = blob.bytes().filter(|_| failed.is_ok()) else { return };
        match open_as(opened, &policies.owners(&files[at]), &files[at], &bytes) {
            Ok(unopened) => standing.were_closed.extend(unopened),
            Err(why) => failed = Err(why),
        }
    })?;
    failed?;
    Ok((standing, here.into_iter().collect()))
}

/// Opens files that nobody can read as they are, a stray line in one or a merge that is not done, as they last could be
/// read: their values work on.
fn open_last(
    opened: &mut Opened<'_>,
    policies: &Policies,
    unread: &BTreeSet<RepoPath>,
) -> Result<(), DeedError> {
    if unread.is_empty() {
        return Ok(());
    }
    let checkout = &opened.place.checkout;
    let tips = stood::parents(opened.place)?;
    for path in unread {
        for id in checkout.newest_at(&tips, path.as_str())? {
            let Some(Blob::Bytes(bytes)) = checkout.read_blobs(&[id])?.pop() else { continue };
            opened.unread.clear();
            open_as(opened, &policies.owners(path), path, &bytes)?;
            if opened.unread.is_empty() {
                break;
            }
        }
    }
    Ok(())
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
        let below = place.list(&folder)?.files.into_iter();
        paths.extend(below.filter(|path| policy.environment_of(path) == Some(env)));
    }
    Ok(paths)
}
