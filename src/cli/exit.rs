//! The exit codes: the table of design section 8.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All is done; `check` found nothing.
    Done,
    /// `check` found something.
    Found,
    /// Bad usage or refused input.
    Refused,
    /// The policy or a file is missing or invalid.
    Invalid,
    /// None of the caller's keys opens it.
    NoKey,
    /// Integrity, signature or trust does not hold.
    Untrusted,
    /// There is no such environment, file or secret.
    Unknown,
    /// The user said no.
    Aborted,
    /// The output could not be delivered: 128 + SIGPIPE.
    ReaderGone,
    /// `run` failed before its child started.
    NotStarted,
    /// The program that `run` was given cannot be executed.
    NotExecutable,
    /// There is no program of the name that `run` was given.
    NotFound,
    /// `run` passes on the status of its child.
    Child(u8),
}

impl Exit {
    /// Every way to end that is our own, in the order of the documented table.
    pub const OWN: [Self; 12] = [
        Self::Done,
        Self::Found,
        Self::Refused,
        Self::Invalid,
        Self::NoKey,
        Self::Untrusted,
        Self::Unknown,
        Self::Aborted,
        Self::ReaderGone,
        Self::NotStarted,
        Self::NotExecutable,
        Self::NotFound,
    ];

    /// Makes the exit of a `run` whose child was killed, as shells do: 128 + the signal's number.
    #[must_use]
    pub fn killed(signal: u8) -> Self {
        Self::Child(signal.saturating_add(128))
    }

    /// Gives the number for the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Refused => 2,
            Self::Invalid => 3,
            Self::NoKey => 4,
            Self::Untrusted => 5,
            Self::Unknown => 6,
            Self::Aborted => 7,
            Self::ReaderGone => 141,
            Self::NotStarted => 125,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Child(status) => status,
        }
    }

    /// Gives the word that stands in `--json` as an error's `code`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Found => "found",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::NoKey => "no-key",
            Self::Untrusted => "untrusted",
            Self::Unknown => "unknown",
            Self::Aborted => "aborted",
            Self::ReaderGone => "reader-gone",
            Self::NotStarted => "not-started",
            Self::NotExecutable => "not-executable",
            Self::NotFound => "not-found",
            Self::Child(_) => "child",
        }
    }

    /// Says what it means, in the words of README's table.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; for `check`, nothing found",
            Self::Found => "`check` found something (overdue, plaintext, drift)",
            Self::Refused => {
                "bad usage or refused input; nothing was written, but by `rotate --with` the steps before the one that failed"
            }
            Self::Invalid => "the policy or a file is missing or invalid; blocked",
            Self::NoKey => "none of your keys opens it",
            Self::Untrusted => "integrity, signature or trust failure",
            Self::Unknown => "no such environment, file or secret",
            Self::Aborted => "aborted by the user",
            Self::ReaderGone => {
                "the reader of our output went away: never 0, a verdict may be lost"
            }
            Self::NotStarted => "`run` only: our failure before the child started",
            Self::NotExecutable => "`run` only: not executable",
            Self::NotFound => "`run` only: not found",
            Self::Child(_) => "`run` only: child killed by signal n; else the child's own status",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_exits_share_a_code_or_a_word() {
        assert_eq!(Exit::OWN.map(Exit::code).into_iter().collect::<BTreeSet<_>>().len(), 12);
        assert_eq!(Exit::OWN.map(Exit::word).into_iter().collect::<BTreeSet<_>>().len(), 12);
    }

    #[test]
    fn a_killed_child_ends_as_in_a_shell() {
        assert_eq!(Exit::killed(9).code(), 137);
        assert_eq!(Exit::killed(255).code(), 255);
    }
}
