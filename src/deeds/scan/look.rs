//! The look through commits: what each brings of files, and their messages.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::commits::MESSAGE;
use super::law::Law;
use super::texts::{Judge, Origin};
use super::{Leak, Progress, advice};
use crate::deeds::load::Place;
use crate::policy::Policy;
use crate::world::{ObjectId, StagedChange, Step, Walk, WorldError};

/// What is told as the path of an annotated tag's message.
const TAG: &str = "tag message";

/// How many changes, or commits, are gathered before contents are read.
const BATCH: usize = 2048;

/// The look through commits, while it goes on.
pub(super) struct Look<'l, 'p> {
    place: &'l Place<'l>,
    judge: Judge<'l>,
    law: &'l Law,
    seen: Seen,
    /// The commits of a shallow clone that seem to bring all that they have.
    cut: HashSet<ObjectId>,
    steps: Vec<Step>,
    /// How many changes these have.
    changes: usize,
    leaks: Vec<Leak>,
    /// Who wants to know how far it has come, of how many commits.
    pub(super) progress: Option<(Progress<'p>, usize)>,
}

/// What a commit changes, its place among those that were gathered, and by which policy it is judged.
type Change<'c, 'l> = (usize, &'c StagedChange, Option<&'l Policy>);

impl<'l> Look<'l, '_> {
    pub(super) fn new(
        place: &'l Place<'l>,
        judge: Judge<'l>,
        law: &'l Law,
    ) -> Result<Self, WorldError> {
        let cut = place.checkout.cut_commits()?;
        let (seen, steps, leaks) = (Seen::default(), Vec::new(), Vec::new());
        Ok(Self { place, judge, law, seen, cut, steps, changes: 0, leaks, progress: None })
    }

    /// Looks through all that a walk leads to; gives who judged it, and what was found.
    pub(super) fn through(mut self, walk: &Walk) -> Result<(Judge<'l>, Vec<Leak>), WorldError> {
        self.place.checkout.each_commit(walk, &mut |step| self.take(step))?;
        self.flush()?;
        self.tags(walk)?;
        self.blobs(walk)?;
        Ok((self.judge, self.leaks))
    }

    fn take(&mut self, step: Step) -> Result<(), WorldError> {
        *self.judge.scanned.commits.get_or_insert_default() += 1;
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
        self.submodules(&steps, &mut found);
        found.sort_by_key(|(at, _)| *at);
        self.leaks.extend(found.into_iter().map(|(_, leak)| in_commit(leak)));
        if let Some((progress, total)) = &mut self.progress {
            progress(self.judge.scanned.commits.unwrap_or_default(), *total);
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
            let leaks = judge.read(origin, text)?.into_iter().map(|(leak, _)| leak).collect();
            found.extend(judge.kept(leaks).into_iter().map(|leak| (at, leak)));
            Ok(())
        })?;
        Ok(found)
    }

    /// Judges the contents that commits bring, each once at its path and by each policy.
    fn files(&mut self, steps: &[Step], found: &mut Vec<(usize, Leak)>) -> Result<(), WorldError> {
        let changes = self.unseen(steps)?;
        let ids = changes.iter().filter_map(|(_, it, _)| it.now.as_ref().map(|now| now.1.clone()));
        let ids: Vec<ObjectId> = ids.collect();
        let (judge, seen, checkout) = (&mut self.judge, &mut self.seen, &self.place.checkout);
        checkout.each_blob_read(&ids, &mut |place, (_, content)| {
            let (at, change, policy) = changes[place];
            if seen.has(change, policy) {
                return Ok(());
            }
            judge.policy = policy;
            let origin = Origin { path: &change.raw, commit: Some(&steps[at].commit) };
            let is_first = change.before.is_empty();
            let mut here = if is_first { judge.path(origin) } else { Vec::new() };
            here.extend(judge.read(origin, content)?);
            let all = here.len();
            let news = judge.news(checkout, change, here)?;
            // Where a part of it was old here, that may be new where another commit brings it.
            if news.len() == all {
                seen.add(change, policy);
            }
            found.extend(judge.kept(news).into_iter().map(|leak| (at, leak)));
            Ok(())
        })
    }

    /// Judges the paths of submodules, which have no content.
    fn submodules(&mut self, steps: &[Step], found: &mut Vec<(usize, Leak)>) {
        let all = steps.iter().enumerate();
        let all = all.flat_map(|(at, step)| step.changes.iter().map(move |change| (at, change)));
        for (at, change) in all.filter(|(_, it)| it.brings_path() && !it.brings_text()) {
            let origin = Origin { path: &change.raw, commit: Some(&steps[at].commit) };
            let leaks = self.judge.path(origin).into_iter().map(|(leak, _)| leak).collect();
            found.extend(self.judge.kept(leaks).into_iter().map(|leak| (at, leak)));
        }
    }

    /// What commits bring that was not judged yet.
    fn unseen<'c>(&self, steps: &'c [Step]) -> Result<Vec<Change<'c, 'l>>, WorldError> {
        let mut changes = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let mut own = None;
            for change in step.changes.iter().filter(|change| change.brings_text()) {
                let policy = match (self.law.is_about(change), own) {
                    (false, _) => self.law.first(),
                    (true, Some(own)) => own,
                    (true, None) => {
                        *own.insert(self.law.of_commit(&self.place.checkout, &step.commit)?)
                    }
                };
                if !self.seen.has(change, policy) {
                    changes.push((at, change, policy));
                }
            }
        }
        Ok(changes)
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
        judge.policy = self.law.first();
        self.place.checkout.each_blob_read(&ids, &mut |at, (_, content)| {
            let origin = Origin { path: walk.blobs[at].0.as_bytes(), commit: None };
            let found = judge.read(origin, content)?.into_iter().map(|(leak, _)| leak).collect();
            leaks.extend(judge.kept(found));
            Ok(())
        })
    }
}

/// Contents at paths, and by which policy they were judged, by hashes that mean nothing outside of this process.
#[derive(Default)]
struct Seen {
    key: RandomState,
    seen: HashSet<u64>,
}

impl Seen {
    fn hash(&self, change: &StagedChange, policy: Option<&Policy>) -> u64 {
        let content = change.now.as_ref().map(|(_, id)| id);
        self.key.hash_one((&change.raw, content, policy.map(|policy| &policy.revision)))
    }

    fn has(&self, change: &StagedChange, policy: Option<&Policy>) -> bool {
        self.seen.contains(&self.hash(change, policy))
    }

    fn add(&mut self, change: &StagedChange, policy: Option<&Policy>) {
        self.seen.insert(self.hash(change, policy));
    }
}

/// A finding, with what mends it in a commit.
fn in_commit(leak: Leak) -> Leak {
    let Some(commit) = &leak.commit else { return leak };
    Leak { fix: advice::in_commit(&leak, commit), ..leak }
}
