//! Values of INI and Java properties.

use zeroize::Zeroizing;

use super::{ValueError, unicode};
use crate::document::lines::is_odd_break;
use crate::document::properties::unescape;
use crate::secret::Plaintext;

/// INI has no escapes that its readers share: a value stands for itself or not at all.
pub(super) fn encode_ini(value: &str) -> Result<Zeroizing<String>, ValueError> {
    let no = |why| Err(ValueError::NotWritable { why });
    if value.contains(|c: char| matches!(c, '\n' | '\r' | '\0') || is_odd_break(c)) {
        return no("it holds a line break");
    }
    if value.trim() != value {
        return no("it begins or ends with white space");
    }
    if value.ends_with('\\') {
        return no("it ends with a backslash");
    }
    if value.starts_with(['"', '\'', '#', ';']) || value.contains('\u{feff}') {
        return no("some readers take its first character for a quote or a comment");
    }
    if [" #", " ;", "\t#", "\t;"].iter().any(|sign| value.contains(sign)) {
        return no("some readers take its end for a comment");
    }
    Ok(Zeroizing::new(value.to_owned()))
}

pub(super) fn decode_properties(slice: &str) -> Result<Plaintext, ValueError> {
    let Some(text) = unescape(slice) else {
        return Err(ValueError::Malformed { why: "has a malformed escape" });
    };
    Ok(Plaintext::from(text.as_bytes().to_vec()))
}

/// Writes ASCII only: the encoding of a properties file depends on its reader.
pub(super) fn encode_properties(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() * 6));
    let last = value.len().saturating_sub(1);
    for (n, c) in value.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Behind a key that a blank ends, it would be the key's sign.
            '=' | ':' if n == 0 => out.extend(['\\', c]),
            // Seen by people and not stripped by editors.
            ' ' if n == 0 || n == last => unicode(c, &mut out),
            ' '..='~' => out.push(c),
            c => unicode(c, &mut out),
        }
    }
    out
}

/// Writes a key of a properties file.
pub(in crate::document) fn properties_key(name: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(name.len() * 6));
    for c in name.chars() {
        match c {
            '\\' | ' ' | '=' | ':' | '#' | '!' => out.extend(['\\', c]),
            '!'..='~' => out.push(c),
            c => unicode(c, &mut out),
        }
    }
    out
}
