//! Judges the whole repository.

use jiff::civil::Date;

use super::DeedError;
use super::attributes::{PATH, missing};
use super::load::Place;
use super::machines;
use super::member::request::{Waiting, waiting};
use super::replay::replayed;
use super::scan::{self, Scanned, excepted};
use super::twins::twins;
use crate::finding::{Code, Finding, Severity};
use crate::log::request::{Request, Wanted};
use crate::names::{Address, EnvName, RepoPath, RoleName, quoted};
use crate::policy::Policy;
use crate::rotation::{Obligation, Previous};
use crate::verify::{Holder, Record, Verified};
use crate::world::World;

/// What `check` found, and what it looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Every finding, the gravest first.
    pub findings: Vec<Finding>,
    /// How many sealed values stand.
    pub values: usize,
    /// How many environments were looked at.
    pub environments: usize,
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
    /// What must still be made worthless since somebody left or an incident was opened, late or not.
    pub obligations: Vec<Obligation>,
    /// The values that others took the place of, and that nobody ended.
    pub previous: Vec<Previous>,
    /// What is in custody of the customer: who opens it, and its deadline, which is theirs.
    pub custody: Vec<(Address, Holder, Option<Date>)>,
    /// The day it is.
    pub today: Date,
    /// What was looked through of a range of commits; what was found there is among the findings.
    pub range: Option<Scanned>,
}

impl Checked {
    /// The gravest severity; none where nothing was found.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Does all checks, of one environment or of all.
///
/// # Errors
/// [`DeedError::NoRoot`] and what keeps the repository from being read at all.
pub fn check(world: &World, scope: Option<&EnvName>) -> Result<Checked, DeedError> {
    let place = Place::find(world)?.forgetful();
    let loaded = place.load(scope)?;
    let entries = (loaded.record.holding(), loaded.record.entries.len());
    let Ok(verified) = loaded.judged() else {
        let findings = loaded.record.findings.clone();
        return Ok(Checked {
            findings,
            values: 0,
            environments: 0,
            entries,
            obligations: Vec::new(),
            previous: Vec::new(),
            custody: Vec::new(),
            today: place.today(),
            range: None,
        });
    };
    let mut findings = findings(&place, &verified, place.today())?;
    findings.extend(replayed(&place, &verified, place.today())?);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    scan::mask(&place, verified.policy, &mut findings)?;
    let sealed = verified.live.values().filter(|live| live.item.generation.is_some());
    let custody = verified.live.iter().filter_map(|(address, live)| {
        Some((address.clone(), verified.holder(address)?, live.item.due))
    });
    Ok(Checked {
        custody: custody.collect(),
        values: sealed.count(),
        environments: scope.map_or(verified.policy.environments.len(), |_| 1),
        findings,
        entries,
        obligations: verified.obligations,
        previous: verified.previous,
        today: place.today(),
        range: None,
    })
}

/// All that is found about a state that was judged, the gravest first.
///
/// # Errors
/// [`DeedError::World`] when something cannot be read.
pub(in crate::deeds) fn findings(
    place: &Place<'_>,
    verified: &Verified<'_>,
    today: Date,
) -> Result<Vec<Finding>, DeedError> {
    let (record, policy) = (verified.record, verified.policy);
    let mut findings = verified.findings.clone();
    findings.extend(attributes(place, policy)?);
    findings.extend(record.waiting());
    findings.extend(requests(place, record));
    findings.extend(by_lost_keys(verified));
    findings.extend(machines::findings(record, policy, today));
    let tracked = place.tracked()?.files;
    findings.extend(twins(policy, &tracked));
    findings.extend(excepted::findings(place, policy, &tracked)?);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(findings)
}

/// Notes what a key signed last that is lost or stolen: it stands until somebody vouches for it.
fn by_lost_keys(verified: &Verified<'_>) -> Vec<Finding> {
    let lost: Vec<_> = verified.policy.lost_keys().collect();
    let mut notes = Vec::new();
    if lost.is_empty() {
        return notes;
    }
    for (address, live) in &verified.live {
        let signed = &verified.record.entries[live.entry];
        let key = signed.signature.key();
        let key = key.map(|key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string());
        let Some(key) = key.filter(|key| lost.iter().any(|(_, l)| l.fingerprint() == key)) else {
            continue;
        };
        notes.push(Finding {
            code: Code::LostKey,
            severity: Severity::Note,
            env: Some(address.env.clone()),
            place: format!("{} {}", address.path, address.key),
            address: Some(address.clone()),
            entry: Some(signed.id),
            message: format!(
                "`{}` signed it with the key {key}, which is lost; it stands until it is new",
                signed.entry.by
            ),
            fix: Some(format!("tenure rotate {}", verified.record.name_of(address))),
        });
    }
    notes
}

/// Notes the requests that wait: they grant nothing, so a bad one is a word and no failure.
fn requests(place: &Place<'_>, record: &Record) -> Vec<Finding> {
    let note = |one: Waiting| {
        let (message, fix) = match one.state {
            Ok(Request { wanted: Wanted::Join, name, roles, .. }) => {
                let roles: Vec<_> = roles.iter().map(RoleName::as_str).collect();
                let message = format!("`{name}` asks for {}; nothing is granted", roles.join(", "));
                (message, format!("tenure member approve {name}"))
            }
            Ok(Request { wanted: Wanted::Replace, name, .. }) => {
                let message = format!("`{name}` asks for other keys; nothing is granted");
                (message, format!("tenure member approve {name}"))
            }
            Err(why) => (
                format!("no request that could be approved: {why}"),
                format!("git rm -r {}", quoted(&one.path)),
            ),
        };
        Finding {
            code: Code::Request,
            severity: Severity::Note,
            env: None,
            place: one.path,
            address: None,
            entry: None,
            message,
            fix: Some(fix),
        }
    };
    waiting(place, record).into_iter().map(note).collect()
}

/// Names the lines that `.gitattributes` lacks: without them git may change the bytes that were signed.
fn attributes(place: &Place<'_>, policy: &Policy) -> Result<Vec<Finding>, DeedError> {
    if policy.environments.is_empty() {
        return Ok(Vec::new());
    }
    let path: RepoPath = PATH.parse()?;
    let text = place.read(&path)?.unwrap_or_default();
    let missing = missing(&String::from_utf8_lossy(&text), policy);
    let finding = |line: String| Finding {
        code: Code::Attributes,
        severity: Severity::Found,
        env: None,
        place: PATH.to_owned(),
        address: None,
        entry: None,
        message: format!("it lacks the line `{line}`"),
        fix: Some(format!("echo '{line}' >> {PATH}")),
    };
    Ok(missing.into_iter().map(finding).collect())
}
