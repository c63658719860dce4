//! Values on their way out: the variables that `run` hands over, and the formats that `export` writes.

mod dotenv;
mod format;
mod json;
mod redact;
mod shell;
mod steering;
mod variables;
mod yaml;

use crate::document::value::ValueError;
use crate::names::Address;

pub use format::Export;
pub use redact::redacted;
pub use steering::{STEERING, steers};
pub use variables::{File, LeftOut, Nesting, Variable, Variables, Wanted, variables};

/// Why values do not go out. Holds names and addresses, never a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// Two values would be one variable.
    #[error("two values are named `{name}`: {} and {}", places[0], places[1])]
    Twice {
        /// The variable.
        name: String,
        /// Where they are.
        places: Box<[Address; 2]>,
    },
    /// A key stands twice in one file, and consumers differ about which counts.
    #[error("{0} repeats a key of its file, and readers differ about which of them counts")]
    Repeated(Box<Address>),
    /// The variable would steer the program rather than tell it something.
    #[error("{address} would set `{name}`, which steers what a program loads or runs")]
    Steers {
        /// The variable.
        name: String,
        /// Where its value is.
        address: Box<Address>,
    },
    /// No variable can hold this value.
    #[error("{0} has a NUL byte, which no variable can hold")]
    Nul(Box<Address>),
    /// A value cannot be told.
    #[error("the value of {address} cannot be told")]
    Unreadable {
        /// Where it is.
        address: Box<Address>,
        /// Why.
        #[source]
        source: ValueError,
    },
    /// A name was asked for that is no variable here.
    #[error("there is no variable `{name}`")]
    NoVariable {
        /// The name.
        name: String,
        /// One that there is, if the name is nearly the same.
        nearest: Option<String>,
    },
    /// A format cannot hold a value so that all its readers get it back.
    #[error("{address} cannot be written as {format}: {why}")]
    NotWritable {
        /// Where the value is.
        address: Box<Address>,
        /// The format's name.
        format: &'static str,
        /// Why.
        why: &'static str,
    },
}
