//! What `seal` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::seal::{Sealed, SealedFile};

impl Show for Sealed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.files.is_empty() {
            return writeln!(out, "nothing to seal");
        }
        for file in &self.files {
            writeln!(out, "{}  {}", safe(file.path.as_str()), counts(file))?;
        }
        match &self.receipt {
            Some(receipt) => {
                writeln!(out, "Entry {}, signed by {}.", receipt.entry.short(), receipt.by)
            }
            None => writeln!(out, "No value is new, so nothing was signed."),
        }
    }

    fn json(&self) -> Value {
        json!({
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
            "entry": self.receipt.as_ref().map(|receipt| receipt.entry),
            "by": self.receipt.as_ref().map(|receipt| receipt.by.clone()),
            "doubts": self.doubts,
            "cleared": self.cleared,
        })
    }
}

fn counts(file: &SealedFile) -> String {
    if let Some(why) = &file.why_whole {
        return format!("sealed whole, since on line {} {}", why.line, why.why);
    }
    if file.whole {
        return "sealed whole".to_owned();
    }
    let named = [
        (file.new, "new"),
        (file.changed, "changed"),
        (file.removed, "removed"),
        (file.unchanged, "unchanged"),
    ];
    let said = named.iter().filter(|(count, _)| *count > 0);
    let said: Vec<_> = said.map(|(count, word)| format!("{count} {word}")).collect();
    if said.is_empty() { "no values".to_owned() } else { said.join(", ") }
}

fn file(file: &SealedFile) -> Value {
    json!({
        "environment": file.env,
        "path": file.path,
        "new": file.new,
        "changed": file.changed,
        "removed": file.removed,
        "unchanged": file.unchanged,
        "whole": file.whole,
        "why_whole": file.why_whole.as_ref().map(ToString::to_string),
    })
}
