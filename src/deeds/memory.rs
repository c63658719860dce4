//! What need not be computed twice in one clone: which signatures of the log hold, and what the log comes
//! to. Design, section 7; decision 20.

use super::DeedError;
use super::load::{LOG, Place};
use super::source::Source;
use super::trust::PIN;
use crate::log::held::Held;
use crate::names::{EnvName, Sha256, Sha256Writer};
use crate::verify::{Brief, LogEvidence, Record, Trust};
use crate::world::{Cache, Remembered, Writes, lines};

const SIGNATURES: &str = "signatures";

/// The names of the log's files, folder by folder. Of one work tree: another has other folders.
const NAMES: &str = "names";

/// A log of so many entries is read in a few milliseconds: each time, to the last byte.
const SMALL: usize = 200;

/// The bytes of a hash.
const HASH: usize = 32;

/// Whether a deed uses what earlier ones found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// It does.
    Used,
    /// It computes all anew.
    Ignored,
}

impl Place<'_> {
    /// Computes everything anew, whatever this clone remembers.
    #[must_use]
    pub fn forgetful(mut self) -> Self {
        self.memory = Memory::Ignored;
        self
    }

    /// The cache and the signatures that it says hold; a cache that is not ours says nothing.
    pub(super) fn remembered(&self) -> (Option<Cache>, Held) {
        let cache = self.cache();
        let bytes = cache.as_ref().and_then(|cache| cache.read(SIGNATURES));
        (cache, bytes.and_then(|bytes| Held::from_bytes(&bytes)).unwrap_or_default())
    }

    /// Adds what was found to hold.
    pub(super) fn remember(&self, cache: Option<&Cache>, mut held: Held, record: &Record) {
        let Some(cache) = cache.filter(|_| self.world.writes == Writes::Real) else { return };
        if record.remember(&mut held) {
            cache.write(SIGNATURES, &held.to_bytes());
        }
    }
}

/// What a brief was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Basis {
    /// The paths of all entries.
    log: Sha256,
    /// The policy and all that ever were signed: paths and bytes.
    policies: Sha256,
    /// What check 10 goes by.
    seen: Sha256,
}

fn policies(evidence: &LogEvidence) -> Sha256 {
    let to = Sha256Writer::default().part(evidence.policy.as_deref().unwrap_or_default());
    let each = evidence.policies.iter();
    each.fold(to, |to, (path, bytes)| to.part(path.as_bytes()).part(bytes)).finish()
}

/// The name under which a brief is kept.
fn state_of(scope: Option<&EnvName>) -> String {
    scope.map_or_else(|| "state".to_owned(), |env| format!("state.{env}"))
}

impl Place<'_> {
    /// What is remembered of the log that lies here, as far as it matters to a scope; none where that is
    /// not all that there is to know.
    pub(super) fn recall(
        &self,
        trust: Trust,
        scope: Option<&EnvName>,
    ) -> Result<Option<Record>, DeedError> {
        if !self.may_recall() {
            return Ok(None);
        }
        let bytes = self.cache().and_then(|cache| cache.read(&state_of(scope)));
        let Some((basis, brief)) = bytes.as_deref().and_then(parts) else { return Ok(None) };
        let Some(names) = self.names()? else { return Ok(None) };
        let evidence = self.policy_evidence()?;
        let same = Sha256::of(names.as_bytes()) == basis.log
            && policies(&evidence) == basis.policies
            && self.seen()? == basis.seen
            && self.is_contained(&names, trust)?;
        if !same || !evidence.strays.is_empty() {
            return Ok(None);
        }
        let brief: Option<Brief> = serde_json::from_slice(brief).ok();
        let brief =
            brief.filter(|it| it.root() == Some(trust.root) && it.is_timely(self.world.now));
        Ok(brief.and_then(|brief| brief.into_record(&evidence.policies)))
    }

    /// The paths of all entries; none where anything else lies among them.
    fn names(&self) -> Result<Option<String>, DeedError> {
        let cache = self.cache();
        let known = cache.as_ref().and_then(|cache| cache.read(NAMES)).unwrap_or_default();
        let Some(names) = self.files.names(LOG, &Remembered::read(&known))? else {
            return Ok(None);
        };
        if let (Some(cache), Some(text)) = (cache, names.to_remember)
            && self.world.writes == Writes::Real
        {
            cache.write(NAMES, text.as_bytes());
        }
        Ok(Some(names.lines))
    }

    /// What this clone remembers, unless it is to be ignored.
    pub(super) fn cache(&self) -> Option<Cache> {
        let used = self.memory == Memory::Used;
        used.then(|| Cache::open(&self.world.environment, self.checkout.shared_state()))?
    }

    /// Keeps what a log comes to, of which nothing was found that keeps values from leaving.
    pub(super) fn keep(&self, record: &Record, basis: Option<Basis>, scope: Option<&EnvName>) {
        let Some(basis) = basis.filter(|_| self.may_recall()) else { return };
        // The pin may have moved since. What the state says of pin and HEAD is asked again with each use.
        let Ok(seen) = self.seen() else { return };
        let basis = Basis { seen, ..basis };
        if self.world.writes != Writes::Real {
            return;
        }
        let Some(cache) = self.cache() else { return };
        let brief = record.brief(scope).and_then(|brief| serde_json::to_vec(&brief).ok());
        if let Some(brief) = brief {
            let basis = [basis.log.0, basis.policies.0, basis.seen.0].concat();
            cache.write(&state_of(scope), &[basis, brief].concat());
        }
    }

    /// The basis of evidence that was read; none where the log is small.
    pub(super) fn basis(&self, evidence: &LogEvidence) -> Result<Option<Basis>, DeedError> {
        if evidence.log.len() <= SMALL {
            return Ok(None);
        }
        let names = lines(evidence.log.keys().map(String::as_str));
        let (log, policies) = (Sha256::of(names.as_bytes()), policies(evidence));
        Ok(Some(Basis { log, policies, seen: self.seen()? }))
    }

    /// What check 10 goes by, beside the log: the pin and HEAD. All that it asks about belongs here, so
    /// that its verdict is asked for again when any of it changes.
    fn seen(&self) -> Result<Sha256, DeedError> {
        let pin = self.checkout.shared_state().read(PIN)?.unwrap_or_default();
        let head = self.checkout.head_commit()?;
        let head = head.as_ref().map_or("", |commit| commit.as_str());
        Ok(Sha256Writer::default().part(&pin).part(head.as_bytes()).finish())
    }

    /// Who writes, or judges what is staged, reads every byte.
    fn may_recall(&self) -> bool {
        self.memory == Memory::Used
            && self.lock.is_none()
            && matches!(self.source, Source::WorkTree)
    }
}

fn parts(bytes: &[u8]) -> Option<(Basis, &[u8])> {
    let (log, rest) = bytes.split_first_chunk::<HASH>()?;
    let (policies, rest) = rest.split_first_chunk::<HASH>()?;
    let (seen, rest) = rest.split_first_chunk::<HASH>()?;
    let [log, policies, seen] = [log, policies, seen].map(|hash| Sha256(*hash));
    Some((Basis { log, policies, seen }, rest))
}
