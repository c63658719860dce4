//! The policy as a whole: what was signed, what is in force, what is doubtful in it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::enacted::{effect_json, enacted_json, receipt};
use super::findings::{finding, line};
use super::words::names;
use super::{Ink, Show, paint};
use crate::deeds::policy::lint::Linted;
use crate::deeds::policy::show::{Environment, Shown};
use crate::deeds::policy::sign::Signed;

impl Show for Signed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({ "effect": effect_json(&self.effect), "signed": enacted_json(&self.enacted) })
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
        Ok(())
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
            "altered": self.altered.is_some(),
        })
    }
}
