//! What commits bring: files, and their messages.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::standards::Standards;
use super::texts::{Fresh, Judge, Origin};
use super::values::Values;
use super::{Leak, MANAGED, Progress, Scanned};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::policy::{self, Policy};
use crate::scan::Allow;
use crate::world::{ObjectId, StagedChange, Step, Walk, WorldError};

/// What is told as the path of a commit's message.
pub const MESSAGE: &str = "commit message";

/// What is told as the path of an annotated tag's message.
const TAG: &str = "tag message";

/// How many changes, or commits, are gathered before contents are read.
const BATCH: usize = 2048;

/// Commits to look through, and by the rules and exceptions of which one.
pub struct Commits {
    walk: Walk,
    by: Option<ObjectId>,
    /// The two ends, for a range.
    pub ends: Option<(ObjectId, ObjectId)>,
}

impl Commits {
    /// Those of a range `A..B`: what B has and A has not. Rules and exceptions are those of A, so that nothing
    /// in the range lets itself pass.
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
        let to = if to.is_empty() { "HEAD" } else { to };
        let (from, to) = (commit(place, from)?, commit(place, to)?);
        let walk = place.checkout.walk_between(&from, &to);
        Ok(Self { walk, by: Some(from.clone()), ends: Some((from, to)) })
    }

    /// Those that a push of these objects brings to a remote, of which it said what it has. Rules and exceptions
    /// are those of the first commit that is pushed.
    ///
    /// # Errors
    /// [`DeedError::World`].
    pub fn pushed(
        place: &Place<'_>,
        tips: &[ObjectId],
        remote: &str,
        known: &[ObjectId],
    ) -> Result<Self, DeedError> {
        let walk = place.checkout.walk_pushed(tips, remote, known)?;
        for tip in tips {
            if let by @ Some(_) = place.checkout.commit_named(tip.as_str())? {
                return Ok(Self { walk, by, ends: None });
            }
        }
        Ok(Self { walk, by: place.checkout.head_commit()?, ends: None })
    }

    /// All that a reference leads to, by the rules and exceptions of HEAD.
    ///
    /// # Errors
    /// [`DeedError::World`].
    pub fn all(place: &Place<'_>) -> Result<Self, DeedError> {
        let walk = place.checkout.walk_all()?;
        Ok(Self { walk, by: place.checkout.head_commit()?, ends: None })
    }
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

/// Looks through what commits bring.
///
/// # Errors
/// As [`super::scan`].
pub fn scan(place: &Place<'_>, commits: &Commits) -> Result<Scanned, DeedError> {
    scan_telling(place, commits, None)
}

/// As [`scan`], and tells how far it has come.
///
/// # Errors
/// As [`super::scan`].
pub fn scan_telling(
    place: &Place<'_>,
    commits: &Commits,
    progress: Option<Progress<'_>>,
) -> Result<Scanned, DeedError> {
    let standards = match &commits.by {
        Some(by) => Standards::of(&Place::find(place.world)?.committed(by)?)?,
        None => Standards::ours(),
    };
    let added = added(place, commits, &standards)?;
    let values = policy(place)?.map(|policy| Values::of(place, &policy)).transpose()?;
    let total = match progress {
        Some(_) => place.checkout.count_commits(&commits.walk)?,
        None => 0,
    };
    let mut judge = Judge::new(&standards, values);
    judge.clear = true;
    let mut look = Look {
        place,
        judge,
        seen: Seen::default(),
        cut: place.checkout.cut_commits()?,
        steps: Vec::new(),
        changes: 0,
        leaks: Vec::new(),
        progress,
        total,
    };
    place.checkout.each_commit(&commits.walk, &mut |step| look.take(step))?;
    look.flush()?;
    look.tags(&commits.walk)?;
    look.blobs(&commits.walk)?;
    let Look { mut judge, leaks, .. } = look;
    let odd = commits.walk.odd.iter().cloned();
    judge.scanned.skipped.extend(odd.map(|name| (name, "leads to no commit")));
    judge.scanned.added = added;
    Ok(judge.done(leaks))
}

/// The exceptions that the end of a range has and its beginning has not.
fn added(place: &Place<'_>, commits: &Commits, known: &Standards) -> Result<Vec<Allow>, DeedError> {
    let Some((_, to)) = &commits.ends else { return Ok(Vec::new()) };
    let now = Standards::of(&Place::find(place.world)?.committed(to)?)?.allow;
    let is_known = |one: &&Allow| known.allow.entries().contains(one);
    Ok(now.entries().iter().filter(|one| !is_known(one)).cloned().collect())
}

/// The policy as it lies there: what is managed now is what must not be known.
fn policy(place: &Place<'_>) -> Result<Option<Policy>, DeedError> {
    let bytes = place.read(&policy::PATH.parse()?)?;
    let text = bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    Ok(text.and_then(|text| Policy::parse(text).ok()))
}

/// Contents at paths, by hashes that mean nothing outside of this process.
#[derive(Default)]
struct Seen {
    key: RandomState,
    seen: HashSet<u64>,
}

impl Seen {
    fn hash(&self, change: &StagedChange) -> u64 {
        self.key.hash_one((&change.raw, &change.now.as_ref().map(|(_, id)| id)))
    }

    fn has(&self, change: &StagedChange) -> bool {
        self.seen.contains(&self.hash(change))
    }

    /// Remembers one; tells whether it is new.
    fn add(&mut self, change: &StagedChange) -> bool {
        self.seen.insert(self.hash(change))
    }
}

/// The look through commits, while it goes on.
struct Look<'l, 's, 'p> {
    place: &'l Place<'l>,
    judge: Judge<'s>,
    seen: Seen,
    /// The commits of a shallow clone that seem to bring all that they have.
    cut: HashSet<ObjectId>,
    steps: Vec<Step>,
    /// How many changes these have.
    changes: usize,
    leaks: Vec<Leak>,
    progress: Option<Progress<'p>>,
    total: usize,
}

impl Look<'_, '_, '_> {
    fn take(&mut self, step: Step) -> Result<(), WorldError> {
        self.judge.scanned.commits += 1;
        self.judge.scanned.is_cut |= self.cut.contains(&step.commit);
        self.changes += step.changes.len();
        self.steps.push(step);
        if self.changes >= BATCH || self.steps.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Judges what was gathered.
    fn flush(&mut self) -> Result<(), WorldError> {
        self.changes = 0;
        let steps = std::mem::take(&mut self.steps);
        let ids: Vec<_> = steps.iter().map(|step| step.commit.clone()).collect();
        let mut found = self.messages(("commit", MESSAGE), &ids)?;
        self.files(&steps, &mut found)?;
        found.sort_by_key(|(at, _)| *at);
        self.leaks.extend(found.into_iter().map(|(_, leak)| in_commit(leak)));
        if let Some(progress) = &mut self.progress {
            progress(self.judge.scanned.commits, self.total);
        }
        Ok(())
    }

    fn messages(
        &mut self,
        (kind, path): (&'static str, &str),
        ids: &[ObjectId],
    ) -> Result<Vec<(usize, Leak)>, WorldError> {
        let (judge, mut found) = (&mut self.judge, Vec::new());
        self.place.checkout.each_message(kind, ids, &mut |at, text| {
            let origin = Origin { path: path.as_bytes(), commit: Some(&ids[at]) };
            found.extend(judge.read(origin, text)?.into_iter().map(|(leak, _)| (at, leak)));
            Ok(())
        })?;
        Ok(found)
    }

    /// Judges the contents that commits bring, each once at its path.
    fn files(&mut self, steps: &[Step], found: &mut Vec<(usize, Leak)>) -> Result<(), WorldError> {
        let all = steps.iter().enumerate();
        let all = all.flat_map(|(at, step)| step.changes.iter().map(move |it| (at, it)));
        let all = all.filter(|(_, change)| change.brings_text() && !self.seen.has(change));
        let changes: Vec<(usize, &StagedChange)> = all.collect();
        let ids = changes.iter().filter_map(|(_, it)| it.now.as_ref().map(|(_, id)| id.clone()));
        let ids: Vec<ObjectId> = ids.collect();
        let mut fresh: Vec<(usize, Vec<Fresh>)> = Vec::new();
        let (judge, seen) = (&mut self.judge, &mut self.seen);
        self.place.checkout.each_blob_read(&ids, &mut |place, (_, content)| {
            let (at, change) = changes[place];
            if seen.has(change) {
                return Ok(());
            }
            let origin = Origin { path: &change.raw, commit: Some(&steps[at].commit) };
            let is_first = change.before.is_empty();
            let mut here = if is_first { judge.path(origin) } else { Vec::new() };
            here.extend(judge.read(origin, content)?);
            if here.is_empty() {
                seen.add(change);
            } else {
                fresh.push((place, here));
            }
            Ok(())
        })?;
        for (place, fresh) in fresh {
            let (at, change) = changes[place];
            if !self.seen.has(change) {
                found.extend(self.news(change, fresh)?.into_iter().map(|leak| (at, leak)));
            }
        }
        Ok(())
    }

    /// Of what was found in a content, that of which no parent has the lines.
    fn news(&mut self, change: &StagedChange, fresh: Vec<Fresh>) -> Result<Vec<Leak>, WorldError> {
        let all = fresh.len();
        let news = self.judge.news(&self.place.checkout, change, fresh)?;
        // Where a part of it was old here, that may be new where another commit brings it.
        if news.len() == all {
            self.seen.add(change);
        }
        Ok(news)
    }

    fn tags(&mut self, walk: &Walk) -> Result<(), WorldError> {
        let found = self.messages(("tag", TAG), &walk.tags)?;
        self.leaks.extend(found.into_iter().map(|(_, leak)| in_commit(leak)));
        Ok(())
    }

    /// Contents that a reference leads to without a commit, at the reference's name.
    fn blobs(&mut self, walk: &Walk) -> Result<(), WorldError> {
        let ids: Vec<_> = walk.blobs.iter().map(|(_, id)| id.clone()).collect();
        let (judge, leaks) = (&mut self.judge, &mut self.leaks);
        self.place.checkout.each_blob_read(&ids, &mut |at, (_, content)| {
            let origin = Origin { path: walk.blobs[at].0.as_bytes(), commit: None };
            leaks.extend(judge.read(origin, content)?.into_iter().map(|(leak, _)| leak));
            Ok(())
        })
    }
}

/// What mends it in a commit, which no edit of a file does.
fn in_commit(leak: Leak) -> Leak {
    let Some(commit) = &leak.commit else { return leak };
    let rewrite = format!("take it out of {} before it is pushed", commit.short());
    let fix = match &leak.what {
        super::What::Managed { .. } => {
            let rotate = leak.fix.rsplit_once("tenure rotate").map(|(_, address)| address);
            format!("{rewrite}; if it was: tenure rotate{}", rotate.unwrap_or_default())
        }
        super::What::Credential => format!("{rewrite}; if it was, revoke it where it was issued"),
    };
    debug_assert!(leak.rule != MANAGED || fix.contains("tenure rotate"), "it names the address");
    Leak { fix, ..leak }
}
