//! What lies in a ZIP archive, as many kinds of documents and packages are ones.

use std::cell::Cell;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::world::WorldError;

/// How an archive begins. APPNOTE.TXT, 4.3.7.
const BEGINS: &[u8] = b"PK\x03\x04";
/// How much of an archive is looked through, unpacked: it may unpack to any size.
const LARGEST: u64 = 64 << 20;
/// How many files of it.
const MOST: usize = 10_000;

/// How its directory ends, perhaps before a comment, at the end of the file. 4.3.16.
const ENDS: &[u8] = b"PK\x05\x06";
/// The longest comment and the record before it, in bytes.
const TAIL: usize = 22 + 65_535;

/// Tells whether bytes are an archive, also behind what unpacks it.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    bytes.starts_with(BEGINS) || memchr::memmem::find(tail, ENDS).is_some()
}

/// Tells whether bytes are compressed in a way that is not undone: gzip, bzip2, xz, zstd, 7z.
pub(super) fn is_other(bytes: &[u8]) -> bool {
    let begins: [&[u8]; 5] =
        [b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c"];
    begins.iter().any(|begin| bytes.starts_with(begin))
}

/// What may still be unpacked of one file.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: Cell<u64>,
    files: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: Cell::new(LARGEST), files: Cell::new(MOST) }
    }
}

/// Lends the files of an archive with their names, as they come; tells why not all of them could be read.
pub(super) fn each(
    bytes: &[u8],
    budget: &Budget,
    see: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), WorldError>,
) -> Result<Option<&'static str>, WorldError> {
    // What only begins like one is a text like any other.
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(None) };
    let mut why = None;
    for at in 0..archive.len() {
        let Some(files) = budget.files.get().checked_sub(1) else {
            return Ok(Some("holds too many files"));
        };
        budget.files.set(files);
        let mut file = match archive.by_index(at) {
            Ok(file) => file,
            Err(ZipError::UnsupportedArchive(_)) => {
                why = Some("is encrypted, or packed in a rare way");
                continue;
            }
            Err(_) => {
                why = Some("is damaged, or packed in a rare way");
                continue;
            }
        };
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let mut some = Counted { from: &mut file, budget, failed: false };
        let seen = see(&name, &mut some);
        if some.failed {
            why = Some("is damaged");
            continue;
        }
        seen?;
        if budget.bytes.get() == 0 {
            return Ok(Some("unpacks to too much"));
        }
    }
    Ok(why)
}

/// Reads no more than is left, and remembers whether reading failed.
struct Counted<'r> {
    from: &'r mut dyn Read,
    budget: &'r Budget,
    failed: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = self.budget.bytes.get();
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = self.from.read(&mut into[..room]).inspect_err(|_| self.failed = true)?;
        self.budget.bytes.set(left - read as u64);
        Ok(read)
    }
}
