//! Stories of several people and branches.

mod merges;
