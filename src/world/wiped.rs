//! Secret bytes that leave no copy behind: not in freed memory, not in a folder.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore as _};
use rustix::fs::OFlags;
use rustix::io::Errno;
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
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make(inside: &Path) -> io::Result<Self> {
        let path = inside.join(format!("tenure-{:016x}", OsRng.next_u64()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn wipe(&self) -> io::Result<()> {
        overwrite(&self.0, DEPTH);
        fs::remove_dir_all(&self.0)
    }
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
