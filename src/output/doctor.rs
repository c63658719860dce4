//! What `doctor` saw.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, Show, paint, safe};
use crate::deeds::doctor::{Check, Diagnosis, Health};

impl Show for Diagnosis {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.checks.iter().try_for_each(|check| line(check, out))
    }

    fn json(&self) -> Value {
        let check = |check: &Check| {
            json!({
                "check": check.what,
                "health": word(check.health),
                "message": check.seen,
                "fix": check.fix,
            })
        };
        json!({ "checks": self.checks.iter().map(check).collect::<Vec<_>>() })
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Well => "ok",
        Health::Doubtful => "warn",
        Health::Broken => "fail",
    }
}

fn line(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let ink = match check.health {
        Health::Well => Ink::Green,
        Health::Doubtful => Ink::Yellow,
        Health::Broken => Ink::Red,
    };
    let word = format!("{:<4}", word(check.health));
    writeln!(out, "{}  {:<10}  {}", paint(ink, &word), check.what, safe(&check.seen))?;
    match &check.fix {
        Some(fix) => writeln!(out, "      fix  {}", safe(fix)),
        None => Ok(()),
    }
}
