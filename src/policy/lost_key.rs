//! Public keys whose private halves are lost or stolen.

use std::fmt;
use std::str::FromStr;

use super::{Policy, Recipient, RecipientError, SigningKey};
use crate::names::MemberName;

/// A public key that nobody may have again: to read with, to sign with, or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LostKey {
    text: String,
    fingerprint: String,
}

impl LostKey {
    /// Lends the text: one line, without a comment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As people know it: `SHA256:…`, or the text itself for age's own keys.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Tells whether a key to read with is this one.
    #[must_use]
    pub fn reads(&self, key: &Recipient) -> bool {
        self.text == key.as_str()
    }

    /// Tells whether a key to sign with is this one.
    #[must_use]
    pub fn signs(&self, key: &SigningKey) -> bool {
        self.text == key.as_str()
    }
}

impl From<&Recipient> for LostKey {
    fn from(key: &Recipient) -> Self {
        Self { text: key.as_str().to_owned(), fingerprint: key.fingerprint() }
    }
}

impl From<&SigningKey> for LostKey {
    fn from(key: &SigningKey) -> Self {
        Self { text: key.as_str().to_owned(), fingerprint: key.fingerprint() }
    }
}

impl FromStr for LostKey {
    type Err = RecipientError;
    fn from_str(text: &str) -> Result<Self, RecipientError> {
        match (text.parse::<Recipient>(), text.parse::<SigningKey>()) {
            (Ok(key), _) => Ok(Self::from(&key)),
            (Err(RecipientError::SshKind), Ok(key)) => Ok(Self::from(&key)),
            (Err(why), _) => Err(why),
        }
    }
}

impl fmt::Display for LostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Policy {
    /// All lost keys, with whose they were.
    pub fn lost_keys(&self) -> impl Iterator<Item = (&MemberName, &LostKey)> {
        let members = self.members.iter();
        members.flat_map(|(name, member)| member.lost_keys.iter().map(move |key| (name, key)))
    }

    /// The member who reads with a lost key, in a policy of before.
    #[must_use]
    pub fn reader_with(&self, key: &LostKey) -> Option<&MemberName> {
        let has = |(_, member): &(&MemberName, &super::Member)| {
            member.recipients.iter().any(|recipient| key.reads(recipient))
        };
        self.members.iter().find(has).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{AGE, ANA_SSH, BASE, DAN_SSH, ECDSA, parse};
    use crate::policy::{Problem, Sign, semantic_diff};

    fn lost(member: &str, key: &str) -> String {
        let header = format!("[members.{member}]\n");
        BASE.replace(&header, &format!("{header}lost-keys = [\"{key}\"]\n"))
    }

    #[test]
    fn a_lost_key_of_any_kind_is_read_and_told() {
        for key in [AGE, DAN_SSH, ECDSA] {
            let lost_key: LostKey = key.parse().unwrap();
            assert!(key.starts_with(lost_key.as_str()));
        }
        let policy = parse(&lost("ben", DAN_SSH));
        assert_eq!(policy.lost_keys().count(), 1);
        let changes = semantic_diff(&parse(BASE), &policy);
        assert_eq!((changes.len(), changes[0].sign), (1, Sign::Added));
        assert!(changes[0].to_string().contains("member `ben`: lost the key SHA256:"));
    }

    #[test]
    fn a_lost_key_is_nobodys_again() {
        let text = lost("ben", ANA_SSH);
        let problem = Policy::parse(&text).unwrap_err().problem;
        assert!(matches!(problem, Problem::LostKeyInUse { .. }), "{problem}");
        let own = lost("ana", ANA_SSH);
        assert!(Policy::parse(&own).is_err());
    }

    #[test]
    fn a_private_key_is_no_lost_key() {
        assert_eq!("AGE-SECRET-KEY-1QQQ".parse::<LostKey>(), Err(RecipientError::PrivateKey));
        assert!("hello".parse::<LostKey>().is_err());
    }
}
