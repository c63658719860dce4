//! How long values may live: the known types of mission section C, and what the policy says instead.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::names::{EnvName, TypeName};

use super::terms::{RotateEvery, Word};
use super::{Policy, SecretType};

/// A type that exists without being described.
#[derive(Debug)]
pub(super) struct KnownType {
    pub(super) name: &'static str,
    /// The cadence where the policy gives none.
    pub(super) rotate_every: RotateEvery,
    /// The longest cadence that raises no warning, in days.
    pub(super) ceiling: Option<u32>,
    /// The word of document 5D.
    pub(super) word: Option<Word>,
    /// What the first policy says beside it.
    pub(super) hint: &'static str,
}

const fn known(
    name: &'static str,
    days: u32,
    ceiling: Option<u32>,
    word: Option<Word>,
    hint: &'static str,
) -> KnownType {
    let rotate_every = if days == 0 { RotateEvery::Never } else { RotateEvery::Days(days) };
    KnownType { name, rotate_every, ceiling, word, hint }
}

/// In the order of mission section C. Certificates end 7 days before their own end, which the value
/// itself says; the days here are for those that cannot be read.
pub(super) const KNOWN_TYPES: &[KnownType] = &[
    known("api-key", 90, Some(90), Some(Word::ApiKeys), "advised: at most 90"),
    known("oauth-client", 90, Some(366), Some(Word::ApiKeys), "also when somebody leaves"),
    known("token", 90, Some(366), Some(Word::Tokens), "also 14 days before its own end"),
    known("webhook-secret", 180, Some(731), Some(Word::Tokens), ""),
    known("db-credential", 90, None, Some(Word::Passwords), ""),
    known("password", 0, None, Some(Word::Passwords), "a person's; at once when it leaks"),
    known("certificate", 90, Some(200), Some(Word::Certificates), "also 7 days before its own end"),
    known("internal-certificate", 90, None, Some(Word::Certificates), ""),
    known(
        "signing-key",
        365,
        Some(1096),
        Some(Word::EncryptionKeys),
        "at once when a holder leaves",
    ),
    known(
        "encryption-key",
        365,
        Some(731),
        Some(Word::EncryptionKeys),
        "the old one still decrypts",
    ),
    known("wrapping-key", 365, Some(731), Some(Word::EncryptionKeys), ""),
    known("ssh-key", 365, Some(731), Some(Word::EncryptionKeys), "also when its host is lost"),
    known("config", 0, None, None, "sealed, but no credential"),
    known("canary", 0, None, None, "used by nobody: its use is an alarm"),
];

/// Tells whether values of a type open anything: those of `config` do not. Nobody has to replace them when
/// somebody leaves, since there may be no other value that is right. Mission, A4.
#[must_use]
pub fn is_credential(kind: Option<&TypeName>) -> bool {
    kind.is_none_or(|kind| kind.as_str() != "config")
}

pub(super) fn known_type(name: &TypeName) -> Option<&'static KnownType> {
    KNOWN_TYPES.iter().find(|kind| kind.name == name.as_str())
}

impl Policy {
    /// Tells how long a value of a type may live: as the policy says, else as the known type does, else
    /// as a value without a type.
    #[must_use]
    pub fn rotate_every(&self, kind: Option<&TypeName>) -> RotateEvery {
        kind.and_then(|name| self.cadence(name)).unwrap_or(RotateEvery::Days(self.clocks.untyped))
    }

    /// The cadence that a type has of its own: as the policy says, else as the known type does.
    #[must_use]
    pub fn cadence(&self, kind: &TypeName) -> Option<RotateEvery> {
        let said = self.types.get(kind).and_then(|described| described.rotate_every);
        said.or_else(|| known_type(kind).map(|known| known.rotate_every))
    }

    /// Tells the last UTC day in time of a value set on `set_on`; none where it has no end by date.
    ///
    /// A type whose rotation is waived by `accept`, and that has no cadence, is due when the waiver ends.
    /// A day beyond 9999-12-31 is 9999-12-31.
    #[must_use]
    pub fn due(&self, kind: Option<&TypeName>, set_on: Date) -> Option<Date> {
        let described: Option<&SecretType> = kind.and_then(|name| self.types.get(name));
        if let Some(SecretType { rotate_every: None, accept: Some(accept), .. }) = described
            && kind.and_then(known_type).is_none()
            && accept.until > set_on
        {
            return Some(accept.until);
        }
        match self.rotate_every(kind) {
            RotateEvery::Never => None,
            RotateEvery::Days(days) => Some(set_on.saturating_add(i64::from(days).days())),
        }
    }

    /// The days before a deadline from which on it is announced.
    #[must_use]
    pub fn warn_before(&self, kind: Option<&TypeName>) -> u32 {
        let said = kind.and_then(|name| self.types.get(name)?.warn_before);
        said.unwrap_or(self.clocks.warn_before)
    }

    /// The days that a previous value may stay beside the current one.
    #[must_use]
    pub fn overlap(&self, kind: Option<&TypeName>) -> u32 {
        let said = kind.and_then(|name| self.types.get(name)?.overlap);
        said.unwrap_or(self.clocks.overlap)
    }

    /// The word of document 5D that a type counts under; none for `config`, `canary` and unknown ones.
    #[must_use]
    pub fn word(&self, kind: &TypeName) -> Option<Word> {
        let said = self.types.get(kind).and_then(|described| described.word);
        said.or_else(|| known_type(kind)?.word)
    }

    /// The days after which the values that a leaver could read must be new: the environment's, else
    /// the policy's, else 1 for `prod` and 7 elsewhere (mission, section D).
    #[must_use]
    pub fn leaver_days(&self, env: &EnvName) -> u32 {
        let own = self.environments.get(env).and_then(|e| e.leaver);
        let usual = if env.as_str() == "prod" { 1 } else { 7 };
        own.or(self.clocks.leaver).unwrap_or(usual)
    }

    /// From how many days after a deadline on `run` refuses a value; none: never.
    #[must_use]
    pub fn refuse_overdue_after(&self, env: &EnvName) -> Option<u32> {
        let own = self.environments.get(env).and_then(|e| e.refuse_overdue_after);
        own.or(self.clocks.refuse_overdue_after)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::policy::parse::samples::{BASE, parse};

    fn due(policy: &Policy, kind: &str) -> Option<Date> {
        let kind: TypeName = kind.parse().unwrap();
        policy.due(Some(&kind), date(2026, 11, 21))
    }

    #[test]
    fn a_deadline_is_the_policys_then_the_known_types_then_the_untyped() {
        let policy = parse(&format!(
            "{}\n[types.token]\n[types.other]\n\
             [types.slow]\nrotate-every = \"never\"\n[clocks]\nuntyped = \"10d\"\n",
            BASE.replace("90d", "30d")
        ));
        assert_eq!(due(&policy, "api-key"), Some(date(2026, 12, 21)));
        assert_eq!(due(&policy, "token"), Some(date(2027, 2, 19)));
        assert_eq!(due(&policy, "signing-key"), Some(date(2027, 11, 21)));
        assert_eq!(due(&policy, "other"), Some(date(2026, 12, 1)));
        assert_eq!(due(&policy, "no-such-type"), Some(date(2026, 12, 1)));
        assert_eq!(policy.due(None, date(2026, 11, 21)), Some(date(2026, 12, 1)));
        for never in ["password", "config", "canary", "slow"] {
            assert_eq!(due(&policy, never), None, "{never}");
        }
        assert_eq!(policy.due(None, Date::MAX), Some(Date::MAX));
    }

    #[test]
    fn an_accepted_type_without_a_cadence_is_due_when_the_waiver_ends() {
        let policy = parse(&format!(
            "{BASE}\n[types.old]\naccept = {{ reason = \"vendor\", until = 2027-01-01 }}\n"
        ));
        assert_eq!(due(&policy, "old"), Some(date(2027, 1, 1)));
        let kind: TypeName = "old".parse().unwrap();
        assert_eq!(policy.due(Some(&kind), date(2027, 1, 1)), Some(date(2027, 4, 1)));
    }

    #[test]
    fn clocks_are_the_environments_then_the_policys_then_the_missions() {
        let [dev, prod]: [EnvName; 2] = ["dev", "prod"].map(|e| e.parse().unwrap());
        let policy = parse(BASE);
        assert_eq!((policy.leaver_days(&dev), policy.leaver_days(&prod)), (7, 1));
        assert_eq!(policy.warn_before(None), 14);
        assert_eq!(policy.refuse_overdue_after(&dev), None);
        assert_eq!(policy.refuse_overdue_after(&prod), Some(14));
        let policy = parse(&format!("{BASE}\n[clocks]\nleaver = \"3d\"\nwarn-before = \"5d\"\n"));
        assert_eq!((policy.leaver_days(&dev), policy.leaver_days(&prod)), (3, 3));
        assert_eq!(policy.warn_before(None), 5);
    }
}
