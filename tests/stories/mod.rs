//! What people do together, from the first command to the last.

mod joiner;
mod leaver;
