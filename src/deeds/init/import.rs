//! Seals copies of plain files that lie about, such as `.env`. The originals are never touched.

use super::Plan;
use crate::deeds::DeedError;
use crate::deeds::attest::{Work, attest};
use crate::deeds::enact::agree;
use crate::deeds::load::Place;
use crate::deeds::ring::Ring;
use crate::deeds::sealing::{Sealing, Whole};
use crate::document::Format;
use crate::names::{EnvName, RepoPath};
use crate::secret::Plaintext;
use crate::world::terminal::Terminal;
use crate::world::{Consent, Mode, World, Writes};

/// How the reason of an import's entry begins, by which `--undo` knows it; the plain file follows.
pub(super) const REASON: &str = "imported by init from ";

/// A plain file, and the environment that its values go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The file, as the user gave it.
    pub path: std::path::PathBuf,
    /// The environment.
    pub env: EnvName,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The plain file, which is still there.
    pub from: RepoPath,
    /// The sealed copy.
    pub to: RepoPath,
    /// The environment.
    pub env: EnvName,
    /// How many values it has.
    pub values: usize,
    /// What git knows of the plain file.
    pub exposure: Exposure,
}

/// What git knows of a plain file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Git ignores it.
    Ignored,
    /// Git would have added it; a line in `.gitignore` now keeps it out.
    NowIgnored,
    /// It is tracked, or was: whoever has the history has its values.
    InHistory,
}

/// A plain file that looks like secrets and was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    /// The file.
    pub path: RepoPath,
    /// Where its sealed copy would lie, if that is clear.
    pub target: Option<(EnvName, RepoPath)>,
    /// Whether git ignores it; else the next `git add` takes it along.
    pub ignored: bool,
}

/// Makes sure beforehand that what was asked for can be imported.
pub(super) fn possible(place: &Place<'_>, plan: &Plan) -> Result<(), DeedError> {
    for import in &plan.imports {
        if !plan.environments.contains(&import.env) {
            let known = plan.environments.clone();
            return Err(DeedError::NoEnvironment { env: import.env.clone(), known });
        }
        let from = place.checkout.repo_path(&import.path)?;
        if !place.files.is_file(&from)? {
            return Err(DeedError::NoFile(from));
        }
        free(place, &target(&from, &import.env)?)?;
    }
    Ok(())
}

fn free(place: &Place<'_>, to: &RepoPath) -> Result<(), DeedError> {
    if !place.files.is_file(to)? {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("`{to}` is there already, so nothing is imported to it"),
        instead: Some(format!("move it away, or without --import, then: tenure seal {to}")),
    })
}

/// Where the sealed copy lies: `secrets/ENV.env`, or with the extension of another format.
fn target(from: &RepoPath, env: &EnvName) -> Result<RepoPath, DeedError> {
    let extension = match (Format::of(from), from.file_name().rsplit_once('.')) {
        (Some(Format::Dotenv), _) | (_, None) => "env",
        (_, Some((_, extension))) => extension,
    };
    Ok(format!("secrets/{env}.{extension}").parse()?)
}

/// The files in the root that look like dotenv files with values, and are not imported anyway.
pub(super) fn loose(place: &Place<'_>, plan: &Plan) -> Result<Vec<Loose>, DeedError> {
    let mut named = Vec::new();
    for import in &plan.imports {
        named.push(place.checkout.repo_path(&import.path)?);
    }
    let mut found = Vec::new();
    for path in place.files.list_top()? {
        if !looks_like_dotenv(path.as_str()) || named.contains(&path) {
            continue;
        }
        let env = plan.environments.iter().find(|env| env.as_str() == "dev");
        let target = match env.filter(|_| path.as_str() == ".env") {
            Some(env) => Some((env.clone(), target(&path, env)?)),
            None => None,
        };
        let ignored = place.checkout.is_ignored(&path)?;
        found.push(Loose { path, target, ignored });
    }
    Ok(found)
}

/// Tells `.env`, `.env.local` and `app.env` from examples, which hold no secret.
fn looks_like_dotenv(name: &str) -> bool {
    const EXAMPLES: [&str; 5] = ["example", "sample", "template", "dist", "defaults"];
    let dotenv = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
    dotenv && !EXAMPLES.iter().any(|word| name.contains(word))
}

/// Imports what was asked for, and `.env` where a person says yes; gives what is left lying about.
pub(super) fn all(
    world: &World,
    plan: &Plan,
    loose: Vec<Loose>,
) -> Result<(Vec<Imported>, Vec<Loose>), DeedError> {
    if world.writes == Writes::Dry {
        return Ok((Vec::new(), loose));
    }
    let mut imported = Vec::new();
    for import in &plan.imports {
        let from = Place::find(world)?.checkout.repo_path(&import.path)?;
        let to = target(&from, &import.env)?;
        imported.push(one(world, &from, &to, &import.env)?);
    }
    let mut left = Vec::new();
    for file in loose {
        match file.target.clone() {
            Some((env, to)) if wanted(world, &file.path, &env)? => {
                imported.push(one(world, &file.path, &to, &env)?);
            }
            _ => left.push(file),
        }
    }
    Ok((imported, left))
}

fn wanted(world: &World, path: &RepoPath, env: &EnvName) -> Result<bool, DeedError> {
    if world.consent == Consent::Ask && world.terminal != Terminal::Person {
        return Ok(false);
    }
    let question = format!("found {path}. Seal a copy of it as environment {env}?");
    match agree(world, &question) {
        Ok(()) => Ok(true),
        Err(DeedError::Aborted) => Ok(false),
        Err(other) => Err(other),
    }
}

fn one(
    world: &World,
    from: &RepoPath,
    to: &RepoPath,
    env: &EnvName,
) -> Result<Imported, DeedError> {
    let place = Place::to_write(world)?;
    free(&place, to)?;
    let loaded = place.load(Some(env))?;
    let verified = loaded.verified(env)?;
    let bytes = place.files.read(from)?.ok_or_else(|| DeedError::NoFile(from.clone()))?;
    let clear = Plaintext::from(bytes);
    let ring = Ring::open(world, &verified, env)?;
    let sealing = Sealing { verified: &verified, env, ring: &ring, today: place.today() };
    let sealed = sealing.reseal(to, &clear, &|_| None, Whole::Refused)?;
    let values = sealed.change.items.iter().filter(|item| item.generation.is_some()).count();
    let mut work = Work { reason: Some(format!("{REASON}{from}")), ..Work::default() };
    work.file(sealed.change, sealed.bytes);
    let exposure = keep_out(&place, from, &mut work)?;
    attest(&place, &verified, work)?;
    Ok(Imported { from: from.clone(), to: to.clone(), env: env.clone(), values, exposure })
}

/// Keeps git from adding the plain file, unless it has it already.
fn keep_out(place: &Place<'_>, from: &RepoPath, work: &mut Work) -> Result<Exposure, DeedError> {
    let tracked = place.checkout.index_files()?.iter().any(|file| file.path.as_ref() == Some(from));
    let known = tracked || place.checkout.last_commit_touching(from)?.is_some();
    if !place.checkout.is_ignored(from)? {
        let path: RepoPath = ".gitignore".parse()?;
        let old = place.files.read(&path)?;
        let mut new = old.clone().unwrap_or_default();
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        new.extend(format!("/{from}\n").bytes());
        work.writes.based_on(path.clone(), old.as_deref());
        work.writes.put(path, new, Mode::Keep);
        return Ok(if known { Exposure::InHistory } else { Exposure::NowIgnored });
    }
    Ok(if known { Exposure::InHistory } else { Exposure::Ignored })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_no_secrets() {
        for name in [".env", ".env.local", ".env.production", "app.env"] {
            assert!(looks_like_dotenv(name), "{name}");
        }
        for name in
            [".env.example", ".env.sample", "app.env.dist", ".envrc", "env", "a.environment"]
        {
            assert!(!looks_like_dotenv(name), "{name}");
        }
    }

    #[test]
    fn a_copy_lies_where_the_first_policy_looks() {
        let env: EnvName = "dev".parse().unwrap();
        for (from, to) in [(".env", "secrets/dev.env"), ("a/app.yaml", "secrets/dev.yaml")] {
            assert_eq!(target(&from.parse().unwrap(), &env).unwrap().as_str(), to);
        }
    }
}
