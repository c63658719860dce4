//! Who could read what: a line a value, those in use first.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use super::findings::{finding, grouped};
use super::words::{count, counted, names};
use super::{Ink, Show, paint, safe};
use crate::deeds::exposure::value::{Leaked, Match};
use crate::deeds::exposure::{Ending, Exposure, Looked, Proof, Unlogged, Value, Wanted};
use crate::names::quoted;

impl Show for Exposure {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let keys = match self.who.recipients.as_slice() {
            [] => String::new(),
            some => format!(", {}", some.join(", ")),
        };
        let who = safe(&self.who.text).into_owned();
        writeln!(out, "what {} {who} could read{}{keys}", self.who.kind, span(&self.wanted))?;
        let rows: Vec<_> = self.values.iter().map(row).collect();
        table(&rows, out)?;
        for it in &self.unlogged {
            writeln!(out, "{}", unlogged(it))?;
        }
        let live = self.values.iter().filter(|it| it.window.is_live()).count();
        let dead = self.values.len() - live;
        writeln!(out, "{} in use, {dead} dead", count(live, "value"))?;
        looked(&self.looked, out)?;
        grouped(&self.findings, out)
    }

    fn json(&self) -> Json {
        let live = self.values.iter().filter(|it| it.window.is_live()).count();
        json!({
            "subject": { "kind": self.who.kind, "text": self.who.text },
            "recipients": self.who.recipients,
            "since": self.wanted.since.map(|day| day.to_string()),
            "until": self.wanted.until.map(|day| day.to_string()),
            "environment": self.wanted.env,
            "live": live,
            "dead": self.values.len() - live,
            "values": self.values.iter().map(value_json).collect::<Vec<_>>(),
            "unlogged": self.unlogged.iter().map(unlogged_json).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "looked": looked_json(&self.looked),
        })
    }
}

impl Show for Leaked {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for it in &self.matches {
            matched(it, out)?;
        }
        for it in &self.unlogged {
            writeln!(out, "{}", unlogged(it))?;
        }
        if self.matches.is_empty() && self.unlogged.is_empty() {
            writeln!(out, "no value that your keys open was ever this one")?;
        }
        if self.absent > 0 {
            let absent = count(self.absent, "value");
            let word = paint(Ink::Yellow, "absent");
            writeln!(out, "{word}  {absent} of the log: nowhere in this clone, and not compared")?;
        }
        if !self.closed.is_empty() {
            let closed = names(&self.closed);
            writeln!(
                out,
                "{}  {closed}: none of your keys opens it",
                paint(Ink::Yellow, "closed")
            )?;
        }
        looked(&self.looked, out)
    }

    fn json(&self) -> Json {
        json!({
            "matches": self.matches.iter().map(match_json).collect::<Vec<_>>(),
            "unlogged": self.unlogged.iter().map(unlogged_json).collect::<Vec<_>>(),
            "absent": self.absent,
            "closed": self.closed,
            "looked": looked_json(&self.looked),
        })
    }
}

fn span(wanted: &Wanted) -> String {
    let since = wanted.since.map(|day| format!(" since {day}")).unwrap_or_default();
    let until = wanted.until.map(|day| format!(" until {day}")).unwrap_or_default();
    format!("{since}{until}")
}

fn mark(value: &Value) -> String {
    if value.window.is_live() { paint(Ink::Red, "live") } else { "dead".to_owned() }
}

/// The name of a value; all of them, where branches let it stand at several places.
fn name(value: &Value) -> String {
    match value.window.live_at.as_slice() {
        [] | [_] => safe(&value.name).into_owned(),
        several => safe(&names(several)).into_owned(),
    }
}

fn row(value: &Value) -> [String; 6] {
    let until = value.window.until.map(|day| format!("until {day}"));
    let how = match value.proof {
        Proof::Opened => "opened",
        Proof::Log => "by the log",
    };
    [
        mark(value),
        name(value),
        format!("since {}", value.window.since),
        until.unwrap_or_default(),
        how.to_owned(),
        shown(value),
    ]
}

/// What shows that it is live, or dead.
fn shown(value: &Value) -> String {
    let how = value.end.as_ref().map(|end| {
        let word = match end.by {
            Ending::Replaced => "replaced",
            Ending::Deleted => "deleted",
        };
        let revoked = match &value.revoked {
            Some((who, grade)) => format!("ended at its issuer ({} by {who})", grade.word()),
            None => "no end at its issuer told".to_owned(),
        };
        format!("{word} by {}, {revoked}, ", end.signer)
    });
    let entry = value.window.shown.map(|id| format!("entry {}", id.short()));
    let commit = match &value.commit {
        Some(commit) => format!("commit {}", commit.short()),
        None => "not committed".to_owned(),
    };
    format!("{}{}, {commit}", how.unwrap_or_default(), entry.unwrap_or_default())
}

fn table(rows: &[[String; 6]], out: &mut dyn Write) -> io::Result<()> {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [b, c, d, e] = [1, 2, 3, 4].map(width);
    rows.iter().try_for_each(|[mark, name, since, until, how, shown]| {
        writeln!(out, "{mark}  {name:b$}  {since:c$}  {until:d$}  {how:e$}  {shown}")
    })
}

fn unlogged(it: &Unlogged) -> String {
    let commit = match &it.commit {
        Some(commit) => format!("commit {}", commit.short()),
        None => "not committed".to_owned(),
    };
    let address = it.address.to_string();
    format!(
        "{}  {}  in no entry that is here, {commit}",
        paint(Ink::Yellow, "more"),
        safe(&address)
    )
}

fn looked(looked: &Looked, out: &mut dyn Write) -> io::Result<()> {
    let mut what = vec![count(looked.keyrings, "keyring")];
    if looked.files > 0 {
        what.push(count(looked.files, "content") + " of sealed files");
    }
    let opened = match looked.keyrings_opened {
        0 => String::new(),
        some => {
            let values = counted(looked.opened, "token or file", "tokens or files");
            format!("; opened {} and {values}", count(some, "keyring"))
        }
    };
    writeln!(out, "looked at {}{opened}", what.join(" and "))?;
    if looked.is_cut {
        let cut = paint(Ink::Yellow, "cut");
        writeln!(out, "{cut}   not all of the history is at hand\n  fix  git fetch --unshallow")?;
    }
    Ok(())
}

fn matched(it: &Match, out: &mut dyn Write) -> io::Result<()> {
    let value = &it.value;
    let part = if it.is_part { ", as a part of the file" } else { "" };
    let (since, by) = (value.window.since, &it.by);
    writeln!(out, "{}  {}, set {since} by {by}{part}", mark(value), name(value))?;
    writeln!(out, "  shown by  {}", shown(value))?;
    for reader in &it.readers {
        let still = if reader.reads { "" } else { ", reads it no more" };
        writeln!(out, "  reader    {} since {}{still}", reader.member, reader.since)?;
    }
    match incident(value) {
        Some(line) => writeln!(out, "  next      {}", safe(&line)),
        None => Ok(()),
    }
}

/// What to do about a value that is in use; what is dead needs no incident of ours.
fn incident(value: &Value) -> Option<String> {
    let address = value.window.live_at.first()?;
    let named =
        if value.window.live_at.len() == 1 { value.name.clone() } else { address.to_string() };
    Some(format!(
        "tenure incident open --secret {} --reason \"value seen in clear\"",
        quoted(named)
    ))
}

fn value_json(value: &Value) -> Json {
    let exposed = &value.window;
    json!({
        "origin": exposed.origin.to_string(),
        "address": exposed.origin.address,
        "name": value.name,
        "live": exposed.is_live(),
        "live_at": exposed.live_at,
        "since": exposed.since.to_string(),
        "until": exposed.until.map(|day| day.to_string()),
        "entry": exposed.entry,
        "shown_by": { "entry": exposed.shown, "commit": value.commit.as_ref().map(|it| it.as_str()) },
        "ended": value.end.as_ref().map(|end| json!({
            "by": end.signer,
            "how": match end.by {
                Ending::Replaced => "replaced",
                Ending::Deleted => "deleted",
            },
        })),
        "revoked": value.revoked.as_ref().map(|(who, grade)| json!({
            "by": who,
            "grade": grade.word(),
        })),
        "proof": match value.proof {
            Proof::Opened => "opened",
            Proof::Log => "log",
        },
    })
}

fn match_json(it: &Match) -> Json {
    let readers = it.readers.iter().map(|reader| {
        let since = reader.since.to_string();
        json!({ "member": reader.member, "since": since, "reads": reader.reads })
    });
    let mut all = value_json(&it.value);
    all["part_of_file"] = json!(it.is_part);
    all["set_by"] = json!(it.by);
    all["readers"] = json!(readers.collect::<Vec<_>>());
    all["next"] = json!(incident(&it.value));
    all
}

fn unlogged_json(it: &Unlogged) -> Json {
    json!({
        "address": it.address,
        "generation": it.generation,
        "commit": it.commit.as_ref().map(|commit| commit.as_str()),
    })
}

fn looked_json(looked: &Looked) -> Json {
    json!({
        "keyrings": looked.keyrings,
        "keyrings_opened": looked.keyrings_opened,
        "contents": looked.files,
        "opened": looked.opened,
        "history_is_cut": looked.is_cut,
    })
}
