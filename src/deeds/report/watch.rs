//! What is watched today: what the checks found, by the alarms of the mission (A26).

use super::ci::Ci;
use super::ground::Ground;
use super::secrets::Secret;
use crate::finding::{Code, Finding};
use crate::names::RepoPath;

/// What is watched, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    /// The files of a CI that run the check.
    pub ci: Vec<RepoPath>,
    /// The files of a CI whose jobs keep receipts.
    pub receipts: Vec<RepoPath>,
    /// For how many days the policy wants events kept.
    pub keep_events: u32,
    /// Values past their deadline that are in custody of the customer, who decides.
    pub customers_overdue: usize,
    /// Keyrings that are not as signed: a recipient may have been added.
    pub recipients: usize,
    /// What nobody signed.
    pub unattested: usize,
    /// What a key signed that was removed.
    pub removed_keys: usize,
    /// Values in clear.
    pub in_clear: usize,
    /// Canaries that there are.
    pub canaries: usize,
}

/// The type whose values are used by nobody.
const CANARY: &str = "canary";

/// Tells what is watched.
#[must_use]
pub fn watch(ground: &Ground<'_>, secrets: &[Secret], ci: &Ci) -> Watch {
    let findings = &ground.verified.findings;
    let count = |fits: &dyn Fn(&Finding) -> bool| findings.iter().filter(|it| fits(it)).count();
    let of_keyring = |it: &Finding| it.place.starts_with(".secrets/keys/");
    let theirs = secrets.iter().filter(|it| it.is_customers());
    let customers = theirs.filter(|it| it.days_past(ground.today).is_some()).count();
    let live = ground.verified.live.values();
    let canaries =
        live.filter(|it| it.item.kind.as_ref().is_some_and(|kind| kind.as_str() == CANARY));
    Watch {
        ci: ci.checks.clone(),
        receipts: ci.receipts.clone(),
        keep_events: ground.verified.policy.clocks.keep_events,
        customers_overdue: customers,
        recipients: count(&|it| {
            of_keyring(it) && matches!(it.code, Code::Altered | Code::Unattested)
        }),
        unattested: count(&|it| {
            !of_keyring(it) && matches!(it.code, Code::Altered | Code::Unattested | Code::Missing)
        }),
        removed_keys: count(&|it| matches!(it.code, Code::RemovedKey | Code::WriterGone)),
        in_clear: count(&|it| it.code == Code::Plaintext),
        canaries: canaries.count(),
    }
}
