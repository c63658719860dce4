//! Items about obligations and incidents: OI-09, OI-10.

use std::collections::BTreeMap;

use super::{Matter, OpenItem};
use crate::deeds::report::incidents::Incident;
use crate::deeds::report::secrets::Secret;
use crate::rotation::Obligation;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let mut groups: BTreeMap<_, Vec<&Obligation>> = BTreeMap::new();
    for debt in &matter.ground.verified.obligations {
        groups.entry((&debt.leaver, debt.cause, debt.due)).or_default().push(debt);
    }
    for ((who, cause, due), debts) in groups {
        let mut names: Vec<_> = debts.iter().map(|it| matter.ground.name(&it.address)).collect();
        names.sort();
        let subject = format!("{who} {}: {}, due {due}", cause.did(), names.join(", "));
        let secrets: Vec<&Secret> =
            debts.iter().filter_map(|debt| matter.secret(&debt.address)).collect();
        let since = debts.iter().map(|debt| debt.since).min();
        let item = OpenItem::new("OI-09", subject).since(since).owner(Matter::owners(secrets));
        let red = crate::rotation::days_left(due, matter.ground.today) < 0;
        items.push(item.fix("`tenure rotate --due`").red(red));
    }
    items.extend(matter.incidents.iter().filter(|it| it.closed.is_none()).map(incident));
}

/// An incident that two members have not called over; an exercise is never red.
fn incident(it: &Incident) -> OpenItem {
    let word = if it.drill { "drill" } else { "incident" };
    let subject = format!(
        "{word} about {}, opened by {}: {} of {} values still in use, not closed",
        it.subject, it.by, it.live, it.values
    );
    let item = OpenItem::new("OI-10", subject).since(it.opened).owner(super::SECURITY.to_owned());
    item.fix("rotate what is in use, end it at its issuer, and close the incident").red(!it.drill)
}
