//! What `scan` found: for people, as JSON, and in the forms of those who show findings elsewhere.
//!
//! Rules of others bring ids and descriptions, archives bring names: each form escapes its whole lines at the
//! end, whatever stands in them.

mod gitlab;
mod notes;
mod sarif;

use std::io::{self, Write};

use serde_json::{Value, json};

pub use gitlab::Gitlab;
pub use notes::Notes;
pub use sarif::Sarif;

use super::set::name;
use super::words::{count, counted, names};
use super::{Show, safe};
use crate::deeds::scan::{ALLOW, By, GITLEAKS, Leak, Scanned, What};
use crate::scan::managed::How;
use crate::scan::{Allow, Level};

impl Show for Scanned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for leak in &self.leaks {
            told(leak, out)?;
        }
        if let Some(more) = self.untold() {
            writeln!(out, "{more}")?;
        }
        for leak in &self.marked {
            let line = format!("{}  {}  {}", place(leak), leak.rule, sentence(leak));
            writeln!(out, "marked  {}", safe(&line))?;
        }
        for allow in &self.unused {
            let line = format!("an exception of {} in {}", allow.rule, allow.path.as_str());
            writeln!(out, "unused  {}", safe(&line))?;
        }
        for allow in &self.added {
            let line = format!("an exception of {} in {}", allow.rule, allow.path.as_str());
            writeln!(out, "unheeded  {}: it came within the range", safe(&line))?;
        }
        for what in &self.unheeded {
            writeln!(out, "unheeded  {GITLEAKS}, {}", safe(&what.to_string()))?;
        }
        for (path, why) in &self.skipped {
            writeln!(out, "skipped  {} {why}", safe(path))?;
        }
        writeln!(out, "{}", self.summary())
    }

    fn json(&self) -> Value {
        json!({
            "findings": self.leaks.iter().map(leak_json).collect::<Vec<_>>(),
            "more": self.more,
            "blocked": self.blocks(),
            "texts": self.texts,
            "bytes": self.bytes,
            "commits": self.commits.unwrap_or_default(),
            "values": { "searched": self.searched, "left_out": self.left_out.len(), "common": self.left_out, "closed": self.closed },
            "allowed": self.allowed,
            "listed": self.listed,
            "by_marks": self.by_marks,
            "marked": self.marked.iter().map(leak_json).collect::<Vec<_>>(),
            "relaxed": self.relaxed,
            "cut": self.is_cut,
            "added": self.added.iter().map(allow_json).collect::<Vec<_>>(),
            "unused": self.unused.iter().map(allow_json).collect::<Vec<_>>(),
            "unheeded": unheeded(self),
            "skipped": self.skipped.iter().map(|(path, why)| json!({ "path": path, "why": why })).collect::<Vec<_>>(),
        })
    }
}

/// Writes a finding as people read it: where, what, and what to do.
pub(super) fn told(leak: &Leak, out: &mut dyn Write) -> io::Result<()> {
    let line = format!("{}  {}  {}", place(leak), leak.rule, sentence(leak));
    writeln!(out, "{}", safe(&line))?;
    writeln!(out, "  fix  {}", safe(&leak.fix))
}

/// Where it stands, as editors take it.
pub(super) fn place(leak: &Leak) -> String {
    let commit = leak.commit.as_ref().map(|id| format!("{}:", id.short())).unwrap_or_default();
    match leak.line {
        0 => format!("{commit}{} (its name)", leak.path),
        line => format!("{commit}{}:{line}:{}", leak.path, leak.column),
    }
}

/// What it is, in one sentence without an end.
pub(super) fn sentence(leak: &Leak) -> String {
    let passes = match leak.passed {
        Some(By::Mark) => ", which a mark in its line lets pass",
        Some(By::Exception | By::List) | None => "",
    };
    match &leak.what {
        What::Credential => format!("{} {}{passes}", leak.description, leak.excerpt),
        What::Managed { address, how } => format!("equal to {}{}", name(address), written(*how)),
    }
}

fn written(how: How) -> &'static str {
    match how {
        How::Raw => "",
        How::Reversed => ", reversed",
        How::Base64 => ", in base64",
        How::Hex => ", in hexadecimal",
        How::Utf16 => ", in UTF-16",
        How::Utf32 => ", in UTF-32",
        How::Url => ", encoded for URLs",
        How::Markup => ", as XML or HTML",
        How::Escaped => ", escaped",
        How::Split => ", over several lines or strings",
    }
}

pub(super) fn level(leak: &Leak) -> &'static str {
    match (leak.passed, leak.level) {
        (Some(_), _) => "note",
        (None, Level::Block) => "error",
        (None, Level::Warn) => "warning",
    }
}

pub(super) fn leak_json(leak: &Leak) -> Value {
    let managed = match &leak.what {
        What::Credential => None,
        What::Managed { address, .. } => Some(address),
    };
    json!({
        "path": leak.path,
        "line": leak.line,
        "column": leak.column,
        "commit": leak.commit.as_ref().map(|id| id.as_str().to_owned()),
        "rule": leak.rule,
        "description": leak.description,
        "managed": managed,
        "level": level(leak),
        "excerpt": leak.excerpt,
        "fix": leak.fix,
    })
}

pub(super) fn allow_json(allow: &Allow) -> Value {
    json!({ "rule": allow.rule, "path": allow.path.as_str(), "reason": allow.reason })
}

fn unheeded(scanned: &Scanned) -> Vec<String> {
    scanned.unheeded.iter().map(ToString::to_string).collect()
}

/// Findings that went into a file, of which only the sum is said.
pub struct Filed<'s> {
    /// What was found.
    pub scanned: &'s Scanned,
    /// The file.
    pub file: String,
}

impl Show for Filed<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.scanned.summary())?;
        writeln!(out, "written: {}", safe(&self.file))
    }

    fn json(&self) -> Value {
        let scanned = self.scanned;
        json!({
            "written": self.file,
            "found": scanned.found(),
            "blocked": scanned.blocks(),
        })
    }
}

/// Tells whether a text is what `scan` wrote, in whichever form.
#[must_use]
pub fn is_ours(text: &str) -> bool {
    let is_sum = |line: &str| {
        let rest = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
        rest.len() < line.len() && (rest.starts_with(" text,") || rest.starts_with(" texts,"))
    };
    let is_note = |line: &str| {
        let rest = line.strip_prefix("::").and_then(|rest| rest.split_once(" file="));
        rest.is_some_and(|(level, _)| ["error", "warning", "notice"].contains(&level))
    };
    let object =
        |marks: [&str; 2]| text.starts_with('{') && marks.iter().all(|it| text.contains(it));
    object(["\"findings\":", "\"left_out\":"])
        || object(["\"runs\":", "\"name\":\"tenure\""])
        || text == "[]\n"
        || text.starts_with("[{\"check_name\":")
        || text.lines().last().is_some_and(is_sum)
        || text.lines().all(is_note)
}

impl Scanned {
    /// What was found, and what came within a range with a mark that lets it pass.
    fn told(&self) -> Vec<&Leak> {
        self.leaks.iter().chain(&self.marked).collect()
    }

    /// How many findings are not told one by one, in a line.
    pub(super) fn untold(&self) -> Option<String> {
        let findings = counted(self.more, "finding is", "findings are");
        (self.more > 0).then(|| format!("{findings} not listed: these are enough to begin with"))
    }

    /// What was found and passes nonetheless, in parts of a sentence.
    pub(super) fn passing(&self) -> Vec<String> {
        let part = |(number, by, file): (usize, &str, &'static str)| {
            let is_new = self.relaxed.contains(&file);
            let new = if is_new { ", which this commit changes" } else { "" };
            format!("{number} let pass by {by}{new}")
        };
        let exceptions = if self.relaxed.contains(&ALLOW) { ALLOW } else { "exceptions" };
        let marks = (self.by_marks, "marks", "marks");
        let parts = [(self.allowed, exceptions, ALLOW), (self.listed, GITLEAKS, GITLEAKS), marks];
        parts.into_iter().filter(|(number, ..)| *number > 0).map(part).collect()
    }

    /// What was looked through, in one line.
    pub(super) fn summary(&self) -> String {
        let blocking = self.blocking();
        let mut parts = vec![count(self.texts, "text")];
        parts.extend(self.commits.map(|commits| count(commits, "commit")));
        parts.push(match (blocking, self.found()) {
            // "Nothing found" would sound like peace.
            (0, 0) if self.texts == 0 && self.commits.is_none() => "nothing to look at".to_owned(),
            (0, 0) => "nothing found".to_owned(),
            (some, all) => format!("{} found, {some} of them block", count(all, "secret")),
        });
        parts.extend(self.passing());
        if self.searched > 0 {
            parts.push(format!("{} looked for", count(self.searched, "managed value")));
        }
        if !self.left_out.is_empty() {
            parts.push(format!("{} too short or common to look for", self.left_out.len()));
        }
        if !self.closed.is_empty() {
            parts.push(format!("no key at hand opens {}", names(&self.closed)));
        }
        if self.is_cut {
            parts.push("this clone is shallow, so what is older counts as brought".to_owned());
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_file_is_taken_for_a_report() {
        let scanned = Scanned::default();
        let json = super::super::escape::json_line(&scanned.json());
        let mut text = Vec::new();
        scanned.human(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for ours in [Sarif(&scanned).text(), Gitlab(&scanned).text(), json, text] {
            assert!(is_ours(&ours), "{ours}");
        }
        assert!(is_ours("::error file=a,line=1,col=1,title=x::y\n"));
        for other in ["{\"name\": \"x\"}", "[1]", "hello\n", "12 monkeys\n", "[[rules]]\n"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
