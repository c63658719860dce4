//! What became of the hooks.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::hooks::{Turn, Turned};

impl Show for Turned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.hooks.iter().try_for_each(|(name, turn)| {
            let path = self.folder.join(name).display().to_string();
            writeln!(out, "hook  {}  {}", safe(&path), say(*turn))
        })
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
