//! An age file's header: which kinds of keys it was sealed to, before any key is touched.

use std::io::{self, Read};

use age::armor::ArmoredReader;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};
use ssh_key::PublicKey;
use zeroize::Zeroizing;

use super::KeysError;
use crate::secret::Plaintext;

const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const BINARY: &[u8] = b"age-encryption.org/v1";

/// An age file without its armor, and the first words of its stanzas.
pub(super) struct Sealed {
    binary: Vec<u8>,
    stanzas: Vec<(String, Option<String>)>,
}

impl Sealed {
    pub(super) fn looks_like_age(bytes: &[u8]) -> bool {
        let bytes = bytes.trim_ascii_start();
        bytes.starts_with(ARMOR) || bytes.starts_with(BINARY)
    }

    /// Takes the armor off and reads the header's lines; age checks the rest when it decrypts.
    pub(super) fn read(file: &[u8]) -> Result<Self, KeysError> {
        let mut binary = Vec::with_capacity(file.len());
        ArmoredReader::new(file).read_to_end(&mut binary).map_err(|_| KeysError::NotAge)?;
        age::Decryptor::new_buffered(&binary[..]).map_err(|_| KeysError::NotAge)?;
        let stanzas = binary
            .split(|byte| *byte == b'\n')
            .take_while(|line| !line.starts_with(b"---"))
            .filter_map(|line| std::str::from_utf8(line.strip_prefix(b"-> ")?).ok())
            .map(|line| {
                let mut words = line.split(' ').map(str::to_owned);
                (words.next().unwrap_or_default(), words.next())
            })
            .collect();
        Ok(Self { binary, stanzas })
    }

    /// Whether a stanza names this SSH key, by the first 4 bytes of the SHA-256 of its public part.
    ///
    /// So nobody is asked for the passphrase of a key that could not open the file.
    pub(super) fn names(&self, public: &PublicKey) -> bool {
        let Ok(bytes) = public.to_bytes() else { return false };
        let tag = BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(bytes)[..4]);
        let kind = public.algorithm();
        self.stanzas
            .iter()
            .any(|(word, first)| word == kind.as_str() && first.as_deref() == Some(tag.as_str()))
    }

    /// Opens the file with the first of the keys that fits; none where none does.
    ///
    /// A key that is named and yet does not open it is an error.
    pub(super) fn open(
        &self,
        keys: &[&dyn age::Identity],
    ) -> Result<Option<Plaintext>, age::DecryptError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let decryptor = age::Decryptor::new_buffered(&self.binary[..])?;
        match decryptor.decrypt(keys.iter().copied()) {
            Err(age::DecryptError::NoMatchingKeys) => Ok(None),
            Err(fault) => Err(fault),
            Ok(stream) => Ok(Some(drain_payload(stream, self.binary.len())?)),
        }
    }
}

/// Reads what age decrypts; it is shorter than the file, so the buffer never moves.
pub(super) fn drain_payload(mut stream: impl Read, at_most: usize) -> io::Result<Plaintext> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(at_most + 64));
    stream.read_to_end(&mut bytes)?;
    Ok(Plaintext::from(bytes))
}
