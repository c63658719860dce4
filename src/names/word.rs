//! Names of environments, members, roles and types: one grammar for all.

use std::fmt;
use std::str::FromStr;

use super::shared::Shared;
use super::{NameError, serde_as_text};

/// Longest name in bytes: it becomes a folder's name and a column of a report.
const MAX: usize = 64;

fn check(text: &str, what: &'static str) -> Result<(), NameError> {
    let Some(first) = text.bytes().next() else {
        return Err(NameError { what, why: "is empty" });
    };
    if text.len() > MAX {
        return Err(NameError { what, why: "is longer than 64 characters" });
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !plain(first) {
        return Err(NameError { what, why: "must begin with a lower-case letter or a digit" });
    }
    if !text.bytes().all(|b| plain(b) || b == b'-' || b == b'_') {
        return Err(NameError {
            what,
            why: "may hold only lower-case letters, digits, `-` and `_`",
        });
    }
    Ok(())
}

macro_rules! word {
    ($(#[doc = $doc:literal] $name:ident: $what:literal;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Shared);

        impl $name {
            /// Lends the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text, $what)?;
                Ok(Self(Shared::of(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        serde_as_text!($name);
    )+};
}

word! {
    /// The name of an environment: a folder under `.secrets/keys/`.
    EnvName: "an environment's name";
    /// The name of a member, a person or a machine. It stays in the log for ever.
    MemberName: "a member's name";
    /// The name of a role.
    RoleName: "a role's name";
    /// The name of a consumer: a program or job that uses secrets.
    ConsumerName: "a consumer's name";
    /// The name of a secret type, such as `api-key`.
    TypeName: "a type's name";
}

/// The id of a repository: a UUID in lower case with hyphens (RFC 9562), bound into each token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryId(String);

impl RepositoryId {
    /// Makes a version 4 UUID of 16 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
    }

    /// Lends the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let what = "a repository's id";
        let id = uuid::Uuid::try_parse(text).map_err(|_| NameError { what, why: "is no UUID" })?;
        if id.hyphenated().to_string() != text {
            return Err(NameError { what, why: "must be in lower case with hyphens" });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(RepositoryId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_grammar() {
        for good in ["a", "prod", "deploy-prod", "9x", "a_b"] {
            assert_eq!(good.parse::<EnvName>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "_a", "Prod", "a/b", "a.b", "ä", "a b", &"x".repeat(65)] {
            assert!(bad.parse::<EnvName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_id_is_a_canonical_uuid() {
        let id = RepositoryId::from_random([0xab; 16]);
        assert_eq!(id.as_str().parse::<RepositoryId>().unwrap(), id);
        assert!(id.as_str().to_uppercase().parse::<RepositoryId>().is_err());
        assert!("".parse::<RepositoryId>().is_err());
    }
}
