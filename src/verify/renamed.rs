//! Files that somebody renamed with git alone: signed under a name that is gone, here under one that nobody
//! signed. Nothing is accepted for that; only the mending is another.

use std::collections::BTreeMap;

use super::disk::read;
use super::{FileEvidence, Verified};
use crate::finding::Code;
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
