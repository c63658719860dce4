//! What `restore` put back.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::set::name;
use super::{Show, safe};
use crate::deeds::restore::Restored;
use crate::names::quoted;

impl Show for Restored {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for entry in &self.dropped {
            writeln!(out, "entry {} taken away: git never had it", entry.short())?;
        }
        for path in self.paths.iter().filter(|path| !self.is_dropped(path.as_str())) {
            writeln!(out, "{}  as it was signed", safe(path.as_str()))?;
        }
        for (address, entry) in &self.lost {
            let (name, entry) = (name(address), entry.short());
            writeln!(out, "{name}  what entry {entry} signed is nowhere in this clone")?;
            writeln!(out, "  fix  fetch the branch that has it, or: tenure set {}", quoted(&name))?;
        }
        if let Some(finding) = &self.edited {
            writeln!(out, "{}  left as it is: {}", safe(&finding.place), safe(&finding.message))?;
            if let Some(fix) = &finding.fix {
                writeln!(out, "  fix  {}", safe(fix))?;
            }
        } else if self.paths.is_empty() && self.lost.is_empty() {
            writeln!(out, "all that was signed stands; nothing to put back")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let lost = |(address, entry): &(crate::names::Address, crate::names::EntryId)| json!({ "address": address, "entry": entry });
        json!({
            "paths": self.paths,
            "dropped": self.dropped,
            "edited": self.edited.as_ref().map(|it| &it.message),
            "lost": self.lost.iter().map(lost).collect::<Vec<_>>(),
        })
    }
}

impl Restored {
    fn is_dropped(&self, path: &str) -> bool {
        self.dropped.iter().any(|entry| path.ends_with(&format!("-{}.entry", entry.short16())))
    }
}
