//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod completions;
mod edit;
mod man;
mod member;
mod rekey;
mod rotate;
pub(crate) mod seal;
mod set;
mod unset;
mod usage;
