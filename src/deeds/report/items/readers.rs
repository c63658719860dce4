//! Items about who reads what: OI-11, OI-12, OI-13, OI-22.

use super::history::since;
use super::{Matter, OpenItem};
use crate::deeds::machines::{self, What};
use crate::deeds::report::secrets::Secret;
use crate::deeds::report::words::{Words, commanded};
use crate::names::{EnvName, MemberName};
use crate::policy::{MemberKind, Policy, Store};

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    people(matter, items);
    for (machine, env) in idle(policy, matter.secrets) {
        let item = OpenItem::new("OI-12", Words::said(format!("{machine} reads {env}")));
        let reads = |policy: &Policy| policy.readable_by(&machine).contains(&env);
        let owner = policy.members.get(&machine).and_then(|it| it.owner.as_ref());
        let item = item.since(since(matter.ground, reads)).owner(owner.map(ToString::to_string));
        let fix =
            Words::from("name it as `member` of a consumer that values of ").say(env.as_str());
        let remove = format!("tenure member remove {machine}");
        items.push(item.fix(fix.ours(" are `used-by`, or ").code(remove)));
    }
    keys(matter, items);
    few(matter, items);
}

/// Machines that read an environment of which no value is used by a consumer that reads as them.
#[must_use]
pub fn idle(policy: &Policy, secrets: &[Secret]) -> Vec<(MemberName, EnvName)> {
    let mut idle = Vec::new();
    for (env, machine) in policy.environments.keys().flat_map(|env| {
        let machines = policy.readers(env).into_iter().filter(|name| {
            policy.members.get(*name).is_some_and(|it| it.kind == MemberKind::Machine)
        });
        machines.map(move |name| (env, name))
    }) {
        let mut mine = secrets.iter().filter(|secret| secret.address.env == *env).peekable();
        let as_it =
            |name| policy.consumers.get(name).is_some_and(|it| it.member.as_ref() == Some(machine));
        if mine.peek().is_some() && !mine.any(|secret| secret.used_by.iter().any(as_it)) {
            idle.push((machine.clone(), env.clone()));
        }
    }
    idle
}

fn people(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    for env in policy.environments.iter().filter(|(_, it)| it.runtime_only).map(|(name, _)| name) {
        let people = machines::people_reading(policy, env);
        if people.is_empty() {
            continue;
        }
        let same = |then: &Policy| {
            then.environments.get(env).is_some_and(|it| it.runtime_only)
                && !machines::people_reading(then, env).is_empty()
        };
        let names: Vec<_> = people.iter().map(|name| name.as_str()).collect();
        let item = OpenItem::new("OI-11", Words::said(format!("{env}: {}", names.join(", "))));
        let fix = Words::from("give ").say(env.as_str());
        let fix = fix.ours(" reading roles of machines only, then `tenure policy sign`");
        let item = item.since(since(matter.ground, same)).owner(super::PLATFORM.to_owned());
        items.push(item.fix(fix));
    }
}

fn keys(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let record = matter.ground.verified.record;
    for concern in machines::concerns(record, matter.ground.verified.policy, matter.ground.today) {
        let about_keys = match &concern.what {
            What::Expired { .. } | What::Old { .. } | What::Endless | What::Several { .. } => true,
            What::AmongMachines { .. } => false,
        };
        if !about_keys {
            continue;
        }
        let (subject, fix) = (concern.message(), commanded(&concern.fix()));
        let owner = concern.owner.as_ref().unwrap_or(&concern.member).to_string();
        let item =
            OpenItem::new("OI-13", Words::said(subject.replace('`', ""))).since(concern.since);
        items.push(item.owner(owner).fix(fix));
    }
}

fn few(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    let admins = |policy: &Policy| {
        let signs = |name: &&&MemberName| {
            policy.members.get(**name).is_some_and(|it| !it.signing_keys.is_empty())
        };
        policy.admins().iter().filter(signs).count()
    };
    if !policy.environments.is_empty() && admins(policy) < 2 {
        let item = OpenItem::new("OI-22", "fewer than two admins have a signing key");
        let item = item.since(since(matter.ground, |then| admins(then) < 2));
        items.push(item.owner(super::PLATFORM.to_owned()).fix(
            "add another admin, `tenure member add NAME --role ROLE`, and keep one key offline",
        ));
    }
    for (env, it) in policy.environments.iter().filter(|(_, it)| it.store == Store::Files) {
        let readers = policy.readers(env);
        let [reader] = readers.iter().collect::<Vec<_>>()[..] else { continue };
        let alone = |then: &Policy| then.readers(env).len() == 1;
        let item = OpenItem::new("OI-22", Words::said(format!("{env} has one reader, {reader}")));
        let item = item.since(since(matter.ground, alone)).owner(super::PLATFORM.to_owned());
        let role = it.readers.first().map_or("ROLE", |role| role.as_str());
        items
            .push(item.fix(Words::default().code(format!("tenure member add NAME --role {role}"))));
    }
}
