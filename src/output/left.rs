//! Who was removed, and what that leaves to do: readers lose a key, credentials end at their issuers.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::enacted::{effect_json, enacted_json, receipt};
use super::words::{count, names};
use super::{Show, safe};
use crate::deeds::member::owner::Identity;
use crate::deeds::member::remove::{Debt, Fate, Removed};
use crate::names::EnvName;
use crate::policy::MemberKind;

/// How many values of an environment are named; `--json` names all.
const NAMED: usize = 20;

impl Show for Removed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        receipt(&self.enacted, out)?;
        let over = self.enacted.waiting.is_none();
        match over {
            true => writeln!(out, "reader {}: nothing new is sealed to their keys", self.name)?,
            false => writeln!(out, "reader {}: reads on until the policy is in force", self.name)?,
        }
        self.credentials(out)?;
        if let Some(first) = self.enacted.alarms.first() {
            let exposed = count(self.exposed, "value");
            writeln!(out, "incident {} open: {exposed}, due today", first.short())?;
        }
        self.answered_for(out)?;
        writeln!(out, "next  git add -A && git commit")?;
        let rotates = |debt: &Debt| over && !debt.values.is_empty();
        for (env, _) in self.owed().filter(|(_, debt)| rotates(debt)) {
            writeln!(out, "next  tenure rotate --due -e {env}")?;
        }
        for id in &self.enacted.alarms {
            writeln!(out, "next  tenure incident status {}", id.short())?;
        }
        self.next_owners(out)
    }

    fn json(&self) -> Value {
        let debt = |(env, debt): (&EnvName, &Debt)| json!({ "environment": env, "values": debt.values, "to_end": debt.to_end, "replaced_to_end": debt.gone, "due": debt.due.to_string() });
        let identity = |it: &Identity| json!({ "name": it.name, "kind": it.kind.word(), "reads": it.reads, "owner": self.owner_of_identities() });
        json!({
            "member": self.name,
            "could_read": self.debts.iter().map(debt).collect::<Vec<_>>(),
            "identities": self.identities.iter().map(identity).collect::<Vec<_>>(),
            "exposed": self.exposed,
            "identities_removed": self.fate == Fate::Removed,
            "effect": effect_json(&self.effect),
            "signed": enacted_json(&self.enacted),
        })
    }
}

impl Removed {
    fn owed(&self) -> impl Iterator<Item = (&EnvName, &Debt)> {
        self.debts.iter().filter(|(_, debt)| !debt.values.is_empty() || debt.gone > 0)
    }

    /// A reader is revoked here; a credential is not, until it is replaced and its issuer ends it.
    fn credentials(&self, out: &mut dyn Write) -> io::Result<()> {
        let number: usize = self.owed().map(|(_, debt)| debt.values.len() + debt.gone).sum();
        if number == 0 {
            return writeln!(out, "credentials: no value must be rotated or ended");
        }
        let values = count(number, "value");
        writeln!(
            out,
            "credentials: {values} must be rotated or ended: what {} read works until then",
            self.name
        )?;
        self.owed().try_for_each(|(env, debt)| self.of_env(env, debt, out))
    }

    fn of_env(&self, env: &EnvName, debt: &Debt, out: &mut dyn Write) -> io::Result<()> {
        let (must, by) = match self.enacted.waiting {
            None => ("must rotate", format!("by {}", debt.due)),
            Some(_) => ("to rotate", "once the policy is in force".to_owned()),
        };
        let finish = "tenure rotate SECRET --finish";
        if !debt.values.is_empty() {
            let names: Vec<_> =
                debt.values.iter().take(NAMED).map(|at| at.key.to_string()).collect();
            let more = if debt.values.len() > NAMED { " …" } else { "" };
            let number = count(debt.values.len(), "value");
            writeln!(out, "{number} in {env} {must} {by}: {}{more}", safe(&names.join(" ")))?;
        }
        if debt.to_end > 0 {
            let some = debt.to_end;
            writeln!(out, "  of {some} of them the end must be recorded, too: {finish}")?;
        }
        if debt.gone > 0 {
            let gone = count(debt.gone, "value");
            writeln!(
                out,
                "{gone} in {env} that others replaced: the end must be recorded {by}: {finish}"
            )?;
        }
        Ok(())
    }

    fn answered_for(&self, out: &mut dyn Write) -> io::Result<()> {
        for it in &self.identities {
            let reads = match it.reads.as_slice() {
                [] => "reads nothing".to_owned(),
                some => format!("reads {}", names(some)),
            };
            let now = match &self.fate {
                Fate::Orphaned => "nobody answers for it now".to_owned(),
                Fate::Given(owner) => format!("{owner} answers for it now"),
                Fate::Removed => "removed too".to_owned(),
            };
            writeln!(out, "identity {}: a {} that {reads}; {now}", it.name, it.kind.word())?;
        }
        Ok(())
    }

    /// What is left to do about identities that stay: the leaver may hold their keys.
    fn next_owners(&self, out: &mut dyn Write) -> io::Result<()> {
        for it in self.identities.iter().filter(|_| self.fate != Fate::Removed) {
            if self.fate == Fate::Orphaned {
                writeln!(
                    out,
                    "next  tenure member owner {} NAME, or: tenure member remove {0}",
                    it.name
                )?;
            }
            writeln!(
                out,
                "next  tenure member replace-key {}{} since {} may hold its key",
                it.name,
                if it.kind == MemberKind::Machine { " --generate," } else { "," },
                self.name
            )?;
        }
        Ok(())
    }

    fn owner_of_identities(&self) -> Option<&crate::names::MemberName> {
        match &self.fate {
            Fate::Given(owner) => Some(owner),
            Fate::Orphaned | Fate::Removed => None,
        }
    }
}
