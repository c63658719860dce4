//! What may be written over: what the same command wrote before, and nothing else. Nobody asked for the end of
//! another file.

use std::path::Path;

use super::DeedError;
use crate::world::{WorldError, read_text};

/// Refuses a file that holds something else than `what`; one that is not there, or is empty, will do.
///
/// # Errors
/// [`DeedError::Refuse`]; [`DeedError::World`] where it cannot be read.
pub(super) fn writes_over(
    target: &Path,
    what: &str,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), DeedError> {
    let ours = match read_text(target) {
        Ok(found) => found.is_none_or(|text| text.is_empty() || is_ours(&text)),
        Err(WorldError::Io { source, .. }) if source.kind() == std::io::ErrorKind::InvalidData => {
            false
        }
        Err(other) => return Err(other.into()),
    };
    if ours {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("`{}` holds something else than {what}", target.display()),
        instead: Some("name another file, or remove that one".to_owned()),
    })
}
