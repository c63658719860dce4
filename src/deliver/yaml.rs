//! `"NAME": "value"`, an entry of a YAML mapping.
//!
//! Both are always in double quotes: a plain `NO` is a boolean to readers of YAML 1.1. A JSON string is
//! not taken for a YAML one, since YAML takes more characters for line breaks.

use zeroize::Zeroizing;

use crate::document::Format;
use crate::document::value::encode;

pub(super) fn entry(name: &str, value: &str) -> Result<Zeroizing<String>, &'static str> {
    let value = encode(Format::Yaml, value).map_err(|_| "it has no spelling there")?;
    // A value that needs no quotes has no character that quotes would change.
    let quote = if value.starts_with('"') { "" } else { "\"" };
    Ok(Zeroizing::new(["\"", name, "\": ", quote, &value, quote].concat()))
}
