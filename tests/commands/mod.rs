//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod completions;
mod export;
mod get;
mod list;
mod man;
mod member;
mod open;
mod run;
mod doctor;
mod init;
mod key;
pub(crate) mod member;
mod policy;
mod seal;
mod status;
mod edit;
mod rekey;
mod rotate;
mod set;
mod unset;
mod usage;
mod whoami;
