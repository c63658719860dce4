//! Values of dotenv files, by the rules of `dotenvy` where bash, docker and node agree; no `$` ever.

use zeroize::Zeroizing;

use super::{ValueError, own};
use crate::document::lines::is_odd_break;
use crate::secret::Plaintext;

pub(super) fn decode(slice: &str) -> Result<Plaintext, ValueError> {
    let inside = |n: usize| slice.get(1..slice.len().saturating_sub(n)).unwrap_or_default();
    match slice.bytes().next() {
        Some(b'\'' | b'`') => Ok(own(inside(1))),
        Some(b'"') => unescape(inside(1)),
        _ if slice.contains('\\') => {
            Err(ValueError::Ambiguous { what: "a backslash outside of quotes" })
        }
        _ if slice.contains(['\'', '"', '`']) => {
            Err(ValueError::Ambiguous { what: "quotes inside a value without quotes around it" })
        }
        _ => Ok(own(slice)),
    }
}

fn unescape(inside: &str) -> Result<Plaintext, ValueError> {
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b @ (b'\\' | b'\'' | b'"' | b'$' | b' ')) => out.push(b),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            _ => {
                drop(Plaintext::from(out));
                return Err(ValueError::Ambiguous { what: "a backslash before this character" });
            }
        }
    }
    Ok(Plaintext::from(out))
}

pub(super) fn encode(value: &str) -> Result<Zeroizing<String>, ValueError> {
    let no = |why| Err(ValueError::NotWritable { why });
    if value.contains(|c: char| c == '\r' || c == '\0' || is_odd_break(c)) {
        return no("it holds a character that some readers take for a line break or an end");
    }
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&b);
    if !value.is_empty() && value.bytes().all(bare) {
        return Ok(quoted("", value));
    }
    // Readers look for escapes in single quotes, but only before a quote; in double quotes they differ
    // about most.
    let single = !value.contains('\'') && !value.ends_with('\\');
    let double = !value.contains(['"', '\\', '$', '`']);
    match (single, double) {
        (true, false) => Ok(quoted("'", value)),
        (true, true) if !value.contains('\n') => Ok(quoted("'", value)),
        (_, true) => Ok(quoted("\"", value)),
        (false, false) => no("no quotes around it mean the same to all readers"),
    }
}

fn quoted(quote: &str, value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() + 2));
    for part in [quote, value, quote] {
        out.push_str(part);
    }
    out
}
