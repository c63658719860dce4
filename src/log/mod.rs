//! The signed log: entries and items, their bytes, their signatures, and the DAG they form.

pub mod entry;
