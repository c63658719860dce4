//! Gives a value another key, or a file another name; type, deadline and duties go along.

mod file;
mod value;

use std::path::Path;

use super::DeedError;
use super::load::Place;
use super::pen::Receipt;
use crate::names::{AddressQuery, EnvName, RepoPath};
use crate::policy::Policy;
use crate::verify::Record;
use crate::world::World;

/// What `mv` is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is moved, in the user's words.
    pub from: String,
    /// Where to.
    pub to: String,
    /// The environment, where it is said apart.
    pub env: Option<EnvName>,
    /// Why.
    pub reason: Option<String>,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The environment.
    pub env: EnvName,
    /// What it was called: a file, or `FILE#KEY`.
    pub from: String,
    /// What it is called now.
    pub to: String,
    /// How many items go along.
    pub items: usize,
    /// Whether the file had been renamed already.
    pub recorded: Recorded,
    /// The entry.
    pub receipt: Receipt,
}

/// Whether a rename was done here, or found done and written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Done here.
    Done,
    /// Found.
    Found,
}

/// Moves.
///
/// # Errors
/// [`DeedError::Refused`] where anything else is wrong with the environment; [`DeedError::Refuse`] for
/// another environment, another type of secret, or a place that is taken.
pub fn mv(world: &World, plan: &Plan) -> Result<Moved, DeedError> {
    let place = Place::to_write(world)?;
    let record = place.record()?;
    let policy = record.policy().ok_or_else(|| super::load::unbelieved(&record))?;
    match files(&place, &record, policy, plan) {
        Some((from, to)) => file::mv(&place, policy, (&from, &to), plan.reason.clone()),
        None => {
            let from = AddressQuery::parse(&plan.from, plan.env.as_ref())?;
            let to = AddressQuery::parse(&plan.to, Some(plan.env.as_ref().unwrap_or(&from.env)))?;
            value::mv(&place, (&from, &to), plan)
        }
    }
}

/// The two files, if both words are files that the policy manages.
fn files(
    place: &Place<'_>,
    record: &Record,
    policy: &Policy,
    plan: &Plan,
) -> Option<(RepoPath, RepoPath)> {
    let path = |text: &str| place.checkout.repo_path(Path::new(text)).ok();
    let (from, to) = (path(&plan.from)?, path(&plan.to)?);
    let known = record.named_files(None).contains(&from);
    (known && policy.environment_of(&to).is_some()).then_some((from, to))
}

fn refuse<T>(what: String, instead: impl Into<Option<String>>) -> Result<T, DeedError> {
    Err(DeedError::Refuse { what, instead: instead.into() })
}
