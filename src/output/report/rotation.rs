//! Section 6 of document 5D: when values are rotated, and whether they are.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Edition;
use super::markdown::{Doc, Indent, code, prose};
use super::verdict::{NOT_IMPLEMENTED, said};
use super::words::{capital, days, list, number, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::debts::Debt;
use crate::deeds::report::kinds::Kind;
use crate::deeds::report::lifecycle::Lifecycle;
use crate::deeds::report::secrets::{Secret, Stage};
use crate::deeds::report::triggers::Trigger;
use crate::policy::{RotateEvery, Strategy};
use crate::rotation::Owed;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("6. Rotation and expiration");
    let kinds = report.kinds.iter().zip(&report.lifecycles);
    let row = |(kind, life): (&Kind, &Lifecycle)| {
        vec![prose(&kind.title), frequency(kind, life), triggers(life), notes(kind, life, edition)]
    };
    let rows: Vec<_> = kinds.clone().map(row).collect();
    if rows.is_empty() {
        doc.paragraph("No value is kept yet.");
    } else {
        let head = ["Secret type", "Rotation frequency", "Trigger", "Notes"];
        doc.table(Indent::None, &head, &rows);
    }
    let bad = kinds.filter(|(_, life)| life.verdict.is_not_implemented());
    let bad: Vec<_> = bad.map(|(kind, _)| prose(&kind.title)).collect();
    if !bad.is_empty() {
        doc.paragraph(format!("{NOT_IMPLEMENTED}: {}.", bad.join(", ")));
    }
    match edition {
        Edition::Internal => deadlines(doc, report),
        Edition::Customer => doc.paragraph(format!(
            "Past their date: {}; duties to rotate: {}.",
            number(report.late().len()),
            number(report.debts.len())
        )),
    }
    doc.paragraph("Deadlines are in the signed log. *proven*");
}

fn often(kind: &Kind, life: &Lifecycle) -> String {
    let own = kind.own_pace.iter().map(|(every, count)| {
        let every =
            every.map_or("never by date".to_owned(), |every| format!("every {}", days(every)));
        format!("{} {every} by a rule", things(*count, "value", "values"))
    });
    let own: Vec<_> = own.collect();
    let of_type = match (kind.rotate_every, life.scheduled) {
        _ if kind.is_paced() => None,
        (RotateEvery::Never, _) => Some("never by date".to_owned()),
        (RotateEvery::Days(every), true) => Some(days(every)),
        (RotateEvery::Days(every), false) => {
            Some(format!("not said; untyped values {}", days(every)))
        }
    };
    let all: Vec<_> = of_type.into_iter().chain(own).collect();
    all.join("; ")
}

fn frequency(kind: &Kind, life: &Lifecycle) -> String {
    let often = often(kind, life);
    let ages: Vec<_> = life.ages.iter().map(ToString::to_string).collect();
    let ages = match ages.as_slice() {
        [] => return often,
        [one] if kind.count() == 1 => {
            format!("value is {}", days(one.parse::<i32>().unwrap_or_default()))
        }
        [one] => format!("values are {} old", days(one.parse::<i32>().unwrap_or_default())),
        [first @ .., last] if ages.len() < 4 => {
            format!("values are {} and {last} days old", first.join(", "))
        }
        [first, .., last] => format!("values are {first} to {last} days old"),
    };
    let ages = if ages.ends_with("old") { ages } else { ages + " old" };
    format!("{often}; {ages}")
}

fn triggers(life: &Lifecycle) -> String {
    let all = match life.triggers.as_slice() {
        [] => "none of its own".to_owned(),
        some => list(some.iter().map(|it| it.word())),
    };
    let of = |trigger: Trigger| {
        let mine = life.open.iter().filter(|it| it.0 == trigger);
        let mine: Vec<_> = mine.map(|(_, env, due)| format!("{env}, due {due}")).collect();
        (!mine.is_empty()).then(|| format!("{} ({})", trigger.word(), mine.join("; ")))
    };
    use Trigger::{Compromise, Expiry, Exposure, Leaver, Schedule};
    let open = [Schedule, Expiry, Compromise, Leaver, Exposure].into_iter().filter_map(of);
    format!("{all}. Open: {}", list(open))
}

fn notes(kind: &Kind, life: &Lifecycle, edition: Edition) -> String {
    let mut text = said(&life.verdict, edition);
    let mut more = Vec::new();
    if let Some(runbook) = &kind.runbook {
        more.push(match edition {
            Edition::Internal => format!("Runbook {}", code(runbook)),
            Edition::Customer => "Has a runbook".to_owned(),
        });
        if !matches!(kind.strategy, Some(Strategy::Single | Strategy::KeepOld)) {
            more.push(format!("overlap {}", days(kind.overlap)));
        }
    }
    if kind.grace > 0 {
        more.push(format!("an overdue value is a warning for {}", days(kind.grace)));
    }
    if kind.customers > 0 {
        more.push("the customer decides".to_owned());
    }
    if !more.is_empty() {
        text += &format!(". {}", capital(&more.join("; ")));
    }
    text
}

fn deadlines(doc: &mut Doc, report: &FiveD) {
    let debts = report.debts.iter().filter(|it| it.owed == Owed::Rotate);
    let debts: BTreeMap<_, _> = debts.map(|it| ((&it.address, &it.origin), it)).collect();
    let mut secrets: Vec<_> = report
        .secrets
        .iter()
        .map(|it| (it, debts.get(&(&it.address, &it.made)).copied()))
        .collect();
    let first = |(secret, debt): &(&Secret, Option<&Debt>)| {
        let due = ends(report, secret).into_iter().chain(debt.map(|it| it.due)).min();
        (due.unwrap_or(Date::MAX), secret.address.clone())
    };
    secrets.sort_by_cached_key(first);
    let row = |(secret, debt): (&Secret, Option<&Debt>)| {
        let due = ends(report, secret).map_or("never".to_owned(), |due| due.to_string());
        vec![prose(&secret.name), secret.since.to_string(), due, state(report, secret, debt)]
    };
    let rows: Vec<_> = secrets.into_iter().map(row).collect();
    if !rows.is_empty() {
        doc.table(Indent::None, &["Secret", "Current since", "Due", "State"], &rows);
    }
}

/// The last day in time: of a value that another took the place of, the end of the overlap.
fn ends(report: &FiveD, secret: &Secret) -> Option<Date> {
    let mut outlived = report.outlived.iter();
    match secret.stage {
        Stage::Previous => outlived.find(|it| it.address == secret.address).map(|it| it.due),
        Stage::Current | Stage::Pending => secret.due,
    }
}

fn state(report: &FiveD, secret: &Secret, debt: Option<&Debt>) -> String {
    let mut said = Vec::new();
    if !secret.stands {
        said.push("does not stand as it was signed".to_owned());
    }
    match secret.stage {
        Stage::Pending => said.push("pending".to_owned()),
        Stage::Previous => said.push(format!("previous, {}", outlived(report, secret))),
        Stage::Current => {}
    }
    let late = secret.days_late(report.stamp.day);
    if let (Some(late), Some(due)) = (late, secret.due) {
        said.push(format!("overdue by {}", days(late)));
        let grace = secret.in_grace(report.stamp.day);
        said.extend(grace.map(|last| format!("in grace until {last}")));
        said.extend(refused(report, secret, due));
    }
    said.extend(debt.map(owed));
    if said.is_empty() || (late.is_none() && debt.is_none() && secret.stage == Stage::Pending) {
        said.push(in_time(report, secret));
    }
    said.join("; ")
}

fn outlived(report: &FiveD, secret: &Secret) -> String {
    let mut all = report.outlived.iter().filter(|it| it.address == secret.address);
    match all.next() {
        // It decrypts, or opens nothing: no end of it is due.
        None => "kept".to_owned(),
        Some(it) => match it.late {
            Some(late) => format!("to be ended by {}, {} late", it.due, days(late)),
            None => format!("to be ended by {}", it.due),
        },
    }
}

fn owed(debt: &Debt) -> String {
    let drill = if debt.drill { "drill: " } else { "" };
    let borne = debt.accepted.as_ref().map(|it| format!("; accepted until {}", it.until));
    format!("{drill}must rotate by {}: {}{}", debt.due, debt.cause, borne.unwrap_or_default())
}

fn refused(report: &FiveD, secret: &Secret, due: Date) -> Option<String> {
    let from = due.saturating_add(i64::from(secret.refused_after?).days());
    let word = if from <= report.stamp.day { "since" } else { "from" };
    Some(format!("{} refuses {} {word} {from}", code("tenure run"), secret.address.env))
}

fn in_time(report: &FiveD, secret: &Secret) -> String {
    let Some(due) = secret.due else { return "never due".to_owned() };
    if secret.is_customers() {
        return if due < report.stamp.day {
            "past the customer's deadline".to_owned()
        } else {
            "in time, the customer's deadline".to_owned()
        };
    }
    let from = due.saturating_sub(i64::from(secret.warned_before).days()).max(secret.made_on);
    let word = if from <= report.stamp.day { "since" } else { "from" };
    format!("in time, warned {word} {from}")
}
