//! The files that git hands to its merge driver and its diffs.

use std::io::Read as _;
use std::path::Path;

use git2::{MergeFileInput, MergeFileOptions, merge_file};

use super::{LARGEST, WorldError};

/// Reads a file that git named, of which nothing is known.
///
/// # Errors
/// [`WorldError::Io`], [`WorldError::TooLarge`].
pub fn read_side(path: &Path) -> Result<Vec<u8>, WorldError> {
    let shown = path.display().to_string();
    let file = std::fs::File::open(path).map_err(WorldError::io("read", &shown))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(WorldError::io("read", &shown))?;
    match bytes.len() as u64 > LARGEST {
        true => Err(WorldError::TooLarge { path: shown, limit: LARGEST }),
        false => Ok(bytes),
    }
}

/// Merges three texts line by line, as git does; the result has markers where it is not clean.
///
/// # Errors
/// [`WorldError::Git`] where they cannot be merged at all.
pub fn merge_lines(base: &[u8], ours: &[u8], theirs: &[u8]) -> Result<(Vec<u8>, bool), WorldError> {
    // Where no repository was opened, nothing has started the library yet, and this call alone does not.
    let _started = git2::Config::new();
    let input = |bytes| {
        let mut input = MergeFileInput::new();
        input.content(bytes);
        input
    };
    let mut options = MergeFileOptions::new();
    options.our_label("ours").their_label("theirs");
    let merged = merge_file(&input(base), &input(ours), &input(theirs), Some(&mut options));
    let merged = merged.map_err(|error| WorldError::Git {
        doing: "merge the lines of a file",
        why: error.message().chars().filter(|c| !c.is_control()).collect(),
    })?;
    Ok((merged.content().to_vec(), merged.is_automergeable()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_merge_as_git_merges_them() {
        let (o, a, b) = (b"a\nb\nc\nd\n", b"x\nb\nc\nd\n", b"a\nb\nc\ny\n");
        assert_eq!(merge_lines(o, a, b).unwrap(), (b"x\nb\nc\ny\n".to_vec(), true));
        let (text, clean) = merge_lines(b"a\n", b"b\n", b"c\n").unwrap();
        assert_eq!(text, b"<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n");
        assert!(!clean);
    }
}
