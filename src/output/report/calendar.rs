//! Deadlines as a calendar of RFC 5545: an event of a whole day each, by which no two programs differ.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::deeds::report::calendar::{Calendar, Event, What};
use crate::output::{Show, safe};
use crate::rotation::days;

/// A calendar that was written.
pub struct Ics<'a>(pub &'a str);

impl Show for Ics<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.0.as_bytes())
    }

    fn json(&self) -> Value {
        json!({ "report": "calendar", "ics": self.0 })
    }
}

/// The longest line in octets, without its end. RFC 5545, section 3.1.
const LONGEST: usize = 75;

/// Writes a calendar. Same state, same bytes.
#[must_use]
pub fn calendar(calendar: &Calendar) -> String {
    let mut lines = Lines::default();
    lines.put("BEGIN:VCALENDAR");
    lines.put("VERSION:2.0");
    lines.put(&format!("PRODID:-//tenure//tenure {}//EN", calendar.version));
    lines.put("CALSCALE:GREGORIAN");
    let stamp = calendar.of.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    calendar.events.iter().for_each(|it| event(it, &stamp, &mut lines));
    lines.put("END:VCALENDAR");
    lines.0
}

fn event(it: &Event, stamp: &str, lines: &mut Lines) {
    let digits = it.id.to_string();
    let uid: String = digits.trim_start_matches("sha256:").chars().take(32).collect();
    let summary = summary(it);
    lines.put("BEGIN:VEVENT");
    lines.put(&format!("UID:{uid}@tenure"));
    lines.put(&format!("DTSTAMP:{stamp}"));
    lines.put(&format!("DTSTART;VALUE=DATE:{}", it.day.strftime("%Y%m%d")));
    lines.put(&format!("SUMMARY:{}", text(&summary)));
    lines.put(&format!("DESCRIPTION:{}", text(&description(it))));
    lines.put("TRANSP:TRANSPARENT");
    lines.put("BEGIN:VALARM");
    lines.put("ACTION:DISPLAY");
    lines.put(&format!("DESCRIPTION:{}", text(&format!("{summary}, in {}", days(it.warn_before)))));
    lines.put(&format!("TRIGGER:-P{}D", it.warn_before));
    lines.put("END:VALARM");
    lines.put("END:VEVENT");
}

fn summary(it: &Event) -> String {
    let name = safe(&it.name);
    match &it.what {
        What::Due => format!("{name} is due"),
        What::CustomersDue => format!("{name} is due, which is the customer's to see to"),
        What::Rotate { cause } => format!("{name} must be rotated: {}", safe(cause)),
        What::End { cause } => format!("{name}: the old value must be ended: {}", safe(cause)),
        What::Previous => format!("{name}: the previous value must be ended"),
        What::Keys => format!("the keys of {name} expire"),
        What::Borne => format!("{name}: what admins bear ends"),
        What::Waived => format!("{name}: the decision not to rotate ends"),
    }
}

fn description(it: &Event) -> String {
    let mut all = "The last day in time, in UTC. tenure check names what to do.".to_owned();
    if let Some(owner) = &it.owner {
        all.push_str("\nOwner: ");
        all.push_str(&safe(owner));
    }
    all
}

/// Escapes a text. RFC 5545, section 3.3.11.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Adds a line, folded where it is too long. No character is cut, and no fold touches a space where that
    /// can be: some readers take more than the one space away that the fold adds.
    fn put(&mut self, line: &str) {
        let (mut rest, mut room) = (line, LONGEST);
        while rest.len() > room {
            let (now, later) = rest.split_at(fold(rest, room));
            self.0.push_str(now);
            self.0.push_str("\r\n ");
            (rest, room) = (later, LONGEST - 1);
        }
        self.0.push_str(rest);
        self.0.push_str("\r\n");
    }
}

/// Where to fold a text that has no room.
fn fold(text: &str, room: usize) -> usize {
    let last = text.floor_char_boundary(room);
    let is_space = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    let bytes = text.as_bytes();
    let clean = |at: &usize| {
        text.is_char_boundary(*at) && !is_space(bytes.get(*at)) && !is_space(bytes.get(*at - 1))
    };
    (1..=last).rev().find(clean).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_escaped_and_nothing_ends_a_line_early() {
        assert_eq!(text("a,b;c\\d\ne"), "a\\,b\\;c\\\\d\\ne");
    }

    proptest! {
        #[test]
        fn a_folded_line_has_75_octets_at_most_and_unfolds_to_itself(line in "([^\\r\\n]|  ){0,300}") {
            let mut lines = Lines::default();
            lines.put(&line);
            for physical in lines.0.split_terminator("\r\n") {
                prop_assert!(physical.len() <= 75, "{physical}");
            }
            prop_assert_eq!(lines.0.replace("\r\n ", ""), format!("{line}\r\n"));
        }
    }
}
