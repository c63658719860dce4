//! What `open` put in clear, and where.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::open::Opened;

impl Show for Opened {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (path, to) = (self.path.as_str(), self.to.display().to_string());
        writeln!(out, "{} of {} stands in clear in {}", safe(path), self.env, safe(&to))
    }

    fn json(&self) -> Value {
        json!({
            "environment": self.env,
            "path": self.path,
            "to": self.to.display().to_string(),
            "in_sight_of_git": self.in_sight_of_git,
        })
    }
}
