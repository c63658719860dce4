//! What may stand from now on, what may already, and what may no longer.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::scanned::{allow_json, leak_json, told};
use super::words::count;
use super::{Show, safe};
use crate::deeds::allow::Allowed;
use crate::scan::Allow;

impl Show for Allowed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for allow in &self.added {
            line("allowed", allow, out)?;
        }
        for leak in &self.left {
            told(leak, out)?;
        }
        let mut parts = vec![format!("{} added", count(self.added.len(), "exception"))];
        if self.before > 0 {
            parts.push(format!("{} let pass before", count(self.before, "finding")));
        }
        if !self.left.is_empty() {
            parts.push(format!("{} that no exception covers", self.left.len()));
        }
        writeln!(out, "{}", parts.join(", "))
    }

    fn json(&self) -> Value {
        json!({
            "added": self.added.iter().map(allow_json).collect::<Vec<_>>(),
            "before": self.before,
            "left": self.left.iter().map(leak_json).collect::<Vec<_>>(),
        })
    }
}

/// The exceptions that there are.
pub struct Exceptions<'a>(pub &'a [Allow]);

impl Show for Exceptions<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Allow { rule, path, reason, .. } in self.0 {
            writeln!(out, "{}  {}  {}", safe(rule), safe(path.as_str()), safe(reason))?;
        }
        writeln!(out, "{}", count(self.0.len(), "exception"))
    }

    fn json(&self) -> Value {
        json!({ "exceptions": self.0.iter().map(allow_json).collect::<Vec<_>>() })
    }
}

/// The exceptions that were taken out.
pub struct Pruned<'a>(pub &'a [Allow]);

impl Show for Pruned<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for allow in self.0 {
            line("removed", allow, out)?;
        }
        writeln!(out, "{} removed", count(self.0.len(), "exception"))
    }

    fn json(&self) -> Value {
        json!({ "removed": self.0.iter().map(allow_json).collect::<Vec<_>>() })
    }
}

fn line(word: &str, allow: &Allow, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{word}  {} in {}", safe(&allow.rule), safe(allow.path.as_str()))
}
