//! One text after the other is judged here, wherever it comes from.

use std::io::{self, Read};
use std::ops::Range;
use std::rc::Rc;

use zeroize::Zeroizing;

use self::archive::{Budget, Kind};
use self::leaks::{At, Places, in_text};
use super::standards::Standards;
use super::values::Values;
use super::{By, Leak, Scanned, advice};
use crate::names::Address;
use crate::policy::{Policy, is_credential};
use crate::scan::managed::Found;
use crate::scan::{Hit, Level, Pass, Piece, Pieces, Scanner, TOO_MANY, Text};
use crate::verify::InClear;
use crate::world::{ObjectId, WorldError};

mod archive;
mod before;
mod carried;
mod clear;
mod leaks;
mod masks;
mod packed;

pub(super) use leaks::Room;
pub(in crate::deeds) use masks::{HIDDEN, mask};

/// How long a text is that is kept whole while it is judged; a longer one is judged in pieces.
const WHOLE: usize = 8 << 20;
/// How long a ZIP archive is that is kept, since its directory stands at its end; one in another is a [`WHOLE`] at most.
const LARGEST_ZIP: usize = 16 << 20;
/// How long a text is that is looked at in one piece.
const AT_ONCE: usize = 1 << 20;
/// How many findings in one text are told.
pub(super) const MOST: usize = 10_000;
/// How many archives within one another are looked through.
const DEEPEST: usize = 3;

/// Why the values of a sealed file may not all be looked for.
pub(super) const UNREAD: &str = "holds sealed values that cannot be read: those of its last version that could be are looked for";

const TOO_LARGE: &str = "is an archive too large to be unpacked";

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'o> {
    /// In git's bytes.
    pub(super) path: &'o [u8],
    pub(super) commit: Option<&'o ObjectId>,
}

/// By what it is known whether something stood there before.
#[derive(Debug, Clone)]
pub(super) enum Stands {
    /// It is new in any case.
    Anew,
    /// It stands at this place of the text: lines that stood there are old.
    At(Range<usize>),
    /// It stands in clear where it should not.
    InClear(InClear),
}

/// A leak, and how it stands in what was read.
pub(super) type Fresh = (Leak, Stands);

/// Judges texts.
pub(super) struct Judge<'s> {
    standards: &'s Standards,
    pub(super) scanner: Scanner<'s>,
    pub(super) values: Option<Values>,
    pub(super) scanned: Scanned,
    /// How many archives within one another are being read.
    depth: usize,
    /// Where short texts are kept, one after the other: wiping as much for each takes longer than reading it.
    buffer: Zeroizing<Vec<u8>>,
    /// What may still be unpacked of a file, whatever lies in what.
    budget: Rc<Budget>,
    /// Whether values in clear are told that a managed file holds: elsewhere others do.
    pub(super) clear: bool,
    /// What is managed, if any of these says so; a commit may have a policy of its own.
    pub(super) policies: Vec<&'s Policy>,
    /// What may still be told of all texts.
    pub(super) room: Room,
    /// Whether an exception could let pass what is found: not without a file in a repository.
    pub(super) excuses: bool,
    /// Whether all is looked through that exceptions are about, so that one which lets nothing pass is told.
    pub(super) is_all: bool,
}

impl<'s> Judge<'s> {
    pub(super) fn new(standards: &'s Standards, values: Option<Values>) -> Self {
        let mut scanned = Scanned::default();
        if let Some(values) = &values {
            scanned.searched = values.searched - values.managed.left_out().len();
            scanned.closed.clone_from(&values.closed);
            let unread = values.unread.iter().map(|path| (path.to_string(), UNREAD));
            scanned.skipped.extend(unread);
        }
        let scanner = Scanner::new(&standards.rules);
        Self {
            standards,
            scanner,
            values,
            scanned,
            depth: 0,
            buffer: Zeroizing::default(),
            budget: Rc::default(),
            clear: false,
            policies: standards.policy.iter().collect(),
            room: Room::default(),
            excuses: true,
            is_all: false,
        }
    }

    /// Tells what of the rules of others is not heeded, too: whoever scans has the time.
    pub(super) fn telling(mut self) -> Self {
        self.scanned.unheeded = self.standards.unheeded();
        self
    }

    /// Judges what a file's path says.
    pub(super) fn path(&mut self, origin: Origin<'_>) -> Vec<Fresh> {
        self.name(origin, origin.path)
    }

    /// Judges a name: of the file itself, or of what is packed in it.
    fn name(&mut self, origin: Origin<'_>, name: &[u8]) -> Vec<Fresh> {
        let name = Text { path: b"", bytes: name };
        let found = self.piece(origin, &Piece::whole(&self.scanner, &name), MOST);
        let named = |(leak, _): Fresh| {
            let fix = advice::of_name(&leak);
            (Leak { line: 0, fix, ..leak }, Stands::Anew)
        };
        found.into_iter().map(named).collect()
    }

    /// Judges a text that comes as a stream, and what is packed in it.
    pub(super) fn read(
        &mut self,
        origin: Origin<'_>,
        from: &mut dyn Read,
    ) -> Result<Vec<Fresh>, WorldError> {
        self.scanned.texts += 1;
        let unread = |error| WorldError::io("read", String::from_utf8_lossy(origin.path))(error);
        let mut head = std::mem::take(&mut self.buffer);
        head.clear();
        let is_short = fill(&mut head, from, WHOLE).map_err(unread)?;
        let (kind, mut is_all) = (Kind::of(&head), is_short);
        if kind == Some(Kind::Zip) && !is_short && self.depth == 0 {
            is_all = fill(&mut head, from, LARGEST_ZIP).map_err(unread)?;
        }
        let mut all = head.as_slice().chain(from);
        let mut fresh = match kind {
            // It comes with its files, and what is of none of them.
            Some(Kind::Tar) => Vec::new(),
            // Its beginning is text: names and comments.
            Some(Kind::Gzip) => self.whole(origin, &head),
            _ if is_short => self.whole(origin, &head),
            _ => self.large(origin, (&head, kind), &mut all).map_err(unread)?,
        };
        match kind {
            None => {}
            Some(Kind::Zip) if !is_all => self.skip(origin, TOO_LARGE),
            Some(kind) => fresh.extend(self.packed((origin, kind), &head, &mut all)?),
        }
        if head.capacity() <= AT_ONCE {
            self.buffer = head;
        }
        Ok(fresh)
    }

    /// Judges a text that is all there.
    pub(super) fn whole(&mut self, origin: Origin<'_>, bytes: &[u8]) -> Vec<Fresh> {
        let fresh = if bytes.len() <= AT_ONCE {
            self.scanned.bytes += bytes.len() as u64;
            let text = Text { path: origin.path, bytes };
            self.piece(origin, &Piece::whole(&self.scanner, &text), MOST)
        } else {
            self.pieces(origin, &mut &*bytes).expect("bytes at hand can be read").0
        };
        self.and_in_clear(origin, fresh, (bytes, true))
    }

    /// Judges a text that is too large to be kept, of which the beginning is at hand.
    fn large(
        &mut self,
        origin: Origin<'_>,
        (head, kind): (&[u8], Option<Kind>),
        all: &mut dyn Read,
    ) -> io::Result<Vec<Fresh>> {
        let (fresh, is_archive) = self.pieces(origin, all)?;
        if is_archive && kind.is_none() {
            self.skip(origin, TOO_LARGE);
        }
        Ok(self.and_in_clear(origin, fresh, (head, false)))
    }

    /// Judges a text as it comes, and tells whether it ends like an archive.
    fn pieces(
        &mut self,
        origin: Origin<'_>,
        from: &mut dyn Read,
    ) -> io::Result<(Vec<Fresh>, bool)> {
        let (mut fresh, mut passed, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut part = Zeroizing::new(vec![0; 64 << 10]);
        let mut pieces = Pieces::new(&self.scanner, origin.path);
        let mut see = |piece: &Piece<'_, '_>| {
            let most = MOST.saturating_sub(fresh.len());
            let found = self.piece(origin, piece, most).into_iter();
            let (through, found): (Vec<_>, Vec<_>) = found.partition(|(it, _)| it.passed.is_some());
            fresh.extend(found);
            // They are counted, and there is no need to count beyond any measure.
            passed.extend(through.into_iter().take(MOST.saturating_sub(passed.len())));
            fresh.len()
        };
        let mut is_archive = false;
        loop {
            let read = match from.read(&mut part) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            bytes += read as u64;
            let mut found = 0;
            if read == 0 {
                pieces.finish(&mut |piece| {
                    is_archive = archive::ends_one(piece.bytes);
                    see(piece);
                });
                break;
            }
            pieces.push(&part[..read], &mut |piece| found = see(piece));
            // Enough to block, whatever follows: what was found is kept in memory.
            if found > MOST {
                break;
            }
        }
        fresh.extend(passed);
        self.scanned.bytes += bytes;
        fresh.sort_by_key(|(leak, _)| (leak.line, leak.column));
        Ok((fresh, is_archive))
    }

    /// Judges a part of a text, or all of it; of what nothing lets pass, up to `most` findings are told.
    fn piece(&self, origin: Origin<'_>, piece: &Piece<'_, '_>, most: usize) -> Vec<Fresh> {
        let managed = self.managed(piece.bytes);
        if managed.is_empty() && piece.hits.is_empty() {
            return Vec::new();
        }
        let at = self.at(origin);
        let mut places = Places::of(piece.bytes, piece.line);
        let values = managed.iter().filter(|found| piece.tells(&found.span)).filter_map(|found| {
            let leak = at.of_value(places.place(found.span.start), self.what(found)?, found);
            Some((leak, Stands::At(in_text(piece, &found.span))))
        });
        let mut others = managed.as_slice();
        let hits = piece.hits.iter().filter_map(|hit| {
            let (start, end) = (hit.span.start - piece.base, hit.span.end - piece.base);
            others = &others[others.partition_point(|it| it.span.end <= start)..];
            if others.first().is_some_and(|it| it.span.start < end) {
                return None;
            }
            // Nobody knows what was not looked at.
            let place =
                if hit.rule == TOO_MANY { Stands::Anew } else { Stands::At(hit.whole.clone()) };
            let passed = self.passes(&at, hit);
            Some((Leak { passed, ..at.of_hit(piece, hit) }, place))
        });
        let (mut fresh, mut told): (Vec<Fresh>, _) = (Vec::new(), 0);
        for (leak, place) in values.chain(hits) {
            told += usize::from(leak.passed.is_none());
            if told > most {
                fresh.push((at.too_many(leak.line), Stands::Anew));
                break;
            }
            fresh.push((leak, place));
        }
        fresh
    }

    /// Tells what lets a hit pass; nothing does where only sealed values stand.
    fn passes(&self, at: &At<'_>, hit: &Hit<'_>) -> Option<By> {
        let path = String::from_utf8_lossy(at.origin.path);
        let allow = &self.standards.allow;
        match hit.passed {
            _ if at.is_managed => None,
            Some(Pass::Mark) => Some(By::Mark),
            Some(Pass::List) => Some(By::List),
            None => allow.lets(hit.rule, &path, &hit.excusable.hash).then_some(By::Exception),
        }
    }

    /// Which value was found, as it may be shown, and whether it blocks: what opens nothing, as the policy in force
    /// says, need not be kept from anybody.
    fn what(&self, found: &Found) -> Option<(Address, Level)> {
        let address = self.values.as_ref()?.managed.name(found)?;
        let opens = |policy: &Policy| is_credential(policy.rule(address).kind);
        let policy = self.standards.policy.as_ref().filter(|_| self.standards.counts);
        let blocks = policy.is_none_or(opens);
        Some((self.address(address), if blocks { Level::Block } else { Level::Warn }))
    }

    fn at<'o>(&self, origin: Origin<'o>) -> At<'o> {
        let (shown, is_managed) = (self.shown(origin.path), self.is_managed(origin.path));
        At { origin, shown, is_managed, excuses: self.excuses }
    }

    /// Says that something was not looked into.
    pub(super) fn skip(&mut self, origin: Origin<'_>, why: &'static str) {
        let skipped = (self.shown(origin.path), why);
        if self.scanned.skipped.last() != Some(&skipped) {
            self.scanned.skipped.push(skipped);
        }
    }

    pub(super) fn managed(&self, text: &[u8]) -> Vec<Found> {
        self.values.as_ref().map(|it| it.managed.find(text)).unwrap_or_default()
    }

    /// Tells whether a path is one at which only sealed values stand, and what its policy leaves in clear.
    fn is_managed(&self, path: &[u8]) -> bool {
        let name = String::from_utf8_lossy(path);
        self.policies.iter().any(|policy| policy.environment_of_name(&name).is_some())
    }

    /// Ends it: keeps what was found and does not pass, and tells which exceptions let nothing pass.
    pub(super) fn done(mut self, leaks: Vec<Leak>) -> Scanned {
        self.end(leaks)
    }

    /// The same for whoever asks something else of it.
    pub(super) fn end(&mut self, mut leaks: Vec<Leak>) -> Scanned {
        let count = |by| leaks.iter().filter(|leak| leak.passed == Some(by)).count();
        self.scanned.allowed += count(By::Exception);
        self.scanned.listed += count(By::List);
        self.scanned.by_marks += count(By::Mark);
        leaks.retain(|leak| leak.passed.is_none());
        self.scanned.leaks = leaks;
        if self.is_all {
            self.scanned.idle = self.standards.allow.unused().cloned().collect();
            self.scanned.unused = self.scanned.idle.iter().map(|it| self.exception(it)).collect();
        }
        if let Some(values) = &self.values {
            let common = values.managed.left_out();
            self.scanned.left_out = common.map(|(address, _)| self.address(address)).collect();
        }
        std::mem::take(&mut self.scanned)
    }
}

/// Reads on, up to so many bytes in all, and tells whether that is the end. Takes little more memory than there are
/// bytes.
fn fill(bytes: &mut Vec<u8>, from: &mut dyn Read, most: usize) -> io::Result<bool> {
    while bytes.len() < most {
        let room = (bytes.len() / 4).max(64 << 10).min(most - bytes.len());
        bytes.reserve_exact(room);
        if from.take(room as u64).read_to_end(bytes)? < room {
            return Ok(true);
        }
    }
    Ok(false)
}
