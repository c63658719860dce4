//! Members: who is one, who comes, who leaves.

pub mod add;
pub mod list;
pub mod remove;
