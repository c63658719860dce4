//! The only room that touches the outside: files, git, keys, terminal, programs, clock.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the room that touches the outside"
)]

pub mod child;
pub mod harden;
pub mod keys;
pub mod signer;
pub mod terminal;
mod wiped;
