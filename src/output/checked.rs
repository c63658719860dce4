//! What `check` found.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, Show, paint, safe};
use crate::deeds::check::Checked;
use crate::finding::{Finding, Severity};

impl Show for Checked {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.findings {
            line(finding, out)?;
        }
        let (holding, all) = self.entries;
        let worst = self.gravest().unwrap_or(Severity::Note);
        let verdict = match worst {
            Severity::Note => paint(Ink::Green, "ok"),
            Severity::Found => paint(Ink::Yellow, "found"),
            Severity::Invalid | Severity::Breach => paint(Ink::Red, "not to be trusted"),
        };
        writeln!(
            out,
            "{verdict}  {} values in {} environments, {holding} of {all} entries verified",
            self.values, self.environments
        )
    }

    fn json(&self) -> Value {
        json!({
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "values": self.values,
            "environments": self.environments,
            "entries": { "verified": self.entries.0, "all": self.entries.1 },
        })
    }
}

/// The look of one finding for people: word, place, why; then the fix.
pub(super) fn line(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let ink = match finding.severity {
        Severity::Note => Ink::Blue,
        Severity::Found => Ink::Yellow,
        Severity::Invalid | Severity::Breach => Ink::Red,
    };
    let entry = finding.entry.map(|id| format!(" (entry {})", id.short())).unwrap_or_default();
    let word = paint(ink, finding.code.word());
    writeln!(out, "{word}  {}  {}{entry}", safe(&finding.place), safe(&finding.message))?;
    match &finding.fix {
        Some(fix) => writeln!(out, "  fix  {}", safe(fix)),
        None => Ok(()),
    }
}

/// The look of one finding for machines.
pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.word(),
        "severity": match finding.severity {
            Severity::Note => "note",
            Severity::Found => "found",
            Severity::Invalid => "invalid",
            Severity::Breach => "breach",
        },
        "environment": finding.env,
        "place": finding.place,
        "entry": finding.entry,
        "message": finding.message,
        "fix": finding.fix,
    })
}
