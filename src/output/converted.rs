//! A sealed file in a diff.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::driver::Converted;

/// What stands above every file in a diff: whoever pushed it may have written it.
const UNVERIFIED: &str = "UNVERIFIED";

impl Show for Converted {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{UNVERIFIED}")?;
        self.0.iter().try_for_each(|line| {
            // A tab only moves to the right.
            let parts: Vec<_> = line.split('\t').map(safe).collect();
            writeln!(out, "{}", parts.join("\t"))
        })
    }

    fn json(&self) -> Value {
        json!({ "verified": false, "lines": self.0 })
    }
}
