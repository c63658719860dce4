//! One file written whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode as Bits, OFlags, Stat, fchmod, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::files::regular;
use super::{WorldError, random};

const WRITE: OFlags = OFlags::WRONLY.union(OFlags::CLOEXEC);

/// Who may do what with a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The permissions of the file that was there; for a new one 0644, less the umask.
    Keep,
    /// 0600.
    Private,
    /// 0755, less the umask.
    Executable,
}

/// Makes the folder that a file is to lie in, where it is not there.
pub fn make_folder(of: &Path) -> Result<(), WorldError> {
    let Some(folder) = of.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(WorldError::io("make", folder.display()))
}

/// Writes one file anywhere, whole or not at all, and leaves nothing beside it on failure.
///
/// The folder may be reached through links; a link in the file's own place is refused.
pub fn write_whole(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), WorldError> {
    let shown = path.display().to_string();
    let not_a_file = || WorldError::NotAFile { path: shown.clone(), what: "a folder" };
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_file)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Bits::empty())
        .map_err(WorldError::io("open", folder.display()))?;
    let old = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => regular(&stat, &shown).map(|()| Some(stat))?,
        Err(Errno::NOENT) => None,
        Err(error) => return Err(WorldError::io("write", shown)(error)),
    };
    let temp = temp_name();
    let written = write_temp(&folder, &temp, bytes, permissions(mode, old.as_ref()))
        .and_then(|()| Ok(renameat(&folder, &temp, &folder, name)?))
        .and_then(|()| sync_folder(&folder));
    if written.is_err() {
        // The first error is the one to tell.
        let _gone = unlinkat(&folder, &temp, AtFlags::empty());
    }
    written.map_err(WorldError::io("write", shown))
}

/// Permissions for a new file, and whether the umask may lessen them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Permissions {
    Exact(Bits),
    Usual(Bits),
}

impl Permissions {
    fn at_first(self) -> Bits {
        match self {
            // Nobody else reads it while it is written; the exact bits follow.
            Self::Exact(_) => Bits::from_raw_mode(0o600),
            Self::Usual(bits) => bits,
        }
    }
}

/// Works out the permissions of a file from those of the one that it replaces.
pub(super) fn permissions(mode: Mode, old: Option<&Stat>) -> Permissions {
    match (mode, old) {
        (Mode::Private, _) => Permissions::Exact(Bits::from_raw_mode(0o600)),
        (Mode::Executable, _) => Permissions::Usual(Bits::from_raw_mode(0o755)),
        (Mode::Keep, None) => Permissions::Usual(Bits::from_raw_mode(0o644)),
        // Neither setuid nor the sticky bit outlives a change of content.
        (Mode::Keep, Some(old)) => Permissions::Exact(Bits::from_raw_mode(old.st_mode & 0o777)),
    }
}

/// Draws a name for a file that waits beside the one it will replace.
pub(super) fn temp_name() -> String {
    let digits = random::<8>().map(|byte| format!("{byte:02x}")).concat();
    format!(".tenure-{digits}.tmp")
}

/// Tells whether a name is one of [`temp_name`].
pub(super) fn is_temp_name(name: &str) -> bool {
    let digits = name.strip_prefix(".tenure-").and_then(|rest| rest.strip_suffix(".tmp"));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Writes a new file, which gets its name only when the disk has all of it.
///
/// So a process that is killed while it writes leaves no half file, and no plaintext, behind. Where
/// the system has no files without a name, the name is there from the start.
pub(super) fn write_temp(
    folder: &OwnedFd,
    name: &str,
    bytes: &[u8],
    permissions: Permissions,
) -> io::Result<()> {
    if unnamed(folder, name, bytes, permissions).is_ok() {
        return Ok(());
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    let file = openat(folder, name, flags | WRITE, permissions.at_first())?;
    fill(file.into(), bytes, permissions).map(drop)
}

#[cfg(target_os = "linux")]
fn unnamed(folder: &OwnedFd, name: &str, bytes: &[u8], permissions: Permissions) -> io::Result<()> {
    use rustix::fs::{CWD, linkat};
    use std::os::fd::AsRawFd as _;
    let file = openat(folder, ".", OFlags::TMPFILE | WRITE, permissions.at_first())?;
    let file = fill(file.into(), bytes, permissions)?;
    let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, itself, folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &OwnedFd, _: &str, _: &[u8], _: Permissions) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn fill(mut file: File, bytes: &[u8], permissions: Permissions) -> io::Result<File> {
    file.write_all(bytes)?;
    if let Permissions::Exact(bits) = permissions {
        fchmod(&file, bits)?;
    }
    file.sync_all()?;
    Ok(file)
}

/// Waits until the disk has a folder's names; a file system that cannot do that is left alone.
pub(super) fn sync_folder(folder: impl AsFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::everything;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode_of(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_is_replaced_and_its_permissions_are_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        write_whole(&file, b"one", Mode::Private).unwrap();
        assert_eq!((std::fs::read(&file).unwrap(), mode_of(&file)), (b"one".to_vec(), 0o600));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        write_whole(&file, b"two", Mode::Keep).unwrap();
        assert_eq!((std::fs::read(&file).unwrap(), mode_of(&file)), (b"two".to_vec(), 0o640));
        write_whole(&file, b"three", Mode::Executable).unwrap();
        assert_eq!(mode_of(&file) & 0o700, 0o700);
        write_whole(&file, b"four", Mode::Private).unwrap();
        assert_eq!(mode_of(&file), 0o600);
        assert_eq!(everything(folder.path()).len(), 1);
    }

    #[test]
    fn a_refused_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("folder")).unwrap();
        std::fs::write(at("target"), "kept").unwrap();
        symlink("target", at("link")).unwrap();
        let before = everything(folder.path());
        let refused = |name: &str| write_whole(&at(name), b"new", Mode::Private).unwrap_err();
        assert!(matches!(refused("link"), WorldError::Link { .. }));
        assert!(matches!(refused("folder"), WorldError::NotAFile { .. }));
        assert!(matches!(refused("absent/f"), WorldError::Io { .. }));
        assert!(matches!(refused("target/f"), WorldError::Io { .. }));
        assert!(matches!(refused(&"n".repeat(300)), WorldError::Io { .. }));
        assert_eq!(everything(folder.path()), before);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_without_a_name_gets_one_and_takes_none_away() {
        let folder = tempfile::tempdir().unwrap();
        let flags = OFlags::DIRECTORY | OFlags::RDONLY;
        let open = rustix::fs::open(folder.path(), flags, Bits::empty()).unwrap();
        let private = permissions(Mode::Private, None);
        match unnamed(&open, "f", b"one", private) {
            Err(error) if error.raw_os_error() == Some(Errno::NOTSUP.raw_os_error()) => return,
            made => made.unwrap(),
        }
        assert_eq!(mode_of(&folder.path().join("f")), 0o600);
        assert!(unnamed(&open, "f", b"two", private).is_err());
        assert!(write_temp(&open, "f", b"two", private).is_err());
        assert_eq!(std::fs::read(folder.path().join("f")).unwrap(), b"one");
    }

    #[test]
    fn a_name_for_waiting_is_known_again() {
        assert!(is_temp_name(&temp_name()));
        assert!(!is_temp_name(".tenure-../../x.tmp") && !is_temp_name("prod.env"));
    }
}
