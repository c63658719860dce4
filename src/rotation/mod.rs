//! Deadlines and obligations: dates in, days out. And generators of new values.

pub mod generate;
mod obligation;

use jiff::civil::Date;

pub use obligation::{Accepted, Cause, Obligation, Owed, Previous, pressing};

/// Why nothing is generated. Holds no text of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The text names no generator.
    #[error("this is no generator: `password:32`, `hex:32`, `base64:32` and `uuid` are")]
    NoGenerator,
    /// Too short to be secret, or too long to be meant.
    #[error("this generator makes from {least} to {most}")]
    Length {
        /// The least that is not guessed.
        least: usize,
        /// The most.
        most: usize,
    },
}

/// Counts the days from today to a deadline; negative when it is over. A deadline's own day is in time.
#[must_use]
pub fn days_left(due: Date, today: Date) -> i32 {
    (due - today).get_days()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_due_day_itself_is_in_time() {
        let due = date(2026, 3, 1);
        assert_eq!(days_left(due, date(2026, 2, 28)), 1);
        assert_eq!(days_left(due, date(2026, 3, 1)), 0);
        assert_eq!(days_left(due, date(2026, 3, 2)), -1);
    }
}
