//! What `rotate` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use super::set::{DROPPED, ends, name, own_end, signed};
use super::words::count;
use crate::deeds::rotate::drive::Driven;
use crate::deeds::rotate::finish::{Finished, Waiting};
use crate::deeds::rotate::{Agenda, Moved, Rotated, Step, Stepped, Turn, Wanted};
use crate::deeds::set::Set;

impl Show for Rotated {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let done = match self.step {
            Step::Begin => "is pending",
            Step::InPlace | Step::Promote | Step::Undo => "rotated",
        };
        for set in &self.values {
            match set.dropped {
                true => write!(out, "{} {DROPPED}, nor compare.", name(&set.address))?,
                false => write!(out, "{} {done}.", name(&set.address))?,
            }
            match set.due {
                Some(due) => writeln!(out, " Due {due}{}.", own_end(set))?,
                None => writeln!(out)?,
            }
        }
        for kept in &self.kept {
            writeln!(out, "{} stays, to decrypt.", name(kept))?;
        }
        writeln!(out, "{}", signed(&self.receipt))
    }

    fn json(&self) -> Value {
        let value = |set: &Set| {
            json!({
                "address": set.address,
                "type": set.kind,
                "due": set.due.map(|due| due.to_string()),
                "dropped": set.dropped,
                "public": set.public,
                "ends": set.ends.as_ref().map(ends),
            })
        };
        json!({
            "values": self.values.iter().map(value).collect::<Vec<_>>(),
            "state": if self.step == Step::Begin { "pending" } else { "current" },
            "kept": self.kept,
            "not-compared": self.lost,
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}

impl Show for Agenda {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Wanted { found, generator, .. } in &self.wanted {
            let from = match generator {
                Some(_) => "a generator of its type",
                None => "asked for",
            };
            writeln!(out, "{} wants a new value: {from}.", name(&found.address()))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let wanted = self.wanted.iter().map(
            |it| json!({ "address": it.found.address(), "generator": it.generator.is_some() }),
        );
        let left = self
            .left
            .iter()
            .map(|it| json!({ "address": it.address, "why": it.why, "fix": it.fix }));
        json!({ "values": wanted.collect::<Vec<_>>(), "left": left.collect::<Vec<_>>() })
    }
}

impl Show for Stepped {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Moved { address, turn, due, .. } in &self.values {
            let at = name(address);
            match turn {
                Turn::Promoted { previous: Some(previous), .. } => {
                    write!(out, "{at} has its new value; the one before is {}.", name(previous))?;
                }
                Turn::Promoted { previous: None, .. } => write!(out, "{at} has its new value.")?,
                Turn::Dropped(next) => write!(out, "{} removed; {at} is as it was.", name(next))?,
                Turn::Restored(_) => write!(out, "{at} has its previous value again.")?,
            }
            match due {
                Some(due) => writeln!(out, " Due {due}.")?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "{}", signed(&self.receipt))
    }

    fn json(&self) -> Value {
        let value = |moved: &Moved| {
            let (step, beside, until) = match &moved.turn {
                Turn::Promoted { previous, until } => ("promoted", previous.as_ref(), *until),
                Turn::Dropped(next) => ("dropped", Some(next), None),
                Turn::Restored(previous) => ("restored", Some(previous), None),
            };
            json!({
                "address": moved.address,
                "step": step,
                "beside": beside,
                "overlap-until": until.map(|day| day.to_string()),
                "due": moved.due.map(|due| due.to_string()),
            })
        };
        json!({
            "values": self.values.iter().map(value).collect::<Vec<_>>(),
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}

/// What a command of the user's took part in.
pub struct Drove<'a>(pub &'a [Driven]);

impl Show for Drove<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Driven { address, stepped, waits, parts, .. } in self.0 {
            match (stepped, waits) {
                (Some(stepped), _) => stepped.human(out)?,
                (None, Some(day)) => {
                    writeln!(out, "{} has a new value pending, until {day}.", name(address))?;
                }
                (None, None) => {
                    let parts: Vec<_> = parts.iter().map(|part| part.word()).collect();
                    writeln!(out, "{}: {}, then promoted.", name(address), parts.join(", "))?;
                }
            }
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let one = |driven: &Driven| {
            let parts: Vec<_> = driven.parts.iter().map(|part| part.word()).collect();
            json!({
                "address": driven.address,
                "steps": parts,
                "begun": driven.begun.as_ref().map(|begun| begun.json()),
                "waits-until": driven.waits.map(|day| day.to_string()),
                "promoted": driven.stepped.as_ref().map(Show::json),
            })
        };
        json!({ "values": self.0.iter().map(one).collect::<Vec<_>>() })
    }
}

/// What still is to be ended, where a program says that an old value is taken.
pub struct Alive<'a>(pub &'a Waiting);

impl Show for Alive<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = name(&self.0.address);
        writeln!(out, "{name} is not finished: an old value is still taken.")
    }

    fn json(&self) -> Value {
        json!({ "finished": false, "values": [waiting(self.0)] })
    }
}

fn waiting(waits: &Waiting) -> Value {
    let origins: Vec<_> = waits.values.iter().map(|made| made.origin.to_string()).collect();
    json!({
        "address": waits.address,
        "values": origins,
        "previous": waits.previous,
        "without-receipt": waits.consumers,
    })
}

impl Show for Finished {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let grade = self.grade.word();
        for waits in &self.values {
            let (at, ended) = (name(&waits.address), count(waits.values.len(), "earlier value"));
            write!(out, "{at}: {ended} ended ({grade}).")?;
            for gone in waits.previous.iter().chain(&waits.user) {
                write!(out, " {} removed.", name(gone))?;
            }
            writeln!(out)?;
        }
        writeln!(out, "{}", signed(&self.receipt))
    }

    fn json(&self) -> Value {
        json!({
            "finished": true,
            "values": self.values.iter().map(waiting).collect::<Vec<_>>(),
            "grade": self.grade.word(),
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}
