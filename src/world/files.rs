//! Files under one root: listed and read without ever following a link.

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;
use walkdir::{DirEntry, WalkDir};

use super::WorldError;
use super::whole::is_temp_name;
use crate::names::RepoPath;

/// The most that is read of one file: 100 MiB.
pub const LARGEST: u64 = 100 << 20;

/// Opens a folder itself, and nothing that a link names.
pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Fewer files than this are not worth a thread.
const WORTH_A_THREAD: usize = 256;

/// The files under one root.
///
/// Each folder on the way is opened by itself and from the one above, so that no link is followed,
/// not even one that appears between a look and the reading.
pub struct Files {
    root: PathBuf,
    dir: OwnedFd,
}

/// What lies below a folder, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The regular files.
    pub files: Vec<RepoPath>,
    /// All else that is neither file nor folder, or has a name that we do not take.
    pub odd: Vec<Odd>,
}

/// Something that is not listed as a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Odd {
    /// Its path below the root; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// Why it is odd.
    pub kind: OddKind,
}

/// Why something is not listed as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OddKind {
    /// A symbolic link, which is not followed.
    Link,
    /// A pipe, socket or device.
    Special,
    /// A file whose name is no [`RepoPath`].
    Name,
    /// A path of the index that is not merged yet.
    Unmerged,
}

impl Files {
    /// Opens a root, which may be reached through links.
    pub fn open(root: &Path) -> Result<Self, WorldError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(root, flags, Mode::empty())
            .map_err(WorldError::io("open", root.display()))?;
        Ok(Self { root: root.to_owned(), dir })
    }

    /// Reads a whole file; none if it is not there.
    ///
    /// Refuses links, also among its folders, whatever is no regular file, and more than
    /// [`LARGEST`] bytes.
    pub fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WorldError> {
        self.read_up_to(path, LARGEST)
    }

    /// Reads a whole file of at most `limit` bytes; none if it is not there.
    pub fn read_up_to(&self, path: &RepoPath, limit: u64) -> Result<Option<Vec<u8>>, WorldError> {
        let folder = self.folder_of(path)?;
        folder.map_or(Ok(None), |folder| read_in(&folder, path, limit))
    }

    /// Reads many files; quick where neighbours in the list lie in one folder.
    pub fn read_each(&self, paths: &[RepoPath]) -> Result<Vec<Option<Vec<u8>>>, WorldError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let share = paths.len().div_ceil(threads).max(WORTH_A_THREAD);
        let (mine, others) = paths.split_at(share.min(paths.len()));
        std::thread::scope(|scope| {
            let others = others.chunks(share).map(|share| scope.spawn(|| self.read_share(share)));
            let others: Vec<_> = others.collect();
            let mut contents = self.read_share(mine)?;
            for other in others {
                contents.extend(other.join().unwrap_or_else(|it| std::panic::resume_unwind(it))?);
            }
            Ok(contents)
        })
    }

    fn read_share(&self, paths: &[RepoPath]) -> Result<Vec<Option<Vec<u8>>>, WorldError> {
        let mut open: Option<(&str, Option<OwnedFd>)> = None;
        let mut contents = Vec::with_capacity(paths.len());
        for path in paths {
            let here = parent(path);
            let folder = match open.take() {
                Some((name, folder)) if name == here => folder,
                _ => self.folder(here)?,
            };
            let content = folder.as_ref().map(|folder| read_in(folder, path, LARGEST));
            contents.push(content.transpose()?.flatten());
            open = Some((here, folder));
        }
        Ok(contents)
    }

    /// Tells whether a regular file is there; refuses links and all else.
    pub fn is_file(&self, path: &RepoPath) -> Result<bool, WorldError> {
        Ok(self.stat(path)?.is_some())
    }

    /// Lists what lies below a folder, given without a final `/`; below the root for an empty text.
    ///
    /// Leaves out `.git`, whole repositories inside this one, and what a writer is preparing, or was when it
    /// was killed: that is nobody's file yet. A folder that is not there is empty.
    pub fn list(&self, folder: &str) -> Result<Listing, WorldError> {
        let mut listing = Listing::default();
        if self.folder(folder)?.is_none() {
            return Ok(listing);
        }
        let top = self.root.join(folder);
        let walk = WalkDir::new(&top).min_depth(1).follow_root_links(true).into_iter();
        for entry in walk.filter_entry(|entry| !is_repository(entry)) {
            let entry = entry.map_err(|error| unlisted(&top, error))?;
            let Ok(path) = entry.path().strip_prefix(&self.root) else { continue };
            if entry.file_type().is_file() && entry.file_name().to_str().is_some_and(is_temp_name) {
                continue;
            }
            let text = path.to_string_lossy();
            let kind = entry.file_type();
            let kind = match path.to_str().and_then(|path| path.parse::<RepoPath>().ok()) {
                _ if kind.is_dir() => continue,
                _ if kind.is_symlink() => OddKind::Link,
                _ if !kind.is_file() => OddKind::Special,
                None => OddKind::Name,
                Some(path) => {
                    listing.files.push(path);
                    continue;
                }
            };
            listing.odd.push(Odd { path: text.into_owned(), kind });
        }
        listing.files.sort_unstable();
        listing.odd.sort_unstable();
        Ok(listing)
    }

    /// Lists the regular files in the root itself, sorted; folders are not looked into.
    pub fn list_top(&self) -> Result<Vec<RepoPath>, WorldError> {
        let mut files = Vec::new();
        for entry in WalkDir::new(&self.root).min_depth(1).max_depth(1) {
            let entry = entry.map_err(|error| unlisted(&self.root, error))?;
            let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
            files.extend(name.filter(|_: &RepoPath| entry.file_type().is_file()));
        }
        files.sort_unstable();
        Ok(files)
    }

    /// Looks at a file without following links; none if it is not there.
    pub(super) fn stat(&self, path: &RepoPath) -> Result<Option<Stat>, WorldError> {
        let Some(folder) = self.folder_of(path)? else { return Ok(None) };
        match statat(&folder, path.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => regular(&stat, path.as_str()).map(|()| Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(WorldError::io("read", path)(error)),
        }
    }

    /// Opens the folder that a file lies in; none if it is not there.
    pub(super) fn folder_of(&self, path: &RepoPath) -> Result<Option<OwnedFd>, WorldError> {
        self.folder(parent(path))
    }

    /// Opens a folder below the root; none if it is not there.
    pub(super) fn folder(&self, path: &str) -> Result<Option<OwnedFd>, WorldError> {
        let mut folder = None;
        let mut end = 0;
        for part in path.split('/').filter(|_| !path.is_empty()) {
            end += part.len() + 1;
            let above = folder.as_ref().unwrap_or(&self.dir);
            folder = match openat(above, part, FOLDER, Mode::empty()) {
                Ok(next) => Some(next),
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(not_a_folder(above, part, &path[..end - 1], error)),
            };
        }
        match folder {
            Some(folder) => Ok(Some(folder)),
            None => openat(&self.dir, ".", FOLDER, Mode::empty())
                .map(Some)
                .map_err(WorldError::io("open", self.root.display())),
        }
    }
}

/// The folder part of a path; empty at the root.
pub(super) fn parent(path: &RepoPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Refuses what is no regular file.
pub(super) fn regular(stat: &Stat, path: &str) -> Result<(), WorldError> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => return Err(WorldError::Link { path: path.to_owned() }),
        FileType::Directory => "a folder",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    };
    Err(WorldError::NotAFile { path: path.to_owned(), what })
}

/// Puts each path on a line of its own.
pub fn lines<'p>(paths: impl Iterator<Item = &'p str>) -> String {
    let mut text = String::new();
    for path in paths {
        text.push_str(path);
        text.push('\n');
    }
    text
}

fn read_in(folder: &OwnedFd, path: &RepoPath, limit: u64) -> Result<Option<Vec<u8>>, WorldError> {
    // Non-blocking, so that a pipe in a file's place cannot make us wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(folder, path.file_name(), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(unopened(folder, path, error)),
    };
    let stat = fstat(&file).map_err(WorldError::io("read", path))?;
    regular(&stat, path.as_str())?;
    let too_large = || WorldError::TooLarge { path: path.to_string(), limit };
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if size > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    let mut some = std::fs::File::from(file).take(limit + 1);
    some.read_to_end(&mut bytes).map_err(WorldError::io("read", path))?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(Some(bytes)) }
}

fn unopened(folder: &OwnedFd, path: &RepoPath, error: Errno) -> WorldError {
    // A link, a socket or a device without a driver: the look says it better than the error.
    let stat = statat(folder, path.file_name(), AtFlags::SYMLINK_NOFOLLOW);
    match stat.map(|stat| regular(&stat, path.as_str())) {
        Ok(Err(refused)) => refused,
        _ => WorldError::io("read", path)(error),
    }
}

fn not_a_folder(above: &OwnedFd, name: &str, path: &str, error: Errno) -> WorldError {
    let stat = statat(above, name, AtFlags::SYMLINK_NOFOLLOW);
    match stat.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::Symlink) => WorldError::Link { path: path.to_owned() },
        Ok(FileType::Directory) | Err(_) => WorldError::io("open", path)(error),
        Ok(_) => WorldError::NotAFolder { path: path.to_owned() },
    }
}

fn is_repository(entry: &DirEntry) -> bool {
    let is_dir = entry.file_type().is_dir();
    entry.file_name() == ".git" || is_dir && entry.path().join(".git").symlink_metadata().is_ok()
}

fn unlisted(top: &Path, error: walkdir::Error) -> WorldError {
    let path = error.path().unwrap_or(top).display().to_string();
    WorldError::io("list", path)(io::Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::{path, texts};
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, Files) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("a/b/c"), "deep").unwrap();
        std::fs::write(root.path().join("top"), "").unwrap();
        let files = Files::open(root.path()).unwrap();
        (root, files)
    }

    #[test]
    fn a_file_is_read_whole_and_an_absent_one_is_none() {
        let (_root, files) = tree();
        assert_eq!(files.read(&path("a/b/c")).unwrap().unwrap(), b"deep");
        assert_eq!(files.read(&path("top")).unwrap().unwrap(), b"");
        assert_eq!(files.read(&path("a/x")).unwrap(), None);
        assert_eq!(files.read(&path("x/y/z")).unwrap(), None);
        let many = ["a/b/c", "a/b/x", "x/y", "x/z", "top", "a/b/c"].map(path);
        let many = files.read_each(&many).unwrap();
        let many = many.iter().map(|found| found.as_ref().map(Vec::len)).collect::<Vec<_>>();
        assert_eq!(many, [Some(4), None, None, None, Some(0), Some(4)]);
        assert!(files.is_file(&path("top")).unwrap());
        assert!(!files.is_file(&path("nothing")).unwrap());
    }

    #[test]
    fn no_link_is_followed() {
        let (root, files) = tree();
        symlink("a/b/c", root.path().join("link")).unwrap();
        symlink("b", root.path().join("a/door")).unwrap();
        symlink("nowhere", root.path().join("dangling")).unwrap();
        for (at, link) in [("link", "link"), ("a/door/c", "a/door"), ("dangling", "dangling")] {
            let error = files.read(&path(at)).unwrap_err();
            assert!(matches!(&error, WorldError::Link { path } if path == link), "{error}");
        }
        assert!(matches!(files.list("a/door"), Err(WorldError::Link { .. })));
        assert!(matches!(files.is_file(&path("link")), Err(WorldError::Link { .. })));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let (root, files) = tree();
        let pipe = root.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        for (at, kind) in [("a", "a folder"), ("pipe", "a pipe"), ("socket", "a socket")] {
            let error = files.read(&path(at)).unwrap_err();
            assert!(matches!(error, WorldError::NotAFile { what, .. } if what == kind), "{error}");
        }
        let below_a_file = files.read(&path("top/x")).unwrap_err();
        assert!(matches!(below_a_file, WorldError::NotAFolder { path } if path == "top"));
    }

    #[test]
    fn the_limit_is_the_last_size_that_is_read() {
        let (_root, files) = tree();
        assert!(files.read_up_to(&path("a/b/c"), 4).unwrap().is_some());
        let error = files.read_up_to(&path("a/b/c"), 3).unwrap_err();
        assert!(matches!(error, WorldError::TooLarge { limit: 3, .. }));
    }

    #[test]
    fn a_listing_is_sorted_and_names_what_it_leaves_out() {
        let (root, files) = tree();
        for name in [".git/config", "inner/.git/HEAD", "inner/file", "a-b", "a/b.txt", "od#d"] {
            let file = root.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        symlink("/etc", root.path().join("out")).unwrap();
        let listing = files.list("").unwrap();
        assert_eq!(texts(&listing.files), ["a-b", "a/b.txt", "a/b/c", "top"]);
        let odd = listing.odd.iter().map(|odd| (odd.path.as_str(), odd.kind)).collect::<Vec<_>>();
        assert_eq!(odd, [("od#d", OddKind::Name), ("out", OddKind::Link)]);
        assert_eq!(texts(&files.list("a/b").unwrap().files), ["a/b/c"]);
        assert_eq!(files.list("nothing").unwrap(), Listing::default());
        assert!(matches!(files.list("top"), Err(WorldError::NotAFolder { .. })));
    }
}
