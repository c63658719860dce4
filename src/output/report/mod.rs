//! Reports as Markdown, one file a section. Text of strangers stays text, and a sentence one line.

mod access;
mod calendar;
mod customer;
mod incident;
mod items;
mod kept;
mod markdown;
mod monitoring;
mod overview;
mod plan;
pub mod review;
mod rotation;
mod scope;
mod storage;
mod summary;
mod usage;
mod verdict;
mod words;

pub use calendar::{Ics, calendar};
pub use kept::{Compared, Difference, Document, Written, compare, opened_for, stamped};
pub use plan::plan;

use markdown::{Doc, code, prose};

use crate::deeds::report::FiveD;
use crate::finding::Finding;
use words::list;

/// For whom a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// For those who run the solution.
    Internal,
    /// For customers: without the names of secrets, members, files and commands.
    Customer,
}

/// What the document's first lines say of its purpose.
const TITLE: &str = "\
# Secrets Management

> **Document ID:** 5D  
> **Document purpose**  
> This document describes how secrets are managed within the solution, including storage, access, rotation, and audit considerations.  
> It is intended for internal engineering, security, and operations stakeholders.

This document supports secure handling of credentials and sensitive configuration.
";

/// Writes document 5D.
#[must_use]
pub fn five_d(report: &FiveD, edition: Edition) -> String {
    let mut doc = Doc::default();
    title(&mut doc, report, edition);
    overview::write(&mut doc, report, edition);
    scope::write(&mut doc, report, edition);
    storage::write(&mut doc, report, edition);
    access::write(&mut doc, report, edition);
    usage::write(&mut doc, report, edition);
    rotation::write(&mut doc, report, edition);
    monitoring::write(&mut doc, report, edition);
    incident::write(&mut doc, report, edition);
    customer::write(&mut doc, report, edition);
    items::write(&mut doc, report, edition);
    summary::write(&mut doc, report, edition);
    doc.finish()
}

/// Writes what is left of document 5D where there is no policy to believe: that nothing can be said, and why.
#[must_use]
pub fn five_d_of_nothing(finding: &Finding, edition: Edition) -> String {
    let (mut doc, why) = (Doc::default(), words::fault(finding, edition));
    doc.line(TITLE.trim_end());
    doc.paragraph(format!("{UNSAID} {why}."));
    doc.section("11. Summary");
    summary::cannot_be_said(&mut doc, &why);
    doc.finish()
}

fn title(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.line(TITLE.trim_end());
    let who = edition;
    let edition = match edition {
        Edition::Internal => "Internal edition.",
        Edition::Customer => "Customer edition.",
    };
    let stamp = &report.stamp;
    let policy = stamp.policy.map_or("policy not signed".to_owned(), |(number, hash)| {
        let hash: String = hash.to_string().chars().take(STAMPED).collect();
        format!("policy {number} ({})", code(&hash))
    });
    let heads = stamp.heads.iter().map(|id| id.to_string().chars().take(8).collect::<String>());
    let heads = list(heads.map(|id| code(&id)));
    let word = if stamp.heads.len() == 1 { "log head" } else { "log heads" };
    doc.gap();
    doc.line(format!(
        "{edition} State of {}; {policy}, {word} {heads}, tenure {}.",
        stamp.day, stamp.version
    ));
    if let Some(shared) = &report.shared {
        doc.line(format!("{OPENED_WITH}{}.", list(shared.opened.keys())));
    }
    doc.line(
        "Grades: *proven* can be recomputed from the repository without a key; *declared* was signed by a \
         member; *unknown* is neither.",
    );
    if let Some(why) = words::unsaid(report, who) {
        doc.paragraph(format!("{UNSAID} {why}."));
    }
}

/// How a document begins of which nothing can be counted.
const UNSAID: &str = "**What this state holds cannot be said:**";

/// What a document begins a line with that says which environments were opened for it.
pub(super) const OPENED_WITH: &str = "Opened with keys, and compared: ";

/// `sha256:` and eight digits.
const STAMPED: usize = 15;
