//! Where most deeds begin: reads policy, log, keyrings and sealed files as evidence, and judges it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::memory::{Basis, Memory};
use super::source::{Index, Source};
use super::trust::{Forward, is_clean};
use super::{DeedError, opened};
use crate::names::{EnvName, RepoPath};
use crate::policy::{self, Policy};
use crate::verify::{FileEvidence, LogEvidence, Record, Trust, Verified};
use crate::world::{
    Change, Checkout, Files, Listing, Lock, ObjectId, OddKind, Reading, View, World, Writes,
};

pub(super) const LOG: &str = ".secrets/log";
pub(super) const POLICIES: &str = ".secrets/policies";
const KEYS: &str = ".secrets/keys";

/// A repository that a deed works on.
pub struct Place<'w> {
    /// The world it lies in.
    pub world: &'w World,
    /// Its git side.
    pub checkout: Checkout,
    /// Its files.
    pub files: Files,
    pub(super) source: Source,
    pub(super) memory: Memory,
    pub(super) lock: Option<Lock>,
}

impl<'w> Place<'w> {
    /// Finds the repository, for reading.
    ///
    /// # Errors
    /// [`DeedError::World`] where there is no repository, or a bare one.
    pub fn find(world: &'w World) -> Result<Self, DeedError> {
        let checkout = Checkout::discover(&world.from, &world.environment)?;
        let files = checkout.files()?;
        let source = match world.view.as_ref().and_then(|view| view.commit.as_ref()) {
            Some(commit) => Source::Index(Index::committed(&checkout, commit)?),
            None => Source::WorkTree,
        };
        Ok(Self { world, checkout, files, source, memory: Memory::Used, lock: None })
    }

    /// Finds the repository, for reading what is staged in place of what lies in the work tree.
    ///
    /// # Errors
    /// As [`Place::find`].
    pub fn staged(world: &'w World) -> Result<Self, DeedError> {
        let place = Self::find(world)?;
        let source = Source::Index(Index::of(&place.checkout)?);
        Ok(Self { source, ..place })
    }

    /// Reads what a commit holds from now on, in place of what lies in the work tree.
    ///
    /// # Errors
    /// [`DeedError::World`] when git does not list it.
    pub fn committed(mut self, commit: &ObjectId) -> Result<Self, DeedError> {
        self.source = Source::Index(Index::committed(&self.checkout, commit)?);
        Ok(self)
    }

    /// Finds the repository and takes the right to write; mends what a killed command left half done.
    ///
    /// # Errors
    /// As [`Place::find`], and when another process holds on to that right.
    pub fn to_write(world: &'w World) -> Result<Self, DeedError> {
        let mut place = Self::find(world)?;
        place.lock = Some(place.checkout.lock()?);
        Ok(place)
    }

    /// Writes a change, all or nothing, unless changes are only shown.
    ///
    /// # Errors
    /// [`DeedError::World`]; then every file is as it was.
    ///
    /// # Panics
    /// When the place was found for reading: a deed's mistake, not a user's.
    pub fn commit(&self, change: &Change) -> Result<(), DeedError> {
        let lock = self.lock.as_ref().expect("only a place found to write is written");
        match self.world.writes {
            Writes::Real => Ok(lock.commit(change)?),
            Writes::Dry => Ok(()),
        }
    }

    /// Keeps writers away while several files are read, unless we are the writer, or read the index.
    pub(super) fn steady(&self) -> Result<Option<Reading>, DeedError> {
        let free = self.lock.is_some() || matches!(self.source, Source::Index(_));
        Ok(if free { None } else { Some(self.checkout.reading()?) })
    }

    /// Today in UTC, or the day that is asked about.
    #[must_use]
    pub fn today(&self) -> Date {
        if let Some(view) = &self.world.view {
            return view.day;
        }
        self.world.now.to_zoned(TimeZone::UTC).date()
    }

    /// Reads the policy and the log.
    ///
    /// # Errors
    /// [`DeedError::World`] when something cannot be read.
    pub fn log_evidence(&self) -> Result<LogEvidence, DeedError> {
        let mut evidence = LogEvidence::default();
        evidence.log = self.all_below(LOG, &mut evidence.strays)?;
        let policies = self.policy_evidence()?;
        evidence.strays.extend(policies.strays);
        Ok(LogEvidence { policy: policies.policy, policies: policies.policies, ..evidence })
    }

    /// Reads the policy and all that ever were signed, without the log.
    pub(super) fn policy_evidence(&self) -> Result<LogEvidence, DeedError> {
        let policy = self.read(&policy::PATH.parse()?)?;
        let mut evidence = LogEvidence { policy, ..LogEvidence::default() };
        evidence.policies = self.all_below(POLICIES, &mut evidence.strays)?;
        Ok(evidence)
    }

    fn all_below(
        &self,
        folder: &str,
        odd: &mut Vec<(String, &'static str)>,
    ) -> Result<BTreeMap<String, Vec<u8>>, DeedError> {
        let listing = self.list(folder)?;
        strays(&listing, odd);
        let contents = self.read_each(&listing.files)?;
        let there = listing.files.into_iter().zip(contents);
        Ok(there.filter_map(|(path, bytes)| Some((path.to_string(), bytes?))).collect())
    }

    /// Reads the keyrings and the files that the policy's globs match or the log names, of one
    /// environment or of all.
    ///
    /// # Errors
    /// [`DeedError::World`] when something cannot be read.
    pub fn file_evidence(
        &self,
        record: &Record,
        scope: Option<&EnvName>,
    ) -> Result<FileEvidence, DeedError> {
        let mut evidence = self.keyring_evidence(scope)?;
        evidence.opened = self.opened()?;
        let Some(policy) = record.policy() else { return Ok(evidence) };
        let mut paths = record.named_files(scope);
        for folder in policy.literal_prefixes(scope) {
            let listing = self.list(&folder)?;
            let owned = |path: &RepoPath| {
                let owners = policy.environments_of(path);
                owners.iter().any(|owner| scope.is_none_or(|only| only == *owner))
            };
            let matched =
                listing.odd.iter().filter(|odd| plain(&odd.path).is_some_and(|p| owned(&p)));
            evidence.strays.extend(matched.map(|odd| (odd.path.clone(), why(odd.kind))));
            paths.extend(listing.files.into_iter().filter(owned));
        }
        let odd: BTreeSet<_> = evidence.strays.iter().map(|(path, _)| path.as_str()).collect();
        paths.retain(|path| !odd.contains(path.as_str()));
        evidence.files = self.contents(paths.into_iter().collect())?;
        Ok(evidence)
    }

    /// Reads the keyrings of one environment or of all, and no file.
    fn keyring_evidence(&self, scope: Option<&EnvName>) -> Result<FileEvidence, DeedError> {
        let mut evidence = FileEvidence::default();
        let keys = scope.map_or(KEYS.to_owned(), |env| format!("{KEYS}/{env}"));
        let listing = self.list(&keys)?;
        strays(&listing, &mut evidence.strays);
        evidence.keyrings = self.contents(listing.files)?;
        Ok(evidence)
    }

    /// The sealed bytes that files were opened from. Where they are no longer kept as they were, the file
    /// counts as altered and not as open; what is staged never counts as open.
    fn opened(&self) -> Result<BTreeMap<RepoPath, Vec<u8>>, DeedError> {
        let mut bases = BTreeMap::new();
        if matches!(self.source, Source::Index(_)) {
            return Ok(bases);
        }
        let state = self.checkout.own_state();
        for opened in opened::list(&state)? {
            if let Some(base) = opened::base(&state, &opened)? {
                bases.insert(opened.path, base);
            }
        }
        Ok(bases)
    }

    fn contents(&self, paths: Vec<RepoPath>) -> Result<BTreeMap<RepoPath, Vec<u8>>, DeedError> {
        let contents = self.read_each(&paths)?;
        let there = paths.into_iter().zip(contents);
        Ok(there.filter_map(|(path, bytes)| Some((path, bytes?))).collect())
    }

    /// Judges log and policy by a root that is trusted.
    ///
    /// # Errors
    /// [`DeedError::NoRoot`] where nothing is trusted yet and there is a log.
    fn judge_log(&self, trust: Option<Trust>) -> Result<Judged, DeedError> {
        let (cache, held) = self.remembered();
        let evidence = LogEvidence { held, ..self.log_evidence()? };
        let mut record = Record::judge(&evidence, trust, self.world.now);
        let basis = self.basis(&evidence)?;
        self.remember(cache.as_ref(), evidence.held.clone(), &record);
        if trust.is_none() && !record.entries.is_empty() {
            return Err(DeedError::NoRoot { root: record.root() });
        }
        let forward = match &self.world.view {
            // An older state lacks what this clone has seen: that was asked of the state that is here.
            Some(View { commit: Some(_), .. }) => None,
            Some(View { commit: None, .. }) => {
                self.contained(&mut record, &evidence, trust)?;
                None
            }
            None => self.contained(&mut record, &evidence, trust)?,
        };
        Ok(Judged { record, basis, forward })
    }

    /// Reads and judges log and policy alone.
    ///
    /// # Errors
    /// [`DeedError::NoRoot`] where nothing is trusted yet and there is a log.
    pub fn record(&self) -> Result<Record, DeedError> {
        let trust = self.trusted_or_asked()?;
        let _steady = self.steady()?;
        Ok(self.judge_log(trust)?.record)
    }

    /// Reads and judges all of one environment, or of all environments.
    ///
    /// # Errors
    /// [`DeedError::NoRoot`] where nothing is trusted yet, and those of [`Place::file_evidence`].
    pub fn load(&self, scope: Option<&EnvName>) -> Result<Loaded, DeedError> {
        // Before writers are kept away, since this may wait for a person.
        let trust = self.trusted_or_asked()?;
        let _steady = self.steady()?;
        let Judged { record, basis, forward } = self.judge_log(trust)?;
        if let (Some(policy), Some(env)) = (record.policy(), scope)
            && !policy.environments.contains_key(env)
        {
            let known = policy.environments.keys().cloned().collect();
            return Err(DeedError::NoEnvironment { env: env.clone(), known });
        }
        let files = self.file_evidence(&record, scope)?;
        Ok(Loaded { record, files, scope: scope.cloned(), today: self.today(), basis, forward })
    }

    /// Reads and judges log, policy and keyrings of all environments, and no file: what a change of readers
    /// goes by, however many files there are. The pin stays where it is.
    ///
    /// # Errors
    /// [`DeedError::NoRoot`] where nothing is trusted yet, and [`DeedError::World`].
    pub fn load_readers(&self) -> Result<Readers, DeedError> {
        let trust = self.trusted_or_asked()?;
        let _steady = self.steady()?;
        let record = self.judge_log(trust)?.record;
        Ok(Readers { record, keyrings: self.keyring_evidence(None)? })
    }

    /// As [`Place::load`], of one environment that only the policy can tell.
    ///
    /// # Errors
    /// As [`Place::load`], and those of the choice.
    pub fn load_chosen<T>(
        &self,
        choose: impl FnOnce(&Policy) -> Result<(EnvName, T), DeedError>,
    ) -> Result<(Loaded, T), DeedError> {
        let trust = self.trusted_or_asked()?;
        let _steady = self.steady()?;
        let Judged { record, basis, forward } = self.judge_log(trust)?;
        let (env, chosen) = choose(record.policy().ok_or_else(|| unbelieved(&record))?)?;
        let files = self.file_evidence(&record, Some(&env))?;
        let (scope, today) = (Some(env), self.today());
        Ok((Loaded { record, files, scope, today, basis, forward }, chosen))
    }
}

fn strays(listing: &Listing, into: &mut Vec<(String, &'static str)>) {
    into.extend(listing.odd.iter().map(|odd| (odd.path.clone(), why(odd.kind))));
}

/// The path to ask the policy's patterns about, where the real one has bytes that no path of ours has.
fn plain(path: &str) -> Option<RepoPath> {
    let taken = |c: char| if c.is_control() || matches!(c, '\\' | '#' | '"') { '_' } else { c };
    path.chars().map(taken).collect::<String>().parse().ok()
}

fn why(kind: OddKind) -> &'static str {
    match kind {
        OddKind::Link => "is a symbolic link",
        OddKind::Special => "is no regular file",
        OddKind::Name => "has a name that is not taken here",
        OddKind::Unmerged => "is not merged yet",
    }
}

/// Why there is no policy to believe.
pub(super) fn unbelieved(record: &Record) -> DeedError {
    let gravest = record.findings.iter().max_by_key(|finding| finding.severity);
    gravest.map_or(DeedError::NoPolicy, |finding| DeedError::Refused(finding.clone().into()))
}

/// A log that was judged, and what follows once the files are.
struct Judged {
    record: Record,
    basis: Option<Basis>,
    forward: Option<Forward>,
}

/// A record that was judged, and the keyrings.
pub struct Readers {
    record: Record,
    keyrings: FileEvidence,
}

impl Readers {
    /// Judges the keyrings; what stands is what the log says.
    ///
    /// # Errors
    /// [`DeedError::Refused`] with the gravest finding when there is no policy to believe.
    pub fn judged(&self) -> Result<Verified<'_>, DeedError> {
        let verified = Verified::as_signed(&self.record, &self.keyrings);
        verified.ok_or_else(|| unbelieved(&self.record))
    }
}

/// Evidence that was read, and the record that was judged.
pub struct Loaded {
    /// Log and policy.
    pub record: Record,
    /// Files and keyrings.
    pub files: FileEvidence,
    scope: Option<EnvName>,
    today: Date,
    pub(super) basis: Option<Basis>,
    pub(super) forward: Option<Forward>,
}

impl Loaded {
    /// Reads the files anew as a policy wants them that is not in force. No pin follows from that.
    ///
    /// # Errors
    /// Those of [`Place::file_evidence`].
    pub fn supposing(mut self, place: &Place<'_>, policy: Policy) -> Result<Self, DeedError> {
        self.record.suppose(policy);
        self.forward = None;
        self.files = place.file_evidence(&self.record, self.scope.as_ref())?;
        Ok(self)
    }

    /// Judges the files, whatever is found; where nothing grave is, the pin moves forward.
    ///
    /// # Errors
    /// [`DeedError::Refused`] with the gravest finding when there is no policy to believe.
    pub fn judged(&self) -> Result<Verified<'_>, DeedError> {
        let verified = Verified::judge(&self.record, &self.files, self.scope.as_ref(), self.today)
            .ok_or_else(|| unbelieved(&self.record))?;
        if let Some(forward) = self.forward.as_ref().filter(|_| is_clean(&verified.findings)) {
            forward.take();
        }
        Ok(verified)
    }

    /// Judges the files of an environment; nothing may be found that keeps its values from leaving.
    ///
    /// # Errors
    /// [`DeedError::Refused`] with the gravest finding.
    pub fn verified(&self, env: &EnvName) -> Result<Verified<'_>, DeedError> {
        let verified = self.judged()?;
        unblocked(&verified, env)?;
        Ok(verified)
    }
}

/// Refuses an environment of which anything is found that keeps its values from leaving.
///
/// # Errors
/// [`DeedError::Refused`] with the gravest finding.
pub fn unblocked(verified: &Verified<'_>, env: &EnvName) -> Result<(), DeedError> {
    match verified.refusal(env) {
        Some(finding) => Err(DeedError::Refused(finding.as_refusal().into())),
        None => Ok(()),
    }
}
