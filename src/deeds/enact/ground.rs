//! What must hold before a policy is signed.

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding, Severity};
use crate::names::Sha256;
use crate::policy::{self, Policy};
use crate::verify::{Record, Step, Verified};
use crate::world::terminal::Terminal;
use crate::world::{Consent, World, WorldError, Writes};

/// Reads the policy's file, which need not be the policy in force.
///
/// # Errors
/// [`DeedError::NoPolicy`] where there is none; [`DeedError::Refuse`] where it is no text.
pub fn policy_file(place: &Place<'_>) -> Result<String, DeedError> {
    let bytes = place.files.read(&policy::PATH.parse()?)?.ok_or(DeedError::NoPolicy)?;
    String::from_utf8(bytes).map_err(|_| DeedError::Refuse {
        what: format!("`{}` is not UTF-8", policy::PATH),
        instead: Some(format!("git restore {}", policy::PATH)),
    })
}

/// Reads the policy in force from its file, to be changed: nothing keeps writes away, and nobody edited it.
///
/// # Errors
/// Those of [`nothing_blocks`], [`policy_file`]; [`DeedError::World`] where it was changed meanwhile.
pub fn policy_in_force(place: &Place<'_>, verified: &Verified<'_>) -> Result<String, DeedError> {
    nothing_blocks(&verified.findings, Edited::Refused)?;
    let found = policy_file(place)?;
    same_as_in_force(&found, verified.record)?;
    Ok(found)
}

/// Finds what keeps every write away: a fault of log, policy or pin.
///
/// # Errors
/// [`DeedError::Refused`] with the gravest finding; that the policy's file was edited, or that the
/// policies fork, is left out where `edited` says that this is what the deed is about.
pub fn nothing_blocks(findings: &[Finding], edited: Edited) -> Result<(), DeedError> {
    let known = |finding: &Finding| {
        let fork = edited == Edited::Forked && finding.code == Code::PolicyFork;
        let edit = matches!(finding.code, Code::PolicyAltered | Code::PolicyInvalid)
            && finding.place.split(':').next() == Some(policy::PATH);
        fork || (edit && edited != Edited::Refused)
    };
    let blocks = |finding: &&Finding| {
        finding.env.is_none() && finding.severity >= Severity::Invalid && !known(finding)
    };
    match findings.iter().filter(blocks).max_by_key(|finding| finding.severity) {
        Some(finding) => Err(DeedError::Refused(finding.clone().into())),
        None => Ok(()),
    }
}

/// Refuses a policy's file that cannot be read, also where nothing but a look is asked for: what it was to
/// say is not known.
///
/// # Errors
/// [`DeedError::Refused`] with the finding.
pub fn policy_is_readable(findings: &[Finding]) -> Result<(), DeedError> {
    let broken = |finding: &&Finding| finding.env.is_none() && finding.code == Code::PolicyInvalid;
    match findings.iter().find(broken) {
        Some(finding) => Err(DeedError::Refused(finding.clone().into())),
        None => Ok(()),
    }
}

/// Whether the policy's file may differ from the policy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is what the deed is about.
    Expected,
    /// As [`Self::Expected`], and so is a fork of the policies.
    Forked,
    /// It is a fault.
    Refused,
}

/// Gives the policy's step in force.
///
/// # Errors
/// [`DeedError::Refuse`] in a repository without a log.
pub fn step_in_force(record: &Record) -> Result<&Step, DeedError> {
    record.chain.current().ok_or_else(|| DeedError::Refuse {
        what: "this repository has no log, so nobody signs its policy".to_owned(),
        instead: Some("give the policy an environment: tenure init in a new repository".to_owned()),
    })
}

/// Asks for consent, unless it was given or nothing will be written.
///
/// # Errors
/// [`DeedError::Aborted`] for a no; [`DeedError::Refuse`] where nobody is there to ask.
pub fn agree(world: &World, question: &str) -> Result<(), DeedError> {
    if world.consent == Consent::Given || world.writes == Writes::Dry {
        return Ok(());
    }
    match world.terminal {
        Terminal::Piped | Terminal::Nobody => Err(DeedError::Refuse {
            what: format!("nobody is there to ask: {question}"),
            instead: Some("say yes beforehand with -y".to_owned()),
        }),
        Terminal::Person if world.terminal.confirm(question)? => Ok(()),
        Terminal::Person => Err(DeedError::Aborted),
    }
}

/// A policy cannot forget an environment that still has values, nor become another repository's.
pub(super) fn leaves_nothing_behind(
    record: &Record,
    old: &Policy,
    next: &Policy,
) -> Result<(), DeedError> {
    let refuse = |what, instead: String| Err(DeedError::Refuse { what, instead: Some(instead) });
    if next.repository != old.repository {
        let what = "the repository's id never changes: every token is bound to it".to_owned();
        return refuse(what, format!("repository = \"{}\"", old.repository));
    }
    // What stands is asked only where an environment with a file goes: there may be thousands of values.
    if record.named_envs().iter().all(|env| next.environments.contains_key(*env)) {
        return Ok(());
    }
    let signed = record.signed(None);
    let standing = signed.keys().find(|at| !next.environments.contains_key(&at.env));
    match standing {
        Some(address) => refuse(
            format!("environment `{}` still has values", address.env),
            format!("tenure unset {}", record.name_of(address)),
        ),
        None => Ok(()),
    }
}

/// Makes sure that what was verified is what lies in the policy's file.
///
/// # Errors
/// [`DeedError::World`] where it was changed meanwhile.
fn same_as_in_force(text: &str, record: &Record) -> Result<(), DeedError> {
    if step_in_force(record)?.hash == Sha256::of(text.as_bytes()) {
        return Ok(());
    }
    Err(WorldError::ChangedMeanwhile { path: policy::PATH.to_owned() }.into())
}
