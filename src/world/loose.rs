//! Objects that lie loose in git's folder: each a zlib stream (RFC 1950) of `kind SP size NUL content`, as
//! gitformat-loose(5) has it.
//!
//! libgit2 reads on for ever where such a file was cut.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};
use rustix::fs::OFlags;

use super::ObjectId;

/// The longest `kind SP size NUL`.
const HEAD: usize = 32;

/// Reads loose objects, one after the other.
pub(super) struct Loose {
    objects: PathBuf,
    inflate: Decompress,
}

/// What lies at an object's place.
pub(super) enum Lies {
    /// No file.
    Nothing,
    /// The content of an object of the kind asked for.
    Content(Vec<u8>),
    /// Something else: another kind, one that is longer than was asked, or none that is whole.
    Other,
}

impl Loose {
    /// Reads those below the git folder that all work trees share.
    pub(super) fn of(common_dir: &Path) -> Self {
        Self { objects: common_dir.join("objects"), inflate: Decompress::new(true) }
    }

    /// Reads one of a kind, no longer than `most`, packed or not. Like git, this does not hash what it reads: nothing
    /// is believed for a git id alone.
    pub(super) fn read(&mut self, kind: &str, id: &ObjectId, most: usize) -> Lies {
        let (folder, name) = id.as_str().split_at(2);
        // A pipe in its place is not waited for.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let path = self.objects.join(folder).join(name);
        let Ok(mut file) = File::options().read(true).custom_flags(flags).open(path) else {
            return Lies::Nothing;
        };
        let is_short = file.metadata().is_ok_and(|it| it.is_file() && it.len() <= most as u64);
        let mut packed = Vec::new();
        if !is_short || file.read_to_end(&mut packed).is_err() {
            return Lies::Other;
        }
        self.unpacked(kind, &packed, most).map_or(Lies::Other, Lies::Content)
    }

    fn unpacked(&mut self, kind: &str, packed: &[u8], most: usize) -> Option<Vec<u8>> {
        self.inflate.reset(true);
        let mut head = [0; HEAD];
        let mut status = self.inflate.decompress(packed, &mut head, FlushDecompress::None).ok()?;
        let head = head.get(..usize::try_from(self.inflate.total_out()).ok()?)?;
        let end = head.iter().position(|byte| *byte == 0)?;
        let said = std::str::from_utf8(&head[..end]).ok()?;
        let size = said.strip_prefix(kind)?.strip_prefix(' ')?.parse::<usize>().ok()?;
        let begun = &head[end + 1..];
        // One more than there should be: only then does the end of the stream show, with its checksum.
        let mut content = vec![0; (size <= most).then_some(size)?.max(begun.len()) + 1];
        content[..begun.len()].copy_from_slice(begun);
        if status != Status::StreamEnd {
            let rest = packed.get(usize::try_from(self.inflate.total_in()).ok()?..)?;
            let (room, all) = (&mut content[begun.len()..], FlushDecompress::Finish);
            status = self.inflate.decompress(rest, room, all).ok()?;
        }
        let is_whole = status == Status::StreamEnd
            && self.inflate.total_in() == packed.len() as u64
            && self.inflate.total_out() == (end + 1 + size) as u64;
        content.truncate(size);
        is_whole.then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut to = ZlibEncoder::new(Vec::new(), Compression::fast());
        to.write_all(bytes).unwrap();
        to.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
        Loose::of(Path::new("")).unpacked("blob", bytes, 100_000)
    }

    #[test]
    fn what_is_not_just_such_an_object_is_none() {
        assert_eq!(unpacked(&packed(b"blob 3\0abc")).unwrap(), b"abc");
        assert_eq!(unpacked(&packed(b"blob 0\0")).unwrap(), b"");
        for bad in [
            "blob 2\0abc",
            "blob 4\0abc",
            "tree 3\0abc",
            "blob 3abc",
            "blob -1\0",
            "blob\0",
            "",
            "blob 100001\0",
        ] {
            assert_eq!(unpacked(&packed(bad.as_bytes())), None, "{bad}");
        }
        let and_more = [packed(b"blob 3\0abc"), b"x".to_vec()].concat();
        assert_eq!(unpacked(&and_more), None);
        assert_eq!(unpacked(b""), None);
    }

    proptest! {
        #[test]
        fn one_that_was_cut_or_changed_is_none(
            content in prop::collection::vec(any::<u8>(), 0..3000),
            at in any::<prop::sample::Index>(),
        ) {
            let object = [format!("blob {}\0", content.len()).as_bytes(), &content].concat();
            let whole = packed(&object);
            prop_assert_eq!(unpacked(&whole), Some(content.clone()));
            let at = at.index(whole.len());
            prop_assert_eq!(unpacked(&whole[..at]), None);
            let mut changed = whole;
            changed[at] ^= 1;
            prop_assert!(unpacked(&changed).is_none_or(|it| it == content));
        }
    }
}
