//! One file a command: its `Args`, and a `run` that calls one deed and shows what it gives.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod get;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod member;
pub(crate) mod policy;
pub(crate) mod set;
