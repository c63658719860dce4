//! Judges what lies here, and what each commit of a range brought: so `--no-verify` is caught, and what a
//! later commit takes out again is not forgotten.

use std::collections::BTreeMap;

use super::DeedError;
use super::check::{Checked, check};
use super::load::{LOG, Place};
use super::scan::commits::{self, Commits, Ends};
use super::scan::{ALLOW, Leak, Progress, Scanned, What};
use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, RepoPath, quoted};
use crate::scan::{Allow, Level};
use crate::world::{ObjectId, World};

/// Does all checks, and looks through the commits of a range `A..B` by the exceptions of A.
///
/// # Errors
/// As [`check`]; [`DeedError::Refuse`] for a range that is none, or is not at hand.
pub fn check_range(
    world: &World,
    scope: Option<&EnvName>,
    range: &str,
    progress: Progress<'_>,
) -> Result<Checked, DeedError> {
    let mut checked = check(world, scope)?;
    let place = Place::find(world)?;
    let commits = Commits::between(&place, range)?;
    let scanned = commits::scan(&place, &commits, Some(progress))?;
    let found = &mut checked.findings;
    found.extend(scanned.leaks.iter().map(leaked));
    found.extend(untold(&scanned));
    found.extend(scanned.marked.iter().map(marked));
    found.extend(scanned.added.iter().map(added));
    found.extend(scanned.skipped.iter().filter(|(_, why)| *why == commits::UNREAD).map(unread));
    for finding in removed(&place, &commits)? {
        let known = |it: &Finding| it.code == finding.code && it.place == finding.place;
        if !found.iter().any(known) {
            found.push(finding);
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    checked.range = Some(scanned);
    Ok(checked)
}

fn leaked(leak: &Leak) -> Finding {
    let what = match &leak.what {
        What::Credential => format!("{} {}", leak.description, leak.excerpt),
        What::Managed { address, .. } => format!("equal to {address}"),
    };
    let commit = leak.commit.as_ref().map(|id| format!("in commit {}: ", id.short()));
    let place = match leak.line {
        0 => leak.path.clone(),
        line => format!("{}:{line}", leak.path),
    };
    Finding {
        code: Code::Leak,
        severity: match leak.level {
            Level::Block => Severity::Found,
            Level::Warn => Severity::Note,
        },
        env: None,
        place,
        address: None,
        entry: None,
        message: format!("{}{what} [{}]", commit.unwrap_or_default(), leak.rule),
        fix: Some(leak.fix.clone()),
    }
}

/// What was found beyond what is told one by one, where that blocks.
fn untold(scanned: &Scanned) -> Option<Finding> {
    let message = format!("{} more leaks are not listed", scanned.more_blocking);
    (scanned.more_blocking > 0).then(|| Finding {
        code: Code::Leak,
        severity: Severity::Found,
        env: None,
        place: "the range".to_owned(),
        address: None,
        entry: None,
        message,
        fix: None,
    })
}

/// Notes what a mark lets pass that came along: it counts, and whoever reviews the range should see it.
fn marked(leak: &Leak) -> Finding {
    let leak = leaked(leak);
    Finding {
        code: Code::Exception,
        severity: Severity::Note,
        message: format!("{}, which a mark in its line lets pass", leak.message),
        fix: None,
        ..leak
    }
}

fn unread((path, why): &(String, &'static str)) -> Finding {
    noted(path, (*why).to_owned())
}

fn added(allow: &Allow) -> Finding {
    let (rule, path, reason) = (&allow.rule, allow.path.as_str(), &allow.reason);
    let message = format!(
        "an exception of {rule} in {path} comes with this range, and does not count in it: {reason}"
    );
    let fix = Some("merge it first, in a branch of its own: then it counts".to_owned());
    Finding { fix, ..noted(ALLOW, message) }
}

fn noted(place: &str, message: String) -> Finding {
    Finding {
        code: Code::Exception,
        severity: Severity::Note,
        env: None,
        place: place.to_owned(),
        address: None,
        entry: None,
        message,
        fix: None,
    }
}

/// Entries that stood where the range began, or came within it, and that its end has no more.
fn removed(place: &Place<'_>, commits: &Commits) -> Result<Vec<Finding>, DeedError> {
    let Some(Ends { from, to }) = &commits.ends else { return Ok(Vec::new()) };
    let checkout = &place.checkout;
    let mut stood: BTreeMap<RepoPath, ObjectId> = BTreeMap::new();
    let bases = from.as_ref().map(|from| checkout.common_ancestors(from, to)).transpose()?;
    for base in bases.unwrap_or_default() {
        let files = checkout.files_in(&base, LOG)?.into_iter();
        stood.extend(files.map(|file| (file.path, base.clone())));
    }
    let is_entry =
        |path: &RepoPath| path.as_str().strip_prefix(LOG).is_some_and(|rest| rest.starts_with('/'));
    checkout.each_commit(&checkout.walk_between(from.as_ref(), to), &mut |step| {
        let there = step.changes.into_iter().filter(|change| change.now.is_some());
        let entries = there.filter_map(|change| change.path).filter(is_entry);
        stood.extend(entries.map(|path| (path, step.commit.clone())));
        Ok(())
    })?;
    for file in checkout.files_in(to, LOG)? {
        stood.remove(&file.path);
    }
    Ok(stood.into_iter().map(|(path, commit)| gone(&path, &commit)).collect())
}

fn gone(path: &RepoPath, commit: &ObjectId) -> Finding {
    Finding {
        code: Code::MissingEntry,
        severity: Severity::Breach,
        env: None,
        place: path.to_string(),
        address: None,
        entry: None,
        message: format!("this entry of the log was taken out after commit {}", commit.short()),
        fix: Some(format!(
            "git restore --source {} --staged --worktree {}",
            commit.short(),
            quoted(path)
        )),
    }
}
