//! Section 5 of document 5D: how values come to those who use them.

use super::Edition;
use super::markdown::{Doc, code, prose};
use super::words::{and, days, number};
use crate::deeds::report::FiveD;
use crate::deeds::report::kinds::Kind;
use crate::policy::{Access, Strategy};

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("5. Secret distribution and usage");
    doc.label("Application startup injection", startup(report, edition));
    doc.label("On-demand retrieval", on_demand(report, edition));
    if report.kinds.is_empty() {
        doc.label("Rotation without downtime", "no value is kept yet.");
    } else {
        doc.label("Rotation without downtime", "*declared*");
        report.kinds.iter().for_each(|kind| doc.point(interruption(kind)));
    }
    doc.paragraph(plaintext(report));
}

fn names(report: &FiveD, fits: &dyn Fn(Access) -> bool) -> Vec<String> {
    let mine = report.consumers.iter().filter(|it| it.access.is_some_and(fits));
    mine.map(|it| prose(it.name.as_str())).collect()
}

fn startup(report: &FiveD, edition: Edition) -> String {
    let names = names(report, &|it| it == Access::Run);
    if names.is_empty() {
        return "no consumer is declared to start so. *unknown*".to_owned();
    }
    let verb = if names.len() == 1 { "starts" } else { "start" };
    let through = match edition {
        Edition::Internal => format!("{verb} through {}", code("tenure run")),
        Edition::Customer => format!("{verb} so"),
    };
    format!(
        "{} {through}: values are verified first and are in no argument and no file; a missing one stops \
         the start. *declared*",
        and(&names)
    )
}

fn on_demand(report: &FiveD, edition: Edition) -> String {
    let fresh = "A value is as fresh as the checkout it is read from.";
    let filled = names(report, &|it| it == Access::Inject);
    let asked = names(report, &|it| it == Access::Get);
    let mut said = Vec::new();
    if !filled.is_empty() {
        let verb = if filled.len() == 1 { "reads" } else { "read" };
        said.push(format!("{} {verb} a file that is filled when it is needed", and(&filled)));
    }
    if !asked.is_empty() {
        let how = match edition {
            Edition::Internal => format!(" with {}", code("tenure get")),
            Edition::Customer => String::new(),
        };
        let verb = if asked.len() == 1 { "asks" } else { "ask" };
        said.push(format!("{} {verb} for single values{how}", and(&asked)));
    }
    if said.is_empty() {
        return format!("no consumer is declared to read so. *unknown*. {fresh}");
    }
    format!("{}. *declared*. {fresh}", said.join("; "))
}

fn interruption(kind: &Kind) -> String {
    let title = prose(&kind.title);
    let overlap = format!("an overlap of at most {}", days(kind.overlap));
    match kind.strategy {
        Some(Strategy::Dual) => format!("{title}: both values delivered during {overlap}"),
        Some(Strategy::Alternating) => {
            format!("{title}: two users take turns, both values delivered during {overlap}")
        }
        Some(Strategy::KeyRing) => {
            format!("{title}: the new value is delivered before it is used, both during {overlap}")
        }
        Some(Strategy::KeepOld) => {
            format!("{title}: both values delivered; the old one stays to decrypt")
        }
        Some(Strategy::Single) => format!("{title}: planned interruption"),
        None => format!("{title}: not said; by default both values delivered during {overlap}"),
    }
}

fn plaintext(report: &FiveD) -> String {
    format!(
        "Plaintext findings in managed files: {} *(proven)*; in code, documentation and history: not searched \
         *(unknown)*.",
        number(report.watch.in_clear)
    )
}
