//! What a key file holds: age identities, an SSH key, or either of them under a passphrase.

use std::path::Path;

use age::armor::ArmoredReader;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey};

use super::KeysError;
use super::sealed::{Sealed, drain_payload};
use crate::secret::Plaintext;

/// Asks for the passphrase of the named key.
pub(super) type Ask<'a> = &'a mut dyn FnMut(&str) -> Result<Plaintext, KeysError>;

/// One private key, or one plugin's stand-in for it.
pub(super) enum Key {
    Native(age::x25519::Identity),
    Plugin(age::plugin::Identity),
    Ssh(Box<SshKey>),
    /// A passphrase-encrypted age file, and its keys once it was opened.
    Locked {
        sealed: Plaintext,
        opened: Option<Vec<Self>>,
    },
}

/// An OpenSSH or PEM private key: to decrypt where age can, to sign where OpenSSH can.
pub(super) struct SshKey {
    /// Unknown for encrypted PEM files that have no `.pub` beside them.
    pub(super) public: Option<PublicKey>,
    pub(super) encrypted: bool,
    /// Opens, while it is encrypted, nothing. None for kinds that only sign, as ECDSA and FIDO keys.
    pub(super) identity: Option<age::ssh::Identity>,
    /// As `ssh-key` reads it, still encrypted until its passphrase was given.
    private: Option<PrivateKey>,
}

/// Reads the keys in a file's bytes; `name` is for messages, `path` where it lies, if it does.
pub(super) fn parse(
    name: &str,
    path: Option<&Path>,
    bytes: Plaintext,
) -> Result<Vec<Key>, KeysError> {
    if Sealed::looks_like_age(bytes.expose()) {
        return locked(name, bytes).map(|key| vec![key]);
    }
    let malformed = |why| KeysError::Malformed { place: name.to_owned(), line: None, why };
    let text = bytes.expose_text().ok_or_else(|| malformed("it is no text"))?.trim_start();
    if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----")
        || text.starts_with("-----BEGIN RSA PRIVATE KEY-----")
    {
        return ssh(name, path, text).map(|key| vec![Key::Ssh(Box::new(key))]);
    }
    if text.starts_with("-----BEGIN ") {
        return Err(malformed("it is a kind of PEM file that is no OpenSSH key"));
    }
    if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-") {
        return Err(malformed("it is a public key, not the private one"));
    }
    identities(name, text)
}

/// Reads an age identity file: a key a line, comments, empty lines.
fn identities(name: &str, text: &str) -> Result<Vec<Key>, KeysError> {
    let malformed = |line, why| KeysError::Malformed { place: name.to_owned(), line, why };
    let keys = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            identity(line).ok_or_else(|| malformed(Some(number), "it is no age identity"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(malformed(None, "there is no key in it")) } else { Ok(keys) }
}

fn identity(line: &str) -> Option<Key> {
    let native = line.parse().ok().map(Key::Native);
    native.or_else(|| line.parse().ok().map(Key::Plugin))
}

fn locked(name: &str, bytes: Plaintext) -> Result<Key, KeysError> {
    let malformed = |why| KeysError::Malformed { place: name.to_owned(), line: None, why };
    let reader = ArmoredReader::new(bytes.expose());
    let decryptor = age::Decryptor::new_buffered(reader)
        .map_err(|_| malformed("it begins like an age file and is none"))?;
    if !decryptor.is_scrypt() {
        return Err(malformed("it is an age file, but none under a passphrase"));
    }
    Ok(Key::Locked { sealed: bytes, opened: None })
}

fn ssh(name: &str, path: Option<&Path>, text: &str) -> Result<SshKey, KeysError> {
    use age::ssh::{Identity, UnsupportedKey};
    let malformed = || KeysError::Malformed {
        place: name.to_owned(),
        line: None,
        why: "its SSH key is damaged",
    };
    let identity =
        Identity::from_buffer(text.as_bytes(), Some(name.to_owned())).map_err(|_| malformed())?;
    let private = PrivateKey::from_openssh(text).ok();
    let public = private
        .as_ref()
        .map(|key| key.public_key().clone())
        .or_else(|| recipient(&identity))
        .or_else(|| path.and_then(beside));
    let encrypted = match &identity {
        Identity::Unencrypted(_) => false,
        Identity::Encrypted(_) => true,
        Identity::Unsupported(UnsupportedKey::EncryptedPem | UnsupportedKey::EncryptedSsh(_)) => {
            true
        }
        Identity::Unsupported(_) => private.as_ref().is_some_and(PrivateKey::is_encrypted),
    };
    Ok(SshKey {
        public,
        encrypted,
        identity: (!matches!(identity, Identity::Unsupported(_))).then_some(identity),
        private,
    })
}

/// The public part by way of age, for PEM files, which `ssh-key` does not read.
fn recipient(identity: &age::ssh::Identity) -> Option<PublicKey> {
    let recipient = age::ssh::Recipient::try_from(identity.clone()).ok()?;
    PublicKey::from_openssh(&recipient.to_string()).ok()
}

/// The public key in the file `KEY.pub` beside a private one.
pub(in crate::world) fn beside(path: &Path) -> Option<PublicKey> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let text = std::fs::read_to_string(Path::new(&name)).ok()?;
    PublicKey::from_openssh(text.trim()).ok()
}

impl Key {
    /// Whether it can be tried without asking anybody or starting a program.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Self::Native(_) => true,
            Self::Ssh(key) => key.is_open(),
            Self::Plugin(_) | Self::Locked { .. } => false,
        }
    }

    /// The identity for age, where one is at hand.
    pub(super) fn identity(&self) -> Option<&dyn age::Identity> {
        match self {
            Self::Native(identity) => Some(identity),
            Self::Ssh(key) => key.identity.as_ref().map(|identity| identity as _),
            Self::Plugin(_) | Self::Locked { .. } => None,
        }
    }

    /// Opens a passphrase-encrypted age file, once, and lends its keys.
    pub(super) fn unlock(&mut self, name: &str, ask: Ask<'_>) -> Result<&mut [Self], KeysError> {
        let Self::Locked { sealed, opened } = self else { return Ok(&mut []) };
        if opened.is_none() {
            *opened = Some(open_locked(name, sealed, ask)?);
        }
        Ok(opened.as_deref_mut().unwrap_or_default())
    }
}

fn open_locked(name: &str, sealed: &Plaintext, ask: Ask<'_>) -> Result<Vec<Key>, KeysError> {
    let wrong = || KeysError::Passphrase { place: name.to_owned() };
    let identity = age::scrypt::Identity::new(secret_string(name, &ask(name)?)?);
    let reader = ArmoredReader::new(sealed.expose());
    let decryptor = age::Decryptor::new_buffered(reader).map_err(|_| wrong())?;
    let stream =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|_| wrong())?;
    let text = drain_payload(stream, sealed.len()).map_err(|_| wrong())?;
    let text = text.expose_text().ok_or_else(|| KeysError::Malformed {
        place: name.to_owned(),
        line: None,
        why: "what its passphrase opens is no text",
    })?;
    identities(name, text)
}

fn secret_string(name: &str, text: &Plaintext) -> Result<age::secrecy::SecretString, KeysError> {
    let text = text.expose_text().ok_or(KeysError::Passphrase { place: name.to_owned() })?;
    // Exactly as large as its text, so that boxing it does not leave a copy.
    Ok(age::secrecy::SecretString::from(text.to_owned()))
}

impl SshKey {
    /// The fingerprint of its public part, as OpenSSH prints it.
    pub(super) fn fingerprint(&self) -> Option<String> {
        self.public.as_ref().map(|key| key.fingerprint(HashAlg::Sha256).to_string())
    }

    /// Takes the passphrase off, once, in memory.
    pub(super) fn unlock(&mut self, name: &str, ask: Ask<'_>) -> Result<(), KeysError> {
        let Some(age::ssh::Identity::Encrypted(encrypted)) = &self.identity else { return Ok(()) };
        let passphrase = ask(name)?;
        let wrong = || KeysError::Passphrase { place: name.to_owned() };
        let private = self.private.as_ref().and_then(|key| ed25519(key, &passphrase));
        // Once through the slow key derivation: age reads what `ssh-key` has opened. What that cannot
        // open (its ciphers are fewer), or is of another kind, age opens by itself.
        let plain = private.as_ref().and_then(|key| key.to_openssh(LineEnding::LF).ok());
        self.identity = Some(match plain {
            Some(text) => {
                age::ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| wrong())?
            }
            None => {
                encrypted.decrypt(secret_string(name, &passphrase)?).map_err(|_| wrong())?.into()
            }
        });
        self.private = private.or(self.private.take());
        Ok(())
    }

    /// The private key, to sign in this process; none while it is encrypted, and for other kinds than
    /// Ed25519.
    pub(super) fn signing(&self) -> Option<&PrivateKey> {
        self.private
            .as_ref()
            .filter(|key| !key.is_encrypted() && key.algorithm() == Algorithm::Ed25519)
    }

    /// Whether it decrypts without asking for a passphrase.
    fn is_open(&self) -> bool {
        matches!(self.identity, Some(age::ssh::Identity::Unencrypted(_)))
    }
}

fn ed25519(key: &PrivateKey, passphrase: &Plaintext) -> Option<PrivateKey> {
    let fits = key.is_encrypted() && key.algorithm() == Algorithm::Ed25519;
    fits.then(|| key.decrypt(passphrase.expose()).ok()).flatten()
}
