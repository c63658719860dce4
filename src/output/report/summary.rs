//! Section 11 of document 5D: the numbers.

use super::markdown::{Doc, prose};
use super::words::{and, days, things};
use crate::deeds::report::FiveD;
use jiff::ToSpan as _;

pub(super) fn write(doc: &mut Doc, report: &FiveD) {
    doc.section("11. Summary");
    doc.paragraph(
        "This document defines how secrets are managed to support secure, auditable operation of the solution.",
    );
    doc.line(numbers(report));
    doc.line(managed(report));
    doc.paragraph("It should be reviewed regularly as dependencies and integrations change.");
    let next = report.begun.saturating_add(i64::from(report.review_every).days());
    doc.paragraph(format!(
        "Last review: none on record; due by {next}, or when a consumer, vendor, type or reader is added."
    ));
}

fn numbers(report: &FiveD) -> String {
    let it = report.numbers();
    let (holding, entries) = it.entries;
    let verified = if holding == entries { "all".to_owned() } else { holding.to_string() };
    let oldest = it.oldest_late.map(|late| format!(" (oldest {})", days(late)));
    let due = it.first_due.map(|due| format!(", first due {due}"));
    let in_time =
        if it.rotations == 0 { String::new() } else { format!(", {} on time", it.on_time) };
    format!(
        "{}, {} sealed. {} finished{in_time}; {} overdue{}; {} open{}. {}, {verified} verified. {}.",
        capital(&things(it.values, "value", "values")),
        it.sealed,
        capital(&things(it.rotations, "rotation", "rotations")),
        things(it.overdue, "value", "values"),
        oldest.unwrap_or_default(),
        things(it.obligations, "obligation", "obligations"),
        due.unwrap_or_default(),
        capital(&things(entries, "log entry", "log entries")),
        capital(&things(it.items, "open item", "open items")),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The claim of the procedure holds when storage, plaintext and rotation are in order.
fn managed(report: &FiveD) -> String {
    let mut why = Vec::new();
    let kinds = report.kinds.iter().zip(&report.lifecycles);
    let bad = kinds.filter(|(_, life)| life.verdict.is_not_implemented());
    let bad: Vec<_> = bad.map(|(kind, _)| prose(&kind.title)).collect();
    if !bad.is_empty() {
        why.push(format!("Secret rotation not implemented for {}", and(&bad)));
    }
    let late = report.late().len();
    if late > 0 {
        why.push(format!("{} overdue", things(late, "value", "values")));
    }
    if report.watch.in_clear > 0 {
        why.push(format!("{} in clear", things(report.watch.in_clear, "value", "values")));
    }
    why.push("plan not approved".to_owned());
    format!("Secrets managed securely: not established ({}).", why.join("; "))
}
