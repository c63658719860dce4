//! Incidents: what was exposed, how long ago, and what is left.

use std::io::{self, Write};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::words::{count, names};
use super::{Ink, Show, paint, safe};
use crate::deeds::incident::accept::Accepted;
use crate::deeds::incident::case::{Case, Containment, Left, Line, State};
use crate::deeds::incident::close::Closed;
use crate::deeds::incident::open::Opened;
use crate::deeds::incident::status::Cases;
use crate::log::entry::Subject;
use crate::names::{MemberName, Stage, quoted};
use crate::verify::incidents::{Word, left_of};

/// Whom to ask where nobody else could say it.
const NOBODY: &str =
    "nobody else could; let a person in who signs: tenure member add NAME --role ROLE";

impl Show for Opened {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        head(&self.case, out)?;
        let number = count(self.case.lines.len(), "value");
        writeln!(out, "exposed    {number}, those of the shortest clock first")?;
        for line in &self.case.lines {
            writeln!(out, "  {}{}", safe(&line.name), since(line))?;
        }
        match &self.runbook {
            Some(runbook) => writeln!(out, "runbook    {}", safe(runbook))?,
            None => {
                writeln!(out, "runbook    none: the policy has no incident-response in [links]")?;
            }
        }
        for (member, command) in to_contain(&self.case) {
            writeln!(out, "next  {command}, so that {member} reads nothing new")?;
        }
        writeln!(out, "next  tenure rotate --due")?;
        writeln!(out, "next  tenure incident status {}", self.case.opened.entry.short())?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "entries": self.entries,
            "by": self.by,
            "incident": case(&self.case),
            "runbook": self.runbook,
        })
    }
}

impl Show for Cases {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.cases.as_slice() {
            [] => writeln!(out, "no incident on record"),
            [one] if self.one => full(one, out),
            several => several.iter().try_for_each(|case| glance(case, out)),
        }
    }

    fn json(&self) -> Value {
        json!({ "incidents": self.cases.iter().map(case).collect::<Vec<_>>() })
    }
}

impl Show for Accepted {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, entry, by, until, counts, may } = self;
        let (name, entry) = (safe(name), entry.short());
        if *counts {
            return writeln!(out, "{name} borne until {until}. Entry {entry}, signed by {by}.");
        }
        writeln!(out, "{name} not borne yet. Entry {entry}, signed by {by}.")?;
        if may.is_empty() {
            return writeln!(out, "wants another admin to say the same: {NOBODY}");
        }
        writeln!(
            out,
            "wants more admins to say the same, one who did not sign the cause: {}",
            names(may)
        )
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "entry": self.entry,
            "by": self.by,
            "until": self.until.to_string(),
            "counts": self.counts,
            "may": self.may,
        })
    }
}

impl Show for Closed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let id = self.case.opened.entry.short();
        let (entry, by) = (self.entry.short(), &self.by);
        match self.case.closing.closed {
            Some(_) => {
                writeln!(out, "incident {id} closed. Entry {entry}, signed by {by}.")?;
                doubted(&self.case, out)?;
            }
            None => {
                writeln!(out, "incident {id} not closed yet. Entry {entry}, signed by {by}.")?;
                let wants =
                    if self.wants.is_empty() { NOBODY.to_owned() } else { names(&self.wants) };
                writeln!(out, "wants another to say so: {wants}")?;
            }
        }
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "entry": self.entry,
            "by": self.by,
            "wants": self.wants,
            "incident": case(&self.case),
        })
    }
}

fn head(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    let subject = case.subject.to_string();
    let drill = if case.drill { "  drill: nothing turns red" } else { "" };
    let id = case.opened.entry.short();
    writeln!(out, "incident {id}  {}  {}{drill}", state(case), safe(&subject))?;
    let Word { by, at, reason, .. } = &case.opened;
    let reason = reason.as_ref().map(|text| format!(": {}", safe(text))).unwrap_or_default();
    writeln!(out, "opened     {at} by {by}{reason}")
}

fn state(case: &Case) -> String {
    let ink = match case.state() {
        _ if case.drill => Ink::Blue,
        State::Open => Ink::Red,
        State::Contained => Ink::Yellow,
        State::Rotated | State::Closed => Ink::Green,
    };
    paint(ink, case.state().word())
}

fn since(line: &Line) -> String {
    line.since.map(|day| format!("  since {day}")).unwrap_or_default()
}

fn glance(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    let (left, all) = (case.left().count(), case.lines.len());
    let drill = if case.drill { "  drill" } else { "" };
    let (id, subject) = (case.opened.entry.short(), case.subject.to_string());
    let hours = hours(case.open_for());
    writeln!(
        out,
        "incident {id}  {}  {}  {}  {hours}{drill}",
        state(case),
        safe(&subject),
        left_of(left, all)
    )
}

fn full(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    head(case, out)?;
    writeln!(out, "clock      {}", hours(case.open_for()))?;
    match &case.containment {
        Containment::NoReader => writeln!(out, "contained  no reader was to go")?,
        Containment::Reads(reads) => {
            writeln!(
                out,
                "contained  {}: still reads {}",
                paint(Ink::Red, "no"),
                reads.join(", ")
            )?;
        }
        Containment::Since(word) => {
            let after = case.contained_after().map(hours).unwrap_or_default();
            writeln!(
                out,
                "contained  after {after}, by {} (entry {})",
                word.by,
                word.entry.short()
            )?;
        }
    }
    let replaced = case.lines.iter().filter(|line| line.live_at.is_empty()).count();
    let wanted = case.lines.iter().filter(|line| line.revoke.is_some()).count();
    let ended = case.lines.iter().filter(|line| line.ended.is_some()).count();
    writeln!(out, "rotated    {replaced} of {}", count(case.lines.len(), "value"))?;
    writeln!(out, "ended      {ended} at their issuers; {wanted} must be")?;
    for line in &case.lines {
        told(case, line, out)?;
    }
    for word in &case.closing.words {
        writeln!(out, "over       says {} (entry {})", word.by, word.entry.short())?;
    }
    doubted(case, out)?;
    for (_, command) in to_contain(case) {
        writeln!(out, "next  {command}")?;
    }
    Ok(())
}

/// Says it where nothing shows that two persons closed it.
fn doubted(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    match &case.closing.doubt {
        Some((one, other)) => writeln!(out, "doubt      {}", not_two(one, other)),
        None => Ok(()),
    }
}

/// What is said of two of whom one let the other in.
pub(in crate::output) fn not_two(one: &MemberName, other: &MemberName) -> String {
    format!(
        "nothing shows that {one} and {other} are two persons: one let the other in after it was opened"
    )
}

fn told(case: &Case, line: &Line, out: &mut dyn Write) -> io::Result<()> {
    let name = safe(&line.name);
    let since = since(line);
    match line.left(case.today()) {
        Left::Rotate => {
            let undo = if line.stage == Some(Stage::Next) { " --undo" } else { "" };
            let fix = format!("tenure rotate {}{undo}", quoted(&line.secret));
            writeln!(out, "  {}    {name}{since}: {fix}", paint(Ink::Red, "left"))
        }
        Left::End => {
            let fix = format!("tenure rotate {} --finish", quoted(&line.secret));
            let word = paint(Ink::Yellow, "left");
            writeln!(out, "  {word}    {name}{since}, replaced and not ended: {fix}")
        }
        Left::Customers => {
            let word = paint(Ink::Blue, "theirs");
            let id = case.opened.entry.short();
            writeln!(
                out,
                "  {word}  {name}{since}, in custody of the customer: ask for a new one, or tenure incident \
                 accept {id} {}",
                quoted(&line.secret)
            )
        }
        Left::Borne(until) => {
            let by: Vec<_> = line.bearing.words.iter().map(|(word, _)| word.by.clone()).collect();
            writeln!(out, "  borne   {name}{since}, until {until} by {}", names(&by))
        }
        Left::Nothing => writeln!(out, "  done    {name}{since}"),
    }
}

/// The commands that take an incident's subject the right to read.
fn to_contain(case: &Case) -> Vec<(String, String)> {
    let Containment::Reads(reads) = &case.containment else { return Vec::new() };
    let mut all = Vec::new();
    match &case.subject {
        Subject::Member(name) => {
            if reads.iter().any(|it| !it.contains(" as ")) {
                all.push((name.to_string(), format!("tenure member remove {name}")));
            }
        }
        Subject::Recipient(_) | Subject::Secret(_) | Subject::Vendor(_) | Subject::Env(_) => {}
    }
    let mut holders: Vec<_> =
        reads.iter().filter_map(|it| Some(it.split_once(" as ")?.1)).collect();
    holders.dedup();
    for who in holders {
        all.push((who.to_owned(), format!("tenure member replace-key {who} --lost")));
    }
    all
}

/// A length of time for people: hours, to a tenth.
#[must_use]
pub(in crate::output) fn hours(length: SignedDuration) -> String {
    format!("{:.1} h", tenths(length))
}

#[expect(clippy::cast_precision_loss, reason = "tenths of hours of a few years")]
fn tenths(length: SignedDuration) -> f64 {
    (length.as_secs() / 360) as f64 / 10.0
}

fn word(word: &Word) -> Value {
    json!({ "entry": word.entry, "by": word.by, "at": word.at.to_string(), "reason": word.reason })
}

fn case(case: &Case) -> Value {
    let length = |length: Option<SignedDuration>| length.map(tenths);
    let (reads, contained) = match &case.containment {
        Containment::NoReader => (None, None),
        Containment::Reads(reads) => (Some(reads.as_slice()), None),
        Containment::Since(by) => (Some(&[][..]), Some(word(by))),
    };
    json!({
        "id": case.opened.entry,
        "state": case.state().word(),
        "subject": case.subject.to_string(),
        "drill": case.drill,
        "opened": word(&case.opened),
        "hours_open": tenths(case.open_for()),
        "hours_to_contain": length(case.contained_after()),
        "hours_to_rotate": length(case.replaced_after()),
        "hours_to_end": length(case.ended_after()),
        "still_reads": reads,
        "contained": contained,
        "left": case.left().count(),
        "values": case.lines.iter().map(|line| value(case, line)).collect::<Vec<_>>(),
        "over": case.closing.words.iter().map(word).collect::<Vec<_>>(),
        "closed": case.closing.closed.map(|at| at.to_string()),
        "not_shown_to_be_two": case.closing.doubt.as_ref().map(|(one, other)| json!([one, other])),
    })
}

fn value(case: &Case, line: &Line) -> Value {
    let left = match line.left(case.today()) {
        Left::Rotate => "rotate",
        Left::End => "end",
        Left::Customers => "customer",
        Left::Borne(_) => "borne",
        Left::Nothing => "nothing",
    };
    json!({
        "value": line.origin.to_string(),
        "name": line.name,
        "live_at": line.live_at,
        "since": line.since.map(|day| day.to_string()),
        "left": left,
        "replaced": line.replaced.as_ref().map(word),
        "must_be_ended": line.revoke.is_some(),
        "ended": line.ended.as_ref().map(|(by, grade)| {
            json!({ "by": word(by), "grade": grade.word() })
        }),
        "borne": line.bearing.words.iter().map(|(by, until)| {
            json!({ "by": word(by), "until": until.to_string() })
        }).collect::<Vec<_>>(),
        "borne_until": line.bearing.until.map(|day| day.to_string()),
    })
}
