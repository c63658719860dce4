//! The policy as a whole: what was signed, what is in force, what another one changes, what is doubtful.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::enacted::{effect_json, enacted_json, preview, receipt, said, signed_json};
use super::findings::{finding, line};
use super::words::names;
use super::{Ink, Show, paint, safe};
use crate::deeds::policy::diff::{Compared, Side};
use crate::deeds::policy::lint::Linted;
use crate::deeds::policy::reconcile::{Reconciled, Source};
use crate::deeds::policy::show::{Environment, Shown, Waiting};
use crate::deeds::policy::sign::Signed;
use crate::policy::PATH;

impl Show for Signed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({ "effect": effect_json(&self.effect), "signed": enacted_json(&self.enacted) })
    }
}

impl Show for Reconciled {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "source": match self.source {
                Source::Merged => "merged",
                Source::File => "file",
                Source::Taken => "taken",
                Source::Signed => "signed",
            },
            "effects": self.effects.iter().map(effect_json).collect::<Vec<_>>(),
            "signed": enacted_json(&self.enacted),
        })
    }
}

/// Says where the text of a reconciled policy is from.
#[must_use]
pub fn origin(source: Source) -> &'static str {
    match source {
        Source::Merged => "takes the changes of all sides",
        Source::File => "takes .secrets-policy.toml as it lies here",
        Source::Taken => "takes one policy whole",
        Source::Signed => "takes what another admin signed",
    }
}

impl Show for Vec<Compared> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.iter().try_for_each(|pair| {
            writeln!(out, "from {}", side(&pair.from))?;
            writeln!(out, "to   {}", side(&pair.to))?;
            writeln!(out, "{}", preview(&pair.effect))
        })?;
        for signed in self.first().iter().flat_map(|pair| &pair.waiting) {
            let (seq, id, by) = (signed.seq, signed.entry.short16(), &signed.by);
            writeln!(out, "waits  policy {seq} by {by}: tenure policy diff {id}")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let side = |side: &Side| match side {
            Side::File => json!({ "file": PATH }),
            Side::Entry(signed) => signed_json(signed),
            Side::Revision(text) => json!({ "revision": text }),
        };
        let pair = |pair: &Compared| {
            json!({
                "from": side(&pair.from),
                "to": side(&pair.to),
                "effect": effect_json(&pair.effect),
                "waiting": pair.waiting.iter().map(signed_json).collect::<Vec<_>>(),
            })
        };
        json!({ "compared": self.iter().map(pair).collect::<Vec<_>>() })
    }
}

fn side(side: &Side) -> String {
    match side {
        Side::File => format!("{PATH}, as it lies here, signed by nobody"),
        Side::Entry(signed) => said(signed),
        Side::Revision(text) => format!("{PATH} of {}, signed or not", safe(text)),
    }
}

impl Show for Linted {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.findings.iter().try_for_each(|finding| line(finding, out))?;
        match (self.is_broken(), self.findings.len()) {
            (false, 0) => writeln!(out, "{}  nothing doubtful", paint(Ink::Green, "ok")),
            (false, _) => writeln!(out, "{}  it can be signed", paint(Ink::Green, "ok")),
            (true, _) => writeln!(out, "{}  it cannot be signed", paint(Ink::Red, "broken")),
        }
    }

    fn json(&self) -> Value {
        json!({ "findings": self.findings.iter().map(finding).collect::<Vec<_>>() })
    }
}

impl Show for Shown {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.signed {
            Some((seq, entry, by)) => {
                let entry = entry.short();
                writeln!(out, "policy {seq}, revision {}; entry {entry} by {by}", self.revision)?;
            }
            None => writeln!(out, "policy without a log, revision {}", self.revision)?,
        }
        let (admins, threshold) = &self.admins;
        writeln!(out, "admins  {}; {threshold} must sign", names(admins))?;
        for (role, members) in &self.roles {
            writeln!(out, "role    {role} = {}", names(members))?;
        }
        for env in &self.environments {
            writeln!(out, "{}", paint(Ink::Blue, env.name.as_str()))?;
            writeln!(out, "  files    {}", env.files.join(", "))?;
            writeln!(out, "  readers  {}", names(&env.readers))?;
            writeln!(out, "  writers  {}", names(&env.writers))?;
        }
        self.proposals.iter().try_for_each(|it| waiting(it, out))
    }

    fn json(&self) -> Value {
        let role = |(role, members): &(_, Vec<_>)| json!({ "role": role, "members": members });
        let env = |env: &Environment| {
            json!({
                "name": env.name,
                "files": env.files,
                "readers": env.readers,
                "writers": env.writers,
            })
        };
        json!({
            "policy": self.signed.as_ref().map(|(seq, ..)| seq),
            "entry": self.signed.as_ref().map(|(_, entry, _)| entry),
            "by": self.signed.as_ref().map(|(.., by)| by),
            "revision": self.revision,
            "repository": self.repository,
            "admins": self.admins.0,
            "threshold": self.admins.1,
            "roles": self.roles.iter().map(role).collect::<Vec<_>>(),
            "environments": self.environments.iter().map(env).collect::<Vec<_>>(),
            "proposals": self.proposals.iter().map(waiting_json).collect::<Vec<_>>(),
            "altered": self.altered.is_some(),
        })
    }
}

fn waiting(waiting: &Waiting, out: &mut dyn Write) -> io::Result<()> {
    let Waiting { signed, lacks, may } = waiting;
    let (entry, by) = (signed.entry.short16(), names(&signed.signed));
    let seq = signed.seq;
    match lacks {
        Some(lacks) => {
            let word = paint(Ink::Yellow, "waits");
            writeln!(out, "{word}   policy {seq} of entry {entry}, signed by {by}")?;
            writeln!(
                out,
                "        wants {lacks} more of {}: tenure policy sign {entry}",
                names(may)
            )
        }
        None => {
            writeln!(out, "stale   policy {seq} of entry {entry}, signed by {by}: another followed")
        }
    }
}

fn waiting_json(waiting: &Waiting) -> Value {
    json!({
        "signed": signed_json(&waiting.signed),
        "lacks": waiting.lacks,
        "may": waiting.may,
        "stale": waiting.lacks.is_none(),
    })
}
