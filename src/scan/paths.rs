//! Which files a rule holds for, told at little cost.

use std::borrow::Cow;
use std::ops::Range;

use super::pattern::Pattern;
use crate::policy::{Glob, GlobError};

/// Paths that a rule holds for. Each file is held against all of them, so that they must cost little.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths {
    globs: Vec<Path>,
    patterns: Vec<Pattern>,
}

/// A glob, and what its text says of all that it takes: how the folder ends, how the file's name begins, and
/// how the path ends.
#[derive(Debug, Clone)]
struct Path {
    glob: Glob,
    folder: Range<usize>,
    head: Range<usize>,
    tail: Range<usize>,
    /// The first byte of the name, and the last of the path, where they are known: enough for most paths.
    ends: (Option<u8>, Option<u8>),
}

impl Path {
    fn new(text: &str) -> Result<Self, GlobError> {
        let wild = ['*', '?', '[', ']'];
        let name = text.rfind('/').map_or(0, |at| at + 1);
        let head = text[name..].find(wild).map_or(text.len(), |at| name + at);
        // A name after `**/` may be the whole path.
        let folders = if text.starts_with("**/") { 3 } else { 0 };
        let tail = text.rfind(wild).map_or(0, |at| at + 1).max(folders);
        let folder = text[..name].rfind(wild).map_or(0, |at| at + 1).max(folders);
        // The rest of a name after a wildcard is left to the glob; `**` takes folders too.
        let is_open = text[folder.min(name)..name].starts_with('/') || text.ends_with("**");
        let folder = if is_open { name } else { folder.min(name) };
        let (head, tail) = (name..head, tail..text.len());
        let ends = (text[head.clone()].bytes().next(), text[tail.clone()].bytes().last());
        Ok(Self { glob: text.parse()?, folder: folder..name, head, tail, ends })
    }

    fn takes(&self, path: &str, folder: &str, name: &str) -> bool {
        let text = self.glob.as_str();
        let (first, last) = self.ends;
        first.is_none_or(|first| name.as_bytes().first() == Some(&first))
            && last.is_none_or(|last| path.as_bytes().last() == Some(&last))
            && name.starts_with(&text[self.head.clone()])
            && path.ends_with(&text[self.tail.clone()])
            && folder.ends_with(&text[self.folder.clone()])
            && self.glob.takes_text(path)
    }
}

impl Paths {
    pub(super) fn new(texts: &[Cow<'static, str>]) -> Result<Self, GlobError> {
        let globs = texts.iter().map(|text| Path::new(text)).collect::<Result<_, _>>()?;
        Ok(Self { globs, patterns: Vec::new() })
    }

    pub(super) fn of_pattern(pattern: Pattern) -> Self {
        Self { patterns: vec![pattern], ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.globs.is_empty() && self.patterns.is_empty()
    }

    /// Tells whether one of them takes a path.
    pub(super) fn take(&self, path: &str) -> bool {
        let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
        self.globs.iter().any(|glob| glob.takes(path, folder, name))
            || self.patterns.iter().any(|pattern| {
                pattern.get().is_none_or(|pattern| pattern.is_match(path.as_bytes()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_their_globs_take_them() {
        let globs = [
            "**/.netrc",
            "a/.netrc",
            "**/*.tfvars",
            "**/wp-config*.php",
            "**/.m2/*.xml",
            "x/**",
            "a*/b.c",
            "**/users/*/config.xml",
            "**/[ab].key",
            "*.key",
            "**/a/**/b.key",
        ];
        let paths = [
            ".netrc",
            "a/.netrc",
            "b/a/.netrc",
            "x.netrc",
            "prod.tfvars",
            "a/b.tfvars",
            "wp-config.php",
            "a/wp-config-x.php",
            "a/.m2/s.xml",
            ".m2/s.xml",
            "b.m2/s.xml",
            "x/y/z",
            "ab/b.c",
            "a/b.c",
            "b/b.c",
            "users/u/config.xml",
            "q/users/u/config.xml",
            "a.key",
            "q/b.key",
            "c.key",
            "a/b.key",
            "a/q/b.key",
        ];
        for glob in globs {
            let own = Paths::new(&[Cow::Borrowed(glob)]).unwrap();
            let glob: Glob = glob.parse().unwrap();
            for path in paths {
                assert_eq!(own.take(path), glob.takes_text(path), "{} {path}", glob.as_str());
            }
        }
    }
}
