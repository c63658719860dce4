//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod check;
mod completions;
mod doctor;
mod edit;
mod export;
mod get;
mod hook;
mod init;
mod key;
mod list;
mod log;
mod man;
pub(crate) mod member;
mod open;
mod policy;
mod rekey;
mod resolve;
mod rotate;
mod run;
pub(crate) mod seal;
mod set;
mod status;
mod trust;
mod unset;
mod usage;
mod whoami;
