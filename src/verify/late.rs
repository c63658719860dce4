//! Checks 11 and 12: deadlines and obligations; and what no reader has opened yet.

use jiff::civil::Date;

use super::Live;
use super::debts::Ledger;
use super::disk::FileForm;
use super::files::Verified;
use super::verdicts::{at, can};
use crate::document::{Document, Leaf, Node};
use crate::finding::{Code, Finding, Severity};
use crate::log::entry::Origin;
use crate::names::{Address, EnvName, KeyPath, Stage, TypeName, quoted};
use crate::policy::{Strategy, Word};
use crate::rotation::{Cause, Obligation, Owed, Previous, days};
use crate::{rotation, seal};

/// What is said of a value that a customer has in hand.
const CUSTOMERS: &str = "; in custody of the customer, who decides";

impl<'r> Verified<'r> {
    /// Notes the values of which nobody but their signers knows what they are.
    pub(super) fn drops(&mut self) {
        for (path, file) in &self.files {
            let FileForm::Values(document) = &file.form else { continue };
            let dropped = |leaf: &&Leaf| document.token(leaf).is_some_and(seal::is_dropped);
            let mut dropped = document.leaves.iter().filter(dropped).peekable();
            if dropped.peek().is_none() {
                continue;
            }
            let can = can(&self.record.keyring_makers(self.policy, &file.env));
            for leaf in dropped {
                let (env, path, key) = (file.env.clone(), path.clone(), leaf.path.item());
                let message =
                    format!("dropped by who cannot read it, and not opened by a reader since{can}");
                let note = at(Code::Dropped, &Address { env, path, key }, message);
                let fix = format!("tenure rekey -e {}", file.env);
                self.findings.push(note.graded(Severity::Note).fix(fix));
            }
        }
    }

    /// The deadline of what stands sealed at an address. A value that another took the place of has none: its
    /// overlap is what counts. One that was over when a value was put in clear stays.
    #[must_use]
    pub fn deadline(&self, address: &Address) -> Option<Date> {
        let live = self.stands(address)?;
        let counts = || !matches!(self.stage(address), Some((Stage::Previous, _)));
        let own = live.item.due.filter(|_| live.item.generation.is_some() && counts());
        let cleared = self.record.cleared(address, live);
        own.into_iter().chain(cleared.iter().filter_map(|it| it.overdue(self.record))).min()
    }

    /// The overlap of what stands at an address after another took its place: its last day.
    #[must_use]
    pub fn ends_by(&self, address: &Address) -> Option<Date> {
        let mut here = self.previous.iter().filter(|old| old.stands && old.address == *address);
        here.next().map(|old| old.due)
    }

    /// Check 11.
    pub(super) fn deadlines(&mut self, today: Date) {
        for (address, live) in self.live.iter().chain(&self.unfound) {
            let Some(due) = self.deadline(address) else { continue };
            let left = rotation::days_left(due, today);
            let kind = live.item.kind.as_ref();
            let warn = i32::try_from(self.warned_before(address, *live));
            if left < 0 {
                let finding = self.overdue(address, kind, (due, today));
                self.findings.push(finding);
            } else if warn.is_ok_and(|warn| left <= warn) {
                let message = format!("due {due}, in {}", days(left));
                let finding = at(Code::DueSoon, address, message).graded(Severity::Note);
                self.findings.push(finding.fix(self.way_on(address, false)));
            }
        }
    }

    /// The days before its deadline from which on a value is announced. Certificates take time to order: theirs
    /// begin at two thirds of their life, counted from when they were set, where that is earlier than what the
    /// policy says. Mission, section C; decision 36.
    #[must_use]
    pub fn warned_before(&self, address: &Address, live: Live<'_>) -> u32 {
        let kind = live.item.kind.as_ref();
        let said = self.policy.warn_before_of(address, kind);
        let certificate = kind.and_then(|kind| self.policy.word(kind)) == Some(Word::Certificates);
        let Some(due) = live.item.due.filter(|_| certificate) else { return said };
        let (made, _) = self.record.origin_of(address, live);
        // Its deadline is so many days before its end.
        let margin = 7;
        let life = rotation::days_left(due, self.record.day_of(made)) + margin;
        said.max(u32::try_from(life / 3 - margin).unwrap_or_default())
    }

    /// What is late. A policy may grant some days of grace, for which it is a warning and no failure.
    fn overdue(
        &self,
        address: &Address,
        kind: Option<&TypeName>,
        (due, today): (Date, Date),
    ) -> Finding {
        let late = days(-rotation::days_left(due, today));
        let last = self.policy.graced_until(kind, due);
        let borne = today <= last;
        let until = match () {
            () if self.is_customers((address, self.born(address))) => CUSTOMERS.to_owned(),
            () if borne => format!("; in grace until {last}"),
            () => String::new(),
        };
        let finding = at(Code::Overdue, address, format!("due {due}, {late} late{until}"));
        let value = (address, self.born(address));
        finding.graded(self.grade(value, !borne)).fix(self.way_on(address, true))
    }

    /// Check 12: what those who are gone, or whom an incident let in, could read and nobody made worthless since;
    /// and what another value took the place of.
    pub(super) fn debts(&mut self, scope: Option<&EnvName>, today: Date) {
        let Ledger { obligations, previous } = super::debts::ledger(self, scope);
        let owed = rotation::pressing(&obligations, today).into_iter();
        let mut findings: Vec<_> = owed.map(|debt| self.owed(debt, today)).collect();
        findings.extend(previous.iter().map(|value| self.outlived(value, today)));
        findings.extend(self.ended());
        self.findings.append(&mut findings);
        (self.obligations, self.previous) = (obligations, previous);
        self.findings.append(&mut self.unclosed(scope, today));
        self.withdrawn();
    }

    /// Takes what was signed for what stands, where the file lies in clear, with what is owed of it.
    pub fn take_for_live(&mut self, signed: impl Iterator<Item = (Address, Live<'r>)>) {
        self.live.extend(signed);
        self.obligations = super::debts::ledger(self, None).obligations;
    }

    /// Finds the values in use of which somebody signed that their issuer refuses them: two branches that finish
    /// and undo one rotation can bring such a value back.
    fn ended(&self) -> Vec<Finding> {
        let revoked = self.record.revoked();
        if revoked.is_empty() {
            return Vec::new();
        }
        let is_ended = |address: &Address, live: Live<'_>| {
            let (made, at) = self.record.origin_of(address, live);
            let entry = self.record.entries[made].id;
            revoked.contains(&Origin { entry, address: at.clone() })
        };
        let used = self.live.iter().filter(|(address, live)| {
            live.item.generation.is_some()
                && !matches!(self.stage(address), Some((Stage::Previous, _)))
        });
        let ended = used.filter(|(address, live)| is_ended(address, **live));
        let finding = |address: &Address| {
            let message = "in use, and its issuer was told to refuse it";
            let finding = at(Code::Ended, address, message).fix(self.renewal(address));
            finding.graded(self.grade((address, self.born(address)), true))
        };
        ended.map(|(address, _)| finding(address)).collect()
    }

    /// The most pressing duty about the value that stands at an address.
    #[must_use]
    pub fn owed_at(&self, address: &Address, today: Date) -> Option<&Obligation> {
        let (made, at) = self.record.origin_of(address, self.stands(address)?);
        let made = self.record.entries[made].id;
        // They are sorted by address.
        let from = self.obligations.partition_point(|debt| debt.address < *address);
        let here = self.obligations[from..].iter().take_while(|debt| debt.address == *address);
        // What is owed of a value that was put in clear is of another origin.
        let of_it = here.filter(|debt| {
            debt.owed == Owed::Rotate || (debt.origin.entry, &debt.origin.address) == (made, at)
        });
        of_it.min_by_key(|debt| debt.rank(today))
    }

    fn owed(&self, debt: &Obligation, today: Date) -> Finding {
        let clear = self.stands(&debt.address).is_some_and(|it| it.item.generation.is_none());
        let what = match debt.owed {
            Owed::Rotate if clear => "stands in clear, and must rotate",
            Owed::Rotate => "must rotate",
            Owed::End => "was replaced, and must be ended",
        };
        let by = match debt.cause {
            Cause::Incident { .. } => String::new(),
            Cause::Left { .. } | Cause::LostKey { .. } => format!(" by {}", debt.due),
        };
        let borne = debt.accepted.as_ref().map(|it| format!("; accepted until {}", it.until));
        let cause = debt.cause.what();
        let message = format!("{what}{by}: {cause}{}", borne.unwrap_or_default());
        let fix = match debt.owed {
            Owed::End => self.finish(&debt.address),
            Owed::Rotate => self.way_on(&debt.address, true),
        };
        let value = (&debt.address, &debt.origin.address);
        let message = message + self.whose(value);
        let finding = at(Code::Obligation, &debt.address, message).entry(debt.entry);
        finding.graded(self.grade(value, debt.is_red(today))).fix(fix)
    }

    fn outlived(&self, value: &Previous, today: Date) -> Finding {
        let left = rotation::days_left(value.due, today);
        let when = match left {
            left if left < 0 => format!("{} late", days(-left)),
            left => format!("in {}", days(left)),
        };
        let message = format!("replaced on {}, to be ended by {}, {when}", value.since, value.due);
        let whose = (&value.address, &value.origin.address);
        let message = message + self.whose(whose);
        let finding = at(Code::Previous, &value.address, message).entry(value.origin.entry);
        finding.graded(self.grade(whose, left < 0)).fix(self.finish(&value.address))
    }

    /// What is late is red, unless a customer has it in hand.
    fn grade(&self, value: (&Address, &Address), late: bool) -> Severity {
        if late && !self.is_customers(value) { Severity::Found } else { Severity::Note }
    }

    /// Tells whether a customer has a value in hand, by where it stands and where it was made.
    fn is_customers(&self, (address, born): (&Address, &Address)) -> bool {
        self.policy.has_customer(address, born)
    }

    /// Where what stands at an address was made.
    fn born<'a>(&'a self, address: &'a Address) -> &'a Address {
        self.stands(address).map_or(address, |live| self.record.origin_of(address, live).1)
    }

    /// Says of a customer's value that it is.
    fn whose(&self, value: (&Address, &Address)) -> &'static str {
        if self.is_customers(value) { CUSTOMERS } else { "" }
    }

    /// The command that ends what stands, or stood, at an address and is not the current value.
    fn finish(&self, address: &Address) -> String {
        let base = self.record.stands_beside(address);
        let of = base.map_or_else(|| address.clone(), |(_, base)| base);
        format!("{} --finish", self.rotate(&of))
    }

    /// The command that comes next for a value that wants a new one: a rotation that is under way goes on
    /// first, and what is pending and no good any more is taken back.
    fn way_on(&self, address: &Address, spoilt: bool) -> String {
        if self.stands(address).is_some_and(|live| live.item.generation.is_none()) {
            return self.way_out_of_clear(address);
        }
        let beside = |of: &Address, stage: Stage| {
            let at = of.beside(stage);
            at.is_some_and(|at| self.stage(&at).is_some_and(|(found, _)| found == stage))
        };
        let (base, is_pending) = match self.stage(address) {
            Some((Stage::Next, base)) => (base, true),
            _ => (address.clone(), false),
        };
        let step = if is_pending && spoilt {
            "--undo"
        } else if beside(&base, Stage::Previous) {
            "--finish"
        } else if beside(&base, Stage::Next) {
            "--promote"
        } else {
            return self.renewal(address);
        };
        format!("{} {step}", self.rotate(&base))
    }

    /// What puts a value that stands in clear out of reach: nothing in clear takes the place of one that is owed.
    fn way_out_of_clear(&self, address: &Address) -> String {
        let seal = format!("tenure seal {}", quoted(&address.path));
        match self.policy.is_clear(&address.env, &address.key) {
            true => {
                format!("take it out of `clear` in the policy, then: tenure policy sign && {seal}")
            }
            false => seal,
        }
    }

    /// The command that rotates what stands at an address.
    fn rotate(&self, address: &Address) -> String {
        format!("tenure rotate {}", self.record.name_of(address))
    }

    /// The command by which a value, a list or a whole file gets a new content. A key ring's new value stands beside
    /// the one in use first.
    #[must_use]
    pub fn renewal(&self, address: &Address) -> String {
        let Address { path, key, .. } = address;
        let single = |document: &Document<'_>| {
            document.leaf(key).is_some_and(|leaf| leaf.node == Node::Scalar)
        };
        match self.files.get(path).map(|file| &file.form) {
            _ if *key == KeyPath::Whole => format!("{} --from-file FILE", self.rotate(address)),
            Some(FileForm::Values(document)) if !single(document) => {
                format!("tenure edit {}", quoted(path))
            }
            _ if self.strategy(address) == Some(Strategy::KeyRing) => {
                format!("{} --begin", self.rotate(address))
            }
            _ => self.rotate(address),
        }
    }
}
