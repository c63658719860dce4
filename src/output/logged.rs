//! Entries of the log: a list, one of them whole, and who may sign.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::count;
use super::{Ink, Show, findings, paint, safe};
use crate::deeds::log::{AllowedSigner, Line, Lines, Shown, kind};
use crate::log::entry::{FileChange, Item, KeyringRecord, Kind, Note};
use crate::log::signature::NAMESPACE;
use crate::verify::Verdict;

impl Show for Lines {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.entries.iter().map(|line| line.by.as_str().len()).max().unwrap_or(0);
        for line in &self.entries {
            let verdict = mark(line.verdict).map(|mark| format!("{mark}  ")).unwrap_or_default();
            let reason = line.reason.as_ref().map(|why| format!("  \"{}\"", safe(why)));
            writeln!(
                out,
                "{}  {}  {:width$}  {verdict}{}{}",
                line.id.short(),
                line.time,
                line.by.as_str(),
                summary(line),
                reason.unwrap_or_default()
            )?;
        }
        findings::grouped(&self.findings, out)
    }

    fn json(&self) -> Value {
        json!({
            "entries": self.entries.iter().map(entry).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(findings::finding).collect::<Vec<_>>(),
        })
    }
}

fn entry(line: &Line) -> Value {
    let changes = line.changes.iter().map(|(env, counts)| {
        let counts: serde_json::Map<_, _> =
            counts.iter().map(|(word, count)| ((*word).to_owned(), json!(count))).collect();
        json!({ "environment": env, "counts": counts })
    });
    json!({
        "id": line.id,
        "time": line.time.to_string(),
        "by": line.by,
        "kind": line.kind,
        "changes": changes.collect::<Vec<_>>(),
        "policy": line.policy,
        "approves": line.approves,
        "note": line.note.as_ref().map(stated),
        "reason": line.reason,
        "verdict": word(line.verdict),
    })
}

fn summary(line: &Line) -> String {
    if let Some(number) = line.policy {
        return format!("{}  policy {number}", line.kind);
    }
    if let Some(target) = line.approves {
        return format!("{}  entry {}", line.kind, target.short());
    }
    if let Some(note) = &line.note {
        return format!("{}  {}", line.kind, safe(&gist(note)));
    }
    let of = |(env, counts): &(crate::names::EnvName, Vec<(&str, usize)>)| {
        let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
        format!("{env}: {}", counts.join(", "))
    };
    let changes: Vec<_> = line.changes.iter().map(of).collect();
    format!("{}  {}", line.kind, changes.join("; "))
}

/// A coloured word for what does not count.
fn mark(verdict: Verdict) -> Option<String> {
    match verdict {
        Verdict::Holds => None,
        Verdict::Void => Some(paint(Ink::Yellow, "void")),
        Verdict::Refused => Some(paint(Ink::Red, "refused")),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "verified",
        Verdict::Void => "void",
        Verdict::Refused => "refused",
    }
}

impl Show for Shown {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let signed = &self.entry;
        let verdict = mark(self.verdict).unwrap_or_else(|| paint(Ink::Green, "verified"));
        writeln!(out, "entry    {}  {verdict}", self.id)?;
        writeln!(out, "file     {}", self.path)?;
        writeln!(out, "kind     {}", kind(signed))?;
        writeln!(out, "by       {}  {}", signed.by, self.key.as_deref().unwrap_or_default())?;
        writeln!(out, "time     {}", signed.time)?;
        if let Some(reason) = &signed.reason {
            writeln!(out, "reason   {}", safe(reason))?;
        }
        for parent in &signed.parents {
            writeln!(out, "parent   {parent}")?;
        }
        if let Some(policy) = signed.policy {
            writeln!(out, "policy   {policy}")?;
        }
        self.body(out)?;
        findings::grouped(&self.findings, out)?;
        writeln!(out, "verify   {}", self.command())
    }

    fn json(&self) -> Value {
        let signed = &self.entry;
        json!({
            "id": self.id,
            "file": self.path,
            "kind": kind(signed),
            "by": signed.by,
            "key": self.key,
            "time": signed.time.to_string(),
            "reason": signed.reason,
            "root": signed.root,
            "parents": signed.parents,
            "policy": signed.policy,
            "step": self.step(),
            "note": self.note(),
            "items": signed.files().iter().flat_map(items).collect::<Vec<_>>(),
            "keyrings": signed.keyrings().iter().map(keyring).collect::<Vec<_>>(),
            "verdict": word(self.verdict),
            "findings": self.findings.iter().map(findings::finding).collect::<Vec<_>>(),
            "verify": self.command(),
        })
    }
}

impl Shown {
    fn step(&self) -> Value {
        match &self.entry.kind {
            Kind::Init(step) | Kind::Policy(step) => {
                json!({ "number": step.seq, "previous": step.prev, "hash": step.hash })
            }
            Kind::Note(Note::Approve { target }) => json!({ "approves": target }),
            Kind::Note(_) | Kind::Seal { .. } => Value::Null,
        }
    }

    fn note(&self) -> Value {
        match &self.entry.kind {
            Kind::Note(note) => stated(note),
            Kind::Init(_) | Kind::Policy(_) | Kind::Seal { .. } => Value::Null,
        }
    }

    fn body(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.entry.kind {
            Kind::Init(step) | Kind::Policy(step) => {
                writeln!(out, "puts     policy {}, {}", step.seq, step.hash)
            }
            Kind::Note(note) => told_of(note, out),
            Kind::Seal { files, keyrings } => {
                for file in files {
                    file.items.iter().try_for_each(|item| told(file, item, out))?;
                }
                keyrings.iter().try_for_each(|ring| {
                    let (env, gen_id) = (&ring.env, ring.generation);
                    writeln!(
                        out,
                        "keyring  {env}  generation {gen_id}, {} earlier",
                        ring.earlier.len()
                    )
                })
            }
        }
    }

    /// What checks the signature with stock OpenSSH alone. Design, section 6.
    fn command(&self) -> String {
        let (path, by) = (&self.path, &self.entry.by);
        format!(
            "sed '/^-----BEGIN SSH/,$d' {path} | ssh-keygen -Y verify -f <(tenure log signers) \
             -I {by} -n {NAMESPACE} -s <(sed -n '/^-----BEGIN SSH/,$p' {path})"
        )
    }
}

/// A note in a few words.
fn gist(note: &Note) -> String {
    match note {
        Note::Approve { target } | Note::IncidentClose { target } => {
            format!("entry {}", target.short())
        }
        Note::Revoked { value, grade } => format!("{}, {}", value.address, grade.word()),
        Note::IncidentOpen { subject, drill, values } => {
            let drill = if *drill { "drill, " } else { "" };
            format!("{drill}{subject}, {}", count(values.len(), "value"))
        }
        Note::IncidentAccept { target, value, until } => {
            format!("{} of entry {} until {until}", value.address, target.short())
        }
    }
}

/// A note for machines: all of it.
fn stated(note: &Note) -> Value {
    let mut all = json!({
        "kind": note.word(),
        "target": note.target(),
        "values": note.values().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    match note {
        Note::Approve { .. } | Note::IncidentClose { .. } => {}
        Note::Revoked { grade, .. } => all["grade"] = json!(grade.word()),
        Note::IncidentOpen { subject, drill, .. } => {
            all["subject"] = json!(subject.to_string());
            all["drill"] = json!(drill);
        }
        Note::IncidentAccept { until, .. } => all["until"] = json!(until.to_string()),
    }
    all
}

fn told_of(note: &Note, out: &mut dyn Write) -> io::Result<()> {
    match note {
        Note::Approve { target } => writeln!(out, "approves {target}")?,
        Note::Revoked { grade, .. } => writeln!(out, "grade    {}", grade.word())?,
        Note::IncidentOpen { subject, drill, .. } => {
            writeln!(out, "subject  {}", safe(&subject.to_string()))?;
            if *drill {
                writeln!(out, "drill    yes")?;
            }
        }
        Note::IncidentAccept { target, until, .. } => {
            writeln!(out, "target   {target}")?;
            writeln!(out, "until    {until}")?;
        }
        Note::IncidentClose { target } => writeln!(out, "target   {target}")?,
    }
    let mut values = note.values().iter();
    values.try_for_each(|value| writeln!(out, "value    {}", safe(&value.to_string())))
}

fn told(file: &FileChange, item: &Item, out: &mut dyn Write) -> io::Result<()> {
    let address = file.address(&item.key).to_string();
    write!(out, "{:<8} {}", item.op.word(), safe(&address))?;
    if let Some(kind) = &item.kind {
        write!(out, "  {kind}")?;
    }
    if let Some(due) = item.due {
        write!(out, "  due {due}")?;
    }
    match &item.of {
        Some(of) => writeln!(out, "  of {}", of.entry.short()),
        None => writeln!(out),
    }
}

fn items(file: &FileChange) -> impl Iterator<Item = Value> {
    file.items.iter().map(|item| {
        json!({
            "op": item.op.word(),
            "address": file.address(&item.key),
            "of": item.of.as_ref().map(ToString::to_string),
            "generation": item.generation,
            "type": item.kind,
            "due": item.due.map(|due| due.to_string()),
            "hash": item.hash,
        })
    })
}

fn keyring(ring: &KeyringRecord) -> Value {
    json!({
        "environment": ring.env,
        "generation": ring.generation,
        "recipient": ring.recipient,
        "earlier": ring.earlier,
        "hash": ring.hash,
    })
}

impl Show for Vec<AllowedSigner> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.iter().try_for_each(|signer| {
            writeln!(out, "{} namespaces=\"{NAMESPACE}\" {}", signer.member, signer.key)
        })
    }

    fn json(&self) -> Value {
        let one = |signer: &AllowedSigner| json!({ "member": signer.member, "key": signer.key });
        json!({ "namespace": NAMESPACE, "signers": self.iter().map(one).collect::<Vec<_>>() })
    }
}
