//! Secret bytes that leave no copy behind: not in freed memory, not in a folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore as _};
use rustix::fs::OFlags;
use rustix::io::{Errno, FdFlags};
use zeroize::Zeroizing;

use crate::secret::Plaintext;

const CHUNK: usize = 16 * 1024;
/// The deepest folder inside ours that is looked into for files to overwrite.
const DEPTH: u32 = 4;

/// Reads to the end, past the buffers of `std`, which are never wiped.
///
/// `FileTooLarge` when there are more than `limit` bytes.
pub(super) fn drain(source: impl AsFd, limit: usize) -> io::Result<Plaintext> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(CHUNK));
    let mut chunk = Zeroizing::new([0; CHUNK]);
    loop {
        let count = match rustix::io::read(&source, &mut chunk[..]) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        if count == 0 {
            return Ok(Plaintext::from(bytes));
        }
        if bytes.len() + count > limit {
            return Err(io::Error::from(ErrorKind::FileTooLarge));
        }
        make_room(&mut bytes, count);
        bytes.extend_from_slice(&chunk[..count]);
    }
}

/// Reads a regular file or a pipe, such as `/dev/fd/3`; a folder is an error.
pub(super) fn read_file(path: &Path, limit: usize) -> io::Result<Plaintext> {
    let file = OpenOptions::new().read(true).open(path)?;
    drain(file, limit)
}

/// Reads a regular file that is no link.
pub(super) fn read_file_itself(path: &Path, limit: usize) -> io::Result<Plaintext> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(|_| ErrorKind::Unsupported)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::from(ErrorKind::InvalidInput));
    }
    drain(file, limit)
}

/// Grows by copying into a new buffer; the old one wipes itself, which `reserve` would not do.
fn make_room(bytes: &mut Zeroizing<Vec<u8>>, more: usize) {
    let wanted = bytes.len() + more;
    if wanted <= bytes.capacity() {
        return;
    }
    let mut larger = Zeroizing::new(Vec::with_capacity(wanted.max(bytes.capacity() * 2)));
    larger.extend_from_slice(bytes);
    *bytes = larger;
}

/// A folder of our own, 0700; its files are overwritten and removed at the latest when dropped.
///
/// A lock in it is held by this process and by those that it starts: where nobody holds it any more, the
/// folder was left behind. A process id would not do: several containers may share the place.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

const LOCK: &str = ".lock";
const PREFIX: &str = "tenure-";

impl Folder {
    pub(super) fn make(inside: &Path) -> io::Result<Self> {
        let path = inside.join(format!("{PREFIX}{:016x}", OsRng.next_u64()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(LOCK))?;
        lock.lock()?;
        // The editor keeps it when we are killed: what is still being typed is not wiped.
        rustix::io::fcntl_setfd(&lock, FdFlags::empty())?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn wipe(&self) -> io::Result<()> {
        wipe(&self.path)
    }
}

fn wipe(folder: &Path) -> io::Result<()> {
    overwrite(folder, DEPTH);
    fs::remove_dir_all(folder)
}

/// Wipes the folders of ours that killed processes left behind; counts them.
pub(super) fn wipe_left(inside: &Path) -> usize {
    let entries = fs::read_dir(inside).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            is_left(&entry.path()).is_some_and(|lock| {
                let wiped = wipe(&entry.path()).is_ok();
                drop(lock);
                wiped
            })
        })
        .count()
}

/// Takes the lock of a folder that is surely ours and that nobody holds; none for any other.
fn is_left(folder: &Path) -> Option<File> {
    let digits = folder.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    let ours = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let private = |about: &fs::Metadata, mode| {
        about.uid() == rustix::process::geteuid().as_raw() && about.mode() & 0o777 == mode
    };
    let about = folder.symlink_metadata().ok().filter(|_| ours)?;
    if !about.is_dir() || !private(&about, 0o700) {
        return None;
    }
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).ok()?;
    let lock = OpenOptions::new().write(true).custom_flags(flags).open(folder.join(LOCK)).ok()?;
    let about = lock.metadata().ok()?;
    (about.is_file() && private(&about, 0o600) && lock.try_lock().is_ok()).then_some(lock)
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Gone already, unless something failed on the way.
        let _ = self.wipe();
    }
}

/// Overwrites all files: an editor's own copies as well. What cannot be is still removed.
fn overwrite(folder: &Path, depth: u32) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() {
            let _ = overwrite_file(&entry.path());
        } else if kind.is_dir() && depth > 0 {
            overwrite(&entry.path(), depth - 1);
        }
    }
}

fn overwrite_file(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let zeros = [0; 4096];
    let mut left = file.metadata()?.len();
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
        file.write_all(&zeros[..count])?;
        left -= count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_and_keeps_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let text: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &text).unwrap();
        assert_eq!(read_file(&path, 100_000).unwrap().expose(), text);
        assert_eq!(read_file(&path, 99_999).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn only_what_nobody_holds_any_more_is_wiped() {
        let place = tempfile::tempdir().unwrap();
        let held = Folder::make(place.path()).unwrap();
        std::fs::write(held.path().join("secret"), "x").unwrap();
        let left = Folder::make(place.path()).unwrap();
        let (path, lock) = (left.path().to_owned(), left._lock.try_clone().unwrap());
        std::fs::write(path.join("secret"), "x").unwrap();
        std::mem::forget(left);
        let others = [("tenure-00000000000000zz", 0o700), ("tenure-0000000000000001", 0o755)];
        for (name, mode) in others {
            let path = place.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join(LOCK), "").unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode))
                .unwrap();
        }
        std::os::unix::fs::symlink(held.path(), place.path().join("tenure-0000000000000002"))
            .unwrap();
        assert_eq!(wipe_left(place.path()), 0);
        lock.unlock().unwrap();
        assert_eq!(wipe_left(place.path()), 1);
        assert!(!path.exists() && held.path().join("secret").exists());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 4);
    }

    #[test]
    fn a_link_is_not_followed_where_that_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("f"), folder.path().join("l"));
        std::fs::write(&path, "x").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(read_file_itself(&path, 9).is_ok());
        assert!(read_file_itself(&link, 9).is_err());
        assert!(read_file_itself(folder.path(), 9).is_err());
    }
}
