//! What a commit or a push would bring, as the hook says it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::scanned::told;
use super::set::name;
use super::words::{count, counted, names};
use super::{Show, findings, safe};
use crate::deeds::guard::{Guarded, Guards, Passing};
use crate::deeds::hooks::{A_HOOK_CAN_BE_SKIPPED, Hook};
use crate::deeds::scan::{Leak, MANAGED, Scanned};
use crate::names::quoted;
use crate::scan::Level;
use crate::world::Doubt;

/// How many values are named that are not looked for.
const NAMED: usize = 3;

impl Show for Guarded {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = count(self.staged, "staged file");
        let took = self.took.as_millis();
        secrets(&self.scanned, out)?;
        if self.gravest().is_none() {
            let guards = match self.guards {
                Guards::All | Guards::Untouched => "",
                Guards::PolicyAlone => "; the policy has no environments, so no file is managed",
                Guards::Nothing => "; there is no policy here, so no file is managed",
            };
            let rest = format!("{}{}", rest(&self.scanned), self.common());
            return writeln!(out, "tenure: {files}, no plaintext{guards}{rest} ({took} ms)");
        }
        writeln!(out, "tenure: commit blocked, {}", self.why())?;
        findings::grouped(&self.blocking, out)?;
        way_out(&Hook::PreCommit.way_out(self.amid), out)
    }

    fn json(&self) -> Value {
        json!({
            "staged": self.staged,
            "judged": match self.guards {
                Guards::Nothing => "nothing",
                Guards::PolicyAlone => "policy",
                Guards::All => "all",
                Guards::Untouched => "untouched",
            },
            "blocked": self.gravest().is_some(),
            "findings": self.blocking.iter().map(findings::finding).collect::<Vec<_>>(),
            "secrets": self.scanned.json(),
            "unpinned": self.unpinned,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl Guarded {
    /// The values that nobody looks for, where the commit is about sealed files: whoever makes it can choose others.
    fn common(&self) -> String {
        let common = &self.scanned.left_out;
        if self.guards != Guards::All || common.is_empty() {
            return String::new();
        }
        let named: Vec<_> = common.iter().take(NAMED).map(name).collect();
        let more = match common.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("; too short or common to be looked for: {}{more}", named.join(", "))
    }

    fn why(&self) -> String {
        let plain = self.blocking.iter().filter(|finding| finding.is_in_clear()).count();
        let others = self.blocking.len() - plain;
        let plain = plain + self.scanned.blocking();
        let plain_text = counted(plain, "plaintext secret is", "plaintext secrets are");
        let other_text = counted(others, "breach of the policy is", "breaches of the policy are");
        match (plain, others) {
            (0, _) => format!("{other_text} staged"),
            (_, 0) => format!("{plain_text} staged"),
            _ => format!("{plain_text} staged and {other_text}"),
        }
    }
}

impl Show for Passing {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let what = match self.hook {
            Hook::CommitMsg => "the message".to_owned(),
            _ => count(self.scanned.commits.unwrap_or_default(), "commit"),
        };
        secrets(&self.scanned, out)?;
        if !self.scanned.blocks() {
            let (rest, took) = (rest(&self.scanned), self.scanned.took.as_millis());
            return writeln!(out, "tenure: {what}, no plaintext{rest} ({took} ms)");
        }
        let blocking = self.scanned.blocking();
        let found = counted(blocking, "plaintext secret is", "plaintext secrets are");
        writeln!(out, "tenure: {} blocked, {found} in {what}", self.hook.stops())?;
        if let Some((remote, doubt)) = &self.doubt {
            writeln!(out, "{}", safe(&doubted(remote, *doubt)))?;
        }
        way_out(&self.hook.way_out(self.amid), out)
    }

    fn json(&self) -> Value {
        json!({
            "hook": self.hook.name(),
            "blocked": self.scanned.blocks(),
            "doubt": self.doubt.as_ref().map(|(_, doubt)| match doubt {
                Doubt::Stale => "stale",
                Doubt::Elsewhere => "elsewhere",
                Doubt::Unfetched => "unfetched",
            }),
            "secrets": self.scanned.json(),
            "milliseconds": u64::try_from(self.scanned.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// Why all that is pushed counts as brought, and what makes more of it known.
fn doubted(remote: &str, doubt: Doubt) -> String {
    let remote = quoted(remote);
    match doubt {
        Doubt::Stale => format!(
            "{remote} says otherwise than what is known of it here, so all counts that it may lack; to know it anew: git fetch --prune {remote}"
        ),
        Doubt::Unfetched => format!(
            "{remote} was never fetched here, so all counts that git does not say it has; to know it: git fetch {remote}"
        ),
        Doubt::Elsewhere => format!(
            "{remote} is not fetched from where this goes, so all counts that may be missing there; to know it: git remote add NAME URL && git fetch NAME, and push to NAME"
        ),
    }
}

/// What was found, and what was not looked into.
fn secrets(scanned: &Scanned, out: &mut dyn Write) -> io::Result<()> {
    // What opens nothing, as the policy says, is no news to whoever commits.
    let is_setting = |leak: &&Leak| leak.rule == MANAGED && leak.level == Level::Warn;
    for leak in scanned.leaks.iter().filter(|leak| !is_setting(leak)) {
        told(leak, out)?;
    }
    if let Some(more) = scanned.untold() {
        writeln!(out, "{more}")?;
    }
    for (path, why) in &scanned.skipped {
        writeln!(out, "not looked into  {} {why}", safe(path))?;
    }
    Ok(())
}

fn way_out(command: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "to skip this hook once: {command}")?;
    writeln!(out, "{A_HOOK_CAN_BE_SKIPPED}")
}

/// What else there is to say of a clean verdict: what passes, and the environments whose values could not be looked for.
fn rest(scanned: &Scanned) -> String {
    let mut parts = scanned.passing();
    if !scanned.closed.is_empty() {
        let closed = names(&scanned.closed);
        parts.push(format!("values of {closed} not looked for, as no key at hand opens them"));
    }
    parts.into_iter().map(|part| format!("; {part}")).collect()
}
