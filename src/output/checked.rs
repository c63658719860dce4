//! What `check` found.

use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::findings::{finding, grouped};
use super::words::count;
use super::{Ink, Show, owed, paint};
use crate::deeds::check::Checked;
use crate::finding::{Code, Finding, Severity};
use crate::names::Address;
use crate::verify::Holder;

impl Show for Checked {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let noted = |finding: &&Finding| !is_plain_debt(finding);
        grouped(self.findings.iter().filter(noted), out)?;
        let verdict = match self.gravest().unwrap_or(Severity::Note) {
            Severity::Note => paint(Ink::Green, "ok"),
            Severity::Found => paint(Ink::Yellow, "found"),
            Severity::Invalid => paint(Ink::Red, "invalid"),
            Severity::Breach => paint(Ink::Red, "not to be trusted"),
        };
        let values = count(self.values, "value");
        let environments = count(self.environments, "environment");
        let stale = self.findings.iter().any(|finding| finding.code == Code::StaleReaders);
        let readers = if stale { "" } else { "readers as the policy says, " };
        let (holding, all) = self.entries;
        writeln!(
            out,
            "{verdict}  {values} in {environments}, {readers}{holding} of {all} entries verified"
        )?;
        owed::lines((&self.obligations, &self.previous), self.today, out)?;
        self.customers(out)?;
        match &self.range {
            Some(range) => writeln!(out, "{}  {}", paint(Ink::Blue, "range"), range.summary()),
            None => Ok(()),
        }
    }

    fn json(&self) -> Value {
        let mut whole = json!({
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "values": self.values,
            "environments": self.environments,
            "entries": { "verified": self.entries.0, "all": self.entries.1 },
            "obligations": owed::obligations(&self.obligations, self.today),
            "previous": owed::previous(&self.previous),
            "custody": self.custody.iter().map(custody).collect::<Vec<_>>(),
        });
        if let Some(range) = &self.range {
            whole["range"] = range.json();
        }
        whole
    }
}

impl Checked {
    /// What is in custody of the customer, in one line; its deadlines are theirs, and never red.
    fn customers(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.custody.is_empty() {
            return Ok(());
        }
        let held = self.custody.iter().filter(|(_, holder, _)| *holder == Holder::Held).count();
        let next = self.custody.iter().filter_map(|(_, _, due)| *due).min();
        let next = next.map(|due| format!("; the next is due {due}")).unwrap_or_default();
        let values = count(self.custody.len(), "value");
        let label = paint(Ink::Blue, "customer");
        writeln!(out, "{label}  {values} in their custody, {held} customer-held{next}")
    }
}

fn custody((address, holder, due): &(Address, Holder, Option<Date>)) -> Value {
    json!({
        "address": address,
        "holder": holder.word(),
        "due": due.map(|due| due.to_string()),
    })
}

/// A duty that is not late yet: the lines at the end count those.
fn is_plain_debt(finding: &Finding) -> bool {
    matches!(finding.code, Code::Obligation | Code::Previous) && finding.severity == Severity::Note
}
