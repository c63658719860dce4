//! What `scan` found: for people, as JSON, and in the forms of those who show findings elsewhere.

mod gitlab;
mod notes;
mod sarif;

use std::io::{self, Write};

use serde_json::{Value, json};

pub use gitlab::Gitlab;
pub use notes::Notes;
pub use sarif::Sarif;

use super::set::name;
use super::words::{count, names};
use super::{Show, safe};
use crate::deeds::scan::{Leak, Scanned, What};
use crate::scan::managed::How;
use crate::scan::{Allow, Level};

impl Show for Scanned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for leak in &self.leaks {
            told(leak, out)?;
        }
        for allow in &self.unused {
            writeln!(
                out,
                "unused  an exception of {} in {}",
                allow.rule,
                safe(allow.path.as_str())
            )?;
        }
        for allow in &self.added {
            let (rule, path) = (&allow.rule, safe(allow.path.as_str()));
            writeln!(out, "unheeded  an exception of {rule} in {path}: it came within the range")?;
        }
        for what in &self.unheeded {
            writeln!(out, "unheeded  .gitleaks.toml: {}", safe(what))?;
        }
        for (path, why) in &self.skipped {
            writeln!(out, "skipped  {} {why}", safe(path))?;
        }
        writeln!(out, "{}", self.summary())
    }

    fn json(&self) -> Value {
        json!({
            "findings": self.leaks.iter().map(leak_json).collect::<Vec<_>>(),
            "blocked": self.blocks(),
            "texts": self.texts,
            "bytes": self.bytes,
            "commits": self.commits.unwrap_or_default(),
            "values": { "searched": self.searched, "left_out": self.left_out, "closed": self.closed },
            "allowed": self.allowed,
            "cut": self.is_cut,
            "added": self.added.iter().map(allow_json).collect::<Vec<_>>(),
            "unused": self.unused.iter().map(allow_json).collect::<Vec<_>>(),
            "unheeded": self.unheeded,
            "skipped": self.skipped.iter().map(|(path, why)| json!({ "path": path, "why": why })).collect::<Vec<_>>(),
        })
    }
}

/// Writes a finding as people read it: where, what, and what to do.
pub(super) fn told(leak: &Leak, out: &mut dyn Write) -> io::Result<()> {
    let (place, sentence) = (place(leak), sentence(leak));
    writeln!(out, "{}  {}  {}", safe(&place), leak.rule, safe(&sentence))?;
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
    match &leak.what {
        What::Credential => format!("{} {}", leak.description, leak.excerpt),
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
        How::Url => ", encoded for URLs",
        How::Markup => ", as XML or HTML",
        How::Escaped => ", escaped",
        How::Split => ", over several lines or strings",
    }
}

pub(super) fn level(leak: &Leak) -> &'static str {
    match leak.level {
        Level::Block => "error",
        Level::Warn => "warning",
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

impl Scanned {
    /// What was looked through, in one line.
    pub(super) fn summary(&self) -> String {
        let blocking = self.blocking();
        let mut parts = vec![count(self.texts, "text")];
        parts.extend(self.commits.map(|commits| count(commits, "commit")));
        parts.push(match (blocking, self.leaks.len()) {
            (0, 0) => "nothing found".to_owned(),
            (some, all) => format!("{} found, {some} of them block", count(all, "secret")),
        });
        if self.allowed > 0 {
            parts.push(format!("{} let pass by exceptions", self.allowed));
        }
        if self.searched > 0 {
            parts.push(format!("{} looked for", count(self.searched, "managed value")));
        }
        if self.left_out > 0 {
            parts.push(format!("{} too short or common to look for", self.left_out));
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
