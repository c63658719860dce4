//! Items about what is logged, kept and answered for: OI-02, OI-23, OI-24.

use super::history::since;
use super::{Matter, OpenItem};
use crate::deeds::report::storage::{Stored, Verdict};
use crate::deeds::report::words::Words;
use crate::names::EnvName;
use crate::policy::{Duty, LoggedEvent, Policy, Store};

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    unlogged(matter, items);
    items.extend(matter.stored.iter().filter_map(|stored| not_at_rest(matter, stored)));
    items.extend(access(matter));
    items.extend(blank(matter));
}

fn unlogged(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    let ours = policy.environments.iter().filter(|(_, it)| it.store == Store::Files);
    let ours: Vec<&EnvName> = ours.map(|(name, _)| name).collect();
    if !ours.is_empty() {
        let names: Vec<_> = ours.iter().map(|env| env.as_str()).collect();
        let there = |then: &Policy| ours.iter().any(|env| then.environments.contains_key(*env));
        let subject = format!("reads of {} are not recorded", names.join(", "));
        let item = OpenItem::new("OI-02", Words::said(subject)).since(since(matter.ground, there));
        let item = item.owner(super::SECURITY.to_owned());
        items.push(item.fix("none here; the issuers' logs show use"));
    }
    let required = &policy.logging.required;
    let unmet: Vec<_> = required.iter().copied().filter(|event| !is_met(matter, *event)).collect();
    if unmet.is_empty() {
        return;
    }
    let words: Vec<_> = unmet.iter().map(|event| event.word()).collect();
    let same = |then: &Policy| unmet.iter().any(|event| then.logging.required.contains(event));
    let subject = format!("required and not logged: {}", words.join(", "));
    let item = OpenItem::new("OI-02", Words::said(subject)).since(since(matter.ground, same));
    items.push(
        item.owner(super::SECURITY.to_owned())
            .fix("log them where they happen, and take them out of `required` under `[logging]`"),
    );
}

/// Tells whether the log, or CI, shows such events. Nobody records what was read or refused.
fn is_met(matter: &Matter<'_>, event: LoggedEvent) -> bool {
    match event {
        LoggedEvent::Changes | LoggedEvent::AuthEvents | LoggedEvent::PrivilegeUse => true,
        LoggedEvent::SecurityAlerts => !matter.ci.checks.is_empty(),
        LoggedEvent::Reads | LoggedEvent::AccessDenials => false,
    }
}

fn not_at_rest(matter: &Matter<'_>, stored: &Stored) -> Option<OpenItem> {
    let env = &stored.env;
    let (said, fix) = match (stored.at_rest(), stored.store) {
        (Verdict::Yes, _) => return None,
        (Verdict::No, _) => {
            let places = stored.in_clear.join(", ");
            (
                format!("encryption at rest of {env}: No ({places})"),
                "`tenure check` says what to seal",
            )
        }
        (Verdict::Unknown, Store::Elsewhere) => (
            format!("encryption at rest of {env}: Unknown (its store is elsewhere)"),
            "none here; ask whoever runs that store",
        ),
        (Verdict::Unknown, Store::Files) => {
            let doubts: Vec<_> =
                stored.doubts.iter().map(|(word, place)| format!("{word} {place}")).collect();
            let doubts = doubts.join(", ");
            (format!("storage of {env}: Unknown ({doubts})"), "`tenure check` says what to mend")
        }
    };
    let elsewhere =
        |then: &Policy| then.environments.get(env).is_some_and(|it| it.store == Store::Elsewhere);
    let item = OpenItem::new("OI-23", Words::said(said)).since(since(matter.ground, elsewhere));
    Some(item.owner(super::PLATFORM.to_owned()).fix(fix))
}

/// The access method of section 3 is what the consumers say.
fn access(matter: &Matter<'_>) -> Option<OpenItem> {
    let silent = |policy: &Policy| -> Vec<String> {
        let consumers = policy.consumers.iter().filter(|(_, it)| it.access.is_none());
        consumers.map(|(name, _)| name.to_string()).collect()
    };
    let policy = matter.ground.verified.policy;
    let names = silent(policy);
    let unknown = |policy: &Policy| policy.consumers.is_empty() || !silent(policy).is_empty();
    if !unknown(policy) {
        return None;
    }
    let whose =
        if names.is_empty() { "no consumer is declared".to_owned() } else { names.join(", ") };
    let item = OpenItem::new("OI-23", Words::said(format!("access method: Unknown ({whose})")));
    let item = item.since(since(matter.ground, unknown)).owner(super::PLATFORM.to_owned());
    Some(item.fix(
        "declare `access` of each consumer under `[consumers.NAME]`, then `tenure policy sign`",
    ))
}

fn blank(matter: &Matter<'_>) -> Option<OpenItem> {
    let missing = |policy: &Policy| -> Vec<&'static str> {
        let duties = Duty::ALL.iter().filter(|duty| !policy.responsibility.contains_key(duty));
        duties.map(|duty| duty.word()).collect()
    };
    let blank = missing(matter.ground.verified.policy);
    if blank.is_empty() {
        return None;
    }
    let since = since(matter.ground, |policy| !missing(policy).is_empty());
    let item = OpenItem::new("OI-24", Words::said(blank.join(", "))).since(since);
    let fix = "name who does it under `[responsibility]`, then `tenure policy sign`";
    Some(item.owner(super::PLATFORM.to_owned()).fix(fix))
}
