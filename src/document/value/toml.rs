//! Values of TOML: one-line basic strings out, every kind of string in.

use zeroize::Zeroizing;

use toml_parser::decoder::Encoding;
use toml_parser::{ParseError, Raw, Span};

use super::{ValueError, escaped, own, unicode};
use crate::secret::Plaintext;

pub(super) fn decode(slice: &str) -> Result<Plaintext, ValueError> {
    let encoding = match slice {
        s if s.starts_with("\"\"\"") => Encoding::MlBasicString,
        s if s.starts_with("'''") => Encoding::MlLiteralString,
        s if s.starts_with('"') => Encoding::BasicString,
        s if s.starts_with('\'') => Encoding::LiteralString,
        _ => return Ok(own(slice)),
    };
    // As large as it can get, so that growing leaves no copy behind.
    let mut text = String::with_capacity(slice.len());
    let mut error: Option<ParseError> = None;
    let raw = Raw::new_unchecked(slice, Some(encoding), Span::new_unchecked(0, slice.len()));
    let _ = raw.decode_scalar(&mut text, &mut error);
    let text = Plaintext::from(text);
    if error.is_some() { Err(ValueError::Malformed { why: "is no TOML string" }) } else { Ok(text) }
}

pub(super) fn encode(value: &str) -> Zeroizing<String> {
    escaped(value, |c, out| match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c < ' ' || c == '\u{7f}' => unicode(c, out),
        c => out.push(c),
    })
}

/// Writes a key, bare if it can be.
pub(in crate::document) fn key(name: &str) -> Zeroizing<String> {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.bytes().all(bare) {
        return Zeroizing::new(name.to_owned());
    }
    encode(name)
}
