//! The names of thousands of files. A folder that did not change since it was listed is not listed again:
//! every file system notes when a folder's entries change, and nobody but root can turn that note back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Dir, FileType, Mode, Stat, fstat, openat};

use super::WorldError;
use super::files::{FOLDER, Files};
use super::whole::is_temp_name;

/// So long after its last change a folder can be told from one that changes now: some file systems count
/// in whole seconds, FAT in two.
const SETTLED: Duration = Duration::from_secs(2);

/// Begins the line of a folder. No name holds it.
const MARK: &str = "= ";

/// What tells a folder from itself after a change: device, inode, and the times of its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([i128; 5]);

impl Stamp {
    fn of(stat: &Stat) -> Self {
        let changed = i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec);
        let modified = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
        let [dev, ino, size] =
            [i128::from(stat.st_dev), i128::from(stat.st_ino), i128::from(stat.st_size)];
        Self([dev, ino, changed, modified, size])
    }

    /// Tells whether the last change is long enough ago.
    fn is_settled(self, now: SystemTime) -> bool {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let limit = since.saturating_sub(SETTLED).as_nanos();
        let [_, _, changed, modified, _] = self.0;
        i128::try_from(limit).is_ok_and(|limit| changed <= limit && modified <= limit)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ').map(str::parse);
        let mut next = || parts.next()?.ok();
        let stamp = Self([next()?, next()?, next()?, next()?, next()?]);
        parts.next().is_none().then_some(stamp)
    }
}

/// What is remembered of folders: their names, as they were at a stamp.
#[derive(Default)]
pub struct Remembered<'t> {
    text: &'t str,
    folders: HashMap<&'t str, (Stamp, &'t str)>,
}

impl<'t> Remembered<'t> {
    /// Reads what [`Names::to_remember`] gave; bytes that are not so say nothing.
    ///
    /// Whoever can choose them chooses what is listed: they must come from where only we write.
    #[must_use]
    pub fn read(bytes: &'t [u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let folders = text.split(MARK).skip(1).map(|part| {
            let (head, names) = part.split_once('\n')?;
            let (path, stamp) = head.split_once(' ')?;
            Some((path, (Stamp::read(stamp)?, names)))
        });
        let folders: Option<_> = folders.collect();
        folders.map(|folders| Self { text, folders }).unwrap_or_default()
    }
}

/// The names of all files below a folder.
#[derive(Debug)]
pub struct Names {
    /// Their paths, a line each, sorted.
    pub lines: String,
    /// What [`Remembered::read`] takes; none where that is known already.
    pub to_remember: Option<String>,
}

impl Files {
    /// The paths of the regular files below a folder; none where anything else lies there, or a name that
    /// is not plain. As [`Files::list`], and quick for thousands.
    pub fn names(
        &self,
        folder: &str,
        remembered: &Remembered<'_>,
    ) -> Result<Option<Names>, WorldError> {
        let now = SystemTime::now();
        let (lines, settled) = (String::new(), String::new());
        let mut walk = Walk { remembered, now, lines, settled };
        if let Some(open) = self.folder(folder)?
            && !walk.enter(&open, folder)?
        {
            return Ok(None);
        }
        let news = walk.settled != remembered.text;
        Ok(Some(Names { lines: walk.lines, to_remember: news.then_some(walk.settled) }))
    }
}

struct Walk<'r> {
    remembered: &'r Remembered<'r>,
    now: SystemTime,
    lines: String,
    /// The text to remember.
    settled: String,
}

impl Walk<'_> {
    /// Adds the paths of the files below a folder; tells whether there is nothing but plain files and
    /// folders.
    fn enter(&mut self, folder: &OwnedFd, path: &str) -> Result<bool, WorldError> {
        // Asked before the listing: a change after it makes another stamp.
        let stamp = Stamp::of(&fstat(folder).map_err(WorldError::io("list", path))?);
        let known = self.remembered.folders.get(path).filter(|(known, _)| *known == stamp);
        let names = match known {
            Some((_, names)) => Cow::Borrowed(*names),
            None => match listed(folder, path)? {
                Some(names) => Cow::Owned(names),
                None => return Ok(false),
            },
        };
        if stamp.is_settled(self.now) {
            let Stamp([dev, ino, changed, modified, size]) = stamp;
            let head = format_args!("{MARK}{path} {dev} {ino} {changed} {modified} {size}\n");
            self.settled.write_fmt(head).expect("a String takes all");
            self.settled.push_str(&names);
        }
        self.lines.reserve(names.len() * 2);
        for name in names.lines() {
            let Some(inner) = name.strip_suffix('/') else {
                self.lines.extend([path, "/", name, "\n"]);
                continue;
            };
            let below = format!("{path}/{inner}");
            let next = openat(folder, inner, FOLDER, Mode::empty());
            let next = next.map_err(WorldError::io("list", &below))?;
            if !self.enter(&next, &below)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The names in one folder, a line each, sorted as the paths below them are: a folder's has a `/`. None
/// where anything lies there that is neither file nor folder of a plain name.
fn listed(folder: &OwnedFd, path: &str) -> Result<Option<String>, WorldError> {
    let (mut text, mut names) = (String::new(), Vec::new());
    for entry in Dir::read_from(folder).map_err(WorldError::io("list", path))? {
        let entry = entry.map_err(WorldError::io("list", path))?;
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let name = entry.file_name().to_str().unwrap_or_default();
        let kind = entry.file_type();
        if matches!(name, "." | "..") || kind == FileType::RegularFile && is_temp_name(name) {
            continue;
        }
        if name.is_empty() || name == ".git" || !name.as_bytes().iter().all(plain) {
            return Ok(None);
        }
        let from = text.len();
        text.push_str(name);
        match kind {
            FileType::RegularFile => {}
            FileType::Directory => text.push('/'),
            // A file system that does not say what an entry is, too.
            _ => return Ok(None),
        }
        names.push(from..text.len());
    }
    let mut names: Vec<_> = names.into_iter().map(|name| &text[name]).collect();
    names.sort_unstable();
    let mut sorted = String::with_capacity(text.len() + names.len());
    names.iter().for_each(|name| sorted.extend([name, "\n"]));
    Ok(Some(sorted))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::names::RepoPath;
    use crate::world::lines;

    fn tree() -> (tempfile::TempDir, Files) {
        let root = tempfile::tempdir().unwrap();
        for name in ["a/b/c", "a/b-c/d", "a/b.c", "a/b/b", "a/B_2"] {
            put(root.path(), name);
        }
        let files = Files::open(root.path()).unwrap();
        (root, files)
    }

    fn put(root: &Path, name: &str) {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    fn names(files: &Files, folder: &str) -> Option<Names> {
        files.names(folder, &Remembered::default()).unwrap()
    }

    /// Lists as if so much later.
    fn later(files: &Files, text: &str, seconds: u64) -> Names {
        let remembered = Remembered::read(text.as_bytes());
        let now = SystemTime::now() + Duration::from_secs(seconds);
        let (lines, settled) = (String::new(), String::new());
        let mut walk = Walk { remembered: &remembered, now, lines, settled };
        assert!(walk.enter(&files.folder("a").unwrap().unwrap(), "a").unwrap());
        let news = (walk.settled != text).then_some(walk.settled);
        Names { lines: walk.lines, to_remember: news }
    }

    #[test]
    fn names_are_those_of_the_listing_or_none() {
        let (root, files) = tree();
        let listed = files.list("a").unwrap();
        let listed = lines(listed.files.iter().map(RepoPath::as_str));
        assert_eq!(names(&files, "a").unwrap().lines, listed);
        assert_eq!(listed, "a/B_2\na/b-c/d\na/b.c\na/b/b\na/b/c\n");
        assert_eq!(names(&files, "nothing").unwrap().lines, "");
        for odd in ["a/with space", "a/b/ö", "a/= x"] {
            put(root.path(), odd);
            assert!(names(&files, "a").is_none(), "{odd}");
            fs::remove_file(root.path().join(odd)).unwrap();
        }
        symlink("c", root.path().join("a/b/link")).unwrap();
        assert!(names(&files, "a").is_none());
    }

    #[test]
    fn a_folder_that_changed_just_now_is_not_remembered() {
        let (_root, files) = tree();
        let names = names(&files, "a").unwrap();
        assert_eq!(names.to_remember, None);
        let text = later(&files, "", 3).to_remember.unwrap();
        assert_eq!(text.matches(MARK).count(), 3);
        assert_eq!(later(&files, &text, 3).to_remember, None);
    }

    #[test]
    fn what_is_remembered_is_used_until_the_folder_changes() {
        let (root, files) = tree();
        let text = later(&files, "", 3).to_remember.unwrap();
        // Only a text that says otherwise shows that the folder itself was not asked.
        let told = text.replace("\nB_2\n", "\nB_3\n");
        assert_eq!(later(&files, &told, 3).lines, "a/B_3\na/b-c/d\na/b.c\na/b/b\na/b/c\n");
        for change in ["a/new", "a/b/new"] {
            put(root.path(), change);
            let now = later(&files, &text, 3);
            assert!(now.lines.contains(&format!("{change}\n")), "{change}");
            fs::remove_file(root.path().join(change)).unwrap();
            assert!(!later(&files, &text, 3).lines.contains("new"));
        }
        // The same name with other bytes in its place is another inode, and another change of the folder.
        put(root.path(), "a/other");
        fs::rename(root.path().join("a/other"), root.path().join("a/B_2")).unwrap();
        assert!(later(&files, &told, 3).lines.contains("a/B_2\n"));
    }

    #[test]
    fn a_text_that_is_cut_or_strange_says_nothing() {
        let (_root, files) = tree();
        let text = later(&files, "", 3).to_remember.unwrap();
        let right = later(&files, "", 3).lines;
        for bad in ["= ", "= a", "= a 1 2\nx\n", "= a 1 2 3 4 5 6\nx\n", "x", "= a 1 2 3 4 y\n"] {
            assert!(Remembered::read(bad.as_bytes()).folders.is_empty(), "{bad}");
            assert_eq!(later(&files, bad, 3).lines, right, "{bad}");
        }
        assert_eq!(Remembered::read(text.as_bytes()).folders.len(), 3);
    }
}
