//! Which commits are looked through, and by whose rules and exceptions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use self::law::Law;
use self::look::Look;
use super::standards::Standards;
use super::texts::{HIDDEN, Judge, Origin};
use super::values::{Policies, Values};
use super::{By, Leak, Progress, Scanned};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::scan::Allow;
use crate::world::{ObjectId, Pushed, Theirs, Walk};

mod law;
mod look;

/// Why a file of the beginning of a range does not count.
pub(in crate::deeds) const UNREAD: &str =
    "cannot be read at the beginning of the range: nothing in it counts";

/// What is told as the path of a commit's message.
pub const MESSAGE: &str = "commit message";

/// Commits to look through, and by the rules and exceptions of which one.
pub struct Commits {
    pub(super) walk: Walk,
    /// Whose rules and exceptions hold; ours alone where there is none.
    pub(super) by: Option<ObjectId>,
    /// The last ones, where they are few.
    pub(super) tips: Vec<ObjectId>,
    /// The two ends, for a range.
    pub ends: Option<Ends>,
}

/// The two ends of a range.
pub struct Ends {
    /// None for the beginning of all.
    pub from: Option<ObjectId>,
    /// The last commit.
    pub to: ObjectId,
}

impl Commits {
    /// Those of a range `A..B`: what B has and A has not. Rules and exceptions are those of A, so that nothing
    /// in the range lets itself pass. Where A is all zeroes, as hosts tell of a branch that was not there, it is all
    /// that B has.
    ///
    /// # Errors
    /// [`DeedError::Refuse`] for what is no such range, or names what is not at hand.
    pub fn between(place: &Place<'_>, range: &str) -> Result<Self, DeedError> {
        let parts = range
            .split_once("..")
            .filter(|(from, to)| !from.is_empty() && !to.starts_with('.') && !to.contains(".."));
        let Some((from, to)) = parts else {
            let instead = Some("such as --range origin/main..HEAD".to_owned());
            return Err(DeedError::Refuse { what: "this is no range `A..B`".to_owned(), instead });
        };
        let to = commit(place, if to.is_empty() { "HEAD" } else { to })?;
        let from = if is_nothing(from) { None } else { Some(commit(place, from)?) };
        let walk = place.checkout.walk_between(from.as_ref(), &to);
        let (by, tips) = (from.clone(), vec![to.clone()]);
        Ok(Self { walk, by, tips, ends: Some(Ends { from, to }) })
    }

    /// Those that a push brings to another side, which is known to have something: together those by whose
    /// rules and exceptions the same holds, which are each one's own; those of HEAD for what is no commit.
    ///
    /// # Errors
    /// [`DeedError::World`].
    pub fn pushed(
        place: &Place<'_>,
        pushed: &[Pushed],
        theirs: &Theirs,
    ) -> Result<Vec<Self>, DeedError> {
        let mut groups: Vec<(Written, Vec<Pushed>, Vec<ObjectId>)> = Vec::new();
        for one in pushed {
            let tip = place.checkout.commit_named(one.object.as_str())?;
            let by =
                tip.clone().map_or_else(|| place.checkout.head_commit(), |tip| Ok(Some(tip)))?;
            let written = written(place, by.as_ref())?;
            match groups.iter_mut().find(|(other, ..)| *other == written) {
                Some((_, all, tips)) => {
                    all.push(one.clone());
                    tips.extend(tip);
                }
                None => groups.push((written, vec![one.clone()], tip.into_iter().collect())),
            }
        }
        let group = |(_, pushed, tips): (Written, Vec<Pushed>, Vec<ObjectId>)| {
            let walk = place.checkout.walk_pushed(&pushed, theirs)?;
            let head = || place.checkout.head_commit();
            let by = tips.first().cloned().map_or_else(head, |tip| Ok(Some(tip)))?;
            Ok(Self { walk, by, tips, ends: None })
        };
        groups.into_iter().map(group).collect()
    }

    /// All that a reference leads to, by the rules and exceptions of HEAD.
    ///
    /// # Errors
    /// [`DeedError::World`].
    pub fn all(place: &Place<'_>) -> Result<Self, DeedError> {
        let walk = place.checkout.walk_all()?;
        Ok(Self { walk, by: place.checkout.head_commit()?, tips: Vec::new(), ends: None })
    }
}

/// The files that say what is found and what may stand, as a commit has them.
type Written = Vec<Option<Vec<u8>>>;

fn written(place: &Place<'_>, by: Option<&ObjectId>) -> Result<Written, DeedError> {
    let Some(by) = by else { return Ok(Vec::new()) };
    let read = |path: &&str| Ok(place.checkout.file_at(by, &path.parse()?)?);
    Standards::PATHS.iter().map(read).collect()
}

/// Tells whether an end of a range is git's name for what is not there: forty zeroes, or sixty-four.
fn is_nothing(name: &str) -> bool {
    matches!(name.len(), 40 | 64) && name.bytes().all(|digit| digit == b'0')
}

/// The commit that an end of a range names.
fn commit(place: &Place<'_>, name: &str) -> Result<ObjectId, DeedError> {
    if let Some(id) = place.checkout.commit_named(name)? {
        return Ok(id);
    }
    let is_shallow = place.checkout.is_shallow();
    let fetch = if is_shallow { "git fetch --unshallow" } else { "git fetch" };
    let what = format!("this clone has no commit `{name}`");
    Err(DeedError::Refuse { what, instead: Some(fetch.to_owned()) })
}

/// Looks through what a push brings, in one answer.
///
/// # Errors
/// As [`super::scan`].
pub fn scan_all(place: &Place<'_>, all: &[Commits]) -> Result<Scanned, DeedError> {
    let mut together = Scanned::default();
    for commits in all {
        together.join(scan(place, commits, None)?);
    }
    if all.len() > 1 {
        let walks: Vec<_> = all.iter().map(|commits| &commits.walk).collect();
        together.commits = Some(place.checkout.count_commits(&Walk::together(&walks))?);
    }
    Ok(together)
}

/// Looks through what commits bring; tells how far it has come, where somebody wants to know.
///
/// # Errors
/// As [`super::scan`].
pub fn scan(
    place: &Place<'_>,
    commits: &Commits,
    progress: Option<Progress<'_>>,
) -> Result<Scanned, DeedError> {
    let standards = match (&commits.by, &commits.ends) {
        (Some(by), Some(_)) => Standards::of_beginning(&Place::find(place.world)?.committed(by)?)?,
        (Some(by), None) => Standards::of(&Place::find(place.world)?.committed(by)?)?,
        (None, _) => Standards::ours(),
    };
    let added = added(place, commits, &standards)?;
    let policies = Policies::through(place, commits)?;
    let law = Law::of(place, commits, &standards, &policies)?;
    let values = Values::through(place, commits, &policies)?;
    let total = match progress {
        Some(_) => place.checkout.count_commits(&commits.walk)?,
        None => 0,
    };
    let mut judge = Judge::new(&standards, values).telling();
    judge.clear = true;
    judge.scanned.commits = Some(0);
    let mut look = Look::new(place, judge, &law)?;
    look.progress = progress.map(|tell| (tell, total));
    look.is_range = commits.ends.is_some();
    let (mut judge, mut leaks) = look.through(&commits.walk)?;
    if let Some(Ends { to, .. }) = &commits.ends {
        unmark(place, &mut judge, to, &mut leaks)?;
    }
    let unread = standards.unread().map(|path| (path.to_owned(), UNREAD));
    judge.scanned.skipped.extend(unread);
    judge.scanned.added = added.iter().map(|allow| judge.exception(allow)).collect();
    if commits.ends.is_some() {
        let marked = leaks.iter().filter(|leak| leak.passed == Some(By::Mark));
        judge.scanned.marked = marked.cloned().collect();
    }
    Ok(judge.done(leaks))
}

/// Takes a mark's word back where the end of a range has the same line without it: whoever reviews what the range
/// comes to would see no mark.
fn unmark(
    place: &Place<'_>,
    judge: &mut Judge<'_>,
    to: &ObjectId,
    leaks: &mut [Leak],
) -> Result<(), DeedError> {
    let texts = judge.scanned.texts;
    let mut files: HashMap<String, Vec<Leak>> = HashMap::new();
    for leak in leaks.iter_mut().filter(|leak| leak.passed == Some(By::Mark)) {
        let at_end = match files.entry(leak.path.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(at_end(place, judge, to, &leak.path)?),
        };
        let is_same = |it: &&Leak| it.rule == leak.rule && it.excusable == leak.excusable;
        let mut same = at_end.iter().filter(is_same).peekable();
        let is_bare = same.peek().is_some() && same.all(|it| it.passed.is_none());
        // What a masked path stands for is not asked.
        if is_bare || leak.path.contains(HIDDEN) {
            leak.passed = None;
        }
    }
    judge.scanned.texts = texts;
    Ok(())
}

/// What is found in a file at the end of a range.
fn at_end(
    place: &Place<'_>,
    judge: &mut Judge<'_>,
    to: &ObjectId,
    path: &str,
) -> Result<Vec<Leak>, DeedError> {
    let file = path.parse().ok().map(|path| place.checkout.file_at(to, &path)).transpose()?;
    let Some(bytes) = file.flatten() else { return Ok(Vec::new()) };
    let origin = Origin { path: path.as_bytes(), commit: Some(to) };
    Ok(judge.read(origin, &mut bytes.as_slice())?.into_iter().map(|(leak, _)| leak).collect())
}

/// The exceptions that the end of a range has and its beginning has not.
fn added(place: &Place<'_>, commits: &Commits, known: &Standards) -> Result<Vec<Allow>, DeedError> {
    let Some(Ends { to, .. }) = &commits.ends else { return Ok(Vec::new()) };
    let now = Standards::of(&Place::find(place.world)?.committed(to)?)?.allow;
    let is_known = |one: &&Allow| known.allow.entries().contains(one);
    Ok(now.entries().iter().filter(|one| !is_known(one)).cloned().collect())
}
