//! Public keys whose signatures on the log count.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};
use ssh_key::{HashAlg, PublicKey};

use super::recipient::is_private;

/// The shortest RSA modulus in bits that counts. Design, section 6.
const RSA_MIN: usize = 3072;
/// The longest that can be verified in process.
const RSA_MAX: usize = 4096;

/// A public SSH key. Two are equal when they are the same key: comments are dropped.
#[derive(Debug, Clone)]
pub struct SigningKey {
    key: PublicKey,
    text: String,
}

/// Why a text is no signing key. Holds none of it: it may be a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Somebody pasted the wrong half.
    #[error("this is a private key; a policy holds public keys only")]
    PrivateKey,
    /// Not one line of OpenSSH.
    #[error("this is no SSH public key")]
    Malformed,
    /// DSA.
    #[error("DSA keys are refused")]
    Dsa,
    /// RSA that is too short or too long.
    #[error("this RSA key has {bits} bits, and must have from 3072 to 4096")]
    RsaSize {
        /// The length of its modulus.
        bits: usize,
    },
    /// Anything else.
    #[error("keys of this kind are refused; use ssh-ed25519")]
    Kind,
}

impl SigningKeyError {
    /// Tells whether it is a key whose signatures are refused, and no malformed text.
    #[must_use]
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Dsa | Self::RsaSize { .. } | Self::Kind)
    }
}

impl SigningKey {
    /// Lends the key, without a comment.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.key
    }

    /// Lends the text: kind and Base64, without a comment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What people compare on another channel: `SHA256:…` as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }
}

fn check(key: &KeyData) -> Result<(), SigningKeyError> {
    match key {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Ecdsa(
            EcdsaPublicKey::NistP256(_) | EcdsaPublicKey::NistP384(_) | EcdsaPublicKey::NistP521(_),
        ) => Ok(()),
        KeyData::Rsa(rsa) => check_rsa(rsa),
        KeyData::Dsa(_) => Err(SigningKeyError::Dsa),
        _ => Err(SigningKeyError::Kind),
    }
}

fn check_rsa(key: &RsaPublicKey) -> Result<(), SigningKeyError> {
    let modulus = key.n.as_positive_bytes().ok_or(SigningKeyError::Malformed)?;
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - unused;
    if (RSA_MIN..=RSA_MAX).contains(&bits) {
        Ok(())
    } else {
        Err(SigningKeyError::RsaSize { bits })
    }
}

impl FromStr for SigningKey {
    type Err = SigningKeyError;
    fn from_str(text: &str) -> Result<Self, SigningKeyError> {
        if is_private(text) {
            return Err(SigningKeyError::PrivateKey);
        }
        if text.chars().any(char::is_control) {
            return Err(SigningKeyError::Malformed);
        }
        if text.starts_with("ssh-dss ") {
            return Err(SigningKeyError::Dsa);
        }
        let mut key = PublicKey::from_openssh(text).map_err(|_| SigningKeyError::Malformed)?;
        check(key.key_data())?;
        key.set_comment("");
        let text = key.to_openssh().map_err(|_| SigningKeyError::Malformed)?;
        Ok(Self { key, text: text.trim_end().to_owned() })
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SigningKey {}

impl PartialOrd for SigningKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SigningKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for SigningKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::policy::parse::samples::{
        ANA_SSH, ANA_SSH_FINGERPRINT, ECDSA, P384, P521, RSA_2048, RSA_3072,
    };

    #[test]
    fn a_comment_is_no_part_of_a_key() {
        let plain: SigningKey = ANA_SSH.parse().unwrap();
        let commented: SigningKey = format!("{ANA_SSH} ana@example.com").parse().unwrap();
        assert_eq!(plain, commented);
        assert_eq!(commented.to_string(), ANA_SSH);
        assert_eq!(commented.public().comment(), "");
        assert_eq!(plain.fingerprint(), ANA_SSH_FINGERPRINT);
    }

    #[test]
    fn weak_and_private_keys_are_refused_by_name() {
        let refused = |text: &str| text.parse::<SigningKey>().unwrap_err();
        assert_eq!(refused(RSA_2048), SigningKeyError::RsaSize { bits: 2048 });
        assert_eq!(refused("ssh-dss AAAAB3NzaC1kc3MAAACBAP"), SigningKeyError::Dsa);
        assert_eq!(refused("AGE-SECRET-KEY-1QQQ"), SigningKeyError::PrivateKey);
        assert_eq!(refused("ssh-ed25519 AAAA"), SigningKeyError::Malformed);
        assert!(RSA_3072.parse::<SigningKey>().is_ok() && ECDSA.parse::<SigningKey>().is_ok());
    }

    #[test]
    fn keys_on_hardware_and_all_curves_are_taken() {
        let part = |bytes: &[u8]| {
            let len = u32::try_from(bytes.len()).unwrap();
            [&len.to_be_bytes()[..], bytes].concat()
        };
        let kind = "sk-ssh-ed25519@openssh.com";
        let blob = [part(kind.as_bytes()), part(&[7; 32]), part(b"ssh:")].concat();
        let text = format!("{kind} {}", base64::prelude::BASE64_STANDARD.encode(blob));
        let key: SigningKey = text.parse().unwrap();
        assert_eq!(key.as_str(), text);
        assert!(P384.parse::<SigningKey>().is_ok());
        assert!(P521.parse::<SigningKey>().is_ok());
    }
}
