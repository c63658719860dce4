//! Who was added or removed, and who there is.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::enacted::{effect_json, enacted_json, receipt};
use super::words::names;
use super::{Ink, Show, paint};
use crate::deeds::member::add::Added;
use crate::deeds::member::list::{Flag, Listed, Standing};
use crate::deeds::member::owner::Owned;

impl Show for Added {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let roles =
            if self.roles.is_empty() { "no role yet".to_owned() } else { names(&self.roles) };
        let is = if self.enacted.waiting.is_none() { "is" } else { "would be" };
        writeln!(out, "{} {is} a member: {roles}", self.name)?;
        for key in &self.keys {
            match self.identity {
                Some(_) => writeln!(out, "key   {key}")?,
                None => {
                    writeln!(
                        out,
                        "key   {key}    compare it with {} on another channel",
                        self.name
                    )?;
                }
            }
        }
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "member": self.name,
            "kind": self.kind.word(),
            "roles": self.roles,
            "keys": self.keys,
            "effect": effect_json(&self.effect),
            "signed": enacted_json(&self.enacted),
        })
    }
}

impl Show for Owned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let answers = if self.enacted.waiting.is_none() { "answers" } else { "would answer" };
        writeln!(out, "{} {answers} for {}", self.owner, self.name)?;
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "member": self.name,
            "owner": self.owner,
            "effect": effect_json(&self.effect),
            "signed": enacted_json(&self.enacted),
        })
    }
}

impl Show for Vec<Listed> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.iter().try_for_each(|member| listed(member, out))
    }

    fn json(&self) -> Value {
        json!({ "members": self.iter().map(listed_json).collect::<Vec<_>>() })
    }
}

fn listed(member: &Listed, out: &mut dyn Write) -> io::Result<()> {
    let flags: Vec<_> = member.flags.iter().map(|flag| flag.word()).collect();
    let flags = match flags.as_slice() {
        [] => String::new(),
        some => format!("  {}", paint(Ink::Yellow, &some.join(", "))),
    };
    let roles = if member.roles.is_empty() { "-".to_owned() } else { names(&member.roles) };
    writeln!(out, "{}  {}  {roles}{flags}", member.name, member.kind.word())?;
    let dash = |list: &[_]| if list.is_empty() { "-".to_owned() } else { names(list) };
    writeln!(out, "  reads   {}", dash(&member.reads))?;
    writeln!(out, "  writes  {}", dash(&member.writes))?;
    for key in &member.reads_with {
        let both = member.signs_with.contains(key);
        writeln!(out, "  key     {key}  {}", if both { "reads, signs" } else { "reads" })?;
    }
    for key in member.signs_with.iter().filter(|key| !member.reads_with.contains(key)) {
        writeln!(out, "  key     {key}  signs")?;
    }
    if let Some(owner) = &member.owner {
        writeln!(out, "  owner   {owner}")?;
    }
    if !member.purpose.is_empty() {
        writeln!(out, "  used by {}", names(&member.purpose))?;
    }
    match member.expires {
        Some(day) => writeln!(out, "  expires {day}"),
        None => Ok(()),
    }
}

/// The look of a member for machines.
pub(super) fn listed_json(member: &Listed) -> Value {
    json!({
        "name": member.name,
        "kind": member.kind.word(),
        "roles": member.roles,
        "admin": member.admin == Standing::Admin,
        "reads": member.reads,
        "writes": member.writes,
        "reads_with": member.reads_with,
        "signs_with": member.signs_with,
        "owner": member.owner,
        "purpose": member.purpose,
        "expires": member.expires.map(|day| day.to_string()),
        "flags": member.flags.iter().map(|flag: &Flag| flag.word()).collect::<Vec<_>>(),
    })
}
