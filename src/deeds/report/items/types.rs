//! Items about types: OI-01, OI-05, OI-21, OI-27.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::history::since;
use super::{Matter, OpenItem, names, oldest};
use crate::deeds::report::kinds::Kind;
use crate::deeds::report::secrets::Secret;
use crate::deeds::report::triggers::triggers;
use crate::deeds::report::words::Words;
use crate::names::TypeName;
use crate::policy::{Policy, SecretType, is_credential};

/// For how many days a risk note is good.
const RISK_NOTE_DAYS: i64 = 365;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    untyped(matter, items);
    for kind in matter.kinds {
        let Some(name) = &kind.name else { continue };
        // What is sealed and opens nothing needs no cadence, no runbook and no end.
        if is_credential(Some(name)) {
            items.extend(unfinished(matter, kind, name));
            items.extend(unended(matter, kind, name));
        }
    }
    items.extend(risk_notes(matter));
    accepted(matter, items);
}

fn untyped(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    for group in matter.by_env(|secret| secret.kind.is_none()) {
        let item = OpenItem::new("OI-01", Words::said(format!("no type: {}", names(&group))));
        let fix = match group.as_slice() {
            [one] => {
                let name = matter.ground.verified.record.name_of(&one.address);
                Words::default().code(format!("tenure set {name} --type TYPE --keep"))
            }
            _ => Words::from("`tenure set SECRET --type TYPE --keep` for each"),
        };
        let rule =
            "; for those to come `type` in a rule under `[[secrets]]`, then `tenure policy sign`";
        let fix = fix.ours(rule);
        let item = item.since(oldest(&group)).owner(Matter::owners(group));
        items.push(item.fix(fix));
    }
}

fn described<'p>(policy: &'p Policy, name: &TypeName) -> Option<&'p SecretType> {
    policy.types.get(name)
}

/// Tells whether a decision not to rotate is in force.
fn is_accepted(policy: &Policy, name: &TypeName, today: Date) -> bool {
    let accept = described(policy, name).and_then(|it| it.accept.as_ref());
    accept.is_some_and(|accept| accept.until >= today)
}

/// What a type lacks to be rotated by.
fn lacking(policy: &Policy, kind: &Kind, name: &TypeName, today: Date) -> Vec<&'static str> {
    if is_accepted(policy, name, today) {
        return Vec::new();
    }
    let said = described(policy, name);
    let moved = kind.is_paced() || !triggers(policy, Some(name)).is_empty();
    let runbook = said.is_some_and(|it| it.runbook.is_some());
    let lacks = [(moved, "no cadence or trigger"), (runbook, "no runbook")];
    lacks.into_iter().filter(|(has, _)| !has).map(|(_, what)| what).collect()
}

fn unfinished(matter: &Matter<'_>, kind: &Kind, name: &TypeName) -> Option<OpenItem> {
    let (policy, today) = (matter.ground.verified.policy, matter.ground.today);
    let lacks = lacking(policy, kind, name, today);
    let field = match lacks.as_slice() {
        [] => return None,
        ["no runbook"] => "`runbook`",
        ["no cadence or trigger"] => "`rotate-every`",
        _ => "`rotate-every` and `runbook`",
    };
    let subject = Words::said(format!("{} has {}", kind.title, lacks.join(" and ")));
    let item = OpenItem::new("OI-01", subject);
    let since = since(matter.ground, |policy| !lacking(policy, kind, name, today).is_empty());
    Some(about(matter, kind, item, since).fix(mended(name, field)))
}

fn unended(matter: &Matter<'_>, kind: &Kind, name: &TypeName) -> Option<OpenItem> {
    let lacks = |policy: &Policy| described(policy, name).is_none_or(|it| it.revoke.is_none());
    if !lacks(matter.ground.verified.policy) {
        return None;
    }
    let item = OpenItem::new("OI-05", Words::said(kind.title.as_str()).ours(" has no `revoke`"));
    let since = since(matter.ground, lacks);
    Some(about(matter, kind, item, since).fix(mended(name, "`revoke`, how its issuer ends it,")))
}

fn mended(name: &TypeName, field: &'static str) -> Words {
    let words = Words::from("add ").ours(field).ours(" to ").code(format!("[types.{name}]"));
    words.ours(", then `tenure policy sign`")
}

/// Gives an item about a type its owners, and its day: of a type without values nothing is open.
fn about(matter: &Matter<'_>, kind: &Kind, item: OpenItem, since: Option<Date>) -> OpenItem {
    let mine: Vec<_> = of_kind(matter, kind).collect();
    let day = oldest(&mine).into_iter().chain(since).max();
    item.since(day).owner(Matter::owners(mine))
}

fn of_kind<'m>(matter: &'m Matter<'_>, kind: &'m Kind) -> impl Iterator<Item = &'m Secret> {
    matter.secrets.iter().filter(|secret| secret.kind == kind.name)
}

fn risk_notes(matter: &Matter<'_>) -> Option<OpenItem> {
    let policy = matter.ground.verified.policy;
    let (mut lacking, mut old) = (Vec::new(), Vec::new());
    let mut due: Vec<Option<Date>> = Vec::new();
    for kind in matter.kinds {
        let Some(name) = kind.name.as_ref().filter(|name| is_credential(Some(name))) else {
            continue;
        };
        let note = described(policy, name).and_then(|it| it.risk_note.as_ref());
        let Some(note) = note else {
            lacking.push(kind.title.clone());
            let has_none =
                |policy: &Policy| described(policy, name).is_none_or(|it| it.risk_note.is_none());
            let mine: Vec<_> = of_kind(matter, kind).collect();
            let since = since(matter.ground, has_none);
            due.push(oldest(&mine).into_iter().chain(since).max());
            continue;
        };
        let last = note.date.saturating_add(RISK_NOTE_DAYS.days());
        if last < matter.ground.today {
            old.push(format!("{} (of {})", kind.title, note.date));
            due.push(last.tomorrow().ok());
        }
    }
    let parts = [("missing: ", lacking), (&*format!("older than {RISK_NOTE_DAYS} days: "), old)]
        .into_iter()
        .filter(|(_, kinds)| !kinds.is_empty())
        .map(|(what, kinds)| format!("{what}{}", kinds.join(", ")))
        .collect::<Vec<_>>();
    let first = due.into_iter().flatten().min();
    let fix = "add or renew `risk-note` of the type, then `tenure policy sign`";
    let item = || OpenItem::new("OI-27", Words::said(parts.join("; "))).since(first);
    (!parts.is_empty()).then(|| item().owner(super::SECURITY.to_owned()).fix(fix))
}

/// Decisions not to rotate: while they are in force, and after their end.
fn accepted(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let today = matter.ground.today;
    for (name, described) in &matter.ground.verified.policy.types {
        let Some(accept) = &described.accept else { continue };
        let title = crate::deeds::report::kinds::title(Some(name));
        let state = if accept.until < today { "ended" } else { "in force until" };
        let subject = format!(
            "{title} is not rotated ({}), {state} {}",
            matter.ground.neutral.say(&accept.reason),
            accept.until
        );
        let same = |policy: &Policy| {
            policy.types.get(name).is_some_and(|it| it.accept.as_ref() == Some(accept))
        };
        let mine: Vec<_> =
            matter.secrets.iter().filter(|it| it.kind.as_ref() == Some(name)).collect();
        let item = OpenItem::new("OI-21", Words::said(subject)).since(since(matter.ground, same));
        let fix = Words::from("rotate by a cadence: remove `accept` of ");
        let fix = fix.code(format!("[types.{name}]")).ours(", then `tenure policy sign`");
        items.push(item.owner(Matter::owners(mine)).fix(fix));
    }
}
