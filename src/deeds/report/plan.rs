//! The Secrets Management Plan: the rules of the policy in force, and their hash. Mission, row B13.

use crate::deeds::DeedError;
use crate::deeds::enact::{Edited, nothing_blocks};
use crate::deeds::load::{Place, unbelieved};
use crate::names::Sha256;
use crate::policy::Policy;
use crate::world::World;

/// The rules that a plan is made of. It changes with nothing else: no day is in it, and no value.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The policy in force.
    pub policy: Policy,
    /// What is approved: the hash of the rules, and not of who is in a role.
    pub hash: Sha256,
}

/// Gives the plan that the policy in force makes.
///
/// # Errors
/// [`DeedError::NoRoot`]; [`DeedError::Refused`] where log or policy are not to be believed.
pub fn plan(world: &World) -> Result<Plan, DeedError> {
    let place = Place::find(world)?.forgetful();
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    let policy = record.policy().ok_or_else(|| unbelieved(&record))?.clone();
    Ok(Plan { hash: policy.plan_hash(), policy })
}
