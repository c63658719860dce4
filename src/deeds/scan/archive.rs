//! What lies in a ZIP archive, as many kinds of documents and packages are ones.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::world::WorldError;

/// How an archive begins. APPNOTE.TXT, 4.3.7.
const BEGINS: &[u8] = b"PK\x03\x04";
/// How much of an archive is looked through, unpacked: it may unpack to any size.
const LARGEST: u64 = 256 << 20;
/// How many files of it.
const MOST: usize = 10_000;

pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(BEGINS)
}

/// Lends the files of an archive with their names, as they come; tells why not all of them could be read.
pub(super) fn each(
    bytes: &[u8],
    see: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), WorldError>,
) -> Result<Option<&'static str>, WorldError> {
    // What only begins like one is a text like any other.
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(None) };
    let mut left = LARGEST;
    let mut why = (archive.len() > MOST).then_some("holds too many files");
    for at in 0..archive.len().min(MOST) {
        let mut file = match archive.by_index(at) {
            Ok(file) => file,
            Err(ZipError::UnsupportedArchive(_)) => {
                why = Some("is encrypted or packed in a rare way");
                continue;
            }
            Err(_) => {
                why = Some("is damaged");
                continue;
            }
        };
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let mut some = Counted { from: &mut file, left, failed: false };
        let seen = see(&name, &mut some);
        let Counted { left: rest, failed, .. } = some;
        left = rest;
        if failed {
            why = Some("is damaged");
            continue;
        }
        seen?;
        if left == 0 {
            return Ok(Some("unpacks to too much"));
        }
    }
    Ok(why)
}

/// Reads no more than is left, and remembers whether reading failed.
struct Counted<'r> {
    from: &'r mut dyn Read,
    left: u64,
    failed: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.from.read(&mut into[..room]).inspect_err(|_| self.failed = true)?;
        self.left -= read as u64;
        Ok(read)
    }
}
