//! `tenure`: secrets that live encrypted in git, with roles, deadlines and a signed log.
//!
//! A room names only rooms above it in this list; `tests/house.rs` keeps the rule.

// Pure: bytes, today and randomness in; verdicts and bytes out.
pub mod document;
pub mod finding;
pub mod log;
pub mod names;
pub mod secret;

// Not pure.
pub mod world;
