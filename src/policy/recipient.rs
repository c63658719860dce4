//! Public keys that keyrings are wrapped for.

use std::fmt;
use std::str::FromStr;

use age::ssh::ParseRecipientKeyError;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::Digest as _;

/// Kinds that stock age knows and this version does not wrap for.
const LATER: &[&str] = &["tag", "tagpq", "pq"];

/// A public key that age encrypts to. Two are equal when they are the same key: comments of SSH keys
/// are dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// `age1…`, a key of age's own.
    X25519(String),
    /// `ssh-ed25519 AAAA…`.
    SshEd25519(String),
    /// `ssh-rsa AAAA…`, from 2048 to 4096 bits.
    SshRsa(String),
    /// `age1NAME1…`, a key that the program `age-plugin-NAME` wraps for.
    Plugin {
        /// The plugin's name.
        name: String,
        /// The whole recipient.
        text: String,
    },
}

/// Why a text is no recipient. Holds none of it: it may be a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// Somebody pasted the wrong half.
    #[error("this is a private key; a policy holds public keys only")]
    PrivateKey,
    /// An `age1…` with a wrong checksum or length.
    #[error("this is no age recipient")]
    BadAge,
    /// An SSH key that cannot be read.
    #[error("this is no SSH public key")]
    BadSsh,
    /// An RSA key outside of what age takes.
    #[error("this RSA key has not between 2048 and 4096 bits")]
    RsaSize,
    /// An SSH key of a kind that age does not encrypt to.
    #[error("age encrypts to ssh-ed25519 and ssh-rsa only, not to ECDSA, FIDO or other SSH keys")]
    SshKind,
    /// An age key of a kind that a later version may know.
    #[error("this kind of age recipient is not supported yet")]
    NotYet,
    /// Anything else.
    #[error("a recipient begins with `age1`, `ssh-ed25519` or `ssh-rsa`")]
    Unknown,
}

/// Tells whether a text is, or holds, a private key.
pub(super) fn is_private(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    // With the dashes of PEM: a description may well speak of a private key.
    ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"].iter().any(|mark| upper.contains(mark))
}

impl Recipient {
    /// Lends the text: one line, without a comment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::X25519(text)
            | Self::SshEd25519(text)
            | Self::SshRsa(text)
            | Self::Plugin { text, .. } => text,
        }
    }

    /// What people compare on another channel: `SHA256:…` as `ssh-keygen -l` prints it, or the text
    /// itself for age's own keys.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match self.ssh_digest() {
            Some((_, digest)) => format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(digest)),
            None => self.as_str().to_owned(),
        }
    }

    /// How the header of an age file names an SSH key: its kind, and the first 4 bytes of its digest; none
    /// for other keys, which a header hides.
    #[must_use]
    pub fn ssh_stanza(&self) -> Option<String> {
        let (kind, digest) = self.ssh_digest()?;
        Some(format!("{kind} {}", BASE64_STANDARD_NO_PAD.encode(&digest[..4])))
    }

    fn ssh_digest(&self) -> Option<(&str, [u8; 32])> {
        let (kind, blob) = match self {
            Self::SshEd25519(text) | Self::SshRsa(text) => text.split_once(' ')?,
            Self::X25519(_) | Self::Plugin { .. } => return None,
        };
        let blob = BASE64_STANDARD.decode(blob).ok()?;
        Some((kind, sha2::Sha256::digest(blob).into()))
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;
    fn from_str(text: &str) -> Result<Self, RecipientError> {
        if is_private(text) {
            return Err(RecipientError::PrivateKey);
        }
        if text.starts_with("age1") {
            return age_recipient(text);
        }
        let kind = text.split(' ').next().unwrap_or_default();
        let ssh = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start));
        if !ssh {
            return Err(RecipientError::Unknown);
        }
        if text.chars().any(char::is_control) {
            return Err(RecipientError::BadSsh);
        }
        match text.parse::<age::ssh::Recipient>() {
            Ok(key @ age::ssh::Recipient::SshEd25519(..)) => Ok(Self::SshEd25519(key.to_string())),
            Ok(key @ age::ssh::Recipient::SshRsa(..)) => Ok(Self::SshRsa(key.to_string())),
            Err(
                ParseRecipientKeyError::RsaModulusTooLarge
                | ParseRecipientKeyError::RsaModulusTooSmall,
            ) => Err(RecipientError::RsaSize),
            Err(ParseRecipientKeyError::Unsupported(_)) => Err(RecipientError::SshKind),
            Err(_) if !matches!(kind, "ssh-ed25519" | "ssh-rsa") => Err(RecipientError::SshKind),
            Err(_) => Err(RecipientError::BadSsh),
        }
    }
}

fn age_recipient(text: &str) -> Result<Recipient, RecipientError> {
    if let Ok(key) = text.parse::<age::x25519::Recipient>() {
        return Ok(Recipient::X25519(key.to_string()));
    }
    let plugin: age::plugin::Recipient = text.parse().map_err(|_| RecipientError::BadAge)?;
    // Bech32 takes upper case too, but one key has one text here.
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(RecipientError::BadAge);
    }
    if LATER.contains(&plugin.plugin()) {
        return Err(RecipientError::NotYet);
    }
    Ok(Recipient::Plugin { name: plugin.plugin().to_owned(), text: text.to_owned() })
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{AGE, ANA_SSH, ANA_SSH_FINGERPRINT, ECDSA, RSA_3072};

    #[test]
    fn a_comment_is_no_part_of_a_key() {
        let plain: Recipient = ANA_SSH.parse().unwrap();
        let commented: Recipient = format!("{ANA_SSH} ana@example.com").parse().unwrap();
        assert_eq!(plain, commented);
        assert_eq!(commented.to_string(), ANA_SSH);
        assert!(matches!(plain, Recipient::SshEd25519(_)));
        assert_eq!(plain.fingerprint(), ANA_SSH_FINGERPRINT);
    }

    #[test]
    fn each_kind_is_told_apart() {
        let age: Recipient = AGE.parse().unwrap();
        assert_eq!((age.fingerprint().as_str(), age.as_str()), (AGE, AGE));
        assert!(matches!(RSA_3072.parse().unwrap(), Recipient::SshRsa(_)));
        let hrp = bech32::Hrp::parse("age1yubikey").unwrap();
        let text = bech32::encode::<bech32::Bech32>(hrp, &[7; 33]).unwrap();
        let plugin: Recipient = text.parse().unwrap();
        assert!(matches!(&plugin, Recipient::Plugin { name, .. } if name == "yubikey"));
        let hrp = bech32::Hrp::parse("age1pq").unwrap();
        let text = bech32::encode::<bech32::Bech32>(hrp, &[7; 33]).unwrap();
        assert_eq!(text.parse::<Recipient>(), Err(RecipientError::NotYet));
        assert_eq!(ECDSA.parse::<Recipient>(), Err(RecipientError::SshKind));
    }

    #[test]
    fn a_private_key_is_refused_without_its_text() {
        for text in [
            "AGE-SECRET-KEY-1QQQ",
            "age-secret-key-1qqq",
            "AGE-PLUGIN-YUBIKEY-1QQQ",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
        ] {
            let error = text.parse::<Recipient>().unwrap_err();
            assert_eq!(error, RecipientError::PrivateKey);
            assert!(!format!("{error} {error:?}").contains("qqq"));
        }
        assert!(!is_private("Server certificate and private key of the entry point"));
        for text in ["", "age1", "age1qqqq", "ssh-ed25519", "ssh-ed25519 AAAA", "hello"] {
            assert!(text.parse::<Recipient>().is_err(), "{text}");
        }
    }
}
