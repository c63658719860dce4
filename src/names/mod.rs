//! Checked texts: what has one of these types has passed the door.

mod address;
mod digest;
mod family;
mod hazard;
mod key_path;
mod path;
mod quote;
mod shared;
mod word;

pub use address::{Address, AddressQuery, Target};
pub use digest::{EntryId, GenerationId, Sha256, Sha256Writer};
pub use family::Stage;
pub use hazard::is_hazard;
pub use key_path::{KeyPath, Segment};
pub use path::RepoPath;
pub use quote::quoted;
pub use shared::Shared;
pub use word::{ConsumerName, EnvName, MemberName, RepositoryId, RoleName, TypeName};

/// Says why a text is no name, path, key or id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {why}")]
pub struct NameError {
    /// What the text should have been: "a member's name", "a path".
    pub what: &'static str,
    /// The rule that it breaks, as the rest of a sentence.
    pub why: &'static str,
}

/// Implements serde by way of `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;
