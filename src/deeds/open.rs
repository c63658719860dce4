//! Opens a whole file: for stdout, into another file, or in place.

use std::path::{Path, PathBuf};

use super::find::sealed_again;
use super::load::Place;
use super::ring::Ring;
use super::{DeedError, opened};
use crate::names::{EnvName, RepoPath};
use crate::policy::Policy;
use crate::secret::Plaintext;
use crate::verify::Verified;
use crate::world::{Change, Mode, World, WorldError, Writes, write_whole};

/// Which file is meant.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// A path as the user sees it, or `ENV/PATH`.
    pub text: &'a str,
    /// The environment, where it is said apart.
    pub env: Option<&'a EnvName>,
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its environment.
    pub env: EnvName,
    /// Its path.
    pub path: RepoPath,
    /// Where its clear text stands now.
    pub to: PathBuf,
    /// Whether git would take the clear text into the next commit.
    pub in_sight_of_git: bool,
}

/// Gives the clear text of a file.
///
/// # Errors
/// [`DeedError::NotManaged`], [`DeedError::NoFile`]; [`DeedError::Refused`] where anything is wrong with
/// its environment; [`DeedError::NoKey`].
pub fn text(world: &World, wanted: Wanted<'_>) -> Result<(RepoPath, Plaintext), DeedError> {
    let place = Place::find(world)?;
    let (_, path, text) = open(&place, wanted, |_, _| Ok(()))?;
    Ok((path, text))
}

/// Opens a file into another one, for its owner alone.
///
/// # Errors
/// As [`text`]; [`DeedError::Refuse`] where the other file is itself to be sealed, or is ours.
pub fn into_file(world: &World, wanted: Wanted<'_>, target: &Path) -> Result<Opened, DeedError> {
    let place = Place::to_write(world)?;
    let inside = match place.checkout.repo_path(target) {
        Ok(path) => Some(path),
        Err(WorldError::Outside { .. }) if place.checkout.is_inside(target) => {
            return Err(no_place_in_clear(target.display()));
        }
        Err(WorldError::Outside { .. }) => None,
        Err(other) => return Err(other.into()),
    };
    let check = |policy: &Policy, source: &RepoPath| match &inside {
        Some(path) => may_stand_in_clear(policy, path, source),
        None => Ok(()),
    };
    let (env, path, text) = open(&place, wanted, check)?;
    let to = world.from.join(target);
    let in_sight_of_git = match &inside {
        Some(inside) => {
            let mut change = Change::new();
            change.put(inside.clone(), text.expose().to_vec(), Mode::Private);
            place.commit(&change)?;
            !place.checkout.is_ignored(inside)?
        }
        None if world.writes == Writes::Real => {
            write_whole(&to, text.expose(), Mode::Private)?;
            false
        }
        None => false,
    };
    Ok(Opened { env, path, to, in_sight_of_git })
}

/// Puts a file's clear text in its own place, until it is sealed again.
///
/// What it was opened from is remembered first: a file that stands there still sealed is simply not open.
///
/// # Errors
/// As [`text`].
pub fn in_place(world: &World, wanted: Wanted<'_>) -> Result<Opened, DeedError> {
    let place = Place::to_write(world)?;
    let mut sealed = Vec::new();
    let mut entries = Vec::new();
    let (env, path, text) = open_verified(&place, wanted, |verified, path| {
        sealed = verified.files.get(path).map(|file| file.bytes.to_vec()).unwrap_or_default();
        let mine = verified.live.iter().filter(|(address, _)| address.path == *path);
        entries.extend(mine.map(|(_, live)| verified.record.entries[live.entry].id));
        Ok(())
    })?;
    entries.sort();
    entries.dedup();
    let mut change = Change::new();
    change.based_on(path.clone(), Some(&sealed));
    change.put(path.clone(), text.expose().to_vec(), Mode::Private);
    let state = place.checkout.own_state();
    if world.writes == Writes::Real {
        opened::add(&state, &path, &sealed, entries)?;
    }
    if let Err(why) = place.commit(&change) {
        opened::close(&state, &[&path])?;
        return Err(why);
    }
    let to = place.checkout.root.join(path.as_str());
    Ok(Opened { env, path, to, in_sight_of_git: true })
}

type Clear = (EnvName, RepoPath, Plaintext);

fn open(
    place: &Place<'_>,
    wanted: Wanted<'_>,
    check: impl FnOnce(&Policy, &RepoPath) -> Result<(), DeedError>,
) -> Result<Clear, DeedError> {
    open_verified(place, wanted, |verified, path| check(verified.policy, path))
}

fn open_verified(
    place: &Place<'_>,
    wanted: Wanted<'_>,
    check: impl FnOnce(&Verified<'_>, &RepoPath) -> Result<(), DeedError>,
) -> Result<Clear, DeedError> {
    let (loaded, (env, path)) = place.to_read_chosen(|policy| {
        let (env, path) = managed(place, policy, wanted)?;
        Ok((env.clone(), (env, path)))
    })?;
    let verified = loaded.verified(&env)?;
    sealed_again(&verified, &path)?;
    if !verified.files.contains_key(&path) {
        return Err(DeedError::NoFile(path));
    }
    check(&verified, &path)?;
    let ring = Ring::open(place.world, &verified, &env)?;
    let text = ring.open_file(&verified, &path)?;
    Ok((env, path, text))
}

/// Finds the file that a user means, and its environment.
fn managed(
    place: &Place<'_>,
    policy: &Policy,
    wanted: Wanted<'_>,
) -> Result<(EnvName, RepoPath), DeedError> {
    let as_path = place.checkout.repo_path(Path::new(wanted.text));
    let of_env = wanted.text.split_once('/').and_then(|(env, path)| {
        let env: EnvName = env.parse().ok()?;
        Some((env, path.parse::<RepoPath>().ok()?))
    });
    let from_root = wanted.text.parse::<RepoPath>().ok();
    let readings = [as_path.as_ref().ok().cloned(), from_root].into_iter().flatten();
    for path in readings {
        if let Some(env) = policy.environment_of(&path)
            && wanted.env.is_none_or(|named| named == env)
        {
            return Ok((env.clone(), path));
        }
    }
    match of_env {
        Some((env, path))
            if policy.environment_of(&path) == Some(&env)
                && wanted.env.is_none_or(|named| *named == env) =>
        {
            Ok((env, path))
        }
        _ => Err(DeedError::NotManaged(as_path?)),
    }
}

/// Refuses to put a clear text where a sealed file belongs, or among our own files.
fn may_stand_in_clear(
    policy: &Policy,
    target: &RepoPath,
    source: &RepoPath,
) -> Result<(), DeedError> {
    let ours = target.as_str().starts_with(".secrets") || target.as_str().starts_with(".git/");
    if target == source {
        return Err(DeedError::Refuse {
            what: format!("`{target}` is the sealed file itself"),
            instead: Some(format!("tenure open --in-place {target}")),
        });
    }
    if ours || !policy.environments_of(target).is_empty() {
        return Err(no_place_in_clear(target));
    }
    Ok(())
}

fn no_place_in_clear(target: impl std::fmt::Display) -> DeedError {
    DeedError::Refuse {
        what: format!("`{target}` is a place for sealed files, or of git, and not for clear text"),
        instead: Some("name another file, best outside of the repository".to_owned()),
    }
}
