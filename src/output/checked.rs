//! What `check` found.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::guarded::counted;
use super::{Ink, Show, paint, safe};
use crate::deeds::check::Checked;
use crate::finding::{Code, Finding, Severity};
use crate::rotation::Obligation;

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
        let values = counted(self.values, "value", "values");
        let environments = counted(self.environments, "environment", "environments");
        let stale = self.findings.iter().any(|finding| finding.code == Code::StaleReaders);
        let readers = if stale { "" } else { "readers as the policy says, " };
        let (holding, all) = self.entries;
        writeln!(
            out,
            "{verdict}  {values} in {environments}, {readers}{holding} of {all} entries verified"
        )?;
        self.debts(out)
    }

    fn json(&self) -> Value {
        json!({
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "values": self.values,
            "environments": self.environments,
            "entries": { "verified": self.entries.0, "all": self.entries.1 },
            "obligations": self.obligations.iter().map(obligation).collect::<Vec<_>>(),
        })
    }
}

impl Checked {
    /// What must be rotated because somebody left, a line for each day and leaver.
    fn debts(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines: BTreeMap<_, usize> = BTreeMap::new();
        for debt in &self.obligations {
            *lines.entry((debt.due, &debt.leaver)).or_default() += 1;
        }
        for ((due, leaver), count) in lines {
            let values = counted(count, "value", "values");
            writeln!(out, "{}  {values} by {due} ({leaver} left)", paint(Ink::Blue, "due"))?;
        }
        Ok(())
    }
}

fn obligation(debt: &Obligation) -> Value {
    json!({
        "address": debt.address,
        "leaver": debt.leaver,
        "since": debt.since.to_string(),
        "due": debt.due.to_string(),
    })
}

/// An obligation that is not late yet: the lines at the end count those.
fn is_plain_debt(finding: &Finding) -> bool {
    finding.code == Code::Obligation && finding.severity == Severity::Note
}

/// How many places of a group are named.
const NAMED: usize = 8;

/// The look of findings for people; those of one kind in one file as one, the first in full.
pub(super) fn grouped<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let alike = |group: &&mut Vec<&Finding>| {
            let first = group[0];
            (first.code, first.severity) == (finding.code, finding.severity)
                && (file(&first.place) == file(&finding.place) || first.message == finding.message)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.iter().try_for_each(|group| together(group, out))
}

fn together(group: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    let Some((first, rest)) = group.split_first() else { return Ok(()) };
    line(first, out)?;
    if rest.is_empty() {
        return Ok(());
    }
    let place = |finding: &&Finding| {
        let here = finding.place.strip_prefix(file(&first.place)).unwrap_or(&finding.place);
        safe(here.trim_start_matches([':', ' '])).into_owned()
    };
    let named: Vec<_> =
        rest.iter().take(NAMED).map(place).filter(|text| !text.is_empty()).collect();
    let more = if rest.len() > NAMED { ", …" } else { "" };
    let colon = if named.is_empty() { "" } else { ": " };
    writeln!(out, "  and {} more{colon}{}{more}", rest.len(), named.join(", "))
}

/// The file of a place such as `file:line key`.
fn file(place: &str) -> &str {
    place.split([':', ' ']).next().unwrap_or(place)
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
