//! One file a command: its `Args`, and a `run` that calls one deed and shows what it gives.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod edit;
pub(crate) mod get;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod rekey;
pub(crate) mod rotate;
pub(crate) mod seal;
pub(crate) mod set;
pub(crate) mod unset;
