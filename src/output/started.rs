//! What `init` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use crate::deeds::init::Started;

impl Show for Started {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for path in &self.paths {
            writeln!(out, "wrote {path}")?;
        }
        writeln!(out, "key   {}", self.key)?;
        writeln!(out, "root  {}", self.root)?;
        writeln!(out, "      CI needs it as TENURE_ROOT: set it at the host, not in a file here")?;
        writeln!(out, "next  git add -A && git commit")
    }

    fn json(&self) -> Value {
        json!({
            "root": self.root.to_string(),
            "member": self.member,
            "environments": self.environments,
            "paths": self.paths,
            "key": self.key,
        })
    }
}
