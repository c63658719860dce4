//! Section 10 of document 5D: what is assumed, and what is left to be done.

use super::Edition;
use super::markdown::{Doc, Indent, prose, worded};
use super::words::and;
use crate::deeds::report::FiveD;
use crate::deeds::report::assumptions::Assumption;
use crate::deeds::report::items::OpenItem;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("10. Assumptions and open items");
    doc.paragraph("### Assumptions");
    report.assumptions.iter().for_each(|it| doc.line(assumption(it, edition)));
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

fn assumption(it: &Assumption, edition: Edition) -> String {
    let grade = format!("- {} *{}*", it.text, it.grade.word());
    let by = match edition {
        Edition::Internal if !it.by.is_empty() => {
            format!(" by {}", and(&it.by.iter().cloned().collect::<Vec<_>>()))
        }
        Edition::Internal | Edition::Customer => String::new(),
    };
    let note = it.note.as_ref().map_or(String::new(), |note| format!("; {note}."));
    format!("{grade}{by}{note}")
}

fn row(it: &OpenItem) -> Vec<String> {
    let since = it.since.map_or("not known".to_owned(), |day| day.to_string());
    let owner = it.owner.as_deref().map_or("not named".to_owned(), prose);
    let item = format!("{}: {}", it.title, worded(&it.subject));
    vec![it.id.to_owned(), item, since, owner, worded(&it.fix)]
}
