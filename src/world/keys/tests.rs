//! The cases of keys.
