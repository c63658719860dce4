//! Generators of new values: `password:32`, `hex:32`, `base64:32`, `uuid`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::RotationError;
use crate::secret::Plaintext;

/// Letters, digits, and symbols that no shell, URL or file format gives a meaning.
const ALPHABET: &[u8; 65] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/// The letters and digits of it: a password begins and ends with one, so that it is no option and no
/// end of a sentence.
const PLAIN: usize = 62;

const LONGEST: usize = 1024;

/// How a new value is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spec {
    /// So many letters, digits, `-`, `_` and `.`; at least 12.
    Password(usize),
    /// So many random bytes as twice as many hexadecimal digits, as `openssl rand -hex`; at least 8.
    Hex(usize),
    /// So many random bytes in base64 with padding, as `openssl rand -base64`; at least 8.
    Base64(usize),
    /// A random UUID, version 4.
    Uuid,
}

impl FromStr for Spec {
    type Err = RotationError;
    fn from_str(text: &str) -> Result<Self, RotationError> {
        let bad = || RotationError::NoGenerator;
        if text == "uuid" {
            return Ok(Self::Uuid);
        }
        let (word, count) = text.split_once(':').ok_or_else(bad)?;
        let plain = count.bytes().all(|b| b.is_ascii_digit()) && !count.starts_with('0');
        let count: usize = count.parse().ok().filter(|_| plain).ok_or_else(bad)?;
        let (spec, least) = match word {
            "password" => (Self::Password(count), 12),
            "hex" => (Self::Hex(count), 8),
            "base64" => (Self::Base64(count), 8),
            _ => return Err(bad()),
        };
        match (least..=LONGEST).contains(&count) {
            true => Ok(spec),
            false => Err(RotationError::Length { least, most: LONGEST }),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(count) => write!(f, "password:{count}"),
            Self::Hex(count) => write!(f, "hex:{count}"),
            Self::Base64(count) => write!(f, "base64:{count}"),
            Self::Uuid => f.write_str("uuid"),
        }
    }
}

/// Makes a value.
#[must_use]
pub fn generate(spec: Spec, rng: &mut dyn CryptoRngCore) -> Plaintext {
    match spec {
        Spec::Password(length) => password(length, rng),
        Spec::Hex(count) => {
            let mut out = Zeroizing::new(Vec::with_capacity(2 * count));
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            for byte in bytes(count, rng).iter() {
                out.extend([digit(byte >> 4), digit(byte & 15)]);
            }
            Plaintext::from(out)
        }
        Spec::Base64(count) => Plaintext::from(STANDARD.encode(bytes(count, rng).as_slice())),
        Spec::Uuid => {
            let mut random = Zeroizing::new([0; 16]);
            rng.fill_bytes(random.as_mut_slice());
            let uuid = uuid::Builder::from_random_bytes(*random).into_uuid();
            Plaintext::from(uuid.to_string())
        }
    }
}

fn bytes(count: usize, rng: &mut dyn CryptoRngCore) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    rng.fill_bytes(&mut bytes);
    bytes
}

fn password(length: usize, rng: &mut dyn CryptoRngCore) -> Plaintext {
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    while out.len() < length {
        let edge = out.is_empty() || out.len() + 1 == length;
        out.push(ALPHABET[below(if edge { PLAIN } else { ALPHABET.len() }, rng)]);
    }
    Plaintext::from(out)
}

/// Draws a number below `limit`, each as likely as the others: draws past the last whole multiple of it
/// are thrown away.
fn below(limit: usize, rng: &mut dyn CryptoRngCore) -> usize {
    let fair = 256 / limit * limit;
    loop {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        let drawn = usize::from(byte[0]);
        if drawn < fair {
            return drawn % limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_core::OsRng;

    use super::*;

    fn made(spec: &str) -> String {
        let spec: Spec = spec.parse().unwrap();
        String::from_utf8(generate(spec, &mut OsRng).expose().to_vec()).unwrap()
    }

    #[test]
    fn each_spec_gives_what_it_says() {
        let hex = made("hex:32");
        assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
        assert_eq!(STANDARD.decode(made("base64:33")).unwrap().len(), 33);
        let uuid: uuid::Uuid = made("uuid").parse().unwrap();
        assert_eq!(uuid.get_version_num(), 4);
        let password = made("password:40");
        assert!(password.len() == 40 && password.bytes().all(|b| ALPHABET.contains(&b)));
        assert!(password.starts_with(|c: char| c.is_ascii_alphanumeric()));
        assert!(password.ends_with(|c: char| c.is_ascii_alphanumeric()));
        assert_ne!(password, made("password:40"));
    }

    #[test]
    fn every_character_is_drawn() {
        let seen: BTreeSet<u8> = made("password:1024").into_bytes().into_iter().collect();
        assert_eq!(seen, ALPHABET.iter().copied().collect());
    }

    #[test]
    fn a_spec_has_one_text_and_is_long_enough() {
        for text in ["password:32", "hex:8", "base64:1024", "uuid"] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
        }
        for bad in ["", "password", "password:", "password:032", "hex:+9", "pin:12", "uuid:4"] {
            assert!(matches!(bad.parse::<Spec>(), Err(RotationError::NoGenerator)), "{bad}");
        }
        for bad in ["password:11", "hex:7", "base64:1025"] {
            assert!(matches!(bad.parse::<Spec>(), Err(RotationError::Length { .. })), "{bad}");
        }
    }
}
