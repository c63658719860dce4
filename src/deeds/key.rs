//! Makes new keys: an SSH pair for a person, an age identity for a machine.

use std::path::PathBuf;

use super::DeedError;
use crate::policy::Recipient;
use crate::secret::Plaintext;
use crate::world::keys::{KeyPair, machine_identity, new_key_pair};
use crate::world::terminal::stdout_is_terminal;
use crate::world::{World, Writes};

/// Whether a new key lies under a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// It does, and the passphrase is asked for.
    Passphrase,
    /// It does not.
    Plain,
}

/// A person's new key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPair {
    /// The private key's file.
    pub path: PathBuf,
    /// The public key, to read and to sign with, as a policy has it.
    pub public: String,
    /// `SHA256:…`, whole.
    pub fingerprint: String,
    /// Whether it lies under a passphrase.
    pub cover: Cover,
}

/// Makes a person's key pair in the user's own folder for keys.
///
/// # Errors
/// [`DeedError::Keys`] where a key is there already: none is ever overwritten.
pub fn person(world: &World, cover: Cover) -> Result<NewPair, DeedError> {
    let folder = folder(world)?;
    if world.writes == Writes::Dry {
        return Err(DeedError::Refuse {
            what: format!("in a dry run no key is made; it would lie in {}", folder.display()),
            instead: Some("leave -n out".to_owned()),
        });
    }
    let passphrase = match cover {
        Cover::Plain => None,
        Cover::Passphrase => Some(asked(world)?),
    };
    let KeyPair { path, public, fingerprint } =
        new_key_pair(&folder, "tenure", passphrase.as_ref())?;
    let line = public.to_openssh().unwrap_or_default();
    let public = line.parse().map_or(line.clone(), |key: Recipient| key.as_str().to_owned());
    Ok(NewPair { path, public, fingerprint, cover })
}

/// Where a user's own keys lie.
fn folder(world: &World) -> Result<PathBuf, DeedError> {
    let config = world.environment.config_home().ok_or_else(|| DeedError::Refuse {
        what: "neither HOME nor XDG_CONFIG_HOME says where keys belong".to_owned(),
        instead: Some("set HOME, or make a key: ssh-keygen -t ed25519".to_owned()),
    })?;
    Ok(config.join("tenure"))
}

fn asked(world: &World) -> Result<Plaintext, DeedError> {
    world.terminal.new_passphrase("the key")?.ok_or_else(|| DeedError::Refuse {
        what: "the passphrase is empty, or the two differ".to_owned(),
        instead: Some("tenure key new --passphrase".to_owned()),
    })
}

/// Makes a machine's identity, for a pipe: its text, and the recipient for the policy.
///
/// # Errors
/// [`DeedError::Refuse`] where stdout is a terminal.
pub fn machine() -> Result<(Plaintext, String), DeedError> {
    if stdout_is_terminal() {
        return Err(DeedError::Refuse {
            what: "a private key is not shown on a terminal".to_owned(),
            instead: Some(
                "pipe it: tenure key new --machine | gh secret set TENURE_IDENTITY".to_owned(),
            ),
        });
    }
    Ok(machine_identity())
}
