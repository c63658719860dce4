//! What people do together, from the first command to the last.

mod alarms;
mod clones;
mod colleagues;
mod customers;
pub(crate) mod dropping;
mod exposure;
mod incident;
mod joiner;
mod leaver;
mod merges;
mod rotation;
mod stolen;
