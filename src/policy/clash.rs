//! What keeps a value from being moved: at another place it would have to be a new one.

use jiff::civil::Date;

use super::Policy;
use super::terms::Custody;
use crate::names::{Address, TypeName};

/// What of a value does not fit the place that it is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// Values of that place have another type.
    Kind,
    /// It may not live that long there.
    Deadline,
    /// The place is the customer's: nothing of what is owed of our values is red there.
    Custody,
}

impl Policy {
    /// Tells what of a value does not fit a place, given where it comes from, its type and deadline, and the day
    /// that it was made on.
    #[must_use]
    pub fn clash(
        &self,
        (from, to): (&Address, &Address),
        (kind, due): (Option<&TypeName>, Option<Date>),
        made_on: Date,
    ) -> Option<Clash> {
        let wanted = self.rule(to).kind;
        let customers = |at: &Address| self.rule(at).custody == Some(Custody::Customer);
        if wanted.is_some() && wanted != kind {
            Some(Clash::Kind)
        } else if self.outlives((from, to), (kind, due), made_on) {
            Some(Clash::Deadline)
        } else {
            (customers(to) && !customers(from)).then_some(Clash::Custody)
        }
    }

    /// Tells whether a value has a later deadline than one of its day may have at a place, because values live
    /// shorter there than where it comes from.
    fn outlives(
        &self,
        (from, to): (&Address, &Address),
        (kind, due): (Option<&TypeName>, Option<Date>),
        made_on: Date,
    ) -> bool {
        let Some(there) = self.due(to, kind, made_on) else { return false };
        let shorter = self.due(from, kind, made_on).is_none_or(|here| there < here);
        shorter && due.is_none_or(|due| there < due)
    }
}
