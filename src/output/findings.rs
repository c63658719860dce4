//! Findings: alike ones as one for people, each for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, paint, safe};
use crate::finding::{Finding, Severity};

/// How many places of a group are named.
const NAMED: usize = 8;

/// The look of findings for people; those of one kind in one file that want the same step as one, the first in full.
pub(super) fn grouped<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let alike = |group: &&mut Vec<&Finding>| {
            let first = group[0];
            (first.code, first.severity) == (finding.code, finding.severity)
                && (first.file().0 == finding.file().0 || first.message == finding.message)
                && step(first).eq(step(finding))
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
        let same = finding.file().0 == first.file().0;
        let here = if same { &finding.place[first.file().0.len()..] } else { &finding.place };
        safe(here.trim_start_matches([':', ' '])).into_owned()
    };
    let named: Vec<_> =
        rest.iter().take(NAMED).map(place).filter(|text| !text.is_empty()).collect();
    let more = if rest.len() > NAMED { ", …" } else { "" };
    let colon = if named.is_empty() { "" } else { ": " };
    writeln!(out, "  and {} more{colon}{}{more}", rest.len(), named.join(", "))
}

/// The options of a fix: what wants another step is another thing to do.
fn step(finding: &Finding) -> impl Iterator<Item = &str> {
    let words = finding.fix.iter().flat_map(|fix| fix.split(' '));
    words.filter(|word| word.starts_with("--"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Code;
    use crate::output::{Colour, tidy};

    fn owed(path: &str, key: &str, message: &str, fix: &str) -> Finding {
        Finding {
            code: Code::Obligation,
            severity: Severity::Found,
            env: None,
            place: format!("{path} {key}"),
            address: Some(format!("dev/{path}#{key}").parse().unwrap()),
            entry: None,
            message: message.to_owned(),
            fix: Some(fix.to_owned()),
        }
    }

    #[test]
    fn what_wants_another_step_is_told_by_itself_and_a_place_is_named_whole() {
        let path = "secrets/we ird (1).env";
        let all = [
            owed(path, "A", "must rotate", "tenure rotate dev/A"),
            owed(path, "B", "must be ended", "tenure rotate dev/B --finish"),
            owed(path, "C", "must rotate, too", "tenure rotate dev/C"),
            owed("secrets/o ther.env", "D", "must rotate", "tenure rotate dev/D"),
        ];
        let mut out = Vec::new();
        grouped(&all, &mut out).unwrap();
        assert_eq!(
            *tidy(&String::from_utf8(out).unwrap(), Colour::Off),
            "obligation  secrets/we ird (1).env A  must rotate\n  fix  tenure rotate dev/A\n  \
             and 2 more: C, secrets/o ther.env D\n\
             obligation  secrets/we ird (1).env B  must be ended\n  fix  tenure rotate dev/B --finish\n"
        );
    }
}
