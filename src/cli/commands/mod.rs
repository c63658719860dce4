//! One file a command: its `Args`, and a `run` that calls one deed and shows what it gives.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod member;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod seal;
pub(crate) mod set;
pub(crate) mod trust;
