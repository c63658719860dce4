//! Values of YAML: the parser's own reading of a scalar, of its slice alone where that is enough.

use granit_parser::{Event, Options, Parser};
use zeroize::Zeroizing;

use super::{ValueError, escaped, own, unicode};
use crate::document::Leaf;
use crate::document::lines::{BOM, start};
use crate::secret::Plaintext;

pub(super) fn decode(text: &str, leaf: &Leaf) -> Result<Plaintext, ValueError> {
    let slice = &text[leaf.span.clone()];
    let first = slice.bytes().next();
    if slice.contains('\n') || slice.contains('\r') || matches!(first, Some(b'|' | b'>')) {
        let from = start(text);
        return scalar_at(&text[from..], leaf.span.start - from);
    }
    match first {
        Some(b'\'' | b'"') => scalar_at(slice, 0),
        _ => Ok(own(slice)),
    }
}

/// Reads the first scalar that begins at a byte or after it: a block scalar's begins after its header.
fn scalar_at(text: &str, at: usize) -> Result<Plaintext, ValueError> {
    let malformed = ValueError::Malformed { why: "is no YAML scalar" };
    let mut parser = Parser::new_from_str_with_options(text, Options::default());
    while let Some(Ok((event, span))) = parser.next_event() {
        let Event::Scalar(value, ..) = event else { continue };
        match span.byte_range() {
            Some(range) if range.start >= at => return Ok(Plaintext::from(value.into_owned())),
            Some(_) => drop(Zeroizing::new(value.into_owned())),
            None => return Err(malformed),
        }
    }
    Err(malformed)
}

/// Writes a string, plain if no reader could take it for anything else.
pub(super) fn encode(value: &str) -> Zeroizing<String> {
    if is_plain(value) {
        return Zeroizing::new(value.to_owned());
    }
    escaped(value, |c, out| match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{2028}' | '\u{2029}' | BOM | '\u{fffe}' | '\u{ffff}' => unicode(c, out),
        c if c.is_control() => unicode(c, out),
        c => out.push(c),
    })
}

/// Writes a key.
pub(in crate::document) fn key(name: &str) -> Zeroizing<String> {
    encode(name)
}

fn is_plain(value: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let first = |b: u8| b.is_ascii_alphabetic();
    let later = |b: u8| b.is_ascii_alphanumeric() || b"_-./+@".contains(&b);
    value.bytes().next().is_some_and(first)
        && value.bytes().all(later)
        && !WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}
