//! Examines machine, keys and clone, and names what mends each fault.

use super::DeedError;
use super::attributes::{self, missing};
use super::driver;
use super::enact::{Edited, nothing_blocks, policy_file};
use super::hooks;
use super::ignored;
use super::load::Place;
use super::ring::Ring;
use crate::policy::{PATH, Policy};
use crate::verify::Verified;
use crate::world::harden::cores_are_off;
use crate::world::keys::Found;
use crate::world::terminal::Editor;
use crate::world::{World, WorldError, is_program};

/// What was looked at, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// One line each.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What: one word.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was seen.
    pub seen: String,
    /// What mends it.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Well,
    /// It works, and deserves a look.
    Doubtful,
    /// It does not work.
    Broken,
}

impl Diagnosis {
    /// Tells whether something does not work.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.checks.iter().any(|check| check.health == Health::Broken)
    }

    fn well(&mut self, what: &'static str, seen: impl Into<String>) {
        let health = Health::Well;
        self.checks.push(Check { what, health, seen: seen.into(), fix: None });
    }

    fn add(&mut self, what: &'static str, health: Health, seen: impl Into<String>, fix: &str) {
        self.checks.push(Check { what, health, seen: seen.into(), fix: Some(fix.to_owned()) });
    }
}

/// Examines everything; a fault of one thing hides none of another.
///
/// # Errors
/// Never for what is wrong with machine or repository: that is the answer.
pub fn doctor(world: &World) -> Result<Diagnosis, DeedError> {
    let mut found = Diagnosis { checks: Vec::new() };
    programs(world, &mut found);
    machine(world, &mut found);
    let place = match Place::find(world) {
        Ok(place) => Some(place),
        Err(DeedError::World(WorldError::NoRepository { .. })) => None,
        Err(why) => {
            found.add("repository", Health::Broken, why.to_string(), "git status");
            None
        }
    };
    keys(world, place.as_ref(), &mut found);
    match &place {
        Some(place) => clone(place, &mut found),
        None => found.add(
            "repository",
            Health::Doubtful,
            "this is no git repository; only machine and keys were examined",
            "cd into a repository, or: git init",
        ),
    }
    Ok(found)
}

fn programs(world: &World, found: &mut Diagnosis) {
    let programs = [
        ("git", Health::Broken, "install git"),
        ("ssh-keygen", Health::Doubtful, "install OpenSSH: agents and security keys need it"),
    ];
    for (program, health, fix) in programs {
        match is_program(&world.environment, program) {
            true => found.well(program, "found"),
            false => found.add(program, health, "not found in PATH", fix),
        }
    }
}

fn machine(world: &World, found: &mut Diagnosis) {
    match cores_are_off() {
        true => found.well("cores", "no core file is written of this process"),
        false => {
            found.add("cores", Health::Broken, "core files are not forbidden", "ulimit -c 0");
        }
    }
    match Editor::of(&world.environment).wipe_left() {
        0 => {}
        left => found.well("edit", format!("wiped what killed edits left in memory: {left}")),
    }
    match Editor::of(&world.environment).has_memory_folder() {
        true => found.well("memory", "there is a memory-backed folder for `edit`"),
        false => found.add(
            "memory",
            Health::Doubtful,
            "there is no memory-backed folder: `edit` will refuse",
            "set XDG_RUNTIME_DIR to a folder on tmpfs",
        ),
    }
}

fn keys(world: &World, place: Option<&Place<'_>>, found: &mut Diagnosis) {
    let at_hand = world.identities().public();
    let faults = world.identities().faults().unwrap_or_default();
    for fault in faults {
        let fix = "mend that file, or move it away";
        found.add("key", Health::Doubtful, fault.to_string(), fix);
    }
    match at_hand {
        Err(why) => {
            found.add("key", Health::Broken, why.to_string(), "give a private key's file with -i");
        }
        Ok(keys) if keys.is_empty() => {
            found.add("key", Health::Doubtful, "no key is at hand", "tenure key new");
        }
        Ok(keys) => keys.iter().for_each(|key| one_key(key, place, found)),
    }
}

fn one_key(key: &Found, place: Option<&Place<'_>>, found: &mut Diagnosis) {
    let name = match &key.fingerprint {
        Some(fingerprint) => format!("{} ({fingerprint})", key.source),
        None => key.source.clone(),
    };
    let file = key.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let inside = |path: &std::path::PathBuf| {
        place.is_some_and(|place| place.checkout.repo_path(path).is_ok())
    };
    if key.path.as_ref().is_some_and(inside) {
        let seen = format!("{name} lies in the repository, where a commit would publish it");
        found.add("key", Health::Broken, seen, &format!("mv {file} ~/.config/tenure/"));
    } else if key.readable_by_others {
        let seen = format!("{name} can be read by others on this machine");
        found.add("key", Health::Doubtful, seen, &format!("chmod 600 {file}"));
    } else {
        found.well("key", name);
    }
}

/// The clone, from its policy to its keyrings.
fn clone(place: &Place<'_>, found: &mut Diagnosis) {
    found.well("repository", place.checkout.root.display().to_string());
    let text = match policy_file(place) {
        Ok(text) => text,
        Err(DeedError::NoPolicy) => {
            return found.add("policy", Health::Doubtful, "there is no policy yet", "tenure init");
        }
        Err(why) => return found.add("policy", Health::Broken, why.to_string(), "git status"),
    };
    match Policy::parse(&text) {
        Ok(policy) => {
            found.well("policy", "it can be read");
            attributes(place, &policy, found);
            ignored(place, &policy, found);
        }
        Err(why) => {
            let seen = format!("{PATH}:{}: {why}", why.line);
            found.add("policy", Health::Broken, seen, "tenure policy lint");
        }
    }
    match hooks::installed(place) {
        Ok(true) => found.well("hook", "installed"),
        Ok(false) => {
            let seen = "hooks of this clone are missing, or of another version: not all you commit and push is judged";
            found.add("hook", Health::Doubtful, seen, "tenure hook install");
        }
        Err(why) => found.add("hook", Health::Broken, why.to_string(), "git config core.hooksPath"),
    }
    match driver::installed(&place.checkout) {
        Ok(true) => found.well("merging", "git merges sealed files value by value"),
        Ok(false) => {
            let seen = "git merges sealed files line by line: neighbouring lines are a conflict";
            found.add("merging", Health::Doubtful, seen, "tenure hook install");
        }
        Err(why) => found.add("merging", Health::Broken, why.to_string(), "git config --list"),
    }
    pin(place, found);
    log(place, found);
}

fn attributes(place: &Place<'_>, policy: &Policy, found: &mut Diagnosis) {
    let path = attributes::PATH.parse().ok();
    let text = path.and_then(|path| place.files.read(&path).ok().flatten()).unwrap_or_default();
    match missing(&String::from_utf8_lossy(&text), policy).as_slice() {
        [] => found.well("attributes", "git leaves the sealed files' bytes alone"),
        [first, ..] => {
            let seen = ".gitattributes lacks a line, so git may change bytes that are signed";
            let fix = format!("echo '{first}' >> .gitattributes");
            found.add("attributes", Health::Doubtful, seen, &fix);
        }
    }
}

/// Whether git would leave a sealed file or the next entry of the log out of every commit.
fn ignored(place: &Place<'_>, policy: &Policy, found: &mut Diagnosis) {
    let files = place.list("").map(|listing| listing.files).unwrap_or_default();
    let mut paths: Vec<_> =
        files.into_iter().filter(|path| policy.environment_of(path).is_some()).collect();
    paths.extend(ignored::own().into_iter().flatten());
    for some in paths.chunks(PATHS) {
        match ignored::first(place, Some(policy), some) {
            Ok(None) => {}
            Ok(Some(one)) => {
                let seen = format!("git ignores `{}`, which no commit will bring", one.path);
                let fix = format!("echo '{}' >> .gitignore", one.line);
                return found.add("ignored", Health::Broken, seen, &fix);
            }
            Err(why) => return found.add("ignored", Health::Broken, why.to_string(), "git status"),
        }
    }
}

/// How many paths are handed to git at once.
const PATHS: usize = 500;

fn pin(place: &Place<'_>, found: &mut Diagnosis) {
    match (place.pin(), place.trusted()) {
        (Ok(Some(root)), Ok(_)) => found.well("root", format!("{root} is pinned")),
        (Ok(None), Ok(Some(trust))) => {
            found.well("root", format!("{} is trusted for this run", trust.root));
        }
        (Ok(None), Ok(None)) => {
            let seen = "this clone trusts no root yet";
            found.add("root", Health::Doubtful, seen, "tenure trust show");
        }
        (Err(why), _) | (_, Err(why)) => {
            found.add("root", Health::Broken, why.to_string(), "tenure trust show");
        }
    }
}

fn log(place: &Place<'_>, found: &mut Diagnosis) {
    let loaded = match place.load(None) {
        Ok(loaded) => loaded,
        Err(why) => return found.add("log", Health::Broken, why.to_string(), "tenure check"),
    };
    let record = &loaded.record;
    if let Err(why) = nothing_blocks(&record.findings, Edited::Refused) {
        found.add("log", Health::Broken, why.to_string(), "tenure check");
    } else {
        let (holding, all) = (record.holding(), record.entries.len());
        found.well("log", format!("{holding} of {all} entries verified"));
    }
    match loaded.judged() {
        Ok(verified) => keyrings(place.world, &verified, found),
        Err(why) => found.add("keyring", Health::Broken, why.to_string(), "tenure check"),
    }
}

fn keyrings(world: &World, verified: &Verified<'_>, found: &mut Diagnosis) {
    for env in verified.policy.environments.keys() {
        match Ring::open(world, verified, env).map(|ring| ring.current().is_ok()) {
            Ok(true) => found.well("keyring", format!("{env} opens")),
            Ok(false) | Err(DeedError::StaleReaders { .. }) => {
                let seen = format!("the readers of {env} changed since its newest keyring");
                let fix = format!("tenure rekey -e {env}");
                found.add("keyring", Health::Doubtful, seen, &fix);
            }
            Err(DeedError::NoKey { readers, .. }) => {
                let readers: Vec<_> = readers.iter().map(ToString::to_string).collect();
                let seen =
                    format!("none of your keys opens {env}; it is read by {}", readers.join(", "));
                found.add("keyring", Health::Doubtful, seen, "tenure join --role ROLE");
            }
            Err(why) => {
                found.add("keyring", Health::Broken, format!("{env}: {why}"), "tenure check");
            }
        }
    }
}
