//! The files of the work tree that git tracks, or would take.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::WorldError;
use super::git::Checkout;
use super::program::fed;

/// What is done with a file: its path in git's bytes, and its content as it comes; of a link its target.
pub type Taker<'t> = dyn FnMut(&[u8], &mut dyn Read) -> Result<(), WorldError> + 't;

impl Checkout {
    /// Lends the files of the work tree that git tracks or does not ignore, below some paths as the user gave them;
    /// all where there are none. Of a path that git ignores, or below which it lists nothing, it lends all files: who
    /// names it means it. Gives those that could not be read, and why.
    pub fn each_file(
        &self,
        below: &[PathBuf],
        take: &mut Taker<'_>,
    ) -> Result<Vec<(String, &'static str)>, WorldError> {
        let below: Vec<PathBuf> =
            below.iter().map(|path| self.named(path)).collect::<Result<_, _>>()?;
        let mut args: Vec<&OsStr> =
            ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--"]
                .map(OsStr::new)
                .to_vec();
        args.extend(below.iter().map(|path| path.as_os_str()));
        let listed = self.program.ask("list the files", &args)?;
        let mut paths: BTreeSet<Vec<u8>> = texts(&listed).map(<[u8]>::to_vec).collect();
        let mut unread = Vec::new();
        for path in self.unlisted(&below, &paths)? {
            let here = self.root.join(path);
            each_path(&here, &mut unread, &mut |path| {
                let inside = path.strip_prefix(&self.root).unwrap_or(path);
                paths.insert(inside.as_os_str().as_bytes().to_vec());
                Ok(())
            })?;
        }
        for path in &paths {
            if let Some(why) = self.one_file(path, take)? {
                unread.push((String::from_utf8_lossy(path).into_owned(), why));
            }
        }
        Ok(unread)
    }

    /// Those of some paths of which git lists nothing, or not all: what it ignores may hold files that it tracks.
    fn unlisted<'p>(
        &self,
        below: &'p [PathBuf],
        listed: &BTreeSet<Vec<u8>>,
    ) -> Result<Vec<&'p Path>, WorldError> {
        let ignored = self.ignored(below)?;
        let has_any = |path: &Path| {
            let raw = path.as_os_str().as_bytes();
            let folder = [raw, b"/"].concat();
            let within = listed.range(folder.clone()..).next();
            path == Path::new(".") && !listed.is_empty()
                || listed.contains(raw)
                || within.is_some_and(|it| it.starts_with(&folder))
        };
        let below = below.iter().map(PathBuf::as_path);
        Ok(below.filter(|path| ignored.contains(*path) || !has_any(path)).collect())
    }

    /// Those of some paths that git ignores.
    fn ignored(&self, paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, WorldError> {
        // Behind `./` nothing has a special meaning; of the root itself nobody asks.
        let named = paths.iter().filter(|path| *path != Path::new("."));
        let named: Vec<_> = named.map(|path| Path::new(".").join(path)).collect();
        if named.is_empty() {
            return Ok(BTreeSet::new());
        }
        // By the index, a folder is none of these once git tracks a file in it.
        let args = ["check-ignore", "--no-index", "-z", "--stdin"];
        let mut command = self.program.command(&args);
        command.env_remove("GIT_LITERAL_PATHSPECS");
        let paths = named.iter().flat_map(|path| [path.as_os_str().as_bytes(), b"\0"].concat());
        let output = fed(command, paths.collect())?;
        // It refuses what lies in a submodule, or behind a link; there it lists nothing either.
        let printed = if output.status.success() { output.stdout } else { Vec::new() };
        let whole = |path: &[u8]| {
            let path = Path::new(OsStr::from_bytes(path));
            path.strip_prefix(".").unwrap_or(path).to_owned()
        };
        Ok(texts(&printed).map(whole).collect())
    }

    /// A path as the user gave it, from the root.
    fn named(&self, given: &Path) -> Result<PathBuf, WorldError> {
        let outside = || WorldError::Outside { path: given.to_owned() };
        let whole = self.whole_path(given).ok_or_else(outside)?;
        let inside = whole.strip_prefix(&self.root).map_err(|_| outside())?;
        // Git lists nothing for what is not there, which would look like nothing found.
        whole.symlink_metadata().map_err(refused(given))?;
        Ok(if inside.as_os_str().is_empty() { ".".into() } else { inside.to_owned() })
    }

    fn one_file(
        &self,
        path: &[u8],
        take: &mut Taker<'_>,
    ) -> Result<Option<&'static str>, WorldError> {
        one_file(&self.root.join(OsStr::from_bytes(path)), path, take)
    }
}

/// Lends the files below paths outside of any repository. Gives those that could not be read, and why.
pub fn each_file_below(
    paths: &[PathBuf],
    take: &mut Taker<'_>,
) -> Result<Vec<(String, &'static str)>, WorldError> {
    let (mut unread, mut odd) = (Vec::new(), Vec::new());
    for path in paths {
        each_path(path, &mut unread, &mut |here| {
            if let Some(why) = one_file(here, here.as_os_str().as_bytes(), take)? {
                odd.push((here.display().to_string(), why));
            }
            Ok(())
        })?;
    }
    unread.extend(odd);
    Ok(unread)
}

/// Shows what lies below a path, whatever git thinks of it, but git's own folders; links are not followed. Adds what
/// cannot be reached, and why.
fn each_path(
    path: &Path,
    unread: &mut Vec<(String, &'static str)>,
    show: &mut dyn FnMut(&Path) -> Result<(), WorldError>,
) -> Result<(), WorldError> {
    let about = path.symlink_metadata().map_err(refused(path))?;
    // Who names a link means what it leads to.
    let path = match about.is_symlink().then(|| path.canonicalize()) {
        None => path,
        Some(Ok(whole)) => &whole.clone(),
        Some(Err(_)) => {
            unread.push((path.display().to_string(), "leads nowhere"));
            return Ok(());
        }
    };
    let walk = walkdir::WalkDir::new(path).sort_by_file_name().into_iter();
    let is_named = |entry: &walkdir::DirEntry| entry.depth() == 0;
    for entry in walk.filter_entry(|entry| is_named(entry) || entry.file_name() != ".git") {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => show(entry.path())?,
            Err(error) => {
                let place = error.path().unwrap_or(path).display().to_string();
                unread.push((place, "cannot be read"));
            }
        }
    }
    Ok(())
}

/// What git prints with `-z`.
fn texts(printed: &[u8]) -> impl Iterator<Item = &[u8]> {
    printed.split(|byte| *byte == 0).filter(|it| !it.is_empty())
}

/// Why what the user named cannot be looked at.
fn refused(given: &Path) -> impl FnOnce(io::Error) -> WorldError {
    |error| match error.kind() {
        NotFound | NotADirectory => WorldError::NotThere { path: given.to_owned() },
        _ => WorldError::io("read", given.display())(error),
    }
}

fn one_file(
    here: &Path,
    path: &[u8],
    take: &mut Taker<'_>,
) -> Result<Option<&'static str>, WorldError> {
    let about = match here.symlink_metadata() {
        Ok(about) => about,
        // A file that was deleted and not staged as such, perhaps with its folder.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        Err(_) => return Ok(Some("cannot be reached")),
    };
    if about.is_symlink() {
        let target = std::fs::read_link(here).map_err(WorldError::io("read", here.display()))?;
        take(path, &mut target.as_os_str().as_bytes())?;
        return Ok(None);
    }
    if about.is_dir() {
        return Ok(Some("is another repository"));
    }
    if !about.is_file() {
        return Ok(Some("is no file"));
    }
    match File::open(here) {
        Ok(mut file) => take(path, &mut file).map(|()| None),
        Err(_) => Ok(Some("cannot be opened")),
    }
}
