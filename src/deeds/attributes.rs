//! The lines of `.gitattributes` that keep line endings from breaking signatures and tokens.

use super::DeedError;
use super::load::Place;
use crate::names::RepoPath;
use crate::policy::{self, Policy};
use crate::world::{Change, Mode};

/// The file that git reads them from.
pub const PATH: &str = ".gitattributes";

/// Adds the lines that are missing.
///
/// # Errors
/// [`DeedError::World`] when the file cannot be read.
pub fn add(place: &Place<'_>, policy: &Policy, change: &mut Change) -> Result<(), DeedError> {
    let path: RepoPath = PATH.parse()?;
    let mut text = place.files.read(&path)?.unwrap_or_default();
    let lines = missing(&String::from_utf8_lossy(&text), policy);
    if lines.is_empty() {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    lines.iter().for_each(|line| text.extend(format!("{line}\n").bytes()));
    change.put(path, text, Mode::Keep);
    Ok(())
}

/// The lines that a text does not have yet.
#[must_use]
pub fn missing(text: &str, policy: &Policy) -> Vec<String> {
    let own = ["/.secrets/**".to_owned(), format!("/{}", policy::PATH)];
    let own = own.into_iter().map(|glob| format!("{glob} -text"));
    let globs = policy.environments.values().flat_map(|env| &env.files);
    let sealed = globs.map(|glob| format!("/{} -text diff=tenure merge=tenure", glob.as_str()));
    let has = |line: &String| text.lines().any(|old| old.trim_end() == line);
    own.chain(sealed).filter(|line| !has(line)).collect()
}

/// Takes our lines out; a file that has no others goes.
///
/// # Errors
/// As [`add`].
pub fn remove(place: &Place<'_>, policy: &Policy, change: &mut Change) -> Result<(), DeedError> {
    let path: RepoPath = PATH.parse()?;
    let Some(old) = place.files.read(&path)? else { return Ok(()) };
    let ours = missing("", policy);
    let text = String::from_utf8_lossy(&old);
    let keep = |line: &&str| !ours.iter().any(|own| own == line.trim_end());
    let new: String = text.split_inclusive('\n').filter(keep).collect();
    if new.is_empty() {
        change.remove(path);
    } else if new.as_bytes() != old {
        change.put(path, new.into_bytes(), Mode::Keep);
    }
    Ok(())
}
