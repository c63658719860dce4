//! What this clone trusts: the root of the log, as it was said, pinned, or asked for once.

use jiff::Timestamp;

use super::DeedError;
use super::load::Place;
use crate::finding::Severity;
use crate::names::{EntryId, MemberName};
use crate::verify::{Record, Trust};
use crate::world::terminal::Terminal;
use crate::world::{World, Writes};

pub(super) const PIN: &str = "pin";

/// The sentence that goes with every first trust. Threats, section 4, number 3.
pub const FIRST_CLONE: &str =
    "A host can show a first clone an old state; compare root and heads over another channel.";

/// Where trust in a root comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--root`.
    Said,
    /// `TENURE_ROOT`.
    Variable,
    /// The pin of this clone.
    Pin,
    /// The pin, made just now because a person said yes.
    FirstUse,
}

/// Who began a log, and when, as the first entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The id of the first entry.
    pub root: EntryId,
    /// Its signer.
    pub by: MemberName,
    /// The fingerprint of the key that signed it.
    pub key: Option<String>,
    /// Its claimed time.
    pub time: Timestamp,
}

/// What a log starts with and ends with, and what is trusted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusting {
    /// How the log begins; none where no first entry holds.
    pub beginning: Option<Beginning>,
    /// The root that is trusted, and why.
    pub trusted: Option<(EntryId, Origin)>,
    /// What is pinned in this clone.
    pub pinned: Option<EntryId>,
    /// The newest entries.
    pub heads: Vec<EntryId>,
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
    /// The gravest thing wrong with log and policy.
    pub gravest: Option<Severity>,
}

/// Shows what is trusted; asks a person, where nothing is yet.
///
/// # Errors
/// [`DeedError::RootsDiffer`] and what keeps the log from being read; [`DeedError::NoPolicy`] where there
/// is no log at all.
pub fn show(world: &World) -> Result<Trusting, DeedError> {
    let place = Place::find(world)?;
    let before = place.origin()?;
    let trust = place.trusted_or_asked()?;
    let _steady = place.steady()?;
    let record = Record::judge(&place.log_evidence()?, trust, world.now);
    if record.entries.is_empty() {
        return Err(DeedError::NoPolicy);
    }
    Ok(Trusting {
        beginning: Beginning::of(&record),
        trusted: trust.map(|trust| (trust.root, before.unwrap_or(Origin::FirstUse))),
        pinned: place.pin()?,
        heads: record.dag.heads().to_vec(),
        entries: (record.holding(), record.entries.len()),
        gravest: record.findings.iter().map(|finding| finding.severity).max(),
    })
}

impl Beginning {
    fn of(record: &Record) -> Option<Self> {
        let root = record.root()?;
        let signed = &record.entries[record.dag.index(&root)?];
        let key = signed.signature.key();
        Some(Self {
            root,
            by: signed.entry.by.clone(),
            key: key.map(|key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string()),
            time: signed.entry.time,
        })
    }
}

impl Place<'_> {
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

    /// As [`Place::trusted`]; where nothing is, a person is asked once, and the answer is pinned.
    ///
    /// `--yes` does not answer this question: it would pin whatever a host shows.
    ///
    /// # Errors
    /// As [`Place::trusted`].
    pub fn trusted_or_asked(&self) -> Result<Option<Trust>, DeedError> {
        let trusted = self.trusted()?;
        if trusted.is_some() || self.world.terminal != Terminal::Person {
            return Ok(trusted);
        }
        let record = {
            let _steady = self.steady()?;
            Record::judge(&self.log_evidence()?, None, self.world.now)
        };
        let Some(beginning) = Beginning::of(&record) else { return Ok(None) };
        self.ask(&beginning)
    }

    fn ask(&self, beginning: &Beginning) -> Result<Option<Trust>, DeedError> {
        let Beginning { root, by, key, time } = beginning;
        let key = key.as_deref().unwrap_or("a key that is not named");
        let terminal = self.world.terminal;
        terminal.say("this clone trusts no root yet: it cannot tell this log from a forged one")?;
        terminal.say(&format!("  root  {root}"))?;
        terminal.say(&format!("        begun by {by} on {time}, with {key}"))?;
        terminal.say(FIRST_CLONE)?;
        if !terminal.confirm("trust this root from now on?")? {
            return Ok(None);
        }
        if self.world.writes == Writes::Real {
            self.set_pin(*root)?;
        }
        Ok(Some(Trust { root: *root }))
    }

    fn origin(&self) -> Result<Option<Origin>, DeedError> {
        let pinned = self.pin()?.map(|_| Origin::Pin);
        let variable = self.world.environment.tenure_root.as_ref().map(|_| Origin::Variable);
        Ok(self.world.root.map(|_| Origin::Said).or(variable).or(pinned))
    }

    /// What this clone has pinned.
    ///
    /// # Errors
    /// [`DeedError::BadPin`] when the file is malformed: it is never taken for "nothing pinned".
    pub fn pin(&self) -> Result<Option<EntryId>, DeedError> {
        let state = self.checkout.shared_state();
        let Some(bytes) = state.read(PIN)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let root = text.strip_prefix("root ").and_then(|rest| rest.strip_suffix('\n'));
        let root = root.and_then(|root| root.parse().ok());
        root.map(Some).ok_or_else(|| DeedError::BadPin { file: state.path(PIN) })
    }

    /// Trusts no root any more, as when its log is taken back.
    ///
    /// # Errors
    /// [`DeedError::World`] when the pin cannot be removed.
    pub fn forget_pin(&self) -> Result<(), DeedError> {
        Ok(self.checkout.shared_state().remove(PIN)?)
    }

    /// Pins a root for this clone.
    ///
    /// # Errors
    /// [`DeedError::World`] when it cannot be written.
    pub fn set_pin(&self, root: EntryId) -> Result<(), DeedError> {
        let line = format!("root {root}\n");
        Ok(self.checkout.shared_state().write(PIN, line.as_bytes())?)
    }
}
