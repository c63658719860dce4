//! Items about documents outside of us: OI-18, OI-28.

use std::collections::BTreeMap;

use super::history::since;
use super::{Matter, OpenItem};
use crate::deeds::DeedError;
use crate::deeds::report::link::{Target, target};
use crate::deeds::report::words::Words;
use crate::names::Sha256;
use crate::policy::{Link, Links, Policy};

/// Takes one of the links.
type Of = fn(&Links) -> Option<&Link>;

/// A link's field, and what it leads to.
const LINKS: [(&str, &str, Of); 5] = [
    ("third-party", "the third-party secrets procedure", |it| it.third_party.as_ref()),
    ("security-logging", "the security logging procedure", |it| it.security_logging.as_ref()),
    ("org-policy", "the organisation's security policy", |it| it.org_policy.as_ref()),
    ("compliance", "compliance", |it| it.compliance.as_ref()),
    ("incident-response", "the incident response runbook", |it| it.incident_response.as_ref()),
];

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) -> Result<(), DeedError> {
    let links = &matter.ground.verified.policy.links;
    for (field, name, of) in LINKS {
        let to = of(links).map(|link| link.to.as_str());
        let subject = match to {
            None => Words::said(format!("{name}: empty")),
            Some(to) => match broken(matter, to) {
                Some(why) => Words::said(format!("{name}: ")).then(why),
                None => continue,
            },
        };
        let same = |policy: &Policy| of(&policy.links).map(|link| link.to.as_str()) == to;
        let item = OpenItem::new("OI-18", subject).since(since(matter.ground, same));
        let item = item.owner(super::SECURITY.to_owned());
        let fix = Words::from("set ").code(field);
        items.push(item.fix(fix.ours(" under `[links]`, then `tenure policy sign`")));
    }
    runbooks(matter, items);
    items.extend(aligned(matter, links.org_policy.as_ref())?);
    Ok(())
}

/// Says what is wrong with a link, if anything. Nothing is fetched.
fn broken(matter: &Matter<'_>, to: &str) -> Option<Words> {
    let link = |what| Some(Words::default().code(to).ours(what));
    match target(to) {
        Target::Url => None,
        Target::BadUrl => link(" is no URL"),
        Target::Outside => link(" leads out of the repository"),
        Target::Path(path) if matter.ground.tracked.has(&path) => None,
        Target::Path(_) => link(" is no file that git tracks"),
    }
}

fn runbooks(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let mut found: BTreeMap<Words, Vec<(&str, String)>> = BTreeMap::new();
    for kind in matter.kinds {
        let Some((name, runbook)) = kind.name.as_ref().zip(kind.runbook.as_deref()) else {
            continue;
        };
        if let Some(why) = broken(matter, runbook) {
            found.entry(why).or_default().push((name.as_str(), kind.title.clone()));
        }
    }
    for (why, kinds) in found {
        let titles: Vec<_> = kinds.iter().map(|(_, title)| title.as_str()).collect();
        let names = kinds.iter().map(|(name, _)| format!("[types.{name}]"));
        let fix = Words::from("write it, or mend `runbook` of ").codes(names);
        let subject = Words::said(format!("runbook of {}: ", titles.join(", "))).then(why);
        let mine = matter.secrets.iter().filter(|secret| {
            secret
                .kind
                .as_ref()
                .is_some_and(|it| kinds.iter().any(|(name, _)| *name == it.as_str()))
        });
        items.push(OpenItem::new("OI-18", subject).owner(Matter::owners(mine)).fix(fix));
    }
}

/// Compares the organisation's policy with what it was when ours was aligned with it.
fn aligned(matter: &Matter<'_>, link: Option<&Link>) -> Result<Option<OpenItem>, DeedError> {
    let Some(link) = link else { return Ok(None) };
    let to = &link.to;
    let it = |before, after| Words::from(before).code(to).ours(after);
    let (subject, fix) = match (target(to), link.sha256) {
        (Target::Path(path), hash) => {
            let Ok(path) = path.parse() else { return Ok(None) };
            let Some(bytes) = matter.ground.tracked.read(&matter.ground.place.checkout, &path)?
            else {
                return Ok(None);
            };
            match hash {
                Some(hash) if hash == Sha256::of(&bytes) => return Ok(None),
                Some(_) => (
                    it("", " is not the text that the policy was aligned with"),
                    "align the policy, and set `sha256` of `org-policy`, then `tenure policy sign`",
                ),
                None => (
                    it("unknown: ", " has no `sha256` in the policy"),
                    "set `sha256` of `org-policy` under `[links]`, then `tenure policy sign`",
                ),
            }
        }
        (Target::Url, _) => (
            it("unknown: ", " is not read, since nothing is fetched"),
            "keep a copy in the repository, and link that with its `sha256`",
        ),
        (Target::BadUrl | Target::Outside, _) => return Ok(None),
    };
    let item = OpenItem::new("OI-28", subject).owner(super::SECURITY.to_owned());
    Ok(Some(item.fix(fix)))
}
