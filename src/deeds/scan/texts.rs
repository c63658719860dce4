//! One text after the other is judged here, wherever it comes from.

use std::cell::LazyCell;
use std::io::Read;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::archive::Budget;
use super::before::{Lines, Touched};
use super::standards::Standards;
use super::values::Values;
use super::windows::Windows;
use super::{By, Leak, MANAGED, Scanned, What, advice, archive};
use crate::names::RepoPath;
use crate::policy::Policy;
use crate::scan::managed::Found;
use crate::scan::{Excusable, Hit, Level, Pieces, Scanner, TOO_MANY, Text, excerpt};
use crate::world::{Blob, Checkout, ObjectId, WorldError};

/// How long a text is that is kept whole while it is judged; a longer one is judged in pieces.
const WHOLE: u64 = 8 << 20;
/// How many values in one text are told.
const MOST: usize = 20_000;
/// How many archives within one another are looked through.
const DEEPEST: usize = 3;

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'o> {
    /// In git's bytes.
    pub(super) path: &'o [u8],
    pub(super) commit: Option<&'o ObjectId>,
}

/// A leak, and the lines that it touches, by their hashes; none where it is new in any case.
pub(super) type Fresh = (Leak, Option<Vec<u64>>);

/// Judges texts.
pub(super) struct Judge<'s> {
    standards: &'s Standards,
    scanner: Scanner<'s>,
    values: Option<Values>,
    pub(super) lines: Lines,
    pub(super) scanned: Scanned,
    /// How many archives within one another are being read.
    depth: usize,
    /// What may still be unpacked of a file, whatever lies in what.
    budget: Rc<Budget>,
    /// Whether values in clear are told that a managed file holds: elsewhere others do.
    pub(super) clear: bool,
}

impl<'s> Judge<'s> {
    pub(super) fn new(standards: &'s Standards, values: Option<Values>) -> Self {
        let mut scanned = Scanned { unheeded: standards.unheeded.clone(), ..Scanned::default() };
        if let Some(values) = &values {
            scanned.left_out = values.managed.left_out().len();
            scanned.searched = values.searched - scanned.left_out;
            scanned.closed.clone_from(&values.closed);
        }
        let scanner = Scanner::new(&standards.rules);
        let lines = Lines::new();
        Self {
            standards,
            scanner,
            values,
            lines,
            scanned,
            depth: 0,
            budget: Rc::default(),
            clear: false,
        }
    }

    /// Judges what a file's path says.
    pub(super) fn path(&mut self, origin: Origin<'_>) -> Vec<Fresh> {
        let nameless = Origin { path: b"", ..origin };
        let mut found = self.whole(nameless, origin.path);
        let path = String::from_utf8_lossy(origin.path);
        for (leak, _) in &mut found {
            let text = leak.excusable.as_ref();
            leak.passed = leak.passed.or_else(|| self.exception((&leak.rule, &path), text?));
        }
        if found.is_empty() {
            return found;
        }
        let path = self.shown(origin.path);
        let named = |(leak, _): Fresh| {
            let fix = advice::of_name(&leak);
            (Leak { path: path.clone(), line: 0, fix, ..leak }, None)
        };
        found.into_iter().map(named).collect()
    }

    /// A path as it may be shown: without the parts from the first one on that says a secret.
    fn shown(&self, path: &[u8]) -> String {
        let hits = self.scanner.scan(&Text { path: b"", bytes: path, new_lines: None });
        let hits = hits.into_iter().filter(|hit| !hit.is_listed).map(|hit| hit.span.start);
        let first = hits.chain(self.managed(path).into_iter().map(|it| it.span.start)).min();
        let Some(first) = first else { return String::from_utf8_lossy(path).into_owned() };
        let folder = path[..first].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        format!("{}…", String::from_utf8_lossy(&path[..folder]))
    }

    /// Judges a text that comes as a stream.
    pub(super) fn read(
        &mut self,
        origin: Origin<'_>,
        from: &mut dyn Read,
    ) -> Result<Vec<Fresh>, WorldError> {
        self.scanned.texts += 1;
        let unread = |error| WorldError::io("read", String::from_utf8_lossy(origin.path))(error);
        let mut bytes = Zeroizing::new(Vec::new());
        from.take(WHOLE).read_to_end(&mut bytes).map_err(unread)?;
        if (bytes.len() as u64) < WHOLE {
            self.scanned.bytes += bytes.len() as u64;
            let mut fresh = self.whole(origin, &bytes);
            if archive::is_one(&bytes) {
                fresh.extend(self.archive(origin, &bytes)?);
            } else if archive::is_other(&bytes) {
                self.skip(origin, "is compressed in a way that is not undone");
            }
            return Ok(fresh);
        }
        if archive::is_one(&bytes) {
            self.skip(origin, "is an archive too large to be unpacked");
        }
        self.pieces(origin, &mut bytes.as_slice().chain(from)).map_err(unread)
    }

    /// Judges a text that is all there.
    pub(super) fn whole(&mut self, origin: Origin<'_>, text: &[u8]) -> Vec<Fresh> {
        let managed = self.managed(text);
        let path = String::from_utf8_lossy(origin.path);
        let shown = LazyCell::new(|| self.shown(origin.path));
        let mut fresh = Vec::new();
        let (mut places, mut last) = (Places::of(text), Touched::default());
        for found in managed.iter().take(MOST) {
            let lines = self.lines.touched(text, &found.span, &mut last);
            let place = (places.place(found.span.start), shown.clone());
            fresh.extend(self.of_value(origin, place, found).map(|leak| (leak, Some(lines))));
        }
        if managed.len() > MOST {
            fresh.push((too_many(origin, shown.clone(), fresh.last()), None));
        }
        if self.is_managed(origin.path) {
            let is_known = |line| fresh.iter().any(|(leak, _): &Fresh| leak.line == line);
            if self.clear {
                let in_clear = self.in_clear(origin, text);
                let more: Vec<_> =
                    in_clear.into_iter().filter(|(leak, _)| !is_known(leak.line)).collect();
                fresh.extend(more);
            }
            return fresh;
        }
        let hits = self.scanner.scan(&Text { path: origin.path, bytes: text, new_lines: None });
        last = Touched::default();
        let mut others = managed.as_slice();
        for hit in hits {
            let behind = others.partition_point(|it| it.span.end <= hit.span.start);
            others = &others[behind..];
            let overlaps = others.first().is_some_and(|it| it.span.start < hit.span.end);
            if overlaps {
                continue;
            }
            // Nobody knows what was not looked at.
            let is_known = hit.rule != TOO_MANY;
            let lines = is_known.then(|| self.lines.touched(text, &hit.whole, &mut last));
            let leak = of_hit((origin, shown.clone()), excerpt(text, &hit), &hit);
            let by = leak.passed.or_else(|| self.exception((hit.rule, &path), &hit.excusable));
            fresh.push((Leak { passed: by, ..leak }, lines));
        }
        fresh.sort_by_key(|(leak, _)| (leak.line, leak.column));
        fresh
    }

    /// Of what was found in a text, that of which nothing that stood at its path before has all the lines.
    pub(super) fn news(
        &mut self,
        checkout: &Checkout,
        before: &[ObjectId],
        fresh: Vec<Fresh>,
    ) -> Result<Vec<Leak>, WorldError> {
        // One that is too large to be kept makes nothing old.
        let texts = checkout.read_blobs(before)?.into_iter().filter_map(Blob::bytes);
        let texts: Vec<_> = texts.collect();
        self.lines.of(texts.iter().map(Vec::as_slice));
        let is_new = |(_, lines): &Fresh| {
            lines.as_ref().is_none_or(|lines| lines.iter().any(|line| self.lines.is_new(*line)))
        };
        Ok(fresh.into_iter().filter(is_new).map(|(leak, _)| leak).collect())
    }

    /// What is packed in an archive; all of it counts as new where the archive is.
    fn archive(&mut self, origin: Origin<'_>, bytes: &[u8]) -> Result<Vec<Fresh>, WorldError> {
        if self.depth == DEEPEST {
            self.skip(origin, "is packed too deep");
            return Ok(Vec::new());
        }
        if self.depth == 0 {
            self.budget = Rc::new(Budget::default());
        }
        self.depth += 1;
        let (mut fresh, budget) = (Vec::new(), Rc::clone(&self.budget));
        let read = archive::each(bytes, &budget, &mut |name, content| {
            let path = [origin.path, b"!/", name.as_bytes()].concat();
            fresh.extend(self.read(Origin { path: &path, ..origin }, content)?);
            Ok(())
        });
        self.depth -= 1;
        if let Some(why) = read? {
            self.skip(origin, why);
        }
        Ok(fresh.into_iter().map(|(leak, _)| (leak, None)).collect())
    }

    fn skip(&mut self, origin: Origin<'_>, why: &'static str) {
        self.scanned.skipped.push((self.shown(origin.path), why));
    }

    /// A text that is too large to be kept: all of it counts as new.
    fn pieces(&mut self, origin: Origin<'_>, from: &mut dyn Read) -> std::io::Result<Vec<Fresh>> {
        let mut pieces = Pieces::new(&self.scanner, origin.path);
        let mut windows = Windows::default();
        let mut leaks = Vec::new();
        let mut passed = Vec::new();
        let shown = self.shown(origin.path);
        while windows.fill(from)? {
            self.scanned.bytes += windows.new_text().len() as u64;
            let mut places = Places::of(windows.text());
            for found in self.managed(windows.text()).iter().take(MOST) {
                let place = (places.place(found.span.start), shown.clone());
                let leak = self.of_value(origin, place, found);
                leaks.extend(leak.map(|leak| Leak { line: leak.line + windows.lines, ..leak }));
            }
            // Enough to block, whatever follows: what was found is kept in memory.
            if leaks.len() > MOST {
                leaks.push(too_many(origin, shown.clone(), None));
                break;
            }
            let hits = pieces.push(windows.new_text());
            leaks.extend(self.unexcused((origin, &shown), &hits, &mut passed));
        }
        let hits = pieces.finish();
        leaks.extend(self.unexcused((origin, &shown), &hits, &mut passed));
        passed.into_iter().for_each(|by| self.count(by));
        // What stands where two windows overlap is found twice.
        leaks.sort_by_key(|leak| (leak.line, leak.column));
        leaks.dedup();
        Ok(leaks.into_iter().map(|leak| (leak, None)).collect())
    }

    /// The hits in a piece of a text that nothing lets pass, and what does the others.
    fn unexcused(
        &self,
        (origin, shown): (Origin<'_>, &str),
        hits: &[Hit<'_>],
        passed: &mut Vec<By>,
    ) -> Vec<Leak> {
        let path = String::from_utf8_lossy(origin.path);
        let stands = |hit: &&Hit<'_>| {
            let listed = hit.is_listed.then_some(By::List);
            let by = listed.or_else(|| self.exception((hit.rule, &path), &hit.excusable));
            passed.extend(by);
            by.is_none()
        };
        let of = |hit| of_hit((origin, shown.to_owned()), "…".to_owned(), hit);
        hits.iter().filter(stands).map(of).collect()
    }

    fn managed(&self, text: &[u8]) -> Vec<Found> {
        self.values.as_ref().map(|it| it.managed.find(text, None)).unwrap_or_default()
    }

    /// The policy that texts are judged by.
    pub(super) fn policy(&self) -> Option<&'s Policy> {
        self.standards.policy.as_ref()
    }

    /// Tells whether a path is one at which only sealed values stand, and what its policy leaves in clear.
    fn is_managed(&self, path: &[u8]) -> bool {
        let path = std::str::from_utf8(path).ok().and_then(|path| path.parse::<RepoPath>().ok());
        let policy = self.standards.policy.as_ref();
        path.zip(policy).is_some_and(|(path, policy)| policy.environment_of(&path).is_some())
    }

    /// Tells whether an exception lets a text pass that a rule found in a file.
    fn exception(&self, (rule, path): (&str, &str), text: &Excusable) -> Option<By> {
        self.standards.allow.lets(rule, path, &text.hash).then_some(By::Exception)
    }

    fn count(&mut self, passed: By) {
        match passed {
            By::Exception => self.scanned.allowed += 1,
            By::List => self.scanned.listed += 1,
        }
    }

    fn of_value(
        &self,
        origin: Origin<'_>,
        ((line, column), path): ((usize, usize), String),
        found: &Found,
    ) -> Option<Leak> {
        let address = self.values.as_ref()?.managed.name(found)?.clone();
        Some(Leak {
            path,
            line,
            column,
            commit: origin.commit.cloned(),
            rule: MANAGED.to_owned(),
            description: "value that this repository manages".to_owned(),
            fix: advice::of_value(&address),
            what: What::Managed { address, how: found.how },
            level: Level::Block,
            excerpt: "…".to_owned(),
            excusable: None,
            passed: None,
        })
    }

    /// Ends it: keeps what was found and nothing lets pass, and tells which exceptions let nothing pass.
    pub(super) fn done(mut self, mut leaks: Vec<Leak>) -> Scanned {
        leaks.iter().filter_map(|leak| leak.passed).for_each(|by| self.count(by));
        leaks.retain(|leak| leak.passed.is_none());
        self.scanned.leaks = leaks;
        self.scanned.unused = self.standards.allow.unused().cloned().collect();
        self.scanned
    }
}

/// Says that a text has more values than are told: what stands behind the last one may be anything.
fn too_many(origin: Origin<'_>, path: String, last: Option<&Fresh>) -> Leak {
    Leak {
        path,
        line: last.map_or(1, |(leak, _)| leak.line),
        column: 1,
        commit: origin.commit.cloned(),
        rule: TOO_MANY.to_owned(),
        description: "more values of this repository than are told".to_owned(),
        what: What::Credential,
        level: Level::Block,
        excerpt: "…".to_owned(),
        fix: advice::TOO_MUCH.to_owned(),
        excusable: None,
        passed: None,
    }
}

/// Lines and columns of places that come in their order.
struct Places<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    start: usize,
}

impl<'t> Places<'t> {
    fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1, start: 0 }
    }

    fn place(&mut self, at: usize) -> (usize, usize) {
        let between = self.text.get(self.at..at).unwrap_or_default();
        for (step, _) in between.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            self.line += 1;
            self.start = self.at + step + 1;
        }
        self.at = self.at.max(at);
        (self.line, at.saturating_sub(self.start) + 1)
    }
}

fn of_hit((origin, path): (Origin<'_>, String), excerpt: String, hit: &Hit<'_>) -> Leak {
    Leak {
        fix: advice::of_hit(hit.rule, &path, hit.line),
        path,
        line: hit.line,
        column: hit.column,
        commit: origin.commit.cloned(),
        rule: hit.rule.to_owned(),
        description: hit.description.to_owned(),
        what: What::Credential,
        level: hit.level,
        excerpt,
        excusable: Some(hit.excusable),
        passed: hit.is_listed.then_some(By::List),
    }
}
