//! Signs a policy that was edited by hand.

use crate::deeds::DeedError;
use crate::deeds::enact::{
    self, Draft, Edited, Effect, Enacted, Vouch, agree, nothing_blocks, step_in_force,
};
use crate::deeds::load::Place;
use crate::deeds::policy::lint::faults;
use crate::finding::Severity;
use crate::names::Sha256;
use crate::policy::Policy;
use crate::policy::edit::bump_revision;
use crate::world::{World, random};

/// What was signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
}

/// Signs the policy's file as it lies in the work tree; `show` is given what that changes before
/// consent is asked for.
///
/// # Errors
/// [`DeedError::Policy`] where it is none; [`DeedError::Refused`] where a lint is grave;
/// [`DeedError::Refuse`] where nothing changed; [`DeedError::NotAllowed`]; [`DeedError::Aborted`].
pub fn sign(
    world: &World,
    vouch: Vouch,
    reason: Option<String>,
    show: &mut dyn FnMut(&Effect),
) -> Result<Signed, DeedError> {
    let place = Place::to_write(world)?;
    let found = enact::policy_file(&place)?;
    let edited = Policy::parse(&found)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Expected)?;
    let current = step_in_force(verified.record)?;
    if current.hash == Sha256::of(found.as_bytes()) {
        return Err(DeedError::Refuse {
            what: format!("policy {} is signed as it stands; nothing changed", current.seq),
            instead: Some("edit .secrets-policy.toml first, then: tenure policy sign".to_owned()),
        });
    }
    let grave = |finding: &crate::finding::Finding| finding.severity >= Severity::Invalid;
    if let Some(finding) = faults(&place, &edited, &found)?.into_iter().find(grave) {
        return Err(DeedError::Refused(finding.into()));
    }
    let text = match edited.revision == current.policy.revision {
        true => bump_revision(&found, random())?,
        false => found.clone(),
    };
    let draft = Draft::of(&place, &verified, &found, text)?;
    let effect = draft.effect();
    show(&effect);
    agree(world, "sign this policy?")?;
    let enacted = draft.enact(vouch, reason)?;
    Ok(Signed { effect, enacted })
}
