//! What must be rotated or ended, and why.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::words::count;
use super::{Ink, paint, safe};
use crate::rotation::{Accepted, Cause, Obligation, Owed, Previous, pressing};

/// A cause in a few words.
pub(super) fn why(cause: &Cause) -> String {
    match cause {
        Cause::Left { who } => format!("{who} left"),
        Cause::LostKey { who } => format!("{who} lost a key"),
        Cause::Incident { id, drill: false } => format!("incident {}", id.short()),
        Cause::Incident { id, drill: true } => format!("drill {}", id.short()),
    }
}

/// What is to be done to a value, with the day.
pub(super) fn what(debt: &Obligation) -> String {
    let verb = match debt.owed {
        Owed::Rotate => "rotate",
        Owed::End => "end",
    };
    let borne = debt.accepted.as_ref().map(|it| format!("; accepted until {}", it.until));
    format!("{verb} by {} ({}{})", debt.due, why(&debt.cause), borne.unwrap_or_default())
}

/// A line for each day and cause.
pub(super) fn lines(
    (debts, previous): (&[Obligation], &[Previous]),
    today: Date,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines: BTreeMap<(Date, String), usize> = BTreeMap::new();
    for debt in pressing(debts, today) {
        let borne = debt.accepted.as_ref().map(|it| format!("; accepted until {}", it.until));
        let why = format!(" ({}{})", why(&debt.cause), borne.unwrap_or_default());
        let why = match debt.owed {
            Owed::Rotate => why,
            Owed::End => format!(", to be ended{why}"),
        };
        *lines.entry((debt.due, why)).or_default() += 1;
    }
    for value in previous {
        *lines.entry((value.due, ", to be ended (replaced)".to_owned())).or_default() += 1;
    }
    for ((due, why), number) in lines {
        let (due_word, values) = (paint(Ink::Blue, "due"), count(number, "value"));
        writeln!(out, "{due_word}  {values} by {due}{}", safe(&why))?;
    }
    Ok(())
}

/// Obligations for machines: each value once, by its most pressing one, with all its causes.
pub(super) fn obligations(debts: &[Obligation], today: Date) -> Value {
    let one = |debt: &Obligation| {
        let same = |it: &&Obligation| (&it.address, &it.origin) == (&debt.address, &debt.origin);
        let mut all = cause(debt);
        all["address"] = json!(debt.address);
        all["origin"] = json!(debt.origin.to_string());
        all["owed"] = json!(debt.owed.word());
        all["causes"] = debts.iter().filter(same).map(cause).collect();
        all
    };
    pressing(debts, today).into_iter().map(one).collect()
}

/// One cause of an obligation, for machines.
pub(super) fn cause(debt: &Obligation) -> Value {
    json!({
        "cause": debt.cause.word(),
        "leaver": debt.cause.who(),
        "entry": debt.entry,
        "since": debt.since.to_string(),
        "due": debt.due.to_string(),
        "drill": debt.is_drill(),
        "accepted": debt.accepted.as_ref().map(accepted),
    })
}

fn accepted(accepted: &Accepted) -> Value {
    json!({
        "until": accepted.until.to_string(),
        "by": accepted.by,
        "reason": accepted.reason,
    })
}

/// Previous values for machines.
pub(super) fn previous(values: &[Previous]) -> Value {
    let one = |value: &Previous| {
        json!({
            "address": value.address,
            "origin": value.origin.to_string(),
            "stands": value.stands,
            "since": value.since.to_string(),
            "due": value.due.to_string(),
        })
    };
    values.iter().map(one).collect()
}
