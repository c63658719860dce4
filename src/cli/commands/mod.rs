//! One file a command: its `Args`, and a `run` that calls one deed and shows what it gives.

pub(crate) mod completions;
pub(crate) mod man;
