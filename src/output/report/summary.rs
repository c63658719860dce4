//! Section 11 of document 5D: the numbers.

use super::Edition;
use super::markdown::{Doc, prose};
use super::words::{and, capital, days, things, unsaid};
use crate::deeds::report::FiveD;
use crate::deeds::report::storage::Verdict;
use crate::finding::Code;
use crate::policy::is_credential;
use jiff::ToSpan as _;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("11. Summary");
    doc.paragraph(
        "This document defines how secrets are managed to support secure, auditable operation of the solution.",
    );
    match unsaid(report, edition) {
        None => {
            doc.line(numbers(report));
            doc.line(managed(&reasons(report)));
        }
        Some(why) => cannot_be_said(doc, &why),
    }
    doc.paragraph("It should be reviewed regularly as dependencies and integrations change.");
    let next = report.begun.saturating_add(i64::from(report.review_every).days());
    doc.paragraph(format!(
        "Last review: none on record; due by {next}, or when a consumer, vendor, type or reader is added."
    ));
}

/// What stands in the place of numbers that cannot be said.
pub(super) fn cannot_be_said(doc: &mut Doc, why: &str) {
    doc.line(format!("Numbers cannot be said: {why}."));
    doc.line(format!("Secrets managed securely: cannot be said: {why}."));
}

fn numbers(report: &FiveD) -> String {
    let it = report.numbers();
    let (holding, entries) = it.entries;
    let verified = if holding == entries { "all".to_owned() } else { holding.to_string() };
    let oldest = it.oldest_late.map(|late| format!(" (oldest {})", days(late)));
    let due = it.first_due.map(|due| format!(", first due {due}"));
    let drills = report.debts.iter().filter(|debt| debt.drill).count();
    let drills = if drills == 0 { String::new() } else { format!(", {drills} of a drill") };
    let in_time =
        if it.rotations == 0 { String::new() } else { format!(", {} on time", it.on_time) };
    format!(
        "{}, {} sealed. {} finished{in_time}; {} overdue{}; {} open{}{drills}. {}, {verified} verified. {}.",
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

/// The claim of the procedure, with all that it does not hold for.
fn managed(why: &[String]) -> String {
    format!("Secrets managed securely: not established ({}).", why.join("; "))
}

/// What keeps the claim from being established: storage, plaintext, rotation, and whatever else the checks
/// are red for.
fn reasons(report: &FiveD) -> Vec<String> {
    let mut why = Vec::new();
    let kinds = report.kinds.iter().zip(&report.lifecycles);
    let bad = kinds.filter(|(_, life)| life.verdict.is_not_implemented());
    let bad: Vec<_> = bad.map(|(kind, _)| prose(&kind.title)).collect();
    if !bad.is_empty() {
        why.push(format!("Secret rotation not implemented for {}", and(&bad)));
    }
    let opens = |kind: &&crate::deeds::report::kinds::Kind| is_credential(kind.name.as_ref());
    if report.finished.0 == 0 && report.kinds.iter().any(|kind| opens(&kind)) {
        why.push("no rotation finished yet".to_owned());
    }
    let it = report.numbers();
    if it.overdue > 0 {
        why.push(format!("{} overdue", things(it.overdue, "value", "values")));
    }
    for (verdict, word) in [(Verdict::No, "No"), (Verdict::Unknown, "Unknown")] {
        let envs = report.storage.iter().filter(|it| it.at_rest() == verdict);
        let envs: Vec<_> = envs.map(|it| it.env.to_string()).collect();
        if !envs.is_empty() {
            why.push(format!("encryption at rest of {}: {word}", and(&envs)));
        }
    }
    if let Some(count) = report.red.get(&Code::Incident) {
        why.push(format!("{} not closed", things(*count, "incident", "incidents")));
    }
    let told = |code: &Code| {
        matches!(code, Code::Overdue | Code::Obligation | Code::Incident | Code::Previous)
    };
    for (code, count) in report.red.iter().filter(|(code, _)| !told(code)) {
        why.push(format!("{} of {}", things(*count, "finding", "findings"), code.word()));
    }
    why.push("plan not approved".to_owned());
    why
}
