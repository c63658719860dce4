//! What this clone trusts: the root of the log, as it was said, pinned, or asked for once.

pub mod accept;
mod demands;
mod history;
mod pin;
mod seen;
mod staged;
mod walked;

pub use pin::{Mark, Pin};
pub use seen::{Forward, Tip};

use jiff::Timestamp;

use super::DeedError;
use super::load::Place;
use super::memory::Memory;
use crate::finding::{Code, Finding, Severity};
use crate::names::{EntryId, MemberName};
use crate::verify::{LogEvidence, Record, Trust};
use crate::world::terminal::Terminal;
use crate::world::{Demands, World, Writes};

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
    pub pinned: Option<Pin>,
    /// The number of the policy in force.
    pub policy: Option<u32>,
    /// The newest entries.
    pub heads: Vec<EntryId>,
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
    /// How many entries the pin does not contain yet.
    pub beyond: usize,
    /// What is wrong with log, policy and pin.
    pub findings: Vec<Finding>,
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
    let evidence = place.log_evidence()?;
    let mut record = Record::judge(&evidence, trust, world.now);
    if record.entries.is_empty() {
        return Err(DeedError::NoPolicy);
    }
    let place = place.forgetful();
    place.contained(&mut record, &evidence, trust)?;
    let pinned = place.pinned()?;
    Ok(Trusting {
        beginning: Beginning::of(&record),
        trusted: trust.map(|trust| (trust.root, before.unwrap_or(Origin::FirstUse))),
        beyond: beyond(&record, pinned.as_ref()),
        pinned,
        policy: record.chain.current().map(|step| step.seq),
        heads: record.dag.heads().to_vec(),
        entries: (record.holding(), record.entries.len()),
        findings: record.findings,
    })
}

/// Counts the entries that no pinned one is, or comes after.
fn beyond(record: &Record, pinned: Option<&Pin>) -> usize {
    let heads = pinned.and_then(|pin| pin.mark.as_ref()).map(|mark| mark.heads.as_slice());
    let heads: Vec<_> =
        heads.unwrap_or_default().iter().filter_map(|id| record.dag.index(id)).collect();
    let inside =
        |at: usize| heads.iter().any(|head| *head == at || record.dag.is_ancestor(at, *head));
    (0..record.entries.len()).filter(|at| !inside(*at)).count()
}

/// Tells whether nothing was found that keeps the pin where it is.
pub(super) fn is_clean(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity < Severity::Invalid)
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

    /// The root that this clone has pinned.
    ///
    /// # Errors
    /// As [`Place::pinned`].
    pub fn pin(&self) -> Result<Option<EntryId>, DeedError> {
        Ok(self.pinned()?.map(|pin| pin.root))
    }

    /// What this clone has pinned.
    ///
    /// # Errors
    /// [`DeedError::BadPin`] when the file is malformed: it is never taken for "nothing pinned".
    pub fn pinned(&self) -> Result<Option<Pin>, DeedError> {
        let state = self.checkout.shared_state();
        let Some(bytes) = state.read(PIN)? else { return Ok(None) };
        let pin = std::str::from_utf8(&bytes).ok().and_then(Pin::parse);
        pin.map(Some).ok_or_else(|| DeedError::BadPin { file: state.path(PIN) })
    }

    /// Trusts no root any more, as when its log is taken back.
    ///
    /// # Errors
    /// [`DeedError::World`] when the pin cannot be removed.
    pub fn forget_pin(&self) -> Result<(), DeedError> {
        Ok(self.checkout.shared_state().remove(PIN)?)
    }

    /// Pins a root for this clone, of which nothing was seen yet.
    ///
    /// # Errors
    /// [`DeedError::World`] when it cannot be written.
    pub fn set_pin(&self, root: EntryId) -> Result<(), DeedError> {
        self.put_pin(&Pin::of(root))
    }

    fn put_pin(&self, pin: &Pin) -> Result<(), DeedError> {
        Ok(self.checkout.shared_state().write(PIN, pin.to_string().as_bytes())?)
    }

    /// Check 10: what this clone has seen is in the log that was judged, and on the protected branch.
    ///
    /// Gives the step that the pin takes once files and keyrings are verified too. An old state is read with
    /// a note, and never written.
    ///
    /// # Errors
    /// [`DeedError::Refused`] for a write to an old state; [`DeedError::BadPin`]; [`DeedError::World`].
    pub(super) fn contained(
        &self,
        record: &mut Record,
        evidence: &LogEvidence,
        trust: Option<Trust>,
    ) -> Result<Option<Forward>, DeedError> {
        let demanded = self.demanded(record, evidence, trust)?;
        record.findings.extend(demanded);
        let Some(trust) = trust else { return Ok(None) };
        let pin = self.pinned()?;
        let mark = pin.as_ref().and_then(|pin| pin.mark.as_ref());
        let tip = match &pin {
            Some(_) => self.protected(mark)?,
            None => None,
        };
        if let Some(mark) = mark {
            let here = |id: &EntryId| record.dag.index(id).is_some();
            let found = self.compare(mark, tip.as_ref(), &here)?;
            record.findings.extend(found);
        }
        record.findings.extend(self.history(evidence, trust)?);
        self.old_state(record)?;
        match pin {
            Some(pin) if is_clean(&record.findings) => self.forward(&pin, tip.as_ref(), record),
            Some(_) | None => Ok(None),
        }
    }

    /// Check 10 by the names of the entries alone, as lines: tells whether nothing is to be said, and
    /// nothing to be done, about them.
    ///
    /// # Errors
    /// [`DeedError::BadPin`]; [`DeedError::World`].
    pub(super) fn is_contained(&self, names: &str, trust: Trust) -> Result<bool, DeedError> {
        let demands = self.world.environment.tenure_min_policy.is_some();
        if demands || self.world.demands != Demands::default() {
            return Ok(false);
        }
        let present = history::Present::of(names.lines());
        if let Some(pin) = self.pinned()? {
            let Some(mark) = &pin.mark else { return Ok(false) };
            let tip = self.protected(Some(mark))?;
            let same = |tip: Tip| tip.commit == mark.commit && tip.branch == mark.branch;
            let here = |head: &EntryId| present.contains(history::short_of(head));
            if !tip.is_some_and(same) || !mark.heads.iter().all(here) {
                return Ok(false);
            }
        }
        self.history_is_here(&present, trust)
    }

    /// Says that a state is old, or refuses to write to it.
    fn old_state(&self, record: &Record) -> Result<(), DeedError> {
        let old = record.findings.iter().find(|finding| finding.code == Code::Behind);
        let Some(old) = old.cloned() else { return Ok(()) };
        let graver = record.findings.iter().any(|finding| finding.severity == Severity::Breach);
        if self.lock.is_some() && !graver {
            return Err(DeedError::Refused(Finding { severity: Severity::Invalid, ..old }.into()));
        }
        // `check`, which remembers nothing, shows it among its findings.
        if self.memory == Memory::Used {
            self.world.note(&old.message)?;
        }
        Ok(())
    }
}
