//! What became of the hooks.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::hooks::{A_HOOK_CAN_BE_SKIPPED, Turn, Turned};

impl Show for Turned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for (name, turn) in &self.hooks {
            let path = self.folder.join(name).display().to_string();
            writeln!(out, "hook  {}  {}", safe(&path), say(*turn))?;
        }
        if self.hooks.iter().any(|(_, turn)| stands(*turn)) {
            writeln!(out, "{A_HOOK_CAN_BE_SKIPPED}")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let hook = |(name, turn): &(&str, Turn)| json!({ "name": name, "turn": word(*turn) });
        json!({
            "folder": self.folder.display().to_string(),
            "shared": self.shared,
            "hooks": self.hooks.iter().map(hook).collect::<Vec<_>>(),
        })
    }
}

fn stands(turn: Turn) -> bool {
    matches!(turn, Turn::Installed | Turn::Chained | Turn::Unchanged)
}

fn say(turn: Turn) -> &'static str {
    match turn {
        Turn::Installed => "installed",
        Turn::Chained => "installed; the hook that was there runs first",
        Turn::Unchanged => "was there already",
        Turn::Removed => "removed",
        Turn::Restored => "removed; the hook that was there before is back",
        Turn::NotOurs => "none of ours",
    }
}

fn word(turn: Turn) -> &'static str {
    match turn {
        Turn::Installed => "installed",
        Turn::Chained => "chained",
        Turn::Unchanged => "unchanged",
        Turn::Removed => "removed",
        Turn::Restored => "restored",
        Turn::NotOurs => "not-ours",
    }
}
