//! Puts back what the log says stands, from what git still has: entries, policies, keyrings, sealed files.
//! Signs nothing and opens nothing: the bytes are known by the hashes that were signed.

mod drop;
mod files;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::DeedError;
use super::enact::agree;
use super::load::{Place, unbelieved};
use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, AddressQuery, EntryId, EnvName, KeyPath, RepoPath, Target};
use crate::policy::{self, Policy};
use crate::verify::{FileEvidence, Live, LogEvidence, Record, Verified};
use crate::world::{Change, Mode, World};

/// What `restore` is told.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Values and files; none means all that is not as it was signed.
    pub named: Vec<String>,
    /// Only this environment.
    pub env: Option<EnvName>,
}

/// What was put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// The files that were written.
    pub paths: Vec<RepoPath>,
    /// The entries that were taken away, which no commit and no index ever had.
    pub dropped: Vec<EntryId>,
    /// What was signed and is nowhere in git, with its entry.
    pub lost: Vec<(Address, EntryId)>,
    /// What is wrong with the policy's file: that is somebody's edit, and stays as it is.
    pub edited: Option<Finding>,
}

/// The repository as it would be.
struct State {
    log: LogEvidence,
    files: FileEvidence,
    record: Record,
}

/// Restores.
///
/// # Errors
/// [`DeedError::NoRoot`]; [`DeedError::Refuse`] for a file that is opened in place, and where what would
/// come of it is not better than what is here; [`DeedError::Aborted`].
pub fn restore(world: &World, plan: &Plan) -> Result<Restored, DeedError> {
    let place = Place::to_write(world)?;
    let before = State::of(&place, place.record()?)?;
    let mut restored = Restored::default();
    let log = match plan.named.is_empty() {
        true => records::mended(&place, &before)?,
        false => before.log.clone(),
    };
    let mut after = before.with_log(&place, log)?;
    let named = named(&place, &after, plan)?;
    let mut lost = files::mend(&place, &mut after, &named)?;
    if let Some((shorter, dropped)) = without_lost(&place, &after, &lost, &named)? {
        let names: Vec<_> = dropped.iter().map(EntryId::short).collect();
        let question = format!(
            "git has not what {} signed, and never had the entry itself. Take it away?",
            names.join(", ")
        );
        agree(world, &question)?;
        (after, lost, restored.dropped) = (shorter, Vec::new(), dropped);
    }
    nothing_worse(&before, &after, &place)?;
    restored.lost = lost;
    let mut found = after.record.findings.iter();
    restored.edited =
        found.find(|it| it.code == Code::PolicyAltered && it.place == policy::PATH).cloned();
    let change = before.change_to(&after, &place)?;
    restored.paths = change.paths().cloned().collect();
    if !change.is_empty() {
        place.commit(&change)?;
    }
    Ok(restored)
}

/// The state without entries that git never had, as many as it takes for all the rest to be found; none where
/// that does not help.
fn without_lost(
    place: &Place<'_>,
    after: &State,
    lost: &Lost,
    named: &Named,
) -> Result<Option<(State, Vec<EntryId>)>, DeedError> {
    let (mut lost, mut log, mut dropped) = (lost.clone(), after.log.clone(), Vec::new());
    let mut record = None;
    while !lost.is_empty() {
        let of = record.as_ref().unwrap_or(&after.record);
        let Some((without, entries)) = drop::without(place, of, &log, &lost)? else {
            return Ok(None);
        };
        dropped.extend(entries);
        let mut shorter = after.with_log(place, without.clone())?;
        lost = files::mend(place, &mut shorter, named)?;
        if lost.is_empty() {
            return Ok(Some((shorter, dropped)));
        }
        (log, record) = (without, Some(shorter.record));
    }
    Ok(None)
}

/// What was signed and is nowhere in git, with its entry.
type Lost = Vec<(Address, EntryId)>;

impl State {
    fn of(place: &Place<'_>, record: Record) -> Result<Self, DeedError> {
        let log = place.log_evidence()?;
        let files = place.file_evidence(&record, None)?;
        Ok(Self { log, files, record })
    }

    /// The same files, with another log.
    fn with_log(&self, place: &Place<'_>, log: LogEvidence) -> Result<Self, DeedError> {
        let trust = place.trusted()?;
        let record = Record::judge(&log, trust, place.world.now);
        let mut files = place.file_evidence(&record, None)?;
        files.keyrings = self.files.keyrings.clone();
        records::keyrings(place, &record, &mut files)?;
        Ok(Self { log, files, record })
    }

    fn judged(&self, place: &Place<'_>) -> Result<Verified<'_>, DeedError> {
        Verified::judge(&self.record, &self.files, None, place.today())
            .ok_or_else(|| unbelieved(&self.record))
    }

    fn change_to(&self, after: &Self, place: &Place<'_>) -> Result<Change, DeedError> {
        let mut change = Change::new();
        let text = |path: &str| path.parse::<RepoPath>();
        let pairs = [(&self.log.log, &after.log.log), (&self.log.policies, &after.log.policies)];
        for (old, new) in pairs {
            for (path, bytes) in new.iter().filter(|(path, bytes)| old.get(*path) != Some(bytes)) {
                change.put(text(path)?, bytes.clone(), Mode::Keep);
            }
            for path in old.keys().filter(|path| !new.contains_key(*path)) {
                change.remove(text(path)?);
            }
        }
        if let Some(bytes) = after.log.policy.as_ref().filter(|_| self.log.policy.is_none()) {
            change.put(crate::policy::PATH.parse()?, bytes.clone(), Mode::Keep);
        }
        for (path, bytes) in after.files.keyrings.iter().chain(&after.files.files) {
            // What lies there, and not what was read: without a policy no file is looked for.
            let here = place.files.read(path)?;
            if here.as_ref() != Some(bytes) {
                change.based_on(path.clone(), here.as_deref());
                change.put(path.clone(), bytes.clone(), Mode::Keep);
            }
        }
        Ok(change)
    }
}

/// Refuses a state in which something is wrong that was not wrong before.
fn nothing_worse(before: &State, after: &State, place: &Place<'_>) -> Result<(), DeedError> {
    let Ok(old) = before.judged(place) else { return Ok(()) };
    let new = after.judged(place)?;
    // Values hidden before by what was wrong with log or policy are told for the first time now.
    if !before.record.findings.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<_> = old.findings.iter().map(|it| (it.code, file_of(&it.place))).collect();
    // So is a dispute within a file that could not be read, as amid a merge: `resolve` is next, not this.
    let unread = |it: &Finding| {
        it.code == Code::Concurrent
            && old.findings.iter().any(|was| was.place == file_of(&it.place))
    };
    let worse = new.findings.iter().find(|it| {
        it.severity >= Severity::Invalid
            && !known.contains(&(it.code, file_of(&it.place)))
            && !unread(it)
    });
    worse.map_or(Ok(()), |finding| Err(DeedError::Refused(finding.clone().into())))
}

fn file_of(place: &str) -> &str {
    place.split([':', ' ']).next().unwrap_or(place)
}

/// What is to be put back; nothing said means all.
struct Named {
    all: bool,
    paths: BTreeSet<RepoPath>,
    items: BTreeSet<(RepoPath, KeyPath)>,
    env: Option<EnvName>,
}

impl Named {
    fn takes(&self, address: &Address) -> bool {
        self.env.as_ref().is_none_or(|env| address.env == *env)
            && (self.all
                || self.paths.contains(&address.path)
                || self.items.contains(&(address.path.clone(), address.key.clone())))
    }

    /// Tells whether all of a file is meant, and not some of its values.
    fn takes_all_of(&self, path: &RepoPath) -> bool {
        self.all || self.paths.contains(path)
    }
}

fn named(place: &Place<'_>, state: &State, plan: &Plan) -> Result<Named, DeedError> {
    let policy = state.record.policy().ok_or_else(|| unbelieved(&state.record))?;
    let mut named = Named {
        all: plan.named.is_empty(),
        paths: BTreeSet::new(),
        items: BTreeSet::new(),
        env: plan.env.clone(),
    };
    let signed = state.record.signed(None);
    for text in &plan.named {
        let path = place.checkout.repo_path(Path::new(text)).ok();
        match path.filter(|path| policy.environment_of(path).is_some()) {
            Some(path) => {
                named.paths.insert(path);
            }
            None => value(policy, &signed, text, &mut named)?,
        }
    }
    Ok(named)
}

fn value(
    policy: &Policy,
    signed: &BTreeMap<Address, Live<'_>>,
    text: &str,
    named: &mut Named,
) -> Result<(), DeedError> {
    let query = AddressQuery::parse(text, named.env.as_ref())?;
    if !policy.environments.contains_key(&query.env) {
        let known = policy.environments.keys().cloned().collect();
        return Err(DeedError::NoEnvironment { env: query.env, known });
    }
    for target in &query.targets {
        let meant = |address: &&Address| {
            address.env == query.env
                && match target {
                    Target::Key(key) => address.key == key.item(),
                    Target::InFile(path, key) => address.path == *path && address.key == key.item(),
                    Target::File(path) => address.path == *path,
                }
        };
        let found: Vec<_> = signed.keys().filter(meant).collect();
        match (target, found.as_slice()) {
            (_, []) => {}
            (Target::File(path), _) => {
                named.paths.insert(path.clone());
                return Ok(());
            }
            (_, [one]) => {
                named.items.insert((one.path.clone(), one.key.clone()));
                return Ok(());
            }
            (_, several) => {
                return Err(DeedError::Ambiguous {
                    env: query.env.clone(),
                    text: text.to_owned(),
                    found: several.iter().map(|address| (*address).clone()).collect(),
                });
            }
        }
    }
    Err(DeedError::NoSecret { env: query.env, text: text.to_owned(), nearest: None })
}
