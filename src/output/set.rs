//! What `set`, `unset` and `edit` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::edit::Edited;
use crate::deeds::extend::Extended;
use crate::deeds::pen::Receipt;
use crate::deeds::set::Set;
use crate::deeds::unset::Unset;
use crate::names::{Address, KeyPath};
use crate::rotation::expiry::Expiry;

/// A secret's name as people write it; a whole file's is its path.
pub(super) fn name(address: &Address) -> String {
    let name = match &address.key {
        KeyPath::Whole => format!("{}/{}", address.env, address.path),
        key => format!("{}/{key}", address.env),
    };
    safe(&name).to_string()
}

/// What a value says of its own end, in brackets.
pub(super) fn own_end(set: &Set) -> String {
    let said = |ends: &Expiry| format!(" (its {} ends {})", ends.what.word(), ends.until);
    set.ends.as_ref().map(said).unwrap_or_default()
}

pub(super) fn ends(ends: &Expiry) -> Value {
    json!({ "what": ends.what.word(), "on": ends.until.to_string() })
}

/// What became of a value whose writer does not read it.
pub(super) const DROPPED: &str = "dropped for its readers: you cannot read it back";

pub(super) fn signed(receipt: &Receipt) -> String {
    format!("Entry {}, signed by {}.", receipt.entry.short(), receipt.by)
}

impl Show for Set {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = name(&self.address);
        let Some(receipt) = &self.receipt else {
            return writeln!(out, "{name} has this value already; nothing written");
        };
        if self.retyped.is_some() {
            let kind = self.kind.as_ref().map(ToString::to_string).unwrap_or_default();
            write!(out, "{name} is of the type {kind} now; its value stays.")?;
            match self.due {
                Some(due) => write!(out, " Rotate by {due}.")?,
                None => write!(out, " It is never due.")?,
            }
            return writeln!(out, " {}", signed(receipt));
        }
        let readers: Vec<_> = self.readers.iter().map(ToString::to_string).collect();
        let sealed = if self.dropped { DROPPED } else { "sealed" };
        write!(out, "{name} {sealed}. Readers: {}.", readers.join(", "))?;
        if let Some(due) = self.due {
            write!(out, " Rotate by {due}{}.", own_end(self))?;
        }
        writeln!(out, " {}", signed(receipt))
    }

    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "entry": self.receipt.as_ref().map(|receipt| receipt.entry),
            "by": self.receipt.as_ref().map(|receipt| receipt.by.clone()),
            "type": self.kind,
            "due": self.due.map(|due| due.to_string()),
            "readers": self.readers,
            "dropped": self.dropped,
            "kept": self.retyped.is_some(),
            "public": self.public,
            "ends": self.ends.as_ref().map(ends),
        })
    }
}

impl Show for Unset {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} removed. {}", name(&self.address), signed(&self.receipt))
    }

    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}

impl Show for Edited {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let key = self.key.as_ref().map(|key| format!("#{key}")).unwrap_or_default();
        let place = format!("{}{key}", self.path);
        match &self.receipt {
            Some(receipt) => {
                let values = if self.values == 1 { "value" } else { "values" };
                writeln!(
                    out,
                    "{}  {} {values} sealed. {}",
                    safe(&place),
                    self.values,
                    signed(receipt)
                )
            }
            None => writeln!(out, "{}  no value changed; nothing was signed", safe(&place)),
        }
    }

    fn json(&self) -> Value {
        json!({
            "environment": self.env,
            "path": self.path,
            "key": self.key,
            "values": self.values,
            "entry": self.receipt.as_ref().map(|receipt| receipt.entry),
            "by": self.receipt.as_ref().map(|receipt| receipt.by.clone()),
        })
    }
}

impl Show for Extended {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (was, due) = (self.was, self.due);
        write!(out, "{} is due {due}, no longer {was}.", name(&self.address))?;
        writeln!(out, " {}", signed(&self.receipt))
    }

    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "was": self.was.to_string(),
            "due": self.due.to_string(),
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}
