//! Items about who uses what: OI-04.

use super::{Matter, OpenItem, names, oldest};
use crate::deeds::report::consumers::Sight;
use crate::deeds::report::kinds::title;
use crate::deeds::report::words::Words;
use crate::names::{RepoPath, TypeName};

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let unused = |kind: Option<&TypeName>| kind.is_some_and(|kind| kind.as_str() == "canary");
    for group in matter.by_env(|it| it.used_by.is_empty() && !unused(it.kind.as_ref())) {
        let item = OpenItem::new("OI-04", Words::said(format!("no consumer: {}", names(&group))));
        let item = item.since(oldest(&group)).owner(Matter::owners(group));
        items.push(item.fix(
            "add `used-by` to a rule under `[[secrets]]`, or take it away with `tenure unset`",
        ));
    }
    for (kind, usage) in matter.usage {
        let title = title(kind.as_ref());
        let mine = || matter.secrets.iter().filter(|secret| secret.kind == *kind);
        let unseen = usage.declared.iter().filter(|(_, sight)| **sight == Sight::NotSeen);
        let unseen: Vec<_> = unseen.map(|(name, _)| name.as_str()).collect();
        if !unseen.is_empty() {
            let subject = format!("{title}: {} declared, not seen", unseen.join(", "));
            let item = OpenItem::new("OI-04", Words::said(subject)).owner(Matter::owners(mine()));
            items.push(item.fix("mend `paths` of the consumer, or take it out of `used-by`"));
        }
        if !usage.undeclared.is_empty() {
            let files = usage.undeclared.iter().map(RepoPath::as_str);
            let subject = Words::said(format!("{title}: seen, not declared in ")).codes(files);
            let item = OpenItem::new("OI-04", subject).owner(Matter::owners(mine()));
            items.push(item.fix("declare a consumer with these `paths`, and name it in `used-by`"));
        }
    }
}
