//! Members: who is one, who comes, who leaves.

pub mod add;
pub mod approve;
pub mod keys;
pub mod list;
pub mod owner;
pub mod remove;
pub mod replace_key;
pub mod request;
