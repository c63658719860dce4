//! Files that were opened in place: they stand in clear, and are judged by what they were opened from.

use std::collections::BTreeMap;

use super::verdicts::breach;
use super::{FileEvidence, Verified};
use crate::finding::{Code, Severity};
use crate::log::timeline::Standing;
use crate::names::{EnvName, KeyPath, RepoPath, quoted};

impl<'e> Verified<'e> {
    /// Judges a file by what lies there; where that does not hold and the file was opened in place, by
    /// the sealed bytes that it was opened from.
    ///
    /// Values that others changed since do not hold then, and are told with the one finding `open`.
    pub(super) fn sealed_or_open(
        &mut self,
        env: &EnvName,
        path: &RepoPath,
        evidence: &'e FileEvidence,
        signed: &BTreeMap<&KeyPath, &[Standing]>,
    ) {
        let known = self.findings.len();
        let bytes = evidence.files.get(path).map(Vec::as_slice);
        self.file(env, path, bytes, signed);
        let base = evidence.opened.get(path).filter(|_| bytes.is_some());
        let Some(base) = base.filter(|_| self.findings.len() > known) else { return };
        self.findings.truncate(known);
        self.live.retain(|address, _| address.path != *path);
        self.disputes.retain(|address, _| address.path != *path);
        self.files.remove(path);
        self.file(env, path, Some(base), signed);
        let message = match self.findings.len() - known {
            0 => "this file is opened in place, and stands in clear".to_owned(),
            stale => format!(
                "this file is opened in place, and others changed {stale} of its values since"
            ),
        };
        self.findings.truncate(known);
        self.disputes.retain(|address, _| address.path != *path);
        let finding = breach(Code::Open, path.as_str(), message).in_env(env);
        self.findings
            .push(finding.graded(Severity::Found).fix(format!("tenure seal {}", quoted(path))));
        self.open.insert(path.clone());
    }
}
