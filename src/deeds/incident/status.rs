//! How incidents stand.

use super::case::{Case, Ground};
use super::{cases, named};
use crate::deeds::DeedError;
use crate::deeds::enact::policy_is_readable;
use crate::deeds::load::Place;
use crate::world::World;

/// Incidents as they stand, the newest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cases {
    /// One of them in full, or all at a glance.
    pub cases: Vec<Case>,
    /// Whether one was asked for.
    pub one: bool,
}

/// Looks at one incident, or at all.
///
/// # Errors
/// [`DeedError::NoEntry`]; [`DeedError::Refuse`] for an entry that opened none.
pub fn status(world: &World, id: Option<&str>) -> Result<Cases, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    policy_is_readable(&verified.findings)?;
    let Some(id) = id else {
        return Ok(Cases { cases: cases(&verified, world.now), one: false });
    };
    let incident = named(&verified, id)?;
    let case = Ground::of(&verified, world.now).case(&incident);
    Ok(Cases { cases: vec![case], one: true })
}
