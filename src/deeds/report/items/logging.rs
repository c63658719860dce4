//! OI-02: nothing records who reads a value.

use super::OpenItem;
use crate::deeds::report::ground::Ground;
use crate::names::EnvName;
use crate::policy::Store;

/// OI-02 stays while reads are offline, and says so.
pub(super) fn items(ground: &Ground<'_>) -> Vec<OpenItem> {
    let environments = ground.verified.policy.environments.iter();
    let kept = environments.filter(|(_, env)| env.store == Store::Files).map(|(name, _)| name);
    let kept: Vec<_> = kept.map(EnvName::as_str).collect();
    if kept.is_empty() {
        return Vec::new();
    }
    vec![OpenItem {
        id: "OI-02",
        title: "Audit logging incomplete",
        subject: format!("reads of {} are not recorded", kept.join(", ")),
        since: Some(ground.begun()),
        owner: None,
        fix: "none here; the issuers' logs show use".to_owned(),
        red: false,
    }]
}
