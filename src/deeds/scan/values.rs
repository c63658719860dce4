//! The values that the repository manages, as far as keys at hand open them without a question.

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::document::{Document, Format, value};
use crate::keyring::{self, Generation};
use crate::names::{Address, EnvName, KeyPath, RepoPath};
use crate::policy::Policy;
use crate::scan::managed::Managed;
use crate::seal::{self, Comments, Opener, Scope, ValueKey};
use crate::secret::Plaintext;
use crate::world::{Blob, ObjectId, StagedChange, random};

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
        let searched = values.len();
        Ok(Self { managed: Managed::new(values, &random()), searched, closed })
    }
}

/// Values with their addresses, and the environments of which not all could be opened.
pub(super) type Opened = (Vec<(Address, Plaintext)>, Vec<EnvName>);

/// Opens what keys at hand open without a question, and what of it stood before where changes put something else.
pub(super) fn opened(
    place: &Place<'_>,
    policy: &Policy,
    changes: &[StagedChange],
) -> Result<Opened, DeedError> {
    let (mut values, mut closed) = (Vec::new(), Vec::new());
    for env in policy.environments.keys() {
        let paths = managed(place, policy, env)?;
        let earlier: Vec<_> =
            changes.iter().filter_map(|change| replaced(policy, env, change)).collect();
        if paths.is_empty() && earlier.is_empty() {
            continue;
        }
        let keys = Keys::of(place, env)?;
        let contents = place.read_each(&paths)?;
        let files = paths.iter().zip(contents);
        let files = files.filter_map(|(path, bytes)| Some((path, bytes?)));
        let mut all = true;
        for (path, bytes) in files {
            all &= keys.open((policy, env, path), &bytes, &mut values);
        }
        if !all {
            closed.push(env.clone());
        }
        for (path, before) in earlier {
            for bytes in place.checkout.read_blobs(before)?.into_iter().filter_map(Blob::bytes) {
                // What does not open now never did for whoever commits.
                keys.open((policy, env, path), &bytes, &mut values);
            }
        }
    }
    Ok((values, closed))
}

/// The file of an environment that a change is about, and its contents before.
fn replaced<'c>(
    policy: &Policy,
    env: &EnvName,
    change: &'c StagedChange,
) -> Option<(&'c RepoPath, &'c [ObjectId])> {
    let path = change.path.as_ref().filter(|path| policy.environment_of(path) == Some(env))?;
    (!change.before.is_empty()).then_some((path, change.before.as_slice()))
}

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

/// The generations of an environment that keys at hand open.
struct Keys {
    generations: Vec<Generation>,
    keys: Vec<ValueKey>,
}

impl Keys {
    fn of(place: &Place<'_>, env: &EnvName) -> Result<Self, DeedError> {
        let mut generations: Vec<Generation> = Vec::new();
        let paths = place.list(&format!(".secrets/keys/{env}"))?.files;
        for ring in place.read_each(&paths)?.into_iter().flatten() {
            // One that is broken, or whose plugin fails, opens nothing: `check` says so.
            let opened = place.world.identities().open_freely(&ring).ok().flatten();
            let known = |id| generations.iter().any(|known| known.id() == id);
            let new = opened.as_ref().map(keyring::generations_in).unwrap_or_default();
            let new: Vec<_> = new.into_iter().filter(|it| !known(it.id())).collect();
            generations.extend(new);
        }
        let keys = generations.iter().map(Generation::value_key).collect();
        Ok(Self { generations, keys })
    }

    /// Opens a file and adds its values; tells whether all of it opened.
    fn open(
        &self,
        (policy, env, path): (&Policy, &EnvName, &RepoPath),
        bytes: &[u8],
        values: &mut Vec<(Address, Plaintext)>,
    ) -> bool {
        let address = |key: KeyPath| Address { env: env.clone(), path: path.clone(), key };
        if seal::is_whole(bytes) {
            let open = |it: &Generation| seal::open_whole(bytes, &it.identity()).ok();
            let opened = self.generations.iter().find_map(open);
            let is_open = opened.is_some();
            values.extend(opened.map(|text| (address(KeyPath::Whole), text)));
            return is_open;
        }
        let text = std::str::from_utf8(bytes).ok();
        let format = Format::of(path);
        let sealed = text.zip(format).and_then(|(text, format)| Document::parse(format, text).ok());
        // What is no sealed file has no values: that it should be one is said elsewhere.
        let Some(sealed) = sealed else { return true };
        let tokens = sealed.leaves.iter().map(|leaf| sealed.token(leaf).is_some());
        let tokens: Vec<_> = tokens.collect();
        if !tokens.contains(&true) {
            return true;
        }
        let clear = |_: &KeyPath| false;
        let comments = Comments::Sealed;
        let scope = Scope { repository: &policy.repository, env, clear: &clear, comments };
        let Ok(opened) = seal::open(&sealed, &scope, Opener(&self.keys)) else { return false };
        let document = opened.expose_text().map(|text| Document::parse(sealed.format, text));
        let Some(Ok(document)) = document else { return false };
        for (leaf, _) in document.leaves.iter().zip(tokens).filter(|(_, is_token)| *is_token) {
            if let Ok(value) = value::decode(&document, leaf) {
                values.push((address(leaf.path.item()), value));
            }
        }
        true
    }
}
