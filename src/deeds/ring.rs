//! Opens an environment's keyring with the user's keys; or only seals to it, for who does not read.

use std::collections::BTreeSet;

use age::x25519::Recipient;

use crate::document::{Document, Leaf};
use crate::keyring::{Generation, Keyring, KeyringError};
use crate::names::{Address, EnvName, GenerationId, KeyPath, MemberName, RepoPath, RoleName};
use crate::policy;
use crate::seal::{self, Comments, Opener, Part, Scope, SealError, ValueKey};
use crate::secret::Plaintext;
use crate::verify::{CurrentKeyring, FileForm, Verified};
use crate::world::World;
use crate::world::keys::KeysError;

use super::DeedError;
use super::load::Place;
use super::pen::Pen;

/// The opened generations of one environment.
pub struct Ring {
    env: EnvName,
    keyrings: Vec<Keyring>,
    keys: Vec<ValueKey>,
    current: Option<GenerationId>,
    /// Whom a member seals to who writes the environment and does not read it; nothing is opened then.
    blind: Option<Recipient>,
    /// Who can make a keyring where there is no current one.
    makers: Vec<MemberName>,
}

/// Says that an environment has no current keyring, and who can make one.
pub(super) fn stale(verified: &Verified<'_>, env: &EnvName) -> DeedError {
    DeedError::StaleReaders { env: env.clone(), makers: makers(verified, env) }
}

fn makers(verified: &Verified<'_>, env: &EnvName) -> Vec<MemberName> {
    let makers = verified.record.keyring_makers(verified.policy, env);
    makers.into_iter().cloned().collect()
}

impl Ring {
    /// Opens the current keyring, and others only where a value belongs to a generation that it does not
    /// hold (two branches that each changed the readers).
    ///
    /// # Errors
    /// [`DeedError::NoKey`] naming who can open it; [`DeedError::StaleReaders`] where there is none.
    pub fn open(world: &World, verified: &Verified<'_>, env: &EnvName) -> Result<Self, DeedError> {
        let all = verified.record.keyrings(env);
        let current = verified.record.current_keyring(env);
        let first = current.or(all.last().copied());
        let first = first.ok_or_else(|| stale(verified, env))?;
        let mut ring = Self {
            env: env.clone(),
            keyrings: Vec::new(),
            keys: Vec::new(),
            current: current.map(|keyring| keyring.record.generation),
            blind: None,
            makers: if current.is_none() { makers(verified, env) } else { Vec::new() },
        };
        ring.add(world, verified, first)?;
        let mine = verified.live.iter().filter(|(address, _)| address.env == *env);
        // Of thousands of values there are few generations.
        let wanted: BTreeSet<_> = mine.filter_map(|(_, live)| live.item.generation).collect();
        for wanted in wanted {
            if ring.generation(wanted).is_none() {
                let other = all.iter().find(|keyring| keyring.record.generation == wanted);
                let other = other.ok_or(seal::SealError::UnknownGeneration(wanted))?;
                ring.add(world, verified, *other)?;
            }
        }
        Ok(ring)
    }

    /// Opens every keyring of the environment that no later one contains: what a new one must hold.
    ///
    /// # Errors
    /// As [`Ring::open`].
    pub fn open_all(
        world: &World,
        verified: &Verified<'_>,
        env: &EnvName,
    ) -> Result<Self, DeedError> {
        let mut ring = Self::open(world, verified, env)?;
        for keyring in verified.record.keyrings(env).iter().rev() {
            if ring.generation(keyring.record.generation).is_none() {
                ring.add(world, verified, *keyring)?;
            }
        }
        Ok(ring)
    }

    /// The ring of a keyring that was just made, whose newest generation is current from now on.
    #[must_use]
    pub fn renewed(env: &EnvName, keyring: Keyring) -> Self {
        let keys = keyring.generations().iter().map(Generation::value_key).collect();
        let current = Some(keyring.newest().id());
        let (env, makers) = (env.clone(), Vec::new());
        Self { env, keyrings: vec![keyring], keys, current, blind: None, makers }
    }

    /// The ring of who writes new values: opened as said, or, where the signer is a writer of the
    /// environment and no reader, one that opens nothing and knows whom to seal to.
    ///
    /// A reader whose key is not at hand is refused: that is a mistake more often than a wish.
    ///
    /// # Errors
    /// As [`Ring::open`].
    pub fn to_write(
        place: &Place<'_>,
        verified: &Verified<'_>,
        env: &EnvName,
        open: impl FnOnce(&World, &Verified<'_>, &EnvName) -> Result<Self, DeedError>,
    ) -> Result<Self, DeedError> {
        let policy = verified.policy;
        let only_writes = || {
            let pen = Pen::find(place, verified.record, policy).ok()?;
            let reads = policy.readers(env).contains(pen.by());
            (!reads && policy.may_write_some(pen.by(), env)).then_some(())
        };
        match open(place.world, verified, env) {
            Err(DeedError::NoKey { .. }) if only_writes().is_some() => Self::blind(verified, env),
            other => other,
        }
    }

    fn blind(verified: &Verified<'_>, env: &EnvName) -> Result<Self, DeedError> {
        let current = verified.record.current_keyring(env);
        let record = current.ok_or_else(|| stale(verified, env))?.record;
        let bad = |_| KeyringError::BadRecipient(record.recipient.clone());
        Ok(Self {
            env: env.clone(),
            keyrings: Vec::new(),
            keys: Vec::new(),
            current: Some(record.generation),
            blind: Some(record.recipient.parse().map_err(bad)?),
            makers: Vec::new(),
        })
    }

    /// Tells whether it opens nothing, and values are dropped.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.blind.is_some()
    }

    /// The current generation, to which new values go, with its public recipient.
    ///
    /// # Errors
    /// [`DeedError::StaleReaders`] where the readers changed since the newest keyring.
    pub fn target(&self) -> Result<(GenerationId, Recipient), DeedError> {
        let stale = || self.stale();
        let id = self.current.ok_or_else(stale)?;
        let opened = || self.generation(id).map(|generation| generation.identity().to_public());
        Ok((id, self.blind.clone().or_else(opened).ok_or_else(stale)?))
    }

    fn add(
        &mut self,
        world: &World,
        verified: &Verified<'_>,
        keyring: CurrentKeyring<'_>,
    ) -> Result<(), DeedError> {
        let record = keyring.record;
        let bytes = verified
            .keyrings
            .get(&(self.env.clone(), record.generation))
            .ok_or(seal::SealError::UnknownGeneration(record.generation))?;
        let plain = world.identities().open(bytes).map_err(|why| match why {
            KeysError::None { tried } => DeedError::NoKey {
                env: self.env.clone(),
                tried,
                readers: verified.policy.readers(&self.env).into_iter().cloned().collect(),
                roles: reading_roles(verified, &self.env),
            },
            other => other.into(),
        })?;
        let named: Vec<_> =
            std::iter::once(record.generation).chain(record.earlier.iter().copied()).collect();
        let opened = Keyring::read(&plain, &named)?;
        for generation in opened.generations() {
            if self.keys.iter().all(|key| key.id() != generation.id()) {
                self.keys.push(generation.value_key());
            }
        }
        self.keyrings.push(opened);
        Ok(())
    }

    /// The keys of all opened generations.
    #[must_use]
    pub fn opener(&self) -> Opener<'_> {
        Opener(&self.keys)
    }

    /// The key of the current generation, to which new values are sealed.
    ///
    /// # Errors
    /// [`DeedError::StaleReaders`] where the readers changed since the newest keyring.
    pub fn current(&self) -> Result<&ValueKey, DeedError> {
        let stale = || self.stale();
        let id = self.current.ok_or_else(stale)?;
        self.keys.iter().find(|key| key.id() == id).ok_or_else(stale)
    }

    fn stale(&self) -> DeedError {
        DeedError::StaleReaders { env: self.env.clone(), makers: self.makers.clone() }
    }

    /// The generation of an id, if it was opened.
    #[must_use]
    pub fn generation(&self, id: GenerationId) -> Option<&Generation> {
        self.generations().find(|generation| generation.id() == id)
    }

    /// The generations that were opened.
    pub fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.keyrings.iter().flat_map(Keyring::generations)
    }

    /// Gives the opened keyrings, for a new one that holds them all.
    #[must_use]
    pub fn into_keyrings(self) -> Vec<Keyring> {
        self.keyrings
    }

    /// Opens a whole attested file: the text, or the bytes, that were sealed.
    ///
    /// # Errors
    /// [`DeedError::NoFile`], [`DeedError::Seal`].
    pub fn open_file(
        &self,
        verified: &Verified<'_>,
        path: &RepoPath,
    ) -> Result<Plaintext, DeedError> {
        let file = verified.files.get(path).ok_or_else(|| DeedError::NoFile(path.clone()))?;
        match &file.form {
            FileForm::Values(document) => {
                self.dropped_as_signed(verified, path, document)?;
                let clear = |key: &KeyPath| verified.policy.is_clear(&self.env, key);
                let scope = scope(verified, &self.env, &clear);
                Ok(seal::open(document, &scope, self.opener())?)
            }
            FileForm::Whole => {
                let live = verified.live.iter().find(|(address, _)| address.path == *path);
                let id = live.and_then(|(_, live)| live.item.generation);
                let generation = id.and_then(|id| self.generation(id));
                let generation = generation.ok_or(seal::SealError::WholeRefused)?;
                Ok(seal::open_whole(file.bytes, &generation.identity())?)
            }
        }
    }
}

impl Ring {
    /// Opens one value of an attested file: its slice; none where it stands in clear.
    ///
    /// # Errors
    /// [`DeedError::Seal`].
    pub fn open_leaf(
        &self,
        verified: &Verified<'_>,
        (path, document): (&RepoPath, &Document<'_>),
        leaf: &Leaf,
    ) -> Result<Option<Plaintext>, DeedError> {
        let Some(token) = document.token(leaf) else { return Ok(None) };
        let nothing_clear = |_: &KeyPath| false;
        let scope = scope(verified, &self.env, &nothing_clear);
        if seal::is_dropped(token) {
            self.dropped_leaf(verified, path, (&scope, leaf, token))?;
        }
        Ok(Some(self.opener().open(&scope.binding(Part::Value, &leaf.path), token)?))
    }

    /// Refuses dropped tokens that do not open with the generation that their signed items name: with an
    /// older one, whoever left could read them.
    fn dropped_as_signed(
        &self,
        verified: &Verified<'_>,
        path: &RepoPath,
        document: &Document<'_>,
    ) -> Result<(), DeedError> {
        let nothing_clear = |_: &KeyPath| false;
        let scope = scope(verified, &self.env, &nothing_clear);
        let tokens = document.leaves.iter().filter_map(|leaf| Some((leaf, document.token(leaf)?)));
        let mut dropped = tokens.filter(|(_, token)| seal::is_dropped(token));
        dropped
            .try_for_each(|(leaf, token)| self.dropped_leaf(verified, path, (&scope, leaf, token)))
    }

    fn dropped_leaf(
        &self,
        verified: &Verified<'_>,
        path: &RepoPath,
        (scope, leaf, token): (&Scope<'_>, &Leaf, &str),
    ) -> Result<(), DeedError> {
        let address = Address { env: self.env.clone(), path: path.clone(), key: leaf.path.item() };
        // What is in dispute has no one item; it opens with any generation, and is signed by nobody.
        let Some(live) = verified.live.get(&address) else { return Ok(()) };
        let key = self.keys.iter().find(|key| Some(key.id()) == live.item.generation);
        let key = key.ok_or_else(|| SealError::Refused(leaf.path.clone()))?;
        key.open(&scope.binding(Part::Value, &leaf.path), token)?;
        Ok(())
    }
}

/// The roles that read an environment; those that are no admins' first.
fn reading_roles(verified: &Verified<'_>, env: &EnvName) -> Vec<RoleName> {
    let policy = verified.policy;
    let mut roles = policy.environments.get(env).map(|e| e.readers.clone()).unwrap_or_default();
    roles.sort_by_key(|role| policy.admin.roles.contains(role));
    roles
}

/// What a document of an environment is bound to, and what of it stays in clear.
pub fn scope<'a>(
    verified: &'a Verified<'_>,
    env: &'a EnvName,
    clear: &'a dyn Fn(&KeyPath) -> bool,
) -> Scope<'a> {
    let comments = match verified.policy.environments.get(env).map(|found| found.comments) {
        Some(policy::Comments::Clear) => Comments::Clear,
        Some(policy::Comments::Sealed) | None => Comments::Sealed,
    };
    Scope { repository: &verified.policy.repository, env, clear, comments }
}
