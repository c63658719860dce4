//! Files of ours that git ignores: they would never be committed, and the entry that names them would.

use super::DeedError;
use super::load::Place;
use crate::names::{RepoPath, quoted};
use crate::policy::Policy;
use crate::world::World;

/// What git ignores, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The first such file.
    pub path: RepoPath,
    /// The command that brings it into the next commit all the same.
    pub add: String,
    /// The line of `.gitignore` that ends it.
    pub line: String,
}

/// Finds the first of some files that git ignores; one that it tracks, it does not.
///
/// # Errors
/// [`DeedError::World`] when git does not answer.
pub fn first(
    place: &Place<'_>,
    policy: Option<&Policy>,
    paths: &[RepoPath],
) -> Result<Option<Ignored>, DeedError> {
    let Some(path) = place.checkout.first_ignored(paths)? else { return Ok(None) };
    let globs = policy.into_iter().flat_map(|policy| policy.environments.values());
    let glob = globs.flat_map(|env| &env.files).find(|glob| glob.takes(&path));
    if path.as_str().starts_with(".secrets/") {
        let folder = path.as_str().rsplit_once('/').map_or(path.as_str(), |(folder, _)| folder);
        let (add, line) = ("git add -f .secrets".to_owned(), "!/.secrets/**".to_owned());
        return Ok(Some(Ignored { path: folder.parse()?, add, line }));
    }
    let line = match glob {
        Some(glob) => format!("!/{}", glob.as_str()),
        None => format!("!/{path}"),
    };
    Ok(Some(Ignored { add: format!("git add -f {}", quoted(&path)), line, path }))
}

/// As [`first`], after something was written: that was done, whatever git says to this question.
#[must_use]
pub fn written(world: &World, paths: &[RepoPath]) -> Option<Ignored> {
    if paths.is_empty() {
        return None;
    }
    let place = Place::find(world).ok()?;
    let text = super::enact::policy_file(&place).ok();
    let policy = text.and_then(|text| Policy::parse(&text).ok());
    first(&place, policy.as_ref(), &[paths, &own().ok()?].concat()).ok()?
}

/// What the next entry and the next keyring may be called.
///
/// # Errors
/// Never: they are paths.
pub fn own() -> Result<[RepoPath; 2], DeedError> {
    Ok([".secrets/log/new.entry".parse()?, ".secrets/keys/new.age".parse()?])
}

impl Ignored {
    /// Says it in a sentence.
    #[must_use]
    pub fn warning(&self) -> String {
        let Self { path, add, line } = self;
        format!("git ignores `{path}`: {add}, or add a line to .gitignore: {line}")
    }
}
