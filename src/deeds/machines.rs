//! Machines, and the ages of keys: who reads as a machine and is none, and whose key is past its clock.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, MemberName, RoleName};
use crate::policy::{self, Member, MemberKind, Policy};
use crate::rotation::days;
use crate::verify::{Record, Step};

/// Something about a member that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// Whom it is about.
    pub member: MemberName,
    /// The person who answers for a machine.
    pub owner: Option<MemberName>,
    kind: MemberKind,
    /// What it is.
    pub what: What,
    /// The UTC day since which it is so; none where nothing tells.
    pub since: Option<Date>,
}

/// What deserves a look at a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The last day of the keys is over.
    Expired {
        /// That day.
        on: Date,
    },
    /// A key without a last day is older than the policy's clock allows.
    Old {
        /// The day the policy first named it.
        named: Date,
        /// How many days it may live.
        days: u32,
    },
    /// A machine whose keys have no last day.
    Endless,
    /// A machine that reads several environments.
    Several {
        /// Which.
        envs: Vec<EnvName>,
    },
    /// A person who reads as machines do.
    AmongMachines {
        /// By which role.
        role: RoleName,
        /// The environment that no person is to read; none where it is a role of machines.
        runtime_only: Option<EnvName>,
    },
}

impl Concern {
    /// The fact, as a lower-case sentence without full stop.
    #[must_use]
    pub fn message(&self) -> String {
        let member = &self.member;
        match &self.what {
            What::Expired { on } => format!("the keys of `{member}` expired on {on}"),
            What::Old { named, days: old } => {
                format!("a key of `{member}` is older than {}: it is of {named}", days(*old))
            }
            What::Endless => format!("machine `{member}` has a key that never expires"),
            What::Several { envs } => {
                let envs: Vec<_> = envs.iter().map(|env| format!("`{env}`")).collect();
                format!("machine `{member}` reads {}", envs.join(" and "))
            }
            What::AmongMachines { role, runtime_only: None } => {
                format!("`{member}` is a person in `{role}`, a role of machines")
            }
            What::AmongMachines { role, runtime_only: Some(env) } => {
                format!(
                    "`{member}` is a person, and reads `{env}` by `{role}`, which is for machines"
                )
            }
        }
    }

    /// The command, or the edit, that mends it.
    #[must_use]
    pub fn fix(&self) -> String {
        let member = &self.member;
        let renewed = match self.kind {
            MemberKind::Machine => format!("tenure member replace-key {member} --generate"),
            MemberKind::Person => format!("tenure member replace-key {member} --ssh-key NEW.pub"),
        };
        match &self.what {
            What::Expired { .. } => {
                format!(
                    "{renewed}, a later `expires`, tenure policy sign; or tenure member remove {member}"
                )
            }
            What::Old { .. } => renewed,
            What::Endless => {
                format!("add `expires` to [members.{member}], then: tenure policy sign")
            }
            What::Several { .. } => "give each environment a machine of its own".to_owned(),
            What::AmongMachines { role, .. } => {
                format!("take `{member}` out of the role `{role}`, then: tenure policy sign")
            }
        }
    }

    fn code(&self) -> Code {
        match self.what {
            What::Expired { .. } | What::Old { .. } => Code::ExpiredKey,
            What::Endless | What::Several { .. } => Code::Machine,
            What::AmongMachines { .. } => Code::MachineRole,
        }
    }
}

/// What `check` says of members: worth knowing, and never red (mission, section G).
#[must_use]
pub fn findings(record: &Record, policy: &Policy, today: Date) -> Vec<Finding> {
    let finding = |concern: Concern| Finding {
        code: concern.code(),
        severity: Severity::Note,
        env: None,
        place: format!("{} members.{}", policy::PATH, concern.member),
        address: None,
        entry: None,
        message: concern.message(),
        fix: Some(concern.fix()),
    };
    concerns(record, policy, today).into_iter().map(finding).collect()
}

/// Looks at all members, by name.
#[must_use]
pub fn concerns(record: &Record, policy: &Policy, today: Date) -> Vec<Concern> {
    let mut concerns = Vec::new();
    for (name, member) in &policy.members {
        let mut add = |what, since| {
            let (kind, owner) = (member.kind, member.owner.clone());
            concerns.push(Concern { member: name.clone(), owner, kind, what, since });
        };
        for (what, since) in of_keys(record, policy, (name, member), today) {
            add(what, since);
        }
        match member.kind {
            MemberKind::Machine => {
                let envs: Vec<_> = policy.readable_by(name).into_iter().cloned().collect();
                if envs.len() > 1 {
                    let many = |then: &Policy| then.readable_by(name).len() > 1;
                    add(What::Several { envs }, since(record, many));
                }
            }
            MemberKind::Person => {
                for what in among_machines(policy, name) {
                    let same = |then: &Policy| among_machines(then, name).contains(&what);
                    let since = since(record, same);
                    add(what, since);
                }
            }
        }
    }
    concerns
}

fn of_keys(
    record: &Record,
    policy: &Policy,
    (name, member): (&MemberName, &Member),
    today: Date,
) -> Vec<(What, Option<Date>)> {
    if let Some(on) = member.expires {
        let over = on < today;
        return over.then(|| (What::Expired { on }, on.tomorrow().ok())).into_iter().collect();
    }
    let machine = member.kind == MemberKind::Machine;
    let clocks = &policy.clocks;
    let days = if machine { clocks.machine_keys } else { clocks.people_keys };
    let mut found = Vec::new();
    if machine {
        let same = |then: &Policy| then.members.get(name).is_some_and(|it| it.expires.is_none());
        found.push((What::Endless, since(record, same)));
    }
    if let Some(named) = oldest_key(record, name, member) {
        let last = named.saturating_add(i64::from(days).days());
        if last < today {
            found.push((What::Old { named, days }, last.tomorrow().ok()));
        }
    }
    found
}

/// The day on which a policy first named the oldest of a member's keys, since when all did.
fn oldest_key(record: &Record, name: &MemberName, member: &Member) -> Option<Date> {
    let with = |has: &dyn Fn(&Member) -> bool| {
        since(record, |then: &Policy| then.members.get(name).is_some_and(has))
    };
    let reads = member.recipients.iter().map(|key| with(&|it| it.recipients.contains(key)));
    let signs = member.signing_keys.iter().map(|key| with(&|it| it.signing_keys.contains(key)));
    reads.chain(signs).flatten().min()
}

/// The people who read an environment.
#[must_use]
pub fn people_reading<'p>(policy: &'p Policy, env: &EnvName) -> Vec<&'p MemberName> {
    let readers = policy.readers(env).into_iter();
    readers.filter(|name| is_a(policy, name, MemberKind::Person)).collect()
}

fn is_a(policy: &Policy, name: &MemberName, kind: MemberKind) -> bool {
    policy.members.get(name).is_some_and(|member| member.kind == kind)
}

/// The roles by which a person reads as machines do.
fn among_machines(policy: &Policy, name: &MemberName) -> Vec<What> {
    let mut found = Vec::new();
    for (role, members) in policy.roles.iter().filter(|(_, members)| members.contains(name)) {
        let closed =
            policy.environments.iter().find(|(_, it)| it.runtime_only && it.readers.contains(role));
        if let Some((env, _)) = closed {
            let runtime_only = Some(env.clone());
            found.push(What::AmongMachines { role: role.clone(), runtime_only });
        } else if is_of_machines(policy, role, members) {
            found.push(What::AmongMachines { role: role.clone(), runtime_only: None });
        }
    }
    found
}

/// A role that holds machines and lets nobody write or sign: what people are in, people write by.
fn is_of_machines(policy: &Policy, role: &RoleName, members: &[MemberName]) -> bool {
    let writes = policy.environments.values().any(|it| it.writers.contains(role))
        || policy.admin.roles.contains(role);
    !writes && members.iter().any(|name| is_a(policy, name, MemberKind::Machine))
}

/// The day of the first policy of those that, up to the one in force, all hold to something; none where that
/// one does not, or needs no log.
#[must_use]
pub fn since(record: &Record, holds: impl Fn(&Policy) -> bool) -> Option<Date> {
    let before = |step: &&Step| Some(&record.chain.steps[step.prev?]);
    let steps = std::iter::successors(record.step(), before);
    let first = steps.take_while(|step| holds(&step.policy)).last()?;
    Some(record.entries[first.entry].entry.time.to_zoned(TimeZone::UTC).date())
}
