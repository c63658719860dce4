//! Sections 6 and 7 of the plan: what it leads to.

use super::{Doc, code, days, list, prose, said, sorted, table};
use crate::output::sentences::{NOTHING_IS_SENT, READS_LEAVE_NO_TRACE};
use crate::policy::{Link, LoggedEvent, Origin, Policy};

pub(super) fn third_party(doc: &mut Doc, policy: &Policy) {
    doc.section("6. Links to third-party secrets");
    doc.line(link("Third-party secrets procedure", policy.links.third_party.as_ref()));
    let mine = policy.secrets.iter().filter(|rule| rule.origin == Some(Origin::ThirdParty));
    let rows = mine.map(|rule| {
        let kind = rule.kind.as_ref().map_or("none".to_owned(), ToString::to_string);
        let copies = list(sorted(&rule.copies).iter().map(|text| prose(text)));
        let contact = said(rule.contact.as_deref(), "not named");
        vec![code(rule.matches.as_str()), kind, copies, contact]
    });
    let rows: Vec<_> = rows.collect();
    let head = ["Secrets", "Type", "Copies held by", "Contact"];
    table(doc, &head, &rows, "No rule names a third-party secret.");
}

pub(super) fn logging(doc: &mut Doc, policy: &Policy) {
    doc.section("7. Links to security logging");
    let links = &policy.links;
    for (name, to) in [
        ("Security logging procedure", &links.security_logging),
        ("Organisation's security policy", &links.org_policy),
        ("Compliance", &links.compliance),
        ("Incident response runbook", &links.incident_response),
    ] {
        doc.line(link(name, to.as_ref()));
    }
    let required = sorted(&policy.logging.required);
    let events =
        required.iter().map(|event| vec![event.word().to_owned(), where_to(*event).to_owned()]);
    let rows: Vec<_> = events.collect();
    table(doc, &["Required event", "Where it is seen"], &rows, "No logging is required.");
    doc.line(format!("Events are kept for {}.", days(policy.clocks.keep_events)));
    doc.paragraph(READS_LEAVE_NO_TRACE);
    doc.paragraph(NOTHING_IS_SENT);
}

fn where_to(event: LoggedEvent) -> &'static str {
    match event {
        LoggedEvent::Changes | LoggedEvent::AuthEvents | LoggedEvent::PrivilegeUse => {
            "the signed log"
        }
        LoggedEvent::SecurityAlerts => "the verdict of `tenure check`",
        LoggedEvent::Reads | LoggedEvent::AccessDenials => "nowhere: nobody records it",
    }
}

fn link(name: &str, link: Option<&Link>) -> String {
    let Some(link) = link else { return format!("- {name}: not set") };
    let hash = link.sha256.map_or(String::new(), |hash| format!(", {}", code(&hash.to_string())));
    format!("- {name}: {}{hash}", code(&link.to))
}
