//! What a commit or a push would bring, as the hook says it.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::scanned::{leak_json, told};
use super::words::{count, counted, names};
use super::{Show, findings};
use crate::deeds::guard::{Guarded, Guards, Passing};
use crate::deeds::hooks::{A_HOOK_CAN_BE_SKIPPED, Hook};
use crate::deeds::scan::{Leak, Scanned, What};
use crate::finding::{Code, Finding};
use crate::scan::Level;

impl Show for Guarded {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.gravest().is_none() {
            let files = count(self.staged, "staged file");
            let judged = match self.guards {
                Guards::All => ", no plaintext",
                Guards::PolicyAlone => {
                    ", no credential; the policy has no environments, so no file is managed"
                }
                Guards::Nothing => {
                    ", no credential; there is no policy here, so no file is managed"
                }
            };
            return writeln!(out, "tenure: {files}{judged}{}", aside(&self.scanned, self.took));
        }
        writeln!(out, "tenure: commit blocked, {}", self.why())?;
        findings::grouped(&self.blocking, out)?;
        self.leaks().try_for_each(|leak| told(leak, out))?;
        way_out(&Hook::PreCommit.way_out(self.amid), out)
    }

    fn json(&self) -> Value {
        json!({
            "staged": self.staged,
            "judged": match self.guards {
                Guards::Nothing => "nothing",
                Guards::PolicyAlone => "policy",
                Guards::All => "all",
            },
            "blocked": self.gravest().is_some(),
            "findings": self.blocking.iter().map(findings::finding).collect::<Vec<_>>(),
            "leaks": self.scanned.leaks.iter().map(leak_json).collect::<Vec<_>>(),
            "values": values(&self.scanned),
            "unpinned": self.unpinned,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl Show for Passing {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let what = match self.hook {
            Hook::CommitMsg => "the message".to_owned(),
            _ => count(self.scanned.commits, "commit"),
        };
        let leaks: Vec<_> = blocking(&self.scanned).collect();
        if leaks.is_empty() {
            return writeln!(
                out,
                "tenure: {what}, no secret{}",
                aside(&self.scanned, self.scanned.took)
            );
        }
        let found = secrets(&leaks).join(" and ");
        writeln!(out, "tenure: {} blocked, {found} in {what}", self.hook.stops())?;
        leaks.iter().try_for_each(|leak| told(leak, out))?;
        way_out(&self.hook.way_out(self.amid), out)
    }

    fn json(&self) -> Value {
        json!({
            "hook": self.hook.name(),
            "commits": self.scanned.commits,
            "blocked": self.scanned.blocks(),
            "leaks": self.scanned.leaks.iter().map(leak_json).collect::<Vec<_>>(),
            "values": values(&self.scanned),
            "milliseconds": u64::try_from(self.scanned.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn way_out(command: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "to skip this hook once: {command}")?;
    writeln!(out, "{A_HOOK_CAN_BE_SKIPPED}")
}

/// What else was looked at, and what not; and how long it took.
fn aside(scanned: &Scanned, took: Duration) -> String {
    let mut parts = String::new();
    let warnings = scanned.leaks.len() - blocking(scanned).count();
    if warnings > 0 {
        parts.push_str(&format!(", {} (tenure scan)", count(warnings, "warning")));
    }
    if !scanned.closed.is_empty() {
        parts.push_str(&format!(", no key at hand opens {}", names(&scanned.closed)));
    }
    format!("{parts} ({} ms)", took.as_millis())
}

fn values(scanned: &Scanned) -> Value {
    json!({ "searched": scanned.searched, "left_out": scanned.left_out, "closed": scanned.closed })
}

fn blocking(scanned: &Scanned) -> impl Iterator<Item = &Leak> {
    scanned.leaks.iter().filter(|leak| leak.level == Level::Block)
}

/// Counts secrets by what they are: "1 managed value", "2 credentials".
fn secrets(leaks: &[&Leak]) -> Vec<String> {
    let managed = leaks.iter().filter(|leak| matches!(leak.what, What::Managed { .. })).count();
    let counts = [(managed, "managed value"), (leaks.len() - managed, "credential")];
    counts.iter().filter(|(number, _)| *number > 0).map(|(n, what)| count(*n, what)).collect()
}

impl Guarded {
    fn why(&self) -> String {
        let clear = |finding: &&Finding| {
            matches!(finding.code, Code::Plaintext | Code::PlainComment | Code::Open)
        };
        let plain = self.blocking.iter().filter(clear).count();
        let others = self.blocking.len() - plain;
        let leaks: Vec<_> = self.leaks().collect();
        let found = secrets(&leaks);
        let plain_text = counted(plain, "plaintext secret", "plaintext secrets");
        let other_text = counted(others, "breach of the policy", "breaches of the policy");
        let plain = (plain > 0).then_some(plain_text);
        let others = (others > 0).then_some(other_text);
        let number = self.blocking.len() + leaks.len();
        let parts: Vec<_> = plain.into_iter().chain(found).chain(others).collect();
        let is = if number == 1 { "is" } else { "are" };
        format!("{} {is} staged", parts.join(" and "))
    }
}
