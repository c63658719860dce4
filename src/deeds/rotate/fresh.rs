//! New values for a rotation: none that the secret had before, and none that does not fit.

use super::state::refuse;
use super::{New, again};
use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::fit::fits;
use crate::deeds::load::Place;
use crate::deeds::making::make;
use crate::deeds::sealing::{Sealing, kind_of_new};
use crate::deeds::set::{Wish, is_current, spec_for};
use crate::rotation::generate::Made;

/// A new value that the secret never had, and how many earlier ones it could not be compared with.
pub(super) fn fresh(
    place: &Place<'_>,
    sealing: Sealing<'_>,
    new: New,
    wish: &Wish,
) -> Result<(Found, Made, usize), DeedError> {
    let Sealing { verified, ring, .. } = sealing;
    let New { found, value, generator: asked } = new;
    let address = found.address();
    let kind = kind_of_new(verified, &address, None);
    let Some(value) = value else {
        let spec = spec_for(verified, kind, asked.as_ref())?;
        let made = make(sealing, &spec, place.world.now)?;
        fits(verified.policy, &found, kind, &made.value, (wish, place.today()))?;
        return Ok((found, made, 0));
    };
    if is_current(verified, ring, &found, &value)? {
        return refuse(
            "same as the current value; nothing written".to_owned(),
            again::INSTEAD.to_owned(),
        );
    }
    fits(verified.policy, &found, kind, &value, (wish, place.today()))?;
    if ring.is_blind() {
        return Ok((found, value.into(), 0));
    }
    match again::same(place, sealing, &found, &value)? {
        (Some(old), _) => again::told(sealing, &found, &old, again::INSTEAD),
        (None, lost) => Ok((found, value.into(), lost)),
    }
}
