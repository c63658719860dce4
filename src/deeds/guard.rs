//! Judges what git is about to take: what is staged, a message, what is pushed. No question, no signature, no
//! write; keys only where they open without a question, to look for the values that are managed here.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::hooks::Hook;
use super::load::Place;
use super::scan::commits::{self, Commits};
use super::scan::{self, Scanned, Standards};
use super::twins::{is_about, twins};
use super::{DeedError, opened};
use crate::finding::{Code, Finding, Severity};
use crate::names::{EntryId, RepoPath, quoted};
use crate::policy;
use crate::verify::{LogEvidence, Record, Verified};
use crate::world::{
    Amid, Checkout, Doubt, ObjectId, Pushed, StagedChange, Stopwatch, Told, World, WorldError,
};

/// The most that git tells of a push.
const MOST: u64 = 16 << 20;

/// What was there to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guards {
    /// No policy is staged, nor a log: nothing is managed here.
    Nothing,
    /// A policy without environments.
    PolicyAlone,
    /// Policy, log, keyrings and every managed file.
    All,
    /// None of these, since the commit changes none of them.
    Untouched,
}

/// What a commit of the index would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// How many paths the commit changes.
    pub staged: usize,
    /// What was judged.
    pub guards: Guards,
    /// What blocks the commit, the gravest first.
    pub blocking: Vec<Finding>,
    /// The secrets that the commit would bring; not all of them block it.
    pub scanned: Scanned,
    /// What git is in the midst of, where it runs no `pre-commit`.
    pub amid: Option<Amid>,
    /// The root by which the log was judged where this clone trusts none: the log's own.
    pub unpinned: Option<EntryId>,
    /// How long it took.
    pub took: Duration,
}

impl Guarded {
    /// The gravest finding that blocks; none where the commit may go on.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        let leaks = self.scanned.blocks().then_some(Severity::Found);
        self.blocking.iter().map(|finding| finding.severity).chain(leaks).max()
    }
}

/// A message, or what a push brings, as it was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    /// Which hook asked.
    pub hook: Hook,
    /// What was found.
    pub scanned: Scanned,
    /// What git is in the midst of.
    pub amid: Option<Amid>,
    /// Of a push to a remote of this name: why nobody knows what is there already, so that all of it counts as brought.
    pub doubt: Option<(String, Doubt)>,
}

/// Judges the index where git runs no `pre-commit` for what it commits; none where it does, or where whoever
/// commits has chosen to skip it.
///
/// # Errors
/// As [`staged`].
pub fn replayed(world: &World) -> Result<Option<Guarded>, DeedError> {
    match Checkout::discover(&world.from, &world.environment)?.amid()? {
        Some(_) => staged(world).map(Some),
        None => Ok(None),
    }
}

/// The command that gets past a hook once.
#[must_use]
pub fn way_out(world: &World, hook: Hook) -> String {
    let place = Checkout::discover(&world.from, &world.environment);
    // Where that cannot be told, whatever works always is named.
    hook.way_out(place.and_then(|place| place.amid()).unwrap_or(Some(Amid::Prepared)))
}

/// Looks through the message of a commit.
///
/// # Errors
/// Whatever keeps it from being read: then nothing was judged, and nothing should be committed.
pub fn message(world: &World, file: &Path) -> Result<Passing, DeedError> {
    let watch = Stopwatch::start();
    let place = Place::staged(world)?;
    let mut scanned = scan::message(&place, file)?;
    scanned.took = watch.elapsed();
    let amid = place.checkout.amid()?;
    Ok(Passing { hook: Hook::CommitMsg, scanned, amid, doubt: None })
}

/// Looks through what a push brings to a remote, or a URL of it, as git tells a hook: on each line the local name and
/// object, and the name and object of the other side.
///
/// # Errors
/// Whatever keeps it from being read: then nothing was judged, and nothing should be pushed.
pub fn pushed(
    world: &World,
    (remote, url): (&str, Option<&str>),
    told: &mut dyn Read,
) -> Result<Passing, DeedError> {
    let watch = Stopwatch::start();
    let place = Place::find(world)?;
    let mut text = String::new();
    told.take(MOST).read_to_string(&mut text).map_err(WorldError::io("read", "stdin"))?;
    let lines = text.lines().filter(|line| !line.is_empty());
    let told: Vec<Told> =
        lines.map(|line| reference(line).ok_or_else(garbled)).collect::<Result<_, _>>()?;
    let tips: Vec<Pushed> = told.iter().filter_map(Told::pushed).collect();
    let (mut scanned, mut doubt) = (Scanned::default(), None);
    // What is only deleted brings nothing.
    if !tips.is_empty() {
        let theirs = place.checkout.known_there((remote, url), &told)?;
        scanned = commits::scan_all(&place, &Commits::pushed(&place, &tips, &theirs)?)?;
        doubt = theirs.doubt.map(|doubt| (remote.to_owned(), doubt));
    }
    scanned.took = watch.elapsed();
    Ok(Passing { hook: Hook::PrePush, scanned, amid: None, doubt })
}

/// Reads what git tells of one reference.
fn reference(line: &str) -> Option<Told> {
    let words: Vec<_> = line.split(' ').collect();
    let &[_, ours, name, theirs] = words.as_slice() else { return None };
    let object = |digits: &str| {
        let there = digits.bytes().any(|digit| digit != b'0');
        ObjectId::parse(digits.as_bytes()).map(|id| there.then_some(id))
    };
    Some(Told { name: name.to_owned(), ours: object(ours)?, theirs: object(theirs)? })
}

fn garbled() -> DeedError {
    DeedError::Refuse {
        what: "what stdin tells of the push has another form than git's".to_owned(),
        instead: Some(
            "`<local ref> <local object> <remote ref> <remote object>` on each line".to_owned(),
        ),
    }
}

/// Judges the index as it would be committed.
///
/// # Errors
/// Whatever keeps it from being read: then nothing was judged, and nothing should be committed.
pub fn staged(world: &World) -> Result<Guarded, DeedError> {
    let watch = Stopwatch::start();
    let place = Place::staged(world)?;
    let changes = place.checkout.staged_changes()?;
    let mut guarded = Guarded {
        staged: changes.len(),
        guards: Guards::Nothing,
        blocking: changes.iter().filter_map(removed_entry).collect(),
        scanned: Scanned::default(),
        amid: place.checkout.amid()?,
        unpinned: None,
        took: Duration::ZERO,
    };
    let standards = Standards::but_for_policy(&place)?;
    let (mut scanned, masked) = scan::look(&place, &standards, &changes)?;
    if is_touched(&place, &standards, &changes)? {
        let evidence = place.log_evidence()?;
        if evidence.policy.is_some() || !evidence.log.is_empty() || !evidence.strays.is_empty() {
            judge(&place, &evidence, &mut guarded)?;
        }
    } else if has_policy(&place)? {
        guarded.guards = Guards::Untouched;
    }
    guarded.blocking.extend(scan::excepted::brought(&place, &standards, &changes)?);
    // What is said of a sealed file's place already is not said of its values once more.
    let said = |path: &str| guarded.blocking.iter().any(|finding| finding.stands_in(path));
    scanned.leaks.retain(|leak| !said(&leak.path));
    guarded.scanned = scanned;
    let advice = Advice::of(&place, &guarded.blocking)?;
    guarded.blocking.iter_mut().try_for_each(|finding| advice.stage(finding))?;
    guarded.blocking.iter_mut().for_each(|finding| finding.mask(&*masked));
    guarded.took = watch.elapsed();
    Ok(guarded)
}

/// Tells whether a commit changes anything that policy and log are about: what it does not touch is for `check`
/// to say. Where there is no policy that can be read, nobody knows what it is about; a merge may lose what a side had.
fn is_touched(
    place: &Place<'_>,
    standards: &Standards,
    changes: &[StagedChange],
) -> Result<bool, DeedError> {
    // The policy itself is among these.
    let odd = |change: &StagedChange| change.path.is_none() || change.raw.starts_with(b".secrets");
    if changes.iter().any(odd) || !place.checkout.merge_heads()?.is_empty() {
        return Ok(true);
    }
    match &standards.policy {
        Some(policy) => Ok(is_about(policy, changes.iter().filter_map(|it| it.path.as_ref()))),
        None => Ok(true),
    }
}

fn has_policy(place: &Place<'_>) -> Result<bool, DeedError> {
    Ok(place.read(&policy::PATH.parse()?)?.is_some())
}

fn judge(
    place: &Place<'_>,
    evidence: &LogEvidence,
    guarded: &mut Guarded,
) -> Result<(), DeedError> {
    let trust = place.trusted()?;
    let record = Record::judge(evidence, trust, place.world.now);
    if trust.is_none() {
        guarded.unpinned = record.root();
    }
    let files = place.file_evidence(&record, None)?;
    let verified = Verified::judge(&record, &files, None, place.today());
    if let Some(verified) = &verified {
        guarded.blocking.extend(twins(verified.policy, &place.list("")?.files));
    }
    let protects = verified.as_ref().is_none_or(|it| !it.policy.environments.is_empty());
    guarded.guards = if protects { Guards::All } else { Guards::PolicyAlone };
    let found = verified.map_or_else(|| record.findings.clone(), |verified| verified.findings);
    let lost = place.would_lose(&record, evidence, trust)?;
    guarded.blocking.extend(lost);
    guarded.blocking.extend(found.into_iter().filter(blocks));
    Ok(())
}

/// Tells whether somebody put a value in clear in the place of a sealed one: they may want to keep it.
fn is_unsealed(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.starts_with("tenure seal "))
}

/// Tells what no commit may bring; what is only late or due is for `check` to say.
fn blocks(finding: &Finding) -> bool {
    finding.severity >= Severity::Invalid || finding.is_in_clear()
}

fn removed_entry(change: &StagedChange) -> Option<Finding> {
    let place = String::from_utf8_lossy(&change.raw).into_owned();
    if change.now.is_some() || !place.starts_with(".secrets/log/") {
        return None;
    }
    Some(Finding {
        code: Code::MissingEntry,
        severity: Severity::Breach,
        env: None,
        fix: Some(format!("git restore --staged --worktree {}", quoted(&place))),
        place,
        address: None,
        entry: None,
        message: "this commit would remove an entry of the log, which only grows".to_owned(),
    })
}

/// What mends a finding about staged bytes, as far as the work tree tells.
struct Advice<'p, 'w> {
    place: &'p Place<'w>,
    /// Whether something in `.secrets` is not staged as it lies there.
    forgotten: bool,
    /// The files that are opened in place.
    open: Vec<RepoPath>,
    /// The files in which something stands in clear: none of an environment is sealed while another one is not.
    clear: BTreeSet<String>,
}

impl<'p, 'w> Advice<'p, 'w> {
    fn of(place: &'p Place<'w>, blocking: &[Finding]) -> Result<Self, DeedError> {
        let staged = place.list(".secrets")?.files;
        let here = place.files.list(".secrets")?.files;
        let forgotten = here.iter().any(|path| staged.binary_search(path).is_err());
        let open = opened::list(&place.checkout.own_state())?;
        let open = open.into_iter().map(|opened| opened.path).collect();
        let mut own = Self { place, forgotten, open, clear: BTreeSet::new() };
        for finding in blocking.iter().filter(|finding| finding.is_in_clear()) {
            own.clear.extend(own.path_of(&finding.place)?.map(quoted));
        }
        Ok(own)
    }

    /// Gives a finding the command that mends the index, where its own is about the work tree.
    fn stage(&self, finding: &mut Finding) -> Result<(), DeedError> {
        let Some(file) = self.path_of(&finding.place)? else { return Ok(()) };
        let path = quoted(&file);
        let taken_out = finding.fix.as_ref().is_some_and(|fix| fix.starts_with("rm "));
        let fix = match finding.code {
            // Git has renamed it already, and our log has not.
            _ if finding.fix.as_ref().is_some_and(|fix| fix.starts_with("tenure mv ")) => {
                format!("{} && git add .secrets", finding.fix.as_deref().unwrap_or_default())
            }
            _ if taken_out => {
                let fix = finding.fix.as_deref().unwrap_or_default();
                fix.replacen("rm ", "git rm -f ", 1)
            }
            // What its user wrote stands nowhere else.
            _ if self.open.contains(&file) => {
                format!("tenure seal {path} && git add .secrets {path}")
            }
            Code::Plaintext | Code::PlainComment | Code::Open => {
                let whole = finding.place == file.as_str();
                let back = if whole { "rm --cached" } else { "restore --staged" };
                let all = self.clear.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
                format!("tenure seal {all} && git add .secrets {all}, or: git {back} {path}")
            }
            Code::Exception => return Ok(()),
            // A file that cannot be read, perhaps amid a merge, knows best itself.
            Code::Altered if finding.entry.is_none() => return Ok(()),
            _ if file.as_str().starts_with(".secrets") && self.forgotten => {
                format!("git add .secrets {}", policy::PATH)
            }
            _ if self.forgotten => format!("git add .secrets {} {path}", policy::PATH),
            Code::Altered | Code::Unattested | Code::Missing if self.differs(&file)? => {
                format!("git add .secrets {path}")
            }
            Code::Altered if is_unsealed(finding) => format!(
                "tenure seal {path} && git add .secrets {path}, or: git restore --staged --worktree {path}"
            ),
            Code::Altered => format!("git restore --staged --worktree {path}"),
            Code::Missing => {
                let unset = finding.address.as_ref().map(|address| {
                    format!("; if it is to go, then: tenure unset {}", quoted(address))
                });
                format!("git restore --staged --worktree {path}{}", unset.unwrap_or_default())
            }
            Code::Unattested => return self.unattested(finding, &file),
            _ => return Ok(()),
        };
        finding.fix = Some(fix);
        Ok(())
    }

    /// Takes what nothing signed names out of the commit; the rest of a file in which it stands stays.
    fn unattested(&self, finding: &mut Finding, file: &RepoPath) -> Result<(), DeedError> {
        let path = quoted(file);
        let fix = match self.place.checkout.head_file(file)? {
            Some(head) if self.place.read(file)?.is_some_and(|staged| staged != head) => {
                format!("git restore --staged --worktree {path}")
            }
            None if finding.place == file.as_str() => format!("git rm --cached {path}"),
            _ => format!("tenure restore {path} && git add .secrets {path}"),
        };
        finding.fix = Some(fix);
        Ok(())
    }

    /// The file of a place such as `file:line key`: the longest path that is here or staged, since a
    /// name may hold spaces and colons; else all up to the first of them.
    fn path_of(&self, place: &str) -> Result<Option<RepoPath>, DeedError> {
        let ends = place.match_indices([':', ' ']).map(|(at, _)| at).chain([place.len()]);
        let paths: Vec<RepoPath> = ends.filter_map(|end| place[..end].parse().ok()).collect();
        for path in paths.iter().rev() {
            // What is there and cannot be read, such as a link, is there.
            let here = !matches!(self.place.files.read(path), Ok(None));
            if here || !matches!(self.place.read(path), Ok(None)) {
                return Ok(Some(path.clone()));
            }
        }
        Ok(paths.into_iter().next())
    }

    /// Tells whether the work tree has other bytes than the index.
    fn differs(&self, path: &RepoPath) -> Result<bool, DeedError> {
        let Ok(here) = self.place.files.read(path) else { return Ok(false) };
        Ok(here.is_some() && self.place.read(path).ok().flatten() != here)
    }
}
