//! Disputes: who signed what of them, and what was taken.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::set::{name, signed};
use super::{Ink, Show, paint, safe};
use crate::deeds::resolve::{Bytes, Ending, Resolved, Told};
use crate::log::entry::Op;

/// What is to be signed, as lines for whoever is asked.
#[must_use]
pub fn preview(endings: &[Ending]) -> String {
    let mut lines = Vec::new();
    for ending in endings {
        lines.push(format!("{}  {}", paint(Ink::Red, ending.code.word()), name(&ending.address)));
        for (at, side) in ending.sides.iter().enumerate() {
            lines.push(told(side, ending.taken == Some(at)));
        }
        if ending.taken.is_none() {
            lines.push(format!("  {} nothing is to stand there", paint(Ink::Green, ">")));
        }
    }
    lines.join("\n")
}

fn told(side: &Told, taken: bool) -> String {
    let mark = if taken { paint(Ink::Green, ">") } else { " ".to_owned() };
    let mut line =
        format!("  {mark} {}  {}  {}  {}", side.entry.short(), side.time, side.by, side.op.word());
    if let Some(due) = side.due {
        line.push_str(&format!("  due {due}"));
    }
    if side.here {
        line.push_str("  (as here)");
    }
    if !side.holds {
        line.push_str(&format!("  {}", paint(Ink::Yellow, "key or right taken away")));
    }
    if let Some(reason) = &side.reason {
        line.push_str(&format!("  \"{}\"", safe(reason)));
    }
    line
}

/// What a writer who vouches for another's value should hear.
#[must_use]
pub fn warnings(endings: &[Ending]) -> Vec<String> {
    let void = |ending: &&Ending| {
        let taken = ending.taken.and_then(|at| ending.sides.get(at));
        taken.is_some_and(|side| !side.holds && side.op != Op::Delete)
    };
    let warn = |ending: &Ending| {
        let by = ending.taken.and_then(|at| ending.sides.get(at)).map(|side| side.by.to_string());
        format!(
            "{} is what {} signed, whose key or right was taken away: if you do not know the value, \
             rotate it",
            name(&ending.address),
            by.unwrap_or_default()
        )
    };
    endings.iter().filter(void).map(warn).collect()
}

impl Show for Resolved {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(receipt) = &self.receipt else {
            return writeln!(out, "nothing is in dispute; nothing was signed");
        };
        for ending in &self.endings {
            let taken = ending.taken.and_then(|at| ending.sides.get(at));
            let what = match taken {
                Some(side) if side.op != Op::Delete => {
                    format!("stands as {} of {} says", side.entry.short(), side.by)
                }
                Some(_) | None => "is gone".to_owned(),
            };
            let bytes = match ending.bytes {
                Bytes::Stay => "",
                Bytes::Change => "; the file was changed",
            };
            writeln!(out, "{} {what}{bytes}", name(&ending.address))?;
        }
        writeln!(out, "{}", signed(receipt))
    }

    fn json(&self) -> Value {
        let ending = |ending: &Ending| {
            json!({
                "address": ending.address,
                "code": ending.code.word(),
                "sides": ending.sides.iter().map(side).collect::<Vec<_>>(),
                "taken": ending.taken.and_then(|at| ending.sides.get(at)).map(|side| side.entry),
                "changed": ending.bytes == Bytes::Change,
            })
        };
        json!({
            "resolved": self.endings.iter().map(ending).collect::<Vec<_>>(),
            "entry": self.receipt.as_ref().map(|receipt| receipt.entry),
            "by": self.receipt.as_ref().map(|receipt| receipt.by.clone()),
        })
    }
}

fn side(side: &Told) -> Value {
    json!({
        "entry": side.entry,
        "by": side.by,
        "time": side.time.to_string(),
        "reason": side.reason,
        "op": side.op.word(),
        "due": side.due.map(|due| due.to_string()),
        "holds": side.holds,
        "here": side.here,
    })
}
