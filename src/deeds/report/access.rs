//! Who may read and write which environment, now and before.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ground::Ground;
use super::items::readers;
use super::items::reviews::review_due;
use super::secrets::Secret;
use crate::names::{EnvName, MemberName, RoleName};
use crate::policy::{MemberKind, Policy, Right};

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// By name.
    pub environments: Vec<EnvAccess>,
    /// By name; those that name no environment too.
    pub roles: Vec<RoleAccess>,
    /// By name.
    pub machines: Vec<Machine>,
    /// Machines that read where no consumer reads as them, and where.
    pub idle: Vec<(MemberName, EnvName)>,
    /// Environments that no person is to read.
    pub runtime_only: Vec<EnvName>,
    /// Readers that were taken away, the oldest first.
    pub revoked: Vec<Revoked>,
    /// The days between two reviews.
    pub review_every: u32,
    /// By when a review is due, by day.
    pub reviews: BTreeMap<Date, Vec<EnvName>>,
}

/// Who may read and write an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvAccess {
    /// Which.
    pub env: EnvName,
    /// Its readers, people before machines.
    pub readers: Vec<(MemberName, MemberKind)>,
    /// Its writers.
    pub writers: Vec<MemberName>,
    /// Rules that leave some values to fewer writers: the pattern and the roles.
    pub narrowed: Vec<(String, Vec<RoleName>)>,
    /// Who could read it before, and which lost keys.
    pub former: Vec<Revoked>,
    /// Whether the newest keyring is wrapped for exactly the readers.
    pub keyring: Keyring,
}

/// Whether a keyring follows its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// It is wrapped for exactly them.
    Current,
    /// Readers changed since.
    Stale,
}

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAccess {
    /// Which.
    pub role: RoleName,
    /// Who has it.
    pub members: Vec<MemberName>,
    /// The environments that it reads.
    pub reads: Vec<EnvName>,
    /// The environments that it writes.
    pub writes: Vec<EnvName>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: MemberName,
    /// Who answers for it.
    pub owner: Option<MemberName>,
    /// The last day of its keys.
    pub expires: Option<Date>,
    /// The environments that it reads.
    pub reads: Vec<EnvName>,
}

/// A reader, or a key of one, that was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Who.
    pub who: MemberName,
    /// Whether they read nothing there any more, or read with another key.
    pub what: Taken,
    /// From where.
    pub env: EnvName,
    /// When.
    pub on: Date,
    /// The day of the first keyring after that without them; none where there is none yet.
    pub renewed: Option<Date>,
}

/// What was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// A reader.
    Reader,
    /// A key that is lost.
    LostKey,
}

/// Tells who may do what.
#[must_use]
pub fn access(ground: &Ground<'_>, secrets: &[Secret]) -> Access {
    let policy = ground.verified.policy;
    let revoked = revoked(ground);
    let machines = machines(policy);
    let only = policy.environments.iter().filter(|(_, env)| env.runtime_only);
    Access {
        environments: policy.environments.keys().map(|env| of_env(ground, env, &revoked)).collect(),
        roles: policy.roles.iter().map(|(role, members)| of_role(policy, role, members)).collect(),
        idle: readers::idle(policy, secrets),
        machines,
        runtime_only: only.map(|(name, _)| name.clone()).collect(),
        revoked,
        review_every: policy.clocks.access_review,
        reviews: reviews(ground),
    }
}

/// By when each environment is to be reviewed.
fn reviews(ground: &Ground<'_>) -> BTreeMap<Date, Vec<EnvName>> {
    let mut reviews: BTreeMap<Date, Vec<EnvName>> = BTreeMap::new();
    for env in ground.verified.policy.environments.keys() {
        reviews.entry(review_due(ground, env)).or_default().push(env.clone());
    }
    reviews
}

fn of_env(ground: &Ground<'_>, env: &EnvName, revoked: &[Revoked]) -> EnvAccess {
    let policy = ground.verified.policy;
    let kind = |name: &MemberName| policy.members.get(name).map(|member| member.kind);
    let readers = policy.readers(env).into_iter();
    let mut readers: Vec<_> = readers.filter_map(|it| Some((it.clone(), kind(it)?))).collect();
    readers.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    let mut former: Vec<Revoked> = Vec::new();
    for it in revoked.iter().filter(|it| it.env == *env) {
        former.retain(|before| (&before.who, before.what) != (&it.who, it.what));
        if it.what == Taken::LostKey || !readers.iter().any(|(who, _)| *who == it.who) {
            former.push(it.clone());
        }
    }
    let narrowed = policy.narrowings(env);
    let current = ground.verified.record.current_keyring(env).is_some();
    EnvAccess {
        env: env.clone(),
        readers,
        writers: policy.writers(env).into_iter().cloned().collect(),
        narrowed: narrowed.map(|it| (it.pattern.as_str().to_owned(), it.roles.to_vec())).collect(),
        former,
        keyring: if current { Keyring::Current } else { Keyring::Stale },
    }
}

fn of_role(policy: &Policy, role: &RoleName, members: &[MemberName]) -> RoleAccess {
    let grants = |right| {
        let of = |env: &&EnvName| {
            members.iter().any(|who| policy.granting(who, env, right).contains(&role))
        };
        policy.environments.keys().filter(of).cloned().collect()
    };
    let mut members_by_name = members.to_vec();
    members_by_name.sort();
    members_by_name.dedup();
    RoleAccess {
        role: role.clone(),
        reads: grants(Right::Read),
        writes: grants(Right::Write),
        members: members_by_name,
    }
}

fn machines(policy: &Policy) -> Vec<Machine> {
    let machines = policy.members.iter().filter(|(_, it)| it.kind == MemberKind::Machine);
    let machine = |(name, it): (&MemberName, &crate::policy::Member)| Machine {
        name: name.clone(),
        owner: it.owner.clone(),
        expires: it.expires,
        reads: policy.readable_by(name).into_iter().cloned().collect(),
    };
    machines.map(machine).collect()
}

/// Every reader that a policy in force took away from an environment, and every key of one that is lost, in the
/// order of the policies.
fn revoked(ground: &Ground<'_>) -> Vec<Revoked> {
    let record = ground.verified.record;
    let mut taken: Vec<(usize, EnvName, MemberName, Taken)> = Vec::new();
    for step in record.steps_in_force() {
        for before in step.follows().map(|at| &record.chain.steps[at].policy) {
            for env in before.environments.keys() {
                let now = step.policy.readers(env);
                let gone = before.readers(env).into_iter().filter(|who| !now.contains(who));
                taken.extend(gone.map(|who| (step.entry, env.clone(), who.clone(), Taken::Reader)));
            }
        }
    }
    for (entry, env, who) in record.lost_readers() {
        let (env, who) = (env.clone(), who.clone());
        // Who lost the key and the right at one time is one.
        if !taken.contains(&(entry, env.clone(), who.clone(), Taken::Reader)) {
            taken.push((entry, env, who, Taken::LostKey));
        }
    }
    taken.sort_by_cached_key(|it| (record.dag.position(it.0), it.clone()));
    taken.dedup();
    taken.into_iter().map(|it| since(ground, it)).collect()
}

fn since(
    ground: &Ground<'_>,
    (entry, env, who, what): (usize, EnvName, MemberName, Taken),
) -> Revoked {
    let record = ground.verified.record;
    let after = |at: usize| at == entry || record.dag.is_ancestor(entry, at);
    let renewed = record.keyrings(&env).into_iter().find(|ring| after(ring.entry));
    let renewed = renewed.map(|ring| ground.day(ring.entry));
    Revoked { who, what, env, on: ground.day(entry), renewed }
}
