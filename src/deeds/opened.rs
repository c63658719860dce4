//! Which files this work tree has opened in place, and from which sealed bytes.
//!
//! The state file `open` has one line a file: `PATH\tHEXSHA256-OF-SEALED-BYTES\tENTRYID,ENTRYID`. The
//! sealed bytes themselves are kept beside it as `open-HEXSHA256`, so that unchanged values get their
//! tokens back even if nobody ever committed them.

use super::DeedError;
use crate::names::{EntryId, RepoPath, Sha256};
use crate::world::StateDir;

const LIST: &str = "open";

/// A file that stands in the work tree in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The file.
    pub path: RepoPath,
    /// The hash of the sealed bytes that it was opened from.
    pub sealed: Sha256,
    /// The entries that attested them.
    pub entries: Vec<EntryId>,
}

fn hex(hash: &Sha256) -> String {
    hash.to_string().trim_start_matches("sha256:").to_owned()
}

fn kept(hash: &Sha256) -> String {
    format!("{LIST}-{}", hex(hash))
}

/// Lists the files that are open, in the order of their paths.
///
/// # Errors
/// [`DeedError::Refuse`] when the list is damaged: it is never taken for "nothing is open".
pub fn list(state: &StateDir) -> Result<Vec<Opened>, DeedError> {
    let Some(bytes) = state.read(LIST)? else { return Ok(Vec::new()) };
    let read =
        || -> Option<Vec<Opened>> { std::str::from_utf8(&bytes).ok()?.lines().map(line).collect() };
    read().ok_or_else(|| DeedError::Refuse {
        what: "the list of the files that are opened in place is damaged".to_owned(),
        instead: Some(format!("git status, then: rm {}", state.path(LIST).display())),
    })
}

fn line(text: &str) -> Option<Opened> {
    let mut parts = text.split('\t');
    let (path, hash, ids) = (parts.next()?, parts.next()?, parts.next()?);
    let ids = ids.split(',').filter(|id| !id.is_empty());
    let entries = ids.map(|id| id.parse().ok()).collect::<Option<_>>()?;
    let sealed = format!("sha256:{hash}").parse().ok()?;
    parts.next().is_none().then_some(Opened { path: path.parse().ok()?, sealed, entries })
}

fn store(state: &StateDir, mut all: Vec<Opened>) -> Result<(), DeedError> {
    all.sort_by(|a, b| a.path.cmp(&b.path));
    if all.is_empty() {
        return Ok(state.remove(LIST)?);
    }
    let mut text = String::new();
    for opened in &all {
        let ids: Vec<_> = opened.entries.iter().map(ToString::to_string).collect();
        text.push_str(&format!("{}\t{}\t{}\n", opened.path, hex(&opened.sealed), ids.join(",")));
    }
    Ok(state.write(LIST, text.as_bytes())?)
}

/// Remembers a file as open, with the sealed bytes that stood there.
///
/// # Errors
/// [`DeedError::World`], and as [`list`].
pub fn add(
    state: &StateDir,
    path: &RepoPath,
    sealed: &[u8],
    entries: Vec<EntryId>,
) -> Result<(), DeedError> {
    let mut all = list(state)?;
    all.retain(|opened| opened.path != *path);
    let hash = Sha256::of(sealed);
    state.write(&kept(&hash), sealed)?;
    all.push(Opened { path: path.clone(), sealed: hash, entries });
    store(state, all)
}

/// Gives the sealed bytes that a file was opened from, if they are still kept as they were.
///
/// # Errors
/// [`DeedError::World`].
pub fn base(state: &StateDir, opened: &Opened) -> Result<Option<Vec<u8>>, DeedError> {
    let bytes = state.read(&kept(&opened.sealed))?;
    Ok(bytes.filter(|bytes| Sha256::of(bytes) == opened.sealed))
}

/// Forgets files that are sealed again, and the bytes that no other file was opened from.
///
/// # Errors
/// [`DeedError::World`], and as [`list`].
pub fn close(state: &StateDir, paths: &[&RepoPath]) -> Result<(), DeedError> {
    let (gone, left): (Vec<_>, Vec<_>) =
        list(state)?.into_iter().partition(|opened| paths.contains(&&opened.path));
    if gone.is_empty() {
        return Ok(());
    }
    let needed: Vec<_> = left.iter().map(|opened| opened.sealed).collect();
    store(state, left)?;
    for opened in gone.iter().filter(|opened| !needed.contains(&opened.sealed)) {
        state.remove(&kept(&opened.sealed))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_form() {
        let id = EntryId::of(b"x");
        let hash = hex(&Sha256::of(b"y"));
        let good = format!("secrets/prod.env\t{hash}\t{id},{id}");
        assert_eq!(line(&good).unwrap().entries, [id, id]);
        assert!(line(&format!("a\t{hash}\t")).unwrap().entries.is_empty());
        for bad in ["", "a", "a\tb\tc", &format!("{good}\tmore"), &format!("/a\t{hash}\t")] {
            assert_eq!(line(bad), None, "{bad}");
        }
    }
}
