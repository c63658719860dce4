//! What people do together, from the first command to the last.

mod colleagues;
pub(crate) mod dropping;
mod joiner;
mod leaver;
mod merges;
mod stolen;
