//! Counts, days and lists, in the document's words.

use std::collections::BTreeMap;

use super::Edition;
use super::markdown::{code, prose};
use crate::deeds::report::FiveD;
use crate::finding::Finding;
use crate::names::EnvName;
pub(super) use crate::rotation::days;

/// Counts: "none", "1", "2".
pub(super) fn number(count: usize) -> String {
    if count == 0 { "none".to_owned() } else { count.to_string() }
}

/// Counts things: "1 value", "2 values", "no value".
pub(super) fn things(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

/// Begins a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Joins with commas; "none" of nothing.
pub(super) fn list<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<_> = all.into_iter().map(|it| it.to_string()).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Joins with commas and a last "and".
pub(super) fn and(all: &[String]) -> String {
    match all {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Joins text of strangers with commas; another word for nothing.
pub(super) fn free(all: &[String], nothing: &str) -> String {
    if all.is_empty() { nothing.to_owned() } else { list(all.iter().map(|text| prose(text))) }
}

/// Counts by environment: "dev 1, prod 2".
pub(super) fn by_env<T: ToString>(counts: &BTreeMap<EnvName, T>) -> String {
    list(counts.iter().map(|(env, count)| format!("{env} {}", count.to_string())))
}

/// What the checks found, and where.
pub(super) fn fault(finding: &Finding, edition: Edition) -> String {
    let word = finding.code.word();
    match edition {
        Edition::Internal => format!("{word} at {}", code(&finding.place)),
        Edition::Customer => word.to_owned(),
    }
}

/// Why the numbers of a state cannot be said; none where they can.
pub(super) fn unsaid(report: &FiveD, edition: Edition) -> Option<String> {
    let (first, rest) = report.broken.split_first()?;
    let first = fault(first, edition);
    let more = match rest.len() {
        0 => String::new(),
        count => format!(", and {}", things(count, "more finding", "more findings")),
    };
    Some(format!("{first}{more}"))
}
