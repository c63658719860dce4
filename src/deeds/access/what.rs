//! What a member may read and write.

use super::{AsOf, Narrowed, Then, Wrapped, newest_keyrings, who};
use crate::deeds::DeedError;
use crate::deeds::find::Names;
use crate::deeds::member::list::{Listed, listed};
use crate::names::{Address, EnvName, MemberName, RoleName};
use crate::policy::edit::EditError;
use crate::policy::{self, Policy, Right};
use crate::verify::Record;
use crate::world::World;

/// What a member may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatCan {
    /// Who.
    pub name: MemberName,
    /// What the policy says of them; none where it does not name them, and a keyring is theirs still.
    pub member: Option<Listed>,
    /// As of when.
    pub as_of: AsOf,
    /// The roles by which they sign policies, and how many admins must.
    pub admin: Option<(Vec<RoleName>, u32)>,
    /// The environments that they read or write, by name.
    pub environments: Vec<Reach>,
    /// The newest keyrings that are wrapped for a key of theirs which the policy does not let read.
    pub still_open: Vec<Wrapped>,
}

/// What a member may do in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Which.
    pub env: EnvName,
    /// The roles by which they read it; none where they do not.
    pub reads: Vec<RoleName>,
    /// The roles by which they write it; none where they do not.
    pub writes: Vec<RoleName>,
    /// How many sealed values and files stand there.
    pub values: usize,
    /// Those of them that a rule leaves to other writers, by their shortest names.
    pub not_writable: Vec<String>,
    /// The rules that leave some to fewer writers.
    pub narrowed: Vec<Narrowed>,
    /// The newest keyrings that are not wrapped for all their keys yet.
    pub not_yet: Vec<Wrapped>,
}

/// Tells what a member may do, by the policy alone: no key is needed, and no file is looked at.
///
/// # Errors
/// [`DeedError::Edit`] where nobody has the name; what keeps the log from being believed; those of a
/// moment that is none.
pub fn can(world: &World, name: &MemberName, as_of: Option<&str>) -> Result<WhatCan, DeedError> {
    let then = Then::load(world, as_of)?;
    let policy = then.policy()?;
    let as_of = then.as_of();
    let rings = policy.environments.keys();
    let rings: Vec<_> = rings.flat_map(|env| newest_keyrings(&then.record, policy, env)).collect();
    let still = |ring: &&Wrapped| ring.beyond.iter().any(|key| key.member == *name);
    let can = WhatCan {
        name: name.clone(),
        member: listed(policy, name, as_of.day),
        as_of,
        admin: admin(policy, name),
        environments: policy
            .environments
            .keys()
            .filter_map(|env| reach(&then.record, policy, (env, name), &rings))
            .collect(),
        still_open: rings.iter().filter(still).cloned().collect(),
    };
    if can.member.is_none() && can.still_open.is_empty() {
        let names = policy.members.keys().map(MemberName::as_str);
        let nearest = policy::nearest(name.as_str(), names).map(str::to_owned);
        return Err(EditError::UnknownMember { name: name.clone(), nearest }.into());
    }
    Ok(can)
}

fn admin(policy: &Policy, name: &MemberName) -> Option<(Vec<RoleName>, u32)> {
    let roles: Vec<_> = policy.admin_by(name).into_iter().cloned().collect();
    (!roles.is_empty()).then_some((roles, policy.admin.threshold))
}

fn reach(
    record: &Record,
    policy: &Policy,
    (env, name): (&EnvName, &MemberName),
    rings: &[Wrapped],
) -> Option<Reach> {
    let by = |right| policy.granting(name, env, right).into_iter().cloned().collect::<Vec<_>>();
    let (reads, writes) = (by(Right::Read), by(Right::Write));
    if reads.is_empty() && writes.is_empty() {
        return None;
    }
    let signed = record.signed(Some(env));
    let sealed = signed.iter().filter(|(_, live)| live.item.generation.is_some());
    let sealed: Vec<&Address> = sealed.map(|(address, _)| address).collect();
    let names = Names::of(signed.keys());
    let others = |address: &&&Address| !writes.is_empty() && !policy.may_write(name, address);
    let not_yet =
        |ring: &&Wrapped| ring.env == *env && ring.lacking.iter().any(|key| key.member == *name);
    Some(Reach {
        env: env.clone(),
        values: sealed.len(),
        not_writable: sealed.iter().filter(others).map(|address| names.short(address)).collect(),
        narrowed: if writes.is_empty() { Vec::new() } else { who::narrowings(policy, env) },
        not_yet: rings.iter().filter(not_yet).cloned().collect(),
        reads,
        writes,
    })
}
