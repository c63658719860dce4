//! What `check`, `status` and lint report: a code, a place, why, and the command that mends it.

use serde::{Deserialize, Serialize};

use crate::names::{Address, EntryId, EnvName};

/// How grave a finding is; the gravest of a report decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Worth knowing; changes no exit code.
    Note,
    /// To be mended: overdue, plaintext, drift. Exit 1.
    Found,
    /// The policy or a file is missing or invalid. Exit 3.
    Invalid,
    /// An integrity, signature or trust failure. Exit 5.
    Breach,
}

/// The verdicts of the threat model, section 3. Their words stand in `--json` as `code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Code {
    /// A log file is no entry.
    BadEntry,
    /// An entry's bytes are not those of its name.
    AlteredEntry,
    /// Not signed by a key of the member it names.
    BadSignature,
    /// Signed, but by a kind of key or hash that is refused.
    RefusedKey,
    /// The log starts elsewhere than this clone trusts.
    OtherRoot,
    /// This clone trusts no root yet.
    NoRoot,
    /// An entry's parent is not here.
    MissingEntry,
    /// A policy lacks signatures of admins of the one before.
    PolicyUnauthorised,
    /// Two policies follow one.
    PolicyFork,
    /// The policy file is not the one in force.
    PolicyAltered,
    /// The signer may not do this.
    NotAllowed,
    /// Signed by a key, or under a right, that was taken away.
    RemovedKey,
    /// Sealed to a generation that was not current.
    OldGeneration,
    /// A time later than now or before a parent.
    BadTime,
    /// A deadline that its value does not have.
    BadDue,
    /// Two newest entries for one secret.
    Concurrent,
    /// Not what was signed.
    Altered,
    /// The newest signer may no longer write here.
    WriterGone,
    /// Nothing signed names it.
    Unattested,
    /// Signed, but not here.
    Missing,
    /// This clone has seen newer entries.
    Rollback,
    /// An older state than this clone has seen, where it may well be one: it is read, and not written.
    Behind,
    /// Not all history is at hand, so that nothing tells whether entries were taken out of it.
    Unwalked,
    /// An entry needs a newer tenure.
    UpdateTenure,
    /// No policy, or a broken one.
    PolicyInvalid,
    /// Readers changed since the newest keyring.
    StaleReaders,
    /// A value's deadline is over.
    Overdue,
    /// A value in use whose issuer was told to refuse it.
    Ended,
    /// A value in use that one branch promoted and another one took back.
    Withdrawn,
    /// A duty to rotate is open, or past its date.
    Obligation,
    /// An incident that nobody closed, also where all of it is paid.
    Incident,
    /// A value that another took the place of, and that nobody ended.
    Previous,
    /// Plaintext where the policy wants a sealed file.
    Plaintext,
    /// A comment in clear where the policy wants comments sealed. Unlike a value it blocks no reading.
    PlainComment,
    /// A file was opened in place and not sealed again.
    Open,
    /// A file that is a managed one where the case of letters does not count.
    OtherCase,
    /// `.gitattributes` lacks a line.
    Attributes,
    /// A deadline is near.
    DueSoon,
    /// A policy waits for the approval of other admins.
    PolicyWaits,
    /// A value that a writer dropped, and that no reader has opened and sealed since.
    Dropped,
    /// Somebody asks to become a member.
    Request,
    /// The newest signature is by a key that is lost.
    LostKey,
    /// A member's key is past its day.
    ExpiredKey,
    /// A machine whose key has no last day, or that reads several environments.
    Machine,
    /// A person reads as machines do.
    MachineRole,
    /// A lint of the policy.
    Lint,
    /// What must not stand in git came with a commit of a range.
    Leak,
    /// An exception of `.secrets/allow.toml` that does not count.
    Exception,
}

impl Code {
    /// The verdict's word, as the threat model spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BadEntry => "bad-entry",
            Self::AlteredEntry => "altered-entry",
            Self::BadSignature => "bad-signature",
            Self::RefusedKey => "refused-key",
            Self::OtherRoot => "other-root",
            Self::NoRoot => "no-root",
            Self::MissingEntry => "missing-entry",
            Self::PolicyUnauthorised => "policy-unauthorised",
            Self::PolicyFork => "policy-fork",
            Self::PolicyAltered => "policy-altered",
            Self::NotAllowed => "not-allowed",
            Self::RemovedKey => "removed-key",
            Self::OldGeneration => "old-generation",
            Self::BadTime => "bad-time",
            Self::BadDue => "bad-due",
            Self::Concurrent => "concurrent",
            Self::Altered => "altered",
            Self::WriterGone => "writer-gone",
            Self::Unattested => "unattested",
            Self::Missing => "missing",
            Self::Rollback => "rollback",
            Self::Behind => "behind",
            Self::Unwalked => "history-not-checked",
            Self::UpdateTenure => "update-tenure",
            Self::PolicyInvalid => "policy-invalid",
            Self::StaleReaders => "stale-readers",
            Self::Overdue => "overdue",
            Self::Ended => "ended",
            Self::Withdrawn => "withdrawn",
            Self::Obligation => "obligation",
            Self::Incident => "incident",
            Self::Previous => "previous",
            Self::Plaintext => "plaintext",
            Self::PlainComment => "plaintext-comment",
            Self::Open => "open",
            Self::OtherCase => "other-case",
            Self::Attributes => "attributes",
            Self::DueSoon => "due-soon",
            Self::PolicyWaits => "policy-waits",
            Self::Dropped => "dropped",
            Self::Request => "request",
            Self::LostKey => "lost-key",
            Self::ExpiredKey => "expired-key",
            Self::Machine => "machine",
            Self::MachineRole => "machine-role",
            Self::Lint => "lint",
            Self::Leak => "leak",
            Self::Exception => "exception",
        }
    }
}

impl Code {
    /// The number of the check that finds it, of the twelve of design section 7; none for advice that is
    /// no part of them.
    #[must_use]
    pub fn rule(self) -> Option<u8> {
        Some(match self {
            Self::BadEntry
            | Self::AlteredEntry
            | Self::BadSignature
            | Self::RefusedKey
            | Self::UpdateTenure => 1,
            Self::OtherRoot | Self::NoRoot => 2,
            Self::MissingEntry => 3,
            Self::PolicyUnauthorised | Self::PolicyFork | Self::PolicyWaits => 4,
            Self::NotAllowed | Self::BadTime => 5,
            Self::RemovedKey => 6,
            Self::PolicyAltered | Self::PolicyInvalid => 7,
            Self::OldGeneration
            | Self::BadDue
            | Self::Concurrent
            | Self::Altered
            | Self::WriterGone
            | Self::StaleReaders
            | Self::Dropped => 8,
            Self::Unattested | Self::Missing | Self::Plaintext => 9,
            Self::Rollback | Self::Behind | Self::Unwalked => 10,
            Self::Overdue | Self::DueSoon => 11,
            Self::Ended | Self::Withdrawn | Self::Obligation | Self::Incident | Self::Previous => {
                12
            }
            Self::OtherCase => 9,
            Self::PlainComment
            | Self::Open
            | Self::Attributes
            | Self::Lint
            | Self::Leak
            | Self::Exception
            | Self::LostKey
            | Self::ExpiredKey
            | Self::Machine
            | Self::MachineRole
            | Self::Request => return None,
        })
    }
}

/// One thing that was found. Holds no value, ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The verdict.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// The environment it lies in; none when it concerns log, policy or pin, and so blocks all.
    pub env: Option<EnvName>,
    /// The place, as `file`, `file:line` or `file:line key`.
    pub place: String,
    /// The one item that it is about, if it is about one.
    pub address: Option<Address>,
    /// The entry it is about.
    pub entry: Option<EntryId>,
    /// The fact, as a lower-case sentence without full stop.
    pub message: String,
    /// One command, or edit, that mends it.
    pub fix: Option<String>,
}

impl Finding {
    /// What it is called where it keeps values from leaving: a text in clear that no entry names is drift
    /// to `check`, and not attested to whoever wants to use it.
    #[must_use]
    pub fn as_refusal(&self) -> Self {
        match (self.code, self.entry) {
            (Code::Plaintext, None) => {
                Self { code: Code::Unattested, severity: Severity::Breach, ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// Takes out of it what must not be shown: a file or a key may be called like a value.
    pub fn mask(&mut self, masked: &dyn Fn(&str) -> String) {
        for text in [&mut self.place, &mut self.message].into_iter().chain(&mut self.fix) {
            *text = masked(text);
        }
        let is_shown = |address: &Address| address.to_string() == masked(&address.to_string());
        self.address = self.address.take().filter(is_shown);
    }

    /// Tells whether something stands in clear, or may, that must be sealed.
    #[must_use]
    pub fn is_in_clear(&self) -> bool {
        matches!(self.code, Code::Plaintext | Code::PlainComment | Code::Open)
    }

    /// Tells whether its place lies in a file: `file`, `file:line`, `file key`.
    #[must_use]
    pub fn stands_in(&self, path: &str) -> bool {
        let rest = self.place.strip_prefix(path);
        rest.is_some_and(|rest| matches!(rest.chars().next(), None | Some(':' | ' ')))
    }

    /// The file that it is about, and the line in it, if it names one.
    #[must_use]
    pub fn file(&self) -> (&str, Option<usize>) {
        let place = match &self.address {
            Some(address) => {
                let key = address.key.to_string();
                self.place.strip_suffix(&key).map_or(self.place.as_str(), str::trim_end)
            }
            None => &self.place,
        };
        let line = place.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        line.map_or((place, None), |(file, line)| (file, Some(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(place: &str, address: Option<&str>) -> Finding {
        Finding {
            code: Code::Plaintext,
            severity: Severity::Found,
            env: None,
            place: place.to_owned(),
            address: address.map(|text| text.parse().unwrap()),
            entry: None,
            message: String::new(),
            fix: None,
        }
    }

    #[test]
    fn the_file_and_the_line_are_taken_out_of_the_place() {
        for (place, address, file) in [
            ("a/b.env", None, ("a/b.env", None)),
            ("a/b.env:12", None, ("a/b.env", Some(12))),
            ("a/b c.env:3 X", Some("dev/a/b c.env#X"), ("a/b c.env", Some(3))),
            ("a/b.env X", Some("dev/a/b.env#X"), ("a/b.env", None)),
            ("a/b.pem *", Some("dev/a/b.pem#*"), ("a/b.pem", None)),
        ] {
            assert_eq!(finding(place, address).file(), file, "{place}");
        }
    }

    #[test]
    fn what_nothing_signed_names_is_unattested_to_those_who_read() {
        let unnamed = finding("a", None);
        let refusal = unnamed.as_refusal();
        assert_eq!((refusal.code, refusal.severity), (Code::Unattested, Severity::Breach));
        let signed = Finding { entry: Some("0".repeat(64).parse().unwrap()), ..unnamed };
        assert_eq!(signed.as_refusal(), signed);
    }
}
