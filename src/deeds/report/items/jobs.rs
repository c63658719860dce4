//! Items about the jobs of CI: OI-25, OI-26.

use super::{Matter, OpenItem};
use crate::deeds::report::words::Words;

pub(super) fn add(matter: &Matter<'_>, items: &mut Vec<OpenItem>) {
    let ci = matter.ci;
    if ci.checks.is_empty() {
        let item = OpenItem::new("OI-25", "no tracked file of CI runs `tenure check`");
        let item = item.since(matter.ground.begun()).owner(super::PLATFORM.to_owned());
        items.push(item.fix("run `tenure check` in a job that guards the protected branch"));
    }
    for it in &ci.unpinned {
        let subject = Words::default().code(it.path.as_str());
        let subject = subject.say(format!(", job {}: {}", it.job, it.action));
        let item = OpenItem::new("OI-26", subject).owner(super::PLATFORM.to_owned());
        items.push(item.fix("name the action by the id of a commit"));
    }
    for path in &ci.unreadable {
        let subject = Words::from("unknown: ").code(path.as_str());
        let subject = subject.ours(" opens secrets and is no YAML that can be read");
        let item = OpenItem::new("OI-26", subject).owner(super::PLATFORM.to_owned());
        items.push(item.fix("mend the file"));
    }
}
