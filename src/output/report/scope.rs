//! Section 2 of document 5D: the types, and who uses their values.

use super::Edition;
use super::markdown::{Doc, Indent, code, prose};
use super::words::{by_env, free, list};
use crate::deeds::report::FiveD;
use crate::deeds::report::consumers::{Sight, Usage};
use crate::deeds::report::kinds::Kind;
use crate::policy::Origin;

/// How many files with undeclared uses are named.
const NAMED: usize = 5;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("2. Secrets scope");
    if report.kinds.is_empty() {
        doc.paragraph("No value is kept yet.");
    } else {
        let none = Usage::default();
        let row = |kind: &Kind| {
            let usage = report.usage.get(&kind.name).unwrap_or(&none);
            let described = kind.description.as_deref().map_or("not described".to_owned(), prose);
            vec![prose(&kind.title), described, used_by(usage, edition), notes(kind, edition)]
        };
        let rows: Vec<_> = report.kinds.iter().map(row).collect();
        doc.table(Indent::None, &["Secret type", "Description", "Used by", "Notes"], &rows);
    }
    if !report.unused_kinds.is_empty() {
        let unused = list(report.unused_kinds.iter().map(|title| prose(title)));
        doc.paragraph(format!("Types of the policy without a value: {unused}."));
    }
}

fn used_by(usage: &Usage, edition: Edition) -> String {
    let sight = |sight: &Sight| match sight {
        Sight::Seen => "seen",
        Sight::NotSeen => "declared, not seen",
    };
    // Those that are seen first.
    let mut declared: Vec<_> = usage.declared.iter().collect();
    declared.sort_by_key(|(name, it)| (**it == Sight::NotSeen, *name));
    let declared = declared.into_iter().map(|(name, it)| format!("{name} ({})", sight(it)));
    let declared =
        if usage.declared.is_empty() { "nobody declared".to_owned() } else { list(declared) };
    let count = usage.undeclared.len();
    let more = match edition {
        _ if count == 0 => return declared,
        Edition::Customer if count == 1 => "1 file".to_owned(),
        Edition::Customer => format!("{count} files"),
        Edition::Internal => {
            let named = list(usage.undeclared.iter().take(NAMED).map(|path| code(path.as_str())));
            if count > NAMED { format!("{named} and {} more", count - NAMED) } else { named }
        }
    };
    format!("{declared}; seen, not declared: {more}")
}

fn notes(kind: &Kind, edition: Edition) -> String {
    let mut notes: Vec<String> = Vec::new();
    if kind.count() > 0 {
        notes.push(by_env(&kind.counts));
    }
    if edition == Edition::Internal {
        notes.push(format!("owner {}", free(&kind.owners, "not named")));
    }
    let origin = |origin: &Origin| match origin {
        Origin::Internal => "internal",
        Origin::ThirdParty => "third party",
    };
    if kind.origins.is_empty() && kind.customers < kind.count() {
        notes.push("origin not said".to_owned());
    } else if !kind.origins.is_empty() {
        notes.push(kind.origins.iter().map(origin).collect::<Vec<_>>().join(" and "));
    }
    match kind.customers {
        _ if kind.count() == 0 => notes.push("none in use".to_owned()),
        0 => {}
        all if all == kind.count() => notes.push("custody of the customer".to_owned()),
        some => notes.push(format!("{some} in custody of the customer")),
    }
    notes.join("; ")
}
