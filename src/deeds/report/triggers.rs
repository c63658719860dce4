//! What makes a value be rotated. Mission, sections A (A20) and C.

use crate::names::TypeName;
use crate::policy::{Policy, RotateEvery};

/// What makes a value be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Its cadence.
    Schedule,
    /// Its own end, which the value itself names.
    Expiry,
    /// An incident.
    Compromise,
    /// Somebody who could read it is gone.
    Leaver,
    /// It was seen in clear.
    Exposure,
}

impl Trigger {
    /// The mission's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Expiry => "expiry",
            Self::Compromise => "compromise",
            Self::Leaver => "leaver",
            Self::Exposure => "exposure",
        }
    }
}

/// What section C of the mission names beside the cadence, by type.
const BESIDE: [(&str, &[Trigger]); 13] = {
    use Trigger::{Compromise, Expiry, Exposure, Leaver};
    [
        ("api-key", &[Compromise, Leaver, Exposure]),
        ("oauth-client", &[Compromise, Leaver]),
        ("token", &[Expiry, Compromise, Leaver]),
        ("webhook-secret", &[Compromise, Leaver]),
        ("db-credential", &[Compromise, Leaver]),
        ("password", &[Compromise]),
        ("certificate", &[Expiry, Compromise]),
        ("internal-certificate", &[Expiry, Compromise]),
        ("signing-key", &[Compromise, Leaver]),
        ("encryption-key", &[Compromise, Leaver]),
        ("wrapping-key", &[Compromise, Leaver]),
        ("ssh-key", &[Compromise, Leaver]),
        ("canary", &[Exposure]),
    ]
};

/// What triggers the rotation of a type beside its cadence.
#[must_use]
pub fn beside(kind: Option<&TypeName>) -> &'static [Trigger] {
    let known = kind.and_then(|kind| BESIDE.iter().find(|(name, _)| kind.as_str() == *name));
    known.map_or(&[], |(_, triggers)| *triggers)
}

/// All that triggers the rotation of a type.
#[must_use]
pub fn triggers(policy: &Policy, kind: Option<&TypeName>) -> Vec<Trigger> {
    all(kind, is_scheduled(policy, kind))
}

/// All that triggers the rotation of the values of a type, given whether they have a cadence.
#[must_use]
pub fn all(kind: Option<&TypeName>, scheduled: bool) -> Vec<Trigger> {
    let scheduled = scheduled.then_some(Trigger::Schedule);
    scheduled.into_iter().chain(beside(kind).iter().copied()).collect()
}

/// Tells whether a type has a cadence of its own: that untyped values have a deadline makes none.
#[must_use]
pub fn is_scheduled(policy: &Policy, kind: Option<&TypeName>) -> bool {
    kind.and_then(|kind| policy.cadence(kind)).is_some_and(|every| every != RotateEvery::Never)
}
