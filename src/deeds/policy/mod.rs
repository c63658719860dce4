//! The policy as a whole: shown, examined, signed.

pub mod lint;
pub mod show;
pub mod sign;
