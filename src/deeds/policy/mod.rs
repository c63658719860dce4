//! The policy as a whole: shown, compared, examined, signed.

pub mod diff;
pub mod lint;
pub mod show;
pub mod sign;
