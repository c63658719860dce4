//! Why nothing was signed.

use std::io;

use crate::world::WorldError;
use crate::world::keys::KeysError;
use crate::world::terminal::TerminalError;

/// Why nothing was signed. Holds no key material and no output of a program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// No key at hand is one of those the policy gives this member.
    #[error("none of your keys may sign here; at hand: {}", listed(at_hand))]
    NoKey { at_hand: Vec<String> },
    /// A key that was given by name cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// `ssh-keygen` is not there, and this kind of key needs it.
    #[error("`ssh-keygen` is missing, and only it can sign with {place}")]
    NoProgram { place: String },
    /// Only `ssh-keygen` signs with this kind of key, and that needs a file.
    #[error("{place} holds a kind of key that cannot sign without a file")]
    NoFile { place: String },
    /// The key's passphrase is wrong or was not given.
    #[error("{place} was not unlocked by its passphrase")]
    Passphrase { place: String },
    /// Nobody could be asked for the passphrase.
    #[error("{place} needs its passphrase")]
    Prompt {
        place: String,
        #[source]
        source: TerminalError,
    },
    /// `ssh-keygen` failed.
    #[error("`ssh-keygen` did not sign with {place} ({status})")]
    Failed { place: String, status: String },
    /// What was signed does not verify, as when `KEY.pub` belongs to another key.
    #[error("what was signed with {place} is not by the key {fingerprint}")]
    Mismatch { place: String, fingerprint: String },
    /// git cannot say which key it signs with.
    #[error(transparent)]
    Git(#[from] WorldError),
    /// A file or a pipe failed.
    #[error("{place} cannot be used to sign")]
    Io {
        place: String,
        #[source]
        source: io::Error,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no SSH key".to_owned() } else { names.join(", ") }
}
