//! What a run demands of the log beside its root, where nothing is pinned: CI, in a new clone each time.

use std::collections::HashSet;

use super::history::{path_of, unread};
use super::seen::breach;
use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place};
use crate::finding::{Code, Finding};
use crate::log::name::parse_name;
use crate::names::quoted;
use crate::policy;
use crate::verify::{LogEvidence, Record, Trust};
use crate::world::Once;

/// Threats, section 4, number 4.
const WITHHELD: &str = "A host can also withhold what is new: a removal that nobody sees protects nothing. \
                        Deadlines bound how long.";

impl Place<'_> {
    /// Finds what the run demands and the log does not give.
    pub(super) fn demanded(
        &self,
        record: &Record,
        evidence: &LogEvidence,
        trust: Option<Trust>,
    ) -> Result<Vec<Finding>, DeedError> {
        let mut found = Vec::new();
        found.extend(self.old_policy(record)?);
        found.extend(self.old_entries(record));
        if let Some(base) = &self.world.demands.base {
            found.extend(self.lacks_of(base, evidence, trust)?);
        }
        Ok(found)
    }

    fn old_policy(&self, record: &Record) -> Result<Option<Finding>, DeedError> {
        let variable = self.world.environment.tenure_min_policy.as_ref();
        let variable = variable.map(|text| text.parse::<u32>()).transpose();
        let variable = variable.map_err(|_| DeedError::BadMinPolicy)?;
        let Some(least) = self.world.demands.min_policy.max(variable) else { return Ok(None) };
        let message = match record.chain.current() {
            Some(step) if step.seq >= least => return Ok(None),
            Some(step) => {
                format!("policy {} is in force, and this run wants {least} at least", step.seq)
            }
            None => format!("no policy is in force, and this run wants {least} at least"),
        };
        let finding = breach(Code::Rollback, policy::PATH, message);
        Ok(Some(Finding { fix: Some("git pull".to_owned()), ..finding }))
    }

    fn old_entries(&self, record: &Record) -> Option<Finding> {
        let most = self.world.demands.max_age?;
        let holding = (0..record.entries.len()).filter(|at| record.holds(*at));
        let newest = holding.map(|at| record.entries[at].entry.time).max();
        let message = match newest {
            Some(time) if self.world.now.duration_since(time) <= most => return None,
            Some(time) => {
                format!("the newest entry is of {time}, and may be {most:#} old. {WITHHELD}")
            }
            None => format!("there is no entry, and the newest may be {most:#} old. {WITHHELD}"),
        };
        let finding = breach(Code::Rollback, LOG, message);
        Some(Finding { fix: Some("git pull".to_owned()), ..finding })
    }

    /// The entries of a revision that are not here.
    fn lacks_of(
        &self,
        base: &str,
        evidence: &LogEvidence,
        trust: Option<Trust>,
    ) -> Result<Vec<Finding>, DeedError> {
        let commit = self.checkout.commit_named(base)?.ok_or_else(|| DeedError::Refuse {
            what: format!("`{base}` names no commit that is at hand"),
            instead: Some(match self.checkout.is_shallow() {
                true => "git fetch --unshallow, or fetch-depth: 0 in CI".to_owned(),
                false => "git fetch, or another --base".to_owned(),
            }),
        })?;
        let here: HashSet<_> = evidence.log.keys().map(String::as_str).collect();
        let files = self.checkout.files_in(&commit, LOG)?.into_iter();
        let lost: Vec<_> = files
            .filter(|file| !here.contains(file.path.as_str()))
            .filter(|file| parse_name(file.path.as_str()).is_some())
            .map(|file| Once {
                name: file.path.as_str()[LOG.len() + 1..].to_owned(),
                id: file.id,
                stood_in: commit.clone(),
                gone_in: None,
            })
            .collect();
        let judged = match trust {
            Some(trust) => self.judge_each(lost.clone(), evidence, trust)?,
            None => None,
        };
        let Some(judged) = judged else { return Ok(lost.iter().map(unread).collect()) };
        let lacking = judged.hold.into_iter().map(|(once, id)| {
            let message = format!("`{base}` has this entry, and it is not here");
            let finding = breach(Code::Rollback, path_of(&once), message);
            Finding { entry: Some(id), fix: Some(format!("git merge {}", quoted(base))), ..finding }
        });
        Ok(lacking.collect())
    }
}
