//! What git starts us for: to merge sealed files by their items, and to show them in diffs. Reads no key,
//! no log and no policy, signs nothing, and takes whatever it is given.

use std::path::Path;

use super::DeedError;
use super::load::Place;
use crate::document::{Document, Format, Merged, merge};
use crate::names::{KeyPath, RepoPath, Sha256};
use crate::seal::is_whole;
use crate::world::{Checkout, Mode, World, Writes, merge_lines, read_side, write_whole};

/// The settings by which git finds us, as `.gitattributes` names them.
const SETTINGS: [(&str, &str); 3] = [
    ("merge.tenure.name", "sealed files, value by value"),
    ("merge.tenure.driver", "tenure merge-driver %O %A %B %P"),
    ("diff.tenure.textconv", "tenure textconv"),
];

/// The files that git hands over.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The common base; empty where there is none.
    pub base: &'a Path,
    /// Ours; the result goes there.
    pub ours: &'a Path,
    /// Theirs.
    pub theirs: &'a Path,
    /// The path in the repository.
    pub path: &'a str,
}

/// How a merge ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Clean,
    /// Both sides changed these items, or nobody can tell which.
    Conflict(Vec<KeyPath>),
}

/// Merges one file.
///
/// # Errors
/// [`DeedError::World`] where a file cannot be read or written.
pub fn merge_file(world: &World, sides: Sides<'_>) -> Result<Outcome, DeedError> {
    let read = |path: &Path| read_side(&world.from.join(path));
    let (base, ours, theirs) = (read(sides.base)?, read(sides.ours)?, read(sides.theirs)?);
    let format = sides.path.parse().ok().and_then(|path: RepoPath| Format::of(&path));
    let any_whole = [&base, &ours, &theirs].into_iter().any(|bytes| is_whole(bytes));
    if any_whole || (format.is_none() && ours.contains(&0)) {
        // A file that is sealed as one has no parts: ours stays, and git keeps all three.
        return Ok(Outcome::Conflict(vec![KeyPath::Whole]));
    }
    let (bytes, outcome) = match format.and_then(|it| by_items(it, [&base, &ours, &theirs])) {
        Some(Merged::Clean(text)) => (text.into_bytes(), Outcome::Clean),
        Some(Merged::Conflict(text, keys)) => (text.into_bytes(), Outcome::Conflict(keys)),
        None => by_lines(format, [&base, &ours, &theirs])?,
    };
    if world.writes == Writes::Real {
        write_whole(&world.from.join(sides.ours), &bytes, Mode::Keep)?;
    }
    Ok(outcome)
}

fn by_items(format: Format, versions: [&[u8]; 3]) -> Option<Merged> {
    let [base, ours, theirs] = versions.map(|bytes| std::str::from_utf8(bytes).ok());
    let base = match base? {
        "" if format == Format::Json => "{}\n",
        text => text,
    };
    let parse = |text| Document::parse(format, text).ok();
    merge(&parse(base)?, &parse(ours?)?, &parse(theirs?)?)
}

/// As git would. Where all versions can be read and could not be merged by their items, what lines alone make
/// of them is not taken for clean: a key may now be there twice.
fn by_lines(
    format: Option<Format>,
    [base, ours, theirs]: [&[u8]; 3],
) -> Result<(Vec<u8>, Outcome), DeedError> {
    let (bytes, clean) = merge_lines(base, ours, theirs)?;
    let parses = |format, bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| Document::parse(format, text).is_ok())
    };
    let doubtful = format.is_some_and(|it| parses(it, ours) && parses(it, theirs));
    Ok(match (clean, doubtful) {
        (true, false) => (bytes, Outcome::Clean),
        (true, true) => {
            let mut both = b"<<<<<<< ours\n".to_vec();
            for (part, end) in [(ours, &b"=======\n"[..]), (theirs, b">>>>>>> theirs\n")] {
                both.extend_from_slice(part);
                both.extend_from_slice(if part.ends_with(b"\n") { b"" } else { b"\n" });
                both.extend_from_slice(end);
            }
            (both, Outcome::Conflict(Vec::new()))
        }
        (false, _) => (bytes, Outcome::Conflict(Vec::new())),
    })
}

/// A sealed file as a diff shows it: tokens stay tokens, but short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted(pub Vec<String>);

/// Gives the lines of a file for a diff.
///
/// # Errors
/// [`DeedError::World`] where it cannot be read.
pub fn textconv(world: &World, file: &Path) -> Result<Converted, DeedError> {
    let bytes = read_side(&world.from.join(file))?;
    if is_whole(&bytes) {
        let line = format!("sealed whole, {} bytes, {}", bytes.len(), Sha256::of(&bytes));
        return Ok(Converted(vec![line]));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Converted(text.lines().map(shortened).collect()))
}

/// A line with each token cut to its first characters and a digest of all of it.
fn shortened(line: &str) -> String {
    let mut short = String::new();
    let mut rest = line;
    while let Some((at, begin)) = next_token(rest) {
        let from = at + begin.len();
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let end = rest[from..].find(|c| !inside(c)).map_or(rest.len(), |end| from + end);
        let digest = Sha256::of(&rest.as_bytes()[at..end]).to_string();
        let digest = digest.trim_start_matches("sha256:");
        short.push_str(&rest[..from]);
        short.push('…');
        short.push_str(&digest[..12]);
        rest = &rest[end..];
    }
    short.push_str(rest);
    short
}

fn next_token(text: &str) -> Option<(usize, &'static str)> {
    let found = ["sealed.v1.", "dropped.v1."].map(|begin| text.find(begin).map(|at| (at, begin)));
    found.into_iter().flatten().min()
}

/// Tells git how to merge and to show sealed files in this clone.
///
/// # Errors
/// [`DeedError::World`].
pub fn install(place: &Place<'_>) -> Result<(), DeedError> {
    for (key, value) in SETTINGS {
        if place.checkout.config(key)?.as_deref() != Some(value) {
            place.checkout.set_config(key, Some(value))?;
        }
    }
    Ok(())
}

/// Takes that back, where it is still as we said it.
///
/// # Errors
/// [`DeedError::World`].
pub fn uninstall(place: &Place<'_>) -> Result<(), DeedError> {
    for (key, value) in SETTINGS {
        if place.checkout.config(key)?.as_deref() == Some(value) {
            place.checkout.set_config(key, None)?;
        }
    }
    Ok(())
}

/// Tells whether git knows how.
///
/// # Errors
/// [`DeedError::World`].
pub fn installed(checkout: &Checkout) -> Result<bool, DeedError> {
    for (key, value) in SETTINGS {
        if checkout.config(key)?.as_deref() != Some(value) {
            return Ok(false);
        }
    }
    Ok(true)
}
