//! Values in clear in a file that the policy wants sealed, as a commit brought it: whatever became of it later.

use super::texts::{Fresh, Judge, Origin};
use super::{Leak, What};
use crate::names::{KeyPath, RepoPath, quoted};
use crate::policy::Policy;
use crate::scan::Level;
use crate::verify;

/// The rule that a value in clear breaks.
const PLAINTEXT: &str = "plaintext";

impl Judge<'_> {
    /// Finds what stands in clear in a managed file.
    pub(super) fn in_clear(&self, origin: Origin<'_>, text: &[u8]) -> Vec<Fresh> {
        let path = std::str::from_utf8(origin.path).ok();
        let path = path.and_then(|path| path.parse::<RepoPath>().ok());
        let Some(path) = path else { return Vec::new() };
        let all = self.policies.iter().copied();
        let owners =
            all.filter_map(|policy: &Policy| Some((policy, policy.environment_of(&path)?)));
        let owners: Vec<_> = owners.collect();
        let Some((_, env)) = owners.first() else { return Vec::new() };
        let is_clear = |key: &_| owners.iter().all(|(policy, env)| policy.is_clear(env, key));
        let found = verify::in_clear(&path, text, &is_clear);
        let shown = self.shown(origin.path);
        let fresh = |(key, at): (Option<_>, usize)| {
            let line = 1 + text[..at].iter().filter(|byte| **byte == b'\n').count();
            let leak = Leak {
                path: shown.clone(),
                line,
                column: 1,
                commit: origin.commit.cloned(),
                rule: PLAINTEXT.to_owned(),
                description: format!("in clear, where {env} wants it sealed:"),
                what: What::Credential,
                level: Level::Block,
                excerpt: key.map_or_else(
                    || "the file".to_owned(),
                    |key: KeyPath| format!("`{}`", self.masked(key.to_string().as_bytes())),
                ),
                fix: format!("tenure seal {}", quoted(&shown)),
                excusable: None,
                passed: None,
            };
            (leak, Some(at..at))
        };
        found.into_iter().map(fresh).collect()
    }
}
