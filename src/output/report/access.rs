//! Section 4 of document 5D: who may read and write what.

use jiff::civil::Date;

use super::Edition;
use super::markdown::{Doc, Indent, code};
use super::words::{and, days, list, number, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::access::{EnvAccess, Keyring, Machine, RoleAccess};
use crate::names::EnvName;
use crate::output::sentences::WRITERS_CAN_LEAK;
use crate::policy::MemberKind;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("4. Access control");
    doc.label(
        "Least privilege enforcement",
        "Readers of an environment can read all of it. *proven*",
    );
    report.access.environments.iter().for_each(|env| doc.point(environment(env, edition)));
    let named = |names: &[String]| match edition {
        Edition::Internal => list(names),
        Edition::Customer => number(names.len()),
    };
    let idle = report.access.idle.iter().map(|(who, env)| format!("{who} in {env}"));
    let idle: Vec<_> = idle.collect();
    let only = list(&report.access.runtime_only);
    doc.point(format!(
        "machines that no consumer uses: {}; environments marked runtime-only: {only}",
        named(&idle)
    ));
    doc.label("Role-based access", "*proven*");
    let rows: Vec<_> = report.access.roles.iter().map(|it| role(it, edition)).collect();
    doc.table(Indent::Label, &["Role", "Members", "Reads", "Writes"], &rows);
    let every = report.access.review_every;
    let due = |(day, envs): (&Date, &Vec<EnvName>)| {
        let envs: Vec<_> = envs.iter().map(ToString::to_string).collect();
        format!("{} due by {day}", and(&envs))
    };
    let due: Vec<_> = report.access.reviews.iter().map(due).collect();
    let due = if due.is_empty() { String::new() } else { format!("; {}", due.join(", ")) };
    doc.line(format!("  Last access review: none on record{due}, and then every {}.", days(every)));
    doc.label("Service identity usage", machines(report));
    if edition == Edition::Internal {
        report.access.machines.iter().for_each(|it| doc.point(machine(it)));
    }
    doc.paragraph(WRITERS_CAN_LEAK);
}

fn environment(it: &EnvAccess, edition: Edition) -> String {
    let people = it.readers.iter().filter(|(_, kind)| *kind == MemberKind::Person).count();
    let machines = it.readers.len() - people;
    let mut text = format!(
        "{}: {} ({}, {}), {}",
        it.env,
        things(it.readers.len(), "reader", "readers"),
        things(people, "person", "people"),
        things(machines, "machine", "machines"),
        things(it.writers.len(), "writer", "writers"),
    );
    if edition == Edition::Internal {
        for (pattern, roles) in &it.narrowed {
            text += &format!("; {} written by {} only", code(pattern), list(roles));
        }
    } else if !it.narrowed.is_empty() {
        text += "; some values by fewer writers";
    }
    if it.keyring == Keyring::Stale {
        text += "; its readers changed since its newest keyring, so nothing new is sealed until that is renewed";
    }
    text
}

fn role(it: &RoleAccess, edition: Edition) -> Vec<String> {
    let members = match edition {
        Edition::Internal => list(&it.members),
        Edition::Customer => number(it.members.len()),
    };
    vec![it.role.to_string(), members, list(&it.reads), list(&it.writes)]
}

fn machines(report: &FiveD) -> String {
    let all = &report.access.machines;
    if all.is_empty() {
        return "no machine is a member. *proven*".to_owned();
    }
    let several = all.iter().filter(|it| it.reads.len() > 1).count();
    let nowhere = all.iter().filter(|it| it.reads.is_empty()).count();
    let mut places = match several {
        0 => "each in one environment".to_owned(),
        _ => format!("{several} in more than one environment"),
    };
    if nowhere > 0 {
        places = format!("{nowhere} in none, {several} in more than one environment");
    }
    format!("{}, {places}, reading only. *proven*", things(all.len(), "machine", "machines"))
}

fn machine(it: &Machine) -> String {
    let owner =
        it.owner.as_ref().map_or("nobody answers for it".to_owned(), |who| format!("owner {who}"));
    let expires = it.expires.map_or("does not expire".to_owned(), |day| format!("expires {day}"));
    let reads = match it.reads.len() {
        1 => String::new(),
        _ => format!(", reads {}", list(&it.reads)),
    };
    format!("{}: {owner}, {expires}{reads}", it.name)
}
