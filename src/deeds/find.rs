//! From what a user writes to the address of an item, and from an environment to a file for a new one.

use std::collections::BTreeMap;

use super::DeedError;
use super::load::{Place, unbelieved};
use crate::names::{Address, AddressQuery, EnvName, KeyPath, RepoPath, Target, quoted};
use crate::policy::{self, Glob, Policy};
use crate::verify::{FileForm, Verified};

/// Where a value is: its item, and its place in the file, which may lie inside a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The environment.
    pub env: EnvName,
    /// The file.
    pub path: RepoPath,
    /// The place.
    pub key: KeyPath,
}

impl Found {
    /// The address of the item it belongs to.
    #[must_use]
    pub fn address(&self) -> Address {
        Address { env: self.env.clone(), path: self.path.clone(), key: self.key.item() }
    }
}

/// Finds the one value, or whole file, that a user means.
///
/// # Errors
/// [`DeedError::NoSecret`]; [`DeedError::Ambiguous`] listing where it is.
pub fn value(
    verified: &Verified<'_>,
    query: &AddressQuery,
    text: &str,
) -> Result<Found, DeedError> {
    let mut found: Vec<Found> = Vec::new();
    for target in &query.targets {
        found = matches(verified, &query.env, target);
        if !found.is_empty() {
            break;
        }
    }
    match found.len() {
        1 => {
            let found = found.remove(0);
            sealed_again(verified, &found.path)?;
            Ok(found)
        }
        0 => Err(unknown(verified, &query.env, text)),
        _ => Err(DeedError::Ambiguous {
            env: query.env.clone(),
            text: text.to_owned(),
            found: found.iter().map(Found::address).collect(),
        }),
    }
}

/// Refuses a file that was opened in place: its sealed values are not what its user sees.
///
/// # Errors
/// [`DeedError::Refuse`], until it is sealed again.
pub fn sealed_again(verified: &Verified<'_>, path: &RepoPath) -> Result<(), DeedError> {
    if !verified.open.contains(path) {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("`{path}` is opened in place, and stands in clear"),
        instead: Some(format!("tenure seal {}", quoted(path))),
    })
}

/// Says that nothing has this name, and what has nearly the same.
fn unknown(verified: &Verified<'_>, env: &EnvName, text: &str) -> DeedError {
    let prefix = format!("{env}/");
    let names = Names::of(verified.live.keys());
    let mine = verified.live.keys().filter(|address| address.env == *env);
    let known: Vec<_> = mine.map(|address| names.short(address)).collect();
    let bare = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).to_owned();
    let bares: Vec<_> = known.iter().map(|name| bare(name)).collect();
    let nearest = policy::nearest(&bare(text), bares.iter().map(String::as_str));
    DeedError::NoSecret {
        env: env.clone(),
        text: text.to_owned(),
        nearest: nearest.map(|near| format!("{prefix}{near}")),
    }
}

/// The shortest names by which users can name items.
pub struct Names<'a>(BTreeMap<(&'a EnvName, &'a KeyPath), usize>);

impl<'a> Names<'a> {
    /// Takes all the items among which a name is to be unambiguous.
    pub fn of(all: impl IntoIterator<Item = &'a Address>) -> Self {
        let mut files = BTreeMap::new();
        for address in all {
            *files.entry((&address.env, &address.key)).or_default() += 1;
        }
        Self(files)
    }

    /// `ENV/KEY` where one file of the environment has the key, `ENV/PATH` for a whole file, else
    /// `ENV/PATH#KEY`.
    #[must_use]
    pub fn short(&self, address: &Address) -> String {
        let Address { env, path, key } = address;
        match self.0.get(&(env, key)) {
            _ if *key == KeyPath::Whole => format!("{env}/{path}"),
            Some(1) => format!("{env}/{key}"),
            _ => address.to_string(),
        }
    }
}

/// The environment that is named, or else the only one there is; never `prod` unless it is named.
///
/// # Errors
/// [`DeedError::WhichEnvironment`] listing them; those of [`Place::record`].
pub fn environment(place: &Place<'_>, named: Option<&EnvName>) -> Result<EnvName, DeedError> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let record = place.record()?;
    let policy = record.policy().ok_or_else(|| unbelieved(&record))?;
    let mut known: Vec<_> = policy.environments.keys().cloned().collect();
    match known.as_slice() {
        [only] if only.as_str() != "prod" => Ok(known.remove(0)),
        _ => Err(DeedError::WhichEnvironment { known }),
    }
}

fn matches(verified: &Verified<'_>, env: &EnvName, target: &Target) -> Vec<Found> {
    let files = verified.files.iter().filter(|(_, file)| file.env == *env);
    let has = |form: &FileForm<'_>, key: &KeyPath| match form {
        FileForm::Values(document) => document.leaf(key).is_some(),
        FileForm::Whole => *key == KeyPath::Whole,
    };
    let found = |path: &RepoPath, key: &KeyPath| Found {
        env: env.clone(),
        path: path.clone(),
        key: key.clone(),
    };
    match target {
        Target::Key(key) => files
            .filter(|(_, file)| has(&file.form, key))
            .map(|(path, _)| found(path, key))
            .collect(),
        Target::InFile(wanted, key) => files
            .filter(|(path, file)| *path == wanted && has(&file.form, key))
            .map(|(path, _)| found(path, key))
            .collect(),
        Target::File(wanted) => files
            .filter(|(path, file)| *path == wanted && matches!(file.form, FileForm::Whole))
            .map(|(path, _)| found(path, &KeyPath::Whole))
            .collect(),
    }
}

/// Finds the place for a value that may be new: where it is, or the one file it can go to.
///
/// # Errors
/// [`DeedError::Ambiguous`] when several files have it; [`DeedError::Refuse`] when several could take it.
pub fn place(
    verified: &Verified<'_>,
    query: &AddressQuery,
    text: &str,
) -> Result<Found, DeedError> {
    match value(verified, query, text) {
        Err(DeedError::NoSecret { .. }) => {}
        other => return other,
    }
    let env = &query.env;
    let found = |path, key: &KeyPath| Found { env: env.clone(), path, key: key.clone() };
    let managed = |path: &RepoPath| verified.policy.environment_of(path) == Some(env);
    for target in &query.targets {
        match target {
            Target::InFile(path, key) if managed(path) => return Ok(found(path.clone(), key)),
            Target::Key(key) => return Ok(found(file_for_new(verified, env)?, key)),
            Target::File(path) if managed(path) => {
                return Ok(found(path.clone(), &KeyPath::Whole));
            }
            Target::InFile(..) | Target::File(_) => {}
        }
    }
    Err(unknown(verified, env, text))
}

fn file_for_new(verified: &Verified<'_>, env: &EnvName) -> Result<RepoPath, DeedError> {
    let mine = verified.files.iter().filter(|(_, file)| file.env == *env);
    let by_value: Vec<_> = mine
        .filter(|(_, file)| matches!(file.form, FileForm::Values(_)))
        .map(|(path, _)| path.clone())
        .collect();
    match by_value.as_slice() {
        [one] => Ok(one.clone()),
        [] => first_file(verified.policy, env).ok_or_else(|| DeedError::Refuse {
            what: format!("no pattern of {env} says where a new file should lie"),
            instead: Some(format!("name the file: {env}/PATH#KEY")),
        }),
        several => {
            let names: Vec<_> = several.iter().map(RepoPath::as_str).collect();
            Err(DeedError::Refuse {
                what: format!("{env} has several files: {}", names.join(", ")),
                instead: Some(format!("name the file: {env}/{}#KEY", names[0])),
            })
        }
    }
}

/// The file that an environment's patterns suggest first, such as `secrets/prod.env`.
#[must_use]
pub fn first_file(policy: &Policy, env: &EnvName) -> Option<RepoPath> {
    let globs = &policy.environments.get(env)?.files;
    let suggest = |glob: &Glob| {
        let text = glob.as_str();
        let path = if let Some(stem) = text.strip_suffix(".*") {
            format!("{stem}.env")
        } else if let Some(folder) = text.strip_suffix("/**") {
            format!("{folder}/{env}.env")
        } else {
            text.to_owned()
        };
        path.parse().ok().filter(|path| glob.takes(path))
    };
    globs.iter().find_map(suggest)
}
