//! The one test program: the rules of the house, and the built program in real git repositories.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests stand outside of the program and make the world it runs in"
)]

mod attacks;
mod bad_input;
mod commands;
mod console;
mod corpora;
mod exposed;
mod house;
mod items;
mod kinds;
mod labelled;
mod leaks;
mod memory;
mod reference;
mod reports;
mod second;
mod stock;
mod stories;
mod support;
mod together;
mod vectors;
mod year;
