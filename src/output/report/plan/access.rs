//! Section 3 of the plan: which roles read and write, and how programs get values.

use super::{Doc, code, days, list, roles, sorted, table};
use crate::names::EnvName;
use crate::output::sentences::WRITERS_CAN_LEAK;
use crate::policy::{Access, Environment, Policy};

pub(super) fn write(doc: &mut Doc, policy: &Policy) {
    doc.section("3. Access");
    let envs = policy.environments.iter();
    let rows: Vec<_> = envs.map(|(name, env)| environment(policy, name, env)).collect();
    let head = ["Environment", "Read by", "Written by", "Notes"];
    table(doc, &head, &rows, "No environment is defined.");
    doc.line("- Readers of an environment can read all of it.");
    doc.line("- Environments name roles, roles name members; a machine only reads.");
    let admin = &policy.admin;
    let signers = if admin.threshold == 1 {
        "1 admin".to_owned()
    } else {
        format!("{} admins", admin.threshold)
    };
    doc.line(format!(
        "- The policy is signed by {signers}; admins are the people of: {}",
        roles(&admin.roles)
    ));
    let clocks = &policy.clocks;
    doc.line(format!("- Access is reviewed every {}.", days(clocks.access_review)));
    doc.line(format!(
        "- Keys live at most: machines' {}, people's {}, unless the policy names their last day.",
        days(clocks.machine_keys),
        days(clocks.people_keys)
    ));
    let rows = policy.consumers.iter().map(|(name, it)| {
        let access = match it.access {
            None => "not said",
            Some(Access::Run) => "Environment variables, by `tenure run`",
            Some(Access::Inject) => "Runtime injection, by `tenure inject`",
            Some(Access::Get) => "Runtime injection, by `tenure get`",
        };
        let mut paths: Vec<_> = it.paths.iter().map(|glob| glob.as_str()).collect();
        paths.sort_unstable();
        vec![name.to_string(), access.to_owned(), list(paths.into_iter().map(code))]
    });
    let rows: Vec<_> = rows.collect();
    table(doc, &["Consumer", "Access method", "Paths"], &rows, "No consumer is declared.");
    doc.paragraph(WRITERS_CAN_LEAK);
}

fn environment(policy: &Policy, name: &EnvName, env: &Environment) -> Vec<String> {
    let mut notes = Vec::new();
    if env.runtime_only {
        notes.push("no person reads it".to_owned());
    }
    for narrowed in policy.narrowings(name) {
        let by = list(sorted(narrowed.roles));
        notes.push(format!("{} written by {by} only", code(narrowed.pattern.as_str())));
    }
    if !env.allow_env.is_empty() {
        let names = list(sorted(&env.allow_env).iter().map(|name| code(name)));
        notes.push(format!("may set {names}"));
    }
    let notes = if notes.is_empty() { "none".to_owned() } else { notes.join("; ") };
    vec![name.to_string(), list(sorted(&env.readers)), list(sorted(&env.writers)), notes]
}
