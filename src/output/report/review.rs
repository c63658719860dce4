//! The review of an incident, from the log: what happened when, what it exposed, what cannot be undone.

use jiff::{SignedDuration, Timestamp};

use super::markdown::{Doc, Indent, code, prose};
use crate::deeds::incident::case::{Case, Containment, Left, Line, day};
use crate::deeds::incident::close::Closed;
use crate::log::entry::Grade;
use crate::output::incident::{hours, not_two};
use crate::output::sentences::{
    READ_STAYS_READ, READS_LEAVE_NO_TRACE, TIMES_ARE_CLAIMS, end_is_declared,
};
use crate::verify::incidents::Word;

/// Why nothing is left out. Mission, section F.
const UNUSED: &str = "\"Unused\" is no reason: a value that nobody uses is ended too.";

/// Writes the review.
#[must_use]
pub fn review(closed: &Closed) -> String {
    let case = &closed.case;
    let mut doc = Doc::default();
    head(&mut doc, closed);
    summary(&mut doc, closed);
    doc.section("Timeline");
    timeline(&mut doc, case);
    doc.section("Exposure window");
    window(&mut doc, case);
    doc.section("What could not be undone");
    for_good(&mut doc, case);
    doc.section("Actions");
    doc.paragraph(UNUSED);
    for action in ACTIONS {
        doc.line(format!("- [ ] {action} (owner: , by: )"));
    }
    doc.finish()
}

/// What whoever reviews an incident answers, each with an owner and a day.
const ACTIONS: [&str; 5] = [
    "How the values came to be exposed, and what keeps that from happening again",
    "How it was noticed, and what would have told it earlier",
    "Whether somebody used the values: the logs of their issuers and of the systems that they open",
    "Who must be told: customers, authorities, suppliers, and by when",
    "Whether the runbook was right, and what to change in it",
];

fn head(doc: &mut Doc, closed: &Closed) {
    let case = &closed.case;
    let what = if case.drill { "Drill review" } else { "Incident review" };
    doc.line(format!("# {what}: {}", prose(&case.subject.to_string())));
    doc.gap();
    let id = code(&case.opened.entry.to_string());
    let state = match case.closing.closed {
        Some(at) => format!("closed {at}"),
        None => "not closed yet: another member must say so".to_owned(),
    };
    doc.line(format!("> **Incident:** {id}, {state}  "));
    if let Some((one, other)) = &case.closing.doubt {
        doc.line(format!("> {}  ", prose(&not_two(one, other))));
    }
    let (day, version) = (case.today(), closed.version);
    doc.line(format!("> Written from the signed log on {day} by tenure {version}."));
    if case.drill {
        doc.paragraph("This was a drill: the whole path, and nothing turned red.");
    }
}

fn summary(doc: &mut Doc, closed: &Closed) {
    let case = &closed.case;
    doc.gap();
    let reason = case.opened.reason.as_deref().unwrap_or("none");
    doc.label("Reason", prose(reason));
    doc.label("Values exposed", case.lines.len().to_string());
    doc.label("Open for", hours(case.open_for()));
    let after = |length: Option<SignedDuration>, none: &str| {
        length.map_or(none.to_owned(), |length| format!("after {}", hours(length)))
    };
    let no_reader = matches!(case.containment, Containment::NoReader);
    let none = if no_reader { "no reader was to go" } else { "not contained" };
    doc.label("Contained", after(case.contained_after(), none));
    doc.label("Rotated", after(case.replaced_after(), "not all: see below"));
    let wanted = case.lines.iter().any(|line| line.revoke.is_some() || line.ended.is_some());
    let none = if wanted { "not all: see below" } else { "no recorded end is asked for" };
    doc.label("Revoked", if wanted { after(case.ended_after(), none) } else { none.to_owned() });
    let runbook = closed.runbook.as_deref().map_or("none is named".to_owned(), code);
    doc.label("Incident Response Runbook", runbook);
}

/// Something that happened, by whom.
struct Event {
    at: Timestamp,
    by: String,
    entry: String,
    what: String,
}

impl Event {
    fn of(word: &Word, what: impl Into<String>) -> Self {
        Self {
            at: word.at,
            by: prose(word.by.as_str()),
            entry: code(&word.entry.short()),
            what: what.into(),
        }
    }
}

fn events(case: &Case) -> Vec<Event> {
    let mut all = vec![Event::of(&case.opened, "opened")];
    if let Containment::Since(word) = &case.containment {
        all.push(Event::of(word, "contained: the subject reads nothing from here on"));
    }
    for line in &case.lines {
        let name = prose(&line.name);
        if let Some(word) = &line.replaced {
            all.push(Event::of(word, format!("{name} replaced")));
        }
        if let Some((word, grade)) = &line.ended {
            all.push(Event::of(word, format!("{name} ended at its issuer ({})", grade.word())));
        }
        for (word, until) in &line.bearing.words {
            all.push(Event::of(word, format!("{name} borne until {until}{}", because(word))));
        }
    }
    for word in &case.closing.words {
        all.push(Event::of(word, "says that it is over"));
    }
    all.sort_by_key(|event| event.at);
    all
}

fn because(word: &Word) -> String {
    word.reason.as_deref().map(|text| format!(": {}", prose(text))).unwrap_or_default()
}

fn timeline(doc: &mut Doc, case: &Case) {
    let row = |event: Event| vec![event.at.to_string(), event.by, event.what, event.entry];
    let rows: Vec<_> = events(case).into_iter().map(row).collect();
    doc.table(Indent::None, &["Time", "Who", "What", "Entry"], &rows);
    doc.paragraph(TIMES_ARE_CLAIMS);
}

fn window(doc: &mut Doc, case: &Case) {
    let head = ["Value", "Readable since", "Replaced", "Ended at its issuer"];
    let rows: Vec<_> = case.lines.iter().map(|line| exposure(case, line)).collect();
    doc.table(Indent::None, &head, &rows);
    doc.paragraph(READS_LEAVE_NO_TRACE);
}

fn exposure(case: &Case, line: &Line) -> Vec<String> {
    let since = line.since.map_or("unknown".to_owned(), |day| day.to_string());
    let replaced = match (&line.replaced, line.left(case.today())) {
        (Some(word), _) => day(word.at).to_string(),
        (None, Left::Borne(until)) => format!("no: borne until {until}"),
        (None, _) => "no".to_owned(),
    };
    let ended = match (&line.ended, &line.revoke) {
        (Some((word, grade)), _) => format!("{}, {}", day(word.at), grade.word()),
        (None, Some(_)) => "no".to_owned(),
        (None, None) => "not asked for by its type".to_owned(),
    };
    vec![prose(&line.name), since, replaced, ended]
}

fn for_good(doc: &mut Doc, case: &Case) {
    doc.line(format!("- {READ_STAYS_READ}"));
    for line in &case.lines {
        if let Left::Borne(until) = line.left(case.today()) {
            let said = line.bearing.words.iter();
            let said: Vec<_> = said
                .map(|(word, _)| format!("{}{}", prose(word.by.as_str()), because(word)))
                .collect();
            let said = said.join("; ");
            doc.line(format!("- {} stands, borne until {until} by {said}", prose(&line.name)));
        }
    }
    let unasked = case.lines.iter().filter(|line| line.revoke.is_none() && line.ended.is_none());
    let unasked: Vec<_> = unasked.map(|line| prose(&line.name)).collect();
    if !unasked.is_empty() {
        let names = unasked.join(", ");
        doc.line(format!(
            "- No end at an issuer is on record, since no type asks for one: {names}"
        ));
    }
    let mut declared: Vec<_> = case
        .lines
        .iter()
        .filter_map(|line| line.ended.as_ref())
        .filter(|(_, grade)| *grade == Grade::Declared)
        .map(|(word, _)| end_is_declared(word.by.as_str()))
        .collect();
    declared.sort_unstable();
    declared.dedup();
    declared.into_iter().for_each(|sentence| doc.line(format!("- {sentence}")));
}
