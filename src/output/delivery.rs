//! What would go out, by name: for `run --dry-run`. No value.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::delivery::Delivery;

impl Show for Delivery {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.variables.all.iter().map(|v| v.name.len()).max().unwrap_or_default();
        for variable in &self.variables.all {
            let address = variable.address.to_string();
            writeln!(out, "{:width$}  {}", variable.name, safe(&address))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let all = self.variables.all.iter();
        let left = self.variables.left.iter();
        json!({
            "environment": self.env,
            "variables": all
                .map(|v| json!({ "name": v.name, "address": v.address }))
                .collect::<Vec<_>>(),
            "left_out": left
                .map(|left| json!({ "address": left.address, "why": left.why }))
                .collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }
}
