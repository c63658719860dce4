//! A value on its way out.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use crate::secret::Plaintext;

/// A value with the address it was asked for by; only `--json` shows it, for stdout otherwise gets the
/// bytes alone.
pub struct Shown<'a> {
    /// What the user asked for.
    pub address: &'a str,
    /// The value.
    pub value: &'a Plaintext,
}

impl Show for Shown<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.value.expose())
    }

    fn json(&self) -> Value {
        match self.value.expose_text() {
            Some(text) => json!({ "address": self.address, "value": text }),
            None => json!({ "address": self.address, "bytes": self.value.expose() }),
        }
    }
}
