//! Section 7 of document 5D: what is recorded, and what raises an alarm.

use jiff::civil::Date;

use super::Edition;
use super::markdown::{Doc, Indent, code};
use super::words::{days, list, number, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::access::{EnvAccess, Taken};
use crate::deeds::report::events::Tally;
use crate::deeds::report::watch::Watch;
use crate::output::sentences::{NOTHING_IS_SENT, READS_LEAVE_NO_TRACE};

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("7. Monitoring and audit");
    doc.label("Access logging", READS_LEAVE_NO_TRACE);
    report.access.environments.iter().for_each(|env| doc.point(could_read(env, edition)));
    doc.point(receipts(&report.watch, edition));
    doc.label("Rotation events logged", logged(report));
    events(doc, report);
    if edition == Edition::Internal {
        let stores = list(report.stores.iter().map(|glob| code(glob)));
        doc.line(format!(
            "  Links: secret store {stores}, rotation log {}, access policy {}.",
            code(".secrets/log/"),
            code(crate::policy::PATH)
        ));
    }
    doc.label("Alerting on misuse", NOTHING_IS_SENT);
    doc.line(format!("  {} Today: {}.", gate(&report.watch, edition), alarms(report)));
}

fn could_read(it: &EnvAccess, edition: Edition) -> String {
    if edition == Edition::Customer {
        let now = things(it.readers.len(), "member", "members");
        let former = number(it.former.len());
        return format!("could read {}: {now}; before also: {former} *(proven)*", it.env);
    }
    let now = list(it.readers.iter().map(|(who, _)| who));
    let former = it.former.iter().map(|it| match it.what {
        Taken::Reader => format!("until {} also {}", it.on, it.who),
        Taken::LostKey => format!("until {} also a lost key of {}", it.on, it.who),
    });
    let former: Vec<_> = former.collect();
    let former = if former.is_empty() { String::new() } else { format!("; {}", former.join("; ")) };
    format!("could read {}: {now}{former} *(proven)*", it.env)
}

/// What jobs of CI were given: nobody signs it.
fn receipts(watch: &Watch, edition: Edition) -> String {
    let kept = days(watch.keep_events);
    match (edition, watch.receipts.len()) {
        (_, 0) => "receipts of CI jobs: no file of a CI keeps any".to_owned(),
        (Edition::Internal, _) => {
            let files = list(watch.receipts.iter().map(|path| code(path.as_str())));
            format!("receipts of CI jobs: kept by {files}, to be kept for {kept} *(declared)*")
        }
        (Edition::Customer, _) => {
            format!("receipts of CI jobs: kept, to be kept for {kept} *(declared)*")
        }
    }
}

fn logged(report: &FiveD) -> String {
    let events = &report.events;
    let (holding, all) = events.entries;
    let Some(root) = events.root else {
        return "no: nothing is signed here. *proven*".to_owned();
    };
    let root: String = root.to_string().chars().take(8).collect();
    let verified =
        if holding == all { "all verified".to_owned() } else { format!("{holding} verified") };
    format!(
        "yes, each step signed: {} by {}, {verified} against root {}. *proven*",
        things(all, "entry", "entries"),
        things(events.signers, "member", "members"),
        code(&root)
    )
}

fn events(doc: &mut Doc, report: &FiveD) {
    let events = &report.events;
    let day = |last: Option<Date>| last.map_or(String::new(), |day| day.to_string());
    let row =
        |name: &str, tally: Tally| vec![name.to_owned(), tally.count.to_string(), day(tally.last)];
    let ended =
        Tally { count: events.ended.len(), last: events.ended.iter().map(|it| it.on).max() };
    let rows = [
        row("Creation", events.creations),
        row("Rotation, finished", events.rotations),
        row("Revocation of a reader", events.revoked_readers),
        row("Revocation of a credential", ended),
        vec!["Access".to_owned(), "not recorded".to_owned(), String::new()],
    ];
    doc.table(Indent::Label, &["Event", "Count", "Last"], &rows);
}

/// A file that says so proves that somebody wants it, and not that it runs.
fn gate(watch: &Watch, edition: Edition) -> String {
    match (edition, watch.ci.len()) {
        (Edition::Internal, 0) => format!("No file of a CI runs {}.", code("tenure check")),
        (Edition::Internal, _) => {
            let files = list(watch.ci.iter().map(|path| code(path.as_str())));
            format!("{} runs in CI by {files} *(declared)*.", code("tenure check"))
        }
        (Edition::Customer, 0) => "No check runs in CI.".to_owned(),
        (Edition::Customer, _) => "Checks run in CI *(declared)*.".to_owned(),
    }
}

fn alarms(report: &FiveD) -> String {
    let watch = &report.watch;
    let canary = match watch.canaries {
        0 => "no canary is defined".to_owned(),
        count => format!(
            "{}, whose use is seen at their issuer only",
            things(count, "canary", "canaries")
        ),
    };
    let counts = [
        ("overdue", report.late().len()),
        ("value in clear", watch.in_clear),
        ("unknown recipient", watch.recipients),
        ("unattested change", watch.unattested),
        ("entry by a removed key", watch.removed_keys),
    ];
    let counts = counts.map(|(what, count)| format!("{what} {}", number(count)));
    let theirs = match watch.customers_overdue {
        0 => String::new(),
        count => {
            let values = things(count, "value", "values");
            format!("; past the customer's own deadline {values}, which blocks nothing")
        }
    };
    format!("{}{theirs}; {canary}", counts.join(", "))
}
