//! From a slice to the value that a reader of the file gets, and back.

mod dotenv;
mod flat;
mod toml;
mod yaml;

use zeroize::Zeroizing;

use super::{Document, Format, Leaf, NotSpliceable};
use crate::secret::Plaintext;

pub(super) use flat::properties_key;
pub(super) use toml::key as toml_key;
pub(super) use yaml::key as yaml_key;

/// Why a slice gives no value, a value no slice, or a key no place. Holds no text of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The slice breaks a rule of its format.
    #[error("the value {why}")]
    Malformed {
        /// The rule, as the rest of a sentence.
        why: &'static str,
    },
    /// Readers of the format make different values of the slice.
    #[error("readers of the file differ about {what}")]
    Ambiguous {
        /// What they differ about.
        what: &'static str,
    },
    /// The format has no slice that all its readers take for this value.
    #[error("the value cannot be written in this format: {why}")]
    NotWritable {
        /// The reason.
        why: &'static str,
    },
    /// There is something at this place already.
    #[error("there is a value at this place already")]
    Occupied,
    /// The key cannot be put there, or taken away, with nothing else changing its meaning.
    #[error("the file has to be edited by hand: {why}")]
    ByHand {
        /// The reason.
        why: &'static str,
    },
    /// The text that stands there cannot be cut.
    #[error(transparent)]
    NotSpliceable(#[from] NotSpliceable),
}

/// Gives the text that a reader of the file gets for a leaf; `$` stays `$`.
///
/// The document is in clear: a YAML block scalar means nothing without what is around it. Strings come
/// unquoted and unescaped, other scalars as written.
///
/// # Errors
/// [`ValueError::Malformed`], and [`ValueError::Ambiguous`] where readers would differ.
pub fn decode(document: &Document<'_>, leaf: &Leaf) -> Result<Plaintext, ValueError> {
    let slice = document.slice(leaf);
    match document.format {
        Format::Yaml => yaml::decode(document.text, leaf),
        Format::Json => json_string(slice),
        Format::Toml => toml::decode(slice),
        Format::Dotenv => dotenv::decode(slice),
        Format::Ini => Ok(own(slice)),
        Format::Properties => flat::decode_properties(slice),
    }
}

/// Gives the slice that a reader of the format takes for exactly this value, as a string.
///
/// # Errors
/// [`ValueError::NotWritable`] where the format has none that all its readers agree on.
pub fn encode(format: Format, value: &str) -> Result<Zeroizing<String>, ValueError> {
    match format {
        Format::Yaml => Ok(yaml::encode(value)),
        Format::Json => Ok(json(value)),
        Format::Toml => Ok(toml::encode(value)),
        Format::Dotenv => dotenv::encode(value),
        Format::Ini => flat::encode_ini(value),
        Format::Properties => Ok(flat::encode_properties(value)),
    }
}

/// Copies a slice that is its own value.
fn own(slice: &str) -> Plaintext {
    Plaintext::from(slice.as_bytes().to_vec())
}

fn json_string(slice: &str) -> Result<Plaintext, ValueError> {
    if !slice.starts_with('"') {
        return Ok(own(slice));
    }
    let text: String = serde_json::from_str(slice)
        .map_err(|_| ValueError::Malformed { why: "is no JSON string" })?;
    Ok(Plaintext::from(text))
}

/// Writes a JSON string.
pub(super) fn json(value: &str) -> Zeroizing<String> {
    escaped(value, |c, out| match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c < ' ' => unicode(c, out),
        c => out.push(c),
    })
}

/// Writes a string in double quotes, character by character.
fn escaped(value: &str, mut write: impl FnMut(char, &mut String)) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() * 6 + 2));
    out.push('"');
    for c in value.chars() {
        write(c, &mut out);
    }
    out.push('"');
    out
}

/// Writes `\uXXXX`, twice for a character beyond them.
fn unicode(c: char, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            out.push(char::from(HEX[usize::from(*unit >> shift & 15)]));
        }
    }
}

#[cfg(test)]
mod tests;
