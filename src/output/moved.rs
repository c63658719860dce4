//! What `mv` did.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::set::signed;
use super::words::count;
use super::{Show, safe};
use crate::deeds::mv::{Moved, Recorded};

impl Show for Moved {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let how = match self.recorded {
            Recorded::Done => "moved to",
            Recorded::Found => "was moved to",
        };
        let (from, to) = (safe(&self.from), safe(&self.to));
        writeln!(
            out,
            "{from} {how} {to}: {}. {}",
            count(self.items, "value"),
            signed(&self.receipt)
        )
    }

    fn json(&self) -> Value {
        json!({
            "environment": self.env,
            "from": self.from,
            "to": self.to,
            "items": self.items,
            "recorded": self.recorded == Recorded::Found,
            "entry": self.receipt.entry,
            "by": self.receipt.by,
        })
    }
}
