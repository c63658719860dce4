//! Deadlines and obligations: dates in, days out. And generators of new values.

pub mod expiry;
pub mod generate;
pub mod looks;
mod obligation;
pub mod strength;

use jiff::civil::Date;

pub use obligation::{Accepted, Cause, Obligation, Owed, Previous, pressing};

/// Why nothing is generated. Holds no text of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The text names no generator.
    #[error(
        "this is no generator, as `password:32`, `passphrase:6`, `hex:32`, `uuid`, `ssh-ed25519` and \
         `cert:example.test:90d` are"
    )]
    NoGenerator,
    /// A JSON Web Token is signed by who issues it.
    #[error(
        "a JSON Web Token is made by who signs it, and not here; `hmac:64` makes a secret that signs one"
    )]
    Issued,
    /// Too short to be secret, or too long to be meant.
    #[error("this generator makes from {least} to {most}")]
    Length {
        /// The least that is not guessed.
        least: usize,
        /// The most.
        most: usize,
    },
    /// The characters of a password have one text.
    #[error(
        "the characters of `set=` stand in the order of their codes, each once, and there are two at least"
    )]
    Set,
    /// A certificate is for hosts.
    #[error("a certificate is for DNS names in small letters and IPv4 addresses, each once")]
    Host,
    /// What is to sign a certificate is no authority.
    #[error(
        "what is to sign it is no authority as `ca:NAME:3650d` makes one: its certificate, and its key"
    )]
    Authority,
    /// A certificate would outlive its authority.
    #[error("it would live longer than its authority, which ends on {0}")]
    Outlives(jiff::civil::Date),
    /// The library that makes it refuses.
    #[error("the key or certificate could not be made")]
    NotMade,
}

/// Counts the days from today to a deadline; negative when it is over. A deadline's own day is in time.
#[must_use]
pub fn days_left(due: Date, today: Date) -> i32 {
    (due - today).get_days()
}

/// Counts days, in words: "1 day", "2 days".
#[must_use]
pub fn days(count: impl Into<i64>) -> String {
    match count.into() {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    }
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
