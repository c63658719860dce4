//! Puts text into the clear text of a file: one value at its place, and nothing else.

use zeroize::Zeroizing;

use super::DeedError;
use super::find::Found;
use crate::document::{Document, Format, Node, NotSpliceable, place as places, splice, value};
use crate::names::{EnvName, KeyPath, RepoPath, quoted};
use crate::secret::Plaintext;

/// The clear text of a file with a new value at a place.
pub(super) fn with_value(
    found: &Found,
    old: &Plaintext,
    value: &Plaintext,
) -> Result<Plaintext, DeedError> {
    if found.key == KeyPath::Whole {
        return Ok(Plaintext::from(value.expose().to_vec()));
    }
    edited(&found.path, &found.env, old, |document| {
        let text = value.expose_text().ok_or(DeedError::Refuse {
            what: "the value is not UTF-8".to_owned(),
            instead: Some("put it into a file of its own and seal that whole".to_owned()),
        })?;
        let slice = value::encode(document.format, text)?;
        match document.leaf(&found.key) {
            Some(leaf) if matches!(leaf.node, Node::Scalar | Node::Empty) => {
                Ok((leaf.span.clone(), slice))
            }
            Some(_) => Err(DeedError::Refuse {
                what: format!("`{}` is no single value", found.key),
                instead: Some(format!("tenure edit {}", found.path)),
            }),
            None => {
                let insertion = places::insert(document, &found.key, &slice)?;
                Ok((insertion.at..insertion.at, insertion.text))
            }
        }
    })
}

/// Edits a clear text at one place.
pub(super) fn edited(
    path: &RepoPath,
    env: &EnvName,
    old: &Plaintext,
    edit: impl FnOnce(&Document<'_>) -> Result<(std::ops::Range<usize>, Zeroizing<String>), DeedError>,
) -> Result<Plaintext, DeedError> {
    let format = Format::of(path).ok_or_else(|| DeedError::Refuse {
        what: format!("`{path}` is sealed whole and has no keys"),
        instead: Some(format!("tenure set {} < FILE", quoted(format!("{env}/{path}")))),
    })?;
    let refuse = |why| DeedError::NotSpliceable { path: path.clone(), why };
    let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
    let text = old.expose_text().ok_or_else(|| refuse(not_text))?;
    let document = Document::parse(format, text).map_err(refuse)?;
    let (span, new) = edit(&document)?;
    Ok(Plaintext::from(splice(text, [(span, new.as_bytes())])))
}

/// What a new file of a format begins with.
pub(super) fn empty(path: &RepoPath) -> Vec<u8> {
    match Format::of(path) {
        Some(Format::Json) => b"{}\n".to_vec(),
        _ => Vec::new(),
    }
}
