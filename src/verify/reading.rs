//! Check 1, first half: every file of the log is an entry, and has the bytes of its name.

use super::LogEvidence;
use super::verdicts::breach;
use crate::finding::{Code, Finding, Severity};
use crate::log;
use crate::log::name::{file_path, parse_name};
use crate::log::parse::SignedEntry;
use crate::names::{EntryId, quoted};

/// Reads all entries; what is none becomes a finding.
pub(super) fn read(evidence: &LogEvidence, findings: &mut Vec<Finding>) -> Vec<SignedEntry> {
    let mut entries = Vec::with_capacity(evidence.log.len());
    for (path, bytes) in &evidence.log {
        match read_one(path, bytes) {
            Ok(entry) => entries.push(entry),
            Err(finding) => findings.push(*finding),
        }
    }
    entries
}

fn read_one(path: &str, bytes: &[u8]) -> Result<SignedEntry, Box<Finding>> {
    let restore = || format!("git restore {}", quoted(path));
    let bad = |code, what: String| Box::new(breach(code, path, what).fix(restore()));
    let name = parse_name(path)
        .ok_or_else(|| bad(Code::BadEntry, "this name is no log entry's".to_owned()))?;
    if let Some(payload) = log::payload_of(bytes)
        && EntryId::of(payload).short16() != name.short
    {
        let line_ends = bytes.contains(&b'\r');
        let why = if line_ends {
            "its line endings were changed: `.gitattributes` needs `/.secrets/** -text`"
        } else {
            "its bytes are not those of its name"
        };
        return Err(bad(Code::AlteredEntry, why.to_owned()));
    }
    let entry = SignedEntry::parse(bytes).map_err(|why| match why {
        why if why.needs_newer_program() => Box::new(
            breach(Code::UpdateTenure, path, why.to_string())
                .graded(Severity::Invalid)
                .fix("update tenure"),
        ),
        why => bad(Code::BadEntry, why.to_string()),
    })?;
    if file_path(&entry.entry, &entry.id).as_str() != path {
        return Err(bad(Code::AlteredEntry, "its name is not the one its bytes give".to_owned()));
    }
    Ok(entry)
}
