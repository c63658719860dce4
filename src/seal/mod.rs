//! A value to a token and back. Design, section 3.

mod dropped;
mod file;
mod padding;
mod token;
mod whole;

pub use dropped::{drop_value, is_dropped};
pub use file::{Comments, Known, Opener, Scope, Sealer, open};
pub use token::{Binding, Form, Part, ValueKey, form_of, generation_of, may_have_token};
pub use whole::{is_whole, open_whole, seal_whole};

use crate::names::{GenerationId, KeyPath};

/// Why something does not seal or open. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is no token.
    #[error("this is no token of a version that is known here")]
    NotAToken,
    /// The token is of a generation that the keyring does not hold.
    #[error("the token belongs to generation {0}, which your keyring does not hold")]
    UnknownGeneration(GenerationId),
    /// The token does not open: altered, or made for another place.
    #[error("the token at `{0}` does not open here: it was altered, or made for another place")]
    Refused(KeyPath),
    /// The value is longer than a token can hold.
    #[error("the value at `{0}` is too long to be sealed")]
    TooLong(KeyPath),
    /// Plaintext has a token's form, but is no token that stood at this place before.
    #[error("`{0}` holds a token that did not stand there before")]
    ForeignToken(KeyPath),
    /// The opened text no longer has the structure of the sealed one.
    #[error("the opened file does not have the structure of the sealed one")]
    StructureChanged,
    /// A file sealed whole does not open.
    #[error("the sealed file does not open with this generation")]
    WholeRefused,
    /// age failed to write.
    #[error("the file could not be sealed")]
    WholeFailed,
}

impl SealError {
    /// Tells whether what stands there is wrong, and not the key at hand: a new value mends it.
    #[must_use]
    pub fn is_garbled(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::StructureChanged | Self::WholeRefused)
    }
}
