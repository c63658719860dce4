//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod completions;
mod doctor;
mod init;
mod key;
mod man;
pub(crate) mod member;
mod policy;
mod seal;
mod usage;
mod whoami;
