//! What is trusted of a log.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::findings::{finding, grouped};
use super::words::counted;
use super::{Ink, Show, paint, safe};
use crate::deeds::trust::accept::{Acceptance, Lost};
use crate::deeds::trust::{Origin, Pin, Trusting};
use crate::finding::Severity;

impl Show for Trusting {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.beginning {
            Some(beginning) => {
                let key = beginning.key.as_deref().unwrap_or("a key that is not named");
                writeln!(out, "root     {}", beginning.root)?;
                writeln!(out, "         begun by {} on {}", beginning.by, beginning.time)?;
                writeln!(out, "         {}", safe(key))?;
            }
            None => writeln!(out, "root     {}", paint(Ink::Red, "no first entry here holds"))?,
        }
        match self.trusted {
            None => writeln!(out, "trusted  {}", paint(Ink::Red, "nothing yet"))?,
            Some((_, origin)) if self.is_that() => writeln!(out, "trusted  {}", why(origin))?,
            Some((root, origin)) => {
                let other = paint(Ink::Red, "another root");
                writeln!(out, "trusted  {other}: {root}, {}", why(origin))?;
            }
        }
        self.pin(out)?;
        for (at, head) in self.heads.iter().enumerate() {
            let label = if at == 0 { "heads  " } else { "       " };
            writeln!(out, "{label}  {head}")?;
        }
        let (holding, all) = self.entries;
        writeln!(out, "entries  {holding} of {all} verified")?;
        if self.pinned.is_some() && self.beyond > 0 {
            writeln!(
                out,
                "         {} not in the pin yet",
                counted(self.beyond, "entry", "entries")
            )?;
        }
        grouped(self.findings.iter().filter(|it| it.severity > Severity::Note), out)
    }

    fn json(&self) -> Value {
        json!({
            "root": self.beginning.as_ref().map(|beginning| beginning.root),
            "begun": self.beginning.as_ref().map(|beginning| json!({
                "by": beginning.by,
                "key": beginning.key,
                "time": beginning.time.to_string(),
            })),
            "trusted": self.trusted.map(|(root, _)| root),
            "origin": self.trusted.map(|(_, origin)| word(origin)),
            "pinned": self.pinned.as_ref().map(|pin| pin.root),
            "pin": self.pinned.as_ref().map(pinned),
            "policy": self.policy,
            "heads": self.heads,
            "entries": {
                "verified": self.entries.0,
                "all": self.entries.1,
                "beyond_pin": self.beyond,
            },
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

impl Trusting {
    fn pin(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(seq) = self.policy {
            writeln!(out, "policy   {seq} in force")?;
        }
        match &self.pinned {
            Some(pin) => seen("pin    ", pin, out),
            None => Ok(()),
        }
    }

    /// The gravest thing wrong.
    pub(crate) fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Tells whether the root that is trusted is the one that the log begins with.
    pub(crate) fn is_that(&self) -> bool {
        let root = self.beginning.as_ref().map(|beginning| beginning.root);
        self.trusted.is_some_and(|(trusted, _)| Some(trusted) == root)
    }
}

/// What was seen of the protected branch.
fn seen(label: &str, pin: &Pin, out: &mut dyn Write) -> io::Result<()> {
    let Some(mark) = &pin.mark else {
        return writeln!(out, "{label}  no state of the protected branch yet");
    };
    writeln!(out, "{label}  {} at {}", safe(&mark.branch), mark.commit.as_str())?;
    mark.heads.iter().try_for_each(|head| writeln!(out, "         {head}"))
}

fn pinned(pin: &Pin) -> Value {
    json!({
        "root": pin.root,
        "branch": pin.mark.as_ref().map(|mark| &mark.branch),
        "commit": pin.mark.as_ref().map(|mark| mark.commit.as_str()),
        "heads": pin.mark.as_ref().map(|mark| &mark.heads),
    })
}

impl Show for Acceptance {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.old {
            Some(old) => {
                writeln!(out, "seen     {}", old.root)?;
                seen("       ", old, out)?;
            }
            None => writeln!(out, "seen     nothing")?,
        }
        let other = self.old.as_ref().is_some_and(|old| old.root != self.new.root);
        let warning = if other { paint(Ink::Red, "  another root") } else { String::new() };
        writeln!(out, "here     {}{warning}", self.new.root)?;
        seen("       ", &self.new, out)?;
        for lost in &self.lost {
            writeln!(out, "{}  {}", paint(Ink::Red, "gone   "), gone(lost))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let lost = |lost: &Lost| {
            json!({
                "id": lost.id,
                "by": lost.said.as_ref().map(|said| &said.by),
                "time": lost.said.as_ref().map(|said| said.time.to_string()),
                "kind": lost.said.as_ref().map(|said| said.kind),
                "reason": lost.said.as_ref().and_then(|said| said.reason.as_ref()),
            })
        };
        json!({
            "seen": self.old.as_ref().map(pinned),
            "pin": pinned(&self.new),
            "gone": self.lost.iter().map(lost).collect::<Vec<_>>(),
        })
    }
}

fn gone(lost: &Lost) -> String {
    let id = lost.id.short();
    let Some(said) = &lost.said else { return format!("entry {id}, not at hand any more") };
    let reason = said.reason.as_deref().map(|why| format!(": {}", safe(why))).unwrap_or_default();
    format!("entry {id}, {} by {} on {}{reason}", said.kind, said.by, said.time)
}

fn why(origin: Origin) -> &'static str {
    match origin {
        Origin::Said => "by --root, for this run",
        Origin::Variable => "by TENURE_ROOT, for this run",
        Origin::Pin => "pinned in this clone",
        Origin::FirstUse => "pinned in this clone just now",
    }
}

fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::Said => "option",
        Origin::Variable => "variable",
        Origin::Pin => "pin",
        Origin::FirstUse => "first-use",
    }
}
