//! What is trusted of a log.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, Show, paint, safe};
use crate::deeds::trust::{Origin, Trusting};

impl Show for Trusting {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.beginning {
            Some(beginning) => {
                let key = beginning.key.as_deref().unwrap_or("a key that is not named");
                writeln!(out, "root     {}", beginning.root)?;
                writeln!(out, "         begun by {} on {}", beginning.by, beginning.time)?;
                writeln!(out, "         {}", safe(key))?;
            }
            None => writeln!(out, "root     {}", paint(Ink::Red, "no first entry here holds"))?,
        }
        match self.trusted {
            None => writeln!(out, "trusted  {}", paint(Ink::Red, "nothing yet"))?,
            Some((_, origin)) if self.is_that() => writeln!(out, "trusted  {}", why(origin))?,
            Some((root, origin)) => {
                let other = paint(Ink::Red, "another root");
                writeln!(out, "trusted  {other}: {root}, {}", why(origin))?;
            }
        }
        for (at, head) in self.heads.iter().enumerate() {
            let label = if at == 0 { "heads  " } else { "       " };
            writeln!(out, "{label}  {head}")?;
        }
        let (holding, all) = self.entries;
        writeln!(out, "entries  {holding} of {all} verified")
    }

    fn json(&self) -> Value {
        json!({
            "root": self.beginning.as_ref().map(|beginning| beginning.root),
            "begun": self.beginning.as_ref().map(|beginning| json!({
                "by": beginning.by,
                "key": beginning.key,
                "time": beginning.time.to_string(),
            })),
            "trusted": self.trusted.map(|(root, _)| root),
            "origin": self.trusted.map(|(_, origin)| word(origin)),
            "pinned": self.pinned,
            "heads": self.heads,
            "entries": { "verified": self.entries.0, "all": self.entries.1 },
        })
    }
}

impl Trusting {
    /// Tells whether the root that is trusted is the one that the log begins with.
    pub(crate) fn is_that(&self) -> bool {
        let root = self.beginning.as_ref().map(|beginning| beginning.root);
        self.trusted.is_some_and(|(trusted, _)| Some(trusted) == root)
    }
}

fn why(origin: Origin) -> &'static str {
    match origin {
        Origin::Said => "by --root, for this run",
        Origin::Variable => "by TENURE_ROOT, for this run",
        Origin::Pin => "pinned in this clone",
        Origin::FirstUse => "pinned in this clone just now",
    }
}

fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::Said => "option",
        Origin::Variable => "variable",
        Origin::Pin => "pin",
        Origin::FirstUse => "first-use",
    }
}
