//! One file a command: its `Args`, and a `run` that calls one deed and shows what it gives.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod member;
pub(crate) mod open;
pub(crate) mod policy;
pub(crate) mod rekey;
pub(crate) mod resolve;
pub(crate) mod rotate;
pub(crate) mod run;
pub(crate) mod seal;
pub(crate) mod set;
pub(crate) mod status;
pub(crate) mod trust;
pub(crate) mod unset;
pub(crate) mod whoami;
