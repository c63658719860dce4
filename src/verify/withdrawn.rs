//! Values that one branch promoted and another one took back: merged, the promotion stands, and nobody saw both.

use super::verdicts::at;
use super::{Live, Record, Verified};
use crate::finding::{Code, Severity};
use crate::log::entry::Op;
use crate::names::{Address, Stage};

impl Verified<'_> {
    /// Finds the values in use that somebody took back while they were promoted, until a later entry names them.
    pub(super) fn withdrawn(&mut self) {
        let found = |(address, live): (&Address, &Live<'_>)| {
            let (promoted, taken_back) = self.record.taken_back(address, *live)?;
            let by = |entry: usize| self.record.entries[entry].entry.by.as_str();
            let message = format!(
                "promoted by `{}`, and taken back by `{}` beside it: --undo, or --finish",
                by(promoted),
                by(taken_back)
            );
            let finding = at(Code::Withdrawn, address, message).graded(Severity::Found);
            let finding = finding.entry(self.record.entries[taken_back].id);
            Some(finding.fix(format!("tenure rotate {} --undo", self.record.name_of(address))))
        };
        let mut findings: Vec<_> = self.live.iter().filter_map(found).collect();
        self.findings.append(&mut findings);
    }
}

impl Record {
    /// The promotion of a value, and the entry beside it that took the same value back, if nobody has had a word
    /// on it who saw both.
    fn taken_back(&self, address: &Address, live: Live<'_>) -> Option<(usize, usize)> {
        let (promoted, pending, made) = self.promotion(address, live)?;
        let is_beside =
            |at: usize| !self.dag.is_ancestor(promoted, at) && !self.dag.is_ancestor(at, promoted);
        let takes_back = |at: &&usize| {
            let item = self.entries[**at].entry.item(pending);
            let deletes = item.is_some_and(|item| item.op == Op::Delete);
            deletes && is_beside(**at) && self.dag.is_ancestor(made, **at)
        };
        let taken_back = *self.naming(pending).iter().find(takes_back)?;
        let saw_both = |at: &usize| {
            self.dag.is_ancestor(promoted, *at) && self.dag.is_ancestor(taken_back, *at)
        };
        let family = [Some(address.clone()), address.beside(Stage::Previous)];
        let settled = family.iter().flatten().any(|at| self.naming(at).iter().any(saw_both));
        (!settled).then_some((promoted, taken_back))
    }

    /// The entry that moved a value from beside a place into it, from where, and the entry that it carried on.
    fn promotion<'r>(
        &'r self,
        address: &Address,
        live: Live<'r>,
    ) -> Option<(usize, &'r Address, usize)> {
        let mut now = live;
        for (before, earlier) in self.chain_of(live) {
            if before != address {
                let is_pending = before.beside_what() == Some((Stage::Next, address.clone()));
                let moved = now.item.op == Op::Move && is_pending;
                return moved.then_some((now.entry, before, earlier.entry));
            }
            now = earlier;
        }
        None
    }
}
