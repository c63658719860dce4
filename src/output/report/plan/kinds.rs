//! Sections 1, 4 and 5 of the plan: the types of secrets, how each is rotated, and how each is ended.

use super::{Doc, code, days, list, prose, said, sorted, table, within};
use crate::deeds::report::kinds::title;
use crate::deeds::report::triggers::triggers;
use crate::names::TypeName;
use crate::output::sentences::READ_STAYS_READ;
use crate::policy::{Policy, RotateEvery, SecretRule, SecretType, Strategy};

pub(super) fn types(doc: &mut Doc, policy: &Policy) {
    doc.section("1. Secret types");
    let kinds = policy.planned_types();
    let mut rows: Vec<_> = kinds.iter().map(|name| of_type(policy, name)).collect();
    let loose: Vec<_> = policy.secrets.iter().filter(|rule| rule.kind.is_none()).collect();
    if !loose.is_empty() {
        rows.push(row((title(None), "none".to_owned(), "not described".to_owned()), &loose));
    }
    let head = ["Secret type", "Counts as", "Description", "Secrets", "Owner", "Origin"];
    table(doc, &head, &rows, "No type is defined.");
    doc.paragraph(format!(
        "A value without a type is rotated every {}.",
        days(policy.clocks.untyped)
    ));
}

fn of_type(policy: &Policy, name: &TypeName) -> Vec<String> {
    let described = policy.types.get(name);
    let word = policy.word(name).map_or("none", |word| word.word());
    let text = said(described.and_then(|it| it.description.as_deref()), "not described");
    let mine: Vec<_> =
        policy.secrets.iter().filter(|rule| rule.kind.as_ref() == Some(name)).collect();
    row((called(name), word.to_owned(), text), &mine)
}

fn row((title, word, text): (String, String, String), rules: &[&SecretRule]) -> Vec<String> {
    let patterns = list(rules.iter().map(|rule| code(rule.matches.as_str())));
    let owners: Vec<_> = rules.iter().filter_map(|rule| rule.owner.as_deref()).collect();
    let origins: Vec<_> = rules.iter().filter_map(|rule| Some(rule.origin?.word())).collect();
    let owners = list(sorted(&owners).into_iter().map(prose));
    vec![prose(&title), word, text, patterns, owners, list(sorted(&origins))]
}

/// What people call a type, and its name where that is another word.
fn called(name: &TypeName) -> String {
    format!("{} ({name})", title(Some(name)))
}

pub(super) fn rotation(doc: &mut Doc, policy: &Policy) {
    doc.section("4. Rotation");
    let rows: Vec<_> = policy.planned_types().into_iter().map(|it| rotated(policy, it)).collect();
    let head = [
        "Secret type",
        "Rotation frequency",
        "Trigger",
        "Warned before",
        "Overlap",
        "Two values at once",
        "New values",
        "Runbook",
        "Why this is enough",
    ];
    table(doc, &head, &rows, "No type is defined.");
    let clocks = &policy.clocks;
    doc.line(format!(
        "- A deadline is announced {} before, unless its type says otherwise; it is over on the next day.",
        days(clocks.warn_before)
    ));
    for name in policy.environments.keys() {
        let refuses = within(policy.refuse_overdue_after(name, None), "never");
        doc.line(format!("- {name}: `tenure run` refuses a value overdue for: {refuses}"));
    }
    exceptions(doc, policy);
    doc.line("- A rotated value differs from every earlier one. A drill is no rotation.");
    doc.gap();
}

/// What types and rules say of deadlines where the table and the lines by environment do not hold.
fn exceptions(doc: &mut Doc, policy: &Policy) {
    if let Some(grace) = policy.clocks.grace {
        doc.line(format!("- An overdue value is a warning for {}, then a failure.", days(grace)));
    }
    for (name, described) in &policy.types {
        if let Some(after) = described.refuse_overdue_after {
            let after = days(after);
            doc.line(format!("- {name}: `tenure run` refuses a value overdue for: {after}"));
        }
        if let Some(grace) = described.grace {
            doc.line(format!("- {name}: an overdue value is a warning for {}", days(grace)));
        }
    }
    for rule in &policy.secrets {
        let pattern = code(rule.matches.as_str());
        match rule.rotate_every {
            Some(RotateEvery::Never) => doc.line(format!("- {pattern}: never by date")),
            Some(RotateEvery::Days(every)) => {
                doc.line(format!("- {pattern}: rotated every {}", days(every)));
            }
            None => {}
        }
        if let Some(before) = rule.warn_before {
            doc.line(format!("- {pattern}: announced {} before", days(before)));
        }
    }
}

fn rotated(policy: &Policy, name: &TypeName) -> Vec<String> {
    let none = SecretType::default();
    let described = policy.types.get(name).unwrap_or(&none);
    let every = match (&described.accept, policy.rotate_every(Some(name))) {
        (Some(accept), _) => {
            let reason = prose(&accept.reason);
            format!("not rotated by decision ({reason}, until {})", accept.until)
        }
        (None, RotateEvery::Never) => "never by date".to_owned(),
        (None, RotateEvery::Days(count)) => days(count),
    };
    let strategy = match described.strategy {
        None => "not said",
        Some(Strategy::Dual) => "yes, for the overlap",
        Some(Strategy::Alternating) => "yes, for the overlap; two users take turns",
        Some(Strategy::KeyRing) => "yes, for the overlap; the new one is out before it is used",
        Some(Strategy::Single) => "no, planned interruption",
        Some(Strategy::KeepOld) => "yes, the old one stays to decrypt",
    };
    let note = described.risk_note.as_ref();
    vec![
        prose(&called(name)),
        every,
        list(triggers(policy, Some(name)).iter().map(|it| it.word())),
        days(policy.warn_before(Some(name))),
        days(policy.overlap(Some(name))),
        strategy.to_owned(),
        described.generate.as_deref().map_or("asked for".to_owned(), code),
        described.runbook.as_deref().map_or("none".to_owned(), code),
        note.map_or("not said".to_owned(), |it| format!("{} ({})", prose(&it.text), it.date)),
    ]
}

pub(super) fn revocation(doc: &mut Doc, policy: &Policy) {
    doc.section("5. Revocation");
    doc.line("Of a credential, at its issuer:");
    let ended = |name: &TypeName| {
        let how = policy.types.get(name).and_then(|it| it.revoke.as_deref());
        vec![prose(&called(name)), said(how, "not said")]
    };
    let rows: Vec<_> = policy.planned_types().into_iter().map(ended).collect();
    table(doc, &["Secret type", "How it is ended"], &rows, "No type is defined.");
    doc.line("Of a reader, in the policy: the values they could read are rotated within:");
    doc.gap();
    for name in policy.environments.keys() {
        doc.line(format!("- {name}: {}", days(policy.leaver_days(name))));
    }
    doc.line("- in an incident: at once");
    doc.paragraph(READ_STAYS_READ);
}
