//! The numbers of section 11, which `status --json` tells too. Mission, row A39.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::FiveD;

/// How many of what there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Sealed values that the log attests.
    pub values: usize,
    /// How many of them stand sealed as they were attested.
    pub sealed: usize,
    /// Rotations that are finished.
    pub rotations: usize,
    /// How many of them were in time.
    pub on_time: usize,
    /// Values past their deadline, past the date of a duty, or past their overlap, each once.
    pub overdue: usize,
    /// By how many days the oldest of them is late.
    pub oldest_late: Option<i32>,
    /// How many of them are past the date of a duty, or past their overlap.
    pub late_duties: usize,
    /// Values of which something is owed.
    pub obligations: usize,
    /// The first date of these.
    pub first_due: Option<Date>,
    /// How many entries of the log hold, of how many.
    pub entries: (usize, usize),
    /// Open items.
    pub items: usize,
    /// How many of them `check` is red for.
    pub red_items: usize,
}

impl FiveD {
    /// Counts what section 11 tells.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let (rotations, on_time) = self.finished;
        let late = self.late();
        Numbers {
            values: self.storage.iter().map(|it| it.attested).sum(),
            sealed: self.storage.iter().map(|it| it.sealed).sum(),
            rotations,
            on_time,
            overdue: late.len(),
            oldest_late: late.into_iter().max(),
            late_duties: self.late_duties(),
            obligations: self.debts.len(),
            first_due: self.debts.first().map(|debt| debt.due),
            entries: self.events.entries,
            items: self.items.len(),
            red_items: self.items.iter().filter(|item| item.red).count(),
        }
    }

    /// How many values have a duty past its date, or outlived their overlap.
    fn late_duties(&self) -> usize {
        let debts = self.debts.iter().filter(|it| it.late.is_some()).map(|it| &it.origin);
        let outlived = self.outlived.iter().filter(|it| it.late.is_some()).map(|it| &it.origin);
        debts.chain(outlived).collect::<BTreeSet<_>>().len()
    }
}
