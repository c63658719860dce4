//! Files that somebody renamed with git alone: signed under a name that is gone, here under one that nobody
//! signed. Nothing is accepted for that; only the mending is another.

use std::collections::BTreeMap;

use super::disk::read;
use super::{FileEvidence, Verified};
use crate::finding::{Code, Finding};
use crate::log::timeline::{Effect, Settled};
use crate::names::{KeyPath, RepoPath, Sha256, quoted};

impl Verified<'_> {
    /// Names `mv` as what mends the findings about a file and its new name.
    pub(super) fn renames(&mut self, evidence: &FileEvidence) {
        let gone: Vec<RepoPath> = self
            .findings
            .iter()
            .filter(|finding| finding.code == Code::Missing)
            .filter_map(|finding| finding.place.parse().ok())
            .filter(|path| !evidence.files.contains_key(path))
            .collect();
        for old in gone {
            let signed = self.signed_of(&old);
            let env = self.policy.environment_of(&old);
            let same = |path: &&RepoPath| {
                let mine = env.is_some() && self.policy.environment_of(path) == env;
                mine && self.has_none_of(path) && items_of(path, &evidence.files[*path]) == signed
            };
            let Some(new) = evidence.files.keys().find(same).cloned() else { continue };
            let fix = format!("tenure mv {} {}", quoted(&old), quoted(&new));
            let about = |place: &str, path: &RepoPath| {
                let rest = place.strip_prefix(path.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']))
            };
            for finding in &mut self.findings {
                let wrong = matches!(finding.code, Code::Missing | Code::Unattested);
                if wrong && (about(&finding.place, &old) || about(&finding.place, &new)) {
                    finding.fix = Some(fix.clone());
                }
            }
        }
    }

    /// Names what mends a copy of a sealed file: nothing signed names it, so nothing can be put back there.
    pub(super) fn copies(&mut self, evidence: &FileEvidence) {
        let is_about = |finding: &Finding, path: &RepoPath| {
            let rest = finding.place.strip_prefix(path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']))
        };
        let unsigned = |path: &&RepoPath| {
            let mut wrong = self.findings.iter().filter(|it| it.code == Code::Unattested);
            wrong.any(|finding| is_about(finding, path)) && self.has_none_of(path)
        };
        let copies: Vec<_> = evidence.files.keys().filter(unsigned).cloned().collect();
        for copy in copies {
            let (items, env) =
                (items_of(&copy, &evidence.files[&copy]), self.policy.environment_of(&copy));
            let is_source = |path: &&RepoPath| {
                **path != copy
                    && self.policy.environment_of(path) == env
                    && self.signed_of(path) == items
            };
            let Some(old) = evidence.files.keys().find(is_source) else { continue };
            let (old, new) = (quoted(old), quoted(&copy));
            let fix = format!("rm {new}; to give the file that name: tenure mv {old} {new}");
            let mine = self.findings.iter_mut().filter(|finding| is_about(finding, &copy));
            mine.filter(|finding| finding.code == Code::Unattested)
                .for_each(|finding| finding.fix = Some(fix.clone()));
        }
    }

    /// What was signed of a file, by key.
    fn signed_of(&self, path: &RepoPath) -> BTreeMap<KeyPath, Sha256> {
        let mine = self.record.standings().into_iter().filter(|(address, _)| address.path == *path);
        let settled =
            mine.filter_map(|(address, all)| match self.record.settle(&address, &all, None) {
                Settled::One(one) if one.effect == Effect::Sets => {
                    Some((address.key, self.record.item(one).hash?))
                }
                _ => None,
            });
        settled.collect()
    }

    fn has_none_of(&self, path: &RepoPath) -> bool {
        !self.live.keys().any(|address| address.path == *path)
    }
}

fn items_of(path: &RepoPath, bytes: &[u8]) -> BTreeMap<KeyPath, Sha256> {
    let found = read(path, bytes, false).map(|(_, found)| found).unwrap_or_default();
    found.into_iter().map(|(key, disk)| (key, disk.hash)).collect()
}
