//! A repository at a glance.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::{count, counted};
use super::{Ink, Show, findings, owed, paint, safe};
use crate::deeds::report::numbers::Numbers;
use crate::deeds::status::{EnvStatus, Status};
use crate::names::quoted;
use crate::rotation::{Owed, days};
use crate::verify::Holder;

impl Show for Status {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.environments.iter().map(|e| e.env.as_str().len()).max();
        for env in &self.environments {
            line(env, width.unwrap_or_default(), out)?;
        }
        let (people, machines) = self.members;
        let people = counted(people, "person", "people");
        writeln!(out, "members  {people}, {}", count(machines, "machine"))?;
        let (holding, all) = self.entries;
        writeln!(out, "log      {holding} of {all} entries verified")?;
        if let Some(root) = &self.root {
            let pinned = if self.pinned { "pinned" } else { "not pinned in this clone" };
            writeln!(out, "root     {root} {pinned}")?;
        }
        if let Some(next) = &self.next {
            let when = match next.days_left {
                left if left < 0 && next.custody.is_none() => {
                    paint(Ink::Red, &format!("{} late", days(-left)))
                }
                left if left < 0 => format!("{} late", days(-left)),
                left => format!("in {}", days(left)),
            };
            let whose = next.custody.map(|it| format!(", {}", it.word())).unwrap_or_default();
            let name = safe(&next.name);
            let what = match next.owed {
                Owed::Rotate => format!("{name} due"),
                Owed::End => format!("an old value of {name} must be ended by"),
            };
            writeln!(out, "next     {what} {}, {when}{whose}", next.due)?;
        }
        self.incidents.iter().try_for_each(|it| findings::line(it, out))?;
        if self.policies_wait > 0 {
            let number = counted(self.policies_wait, "policy", "policies");
            writeln!(out, "waiting  {number} for approval: tenure policy show")?;
        }
        if !self.requests.is_empty() {
            let number = count(self.requests.len(), "request");
            let names = self.requests.join(", ");
            writeln!(out, "waiting  {number} ({}): tenure check", safe(&names))?;
        }
        match &self.gravest {
            None => Ok(()),
            Some(finding) => {
                let (word, place) = (finding.code.word(), safe(&finding.place));
                writeln!(out, "{}  {place}: tenure check", paint(Ink::Red, word))
            }
        }
    }

    fn json(&self) -> Value {
        json!({
            "environments": self.environments.iter().map(environment).collect::<Vec<_>>(),
            "members": { "people": self.members.0, "machines": self.members.1 },
            "entries": { "verified": self.entries.0, "all": self.entries.1 },
            "root": self.root,
            "pinned": self.pinned,
            "policies_wait": self.policies_wait,
            "requests": self.requests,
            "numbers": self.numbers.as_ref().map(numbers),
            "obligations": owed::obligations(&self.obligations, self.today),
            "previous": owed::previous(&self.previous),
            "incidents": self.incidents.iter().map(findings::finding).collect::<Vec<_>>(),
            "next": self.next.as_ref().map(|next| json!({
                "name": next.name,
                "owed": next.owed.word(),
                "due": next.due.to_string(),
                "days_left": next.days_left,
                "custody": next.custody.map(Holder::word),
            })),
            "gravest": self.gravest.as_ref().map(|finding| json!({
                "code": finding.code.word(),
                "place": finding.place,
            })),
        })
    }
}

fn numbers(it: &Numbers) -> Value {
    json!({
        "values": it.values,
        "sealed": it.sealed,
        "rotations": it.rotations,
        "on_time": it.on_time,
        "overdue": it.overdue,
        "oldest_late": it.oldest_late,
        "late_duties": it.late_duties,
        "obligations": it.obligations,
        "first_due": it.first_due.map(|day| day.to_string()),
        "entries": { "verified": it.entries.0, "all": it.entries.1 },
        "open_items": it.items,
        "red_items": it.red_items,
    })
}

fn line(env: &EnvStatus, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut facts = vec![count(env.values, "value")];
    for (count, what, ink) in [
        (env.overdue, "overdue", Ink::Red),
        (env.due_soon, "due soon", Ink::Yellow),
        (env.obligations, "to rotate or end", Ink::Yellow),
        (env.drilled, "to rotate or end in a drill", Ink::Blue),
    ] {
        if count > 0 {
            facts.push(paint(ink, &format!("{count} {what}")));
        }
    }
    let (managed, held) = env.customers;
    if managed + held > 0 {
        facts.push(format!("{} in custody of the customer ({held} customer-held)", managed + held));
    }
    let readers: Vec<_> = env.readers.iter().map(ToString::to_string).collect();
    facts.push(format!("readers {}", readers.join(" ")));
    if env.keyring.is_none() {
        let fix = format!("keyring stale: tenure rekey -e {}", env.env);
        facts.push(paint(Ink::Yellow, &fix));
    }
    let name = env.env.as_str();
    writeln!(out, "{name:width$}  {}", facts.join("; "))?;
    env.open.iter().try_for_each(|path| {
        let path = quoted(path);
        let path = safe(&path);
        writeln!(out, "{:width$}  opened in place: tenure seal {path}", "")
    })
}

fn environment(env: &EnvStatus) -> Value {
    json!({
        "name": env.env,
        "values": env.values,
        "overdue": env.overdue,
        "due_soon": env.due_soon,
        "obligations": env.obligations,
        "drilled": env.drilled,
        "customers": { "managed": env.customers.0, "held": env.customers.1 },
        "readers": env.readers,
        "keyring": env.keyring.map(|id| id.to_string()),
        "stale": env.keyring.is_none(),
        "open": env.open,
    })
}
