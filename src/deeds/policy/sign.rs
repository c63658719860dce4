//! Signs a policy that was edited by hand, or approves one that another admin put forward.

use crate::deeds::DeedError;
use crate::deeds::enact::{
    self, Draft, Edited, Effect, Enacted, Vouch, agree, nothing_blocks, step_in_force,
};
use crate::deeds::load::Place;
use crate::deeds::policy::lint::faults;
use crate::finding::{Finding, Severity};
use crate::names::Sha256;
use crate::policy::edit::bump_revision;
use crate::policy::{PATH, Policy};
use crate::verify::{Proposal, Record, Step, Verified};
use crate::world::terminal::Terminal;
use crate::world::{World, Writes, random};

/// What was signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What it changes.
    pub effect: Effect,
    /// What was signed.
    pub enacted: Enacted,
}

/// Signs the policy's file as it lies in the work tree. Where nobody edited it, or an entry is named,
/// approves what waits for approval; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Policy`] where it is none; [`DeedError::Refused`] where a lint is grave;
/// [`DeedError::Refuse`] where nothing changed, or nothing waits; [`DeedError::NotAllowed`];
/// [`DeedError::Aborted`].
pub fn sign(
    world: &World,
    named: Option<&str>,
    (vouch, reason): (Vouch, Option<String>),
    show: &mut dyn FnMut(&Effect),
) -> Result<Signed, DeedError> {
    let place = Place::to_write(world)?;
    let found = enact::policy_file(&place)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Expected)?;
    let current = step_in_force(verified.record)?;
    let waiting = waiting(verified.record, named, Sha256::of(found.as_bytes()))?;
    let draft = match waiting {
        Some(proposal) => {
            not_edited(&found, current, &proposal)?;
            Draft::approving(&place, &verified, &found, &proposal)?
        }
        None => {
            own_edit(&place, &found)?;
            edited(&place, &verified, &found)?
        }
    };
    sound(&place, draft.next(), draft.text())?;
    let effect = draft.effect();
    show(&effect);
    agree(world, "sign this policy?")?;
    let enacted = draft.enact(vouch, reason)?;
    Ok(Signed { effect, enacted })
}

/// The proposal to approve: the one that is named; else the only one, where the policy's file has the
/// policy in force or that very proposal.
fn waiting<'r>(
    record: &'r Record,
    named: Option<&str>,
    found: Sha256,
) -> Result<Option<Proposal<'r>>, DeedError> {
    let mut all = record.chain.proposals();
    if let Some(text) = named {
        let text = text.to_ascii_lowercase();
        all.retain(|it| it.step.id.to_string().starts_with(&text));
        return match all.len() {
            0 => Err(no_proposal(record, &text)),
            1 => Ok(all.pop()),
            _ => Err(which(&all)),
        };
    }
    all.retain(|it| !it.stale);
    if let Some(at) = all.iter().position(|it| it.step.hash == found) {
        return Ok(Some(all.swap_remove(at)));
    }
    if step_in_force(record)?.hash != found {
        return Ok(None);
    }
    match all.len() {
        0 => Ok(None),
        1 => Ok(all.pop()),
        _ => Err(which(&all)),
    }
}

fn no_proposal(record: &Record, text: &str) -> DeedError {
    let step = record.chain.steps.iter().find(|step| step.id.to_string().starts_with(text));
    match step {
        Some(step) => DeedError::Refuse {
            what: format!("policy {} of entry {} is in force already", step.seq, step.id.short()),
            instead: Some("tenure policy show".to_owned()),
        },
        None => DeedError::NoEntry(text.to_owned()),
    }
}

fn which(all: &[Proposal<'_>]) -> DeedError {
    let ids: Vec<_> = all.iter().map(|it| it.step.id.short16()).collect();
    DeedError::Refuse {
        what: format!("{} policies wait for approval", all.len()),
        instead: Some(format!(
            "look at each with `tenure policy diff`, then: tenure policy sign ENTRY; there are {}",
            ids.join(", ")
        )),
    }
}

/// Nobody's unsigned edits get lost by an approval.
fn not_edited(found: &str, current: &Step, proposal: &Proposal<'_>) -> Result<(), DeedError> {
    let found = Sha256::of(found.as_bytes());
    if found == current.hash || found == proposal.step.hash {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: format!("`{PATH}` has edits that nobody signed"),
        instead: Some(format!("git restore {PATH}, or sign them first: tenure policy sign")),
    })
}

/// Whoever signs an edit made it: one that is committed already, perhaps by another, is signed by a person
/// who is told so, whatever was consented to beforehand.
fn own_edit(place: &Place<'_>, found: &str) -> Result<(), DeedError> {
    let path = PATH.parse()?;
    let world = place.world;
    let committed = place.checkout.head_file(&path)?;
    if committed.as_deref() != Some(found.as_bytes()) || world.writes == Writes::Dry {
        return Ok(());
    }
    let touch = place.checkout.last_commit_touching(&path)?;
    let who = touch.map_or_else(|| "somebody".to_owned(), |touch| touch.to_string());
    let what = format!("this edit of `{PATH}` was committed by {who}, and nobody signed it");
    if world.terminal != Terminal::Person {
        let instead = "read it with `tenure policy diff`, then sign it at a terminal".to_owned();
        return Err(DeedError::Refuse { what, instead: Some(instead) });
    }
    world.terminal.say(&what)?;
    match world.terminal.confirm("sign it as if it were yours?")? {
        true => Ok(()),
        false => Err(DeedError::Aborted),
    }
}

/// A draft of what the policy's file says.
fn edited<'a, 'w>(
    place: &'a Place<'w>,
    verified: &'a Verified<'a>,
    found: &str,
) -> Result<Draft<'a, 'w>, DeedError> {
    let current = step_in_force(verified.record)?;
    let hash = Sha256::of(found.as_bytes());
    if current.hash == hash {
        return Err(DeedError::Refuse {
            what: format!("policy {} is signed as it stands; nothing changed", current.seq),
            instead: Some(format!("edit {PATH} first, then: tenure policy sign")),
        });
    }
    if let Some(old) = verified.record.steps_in_force().find(|step| step.hash == hash) {
        return Err(DeedError::Refuse {
            what: format!("`{PATH}` is policy {}, and {} is in force", old.seq, current.seq),
            instead: Some(format!("cp {} {PATH}", enact::kept_at(&current.hash)?)),
        });
    }
    let edited = Policy::parse(found)?;
    // Before it counts the revision up: its findings have the lines of the user's file.
    sound(place, &edited, found)?;
    let text = match edited.revision == current.policy.revision {
        true => bump_revision(found, random())?,
        false => found.to_owned(),
    };
    Draft::of(place, verified, found, text)
}

/// Finds what must not be signed.
pub(super) fn sound(place: &Place<'_>, next: &Policy, text: &str) -> Result<(), DeedError> {
    let grave = |finding: &Finding| finding.severity >= Severity::Invalid;
    match faults(place, next, text)?.into_iter().find(grave) {
        Some(finding) => Err(DeedError::Refused(finding.into())),
        None => Ok(()),
    }
}
