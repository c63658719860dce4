//! The keys that a member gets: given as texts or files, or made here for a machine.

use std::path::PathBuf;

use crate::deeds::DeedError;
use crate::policy::{MemberKind, Recipient, RecipientError, SigningKey};
use crate::secret::Plaintext;
use crate::world::keys::machine_identity;
use crate::world::terminal::stdout_is_terminal;
use crate::world::{World, read_public};

/// Keys as the command line gives them.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Keys to read with.
    pub recipients: Vec<Recipient>,
    /// Keys to sign with.
    pub signing_keys: Vec<SigningKey>,
    /// Files with SSH public keys: to read with, and for a person to sign with too.
    pub ssh_keys: Vec<PathBuf>,
}

/// Where a machine's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// Its public half is given.
    Given,
    /// It is made here; the private half is handed out once.
    Made,
}

/// Keys as a policy has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// To read with.
    pub recipients: Vec<Recipient>,
    /// To sign with.
    pub signing_keys: Vec<SigningKey>,
}

impl Given {
    /// Tells whether none is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty() && self.signing_keys.is_empty() && self.ssh_keys.is_empty()
    }

    /// Reads the files among them; `made` is one that was made here.
    ///
    /// # Errors
    /// [`DeedError::Refuse`] for a key that cannot be used; a private one is not repeated.
    pub fn read(
        &self,
        world: &World,
        kind: MemberKind,
        made: Option<&Recipient>,
    ) -> Result<Keys, DeedError> {
        let mut keys = Keys {
            recipients: self.recipients.iter().chain(made).cloned().collect(),
            signing_keys: self.signing_keys.clone(),
        };
        for path in &self.ssh_keys {
            let text = read_public(&world.from.join(path))?;
            let place = path.display().to_string();
            match text.trim().parse::<Recipient>() {
                Ok(key) => push(&mut keys.recipients, key),
                // A key that age cannot seal to may still sign for one who reads with another.
                Err(RecipientError::SshKind)
                    if kind == MemberKind::Person && !keys.recipients.is_empty() => {}
                Err(RecipientError::PrivateKey) => {
                    return Err(DeedError::Refuse {
                        what: format!("`{place}` is a private key"),
                        instead: Some(format!("give the public half: --ssh-key {place}.pub")),
                    });
                }
                Err(RecipientError::SshKind) if kind == MemberKind::Person => {
                    return Err(only_signs(&place));
                }
                Err(why) => return Err(unusable(&format!("`{place}`"), why)),
            }
            if kind == MemberKind::Person {
                let key = text.trim().parse::<SigningKey>().map_err(|why| DeedError::Refuse {
                    what: format!("`{place}` cannot be used: {why}"),
                    instead: None,
                })?;
                push(&mut keys.signing_keys, key);
            }
        }
        Ok(keys)
    }
}

fn push<T: PartialEq>(keys: &mut Vec<T>, key: T) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

fn unusable(place: &str, why: RecipientError) -> DeedError {
    DeedError::Refuse { what: format!("{place} cannot be used: {why}"), instead: None }
}

/// ECDSA and security keys sign, and nothing can be sealed to them.
fn only_signs(place: &str) -> DeedError {
    DeedError::Refuse {
        what: format!("`{place}` cannot be used: {}", RecipientError::SshKind),
        instead: Some("read with another key: --recipient age1… --ssh-key FILE.pub".to_owned()),
    }
}

/// Makes the machine's key, unless stdout would show it.
///
/// # Errors
/// [`DeedError::Refuse`] for a person, and where stdout is a terminal.
pub fn made_key(
    source: KeySource,
    kind: MemberKind,
) -> Result<Option<(Plaintext, Recipient)>, DeedError> {
    let refuse = |what: &str, instead: &str| {
        Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) })
    };
    match (source, kind) {
        (KeySource::Given, _) => Ok(None),
        (KeySource::Made, MemberKind::Person) => {
            refuse("a person's key is made by the person", "tenure key new, on their machine")
        }
        (KeySource::Made, MemberKind::Machine) if stdout_is_terminal() => refuse(
            "a private key is not shown on a terminal",
            "pipe it to where the machine gets it: … --generate | gh secret set TENURE_IDENTITY",
        ),
        (KeySource::Made, MemberKind::Machine) => {
            let (private, public) = machine_identity();
            let public = public.parse().map_err(|why| unusable("the new key", why))?;
            Ok(Some((private, public)))
        }
    }
}

/// The fingerprints of keys, whole, each once.
#[must_use]
pub fn fingerprints(recipients: &[Recipient], signing_keys: &[SigningKey]) -> Vec<String> {
    let reads = recipients.iter().map(Recipient::fingerprint);
    let mut all: Vec<_> = reads.chain(signing_keys.iter().map(SigningKey::fingerprint)).collect();
    all.sort();
    all.dedup();
    all
}
