//! A receipt: what a program was given, as JSON. It says itself that nobody signed it.

use serde_json::{Value, json};

use super::sentences::READS_LEAVE_NO_TRACE;
use super::{escape, versioned};
use crate::deeds::handover::{Handed, Handover};

const UNSIGNED: &str = "Nobody signed this: it says what the job was given, and proves nothing.";

/// Writes a receipt: one JSON object, in one line, without a value.
#[must_use]
pub fn receipt(handover: &Handover) -> String {
    escape::json_line(&versioned(json!({
        "receipt": "run",
        "signed": false,
        "note": format!("{UNSIGNED} {READS_LEAVE_NO_TRACE}"),
        "root": handover.root,
        "environment": handover.env,
        "member": handover.member,
        "time": handover.time.to_string(),
        "values": handover.values.iter().map(value).collect::<Vec<_>>(),
    })))
}

fn value(handed: &Handed) -> Value {
    json!({
        "name": handed.name,
        "address": handed.address.to_string(),
        "entry": handed.entry,
        "made": handed.made.to_string(),
    })
}
