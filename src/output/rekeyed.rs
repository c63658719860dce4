//! What `rekey` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use crate::deeds::rekey::{Rekeyed, Renewed};

impl Show for Rekeyed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Renewed { env, keyring, readers, moved } in &self.environments {
            let readers: Vec<_> = readers.iter().map(ToString::to_string).collect();
            let values = match moved {
                0 => "no value changed".to_owned(),
                1 => "1 value sealed anew".to_owned(),
                many => format!("{many} values sealed anew"),
            };
            let made = if *keyring { "new keyring for" } else { "no new keyring needed for" };
            writeln!(out, "{made} {env}; {values}. Readers: {}.", readers.join(", "))?;
        }
        writeln!(out, "Entry {}, signed by {}.", self.receipt.entry.short(), self.receipt.by)
    }

    fn json(&self) -> Value {
        let environments = self.environments.iter().map(|of| {
            json!({
                "environment": of.env,
                "keyring": of.keyring,
                "readers": of.readers,
                "resealed": of.moved,
            })
        });
        json!({
            "environments": environments.collect::<Vec<_>>(),
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}
