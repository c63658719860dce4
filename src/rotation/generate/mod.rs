//! Generators of new values: `password:32`, `passphrase:6`, `ssh-ed25519`, `cert:example.test:90d` …

mod certificate;
mod keys;
mod spec;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::RotationError;
use crate::secret::Plaintext;

pub use spec::{Alphabet, Bits, Curve, Issuer, Spec};

/// A value that was made, with what of it is public.
#[derive(Debug)]
pub struct Made {
    /// The value.
    pub value: Plaintext,
    /// The public key or the certificates that belong to it, without a line break at the end.
    pub public: Option<String>,
}

impl From<Plaintext> for Made {
    fn from(value: Plaintext) -> Self {
        Self { value, public: None }
    }
}

/// Makes a value; `now` is when the life of a certificate begins.
///
/// # Errors
/// [`RotationError::NotMade`] where a key or a certificate is not made, [`RotationError::Authority`] where an
/// authority is to sign it.
pub fn generate(
    spec: &Spec,
    now: Timestamp,
    rng: &mut dyn CryptoRngCore,
) -> Result<Made, RotationError> {
    generate_by(spec, None, now, rng)
}

/// Makes a value, signed by the authority that is given, where it wants one.
///
/// # Errors
/// As [`generate`]; [`RotationError::Outlives`].
pub fn generate_by(
    spec: &Spec,
    authority: Option<&Plaintext>,
    now: Timestamp,
    rng: &mut dyn CryptoRngCore,
) -> Result<Made, RotationError> {
    Ok(match spec {
        Spec::Password(length, alphabet) => words::password(*length, alphabet, rng).into(),
        Spec::Passphrase(count) => words::passphrase(*count, rng).into(),
        Spec::Hex(count) => hex(&bytes(*count, rng)).into(),
        Spec::Base64(count) => Plaintext::from(STANDARD.encode(bytes(*count, rng))).into(),
        Spec::Hmac(count) => Plaintext::from(URL_SAFE_NO_PAD.encode(bytes(*count, rng))).into(),
        Spec::Uuid => uuid(rng).into(),
        Spec::SshEd25519 => keys::ssh_ed25519(rng)?,
        Spec::Age => keys::age(rng),
        Spec::X25519 => keys::x25519(rng),
        Spec::Rsa(bits) => keys::rsa(*bits, rng)?,
        Spec::Ec(Curve::P256) => keys::p256(rng)?,
        Spec::Ec(Curve::P384) => keys::p384(rng)?,
        Spec::Certificate { issuer, names, days } => {
            certificate::make((issuer, authority), names, (now, *days), rng)?
        }
        Spec::Authority { name, days } => certificate::authority_for(name, (now, *days), rng)?,
    })
}

fn bytes(count: usize, rng: &mut dyn CryptoRngCore) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    rng.fill_bytes(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> Plaintext {
    let mut out = Zeroizing::new(Vec::with_capacity(2 * bytes.len()));
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
    for byte in bytes {
        out.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    Plaintext::from(out)
}

fn uuid(rng: &mut dyn CryptoRngCore) -> Plaintext {
    let mut random = Zeroizing::new([0; 16]);
    rng.fill_bytes(random.as_mut_slice());
    Plaintext::from(uuid::Builder::from_random_bytes(*random).into_uuid().to_string())
}

#[cfg(test)]
mod tests;
