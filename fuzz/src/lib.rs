//! What the fuzz targets hold the program to. `docs/fuzzing.md` says how to run them.

pub mod bench;
pub mod documents;
#[path = "../../tests/support/readers.rs"]
mod readers;
pub mod scan;
pub mod texts;
pub mod values;
