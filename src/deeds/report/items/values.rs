//! Items about single values: OI-03, OI-06, OI-07, OI-08, OI-17, OI-19.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::history::since;
use super::{Matter, OpenItem, names, oldest};
use crate::deeds::report::secrets::Secret;
use crate::deeds::report::words::{Words, commanded};
use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, quoted};
use crate::policy::{MemberKind, Origin, Policy, RotateEvery};
use crate::rotation::days;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    unowned(matter, items);
    let findings = &matter.ground.verified.findings;
    items.extend(findings.iter().filter_map(|finding| deadline(matter, finding)));
    third_party(matter, items);
    let same = matter.shared.iter().flat_map(|it| &it.same);
    items.extend(same.map(|group| in_two(matter, group)));
    items.extend(findings.iter().filter_map(|finding| in_clear(matter, finding)));
}

/// The members that were, and since when they are no more.
fn gone(matter: &Matter<'_>) -> BTreeMap<String, Date> {
    let record = matter.ground.verified.record;
    let now = &matter.ground.verified.policy.members;
    let mut gone = BTreeMap::new();
    for step in record.steps_in_force() {
        let before = step.follows().map(|at| &record.chain.steps[at].policy);
        for name in before.flat_map(|policy| policy.members.keys()) {
            if !step.policy.members.contains_key(name) && !now.contains_key(name) {
                gone.insert(name.to_string(), matter.ground.day(step.entry));
            }
        }
    }
    gone
}

fn unowned(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let fix = "add `owner` to a rule under `[[secrets]]`, then `tenure policy sign`";
    for group in matter.by_env(|secret| secret.owner.is_none()) {
        let item = OpenItem::new("OI-03", Words::said(names(&group))).since(oldest(&group));
        items.push(item.owner(super::PLATFORM.to_owned()).fix(fix));
    }
    for (name, day) in gone(matter) {
        let owns = |secret: &Secret| secret.owner.as_deref() == Some(&*name);
        let mine: Vec<_> = matter.secrets.iter().filter(|secret| owns(secret)).collect();
        if mine.is_empty() {
            continue;
        }
        let since = oldest(&mine).map(|made| made.max(day));
        let item = OpenItem::new("OI-03", Words::said(format!("{name} is gone: {}", names(&mine))));
        let fix = "name another `owner` in the rule under `[[secrets]]`, then `tenure policy sign`";
        items.push(item.since(since).owner(super::PLATFORM.to_owned()).fix(fix));
    }
    let policy = matter.ground.verified.policy;
    for (name, member) in &policy.members {
        if member.kind != MemberKind::Machine || member.owner.is_some() {
            continue;
        }
        let ownerless =
            |policy: &Policy| policy.members.get(name).is_some_and(|member| member.owner.is_none());
        let item = OpenItem::new("OI-03", Words::said(format!("machine {name}")));
        let fix = Words::from("add `owner` to ").code(format!("[members.{name}]"));
        let fix = fix.ours(", then `tenure policy sign`");
        let item = item.since(since(matter.ground, ownerless)).fix(fix);
        items.push(item.owner(super::PLATFORM.to_owned()));
    }
}

/// What the checks found about a date: nothing is computed a second time.
fn deadline(matter: &Matter<'_>, finding: &Finding) -> Option<OpenItem> {
    let address = finding.address.as_ref()?;
    let today = matter.ground.today;
    let secret = matter.secret(address)?;
    let red = finding.severity >= Severity::Found;
    let item = match finding.code {
        Code::Overdue if !secret.is_customers() => {
            let due = secret.due?;
            let late = -crate::rotation::days_left(due, today);
            let grace = secret.in_grace(today).map(|last| format!(", in grace until {last}"));
            let grace = grace.unwrap_or_default();
            let subject = format!("{}, {}{grace}", secret.name, days(late));
            let item = OpenItem::new("OI-06", Words::said(subject));
            // In its days of grace it is overdue, and `check` is not red for it.
            item.since(due.tomorrow().ok()).red(red)
        }
        Code::DueSoon => {
            let due = secret.due?;
            let warned = secret.warned_before;
            let item = OpenItem::new("OI-08", Words::said(format!("{}, due {due}", secret.name)));
            item.since(due.saturating_sub(i64::from(warned).days()).max(secret.made_on))
        }
        _ => return None,
    };
    let fix = finding.fix.as_deref().map(commanded).unwrap_or_default();
    Some(item.owner(secret.owner.clone()).fix(fix))
}

/// One value in several environments: whoever reads one of them has it in the others.
fn in_two(matter: &Matter<'_>, group: &BTreeSet<Address>) -> OpenItem {
    let mine: Vec<_> = group.iter().filter_map(|at| matter.secret(at)).collect();
    let item = OpenItem::new("OI-20", Words::said(names(&mine)));
    let last = mine.iter().map(|secret| secret.made_on).max();
    let item = item.since(last).owner(Matter::owners(mine.iter().copied()));
    let all = mine.iter().map(|it| format!("tenure rotate {}", quoted(&it.name)));
    item.fix(Words::from("give each its own: ").codes(all.skip(1)))
}

/// What stands in clear and should not, as far as the checks see it.
fn in_clear(matter: &Matter<'_>, finding: &Finding) -> Option<OpenItem> {
    if !matches!(finding.code, Code::Plaintext | Code::PlainComment) {
        return None;
    }
    let owner = finding.address.as_ref().and_then(|address| matter.secret(address)?.owner.clone());
    let item = OpenItem::new("OI-19", Words::said(finding.place.as_str())).red(true);
    let fix = finding.fix.as_deref().map(commanded).unwrap_or_default();
    Some(item.owner(owner.unwrap_or_else(|| super::SECURITY.to_owned())).fix(fix))
}

/// Third-party secrets of which something is not said, or that live longer than our own of that kind.
fn third_party(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let policy = matter.ground.verified.policy;
    let mut groups: BTreeMap<_, Vec<&Secret>> = BTreeMap::new();
    for secret in matter.secrets.iter().filter(|it| it.origin == Some(Origin::ThirdParty)) {
        let lacks = lacking(matter, policy, secret);
        if !lacks.is_empty() {
            groups.entry((&secret.address.env, lacks)).or_default().push(secret);
        }
    }
    for ((_, lacks), group) in groups {
        let what: Vec<_> = lacks.iter().map(|lack| lack.0).collect();
        let fix = lacks.iter().enumerate().fold(Words::default(), |fix, (at, lack)| {
            if at == 0 { fix.ours(lack.1) } else { fix.ours(", ").ours(lack.1) }
        });
        let subject = Words::said(format!("{}: {}", names(&group), what.join(", ")));
        let item = OpenItem::new("OI-17", subject);
        let item = item.since(oldest(&group)).owner(Matter::owners(group));
        items.push(item.fix(fix.ours(", then `tenure policy sign`")));
    }
}

fn lacking(
    matter: &Matter<'_>,
    policy: &Policy,
    secret: &Secret,
) -> Vec<(&'static str, &'static str)> {
    let kind = secret.kind.as_ref();
    let ended = kind.and_then(|kind| policy.types.get(kind)?.revoke.as_ref()).is_some();
    let own = matter.secrets.iter().filter(|it| it.origin != Some(Origin::ThirdParty));
    let word = |secret: &Secret| secret.kind.as_ref().and_then(|kind| policy.word(kind));
    let alike = own.filter(|own| word(secret).is_some() && word(own) == word(secret));
    let strictest = alike.map(|own| lives(policy, own)).min();
    let laxer = strictest.is_some_and(|own| lives(policy, secret) > own);
    let all = [
        (laxer, "laxer than an internal one", "set a shorter `rotate-every` for its type"),
        (secret.contact.is_none(), "no contact", "add `contact` to its rule"),
        (secret.copies.is_empty(), "nobody says who holds copies", "add `copies` to its rule"),
        (!ended, "no way to revoke it", "add `revoke` to its type"),
    ];
    all.into_iter().filter(|(lacks, ..)| *lacks).map(|(_, what, fix)| (what, fix)).collect()
}

/// How long a value may live, in days; for ever is the longest.
fn lives(policy: &Policy, secret: &Secret) -> u32 {
    match policy.rotate_every_of(&secret.address, secret.kind.as_ref()) {
        RotateEvery::Days(days) => days,
        RotateEvery::Never => u32::MAX,
    }
}
