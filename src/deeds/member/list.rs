//! Lists the members of the policy in force.

use jiff::civil::Date;

use crate::deeds::DeedError;
use crate::deeds::enact::{Edited, nothing_blocks};
use crate::deeds::load::Place;
use crate::names::{ConsumerName, EnvName, MemberName, RoleName};
use crate::policy::{Member, MemberKind, Policy, Recipient, SigningKey};
use crate::world::World;

/// A member, and what the policy gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Their name.
    pub name: MemberName,
    /// A person or a machine.
    pub kind: MemberKind,
    /// Their roles.
    pub roles: Vec<RoleName>,
    /// Whether they sign policies.
    pub admin: Standing,
    /// The fingerprints of the keys they read with.
    pub reads_with: Vec<String>,
    /// The fingerprints of the keys they sign with.
    pub signs_with: Vec<String>,
    /// The environments they read.
    pub reads: Vec<EnvName>,
    /// The environments they write.
    pub writes: Vec<EnvName>,
    /// Who answers for a machine.
    pub owner: Option<MemberName>,
    /// The consumers that read as a machine.
    pub purpose: Vec<ConsumerName>,
    /// The last day of the keys.
    pub expires: Option<Date>,
    /// What deserves a look.
    pub flags: Vec<Flag>,
}

/// Whether a member signs policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An admin.
    Admin,
    /// Anybody else.
    Plain,
}

/// What deserves a look at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// The day of the keys is over.
    Expired,
    /// A machine that nobody answers for.
    NoOwner,
    /// A machine whose keys have no last day.
    NoExpiry,
    /// No role: they may do nothing.
    NoRole,
    /// In roles that read, without a key to read with.
    CannotRead,
    /// In roles that write, without a key to sign with.
    CannotSign,
}

impl Flag {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NoOwner => "no-owner",
            Self::NoExpiry => "no-expiry",
            Self::NoRole => "no-role",
            Self::CannotRead => "cannot-read",
            Self::CannotSign => "cannot-sign",
        }
    }
}

/// Lists all members, by name.
///
/// # Errors
/// [`DeedError::Refused`] where log or policy are not to be believed.
pub fn list(world: &World) -> Result<Vec<Listed>, DeedError> {
    let place = Place::find(world)?;
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    let policy = record.policy().ok_or(DeedError::NoPolicy)?;
    Ok(policy.members.keys().filter_map(|name| listed(policy, name, place.today())).collect())
}

/// What a policy gives one member; none where it does not name them.
pub fn listed(policy: &Policy, name: &MemberName, today: Date) -> Option<Listed> {
    let member = policy.members.get(name)?;
    let roles = policy.roles.iter().filter(|(_, members)| members.contains(name));
    let envs = policy.environments.keys();
    let consumers = policy.consumers.iter().filter(|(_, it)| it.member.as_ref() == Some(name));
    let mut listed = Listed {
        name: name.clone(),
        kind: member.kind,
        roles: roles.map(|(role, _)| role.clone()).collect(),
        admin: if policy.is_admin(name) { Standing::Admin } else { Standing::Plain },
        reads_with: member.recipients.iter().map(Recipient::fingerprint).collect(),
        signs_with: member.signing_keys.iter().map(SigningKey::fingerprint).collect(),
        reads: policy.readable_by(name).into_iter().cloned().collect(),
        writes: envs.filter(|env| policy.may_write_some(name, env)).cloned().collect(),
        owner: member.owner.clone(),
        purpose: consumers.map(|(consumer, _)| consumer.clone()).collect(),
        expires: member.expires,
        flags: Vec::new(),
    };
    listed.flags = flags(member, &listed, today);
    Some(listed)
}

fn flags(member: &Member, listed: &Listed, today: Date) -> Vec<Flag> {
    let machine = member.kind == MemberKind::Machine;
    let signs = !listed.writes.is_empty() || listed.admin == Standing::Admin;
    let all = [
        (Flag::Expired, member.expires.is_some_and(|last| last < today)),
        (Flag::NoOwner, machine && member.owner.is_none()),
        (Flag::NoExpiry, machine && member.expires.is_none()),
        (Flag::NoRole, listed.roles.is_empty()),
        (Flag::CannotRead, !listed.reads.is_empty() && member.recipients.is_empty()),
        (Flag::CannotSign, signs && member.signing_keys.is_empty()),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect()
}
