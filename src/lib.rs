//! `tenure`: secrets that live encrypted in git, with roles, deadlines and a signed log.
//!
//! A room names only rooms above it in this list, which `tests/house.rs` reads:
//!
//! 1. `secret`
//! 2. `names`
//! 3. `finding`
//! 4. `policy`
//! 5. `document`
//! 6. `seal`
//! 7. `keyring`
//! 8. `log`
//! 9. `rotation`
//! 10. `verify`
//! 11. `scan`
//! 12. `deliver`
//! 13. `world`
//! 14. `deeds`
//! 15. `output`
//! 16. `cli`

// Pure: bytes, today and randomness in; verdicts and bytes out.
pub mod deliver;
pub mod document;
pub mod finding;
pub mod keyring;
pub mod log;
pub mod names;
pub mod policy;
pub mod rotation;
pub mod scan;
pub mod seal;
pub mod secret;
pub mod verify;

// Not pure.
pub mod cli;
pub mod deeds;
pub mod output;
pub mod world;
