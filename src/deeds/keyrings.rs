//! Makes new keyrings: one file an environment, whatever the number of values.

use super::DeedError;
use super::attest::Work;
use crate::keyring::{Generation, Keyring};
use crate::log::entry::KeyringRecord;
use crate::names::{EnvName, RepoPath, Sha256};
use crate::policy::{Policy, Recipient};
use crate::world::keys::plugin_recipients;
use crate::world::{Mode, World, generator};

/// The path of a generation's keyring file.
fn path(record: &KeyringRecord) -> Result<RepoPath, DeedError> {
    Ok(format!(".secrets/keys/{}/{}.age", record.env, record.generation).parse()?)
}

/// Makes a new generation of an environment, with all earlier ones, for the readers of a policy; gives
/// the keyring, for who seals to it at once.
///
/// # Errors
/// [`DeedError::Keyring`] without readers; [`DeedError::Keys`] when a reader's plugin fails.
pub fn renew(
    world: &World,
    policy: &Policy,
    env: &EnvName,
    earlier: Vec<Keyring>,
    work: &mut Work,
) -> Result<Keyring, DeedError> {
    let ring = Keyring::joined(Generation::generate(&mut generator()), earlier);
    let readers = recipients(world, policy, env)?;
    let bytes = ring.wrap(readers.iter().map(|reader| &**reader as &dyn age::Recipient))?;
    let mut ids = ring.generations().iter().map(Generation::id);
    let generation = ids.next().unwrap_or_else(|| ring.newest().id());
    let record = KeyringRecord {
        env: env.clone(),
        generation,
        recipient: ring.newest().recipient(),
        earlier: ids.collect(),
        hash: Sha256::of(&bytes),
    };
    work.writes.put(path(&record)?, bytes, Mode::Keep);
    work.keyrings.push(record);
    Ok(ring)
}

/// The readers of an environment, as age takes them. Plugins are started only for a verified policy.
fn recipients(
    world: &World,
    policy: &Policy,
    env: &EnvName,
) -> Result<Vec<Box<dyn age::Recipient + Send>>, DeedError> {
    let mut found: Vec<Box<dyn age::Recipient + Send>> = Vec::new();
    let mut plugins = Vec::new();
    for (_, recipient) in policy.reader_recipients(env) {
        match recipient {
            Recipient::X25519(text) => found.push(Box::new(x25519(text)?)),
            Recipient::SshEd25519(text) | Recipient::SshRsa(text) => {
                found.push(Box::new(ssh(text)?));
            }
            Recipient::Plugin { text, .. } => plugins.push(text.clone()),
        }
    }
    if !plugins.is_empty() {
        found.extend(plugin_recipients(&plugins, world.terminal)?);
    }
    Ok(found)
}

fn refuse(text: &str) -> DeedError {
    DeedError::Refuse { what: format!("`{text}` is no recipient that age takes"), instead: None }
}

fn x25519(text: &str) -> Result<age::x25519::Recipient, DeedError> {
    text.parse().map_err(|_| refuse(text))
}

fn ssh(text: &str) -> Result<age::ssh::Recipient, DeedError> {
    text.parse().map_err(|_| refuse(text))
}
