//! `NAME=value`, in the one spelling that all readers of dotenv files agree on.

use zeroize::Zeroizing;

use crate::document::Format;
use crate::document::value::{ValueError, encode};

pub(super) fn line(name: &str, value: &str) -> Result<Zeroizing<String>, &'static str> {
    match encode(Format::Dotenv, value) {
        Ok(value) => Ok(Zeroizing::new([name, "=", &value].concat())),
        Err(ValueError::NotWritable { why }) => Err(why),
        Err(_) => Err("it has no spelling there"),
    }
}
