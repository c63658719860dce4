//! What lies in an archive: ZIP, as many kinds of documents and packages are ones, gzip and tar.

use std::cell::{Cell, RefCell};
use std::io::{self, Cursor, Read};
use std::ops::Range;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;
use zip::result::ZipError;

use crate::world::WorldError;

/// How much of an archive is looked through, unpacked: it may unpack to any size.
const LARGEST: u64 = 64 << 20;
/// How many files of it.
const MOST: usize = 10_000;

/// How a ZIP archive begins. APPNOTE.TXT, 4.3.7.
const BEGINS: &[u8] = b"PK\x03\x04";
/// How its directory ends. 4.3.16.
const ENDS: &[u8] = b"PK\x05\x06";
/// The block that tar is made of, and where in a header the name of that stands. POSIX.1-2017, pax, ustar.
const BLOCK: usize = 512;
const USTAR: usize = 257;
/// Where the target of a link stands, and how long names are there.
const TARGET: usize = 157;
const NAME: usize = 100;
/// How much of what is of no file is looked at together.
const SOME: usize = 64 << 10;

const DAMAGED: &str = "is damaged";
const TOO_MUCH: &str = "unpacks to too much";

/// What bytes are packed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Gzip,
    Tar,
    /// bzip2, xz, zstd, 7z: nobody unpacks these here.
    Other,
}

impl Kind {
    /// Knows it by how it begins; a ZIP archive also behind what unpacks it, and before what was put behind it.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let others: [&[u8]; 4] = [b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c"];
        let begins = |begin: &[u8]| bytes.starts_with(begin);
        match () {
            () if is_tar(bytes) => Some(Self::Tar),
            () if begins(b"\x1f\x8b\x08") => Some(Self::Gzip),
            () if others.iter().any(|other| begins(other)) => Some(Self::Other),
            () if begins(BEGINS) || ends_one(bytes) => Some(Self::Zip),
            () => None,
        }
    }
}

/// Tells whether the directory of a ZIP archive ends somewhere in bytes.
pub(super) fn ends_one(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, ENDS).is_some()
}

fn is_tar(bytes: &[u8]) -> bool {
    bytes.len() >= BLOCK && bytes[USTAR..].starts_with(b"ustar")
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

/// What is done with a file that is packed: its name, and its content as it comes. What has no name stands behind all.
pub(super) type Taker<'t> = dyn FnMut(Option<&[u8]>, &mut dyn Read) -> Result<(), WorldError> + 't;

/// Why not all of an archive was read.
type Why = Option<&'static str>;

/// Lends the files of a ZIP archive, of those that stand before it, and those that no directory names; tells why not
/// all of them could be read.
pub(super) fn zip(bytes: &[u8], budget: &Budget, see: &mut Taker<'_>) -> Result<Why, WorldError> {
    let (mut why, mut end, mut seen) = (None, bytes.len(), Vec::new());
    while memchr::memmem::rfind(&bytes[..end], ENDS).is_some()
        && let Ok(mut archive) = ZipArchive::new(Cursor::new(&bytes[..end]))
    {
        let Some(files) = budget.files.get().checked_sub(archive.len() + 1) else {
            return Ok(Some("holds too many files"));
        };
        budget.files.set(files);
        why = of_directory(&mut archive, (budget, &mut seen), see)?.or(why);
        if budget.bytes.get() == 0 {
            return Ok(Some(TOO_MUCH));
        }
        // One may stand before it, as `cat one.zip other.zip` leaves it.
        end = usize::try_from(archive.offset()).unwrap_or_default().min(end.saturating_sub(1));
    }
    match (end == bytes.len(), bytes.starts_with(BEGINS)) {
        // What has its marks somewhere within is a text like any other.
        (true, false) => return Ok(None),
        (true, true) => why = Some(DAMAGED),
        (false, _) => {}
    }
    let more = unnamed(bytes, (budget, seen), see)?;
    Ok(why.or(more))
}

/// Lends the files that the directory of a ZIP archive names, and gathers where they stand.
fn of_directory(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    (budget, seen): (&Budget, &mut Vec<Range<usize>>),
    see: &mut Taker<'_>,
) -> Result<Why, WorldError> {
    let mut why = None;
    for at in 0..archive.len() {
        if let Ok(file) = archive.by_index_raw(at) {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let header = file.header_start();
            let data = file.data_start().unwrap_or(header);
            seen.push(place(header)..place(data.saturating_add(file.compressed_size())));
        }
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
        let name = file.name_raw().to_vec();
        let mut some = Counted { from: &mut file, budget, failed: false };
        see(Some(&name), &mut some)?;
        if some.failed {
            why = Some(DAMAGED);
        }
        if budget.bytes.get() == 0 {
            return Ok(Some(TOO_MUCH));
        }
    }
    Ok(why)
}

/// Lends the files of a ZIP archive that stand elsewhere than those which a directory names, such as deleted ones.
fn unnamed(
    bytes: &[u8],
    (budget, mut seen): (&Budget, Vec<Range<usize>>),
    see: &mut Taker<'_>,
) -> Result<Why, WorldError> {
    seen.sort_by_key(|place| place.start);
    let (mut why, mut known, mut far) = (None, 0, 0);
    for place in &mut seen {
        far = far.max(place.end);
        place.end = far;
    }
    for at in memchr::memmem::find_iter(bytes, BEGINS) {
        let before = seen.partition_point(|place| place.start <= at).checked_sub(1);
        if at < known || before.is_some_and(|it| at < seen[it].end) {
            continue;
        }
        let mut rest = &bytes[at..];
        let Ok(Some(mut file)) = read_zipfile_from_stream(&mut rest) else {
            why = Some("holds more than its directory names");
            continue;
        };
        let Some(files) = budget.files.get().checked_sub(1) else {
            return Ok(Some("holds too many files"));
        };
        budget.files.set(files);
        let name = file.name_raw().to_vec();
        known = at + name.len() + usize::try_from(file.compressed_size()).unwrap_or_default();
        let mut some = Counted { from: &mut file, budget, failed: false };
        see(Some(&name), &mut some)?;
        if some.failed {
            why = Some("holds more than its directory names");
        }
    }
    Ok(why)
}

/// Lends what is packed in gzip by a name, or the files of the tar archive that it is; tells why not all could be read.
pub(super) fn gzip(
    (from, name): (&mut dyn Read, &[u8]),
    budget: &Budget,
    see: &mut Taker<'_>,
) -> Result<Why, WorldError> {
    let mut some = Counted { from: &mut MultiGzDecoder::new(from), budget, failed: false };
    let mut head = Vec::with_capacity(BLOCK);
    let peeked = (&mut some).take(BLOCK as u64).read_to_end(&mut head);
    let mut all = head.as_slice().chain(&mut some);
    let why = match peeked {
        Err(_) => Some(DAMAGED),
        Ok(_) if is_tar(&head) => tar(&mut all, see)?,
        Ok(_) => {
            see(Some(name), &mut all)?;
            None
        }
    };
    Ok(match (some.failed, budget.bytes.get()) {
        (true, _) => Some(DAMAGED),
        (false, 0) => Some(TOO_MUCH),
        _ => why,
    })
}

/// Lends the files of a tar archive as they are stored, and beside them what is of none: headers, with owners and
/// groups, and what fills blocks; tells whether it is damaged. What describes the next file, as a long name does, is
/// a file of its own; nothing grows, as a file with holes would.
pub(super) fn tar(from: &mut dyn Read, see: &mut Taker<'_>) -> Result<Why, WorldError> {
    let seams = Seams::default();
    let mut from = Seamed { from, seams: &seams };
    let mut archive = ::tar::Archive::new(&mut from);
    let mut why = archive.entries().is_err().then_some(DAMAGED);
    for entry in archive.entries().into_iter().flat_map(|entries| entries.raw(true)) {
        let Ok(mut entry) = entry else {
            why = Some(DAMAGED);
            break;
        };
        let name = entry.header().path_bytes().into_owned();
        // A link has no content, but what says that it is one may lie.
        let target = entry.header().link_name_bytes().unwrap_or_default().into_owned();
        seams.know(&name, &target);
        if let Some(bytes) = seams.take(SOME) {
            see(None, &mut bytes.as_slice())?;
        }
        seams.is_within.set(true);
        see(Some(&name), &mut target.as_slice().chain(&mut entry))?;
        let is_cut = io::copy(&mut entry, &mut io::sink()).is_err();
        seams.is_within.set(false);
        if is_cut {
            why = Some(DAMAGED);
            break;
        }
    }
    // What stands behind its end is looked at, and from the header on that is none.
    let bytes = seams.take(0).unwrap_or_default();
    seams.is_within.set(true);
    see(None, &mut bytes.as_slice().chain(&mut from))?;
    Ok(why)
}

/// What was read of a tar archive that is of no file.
#[derive(Default)]
struct Seams {
    bytes: RefCell<Vec<u8>>,
    /// Whether what is read now is of a file.
    is_within: Cell<bool>,
}

impl Seams {
    /// Takes name and target out of the last header, which are looked at by themselves.
    fn know(&self, name: &[u8], target: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let Some(start) = bytes.len().checked_sub(BLOCK) else { return };
        for (at, said) in [(0, name), (TARGET, target)] {
            let place = &mut bytes[start + at..start + at + NAME];
            let end = place.iter().position(|byte| *byte == 0).unwrap_or(NAME);
            if said.ends_with(&place[..end]) {
                place[..end].fill(0);
            }
        }
    }

    /// Takes what there is, where that is more than so many bytes.
    fn take(&self, least: usize) -> Option<Vec<u8>> {
        let mut bytes = self.bytes.borrow_mut();
        (bytes.len() > least).then(|| std::mem::take(&mut *bytes))
    }
}

/// Reads a tar archive, and keeps what is of no file.
struct Seamed<'r> {
    from: &'r mut dyn Read,
    seams: &'r Seams,
}

impl Read for Seamed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        if !self.seams.is_within.get() {
            self.seams.bytes.borrow_mut().extend_from_slice(&into[..read]);
        }
        Ok(read)
    }
}

/// Reads no more than is left, up to where reading fails.
struct Counted<'r> {
    from: &'r mut dyn Read,
    budget: &'r Budget,
    failed: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.bytes.get();
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        if self.failed || room == 0 {
            return Ok(0);
        }
        // What came before counts.
        let Ok(read) = self.from.read(&mut into[..room]) else {
            self.failed = true;
            return Ok(0);
        };
        self.budget.bytes.set(left - read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    type Files = Vec<(String, Vec<u8>)>;

    fn seen(read: impl FnOnce(&mut Taker<'_>) -> Result<Why, WorldError>) -> (Why, Files) {
        let mut files = Vec::new();
        let why = read(&mut |name, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).unwrap();
            let name = String::from_utf8_lossy(name.unwrap_or(b"-")).into_owned();
            files.push((name, bytes));
            Ok(())
        });
        (why.unwrap(), files)
    }

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = ::tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = ::tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn unzipped(bytes: &[u8]) -> (Why, Files) {
        let budget = Budget::default();
        seen(|see| gzip((&mut &*bytes, b"-"), &budget, see))
    }

    #[test]
    fn files_of_a_tar_archive_come_with_their_names_and_so_does_what_is_behind_it() {
        let long = "a/".repeat(80) + "long";
        let bytes = packed(&[("a", "one"), ("b/c", "two"), (&long, "three")]);
        assert_eq!(Kind::of(&bytes), Some(Kind::Tar));
        let all = [bytes.clone(), b"behind it".to_vec()].concat();
        let (why, files) = seen(|see| tar(&mut all.as_slice(), see));
        let has = |text: &str| files.iter().any(|(_, it)| it == text.as_bytes());
        assert!(why.is_none() && has("one") && has("two") && has("three"), "{files:?}");
        assert_eq!((&*files[0].0, &*files[1].0), ("a", "b/c"));
        let has = |text: &str| files.iter().any(|(_, it)| find(it, text));
        assert!(has(&long) && has("behind it"), "{files:?}");
        let (why, files) = unzipped(&gzipped(&all));
        assert!(why.is_none() && files[1] == ("b/c".to_owned(), b"two".to_vec()), "{files:?}");
        let mut text = vec![b'.'; 600];
        text[..4].copy_from_slice(b"text");
        text[USTAR..USTAR + 5].copy_from_slice(b"ustar");
        let (why, files) = seen(|see| tar(&mut text.as_slice(), see));
        assert_eq!((why, files), (Some(DAMAGED), vec![("-".to_owned(), text)]));
        // Owners, and what fills blocks, are of no file.
        let mut header = ::tar::Header::new_ustar();
        header.set_username("an-owner").unwrap();
        header.set_size(1);
        let mut builder = ::tar::Builder::new(Vec::new());
        builder.append_data(&mut header, "one", &b"1"[..]).unwrap();
        let mut owned = builder.into_inner().unwrap();
        owned[BLOCK + 8..BLOCK + 16].copy_from_slice(b"a-filler");
        let (_, files) = seen(|see| tar(&mut owned.as_slice(), see));
        let (_, rest) = files.last().unwrap();
        assert!(
            find(rest, "an-owner") && find(rest, "a-filler") && !find(rest, "one"),
            "{files:?}"
        );
        // Its second header is no header.
        let mut cut = bytes;
        cut[1024..1200].fill(b'x');
        let (why, files) = seen(|see| tar(&mut cut.as_slice(), see));
        assert_eq!(why, Some(DAMAGED));
        let (_, rest) = files.last().unwrap();
        assert!(find(rest, "xxx") && find(rest, "three"), "{files:?}");
    }

    fn find(bytes: &[u8], text: &str) -> bool {
        memchr::memmem::find(bytes, text.as_bytes()).is_some()
    }

    #[test]
    fn gzip_is_read_to_where_it_breaks() {
        let bytes = gzipped(b"a text");
        assert_eq!(Kind::of(&bytes), Some(Kind::Gzip));
        let one = ("-".to_owned(), b"a text".to_vec());
        assert_eq!(unzipped(&bytes), (None, vec![one.clone()]));
        let twice = [bytes.clone(), bytes.clone()].concat();
        assert_eq!(unzipped(&twice).1[0].1, b"a texta text");
        let mut wrong = bytes.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(unzipped(&wrong), (Some(DAMAGED), vec![one]));
        assert_eq!(unzipped(b"\x1f\x8b\x08\0rest").0, Some(DAMAGED));
        let bomb = gzipped(&vec![0; 70 << 20]);
        let (why, files) = unzipped(&bomb);
        assert_eq!((why, files[0].1.len()), (Some(TOO_MUCH), 64 << 20));
    }

    #[test]
    fn a_zip_archive_is_known_wherever_it_stands() {
        let mut packed = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        packed.start_file("a", ::zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(b"a text").unwrap();
        let bytes = packed.finish().unwrap().into_inner();
        let unpacked = |bytes: &[u8]| {
            let budget = Budget::default();
            seen(|see| zip(bytes, &budget, see))
        };
        let whole = (None, vec![("a".to_owned(), b"a text".to_vec())]);
        let more = vec![b'.'; 100 << 10];
        for bytes in [bytes.clone(), [more.as_slice(), &bytes].concat()] {
            assert_eq!(Kind::of(&bytes), Some(Kind::Zip));
            assert_eq!(unpacked(&bytes), whole);
        }
        // Read, or said.
        let behind = [bytes.as_slice(), &more].concat();
        assert_eq!(Kind::of(&behind), Some(Kind::Zip));
        let (why, files) = unpacked(&behind);
        assert!(why.is_some() || files == whole.1, "{why:?}");
        let two = unpacked(&[bytes.as_slice(), &bytes].concat());
        assert_eq!(two, (None, [whole.1.as_slice(), &whole.1].concat()));
        // No directory names the first one.
        let end = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
        let (why, files) = unpacked(&[&bytes[..end], bytes.as_slice()].concat());
        assert!(why.is_some() || files.len() == 2, "{why:?} {files:?}");
        assert_eq!(unpacked(&bytes[..end]).0, Some(DAMAGED));
        assert_eq!(unpacked(b"it says PK\x05\x06 and is none"), (None, Vec::new()));
        assert_eq!(Kind::of(b"a text"), None);
    }
}
