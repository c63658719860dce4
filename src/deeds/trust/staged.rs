//! Check 10 of what is staged: a commit must not lose what this clone has seen, nor what it merges.

use super::history::path_of;
use super::seen::breach;
use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place};
use crate::finding::{Code, Finding};
use crate::log::name::parse_name;
use crate::names::{EntryId, quoted};
use crate::verify::{LogEvidence, Record, Trust};
use crate::world::{ObjectId, Once};

impl Place<'_> {
    /// Finds the entries that a commit of the index would lose.
    pub(in crate::deeds) fn would_lose(
        &self,
        record: &Record,
        evidence: &LogEvidence,
        trust: Option<Trust>,
    ) -> Result<Vec<Finding>, DeedError> {
        let merged = self.checkout.merge_heads()?;
        let sides: Vec<_> = self.checkout.head_commit()?.into_iter().chain(merged).collect();
        let mut found = Vec::new();
        found.extend(self.would_lose_pinned(record, &sides, trust)?);
        // Of a commit with one parent the staged changes say as much.
        let root = trust.or_else(|| Some(Trust { root: record.root()? }));
        if let Some(root) = root.filter(|_| sides.len() > 1) {
            for side in &sides {
                found.extend(self.would_lose_of(side, evidence, root)?);
            }
        }
        Ok(found)
    }

    fn would_lose_pinned(
        &self,
        record: &Record,
        sides: &[ObjectId],
        trust: Option<Trust>,
    ) -> Result<Option<Finding>, DeedError> {
        let pin = self.pinned()?.filter(|_| trust.is_some());
        let Some(mark) = pin.and_then(|pin| pin.mark) else { return Ok(None) };
        let absent = |id: &&EntryId| record.dag.index(id).is_none();
        let absent: Vec<_> = mark.heads.iter().filter(absent).collect();
        if absent.is_empty() {
            return Ok(None);
        }
        let tip = self.protected(Some(&mark))?;
        for side in sides {
            if self.follows(&mark, tip.as_ref(), Some(side))? {
                return self.rolled_back(&mark, &absent).map(Some);
            }
        }
        Ok(None)
    }

    fn would_lose_of(
        &self,
        side: &ObjectId,
        evidence: &LogEvidence,
        trust: Trust,
    ) -> Result<Vec<Finding>, DeedError> {
        let files = self.checkout.files_in(side, LOG)?.into_iter();
        let lost: Vec<_> = files
            .filter(|file| !evidence.log.contains_key(file.path.as_str()))
            .filter(|file| parse_name(file.path.as_str()).is_some())
            .map(|file| Once {
                name: file.path.as_str()[LOG.len() + 1..].to_owned(),
                id: file.id,
                stood_in: side.clone(),
                gone_in: None,
            })
            .collect();
        let judged = self.judge_each(lost, evidence, trust)?.unwrap_or_default();
        let finding = |(once, id): (Once, EntryId)| {
            let path = path_of(&once);
            let message = "this merge would lose an entry of the log, which only grows";
            let fix = format!("git checkout {} -- {}", side.as_str(), quoted(&path));
            let finding = breach(Code::MissingEntry, path, message.to_owned());
            Finding { entry: Some(id), fix: Some(fix), ..finding }
        };
        Ok(judged.hold.into_iter().map(finding).collect())
    }
}
