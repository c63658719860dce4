//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod completions;
mod man;
mod member;
mod seal;
mod usage;
