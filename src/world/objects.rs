//! The contents of git's objects: blobs and trees, by their ids.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::process::{Child, Stdio};

use git2::{Odb, Oid};

use super::git::Checkout;
use super::loose::{Lies, Loose};
use super::staged::garbled;
use super::{LARGEST, WorldError};

/// The id of an object of git's, as lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

impl ObjectId {
    /// Lends the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 7 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    pub(super) fn of(id: git2::Oid) -> Self {
        Self(id.to_string())
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes 40 or 64 lower-case hexadecimal digits, and nothing else.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let well = matches!(digits.len(), 40 | 64) && digits.iter().all(hex);
        well.then(|| Self(digits.iter().map(|byte| char::from(*byte)).collect()))
    }
}

/// A blob's content.
#[derive(Debug, PartialEq, Eq)]
pub enum Blob {
    /// The whole content.
    Bytes(Vec<u8>),
    /// Only its size, over [`LARGEST`].
    TooLarge(u64),
}

impl Blob {
    /// The whole content; none of one that is too large.
    #[must_use]
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::TooLarge(_) => None,
        }
    }
}

/// What is done with an object, and its place in the list; none for one that is not at hand.
type Taker<'s> = dyn FnMut(usize, Option<Content<'_>>) -> Result<(), WorldError> + 's;

/// The size of an object, and its bytes as they come.
type Content<'c> = (u64, &'c mut dyn Read);

/// How many objects are read without a process at most: git is quicker where many lie packed.
const FEW: usize = 256;

/// How long an object is that is read without a process at most: there it is kept whole, and git lends it as it comes.
const SHORT: usize = 8 << 20;

const READING: &str = "read blobs";

impl Checkout {
    /// Reads blobs in one go, in the order given.
    pub fn read_blobs(&self, ids: &[ObjectId]) -> Result<Vec<Blob>, WorldError> {
        let mut blobs = Vec::with_capacity(ids.len());
        self.each_blob(ids, &mut |_, blob| blobs.push(blob))?;
        Ok(blobs)
    }

    /// Shows blobs one after the other, with their place in the list, keeping none in memory.
    pub fn each_blob(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Blob),
    ) -> Result<(), WorldError> {
        self.each_blob_read(ids, &mut |place, content| {
            show(place, whole(content)?);
            Ok(())
        })
    }

    /// Lends blobs one after the other, with their place in the list, as they come: however large one is,
    /// none has to be kept.
    pub fn each_blob_read(
        &self,
        ids: &[ObjectId],
        take: &mut dyn FnMut(usize, Content<'_>) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        self.each_object("blob", ids, &mut |place, object| match object {
            Some(content) => take(place, content),
            None => Err(self.absent(&ids[place])),
        })
    }

    /// Git fetches what a partial clone lacks only where it is let: no hook waits for a network.
    fn absent(&self, id: &ObjectId) -> WorldError {
        let config = self.repository.as_ref().and_then(|repository| repository.config().ok());
        let is_partial = config.is_some_and(|config| {
            let promisors = config.entries(Some("^remote\\..*\\.promisor$"));
            promisors.is_ok_and(|mut promisors| promisors.next().is_some())
        });
        WorldError::Absent { id: id.clone(), is_partial }
    }

    /// Shows blobs as [`Self::each_blob`] does; none for one that is not at hand.
    pub fn each_blob_here(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Option<Blob>),
    ) -> Result<(), WorldError> {
        self.each_object("blob", ids, &mut |place, object| {
            show(place, object.map(whole).transpose()?);
            Ok(())
        })
    }

    /// Shows trees as git stores them, one after the other; none for one that is not at hand.
    pub(super) fn each_tree(
        &self,
        ids: &[ObjectId],
        show: &mut dyn FnMut(usize, Option<Vec<u8>>) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        self.each_object("tree", ids, &mut |place, object| match object.map(whole).transpose()? {
            Some(Blob::Bytes(bytes)) => show(place, Some(bytes)),
            Some(Blob::TooLarge(_)) => Err(garbled("read a tree")),
            None => show(place, None),
        })
    }

    /// Lends objects of a kind one after the other; none for one that is not at hand.
    pub(super) fn each_object(
        &self,
        kind: &str,
        ids: &[ObjectId],
        show: &mut Taker<'_>,
    ) -> Result<(), WorldError> {
        let read = self.read_few((kind, ids), show)?;
        let ids = &ids[read..];
        if ids.is_empty() {
            return Ok(());
        }
        self.ask_objects((kind, ids), &mut |place, object| show(read + place, object))
    }

    /// Reads objects without a process while it can, and tells how many.
    fn read_few(
        &self,
        (kind, ids): (&str, &[ObjectId]),
        show: &mut Taker<'_>,
    ) -> Result<usize, WorldError> {
        let Some(repository) = self.repository.as_ref().filter(|_| ids.len() <= FEW) else {
            return Ok(0);
        };
        let (mut loose, mut others) = (Loose::of(&self.common_dir), None);
        for (place, id) in ids.iter().enumerate() {
            let bytes = match loose.read(kind, id, SHORT) {
                Lies::Content(bytes) => Some(bytes),
                Lies::Other => None,
                Lies::Nothing => {
                    let others = others.get_or_insert_with(|| repository.odb().ok());
                    others.as_ref().and_then(|others| read_one(others, kind, id))
                }
            };
            // What is not at hand here may well be for git, in a folder of alternates.
            let Some(bytes) = bytes else { return Ok(place) };
            show(place, Some((bytes.len() as u64, &mut bytes.as_slice())))?;
        }
        Ok(ids.len())
    }

    fn ask_objects(
        &self,
        (kind, ids): (&str, &[ObjectId]),
        show: &mut Taker<'_>,
    ) -> Result<(), WorldError> {
        let mut command = self.program.command(&["cat-file", "--batch", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(WorldError::NoGit)?;
        let shown = converse(&mut child, (kind, ids), show);
        if shown.is_err() {
            // It may still wait for a reader; that it has ended already is no matter.
            let _ended = child.kill();
        }
        let ended = child.wait().map_err(WorldError::NoGit)?;
        shown?;
        if ended.success() { Ok(()) } else { Err(garbled(READING)) }
    }
}

/// Asks from a thread of its own, since git may answer before it has heard all.
fn converse(
    child: &mut Child,
    (kind, ids): (&str, &[ObjectId]),
    show: &mut Taker<'_>,
) -> Result<(), WorldError> {
    let (Some(mut questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(garbled(READING));
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A git that stops listening is noticed where its answers end.
            ids.iter().try_for_each(|id| writeln!(questions, "{}", id.as_str())).ok()
        });
        let mut answers = BufReader::with_capacity(1 << 16, answers);
        ids.iter()
            .enumerate()
            .try_for_each(|(place, id)| answer(&mut answers, (kind, id), &mut |it| show(place, it)))
    })
}

/// Reads `id SP kind SP size LF content LF`; none for `id SP missing LF`.
fn answer(
    from: &mut dyn BufRead,
    (kind, id): (&str, &ObjectId),
    take: &mut dyn FnMut(Option<Content<'_>>) -> Result<(), WorldError>,
) -> Result<(), WorldError> {
    let failed = |_| garbled(READING);
    let mut head = String::new();
    from.take(200).read_line(&mut head).map_err(failed)?;
    let said = head.strip_prefix(id.as_str()).and_then(|rest| rest.strip_prefix(' '));
    if said == Some("missing\n") {
        return take(None);
    }
    let size = said
        .and_then(|said| said.strip_prefix(kind)?.strip_prefix(' ')?.strip_suffix('\n'))
        .and_then(|size| size.parse::<u64>().ok());
    let Some(size) = size else {
        let why = format!("{} is no {kind}", id.as_str());
        return Err(WorldError::Git { doing: READING, why });
    };
    let mut content = Read::take(&mut *from, size);
    take(Some((size, &mut content)))?;
    // What its taker did not want.
    std::io::copy(&mut content, &mut std::io::sink()).map_err(failed)?;
    let mut end = [0];
    let is_whole = content.limit() == 0 && from.read_exact(&mut end).is_ok() && end == [b'\n'];
    if is_whole { Ok(()) } else { Err(garbled(READING)) }
}

/// Reads a packed object that is short, of this kind; none where only git can tell.
fn read_one(objects: &Odb<'_>, kind: &str, id: &ObjectId) -> Option<Vec<u8>> {
    let id = Oid::from_str(id.as_str()).ok()?;
    let (size, found) = objects.read_header(id).ok()?;
    let is_asked = size <= SHORT && found.str() == kind;
    is_asked.then(|| objects.read(id).ok()).flatten().map(|it| it.data().to_owned())
}

fn whole((size, content): Content<'_>) -> Result<Blob, WorldError> {
    if size > LARGEST {
        return Ok(Blob::TooLarge(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    content.read_to_end(&mut bytes).map_err(|_| garbled(READING))?;
    Ok(Blob::Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    #[test]
    fn many_blobs_come_in_order_and_a_missing_one_is_an_error() {
        let repo = Repo::new();
        repo.stage("empty", "");
        repo.stage("big", &"x".repeat(300_000));
        let checkout = repo.checkout();
        let ids = checkout.index_files().unwrap().into_iter().map(|file| file.id);
        let ids = ids.cycle().take(5000).collect::<Vec<_>>();
        let mut sizes = Vec::new();
        let mut show = |place, blob| match blob {
            Blob::Bytes(bytes) => sizes.push((place, bytes.len())),
            Blob::TooLarge(_) => unreachable!(),
        };
        checkout.each_blob(&ids, &mut show).unwrap();
        assert_eq!((sizes.len(), sizes[4998], sizes[4999]), (5000, (4998, 300_000), (4999, 0)));
        let missing = ObjectId::parse(&[b'1'; 40]).unwrap();
        let error = checkout.read_blobs(&[ids[0].clone(), missing, ids[1].clone()]).unwrap_err();
        assert!(matches!(error, WorldError::Absent { is_partial: false, .. }));
        let tree = ObjectId::parse(repo.git(&["write-tree"]).as_bytes()).unwrap();
        assert!(checkout.read_blobs(&[tree]).is_err());
    }

    #[test]
    fn loose_packed_and_long_ones_are_read_alike_and_a_cut_one_is_an_error() {
        let repo = Repo::new();
        let long = "x".repeat(SHORT + 1);
        let texts = ["", "short", &long];
        texts.iter().enumerate().for_each(|(at, text)| repo.stage(&format!("f{at}"), text));
        let read = |repo: &Repo| {
            let checkout = repo.checkout();
            let ids = checkout.index_files().unwrap().into_iter().map(|file| file.id);
            checkout.read_blobs(&ids.collect::<Vec<_>>())
        };
        let all = texts.map(|text| Blob::Bytes(text.as_bytes().to_vec()));
        assert!(read(&repo).unwrap() == all);
        repo.git(&["commit", "-q", "-m", "all"]);
        repo.git(&["repack", "-q", "-a", "-d"]);
        assert!(read(&repo).unwrap() == all);
        repo.stage("f1", &"it is cut ".repeat(1000));
        let id = repo.checkout().index_files().unwrap().remove(1).id;
        let (folder, name) = id.as_str().split_at(2);
        let object = repo.root().join(".git/objects").join(folder).join(name);
        let bytes = std::fs::read(&object).unwrap();
        std::fs::remove_file(&object).unwrap();
        std::fs::write(&object, &bytes[..bytes.len() / 2]).unwrap();
        assert!(read(&repo).is_err());
    }

    #[test]
    fn nothing_is_fetched() {
        let repo = Repo::new();
        repo.commit("f", "far away");
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        let url = format!("file://{}", repo.root().display());
        repo.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "../home/part"]);
        let env = repo.environment(&[]);
        let part = Checkout::discover(&repo.home().join("part"), &env).unwrap();
        assert!(part.head_file(&"f".parse().unwrap()).is_err());
        let id = repo.checkout().index_files().unwrap().remove(0).id;
        let error = part.read_blobs(&[id]).unwrap_err();
        assert!(matches!(error, WorldError::Absent { is_partial: true, .. }));
    }

    #[test]
    fn replaced_objects_are_not_what_is_committed() {
        let repo = Repo::new();
        repo.stage("a", "secret");
        repo.stage("b", "harmless");
        let files = repo.checkout().index_files().unwrap();
        repo.git(&["replace", files[0].id.as_str(), files[1].id.as_str()]);
        let blobs = repo.checkout().read_blobs(&[files[0].id.clone()]).unwrap();
        assert_eq!(blobs, [Blob::Bytes(b"secret".to_vec())]);
    }
}
