//! Values in clear in a file that the policy wants sealed, as a commit brought it: whatever became of it later.

use std::collections::HashSet;
use std::io::Read as _;

use zeroize::Zeroizing;

use super::leaks::Places;
use super::{Fresh, Judge, MOST, Origin, Stands, WHOLE};
use crate::deeds::scan::{Leak, MANAGED, What};
use crate::names::{EnvName, RepoPath, Sha256, quoted};
use crate::policy::{Comments, Policy};
use crate::scan::Level;
use crate::verify::InClear;
use crate::world::{Checkout, StagedChange, WorldError};
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

    /// Finds what stands in clear in a managed file, of which all is at hand or the beginning.
    fn in_clear(&self, origin: Origin<'_>, (text, is_all): (&[u8], bool)) -> Vec<Fresh> {
        let Some((env, mut found)) = self.clear_in(origin.path, text, is_all) else {
            return Vec::new();
        };
        found.sort_by_key(|(_, at)| *at);
        let mut places = Places::of(text, 1);
        let shown = self.shown(origin.path);
        let fresh = |(what, at): (InClear, usize)| {
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
                excerpt: match &what {
                    InClear::Value(key, _) => {
                        format!("`{}`", self.masked(key.to_string().as_bytes()))
                    }
                    InClear::Comment(_) => "a comment".to_owned(),
                    InClear::File(_) => "the file".to_owned(),
                },
                fix: format!("tenure seal {}", quoted(&shown)),
                excusable: None,
                passed: None,
            };
            (leak, Stands::InClear(what))
        };
        found.into_iter().take(MOST).map(fresh).collect()
    }

    /// What stands in clear at a path of a text, and the environment that wants it sealed; none where none does. Of a
    /// text of which only the beginning is at hand, all: one that is so long is sealed as a whole.
    fn clear_in(
        &self,
        path: &[u8],
        text: &[u8],
        is_all: bool,
    ) -> Option<(&EnvName, Vec<(InClear, usize)>)> {
        let name = String::from_utf8_lossy(path);
        let all = self.policies.iter().copied();
        let owners =
            all.filter_map(|policy: &Policy| Some((policy, policy.environment_of_name(&name)?)));
        let owners: Vec<_> = owners.collect();
        let (_, env) = owners.first()?;
        let is_clear = |key: &_| owners.iter().all(|(policy, env)| policy.is_clear(env, key));
        let seals = |(policy, env): &(&Policy, &EnvName)| {
            policy.environments.get(*env).is_none_or(|it| it.comments == Comments::Sealed)
        };
        let comments = if owners.iter().any(seals) { Comments::Sealed } else { Comments::Clear };
        // A name that we do not take has no format.
        let path = name.parse::<RepoPath>().ok().filter(|_| is_all);
        let found = match path {
            Some(path) => verify::in_clear(&path, text, &is_clear, comments),
            None if seal::is_whole(text) => Vec::new(),
            None => vec![(InClear::File(Sha256::of(text)), 0)],
        };
        Some((env, found))
    }

    /// Of what stands in clear, what does not stand so in any of some contents that were at its path before. Lines
    /// tell nothing here: where a value begins may be old, and the value new.
    pub(super) fn clear_before(
        &self,
        checkout: &Checkout,
        change: &StagedChange,
    ) -> Result<HashSet<InClear>, WorldError> {
        let mut old = HashSet::new();
        checkout.each_blob_read(&change.before, &mut |_, (size, content)| {
            let mut text = Zeroizing::new(Vec::new());
            let read = content.take(WHOLE as u64).read_to_end(&mut text);
            read.map_err(WorldError::io("read", "a blob"))?;
            let found = self.clear_in(&change.raw, &text, size <= WHOLE as u64);
            old.extend(found.into_iter().flat_map(|(_, found)| found).map(|(what, _)| what));
            Ok(())
        })?;
        Ok(old)
    }
}
