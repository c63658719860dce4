//! A new key pair.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::key::{Cover, NewPair};

impl Show for NewPair {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let path = self.path.display().to_string();
        let cover = match self.cover {
            Cover::Passphrase => "under your passphrase",
            Cover::Plain => "without a passphrase",
        };
        writeln!(out, "made  {} (0600, {cover})", safe(&path))?;
        writeln!(out, "recipient and signing key  {}", self.public)?;
        writeln!(out, "fingerprint  {}", self.fingerprint)?;
        writeln!(out, "next  send {}.pub to an admin, for tenure member add", safe(&path))
    }

    fn json(&self) -> Value {
        json!({
            "path": self.path.display().to_string(),
            "public": self.public,
            "fingerprint": self.fingerprint,
            "passphrase": self.cover == Cover::Passphrase,
        })
    }
}
