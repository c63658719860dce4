//! The look through commits: what each brings of files, its message, and whose it is; and what else names lead to.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::MESSAGE;
use super::law::{Law, Ruling};
use crate::deeds::load::Place;
use crate::deeds::scan::texts::{Judge, Origin};
use crate::deeds::scan::{Leak, Progress, advice};
use crate::world::{ObjectId, StagedChange, Step, Walk, WorldError};

/// What is told as the path of what git writes above a commit's message: authors, signatures.
const HEADER: &str = "commit header";
/// What is told as the path of an annotated tag's message, and of what git writes above it.
const TAG: &str = "tag message";
const TAG_HEADER: &str = "tag header";

/// How many changes, or commits, are gathered before contents are read.
const BATCH: usize = 2048;

/// The look through commits, while it goes on.
pub(super) struct Look<'l, 'p> {
    place: &'l Place<'l>,
    judge: Judge<'l>,
    law: &'l Law,
    seen: Seen,
    people: People,
    /// The commits of a shallow clone that seem to bring all that they have.
    cut: HashSet<ObjectId>,
    steps: Vec<Step>,
    /// How many changes these have.
    changes: usize,
    leaks: Vec<Leak>,
    /// Who wants to know how far it has come, of how many commits.
    pub(super) progress: Option<(Progress<'p>, usize)>,
    /// Whether an exception that comes along lets nothing pass.
    pub(super) is_range: bool,
}

/// What a commit changes, its place among those that were gathered, and by which policies it is judged.
type Change<'c> = (usize, &'c StagedChange, Ruling);

impl<'l> Look<'l, '_> {
    pub(super) fn new(
        place: &'l Place<'l>,
        judge: Judge<'l>,
        law: &'l Law,
    ) -> Result<Self, WorldError> {
        let cut = place.checkout.cut_commits()?;
        let (seen, people, steps, leaks) = Default::default();
        let (progress, is_range) = (None, false);
        Ok(Self {
            place,
            judge,
            law,
            seen,
            people,
            cut,
            steps,
            changes: 0,
            leaks,
            progress,
            is_range,
        })
    }

    /// Looks through all that a walk leads to; gives who judged it, and what was found.
    pub(super) fn through(mut self, walk: &Walk) -> Result<(Judge<'l>, Vec<Leak>), WorldError> {
        self.place.checkout.each_commit(walk, &mut |step| self.take(step))?;
        self.flush()?;
        self.tags(walk)?;
        self.blobs(walk)?;
        self.trees(walk)?;
        let named = walk.names.iter().flat_map(|name| self.judge.reference(name));
        self.leaks.extend(named);
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
        let mut found = self.messages("commit", [MESSAGE, HEADER], &ids)?;
        self.files(&steps, &mut found)?;
        self.submodules(&steps, &mut found);
        found.sort_by_key(|(at, _)| *at);
        let is_range = self.is_range;
        let mend = |(at, leak): (usize, Leak)| {
            let fix = advice::in_commit(&leak, &steps[at].commit, is_range);
            Leak { fix, ..leak }
        };
        self.leaks.extend(found.into_iter().map(mend));
        if let Some((progress, total)) = &mut self.progress {
            progress(self.judge.scanned.commits.unwrap_or_default(), *total);
        }
        Ok(())
    }

    fn messages(
        &mut self,
        kind: &'static str,
        [message, header]: [&str; 2],
        ids: &[ObjectId],
    ) -> Result<Vec<(usize, Leak)>, WorldError> {
        let (judge, people, mut found) = (&mut self.judge, &mut self.people, Vec::new());
        self.place.checkout.each_message(kind, ids, &mut |at, head, text| {
            let commit = Some(&ids[at]);
            let who = people.hash(head);
            let head = match people.harmless.contains(&who) {
                true => Vec::new(),
                false => judge.carried(Origin { path: header.as_bytes(), commit }, head),
            };
            if head.is_empty() {
                people.harmless.insert(who);
            }
            let origin = Origin { path: message.as_bytes(), commit };
            let text = judge.read(origin, text)?.into_iter().map(|(leak, _)| leak);
            let leaks = judge.kept(head.into_iter().chain(text).collect());
            found.extend(leaks.into_iter().map(|leak| (at, leak)));
            Ok(())
        })?;
        Ok(found)
    }

    /// Judges the contents that commits bring, each once at its path and by each ruling.
    fn files(&mut self, steps: &[Step], found: &mut Vec<(usize, Leak)>) -> Result<(), WorldError> {
        let changes = self.unseen(steps);
        let ids = changes.iter().filter_map(|(_, it, _)| it.now.as_ref().map(|now| now.1.clone()));
        let ids: Vec<ObjectId> = ids.collect();
        let (judge, seen, law) = (&mut self.judge, &mut self.seen, self.law);
        let checkout = &self.place.checkout;
        checkout.each_blob_read(&ids, &mut |place, (_, content)| {
            let (at, change, ruling) = changes[place];
            if seen.has(change, ruling) {
                return Ok(());
            }
            judge.policies = law.judges(ruling);
            let origin = Origin { path: &change.raw, commit: Some(&steps[at].commit) };
            let is_first = change.before.is_empty();
            let mut here = if is_first { judge.path(origin) } else { Vec::new() };
            here.extend(judge.read(origin, content)?);
            let all = here.len();
            let news = judge.news(checkout, change, here)?;
            // Where a part of it was old here, that may be new where another commit brings it.
            if news.len() == all {
                seen.add(change, ruling);
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
    fn unseen<'c>(&self, steps: &'c [Step]) -> Vec<Change<'c>> {
        let mut changes = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let ruling = self.law.of_commit(&step.commit);
            let new =
                |change: &&StagedChange| change.brings_text() && !self.seen.has(change, ruling);
            changes.extend(step.changes.iter().filter(new).map(|change| (at, change, ruling)));
        }
        changes
    }

    fn tags(&mut self, walk: &Walk) -> Result<(), WorldError> {
        let found = self.messages("tag", [TAG, TAG_HEADER], &walk.tags)?;
        let mend = |(_, leak): (usize, Leak)| Leak { fix: advice::in_tag(&leak), ..leak };
        self.leaks.extend(found.into_iter().map(mend));
        Ok(())
    }

    /// Trees that a reference leads to without a commit.
    fn trees(&mut self, walk: &Walk) -> Result<(), WorldError> {
        for (_, tree) in &walk.trees {
            let files = self.place.checkout.commit_files(tree)?;
            let changes = files.into_iter().map(StagedChange::from).collect();
            let (steps, mut found) = ([Step { commit: tree.clone(), changes }], Vec::new());
            self.files(&steps, &mut found)?;
            self.submodules(&steps, &mut found);
            let mend = |(_, leak): (usize, Leak)| Leak { fix: advice::in_tag(&leak), ..leak };
            self.leaks.extend(found.into_iter().map(mend));
        }
        Ok(())
    }

    /// Contents that a reference leads to without a commit, at the reference's name.
    fn blobs(&mut self, walk: &Walk) -> Result<(), WorldError> {
        let ids: Vec<_> = walk.blobs.iter().map(|(_, id)| id.clone()).collect();
        let (judge, leaks) = (&mut self.judge, &mut self.leaks);
        judge.policies = self.law.judges(Ruling::GENERAL);
        self.place.checkout.each_blob_read(&ids, &mut |at, (_, content)| {
            let origin = Origin { path: walk.blobs[at].0.as_bytes(), commit: None };
            let found = judge.read(origin, content)?.into_iter().map(|(leak, _)| leak).collect();
            leaks.extend(judge.kept(found));
            Ok(())
        })
    }
}

/// Who wrote commits, where nothing was found in that, by hashes that mean nothing outside of this process.
#[derive(Default)]
struct People {
    key: RandomState,
    harmless: HashSet<u64>,
}

impl People {
    /// Takes what stands above a message, but for what it has of ids and times.
    fn hash(&self, head: &[u8]) -> u64 {
        let is_id = |line: &&[u8]| line.starts_with(b"tree ") || line.starts_with(b"parent ");
        let is_time = |byte: &u8| byte.is_ascii_digit() || b" +-".contains(byte);
        let named = |line: &'_ [u8]| match line.iter().rposition(|byte| !is_time(byte)) {
            Some(end) if line[end] == b'>' => self.key.hash_one(&line[..=end]),
            _ => self.key.hash_one(line),
        };
        let lines = head.split(|byte| *byte == b'\n').filter(|line| !is_id(line));
        self.key.hash_one(lines.map(named).collect::<Vec<_>>())
    }
}

/// Contents at paths, and by which policies they were judged, by hashes that mean nothing outside of this process.
#[derive(Default)]
struct Seen {
    key: RandomState,
    seen: HashSet<u64>,
}

impl Seen {
    fn hash(&self, change: &StagedChange, ruling: Ruling) -> u64 {
        let content = change.now.as_ref().map(|(_, id)| id);
        self.key.hash_one((&change.raw, content, ruling))
    }

    fn has(&self, change: &StagedChange, ruling: Ruling) -> bool {
        self.seen.contains(&self.hash(change, ruling))
    }

    fn add(&mut self, change: &StagedChange, ruling: Ruling) {
        self.seen.insert(self.hash(change, ruling));
    }
}
