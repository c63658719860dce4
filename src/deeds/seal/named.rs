//! What the user named to be sealed: files, or single values of them.

use std::collections::BTreeSet;
use std::path::Path;

use super::form::Form;
use crate::deeds::DeedError;
use crate::deeds::load::{Loaded, Place};
use crate::names::{Address, AddressQuery, EnvName, KeyPath, RepoPath, Target};
use crate::policy::Policy;

/// Files and values that the user named; nothing means all.
#[derive(Default)]
pub(super) struct Named {
    paths: BTreeSet<RepoPath>,
    values: BTreeSet<(RepoPath, KeyPath)>,
}

impl Named {
    /// Finds what each text means.
    ///
    /// # Errors
    /// [`DeedError::NotManaged`], [`DeedError::NoFile`], [`DeedError::NoSecret`], [`DeedError::Ambiguous`].
    pub(super) fn find(
        place: &Place<'_>,
        loaded: &Loaded,
        texts: &[String],
        env: Option<&EnvName>,
    ) -> Result<Self, DeedError> {
        let policy = loaded.record.policy().ok_or(DeedError::NoPolicy)?;
        let mut named = Self::default();
        for text in texts {
            let path = place.checkout.repo_path(Path::new(text)).ok();
            let managed = path.as_ref().is_some_and(|p| policy.environment_of(p).is_some());
            match path {
                Some(path) if managed && loaded.files.files.contains_key(&path) => {
                    named.paths.insert(path);
                }
                path => named.value(loaded, policy, text, (path, env))?,
            }
        }
        Ok(named)
    }

    fn value(
        &mut self,
        loaded: &Loaded,
        policy: &Policy,
        text: &str,
        (path, env): (Option<RepoPath>, Option<&EnvName>),
    ) -> Result<(), DeedError> {
        let query = AddressQuery::parse(text, env);
        let known = |query: &AddressQuery| policy.environments.contains_key(&query.env);
        let query = match (query, path) {
            (Ok(query), _) if known(&query) => query,
            (_, Some(path)) if policy.environment_of(&path).is_some() => {
                return Err(DeedError::NoFile(path));
            }
            (_, Some(path)) => return Err(DeedError::NotManaged(path)),
            (Ok(query), None) => {
                let known = policy.environments.keys().cloned().collect();
                return Err(DeedError::NoEnvironment { env: query.env, known });
            }
            (Err(why), None) => return Err(why.into()),
        };
        let files = loaded.files.files.iter();
        let mut mine = files.filter(|(p, _)| policy.environment_of(p) == Some(&query.env));
        if let Some((path, _)) =
            mine.clone().find(|(p, _)| query.targets.contains(&Target::File((*p).clone())))
        {
            self.paths.insert(path.clone());
            return Ok(());
        }
        let places: Vec<_> = mine.by_ref().filter_map(|(p, bytes)| has(p, bytes, &query)).collect();
        match places.as_slice() {
            [one] => self.values.insert(one.clone()),
            [] => {
                return Err(DeedError::NoSecret {
                    env: query.env,
                    text: text.to_owned(),
                    nearest: None,
                });
            }
            several => {
                let address = |(path, key): &(RepoPath, KeyPath)| Address {
                    env: query.env.clone(),
                    path: path.clone(),
                    key: key.clone(),
                };
                let found = several.iter().map(address).collect();
                return Err(DeedError::Ambiguous {
                    env: query.env.clone(),
                    text: text.to_owned(),
                    found,
                });
            }
        };
        Ok(())
    }

    /// Tells whether a file is to be looked at.
    pub(super) fn takes(&self, path: &RepoPath) -> bool {
        let all = self.paths.is_empty() && self.values.is_empty();
        all || self.has_path(path) || self.values.iter().any(|(of, _)| of == path)
    }

    /// Tells whether the user named this very file.
    pub(super) fn has_path(&self, path: &RepoPath) -> bool {
        self.paths.contains(path)
    }

    /// Tells whether the user named this value, or its file.
    pub(super) fn has(&self, path: &RepoPath, key: &KeyPath) -> bool {
        self.has_path(path) || self.values.contains(&(path.clone(), key.clone()))
    }
}

/// The item of a file that a query means, if the file has it.
fn has(path: &RepoPath, bytes: &[u8], query: &AddressQuery) -> Option<(RepoPath, KeyPath)> {
    let found = Form::of(path, bytes, false).hashes()?;
    let key = query.targets.iter().find_map(|target| match target {
        Target::Key(key) => Some(key.item()).filter(|key| found.contains_key(key)),
        Target::InFile(of, key) if of == path => {
            Some(key.item()).filter(|key| found.contains_key(key))
        }
        Target::InFile(..) | Target::File(_) => None,
    })?;
    Some((path.clone(), key))
}
