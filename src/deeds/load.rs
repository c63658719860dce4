//! Where most deeds begin: reads policy, log, keyrings and sealed files as evidence, and judges it.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::DeedError;
use crate::names::{EntryId, EnvName, RepoPath};
use crate::policy;
use crate::verify::{FileEvidence, LogEvidence, Record, Trust, Verified};
use crate::world::{Change, Checkout, Files, Listing, Lock, OddKind, Reading, World, Writes};

const LOG: &str = ".secrets/log";
const POLICIES: &str = ".secrets/policies";
const KEYS: &str = ".secrets/keys";
const PIN: &str = "pin";

/// A repository that a deed works on.
pub struct Place<'w> {
    /// The world it lies in.
    pub world: &'w World,
    /// Its git side.
    pub checkout: Checkout,
    /// Its files.
    pub files: Files,
    lock: Option<Lock>,
}

impl<'w> Place<'w> {
    /// Finds the repository, for reading.
    ///
    /// # Errors
    /// [`DeedError::World`] where there is no repository, or a bare one.
    pub fn find(world: &'w World) -> Result<Self, DeedError> {
        let checkout = Checkout::discover(&world.from, &world.environment)?;
        let files = checkout.files()?;
        Ok(Self { world, checkout, files, lock: None })
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

    /// Keeps writers away while several files are read, unless we are the writer.
    fn steady(&self) -> Result<Option<Reading>, DeedError> {
        Ok(if self.lock.is_some() { None } else { Some(self.checkout.reading()?) })
    }

    /// The root that is trusted: `--root`, `TENURE_ROOT`, the pin. Two that differ are refused.
    ///
    /// # Errors
    /// [`DeedError::BadRoot`], [`DeedError::RootsDiffer`], [`DeedError::World`].
    pub fn trusted(&self) -> Result<Option<Trust>, DeedError> {
        let said = match (self.world.root, &self.world.environment.tenure_root) {
            (Some(root), _) => Some(root),
            (None, Some(text)) => Some(text.parse().map_err(|_| DeedError::BadRoot)?),
            (None, None) => None,
        };
        let pinned = self.pin()?;
        match (said, pinned) {
            (Some(said), Some(pinned)) if said != pinned => {
                Err(DeedError::RootsDiffer { said, pinned })
            }
            (said, pinned) => Ok(said.or(pinned).map(|root| Trust { root })),
        }
    }

    /// What this clone has pinned.
    ///
    /// # Errors
    /// [`DeedError::BadPin`] when the file is malformed: it is never taken for "nothing pinned".
    pub fn pin(&self) -> Result<Option<EntryId>, DeedError> {
        let Some(bytes) = self.checkout.shared_state().read(PIN)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).map_err(|_| DeedError::BadPin)?;
        let root = text.strip_prefix("root ").and_then(|rest| rest.strip_suffix('\n'));
        root.and_then(|root| root.parse().ok()).map(Some).ok_or(DeedError::BadPin)
    }

    /// Pins a root for this clone.
    ///
    /// # Errors
    /// [`DeedError::World`] when it cannot be written.
    pub fn set_pin(&self, root: EntryId) -> Result<(), DeedError> {
        let line = format!("root {root}\n");
        Ok(self.checkout.shared_state().write(PIN, line.as_bytes())?)
    }

    /// Today in UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        self.world.now.to_zoned(TimeZone::UTC).date()
    }

    /// Reads the policy and the log as they lie in the work tree.
    ///
    /// # Errors
    /// [`DeedError::World`] when something cannot be read.
    pub fn log_evidence(&self) -> Result<LogEvidence, DeedError> {
        let mut evidence = LogEvidence::default();
        let path: RepoPath = policy::PATH.parse()?;
        evidence.policy = self.files.read(&path)?;
        for folder in [LOG, POLICIES] {
            let listing = self.files.list(folder)?;
            strays(&listing, &mut evidence.strays);
            for path in listing.files {
                let Some(bytes) = self.files.read(&path)? else { continue };
                let into = if folder == LOG { &mut evidence.log } else { &mut evidence.policies };
                into.insert(path.to_string(), bytes);
            }
        }
        Ok(evidence)
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
        let mut evidence = FileEvidence::default();
        let keys = scope.map_or(KEYS.to_owned(), |env| format!("{KEYS}/{env}"));
        let listing = self.files.list(&keys)?;
        strays(&listing, &mut evidence.strays);
        for path in listing.files {
            if let Some(bytes) = self.files.read(&path)? {
                evidence.keyrings.insert(path, bytes);
            }
        }
        let Some(policy) = record.policy() else { return Ok(evidence) };
        let mut paths = record.named_files(scope);
        for folder in policy.literal_prefixes(scope) {
            let listing = self.files.list(&folder)?;
            let owned = |path: &RepoPath| {
                let owners = policy.environments_of(path);
                owners.iter().any(|owner| scope.is_none_or(|only| only == *owner))
            };
            let matched =
                listing.odd.iter().filter(|odd| odd.path.parse().is_ok_and(|p| owned(&p)));
            evidence.strays.extend(matched.map(|odd| (odd.path.clone(), why(odd.kind))));
            paths.extend(listing.files.into_iter().filter(owned));
        }
        for path in paths {
            if let Some(bytes) = self.files.read(&path)? {
                evidence.files.insert(path, bytes);
            }
        }
        Ok(evidence)
    }

    /// Reads and judges log and policy, with a root that is trusted; see [`Place::trusted`].
    ///
    /// # Errors
    /// [`DeedError::NoRoot`] where nothing is trusted yet and the policy has environments.
    pub fn record(&self) -> Result<Record, DeedError> {
        let trust = self.trusted()?;
        let evidence = self.log_evidence()?;
        let record = Record::judge(&evidence, trust, self.world.now);
        if trust.is_none() && !record.entries.is_empty() {
            return Err(DeedError::NoRoot { root: record.root() });
        }
        Ok(record)
    }

    /// Reads and judges all of one environment, or of all environments.
    ///
    /// # Errors
    /// Those of [`Place::record`] and [`Place::file_evidence`].
    pub fn load(&self, scope: Option<&EnvName>) -> Result<Loaded, DeedError> {
        let _steady = self.steady()?;
        let record = self.record()?;
        if let (Some(policy), Some(env)) = (record.policy(), scope)
            && !policy.environments.contains_key(env)
        {
            let known = policy.environments.keys().cloned().collect();
            return Err(DeedError::NoEnvironment { env: env.clone(), known });
        }
        let files = self.file_evidence(&record, scope)?;
        Ok(Loaded { record, files, scope: scope.cloned(), today: self.today() })
    }
}

fn strays(listing: &Listing, into: &mut Vec<(String, &'static str)>) {
    into.extend(listing.odd.iter().map(|odd| (odd.path.clone(), why(odd.kind))));
}

fn why(kind: OddKind) -> &'static str {
    match kind {
        OddKind::Link => "is a symbolic link",
        OddKind::Special => "is no regular file",
        OddKind::Name => "has a name that is not taken here",
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
}

impl Loaded {
    /// Judges the files, whatever is found.
    ///
    /// # Errors
    /// [`DeedError::Refused`] with the gravest finding when there is no policy to believe.
    pub fn judged(&self) -> Result<Verified<'_>, DeedError> {
        Verified::judge(&self.record, &self.files, self.scope.as_ref(), self.today).ok_or_else(
            || {
                let gravest = self.record.findings.iter().max_by_key(|finding| finding.severity);
                gravest.map_or(DeedError::NoPolicy, |finding| {
                    DeedError::Refused(finding.clone().into())
                })
            },
        )
    }

    /// Judges the files of an environment; nothing may be found that keeps its values from leaving.
    ///
    /// # Errors
    /// [`DeedError::Refused`] with the gravest finding.
    pub fn verified(&self, env: &EnvName) -> Result<Verified<'_>, DeedError> {
        let verified = self.judged()?;
        match verified.refusal(env) {
            Some(finding) => Err(DeedError::Refused(finding.clone().into())),
            None => Ok(verified),
        }
    }
}
