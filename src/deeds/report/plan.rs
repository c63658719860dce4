//! The Secrets Management Plan: the rules of the policy in force, and their hash. Mission, row B13.

use super::neutral::Neutral;
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
    Ok(Plan { hash: policy.plan_hash(), policy: without_products(policy) })
}

/// The policy with the vendors' names taken out of its free words (A11); names of secrets, and paths, stay.
fn without_products(mut policy: Policy) -> Policy {
    let neutral = Neutral::of(&policy);
    let say = |text: &mut String| *text = neutral.say(text);
    for kind in policy.types.values_mut() {
        kind.description.iter_mut().for_each(say);
        kind.revoke.iter_mut().for_each(say);
        kind.accept.iter_mut().for_each(|it| say(&mut it.reason));
        kind.risk_note.iter_mut().for_each(|it| say(&mut it.text));
    }
    for rule in &mut policy.secrets {
        rule.owner.iter_mut().for_each(say);
        rule.contact.iter_mut().for_each(say);
        rule.copies.iter_mut().for_each(say);
    }
    policy
}
