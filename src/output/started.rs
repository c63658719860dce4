//! What `init` did, or took back.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::{count, names};
use super::{Show, safe};
use crate::deeds::init::Started;
use crate::deeds::init::import::{Exposure, Imported, Loose};
use crate::deeds::init::undo::Undone;
use crate::names::quoted;

impl Show for Started {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(pair) = &self.new_key {
            let path = pair.path.display().to_string();
            writeln!(out, "made  {} (0600, outside of the repository)", safe(&path))?;
            writeln!(out, "      recipient and signing key  {}", pair.public)?;
        }
        for path in self.paths.iter().filter(|path| !path.as_str().starts_with(".secrets/")) {
            writeln!(out, "wrote {path}")?;
        }
        writeln!(out, "wrote .secrets/  the signed log, the policy's text, the keyrings")?;
        for done in &self.imported {
            let values = count(done.values, "value");
            writeln!(out, "wrote {}  {values} of {} sealed for {}", done.to, done.from, done.env)?;
        }
        writeln!(out, "you   {}, admin of {}", self.member, names(&self.environments))?;
        writeln!(out, "key   {}", self.key)?;
        if let Ok(hook) = &self.hook {
            hook.human(out)?;
        }
        writeln!(out, "root  {}", self.root)?;
        writeln!(out, "      CI needs it as TENURE_ROOT: set it at the host, not in a file here")?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "root": self.root.to_string(),
            "member": self.member,
            "environments": self.environments,
            "paths": self.paths,
            "key": self.key,
            "new_key": self.new_key.as_ref().map(Show::json),
            "imported": self.imported.iter().map(imported_json).collect::<Vec<_>>(),
            "not_imported": self.loose.iter().map(|loose| &loose.path).collect::<Vec<_>>(),
            "hook": self.hook.is_ok(),
        })
    }
}

fn imported_json(done: &Imported) -> Value {
    json!({
        "from": done.from,
        "to": done.to,
        "environment": done.env,
        "values": done.values,
        "exposure": match done.exposure {
            Exposure::Ignored => "ignored",
            Exposure::NowIgnored => "now-ignored",
            Exposure::InHistory => "in-history",
        },
    })
}

/// What deserves a loud word after `init`.
#[must_use]
pub fn warnings(started: &Started) -> Vec<String> {
    let mut all = Vec::new();
    for done in started.imported.iter().filter(|done| done.exposure == Exposure::InHistory) {
        all.push(format!(
            "{} is in git's history: whoever has a copy has its values. git rm --cached {}, and \
             rotate each of them",
            done.from, done.from
        ));
    }
    if let Err(why) = &started.hook {
        all.push(format!("no hook was installed: {why}; tenure hook install"));
    }
    let open = started.loose.iter().filter(|loose| !loose.ignored).map(|loose| {
        let path = quoted(&loose.path);
        format!(
            "git does not ignore {path}: `git add -A` would commit it in clear; \
             echo {path} >> .gitignore"
        )
    });
    all.extend(open);
    all.push("one admin key only: add a second one with tenure member add".to_owned());
    all
}

/// What is good to know after `init`.
#[must_use]
pub fn notes(started: &Started) -> Vec<String> {
    let imported = started.imported.iter().map(|done| {
        format!("{} is still there in clear; remove it once nothing needs it", done.from)
    });
    imported.chain(started.loose.iter().map(loose)).collect()
}

fn loose(loose: &Loose) -> String {
    let path = &loose.path;
    match &loose.target {
        Some((_, to)) => {
            let folder =
                to.as_str().strip_suffix(to.file_name()).map(|it| it.trim_end_matches('/'));
            let folder = folder.filter(|folder| !folder.is_empty());
            let make = folder.map(|folder| format!("mkdir -p {} && ", quoted(folder)));
            let (from, to) = (quoted(path), quoted(to));
            let make = make.unwrap_or_default();
            format!("found {path} in clear: {make}cp {from} {to} && tenure seal {to}")
        }
        None => format!(
            "found {path} in clear: copy it to where the policy's patterns look, then tenure seal"
        ),
    }
}

impl Show for Undone {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for path in &self.paths {
            writeln!(out, "took back {path}")?;
        }
        writeln!(out, "root {} is trusted no longer; your key stays", self.root)
    }

    fn json(&self) -> Value {
        json!({ "root": self.root.to_string(), "paths": self.paths })
    }
}
