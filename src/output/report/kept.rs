//! Reports as results: their text, and whether a file still says what the repository does.

use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Edition;
use crate::output::{Show, safe};

/// A report and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<'a> {
    /// As in `tenure report 5d`.
    pub name: &'static str,
    /// Its Markdown.
    pub text: &'a str,
}

impl Show for Document<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())
    }

    fn json(&self) -> Value {
        json!({ "report": self.name, "markdown": self.text })
    }
}

/// A report that went into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As in `tenure report 5d`.
    pub name: &'static str,
    /// The file.
    pub file: String,
}

impl Show for Written {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "written: {}", safe(&self.file))
    }

    fn json(&self) -> Value {
        json!({ "report": self.name, "written": self.file })
    }
}

/// How a file differs from what the repository says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// From this line on.
    Line(usize),
    /// It has no stamp, so it is no report.
    NoReport,
}

/// A file beside what the repository says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The file.
    pub name: String,
    /// How it differs; none where it does not.
    pub difference: Option<Difference>,
}

impl Show for Compared {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = safe(&self.name);
        match self.difference {
            None => writeln!(out, "{name}: as the repository says"),
            Some(Difference::Line(line)) => {
                writeln!(out, "{name}:{line}: differs from what the repository says")
            }
            Some(Difference::NoReport) => writeln!(out, "{name}: no report, it has no stamp"),
        }
    }

    fn json(&self) -> Value {
        let line = match self.difference {
            Some(Difference::Line(line)) => Some(line),
            Some(Difference::NoReport) | None => None,
        };
        json!({ "file": self.name, "same": self.difference.is_none(), "line": line })
    }
}

/// Compares a file's text, byte for byte, with what it should say.
#[must_use]
pub fn compare(text: &str, wanted: Option<&str>) -> Option<Difference> {
    let Some(wanted) = wanted else { return Some(Difference::NoReport) };
    if text == wanted {
        return None;
    }
    let lines = text.split_inclusive('\n').zip(wanted.split_inclusive('\n'));
    Some(Difference::Line(lines.take_while(|(one, other)| one == other).count() + 1))
}

/// Reads which environments were opened for a report; none where none was.
#[must_use]
pub fn opened_for(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(super::OPENED_WITH)?.strip_suffix('.'))
}

/// Reads of which day, and for whom, a report is.
#[must_use]
pub fn stamped(text: &str) -> Option<(Date, Edition)> {
    text.lines().find_map(|line| {
        let (edition, rest) = line.split_once(" edition. State of ")?;
        let edition = match edition {
            "Internal" => Edition::Internal,
            "Customer" => Edition::Customer,
            _ => return None,
        };
        Some((rest.split_once(';')?.0.parse().ok()?, edition))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(compare("a\nb\n", Some("a\nb\n")), None);
        assert_eq!(compare("a\nc\n", Some("a\nb\n")), Some(Difference::Line(2)));
        assert_eq!(compare("a\n", Some("a\nb\n")), Some(Difference::Line(2)));
        assert_eq!(compare("a\nb", Some("a\nb\n")), Some(Difference::Line(2)));
        assert_eq!(compare("a\n", None), Some(Difference::NoReport));
    }

    #[test]
    fn the_stamp_says_day_and_edition() {
        let line = "x\nInternal edition. State of 2026-11-21; policy 4, log head `5e`, tenure 1.\n";
        assert_eq!(stamped(line), Some((date(2026, 11, 21), Edition::Internal)));
        let customer = line.replace("Internal", "Customer");
        assert_eq!(stamped(&customer), Some((date(2026, 11, 21), Edition::Customer)));
        assert_eq!(stamped("State of 2026-11-21;"), None);
    }
}
