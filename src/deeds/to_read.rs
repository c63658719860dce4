//! Where commands begin that only read: by what this clone remembers of the log, while the log has the
//! very names that it had then. Whoever is refused is refused by the whole log. Decision 20.

use std::cell::OnceCell;

use jiff::civil::Date;

use super::DeedError;
use super::load::{Loaded, Place, unblocked};
use crate::finding::{Code, Severity};
use crate::names::EnvName;
use crate::policy::{self, Policy};
use crate::verify::{FileEvidence, Record, Verified};

/// Evidence to judge for a command that only reads.
pub struct ToRead<'p> {
    place: &'p Place<'p>,
    scope: Option<EnvName>,
    today: Date,
    /// What is remembered of the log, and the files.
    brief: Option<(Record, FileEvidence)>,
    /// What was read, where that does not do.
    whole: OnceCell<Loaded>,
}

impl Place<'_> {
    /// As [`Place::load`], for a command that only reads.
    ///
    /// # Errors
    /// As [`Place::load`].
    pub fn to_read(&self, scope: Option<&EnvName>) -> Result<ToRead<'_>, DeedError> {
        let brief = self.in_brief(scope)?;
        let to_read = ToRead {
            place: self,
            scope: scope.cloned(),
            today: self.today(),
            brief,
            whole: OnceCell::new(),
        };
        if to_read.brief.is_none() {
            to_read.whole()?;
        }
        Ok(to_read)
    }

    /// As [`Place::load_chosen`], for a command that only reads.
    ///
    /// # Errors
    /// As [`Place::load_chosen`].
    pub fn to_read_chosen<T>(
        &self,
        choose: impl Fn(&Policy) -> Result<(EnvName, T), DeedError>,
    ) -> Result<(ToRead<'_>, T), DeedError> {
        // Nobody vouches for this text yet: what is remembered does, if it was judged with this very policy.
        let bytes = self.read(&policy::PATH.parse()?)?.unwrap_or_default();
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let chosen = Policy::parse(text).ok().and_then(|policy| choose(&policy).ok());
        if let Some((env, chosen)) = chosen
            && let Some(brief) = self.in_brief(Some(&env))?
        {
            let (place, today, whole) = (self, self.today(), OnceCell::new());
            let brief = Some(brief);
            return Ok((ToRead { place, scope: Some(env), today, brief, whole }, chosen));
        }
        let mut env = None;
        let (loaded, chosen) = self.load_chosen(|policy| {
            let (of, chosen) = choose(policy)?;
            env = Some(of.clone());
            Ok((of, chosen))
        })?;
        let (place, today, whole) = (self, self.today(), OnceCell::from(loaded));
        Ok((ToRead { place, scope: env, today, brief: None, whole }, chosen))
    }

    fn in_brief(
        &self,
        scope: Option<&EnvName>,
    ) -> Result<Option<(Record, FileEvidence)>, DeedError> {
        let Some(trust) = self.trusted()? else { return Ok(None) };
        let _steady = self.steady()?;
        let Some(record) = self.recall(trust, scope)? else { return Ok(None) };
        let files = self.file_evidence(&record, scope)?;
        Ok(Some((record, files)))
    }
}

impl ToRead<'_> {
    /// Judges the files, whatever is found.
    ///
    /// # Errors
    /// As [`Loaded::judged`], and those of [`Place::load`].
    pub fn judged(&self) -> Result<Verified<'_>, DeedError> {
        if let Some((record, files)) = &self.brief {
            let verified = Verified::judge(record, files, self.scope.as_ref(), self.today);
            if let Some(verified) = verified.filter(is_clear) {
                return Ok(verified);
            }
        }
        let loaded = self.whole()?;
        let verified = loaded.judged()?;
        if is_clear(&verified) {
            self.place.keep(&loaded.record, loaded.basis, self.scope.as_ref());
        }
        Ok(verified)
    }

    /// Judges the files of an environment; nothing may be found that keeps its values from leaving.
    ///
    /// # Errors
    /// As [`Loaded::verified`], and those of [`Place::load`].
    pub fn verified(&self, env: &EnvName) -> Result<Verified<'_>, DeedError> {
        let verified = self.judged()?;
        unblocked(&verified, env)?;
        Ok(verified)
    }

    fn whole(&self) -> Result<&Loaded, DeedError> {
        if self.whole.get().is_none() {
            let loaded = self.place.load(self.scope.as_ref())?;
            let _kept = self.whole.set(loaded);
        }
        Ok(self.whole.get().expect("it was put there just now"))
    }
}

/// Tells whether nothing was found that keeps any value from leaving.
fn is_clear(verified: &Verified<'_>) -> bool {
    let blocks = |code, severity| severity >= Severity::Invalid || code == Code::Plaintext;
    !verified.findings.iter().any(|finding| blocks(finding.code, finding.severity))
}
