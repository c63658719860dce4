//! Values that one branch promoted and another one took back: merged, the promotion stands, and nobody saw both.

use super::verdicts::at;
use super::{Live, Record, Verified};
use crate::finding::{Code, Severity};
use crate::log::entry::{Kind, Note, Op};
use crate::names::{Address, Stage};

impl Verified<'_> {
    /// Finds the values in use that somebody took back while they were promoted, until somebody says which of the
    /// two stands.
    pub(super) fn withdrawn(&mut self) {
        let found = |(address, live): (&Address, &Live<'_>)| {
            // What another took the place of is ended like any other that was before.
            if matches!(self.stage(address), Some((Stage::Previous, _))) {
                return None;
            }
            let (promoted, taken_back) = self.record.taken_back(address, *live)?;
            let by = |entry: usize| self.record.entries[entry].entry.by.as_str();
            let stands = |at: &Address| self.stage(at).is_some();
            let (which, step) = match address.beside(Stage::Previous).as_ref().is_some_and(stands) {
                true => ("--undo, or --finish", " --undo"),
                false => ("it wants a new value", ""),
            };
            let message = format!(
                "promoted by `{}`, and taken back by `{}` beside it: {which}",
                by(promoted),
                by(taken_back)
            );
            let finding = at(Code::Withdrawn, address, message).graded(Severity::Found);
            let finding = finding.entry(self.record.entries[taken_back].id);
            Some(finding.fix(format!("tenure rotate {}{step}", self.record.name_of(address))))
        };
        let mut findings: Vec<_> = self.live.iter().filter_map(found).collect();
        self.findings.append(&mut findings);
    }
}

/// The promotion of a value.
struct Promoted<'r> {
    /// The entry that moved it from beside a place into it.
    entry: usize,
    /// Where it was pending.
    pending: &'r Address,
    /// The entry that the promotion carried on.
    made: usize,
    /// Where it stood from then on, under whatever names.
    places: Vec<&'r Address>,
}

impl Record {
    /// The promotion of a value, and the entry beside it that took the same value back, if nobody who saw both has
    /// said that it stands.
    fn taken_back<'r>(&'r self, address: &'r Address, live: Live<'r>) -> Option<(usize, usize)> {
        let promoted = self.promotion(address, live)?;
        let (entry, pending) = (promoted.entry, promoted.pending);
        let is_beside =
            |at: usize| !self.dag.is_ancestor(entry, at) && !self.dag.is_ancestor(at, entry);
        let takes_back = |at: &&usize| {
            let item = self.entries[**at].entry.item(pending);
            let deletes = item.is_some_and(|item| item.op == Op::Delete);
            deletes && is_beside(**at) && self.dag.is_ancestor(promoted.made, **at)
        };
        let taken_back = *self.naming(pending).iter().find(takes_back)?;
        (!self.is_settled(&promoted, taken_back)).then_some((entry, taken_back))
    }

    /// Tells whether somebody who saw both ended the value before: it was taken away, or said to be refused.
    fn is_settled(&self, promoted: &Promoted<'_>, taken_back: usize) -> bool {
        let saw_both = |at: usize| {
            let saw = |entry| self.dag.is_ancestor(entry, at);
            saw(promoted.entry) && saw(taken_back)
        };
        let ends = |previous: Address| {
            let mut naming = self.naming(&previous).iter().copied().filter(|at| saw_both(*at));
            naming.any(|at| {
                self.entries[at].entry.item(&previous).is_some_and(|item| item.op == Op::Delete)
            })
        };
        if promoted.places.iter().filter_map(|at| at.beside(Stage::Previous)).any(ends) {
            return true;
        }
        let is_mine = |at: &Address| {
            let base = at.beside_what().map(|(_, base)| base);
            promoted.places.iter().any(|place| *place == at || Some(*place) == base.as_ref())
        };
        let refused = |at: usize| match &self.entries[at].entry.kind {
            Kind::Note(Note::Revoked { value, .. }) => is_mine(&value.address),
            _ => false,
        };
        (0..self.entries.len()).any(|at| refused(at) && self.holds(at) && saw_both(at))
    }

    /// How a value came into its place from beside it, whatever other names it was given since.
    fn promotion<'r>(&'r self, address: &'r Address, live: Live<'r>) -> Option<Promoted<'r>> {
        let (mut at, mut now, mut places) = (address, live, vec![address]);
        for (before, earlier) in self.chain_of(live) {
            if before != at {
                let is_pending = before.beside_what() == Some((Stage::Next, at.clone()));
                if now.item.op == Op::Move && is_pending {
                    let (entry, made) = (now.entry, earlier.entry);
                    return Some(Promoted { entry, pending: before, made, places });
                }
                places.push(before);
            }
            (at, now) = (before, earlier);
        }
        None
    }
}
