//! Items about duties: OI-07, OI-09, OI-10, and what is borne of them, OI-21.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Matter, OpenItem};
use crate::deeds::report::incidents::Incident;
use crate::deeds::report::words::{Words, commanded};
use crate::finding::{Code, Finding, Severity};
use crate::names::Address;
use crate::rotation::{Cause, Obligation, Owed, Previous, pressing};
use crate::verify::incidents::LET_IN;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let verified = matter.ground.verified;
    items.extend(verified.previous.iter().map(|value| outlived(matter, value)));
    leavers(matter, items);
    for it in matter.incidents {
        items.extend(incident(matter, it));
    }
    items.extend(verified.obligations.iter().filter_map(|debt| borne(matter, debt)));
}

/// What the checks say of a place: the command that mends it, and whether they are red.
fn checked(matter: &Matter<'_>, address: &Address, code: Code) -> (Option<Words>, bool) {
    let findings = &matter.ground.verified.findings;
    let mine = |address| {
        findings.iter().find(move |it| it.code == code && it.address.as_ref() == Some(address))
    };
    let found = mine(address);
    let fix = found.and_then(|it| it.fix.as_deref()).map(commanded);
    (fix, found.is_some_and(|it| it.severity >= Severity::Found))
}

fn owner(matter: &Matter<'_>, address: &Address) -> Option<String> {
    let owner = matter.ground.verified.policy.rule(address).owner;
    owner.map(|text| matter.ground.neutral.say(text))
}

fn outlived(matter: &Matter<'_>, value: &Previous) -> OpenItem {
    let (name, address) = (matter.ground.name(&value.address), &value.address);
    let subject = format!("{name}, replaced on {}, to be ended by {}", value.since, value.due);
    let (fix, red) = checked(matter, address, Code::Previous);
    let item = OpenItem::new("OI-07", Words::said(subject))
        .since(value.since)
        .owner(owner(matter, address));
    item.fix(fix.unwrap_or_default()).red(red)
}

/// Tells whether `check` is red for a duty: what a customer has in hand is only shown.
fn is_red(matter: &Matter<'_>, debt: &Obligation) -> bool {
    let policy = matter.ground.verified.policy;
    debt.is_red(matter.ground.today) && !policy.has_customer(&debt.address, &debt.origin.address)
}

/// A row for each cause, day, and what is left to do. Where there is another duty about a value, the most pressing
/// one says by when, as it does everywhere.
fn leavers(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let all = &matter.ground.verified.obligations;
    let first = pressing(all, matter.ground.today).into_iter();
    let first: BTreeMap<_, _> = first.map(|it| ((&it.address, &it.origin), it)).collect();
    let mut groups: BTreeMap<_, (Vec<&Obligation>, Option<Date>)> = BTreeMap::new();
    for debt in all.iter().filter(|debt| debt.cause.who().is_some()) {
        let said = first.get(&(&debt.address, &debt.origin)).copied().unwrap_or(debt);
        let group = groups.entry((&debt.cause, said.due, debt.owed)).or_default();
        group.0.push(said);
        group.1 = group.1.into_iter().chain([debt.since]).min();
    }
    for ((cause, due, owed), (debts, since)) in groups {
        let what = match owed {
            Owed::Rotate => "",
            Owed::End => "to end ",
        };
        let cause = cause.what().replace('`', "");
        let subject = format!("{cause}: {what}{}, due {due}", names(matter, &debts));
        let red = debts.iter().any(|debt| is_red(matter, debt));
        let item =
            OpenItem::new("OI-09", Words::said(subject)).since(since).owner(owners(matter, &debts));
        items.push(item.fix(mended(matter, &debts, owed)).red(red));
    }
}

fn names(matter: &Matter<'_>, debts: &[&Obligation]) -> String {
    let mut names: Vec<_> = debts.iter().map(|it| matter.ground.name(&it.address)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

fn owners(matter: &Matter<'_>, debts: &[&Obligation]) -> Option<String> {
    let mut owners: Vec<_> = debts.iter().filter_map(|debt| owner(matter, &debt.address)).collect();
    owners.sort();
    owners.dedup();
    (!owners.is_empty()).then(|| owners.join(", "))
}

/// The command of the checks for one value, and one for all of many.
fn mended(matter: &Matter<'_>, debts: &[&Obligation], owed: Owed) -> Words {
    let alone = match debts {
        [one] => checked(matter, &one.address, Code::Obligation).0,
        _ => None,
    };
    let all = match owed {
        Owed::Rotate => "`tenure rotate --due`",
        Owed::End => "`tenure rotate SECRET --finish` for each",
    };
    alone.unwrap_or_else(|| all.into())
}

/// What is left of an incident: its values, and the word of two members that it is over.
fn incident(matter: &Matter<'_>, it: &Incident) -> Option<OpenItem> {
    let all = matter.ground.verified.obligations.iter();
    let mine = all.filter(|debt| matches!(debt.cause, Cause::Incident { id, .. } if id == it.id));
    let mine: Vec<_> = mine.collect();
    if it.closed.is_some() && mine.is_empty() {
        return None;
    }
    let left = |what: &str, owed: Owed| {
        let debts: Vec<_> = mine.iter().copied().filter(|debt| debt.owed == owed).collect();
        (!debts.is_empty()).then(|| format!("{what} {}", names(matter, &debts)))
    };
    let open = it.closed.is_none().then(|| match &it.out_of_reach {
        Some(why) => format!("not closed: {why}"),
        None => "not closed".to_owned(),
    });
    let left = [left("to rotate", Owed::Rotate), left("to end", Owed::End), open];
    let left: Vec<_> = left.into_iter().flatten().collect();
    let word = if it.drill { "drill" } else { "incident" };
    let (id, about, left) = (it.id.short(), &it.subject, left.join("; "));
    let item = OpenItem::new("OI-10", Words::said(format!("{word} {id} about {about}: {left}")));
    let fix = if mine.is_empty() {
        let close = format!("tenure incident close {id} -o FILE");
        let both = "two members, an admin among them: ";
        match it.out_of_reach {
            Some(_) => Words::default().code(LET_IN).ours("; then ").ours(both).code(close),
            None => Words::from(both).code(close),
        }
    } else {
        "`tenure rotate --due`, then end the old values with `tenure rotate SECRET --finish`".into()
    };
    let owner = owners(matter, &mine).unwrap_or_else(|| super::SECURITY.to_owned());
    let findings = &matter.ground.verified.findings;
    let unclosed = |found: &&Finding| found.code == Code::Incident && found.entry == Some(it.id);
    let unclosed = findings.iter().find(unclosed).is_some_and(|it| it.severity >= Severity::Found);
    let red = unclosed || mine.iter().any(|debt| is_red(matter, debt));
    Some(item.since(it.opened).owner(owner).fix(fix).red(red))
}

/// A duty that admins bear, or bore, for a while.
fn borne(matter: &Matter<'_>, debt: &Obligation) -> Option<OpenItem> {
    let accepted = debt.accepted.as_ref()?;
    let state = if debt.is_accepted(matter.ground.today) { "in force until" } else { "ended" };
    let name = matter.ground.name(&debt.address);
    let reason = matter.ground.neutral.say(accepted.reason.as_deref().unwrap_or("no reason"));
    let cause = debt.cause.what().replace('`', "");
    let subject = format!("{name}, {cause} ({reason}), {state} {}", accepted.until);
    let item = OpenItem::new("OI-21", Words::said(subject));
    let item = item.owner(owner(matter, &debt.address));
    let fix = checked(matter, &debt.address, Code::Obligation).0;
    Some(item.fix(fix.unwrap_or_else(|| "`tenure rotate --due`".into())))
}
