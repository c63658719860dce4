//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod completions;
mod doctor;
mod edit;
mod export;
mod get;
mod init;
mod key;
mod list;
mod man;
pub(crate) mod member;
mod open;
mod policy;
mod rekey;
mod rotate;
mod run;
mod seal;
mod set;
mod status;
mod unset;
mod usage;
mod whoami;
