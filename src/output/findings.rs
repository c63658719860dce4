//! Findings: alike ones as one for people, each for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, paint, safe};
use crate::finding::{Finding, Severity};

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
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    let (file, line) = finding.file();
    json!({
        "code": finding.code.word(),
        "rule": finding.code.rule().map(|number| format!("V{number}")),
        "severity": match finding.severity {
            Severity::Note => "note",
            Severity::Found => "found",
            Severity::Invalid => "invalid",
            Severity::Breach => "breach",
        },
        "environment": finding.env,
        "place": finding.place,
        "file": file,
        "line": line,
        "key": finding.address.as_ref().map(|address| &address.key),
        "address": finding.address,
        "entry": finding.entry,
        "message": finding.message,
        "fix": finding.fix,
    })
}
