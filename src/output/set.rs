//! What `set` and `rotate` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::set::Set;

impl Show for Set {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = format!("{}/{}", self.address.env, self.address.key);
        let name = safe(&name);
        let Some(receipt) = &self.receipt else {
            return writeln!(out, "{name} has this value already; nothing written");
        };
        let readers: Vec<_> = self.readers.iter().map(ToString::to_string).collect();
        write!(out, "{name} sealed. Readers: {}.", readers.join(", "))?;
        if let Some(due) = self.due {
            write!(out, " Rotate by {due}.")?;
        }
        writeln!(out, " Entry {}, signed by {}.", receipt.entry.short(), receipt.by)
    }

    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "entry": self.receipt.as_ref().map(|receipt| receipt.entry),
            "by": self.receipt.as_ref().map(|receipt| receipt.by.clone()),
            "type": self.kind,
            "due": self.due.map(|due| due.to_string()),
            "readers": self.readers,
        })
    }
}
