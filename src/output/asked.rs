//! What somebody asks for, and what was granted of it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::enacted::{effect_json, enacted_json, preview, receipt};
use super::words::names;
use super::{Show, safe};
use crate::deeds::join::{Asked, Trusted};
use crate::deeds::member::approve::{Approved, Asking};
use crate::log::request::Wanted;

impl Show for Asked {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(pair) = &self.new_key {
            writeln!(out, "no key found. Made {}", safe(&pair.path.display().to_string()))?;
        }
        let (using, path) = (safe(&self.using), &self.path);
        writeln!(out, "using {using} ({}). Wrote {path}; it grants nothing yet.", self.signer)?;
        for key in self.keys.iter().filter(|key| **key != self.signer) {
            writeln!(out, "key   {key}")?;
        }
        let name = &self.name;
        let verb = match self.wanted {
            Wanted::Join => "join",
            Wanted::Replace => "replace-key",
        };
        writeln!(
            out,
            "next  git switch -c {verb}-{name} && git add -A && git commit -m \"{verb}: {name}\" \
             && git push -u origin HEAD"
        )
    }

    fn json(&self) -> Value {
        json!({
            "kind": self.wanted.word(),
            "member": self.name,
            "roles": self.roles,
            "keys": self.keys,
            "signed_with": self.signer,
            "root": self.root,
            "trusted": self.trust == Trusted::Yes,
            "path": self.path,
        })
    }
}

/// What is to be said where the request names a log that this clone does not trust yet.
#[must_use]
pub fn warning(asked: &Asked) -> Option<String> {
    (asked.trust == Trusted::NotYet).then(|| {
        format!(
            "this clone trusts no root yet. The request names the log that starts at {}: compare \
             that with a colleague on another channel",
            asked.root
        )
    })
}

/// What a request asks for, as lines for whoever is asked to grant it.
#[must_use]
pub fn asked(asking: &Asking) -> String {
    let mut lines = vec![head(asking)];
    let beyond: Vec<_> =
        asking.granted.iter().filter(|role| !asking.asked.contains(role)).collect();
    if !beyond.is_empty() {
        lines.push(format!("{} did not ask for {}", asking.name, names(&beyond)));
    }
    for key in &asking.keys {
        lines.push(format!("key   {key}    compare it with {} on another channel", asking.name));
    }
    lines.push(format!("asked on {}, as the request claims", asking.time));
    lines.push(preview(&asking.effect));
    lines.join("\n")
}

fn head(asking: &Asking) -> String {
    let what = match asking.wanted {
        Wanted::Join => names(&asking.asked),
        Wanted::Replace => "other keys".to_owned(),
    };
    let value = |number: usize| if number == 1 { "value" } else { "values" };
    let reads = asking.reads.iter().enumerate().map(|(at, (env, number))| match at {
        0 => format!("{number} {} in {env}", value(*number)),
        _ => format!("{number} in {env}"),
    });
    format!("{} asks for {what}: {}", asking.name, reads.collect::<Vec<_>>().join(", "))
}

impl Show for Approved {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let asking = &self.asking;
        match asking.wanted {
            Wanted::Join => {
                let is = if self.enacted.waiting.is_none() { "is" } else { "would be" };
                writeln!(out, "{} {is} a member: {}", asking.name, names(&asking.granted))?;
            }
            Wanted::Replace => {
                let has = if self.enacted.waiting.is_none() { "has" } else { "would have" };
                writeln!(out, "{} {has} other keys", asking.name)?;
            }
        }
        receipt(&self.enacted, out)?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        let asking = &self.asking;
        json!({
            "kind": asking.wanted.word(),
            "member": asking.name,
            "asked": asking.asked,
            "roles": asking.granted,
            "keys": asking.keys,
            "time": asking.time.to_string(),
            "reads": asking.reads.iter().map(|(env, values)| {
                json!({ "environment": env, "values": values })
            }).collect::<Vec<_>>(),
            "effect": effect_json(&asking.effect),
            "signed": enacted_json(&self.enacted),
        })
    }
}
