//! Who may write now: one process a repository; and who may read while nobody puts files in place.
//!
//! Two locks. `lock`, in the common folder, is held by a writer from before it reads until after it
//! wrote: perhaps for as long as somebody takes to touch a key. `writing`, in the work tree's own
//! folder, is held only for the moment in which files are put in place; readers share it, so that
//! they never see half a change and never wait for a person.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::change::{Change, Plan, Step};
use super::journal::Journal;
use super::{Checkout, Files, StateDir, WorldError};

const LOCK: &str = "lock";
const WRITING: &str = "writing";
const PATIENCE: Duration = Duration::from_secs(60);

/// The right to write, until it is dropped.
pub struct Lock {
    files: Files,
    state: StateDir,
    _lock: File,
}

/// The certainty that no file is put in place, until it is dropped.
#[derive(Debug)]
pub struct Reading {
    _shared: Option<File>,
}

impl Checkout {
    /// Waits for the right to write, at most a minute, and mends what a crash left.
    pub fn lock(&self) -> Result<Lock, WorldError> {
        let shared = self.shared_state();
        shared.make()?;
        let (files, state) = (self.files()?, self.own_state());
        let lock = hold(&shared.path(LOCK), File::try_lock)?;
        let lock = Lock { files, state, _lock: lock };
        lock.recover()?;
        Ok(lock)
    }

    /// Tells whether a write was interrupted half-way, or is just being done.
    pub fn needs_recovery(&self) -> Result<bool, WorldError> {
        Journal::waits(&self.own_state())
    }

    /// Keeps writers from putting files in place, and mends first what a crash left.
    ///
    /// Whoever holds a [`Lock`] needs none, and must not ask for one while it commits.
    pub fn reading(&self) -> Result<Reading, WorldError> {
        let state = self.own_state();
        let reading = share(&state)?;
        if !Journal::waits(&state)? {
            return Ok(reading);
        }
        drop(reading);
        drop(self.lock()?);
        share(&state)
    }
}

impl Lock {
    /// The work tree, for reading under the lock.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Writes and removes files, all or none.
    ///
    /// An error leaves every file as it was, except [`WorldError::Unfinished`]: then the write is
    /// decided, and the next holder of the lock finishes it.
    pub fn commit(&self, change: &Change) -> Result<(), WorldError> {
        let plan = Plan::make(&self.files, change)?;
        if plan.journal.lines.is_empty() {
            return Ok(());
        }
        self.state.make()?;
        let steps = plan.steps();
        let decision = steps.iter().position(|step| *step == Step::Decide).unwrap_or(0);
        let (prepare, rest) = steps.split_at(decision);
        let prepared = self.take(&plan, prepare).and_then(|()| self.writing());
        let done = prepared.and_then(|_writing| self.take(&plan, rest));
        done.map_err(|error| self.give_up(&plan.journal, error))
    }

    fn take(&self, plan: &Plan<'_>, steps: &[Step]) -> Result<(), WorldError> {
        steps.iter().try_for_each(|step| plan.take(step, &self.files, &self.state))
    }

    /// Undoes what was prepared, and a decision too if no file was touched yet.
    fn give_up(&self, journal: &Journal, error: WorldError) -> WorldError {
        let undone = match Journal::waits(&self.state) {
            // Should this fail, the draft stays and the next who comes undoes it.
            Ok(false) => {
                let _undone = Journal::recover(&self.files, &self.state);
                true
            }
            Ok(true) => {
                matches!(journal.untouched(&self.files), Ok(true))
                    && journal.step_back(&self.files, &self.state).is_ok()
            }
            Err(_) => false,
        };
        if undone {
            return error;
        }
        let journal = self.state.path("journal").display().to_string();
        WorldError::Unfinished { journal, source: Box::new(error) }
    }

    fn recover(&self) -> Result<(), WorldError> {
        let _held = if Journal::waits(&self.state)? { Some(self.writing()?) } else { None };
        Journal::recover(&self.files, &self.state)
    }

    fn writing(&self) -> Result<File, WorldError> {
        hold(&self.state.path(WRITING), File::try_lock)
    }
}

fn share(state: &StateDir) -> Result<Reading, WorldError> {
    let path = state.path(WRITING);
    // For reading only, so that it works on a disk that cannot be written.
    match File::open(&path) {
        Ok(file) => {
            Ok(Reading { _shared: Some(wait(file, &path, File::try_lock_shared, PATIENCE)?) })
        }
        // Nobody has ever put a file in place here.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Reading { _shared: None }),
        Err(error) => Err(WorldError::io("open", path.display())(error)),
    }
}

pub(super) fn hold(
    path: &Path,
    take: fn(&File) -> Result<(), TryLockError>,
) -> Result<File, WorldError> {
    let mut how = OpenOptions::new();
    how.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = how.open(path).map_err(WorldError::io("open", path.display()))?;
    wait(file, path, take, PATIENCE)
}

/// Tries again and again, since a lock of the system cannot be waited for with a limit.
fn wait(
    file: File,
    path: &Path,
    take: fn(&File) -> Result<(), TryLockError>,
    patience: Duration,
) -> Result<File, WorldError> {
    let (began, mut pause) = (Instant::now(), Duration::from_micros(200));
    loop {
        match take(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {}
            Err(TryLockError::WouldBlock) => {
                let (path, seconds) = (path.display().to_string(), patience.as_secs());
                return Err(WorldError::Busy { path, seconds });
            }
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(unlocked(path, error)),
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(20));
    }
}

fn unlocked(path: &Path, error: io::Error) -> WorldError {
    WorldError::io("lock", path.display())(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::{Repo, everything, path};
    use crate::world::{Mode, testing};
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    type Snapshot = Vec<(PathBuf, Vec<u8>)>;

    fn files_of(repo: &Repo) -> Snapshot {
        let git_dir = repo.root().join(".git");
        let all = everything(&repo.root()).into_iter();
        all.filter(|(path, _)| !path.starts_with(&git_dir)).collect()
    }

    fn before() -> Repo {
        let repo = Repo::new();
        for (file, text) in [("a", "old a"), ("d/b", "old b"), ("d/same", "same"), ("gone", "x")] {
            repo.write(file, text);
        }
        repo
    }

    /// Replaces, makes (with folders), keeps, removes.
    fn change() -> Change {
        let mut change = Change::new();
        for (file, text) in [("a", "new a"), ("d/b", "new b"), ("d/same", "same"), ("n/e/w", "")] {
            change.put(path(file), text.as_bytes().to_vec(), Mode::Keep);
        }
        change.remove(path("gone"));
        change.remove(path("never/there"));
        change
    }

    fn after() -> Snapshot {
        let repo = before();
        repo.checkout().lock().unwrap().commit(&change()).unwrap();
        let files = files_of(&repo).into_iter();
        files.map(|(path, text)| (path.strip_prefix(repo.root()).unwrap().into(), text)).collect()
    }

    fn at(repo: &Repo, files: &Snapshot) -> Snapshot {
        files.iter().map(|(path, text)| (repo.root().join(path), text.clone())).collect()
    }

    /// Stops after so many steps, as a crash would; tells whether the write was decided.
    fn crash(repo: &Repo, steps_taken: usize) -> Option<bool> {
        let lock = repo.checkout().lock().unwrap();
        let change = change();
        let plan = Plan::make(&lock.files, &change).unwrap();
        lock.state.make().unwrap();
        let steps = plan.steps();
        lock.take(&plan, steps.get(..steps_taken)?).unwrap();
        Some(steps[..steps_taken].contains(&Step::Decide))
    }

    #[test]
    fn a_change_is_made_whole() {
        let after = after();
        let names = after.iter().map(|(path, _)| path.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(names, ["a", "d/b", "d/same", "n/e/w"]);
        assert_eq!(after[0].1, b"new a");
    }

    #[test]
    fn a_crash_after_any_step_leaves_old_or_new() {
        let after = after();
        let mut stops = 0;
        loop {
            let repo = before();
            let old = files_of(&repo);
            let Some(decided) = crash(&repo, stops) else { break };
            assert!(decided || !repo.checkout().needs_recovery().unwrap());
            drop(repo.checkout().reading().unwrap());
            if decided {
                assert_eq!(files_of(&repo), at(&repo, &after), "after step {stops}, by a reader");
            }
            drop(repo.checkout().lock().unwrap());
            let expected = if decided { at(&repo, &after) } else { old };
            assert_eq!(files_of(&repo), expected, "after step {stops}");
            assert!(!repo.checkout().needs_recovery().unwrap());
            assert_eq!(repo.root().join("n").exists(), decided, "after step {stops}");
            stops += 1;
        }
        assert!(stops > 15, "{stops}");
    }

    #[test]
    fn a_failure_at_any_step_is_undone_or_finished_by_the_next() {
        let after = after();
        for stops in 0.. {
            let repo = before();
            let old = files_of(&repo);
            if crash(&repo, stops).is_none() {
                break;
            }
            let lock = lock_without_recovery(&repo);
            let bytes = lock.state.read("journal").unwrap();
            let bytes = bytes.or(lock.state.read("journal.draft").unwrap());
            let journal = bytes.and_then(|bytes| Journal::parse(&bytes)).unwrap_or_default();
            let failure = WorldError::io("write", "x")(io::Error::other("disk on fire"));
            let error = lock.give_up(&journal, failure);
            drop(lock);
            drop(repo.checkout().lock().unwrap());
            let one_is_in_place = stops >= half_way(&before());
            let expected = if one_is_in_place { at(&repo, &after) } else { old };
            assert_eq!(files_of(&repo), expected, "after step {stops}");
            assert!(one_is_in_place || !matches!(error, WorldError::Unfinished { .. }));
        }
    }

    fn lock_without_recovery(repo: &Repo) -> Lock {
        let checkout = repo.checkout();
        let lock = hold(&checkout.shared_state().path(LOCK), File::try_lock).unwrap();
        Lock { files: checkout.files().unwrap(), state: checkout.own_state(), _lock: lock }
    }

    /// The number of steps up to and with the first file that is put in place.
    fn half_way(repo: &Repo) -> usize {
        let lock = repo.checkout().lock().unwrap();
        let change = change();
        let steps = Plan::make(&lock.files, &change).unwrap().steps();
        steps.iter().position(|step| *step == Step::Decide).unwrap() + 2
    }

    #[test]
    fn what_somebody_changed_after_a_crash_is_not_overwritten() {
        let repo = before();
        assert_eq!(crash(&repo, half_way(&repo)), Some(true));
        repo.write("d/b", "by hand");
        let changed = files_of(&repo);
        let error = repo.checkout().lock().err().unwrap();
        assert!(
            matches!(&error, WorldError::ChangedSince { path, .. } if path == "d/b"),
            "{error}"
        );
        assert!(matches!(repo.checkout().reading(), Err(WorldError::ChangedSince { .. })));
        assert_eq!(files_of(&repo), changed);
        repo.write("d/b", "old b");
        drop(repo.checkout().lock().unwrap());
        assert_eq!(files_of(&repo), at(&repo, &after()));
    }

    #[test]
    fn a_write_that_somebody_took_back_is_forgotten() {
        let repo = before();
        let old = files_of(&repo);
        assert_eq!(crash(&repo, half_way(&repo)), Some(true));
        repo.write("a", "old a");
        drop(repo.checkout().lock().unwrap());
        assert_eq!(files_of(&repo), old);
    }

    #[test]
    fn a_damaged_journal_stops_readers_and_writers() {
        let repo = before();
        repo.checkout().own_state().write("journal", b"junk").unwrap();
        assert!(matches!(repo.checkout().lock(), Err(WorldError::BadJournal { .. })));
        assert!(matches!(repo.checkout().reading(), Err(WorldError::BadJournal { .. })));
        repo.checkout().own_state().remove("journal").unwrap();
        repo.checkout().own_state().write("journal.draft", b"torn").unwrap();
        drop(repo.checkout().lock().unwrap());
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let repo = before();
        symlink("a", repo.root().join("link")).unwrap();
        symlink("d", repo.root().join("door")).unwrap();
        let old = files_of(&repo);
        let long = "n".repeat(300);
        for bad in ["link", "door/b", "d", "a/below", "fresh", &long] {
            let mut change = change();
            change.put(path(bad), Vec::new(), Mode::Private);
            if bad == "fresh" {
                change.put(path("fresh/below"), Vec::new(), Mode::Private);
            }
            let error = repo.checkout().lock().unwrap().commit(&change).unwrap_err();
            assert!(!matches!(error, WorldError::Unfinished { .. }), "{bad}: {error}");
            assert_eq!(files_of(&repo), old, "{bad}");
            assert!(!repo.root().join("n").exists(), "{bad}");
        }
    }

    #[test]
    fn a_change_made_from_what_is_no_longer_there_is_refused() {
        let repo = before();
        let lock = repo.checkout().lock().unwrap();
        let mut good = Change::new();
        good.put(path("a"), b"new".to_vec(), Mode::Keep);
        good.based_on(path("a"), Some(b"old a"));
        good.based_on(path("d/b"), Some(b"old b"));
        good.based_on(path("absent"), None);
        repo.write("d/b", "by an editor");
        let old = files_of(&repo);
        let error = lock.commit(&good).unwrap_err();
        assert!(matches!(error, WorldError::ChangedMeanwhile { path } if path == "d/b"));
        assert_eq!(files_of(&repo), old);
        repo.write("d/b", "old b");
        lock.commit(&good).unwrap();
        assert!(matches!(lock.commit(&good), Err(WorldError::ChangedMeanwhile { .. })));
    }

    #[test]
    fn writers_come_one_after_the_other_and_readers_see_no_half() {
        let repo = Repo::new();
        repo.write("a", "0");
        repo.write("b", "0");
        let read = |files: &Files, file: &str| -> u32 {
            let bytes = files.read(&testing::path(file)).unwrap().unwrap();
            String::from_utf8(bytes).unwrap().parse().unwrap()
        };
        let write = || {
            let lock = repo.checkout().lock().unwrap();
            let next = (read(lock.files(), "a") + 1).to_string();
            let mut change = Change::new();
            change.put(path("a"), next.clone().into_bytes(), Mode::Keep);
            change.put(path("b"), next.into_bytes(), Mode::Keep);
            lock.commit(&change).unwrap();
        };
        write();
        let look = || {
            let checkout = repo.checkout();
            let _reading = checkout.reading().unwrap();
            let files = checkout.files().unwrap();
            assert_eq!(read(&files, "a"), read(&files, "b"));
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..4).for_each(|_| write()));
                scope.spawn(|| (0..8).for_each(|_| look()));
            }
        });
        assert_eq!(read(&repo.checkout().files().unwrap(), "b"), 33);
    }

    #[test]
    fn a_reader_keeps_files_from_being_put_in_place() {
        let repo = before();
        repo.checkout().lock().unwrap().commit(&change()).unwrap();
        let reading = repo.checkout().reading().unwrap();
        let files = files_of(&repo);
        let mut change = Change::new();
        change.put(path("a"), b"newer".to_vec(), Mode::Keep);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| repo.checkout().lock().unwrap().commit(&change));
            std::thread::sleep(Duration::from_millis(100));
            assert!(!writer.is_finished());
            assert!(!repo.checkout().needs_recovery().unwrap(), "readers after us need not wait");
            let kept = files_of(&repo).into_iter().filter(|(path, _)| path.extension().is_none());
            assert_eq!(kept.collect::<Vec<_>>(), files);
            drop(reading);
            writer.join().unwrap().unwrap();
        });
        assert_eq!(repo.checkout().files().unwrap().read(&path("a")).unwrap().unwrap(), b"newer");
    }

    #[test]
    fn patience_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        let _held = hold(&file, File::try_lock).unwrap();
        let again = File::open(&file).unwrap();
        let error = wait(again, &file, File::try_lock, Duration::from_millis(5)).unwrap_err();
        assert!(matches!(error, WorldError::Busy { .. }));
    }

    #[test]
    fn linked_work_trees_share_the_lock_and_not_the_journal() {
        let repo = before();
        repo.commit("f", "x");
        repo.git(&["worktree", "add", "-q", "../home/tree"]);
        assert_eq!(crash(&repo, half_way(&repo)), Some(true));
        let linked = Checkout::discover(&repo.home().join("tree"), &repo.environment(&[])).unwrap();
        assert!(!linked.needs_recovery().unwrap());
        let lock = linked.lock().unwrap();
        assert!(repo.checkout().needs_recovery().unwrap());
        assert!(File::open(repo.root().join(".git/tenure/lock")).unwrap().try_lock().is_err());
        drop(lock);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let repo = before();
        let was = files_of(&repo);
        let mut change = change();
        let size = usize::try_from(crate::world::LARGEST).unwrap() + 1;
        change.put(path("large"), vec![0; size], Mode::Keep);
        let refused = repo.checkout().lock().unwrap().commit(&change);
        assert!(matches!(refused, Err(WorldError::TooLargeToKeep { .. })));
        assert_eq!(files_of(&repo), was);
    }
}
