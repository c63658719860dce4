//! Section 8 of document 5D: what is done when something leaks or somebody leaves.

use super::Edition;
use super::markdown::{Doc, Indent, code, prose};
use super::words::{and, days, number, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::access::{Revoked, Taken};
use crate::deeds::report::debts::{Debt, Outlived};
use crate::deeds::report::events::Ended;
use crate::deeds::report::incidents::Incident;
use crate::deeds::report::leavers::{Gone, Leaver};
use crate::deeds::report::triggers::Trigger;
use crate::log::entry::Grade;
use crate::output::incident::not_two;
use crate::output::sentences::{READ_STAYS_READ, end_is_declared};
use crate::rotation::Owed;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("8. Incident response considerations");
    let runbook = match (&report.runbook, edition) {
        (None, _) => "none is named".to_owned(),
        (Some(link), Edition::Internal) => code(&link.to),
        (Some(_), Edition::Customer) => "there is one".to_owned(),
    };
    doc.paragraph(format!("Incident Response Runbook: {runbook}."));
    detection(doc, report, edition);
    doc.label("Revocation", READ_STAYS_READ);
    match edition {
        Edition::Internal => {
            report.access.revoked.iter().for_each(|it| doc.point(reader(it)));
            report.events.ended.iter().for_each(|it| doc.point(credential(it)));
            report.outlived.iter().for_each(|it| doc.point(outlived(it)));
        }
        Edition::Customer => {
            let readers = number(report.access.revoked.len());
            let ended = number(report.events.ended.len());
            let left = number(report.outlived.len());
            doc.point(format!(
                "readers taken away: {readers}; credentials ended: {ended}; still to be ended: {left}"
            ));
        }
    }
    let count = report.debts.len();
    let verb = if count < 2 { "is" } else { "are" };
    let drills = match report.debts.iter().filter(|it| it.drill).count() {
        0 => String::new(),
        drills => format!(", {drills} of a drill"),
    };
    doc.label(
        "Rotation",
        format!("{} {verb} open{drills}. *proven*", things(count, "obligation", "obligations")),
    );
    if edition == Edition::Internal && count > 0 {
        let head = ["Secret", "Cause", "Readable from", "Due", "Owner"];
        let rows: Vec<_> = report.debts.iter().map(debt).collect();
        doc.table(Indent::Label, &head, &rows);
    }
    if edition == Edition::Internal {
        let left = report.leavers.iter().filter(|it| !it.gone.is_empty());
        left.for_each(|it| doc.point(could_also_read(it)));
    }
    review(doc, report, edition);
}

fn reader(it: &Revoked) -> String {
    let renewed = match it.renewed {
        Some(day) if day == it.on => format!("new key generation for {} the same day", it.env),
        Some(day) => format!("new key generation for {} on {day}", it.env),
        None => format!("no new key generation for {} yet", it.env),
    };
    let what = match it.what {
        Taken::Reader => "reader",
        Taken::LostKey => "lost key of",
    };
    format!("{what} {}, {}, {renewed} *(proven)*", it.who, it.on)
}

fn credential(it: &Ended) -> String {
    let probed = match it.grade {
        Grade::Declared => "",
        Grade::Probed => " A probe with the old value was refused.",
    };
    format!("old {}, {}.{probed} {}", prose(&it.name), it.on, end_is_declared(it.by.as_str()))
}

/// How many values are named that a leaver could read and that are in use no more.
const NAMED: usize = 10;

fn could_also_read(it: &Leaver) -> String {
    let of = |gone: &Gone| {
        let end = match (gone.ended, gone.until) {
            (Some(day), _) => format!("ended {day}"),
            (None, Some(day)) => format!("replaced {day}, no end recorded"),
            (None, None) => "no end recorded".to_owned(),
        };
        format!("{} of {}, {end}", prose(&gone.name), gone.made)
    };
    let named: Vec<_> = it.gone.iter().take(NAMED).map(of).collect();
    let more = it.gone.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let count = things(it.gone.len(), "value that is", "values that are");
    format!("{} could also read {count} no longer current: {}{more}", it.who, named.join("; "))
}

fn outlived(it: &Outlived) -> String {
    let late = it.late.map_or(String::new(), |late| format!(", {} late", days(late)));
    format!("old {}, replaced {}, to be ended by {}{late}", prose(&it.name), it.since, it.due)
}

fn debt(it: &Debt) -> Vec<String> {
    let from = it.readable_from.map_or("not known".to_owned(), |day| day.to_string());
    let owner = it.owner.as_deref().map_or("not named".to_owned(), prose);
    let owed = match it.owed {
        Owed::Rotate => "",
        Owed::End => ", to be ended",
    };
    let borne = it.accepted.as_ref().map_or(String::new(), |borne| {
        let by: Vec<_> = borne.by.iter().map(ToString::to_string).collect();
        format!(", accepted until {} by {}", borne.until, and(&by))
    });
    let due = format!("{}{owed}{borne}", it.due);
    let since = match it.trigger {
        Trigger::Compromise => format!("since {}", it.since),
        _ => it.since.to_string(),
    };
    vec![prose(&it.name), format!("{} {since}", it.cause), from, due, owner]
}

fn detection(doc: &mut Doc, report: &FiveD, edition: Edition) {
    let open: Vec<_> = report.incidents.iter().filter(|it| it.closed.is_none()).collect();
    let drills = open.iter().filter(|it| it.drill).count();
    let count = open.len() - drills;
    doc.label(
        "Detection",
        format!(
            "open incidents: {}; open drills: {}.{}",
            number(count),
            number(drills),
            which_value(edition)
        ),
    );
    if edition == Edition::Internal {
        open.into_iter().for_each(|it| doc.point(incident(it)));
    }
}

/// How a value that turned up somewhere is told to be one of ours.
fn which_value(edition: Edition) -> String {
    match edition {
        Edition::Internal => format!(
            " {} tells which value a leaked one is and who could read it.",
            code("tenure exposure --value")
        ),
        Edition::Customer => String::new(),
    }
}

fn review(doc: &mut Doc, report: &FiveD, edition: Edition) {
    let label = "Post-incident review";
    if report.incidents.is_empty() {
        doc.label(label, "none due; no incident and no drill is on record.");
        return;
    }
    let closed = report.incidents.iter().filter(|it| it.closed.is_some()).count();
    let open = report.incidents.len() - closed;
    doc.label(label, format!("due for {} when closed; closed {}.", number(open), number(closed)));
    if edition == Edition::Internal {
        let closed = report.incidents.iter().filter(|it| it.closed.is_some());
        closed.for_each(|it| doc.point(incident(it)));
    }
}

fn incident(it: &Incident) -> String {
    let word = if it.drill { "drill" } else { "incident" };
    let state = match it.closed {
        Some(day) => match &it.doubt {
            None => format!("closed {day}"),
            Some((one, other)) => format!("closed {day}; {}", not_two(one, other)),
        },
        None => {
            let why = it.out_of_reach.as_deref();
            let why = why.map_or(String::new(), |why| format!("; {why}"));
            format!("{} of {} still live{why}", it.live, things(it.values, "value", "values"))
        }
    };
    let id: String = it.id.to_string().chars().take(8).collect();
    format!(
        "{word} {} on {}, opened {} by {}; {state}",
        code(&id),
        prose(&it.subject),
        it.opened,
        it.by
    )
}
