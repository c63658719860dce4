//! Private keys, each with its public half: made by the crates that others have audited.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bech32::{Bech32, Hrp};
use rand_core::CryptoRngCore;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{Bits, Made};
use crate::rotation::RotationError;
use crate::secret::{GenerationKey, Plaintext};

const RECIPIENT: Hrp = Hrp::parse_unchecked("age");

pub(super) fn ssh_ed25519(mut rng: &mut dyn CryptoRngCore) -> Result<Made, RotationError> {
    let not_made = |_: ssh_key::Error| RotationError::NotMade;
    let key = ssh_key::PrivateKey::random(&mut rng, ssh_key::Algorithm::Ed25519);
    let key = key.map_err(not_made)?;
    let text = key.to_openssh(LineEnding::LF).map_err(not_made)?;
    let public = key.public_key().to_openssh().map_err(not_made)?;
    Ok(Made { value: copied(&text), public: Some(public) })
}

pub(super) fn age(rng: &mut dyn CryptoRngCore) -> Made {
    let (key, public) = pair(rng);
    let public = bech32::encode::<Bech32>(RECIPIENT, public.as_bytes()).ok();
    Made { value: copied(&key.age_identity()), public }
}

pub(super) fn x25519(rng: &mut dyn CryptoRngCore) -> Made {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(bytes.as_mut_slice());
    // As `wg genkey` writes it: clamped, so that a key has one text.
    bytes[0] &= 0xf8;
    bytes[31] = bytes[31] & 0x7f | 0x40;
    let public = PublicKey::from(&StaticSecret::from(*bytes));
    let value = Plaintext::from(STANDARD.encode(bytes.as_slice()));
    Made { value, public: Some(STANDARD.encode(public.as_bytes())) }
}

fn pair(rng: &mut dyn CryptoRngCore) -> (GenerationKey, PublicKey) {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(bytes.as_mut_slice());
    let public = PublicKey::from(&StaticSecret::from(*bytes));
    (GenerationKey::clamped(bytes), public)
}

pub(super) fn rsa(bits: Bits, mut rng: &mut dyn CryptoRngCore) -> Result<Made, RotationError> {
    let bits = match bits {
        Bits::B3072 => 3072,
        Bits::B4096 => 4096,
    };
    let key = rsa::RsaPrivateKey::new(&mut rng, bits).map_err(|_| RotationError::NotMade)?;
    pkcs8(&key, &key.to_public_key())
}

pub(super) fn p256(mut rng: &mut dyn CryptoRngCore) -> Result<Made, RotationError> {
    let key = p256::SecretKey::random(&mut rng);
    pkcs8(&key, &key.public_key())
}

pub(super) fn p384(mut rng: &mut dyn CryptoRngCore) -> Result<Made, RotationError> {
    let key = p384::SecretKey::random(&mut rng);
    pkcs8(&key, &key.public_key())
}

fn pkcs8(
    key: &impl EncodePrivateKey,
    public: &impl EncodePublicKey,
) -> Result<Made, RotationError> {
    let text = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| RotationError::NotMade)?;
    let public = public.to_public_key_pem(LineEnding::LF).map_err(|_| RotationError::NotMade)?;
    Ok(Made { value: copied(&text), public: Some(public.trim_end().to_owned()) })
}

fn copied(text: &str) -> Plaintext {
    Plaintext::from(Zeroizing::new(text.as_bytes().to_vec()))
}
