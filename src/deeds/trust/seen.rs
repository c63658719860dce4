//! Check 10, first half: what this clone has seen is still there. The pin moves forward, never back.

use std::collections::{BTreeSet, HashMap};

use super::PIN;
use super::pin::{Mark, Pin, is_branch};
use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place};
use crate::deeds::source::Source;
use crate::finding::{Code, Finding, Severity};
use crate::log::name::parse_name;
use crate::names::{EntryId, quoted};
use crate::verify::{Record, Verdict};
use crate::world::{ObjectId, StateDir, Writes};

/// How many entries a message names.
const NAMED: usize = 4;

/// What a branch that all else goes into is mostly called, where nothing says so.
const USUAL: [&str; 2] = ["main", "master"];

/// The folders whose files are only ever added.
const GROWING: [&str; 3] = [LOG, ".secrets/policies", ".secrets/keys"];

/// The newest commit of the protected branch, as this clone knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// The name of the branch.
    pub branch: String,
    /// How git spells where it was found: `origin/main`, or `main`.
    pub spelt: String,
    /// The commit.
    pub commit: ObjectId,
}

/// A step of the pin.
#[derive(Debug)]
pub struct Forward {
    state: StateDir,
    old: Pin,
    new: Pin,
}

impl Forward {
    /// Takes the step, unless another process was quicker. That the pin cannot be written is no error: it
    /// says what it said before.
    pub fn take(&self) {
        let (old, new) = (self.old.to_string(), self.new.to_string());
        let _stays_as_it_was = self.state.exchange(PIN, Some(old.as_bytes()), new.as_bytes());
    }
}

/// A finding that concerns the log as a whole.
pub(super) fn breach(code: Code, place: impl Into<String>, message: String) -> Finding {
    let (place, severity) = (place.into(), Severity::Breach);
    Finding { code, severity, env: None, address: None, place, entry: None, message, fix: None }
}

/// Names some entries: "3 entries (1a2b3c, 4d5e6f, …)".
pub(super) fn some<T: AsRef<str>>(ids: &[T]) -> String {
    let named: Vec<_> = ids.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let word = if ids.len() == 1 { "entry" } else { "entries" };
    format!("{} {word} ({}{more})", ids.len(), named.join(", "))
}

fn shorts(ids: &[&EntryId]) -> Vec<String> {
    ids.iter().map(|id| id.short()).collect()
}

impl Place<'_> {
    /// The protected branch: as git's configuration says, else as the pin does, else what the remote
    /// calls its own; before there is any, one of a usual name, or the current one. Its remote side counts where there is one, so
    /// that mending what was not pushed yet alarms nobody.
    ///
    /// # Errors
    /// [`DeedError::World`].
    pub fn protected(&self, mark: Option<&Mark>) -> Result<Option<Tip>, DeedError> {
        self.branch(mark)?.map_or(Ok(None), |branch| self.tip_of(&branch))
    }

    fn tip_of(&self, branch: &str) -> Result<Option<Tip>, DeedError> {
        let remote = (format!("refs/remotes/origin/{branch}"), format!("origin/{branch}"));
        let local = (format!("refs/heads/{branch}"), branch.to_owned());
        for (name, spelt) in [remote, local] {
            if let Some(commit) = self.checkout.reference(&name)? {
                return Ok(Some(Tip { branch: branch.to_owned(), spelt, commit }));
            }
        }
        Ok(None)
    }

    fn branch(&self, mark: Option<&Mark>) -> Result<Option<String>, DeedError> {
        let configured = self.checkout.quick_config("tenure.branch")?;
        let known =
            configured.filter(|name| is_branch(name)).or_else(|| Some(mark?.branch.clone()));
        if known.is_some() {
            return Ok(known);
        }
        let remote = self.checkout.points_to("refs/remotes/origin/HEAD")?;
        let remote = remote.as_deref().and_then(|name| name.strip_prefix("refs/remotes/origin/"));
        if let Some(remote) = remote.filter(|name| is_branch(name)) {
            return Ok(Some(remote.to_owned()));
        }
        let usual = self.checkout.quick_config("init.defaultBranch")?;
        let usual = usual.as_deref().filter(|name| is_branch(name));
        for name in usual.into_iter().chain(USUAL) {
            if self.tip_of(name)?.is_some() {
                return Ok(Some(name.to_owned()));
            }
        }
        let current = self.checkout.points_to("HEAD")?;
        let current = current.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        Ok(current.filter(|name| is_branch(name)).map(str::to_owned))
    }

    /// Compares the protected branch, and what is judged, with what this clone has seen.
    pub(super) fn compare(
        &self,
        mark: &Mark,
        tip: Option<&Tip>,
        here: &dyn Fn(&EntryId) -> bool,
    ) -> Result<Option<Finding>, DeedError> {
        let absent: Vec<_> = mark.heads.iter().filter(|head| !here(head)).collect();
        let head = self.checkout.head_commit()?;
        if let Some(tip) = tip.filter(|tip| tip.commit != mark.commit) {
            if absent.is_empty() && self.mends(mark, tip, head.as_ref())? {
                return Ok(None);
            }
            let there = self.log_of(&tip.commit)?;
            let gone: Vec<_> =
                mark.heads.iter().filter(|head| !there.contains(&head.short16())).collect();
            if !gone.is_empty() {
                return self.rewound(mark, tip, &gone).map(Some);
            }
        }
        match tip {
            _ if !absent.is_empty() => self.lacking(mark, tip, &absent).map(Some),
            None => Ok(Some(branch_gone(mark))),
            Some(_) => Ok(None),
        }
    }

    /// Tells whether what lacks nothing here mends the branch: in its own work tree, or by going on from a
    /// commit that took entries out, pushed or not yet. A branch that was rewound is not mended so.
    fn mends(&self, mark: &Mark, tip: &Tip, head: Option<&ObjectId>) -> Result<bool, DeedError> {
        let Some(head) = head else { return Ok(false) };
        Ok(*head == tip.commit
            || self.checkout.descends(&tip.commit, &mark.commit)?
                && self.checkout.descends(head, &tip.commit)?)
    }

    /// The protected branch lacks what was seen of it: it was rewound, or a commit took entries out.
    fn rewound(&self, mark: &Mark, tip: &Tip, gone: &[&EntryId]) -> Result<Finding, DeedError> {
        let seen = some(&shorts(gone));
        let message = format!("this clone has seen newer entries on this branch: it lacks {seen}");
        let fix = match self.checkout.descends(&tip.commit, &mark.commit)? {
            true => self.bring_back(&mark.commit)?,
            false => format!(
                "git merge {}, or, if it is right that they are gone: tenure trust accept",
                mark.commit.as_str()
            ),
        };
        Ok(Finding {
            entry: gone.first().map(|id| **id),
            fix: Some(fix),
            ..breach(Code::Rollback, tip.spelt.clone(), message)
        })
    }

    /// Tells whether a commit comes after what was seen, or after the protected branch.
    pub(super) fn follows(
        &self,
        mark: &Mark,
        tip: Option<&Tip>,
        head: Option<&ObjectId>,
    ) -> Result<bool, DeedError> {
        let Some(head) = head else { return Ok(false) };
        let mut after = false;
        for commit in std::iter::once(&mark.commit).chain(tip.map(|tip| &tip.commit)) {
            after = after || self.checkout.descends(head, commit)?;
        }
        Ok(after)
    }

    pub(super) fn rolled_back(
        &self,
        mark: &Mark,
        absent: &[&EntryId],
    ) -> Result<Finding, DeedError> {
        let seen = some(&shorts(absent));
        let message = format!("this clone has seen newer entries: it lacks {seen}");
        Ok(Finding {
            entry: absent.first().map(|id| **id),
            fix: Some(self.bring_back(&mark.commit)?),
            ..breach(Code::Rollback, LOG, message)
        })
    }

    /// What is judged lacks what was seen: a rollback where it comes after that, else an old state.
    fn lacking(
        &self,
        mark: &Mark,
        tip: Option<&Tip>,
        absent: &[&EntryId],
    ) -> Result<Finding, DeedError> {
        if self.follows(mark, tip, self.checkout.head_commit()?.as_ref())? {
            return self.rolled_back(mark, absent);
        }
        let seen = some(&shorts(absent));
        let spelt = tip.map_or(mark.branch.as_str(), |tip| tip.spelt.as_str());
        let message = format!(
            "this state is older than what this clone has seen of `{spelt}`: it lacks {seen}, so \
             nothing is written here"
        );
        let fix = format!("git merge {}", quoted(spelt));
        Ok(Finding {
            severity: Severity::Note,
            fix: Some(fix),
            ..breach(Code::Behind, LOG, message)
        })
    }

    /// The command that brings back what a commit has and the work tree has not.
    pub(super) fn bring_back(&self, commit: &ObjectId) -> Result<String, DeedError> {
        let mut folders = Vec::new();
        for folder in GROWING {
            let here = self.list(folder)?.files;
            let there = self.checkout.files_in(commit, folder).unwrap_or_default();
            if there.iter().any(|file| here.binary_search(&file.path).is_err()) {
                folders.push(folder);
            }
        }
        let folders = if folders.is_empty() { vec![LOG] } else { folders };
        Ok(format!("git checkout {} -- {}", commit.as_str(), folders.join(" ")))
    }

    /// The entries of a commit, as the names of their files say.
    pub(super) fn log_of(&self, commit: &ObjectId) -> Result<BTreeSet<String>, DeedError> {
        let files = self.checkout.files_in(commit, LOG)?;
        let names = files.iter().filter_map(|file| parse_name(file.path.as_str()));
        Ok(names.map(|name| name.short).collect())
    }

    /// The step that the pin takes to the protected branch once all is verified; none where it takes none.
    ///
    /// What is not committed there stays out.
    pub(super) fn forward(
        &self,
        pin: &Pin,
        tip: Option<&Tip>,
        record: &Record,
    ) -> Result<Option<Forward>, DeedError> {
        let Some(tip) = tip else { return Ok(None) };
        let same = |mark: &Mark| mark.commit == tip.commit && mark.branch == tip.branch;
        if pin.mark.as_ref().is_some_and(same)
            || self.world.writes == Writes::Dry
            || !matches!(self.source, Source::WorkTree)
        {
            return Ok(None);
        }
        let Some(next) = self.mark(tip, record)? else { return Ok(None) };
        let held = |head: &EntryId| descends(record, &next.heads, head);
        let onward = pin.mark.as_ref().is_none_or(|mark| mark.heads.iter().all(held));
        let state = self.checkout.shared_state();
        let new = Pin { root: pin.root, mark: Some(next) };
        Ok(onward.then(|| Forward { state, old: pin.clone(), new }))
    }

    /// What would be pinned of a branch: none unless every entry of it was verified here, and all that
    /// they descend from is there.
    pub(super) fn mark(&self, tip: &Tip, record: &Record) -> Result<Option<Mark>, DeedError> {
        let known: HashMap<String, usize> = (0..record.entries.len())
            .filter(|at| record.verdict(*at) != Verdict::Refused)
            .map(|at| (record.entries[at].id.short16(), at))
            .collect();
        let mut there = BTreeSet::new();
        for file in self.checkout.files_in(&tip.commit, LOG)? {
            let name = parse_name(file.path.as_str());
            let Some(at) = name.and_then(|name| known.get(&name.short)) else { return Ok(None) };
            there.insert(record.entries[*at].id);
        }
        let parents = || {
            let entries = there.iter().filter_map(|id| record.dag.index(id));
            entries.flat_map(|at| &record.entries[at].entry.parents)
        };
        if there.is_empty() || !parents().all(|parent| there.contains(parent)) {
            return Ok(None);
        }
        let followed: BTreeSet<_> = parents().collect();
        let heads = there.iter().filter(|id| !followed.contains(id)).copied().collect();
        Ok(Some(Mark { branch: tip.branch.clone(), commit: tip.commit.clone(), heads }))
    }
}

/// Tells whether an entry is one of some heads, or an ancestor of one.
fn descends(record: &Record, heads: &[EntryId], entry: &EntryId) -> bool {
    let Some(old) = record.dag.index(entry) else { return false };
    let mut heads = heads.iter().filter_map(|head| record.dag.index(head));
    heads.any(|head| head == old || record.dag.is_ancestor(old, head))
}

fn branch_gone(mark: &Mark) -> Finding {
    let message = format!(
        "the protected branch `{}` is gone, so nothing says whether this state is the newest",
        mark.branch
    );
    let fix = "git fetch, or name the branch: git config tenure.branch BRANCH".to_owned();
    let finding = breach(Code::Behind, mark.branch.clone(), message);
    Finding { severity: Severity::Note, fix: Some(fix), ..finding }
}
