//! The policy as a whole: shown, compared, examined, signed, reconciled.

pub mod diff;
mod guard;
pub mod lint;
pub mod reconcile;
pub mod show;
pub mod sign;
