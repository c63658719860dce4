//! How long values may live: the known types of mission section C, and what the policy says instead.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::names::{Address, EnvName, TypeName};

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

    /// Tells how long a value of one secret may live: as its rule says, else as its type's.
    #[must_use]
    pub fn rotate_every_of(&self, address: &Address, kind: Option<&TypeName>) -> RotateEvery {
        self.rule(address).rotate_every.unwrap_or_else(|| self.rotate_every(kind))
    }

    /// The cadence that a type has of its own: as the policy says, else as the known type does.
    #[must_use]
    pub fn cadence(&self, kind: &TypeName) -> Option<RotateEvery> {
        let said = self.types.get(kind).and_then(|described| described.rotate_every);
        said.or_else(|| known_type(kind).map(|known| known.rotate_every))
    }

    /// Tells the last UTC day in time of a value that is set at an address on `set_on`; none where it has no
    /// end by date.
    ///
    /// What a rule says of the address counts for more than its type. A type whose rotation is waived by `accept`, and that has no cadence, is due when the waiver ends.
    /// A day beyond 9999-12-31 is 9999-12-31.
    #[must_use]
    pub fn due(&self, address: &Address, kind: Option<&TypeName>, set_on: Date) -> Option<Date> {
        let said = self.rule(address).rotate_every;
        let described: Option<&SecretType> = kind.and_then(|name| self.types.get(name));
        if said.is_none()
            && let Some(SecretType { rotate_every: None, accept: Some(accept), .. }) = described
            && kind.and_then(known_type).is_none()
            && accept.until > set_on
        {
            return Some(accept.until);
        }
        match said.unwrap_or_else(|| self.rotate_every(kind)) {
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

    /// The days before the deadline of one secret from which on it is announced: as its rule says, else as
    /// its type's.
    #[must_use]
    pub fn warn_before_of(&self, address: &Address, kind: Option<&TypeName>) -> u32 {
        self.rule(address).warn_before.unwrap_or_else(|| self.warn_before(kind))
    }

    /// The days for which a value past its deadline is a warning, and no failure yet; none where it is a
    /// failure at once.
    #[must_use]
    pub fn grace(&self, kind: Option<&TypeName>) -> Option<u32> {
        kind.and_then(|name| self.types.get(name)?.grace).or(self.clocks.grace)
    }

    /// The last day of grace of a value that is due on a day; that day itself where there is none.
    #[must_use]
    pub fn graced_until(&self, kind: Option<&TypeName>, due: Date) -> Date {
        due.saturating_add(i64::from(self.grace(kind).unwrap_or_default()).days())
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

    /// From how many days after a deadline on `run` refuses a value: as its type says, else its environment,
    /// else the policy; none: never.
    #[must_use]
    pub fn refuse_overdue_after(&self, env: &EnvName, kind: Option<&TypeName>) -> Option<u32> {
        let of_type = kind.and_then(|name| self.types.get(name)?.refuse_overdue_after);
        let of_env = || self.environments.get(env).and_then(|e| e.refuse_overdue_after);
        of_type.or_else(of_env).or(self.clocks.refuse_overdue_after)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::policy::parse::samples::{BASE, parse};

    fn somewhere() -> Address {
        "dev/secrets/dev.env#A".parse().unwrap()
    }

    fn due(policy: &Policy, kind: &str) -> Option<Date> {
        let kind: TypeName = kind.parse().unwrap();
        policy.due(&somewhere(), Some(&kind), date(2026, 11, 21))
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
        assert_eq!(policy.due(&somewhere(), None, date(2026, 11, 21)), Some(date(2026, 12, 1)));
        for never in ["password", "config", "canary", "slow"] {
            assert_eq!(due(&policy, never), None, "{never}");
        }
        assert_eq!(policy.due(&somewhere(), None, Date::MAX), Some(Date::MAX));
    }

    #[test]
    fn an_accepted_type_without_a_cadence_is_due_when_the_waiver_ends() {
        let policy = parse(&format!(
            "{BASE}\n[types.old]\naccept = {{ reason = \"vendor\", until = 2027-01-01 }}\n"
        ));
        assert_eq!(due(&policy, "old"), Some(date(2027, 1, 1)));
        let kind: TypeName = "old".parse().unwrap();
        assert_eq!(policy.due(&somewhere(), Some(&kind), date(2027, 1, 1)), Some(date(2027, 4, 1)));
    }

    #[test]
    fn clocks_are_the_environments_then_the_policys_then_the_missions() {
        let [dev, prod]: [EnvName; 2] = ["dev", "prod"].map(|e| e.parse().unwrap());
        let policy = parse(BASE);
        assert_eq!((policy.leaver_days(&dev), policy.leaver_days(&prod)), (7, 1));
        assert_eq!(policy.warn_before(None), 14);
        assert_eq!(policy.refuse_overdue_after(&dev, None), None);
        assert_eq!(policy.refuse_overdue_after(&prod, None), Some(14));
        assert_eq!(policy.grace(None), None);
        let policy = parse(&format!("{BASE}\n[clocks]\nleaver = \"3d\"\nwarn-before = \"5d\"\n"));
        assert_eq!((policy.leaver_days(&dev), policy.leaver_days(&prod)), (3, 3));
        assert_eq!(policy.warn_before(None), 5);
    }

    #[test]
    fn a_refusal_and_a_grace_are_the_types_then_those_around_it() {
        let kind: TypeName = "api-key".parse().unwrap();
        let [dev, prod]: [EnvName; 2] = ["dev", "prod"].map(|e| e.parse().unwrap());
        let every = "rotate-every = \"90d\"";
        let own =
            BASE.replace(every, &format!("{every}\nrefuse-overdue-after = \"2d\"\ngrace = \"4d\""));
        let text = format!("{own}\n[clocks]\nrefuse-overdue-after = \"30d\"\ngrace = \"3d\"\n");
        let policy = parse(&text);
        let refused = |env, kind| policy.refuse_overdue_after(env, kind);
        assert_eq!((refused(&dev, Some(&kind)), refused(&prod, Some(&kind))), (Some(2), Some(2)));
        assert_eq!((refused(&dev, None), refused(&prod, None)), (Some(30), Some(14)));
        assert_eq!((policy.grace(Some(&kind)), policy.grace(None)), (Some(4), Some(3)));
    }

    #[test]
    fn a_rules_cadence_counts_over_the_types_and_for_what_stands_beside() {
        let rule = "\n[[secrets]]\nmatch = \"dev/DB\"\nrotate-every = \"7d\"\nwarn-before = \"2d\"\n\
                    [[secrets]]\nmatch = \"dev/OLD\"\nrotate-every = \"never\"\n";
        let policy = parse(&format!("{BASE}{rule}"));
        let kind: TypeName = "api-key".parse().unwrap();
        let at = |key: &str| format!("dev/secrets/dev.env#{key}").parse::<Address>().unwrap();
        let due = |key: &str| policy.due(&at(key), Some(&kind), date(2026, 11, 21));
        for key in ["DB", "DB_NEXT", "DB_PREVIOUS"] {
            assert_eq!(due(key), Some(date(2026, 11, 28)), "{key}");
            assert_eq!(policy.warn_before_of(&at(key), Some(&kind)), 2, "{key}");
            assert_eq!(policy.rotate_every_of(&at(key), None), RotateEvery::Days(7), "{key}");
        }
        assert_eq!(due("OLD"), None);
        assert_eq!(due("OTHER"), Some(date(2027, 2, 19)));
        assert_eq!(policy.warn_before_of(&at("OTHER"), None), 14);
    }
}
