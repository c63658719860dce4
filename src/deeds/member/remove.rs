//! Removes a member: what they could read must be new by a day, and nothing more is sealed to them.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::deeds::DeedError;
use crate::deeds::enact::{
    self, Draft, Edited, Effect, Enacted, Vouch, agree, nothing_blocks, readable,
};
use crate::deeds::load::Place;
use crate::names::{Address, EnvName, MemberName};
use crate::policy::Policy;
use crate::policy::edit::Edit;
use crate::verify::Verified;
use crate::world::{World, random};

/// Who was removed.
#[derive(Debug, Clone)]
pub struct Removed {
    /// Their name.
    pub name: MemberName,
    /// What they could read, by environment; those without a value too.
    pub debts: BTreeMap<EnvName, Debt>,
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
}

/// What a leaver could read of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The values.
    pub values: Vec<Address>,
    /// The last day in time to rotate them.
    pub due: Date,
}

/// What a member can read of each environment, and by when it would have to be rotated.
pub(super) fn debts(
    place: &Place<'_>,
    verified: &Verified<'_>,
    next: &Policy,
    name: &MemberName,
) -> BTreeMap<EnvName, Debt> {
    let debt = |env: &EnvName| Debt {
        values: readable(verified, env).cloned().collect(),
        due: place.today().saturating_add(i64::from(next.leaver_days(env)).days()),
    };
    let read = verified.policy.readable_by(name);
    read.into_iter().map(|env| (env.clone(), debt(env))).collect()
}

/// Removes a member; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Edit`] where they are the last of something; [`DeedError::NotAllowed`] for one who is
/// no admin; [`DeedError::Aborted`].
pub fn remove(
    world: &World,
    name: &MemberName,
    reason: Option<String>,
    show: &mut dyn FnMut(&Effect),
) -> Result<Removed, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Refused)?;
    let found = enact::policy_file(&place)?;
    enact::same_as_in_force(&found, verified.record)?;
    let mut edit = Edit::of(&found)?;
    edit.remove_member(name)?;
    let draft = Draft::of(&place, &verified, &found, edit.finish(random())?)?;
    let effect = draft.effect();
    let debts = debts(&place, &verified, draft.next(), name);
    show(&effect);
    agree(world, &format!("remove {name} and sign this policy?"))?;
    let enacted = draft.enact(Vouch::Yes, reason)?;
    Ok(Removed { name: name.clone(), debts, effect, enacted })
}
