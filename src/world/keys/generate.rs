//! New keys: an SSH key pair for a person, an age identity for a machine.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use rand_core::OsRng;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::KeysError;
use crate::secret::Plaintext;

/// A new key pair on disk.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The private key's file.
    pub path: PathBuf,
    /// The public key, recipient and signing key in one.
    pub public: PublicKey,
    /// `SHA256:…`
    pub fingerprint: String,
}

/// Makes the Ed25519 pair `id_ed25519` and `id_ed25519.pub` in a folder of the user's.
///
/// The folder is made (0700) where it is missing, the private key is 0600. Never overwrites, and never
/// writes inside a git repository. A passphrase is not to be empty.
pub fn new_key_pair(
    folder: &Path,
    comment: &str,
    passphrase: Option<&Plaintext>,
) -> Result<KeyPair, KeysError> {
    let path = folder.join("id_ed25519");
    let unwritable = |source| KeysError::Unwritable { path: path.clone(), source };
    if in_repository(folder).map_err(unwritable)? {
        return Err(KeysError::InRepository { folder: folder.to_owned() });
    }
    let mut key =
        PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(KeysError::Generate)?;
    key.set_comment(comment);
    let public = key.public_key().clone();
    if let Some(passphrase) = passphrase {
        key = key.encrypt(&mut OsRng, passphrase.expose()).map_err(KeysError::Generate)?;
    }
    let private = key.to_openssh(LineEnding::LF).map_err(KeysError::Generate)?;
    let line = public.to_openssh().map_err(KeysError::Generate)?;
    let beside = folder.join("id_ed25519.pub");
    if beside.symlink_metadata().is_ok() {
        return Err(KeysError::Exists { path: beside });
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
    write_new(&path, private.as_bytes(), 0o600)?;
    write_new(&beside, format!("{}\n", line.trim_end()).as_bytes(), 0o644)?;
    let fingerprint = public.fingerprint(HashAlg::Sha256).to_string();
    Ok(KeyPair { path, public, fingerprint })
}

/// Makes an age identity for a machine: the text of its file, and its recipient `age1…`.
#[must_use]
pub fn machine_identity() -> (Plaintext, String) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let secret = identity.to_string();
    let parts = ["# public key: ", &recipient, "\n", secret.expose_secret(), "\n"];
    let mut text = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.extend_from_slice(part.as_bytes());
    }
    (Plaintext::from(text), recipient)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeysError> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeysError::Exists { path: path.to_owned() },
        _ => KeysError::Unwritable { path: path.to_owned(), source },
    })
}

/// Looks for `.git` from the folder upwards, through links; the folder itself need not exist.
fn in_repository(folder: &Path) -> io::Result<bool> {
    let folder = std::path::absolute(folder)?;
    let existing = folder.ancestors().find(|place| place.exists()).unwrap_or(Path::new("/"));
    let existing = fs::canonicalize(existing)?;
    Ok(existing.ancestors().any(|place| place.join(".git").exists()))
}
