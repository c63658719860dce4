//! Where a value that the user gives comes from: a file, a hidden prompt, or stdin.

use std::path::Path;
use std::sync::Arc;

use super::DeedError;
use super::find::Found;
use crate::names::{AddressQuery, KeyPath, Target};
use crate::secret::Plaintext;
use crate::world::terminal::{self, Terminal};
use crate::world::{World, read_file};

/// The most bytes of a value that are read.
const LIMIT: usize = 100 << 20;

/// Whether a value is one of many in a file, or the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value: a line break at the end of stdin is not part of it.
    Value,
    /// A whole file, every byte of it.
    File,
}

impl Shape {
    /// The shape of what stands at a place.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        if found.key == KeyPath::Whole { Self::File } else { Self::Value }
    }

    /// The shape of what a user names, before the files are read.
    #[must_use]
    pub fn asked(query: &AddressQuery) -> Self {
        let file = query.targets.iter().all(|target| matches!(target, Target::File(_)));
        if file { Self::File } else { Self::Value }
    }
}

/// Takes a value from a file, from a hidden prompt where a person is, else from stdin.
///
/// # Errors
/// [`DeedError::World`] and [`DeedError::Terminal`]; [`DeedError::NoValue`].
pub fn given(
    world: &World,
    what: &str,
    shape: Shape,
    file: Option<&Path>,
) -> Result<Plaintext, DeedError> {
    let value = match (file, world.terminal) {
        (Some(file), _) => read_file(&world.from.join(file))?,
        (None, Terminal::Person) => world.terminal.hidden(what)?,
        (None, Terminal::Piped | Terminal::Nobody) => {
            let all = terminal::read_stdin(LIMIT)?;
            if shape == Shape::File { all } else { without_line_break(&all) }
        }
    };
    if value.is_empty() {
        return Err(DeedError::NoValue);
    }
    Ok(value)
}

pub(super) fn without_line_break(all: &Plaintext) -> Plaintext {
    let bytes = all.expose();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Plaintext::from(bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
}

/// Reads the password of a PKCS#12 file from a file, without the line break at its end.
///
/// # Errors
/// [`DeedError::World`].
pub fn password(world: &World, file: &Path) -> Result<Arc<Plaintext>, DeedError> {
    Ok(Arc::new(without_line_break(&read_file(&world.from.join(file))?)))
}
