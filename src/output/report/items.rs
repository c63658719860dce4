//! Section 10 of document 5D: what is assumed, and what is left to be done.

use super::Edition;
use super::markdown::{Doc, Indent, prose};
use crate::deeds::report::FiveD;
use crate::deeds::report::items::OpenItem;

/// What nothing here can show. Mission, section H.
const ASSUMPTIONS: [(&str, &str); 8] = [
    ("Readers' private keys are protected.", "*unknown*"),
    ("Nobody kept a copy after a lawful read.", "*unknown*"),
    ("The ciphers hold.", "*unknown*"),
    ("No value serves two environments.", "*unknown*; a reader of both can prove it."),
    ("The code host refuses force-push and wants review.", "*declared*"),
    ("Memory and logs of CI are closed to others.", "*declared*"),
    ("Clocks are right.", "*declared*"),
    ("Issuers refuse ended values.", "*declared*"),
];

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("10. Assumptions and open items");
    doc.paragraph("### Assumptions");
    for (what, grade) in ASSUMPTIONS {
        doc.line(format!("- {what} {grade}"));
    }
    doc.paragraph("### Open items / TODOs");
    if report.items.is_empty() {
        doc.paragraph("None.");
        return;
    }
    match edition {
        Edition::Internal => {
            let rows: Vec<_> = report.items.iter().map(row).collect();
            doc.table(Indent::None, &["Id", "Item", "Since", "Owner", "Fix"], &rows);
        }
        Edition::Customer => {
            let mut rows: Vec<Vec<String>> = Vec::new();
            for it in &report.items {
                match rows.last_mut().filter(|row| row[0] == it.id) {
                    Some(row) => row[2] = (row[2].parse::<usize>().unwrap_or(1) + 1).to_string(),
                    None => rows.push(vec![it.id.to_owned(), it.title.to_owned(), "1".to_owned()]),
                }
            }
            doc.table(Indent::None, &["Id", "Item", "Count"], &rows);
        }
    }
}

fn row(it: &OpenItem) -> Vec<String> {
    let since = it.since.map_or("not known".to_owned(), |day| day.to_string());
    let owner = it.owner.as_deref().map_or("not named".to_owned(), prose);
    let item = format!("{}: {}", it.title, prose(&it.subject));
    vec![it.id.to_owned(), item, since, owner, prose(&it.fix)]
}
