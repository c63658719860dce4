//! Since when a policy says what it says.

use jiff::civil::Date;

use crate::deeds::machines;
use crate::deeds::report::ground::Ground;
use crate::policy::Policy;

/// As [`machines::since`], of the policies that a report stands on.
pub(super) fn since(ground: &Ground<'_>, holds: impl Fn(&Policy) -> bool) -> Option<Date> {
    machines::since(ground.verified.record, holds)
}
