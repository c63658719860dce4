//! Values in clear in a file that the policy wants sealed, as a commit brought it: whatever became of it later.

use super::leaks::Places;
use super::{Fresh, Judge, MOST, Origin};
use crate::deeds::scan::{Leak, MANAGED, What};
use crate::names::{KeyPath, RepoPath, quoted};
use crate::policy::Policy;
use crate::scan::Level;
use crate::{seal, verify};

/// The rule that a value in clear breaks.
const PLAINTEXT: &str = "plaintext";

impl Judge<'_> {
    /// Adds what stands in clear where it must be sealed: what must not stand there at all is told once.
    pub(super) fn and_in_clear(
        &self,
        origin: Origin<'_>,
        mut fresh: Vec<Fresh>,
        text: (&[u8], bool),
    ) -> Vec<Fresh> {
        let in_clear = if self.clear { self.in_clear(origin, text) } else { Vec::new() };
        if !in_clear.is_empty() {
            fresh.retain(|(leak, _)| leak.rule == MANAGED);
            let known: Vec<_> = fresh.iter().map(|(leak, _)| leak.line).collect();
            fresh.extend(in_clear.into_iter().filter(|(leak, _)| !known.contains(&leak.line)));
        }
        fresh.sort_by_key(|(leak, _)| (leak.line, leak.column));
        fresh
    }

    /// Finds what stands in clear in a managed file, of which all is at hand or the beginning: one that is so long is
    /// sealed as a whole.
    fn in_clear(&self, origin: Origin<'_>, (text, is_all): (&[u8], bool)) -> Vec<Fresh> {
        let name = String::from_utf8_lossy(origin.path);
        let all = self.policies.iter().copied();
        let owners =
            all.filter_map(|policy: &Policy| Some((policy, policy.environment_of_name(&name)?)));
        let owners: Vec<_> = owners.collect();
        let Some((_, env)) = owners.first() else { return Vec::new() };
        let is_clear = |key: &_| owners.iter().all(|(policy, env)| policy.is_clear(env, key));
        // A name that we do not take has no format.
        let path = name.parse::<RepoPath>().ok().filter(|_| is_all);
        let mut found = match path {
            Some(path) => verify::in_clear(&path, text, &is_clear),
            None if seal::is_whole(text) => Vec::new(),
            None => vec![(None, 0)],
        };
        found.sort_by_key(|(_, at)| *at);
        let mut places = Places::of(text, 1);
        let shown = self.shown(origin.path);
        let fresh = |(key, at): (Option<_>, usize)| {
            let (line, _) = places.place(at);
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
        found.into_iter().take(MOST).map(fresh).collect()
    }
}
