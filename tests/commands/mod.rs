//! One file a command: that it works, how it says why not, its exit code and its JSON.

mod check;
mod completions;
mod hook;
mod log;
mod man;
mod trust;
mod usage;
