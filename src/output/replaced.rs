//! Whose keys were replaced.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use super::enacted::{effect_json, enacted_json, preview, receipt};
use super::words::count;
use crate::deeds::member::replace_key::{Fate, Replaced, Replacing};
use crate::names::{Address, EntryId};

/// How many values are named.
const NAMED: usize = 8;

/// What would be replaced, as lines for whoever is asked to sign it.
#[must_use]
pub fn replacing(it: &Replacing) -> String {
    let mut lines = vec![preview(&it.effect)];
    if !it.attested.is_empty() {
        let values = count(it.attested.len(), "value");
        lines.push(format!("a lost key signed {values} last: {}", named(&it.attested)));
    }
    if !it.reopened.is_empty() {
        let names: Vec<_> = it.reopened.iter().map(EntryId::short).collect();
        let open = if names.len() == 1 { "is open again" } else { "are open again" };
        let incidents = count(names.len(), "incident");
        lines.push(format!("a lost key closes nothing: {incidents} {open}: {}", names.join(", ")));
    }
    lines.join("\n")
}

fn named(values: &[Address]) -> String {
    let names = values.iter().take(NAMED).map(|at| format!("{}/{}", at.env, at.key));
    let more = if values.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", names.collect::<Vec<_>>().join(", "))
}

/// What a lost key signed, and nobody vouched for.
#[must_use]
pub fn still_stands(it: &Replaced) -> Option<String> {
    (it.fate == Fate::Lost && !it.attested.is_empty()).then(|| {
        format!(
            "{} signed last with a lost key, and standing until somebody vouches or rotates: {}",
            count(it.attested.len(), "value"),
            named(&it.attested)
        )
    })
}

impl Show for Replaced {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let over = self.enacted.waiting.is_none();
        writeln!(out, "{} {} other keys", self.name, if over { "has" } else { "would have" })?;
        for key in &self.come {
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
        let gone = match self.fate {
            Fate::Kept => "gone",
            Fate::Lost => "lost",
        };
        for key in &self.gone {
            writeln!(out, "{gone}  {key}")?;
        }
        receipt(&self.enacted, out)?;
        let owed = || self.debts.iter().filter(|(_, debt)| over && !debt.values.is_empty());
        for (env, debt) in owed() {
            let number = count(debt.values.len(), "value");
            writeln!(out, "{number} in {env} must rotate by {}", debt.due)?;
        }
        writeln!(out, "next  git add -A && git commit")?;
        owed().try_for_each(|(env, _)| writeln!(out, "next  tenure rotate --due -e {env}"))
    }

    fn json(&self) -> Value {
        let debts = self.debts.iter().map(|(env, debt)| {
            json!({ "environment": env, "values": debt.values, "due": debt.due.to_string() })
        });
        json!({
            "member": self.name,
            "kind": self.kind.word(),
            "keys": self.come,
            "gone": self.gone,
            "lost": self.fate == Fate::Lost,
            "could_read": debts.collect::<Vec<_>>(),
            "signed_by_lost_keys": self.attested,
            "effect": effect_json(&self.effect),
            "signed": enacted_json(&self.enacted),
        })
    }
}
