//! Section 9 of document 5D: who does what beside us.

use super::Edition;
use super::markdown::{Doc, Indent, code, prose};
use super::words::{free, list, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::customer::Integration;
use crate::deeds::report::secrets::Secret;
use crate::policy::Party;
use crate::verify::Holder;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("9. Customer-facing considerations");
    managed(doc, report, edition);
    duties(doc, report);
    let all = &report.customer.integrations;
    if all.is_empty() {
        doc.label("Integration secret handling", "no value is issued by a third party. *declared*");
        return;
    }
    doc.label("Integration secret handling", "*declared*");
    let rows: Vec<_> = all.iter().map(|it| integration(it, edition)).collect();
    let head: &[&str] = match edition {
        Edition::Internal => {
            &["Integration", "Owner", "Contact", "Copies held by", "How to revoke", "Due"]
        }
        Edition::Customer => &["Integration", "How to revoke", "Due"],
    };
    doc.table(Indent::Label, head, &rows);
}

fn managed(doc: &mut Doc, report: &FiveD, edition: Edition) {
    let mine: Vec<_> = report.secrets.iter().filter(|it| it.is_customers()).collect();
    match (edition, mine.as_slice()) {
        (_, []) => doc.label("Customer-managed secrets", "none. *declared*"),
        (Edition::Customer, some) => doc.label(
            "Customer-managed secrets",
            format!(
                "{}: the customer decides when they change; deadlines are shown and block nothing.",
                things(some.len(), "value", "values")
            ),
        ),
        (Edition::Internal, some) => {
            doc.label(
                "Customer-managed secrets",
                "the customer decides when these change. *proven*",
            );
            some.iter().for_each(|secret| doc.point(customers(report, secret)));
        }
    }
}

/// Who opens it follows from whom its keyrings were ever wrapped for: no key is asked.
fn customers(report: &FiveD, secret: &Secret) -> String {
    let mut environments = report.access.environments.iter();
    let env = environments.find(|it| it.env == secret.address.env);
    let readers = env.map_or("nobody".to_owned(), |it| list(it.readers.iter().map(|(who, _)| who)));
    let (name, due) = (prose(&secret.name), secret.due);
    let due = due.map_or("It is never due.".to_owned(), |day| {
        format!("It is due {day}, which is shown and blocks nothing.")
    });
    match secret.holder {
        Some(Holder::Managed) => format!(
            "{name} is customer-managed: the customer decides when it changes; we can read it ({readers}). {due}"
        ),
        Some(Holder::Held) => format!(
            "{name} is customer-held: the customer decides when it changes, and only their own keys open it. {due}"
        ),
        None => format!("{name} is in custody of the customer; who opens it cannot be said. {due}"),
    }
}

fn duties(doc: &mut Doc, report: &FiveD) {
    doc.label("Shared responsibility boundaries", "*declared*");
    let row = |(duty, parties): &(crate::policy::Duty, Vec<Party>)| {
        let cell = |party: &Party| match () {
            () if parties.is_empty() => "Unknown".to_owned(),
            () if parties.contains(party) => "yes".to_owned(),
            () => "no".to_owned(),
        };
        std::iter::once(duty.word().to_owned()).chain(Party::ALL.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = report.customer.duties.iter().map(row).collect();
    let head = ["", "Provider", "Customer", "Third party", "Code host", "CI"];
    doc.table(Indent::Label, &head, &rows);
}

fn integration(it: &Integration, edition: Edition) -> Vec<String> {
    let revoke = match (&it.revoke, edition) {
        (None, _) => "not said".to_owned(),
        (Some(how), Edition::Internal) if how.contains('/') => code(how),
        (Some(how), Edition::Internal) => prose(how),
        (Some(_), Edition::Customer) => "described".to_owned(),
    };
    let due = it.due.iter().map(|(env, day)| format!("{env} {day}"));
    let (title, due) = (prose(&it.title), list(due));
    match edition {
        Edition::Internal => vec![
            title,
            free(&it.owners, "not named"),
            free(&it.contacts, "not named"),
            free(&it.copies, "not said"),
            revoke,
            due,
        ],
        Edition::Customer => vec![title, revoke, due],
    }
}
