//! Incidents: opened with all that was exposed, contained, paid off value by value, closed by two members.

pub mod accept;
mod blast;
pub mod case;
pub mod close;
pub mod open;
pub mod status;

pub(in crate::deeds) use blast::{alarms, exposed_by};

use case::{Case, Ground};

use super::DeedError;
use super::log::entry_named;
use crate::verify::{Verified, incidents::Incident};

/// Finds the incident whose id begins so.
fn named<'v>(verified: &'v Verified<'_>, id: &str) -> Result<Incident<'v>, DeedError> {
    let at = entry_named(verified.record, id)?;
    let at = at.ok_or_else(|| DeedError::NoEntry(id.to_ascii_lowercase()))?;
    let mut all = verified.record.incidents().into_iter();
    all.find(|it| it.entry == at).ok_or_else(|| DeedError::Refuse {
        what: format!("entry {} opened no incident", verified.record.dag.id(at).short()),
        instead: Some("tenure incident status".to_owned()),
    })
}

/// All incidents, the newest last.
#[must_use]
pub fn cases(verified: &Verified<'_>, now: jiff::Timestamp) -> Vec<Case> {
    let ground = Ground::of(verified, now);
    verified.record.incidents().iter().map(|it| ground.case(it)).collect()
}
