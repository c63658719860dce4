//! What became of the hooks.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::hooks::{Turn, Turned};

impl Show for Turned {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.hooks.iter().try_for_each(|(name, turn)| {
            let path = self.folder.join(name).display().to_string();
            writeln!(out, "hook  {}  {}", safe(&path), say(name, *turn))
        })
    }

    fn json(&self) -> Value {
        let hook = |(name, turn): &(&str, Turn)| json!({ "name": name, "turn": word(*turn) });
        json!({
            "folder": self.folder.display().to_string(),
            "shared": self.shared,
            "hooks": self.hooks.iter().map(hook).collect::<Vec<_>>(),
            "relative": self.relative,
            "unguarded": self.unguarded.iter().map(|it| it.display().to_string()).collect::<Vec<_>>(),
        })
    }
}

fn say(name: &str, turn: Turn) -> String {
    let said = match turn {
        Turn::Idle => {
            return format!(
                "installed; the hook that was there is {name}.local, and does not run: it may not be executed"
            );
        }
        Turn::Moved => {
            return format!("installed; the lines added to it are {name}.local, which runs first");
        }
        Turn::Aside => {
            return format!(
                "installed; as it was changed by hand it is {name}.edited, which nobody runs"
            );
        }
        Turn::Retired => {
            return format!(
                "removed; as it was changed by hand it is {name}.edited, which nobody runs"
            );
        }
        Turn::Lessened => "removed, but for the lines added to it",
        Turn::Installed => "installed",
        Turn::Chained => "installed; the hook that was there runs first",
        Turn::Unchanged => "was there already",
        Turn::Removed => "removed",
        Turn::Restored => "removed; the hook that was there before is back",
        Turn::NotOurs => "none of ours",
    };
    said.to_owned()
}

fn word(turn: Turn) -> &'static str {
    match turn {
        Turn::Installed => "installed",
        Turn::Chained => "chained",
        Turn::Idle => "idle",
        Turn::Moved => "moved",
        Turn::Aside => "aside",
        Turn::Lessened => "lessened",
        Turn::Retired => "retired",
        Turn::Unchanged => "unchanged",
        Turn::Removed => "removed",
        Turn::Restored => "restored",
        Turn::NotOurs => "not-ours",
    }
}
