//! Tokens: `sealed.v1.` and base64url of generation id, nonce, ciphertext and tag.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use memchr::memmem;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::{SealError, dropped, padding};
use crate::names::{EnvName, GenerationId, KeyPath, RepositoryId};
use crate::secret::{GenerationKey, Plaintext};

const PREFIX: &str = "sealed.v1.";
const VERSION: &[u8] = b"1";
const INFO: &[u8] = b"tenure/v1/value";
const ID: usize = 16;
const NONCE: usize = 24;
const TAG: usize = 16;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A value.
    Value,
    /// A comment; its path is that of the first document's root, so that comments can move.
    Comment,
}

/// What a token is bound to: it opens at no other place.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The repository.
    pub repository: &'a RepositoryId,
    /// The environment.
    pub env: &'a EnvName,
    /// Value or comment.
    pub part: Part,
    /// The place; list positions do not count.
    pub path: &'a KeyPath,
}

impl Binding<'_> {
    /// The associated data: each part prefixed with its length (u32, little-endian).
    pub(super) fn associated_data(&self) -> Vec<u8> {
        let part = match self.part {
            Part::Value => "value",
            Part::Comment => "comment",
        };
        let path = self.path.bound().to_string();
        let texts = [VERSION, self.repository.as_str().as_bytes(), self.env.as_str().as_bytes()];
        let mut out = Vec::new();
        for text in texts.into_iter().chain([part.as_bytes(), path.as_bytes()]) {
            let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(text);
        }
        out
    }
}

/// The key that seals the values of one generation: HKDF-SHA-256 over the clamped X25519 secret, empty
/// salt, info `tenure/v1/value` and the recipient. Wiped when dropped.
pub struct ValueKey {
    id: GenerationId,
    cipher: XChaCha20Poly1305,
    /// Opens what was dropped for the generation.
    identity: age::x25519::Identity,
}

impl ValueKey {
    /// Derives the key of a generation.
    ///
    /// # Panics
    /// Never: the text is one that age reads.
    #[must_use]
    pub fn derive(secret: &GenerationKey, recipient: &[u8; 32]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        let info = [INFO, recipient].concat();
        Hkdf::<sha2::Sha256>::new(None, secret.expose())
            .expand(&info, key.as_mut_slice())
            .expect("HKDF gives up to 8,160 bytes");
        let cipher = XChaCha20Poly1305::new(key.as_slice().into());
        let identity = secret.age_identity();
        let identity = identity.parse().expect("our own identity is one that age reads");
        Self { id: GenerationId::of(recipient), cipher, identity }
    }

    /// The generation it belongs to.
    #[must_use]
    pub fn id(&self) -> GenerationId {
        self.id
    }

    /// Seals a slice into a token.
    ///
    /// # Errors
    /// [`SealError::TooLong`] from 2 GiB on.
    pub fn seal(
        &self,
        binding: &Binding<'_>,
        slice: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<String, SealError> {
        let too_long = || SealError::TooLong(binding.path.clone());
        let mut nonce = XNonce::default();
        rng.fill_bytes(&mut nonce);
        let mut text = padding::pad(slice).ok_or_else(too_long)?;
        let tag = self
            .cipher
            .encrypt_in_place_detached(&nonce, &binding.associated_data(), &mut text)
            .map_err(|_| too_long())?;
        let mut bytes = Vec::with_capacity(ID + NONCE + text.len() + TAG);
        for part in [&self.id.0[..], &nonce, &text, &tag] {
            bytes.extend_from_slice(part);
        }
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens a token of this generation, sealed or dropped.
    ///
    /// # Errors
    /// [`SealError::NotAToken`], [`SealError::UnknownGeneration`], or [`SealError::Refused`] when it was
    /// altered or belongs elsewhere (to another generation too, where it was dropped); then no byte of it
    /// is given.
    pub fn open(&self, binding: &Binding<'_>, token: &str) -> Result<Plaintext, SealError> {
        if dropped::is_dropped(token) {
            return dropped::open(binding, token, &self.identity);
        }
        self.open_bytes(binding, &decode(token)?)
    }

    /// Opens the bytes that a token's text stands for.
    pub(super) fn open_bytes(
        &self,
        binding: &Binding<'_>,
        bytes: &[u8],
    ) -> Result<Plaintext, SealError> {
        let (id, rest) = bytes.split_first_chunk::<ID>().ok_or(SealError::NotAToken)?;
        if *id != self.id.0 {
            return Err(SealError::UnknownGeneration(GenerationId(*id)));
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(SealError::NotAToken)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(SealError::NotAToken)?;
        let refused = || SealError::Refused(binding.path.clone());
        let mut text = Zeroizing::new(text.to_vec());
        self.cipher
            .decrypt_in_place_detached(
                XNonce::from_slice(nonce),
                &binding.associated_data(),
                &mut text,
                Tag::from_slice(tag),
            )
            .map_err(|_| refused())?;
        let value = padding::unpad(&text).ok_or_else(refused)?;
        Ok(Plaintext::from(value.to_vec()))
    }
}

pub(super) fn decode(token: &str) -> Result<Vec<u8>, SealError> {
    let text = token.strip_prefix(PREFIX).ok_or(SealError::NotAToken)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::NotAToken)
}

/// What the text of a token tells without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Sealed by a reader; it names its generation.
    Sealed(GenerationId),
    /// Dropped by a writer; only its signed item names its generation.
    Dropped,
}

/// Tells whether a text of any form holds what begins like a token.
#[must_use]
pub fn may_have_token(text: &[u8]) -> bool {
    [PREFIX, dropped::PREFIX].iter().any(|begin| memmem::find(text, begin.as_bytes()).is_some())
}

/// Tells what a token is.
///
/// # Errors
/// [`SealError::NotAToken`] when it is none, or cut short.
pub fn form_of(token: &str) -> Result<Form, SealError> {
    if dropped::is_dropped(token) {
        return dropped::decode(token).map(|_| Form::Dropped);
    }
    generation_of(token).map(Form::Sealed)
}

/// Tells which generation a sealed token belongs to; a dropped one does not say.
///
/// # Errors
/// [`SealError::NotAToken`] when it is none, or cut short.
pub fn generation_of(token: &str) -> Result<GenerationId, SealError> {
    generation_in(&decode(token)?)
}

pub(super) fn generation_in(bytes: &[u8]) -> Result<GenerationId, SealError> {
    if bytes.len() < ID + NONCE + TAG + 32 {
        return Err(SealError::NotAToken);
    }
    let (id, _) = bytes.split_first_chunk::<ID>().ok_or(SealError::NotAToken)?;
    Ok(GenerationId(*id))
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::*;

    fn key(byte: u8) -> ValueKey {
        let secret = GenerationKey::clamped(Zeroizing::new([byte; 32]));
        ValueKey::derive(&secret, &[byte.wrapping_add(1); 32])
    }

    struct Place(RepositoryId, EnvName, KeyPath);

    impl Place {
        fn new(env: &str, path: &str) -> Self {
            let repository = RepositoryId::from_random([1; 16]);
            Self(repository, env.parse().unwrap(), path.parse().unwrap())
        }

        fn binding(&self, part: Part) -> Binding<'_> {
            Binding { repository: &self.0, env: &self.1, part, path: &self.2 }
        }
    }

    #[test]
    fn a_token_opens_at_its_place_only() {
        let (here, key) = (Place::new("prod", "db.url"), key(1));
        let token = key.seal(&here.binding(Part::Value), b"s3cret", &mut OsRng).unwrap();
        assert_eq!(generation_of(&token).unwrap(), key.id());
        let open = |place: &Place, part| key.open(&place.binding(part), &token);
        assert_eq!(open(&here, Part::Value).unwrap().expose(), b"s3cret");
        let refused = |path: &str| Err(SealError::Refused(path.parse().unwrap()));
        assert_eq!(open(&here, Part::Comment).map(|_| ()), refused("db.url"));
        assert_eq!(open(&Place::new("dev", "db.url"), Part::Value).map(|_| ()), refused("db.url"));
        assert_eq!(open(&Place::new("prod", "db.ur"), Part::Value).map(|_| ()), refused("db.ur"));
    }

    #[test]
    fn elements_of_a_list_can_move() {
        let (key, one, two) = (key(1), Place::new("p", "a[0].x"), Place::new("p", "a[7].x"));
        let token = key.seal(&one.binding(Part::Value), b"v", &mut OsRng).unwrap();
        assert_eq!(key.open(&two.binding(Part::Value), &token).unwrap().expose(), b"v");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let (here, key) = (Place::new("prod", "k"), key(1));
        let binding = here.binding(Part::Value);
        let token = key.seal(&binding, b"v", &mut OsRng).unwrap();
        let bytes = decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let bad = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bad));
            assert!(key.open(&binding, &bad).is_err());
        }
        for end in 0..token.len() {
            assert!(key.open(&binding, &token[..end]).is_err());
        }
        assert!(key.open(&binding, &format!("{token}=")).is_err());
    }

    #[test]
    fn another_generation_is_named() {
        let (here, one, two) = (Place::new("prod", "k"), key(1), key(3));
        let token = one.seal(&here.binding(Part::Value), b"v", &mut OsRng).unwrap();
        let found = two.open(&here.binding(Part::Value), &token).map(|_| ());
        assert_eq!(found, Err(SealError::UnknownGeneration(one.id())));
    }
}
