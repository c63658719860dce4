//! The two types that hold secret bytes: neither prints them, both wipe them.

use std::fmt;

use bech32::{Bech32, Hrp};
use zeroize::Zeroizing;

const IDENTITY: Hrp = Hrp::parse_unchecked("age-secret-key-");

/// Secret bytes of a user's: a value, or a whole file in clear.
///
/// ```compile_fail
/// let secret = tenure::secret::Plaintext::from(vec![1]);
/// let copy = secret.clone();
/// ```
/// ```compile_fail
/// println!("{}", tenure::secret::Plaintext::from(vec![1]));
/// ```
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    /// Lends the bytes; each caller is a place to review for leaks.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Lends the bytes as text, if they are UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Counts the bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Plaintext {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<Zeroizing<Vec<u8>>> for Plaintext {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl From<String> for Plaintext {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(…)")
    }
}

/// The X25519 secret scalar of one generation of an environment, clamped (RFC 7748, section 5).
///
/// ```compile_fail
/// fn copy(key: &tenure::secret::GenerationKey) -> tenure::secret::GenerationKey { key.clone() }
/// ```
pub struct GenerationKey(Zeroizing<[u8; 32]>);

impl GenerationKey {
    /// Takes 32 bytes, from a generator or a keyring, and clamps them.
    #[must_use]
    pub fn clamped(mut bytes: Zeroizing<[u8; 32]>) -> Self {
        bytes[0] &= 0xf8;
        bytes[31] &= 0x7f;
        bytes[31] |= 0x40;
        Self(bytes)
    }

    /// Lends the clamped scalar; each caller is a place to review for leaks.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes it as an age identity, in the one text that is taken back: upper-case bech32.
    ///
    /// # Panics
    /// Never: 32 bytes fit a bech32 text.
    #[must_use]
    pub fn age_identity(&self) -> Zeroizing<String> {
        let mut text =
            bech32::encode::<Bech32>(IDENTITY, self.expose()).expect("32 bytes fit a bech32 text");
        text.make_ascii_uppercase();
        Zeroizing::new(text)
    }
}

impl fmt::Debug for GenerationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GenerationKey(…)")
    }
}
