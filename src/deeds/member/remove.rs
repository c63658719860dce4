//! Removes a member: what they could read must be new by a day, and nothing more is sealed to them.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::owner::{Identity, owned};
use crate::deeds::DeedError;
use crate::deeds::enact::{Draft, Effect, Enacted, Vouch, agree, policy_in_force, readable};
use crate::deeds::incident::alarms;
use crate::deeds::load::Place;
use crate::log::entry::Subject;
use crate::names::{Address, EnvName, MemberName};
use crate::policy::edit::Edit;
use crate::policy::{Policy, is_credential};
use crate::verify::{Live, Verified};
use crate::world::{World, random};

/// Who is to be removed.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Their name.
    pub name: MemberName,
    /// What becomes of the identities that they answer for.
    pub identities: Fate,
    /// How they part.
    pub manner: Manner,
    /// Why.
    pub reason: Option<String>,
}

/// How somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The policy's clocks hold.
    Friendly,
    /// What they could read is an incident, and due on the same day.
    Hostile,
}

/// What becomes of the machines that a leaver answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// They stay, and nobody answers for them.
    Orphaned,
    /// Somebody else answers for them.
    Given(MemberName),
    /// They are removed too.
    Removed,
}

/// Who was removed.
#[derive(Debug, Clone)]
pub struct Removed {
    /// Their name.
    pub name: MemberName,
    /// What they could read, by environment; those without a value too.
    pub debts: BTreeMap<EnvName, Debt>,
    /// The identities that they answered for.
    pub identities: Vec<Identity>,
    /// What becomes of those.
    pub fate: Fate,
    /// How many values the incident is about that was opened; none where they part friendly.
    pub exposed: usize,
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
    /// How many of them have a type of which the policy says how a value is ended at its issuer.
    pub to_end: usize,
    /// How many more stand nowhere any more, and are still to be ended at their issuers.
    pub gone: usize,
    /// The last day in time to rotate them.
    pub due: Date,
}

/// The values of an environment that whoever leaves could use.
fn owed<'v, 'a>(
    verified: &'v Verified<'a>,
    env: &'v EnvName,
) -> impl Iterator<Item = (&'v Address, &'v Live<'a>)> {
    readable(verified, env).filter(|(_, live)| is_credential(live.item.kind.as_ref()))
}

/// What some members can read of each environment, and by when it would have to be rotated.
pub(super) fn debts(
    place: &Place<'_>,
    verified: &Verified<'_>,
    next: &Policy,
    names: &[&MemberName],
) -> BTreeMap<EnvName, Debt> {
    let ends = |(_, live): &(&Address, &Live<'_>)| {
        let kind = live.item.kind.as_ref().and_then(|kind| next.types.get(kind));
        kind.is_some_and(|kind| kind.revoke.is_some())
    };
    let debt = |env: &EnvName| Debt {
        values: owed(verified, env).map(|(address, _)| address.clone()).collect(),
        to_end: owed(verified, env).filter(ends).count(),
        gone: verified.ends_open(env),
        due: place.today().saturating_add(i64::from(next.leaver_days(env)).days()),
    };
    let read = names.iter().flat_map(|name| verified.policy.readable_by(name));
    read.map(|env| (env.clone(), debt(env))).collect()
}

/// Removes a member; `show` is given what that changes before consent is asked for.
///
/// # Errors
/// [`DeedError::Edit`] where they are the last of something; [`DeedError::NotAllowed`] for one who is
/// no admin; [`DeedError::Aborted`].
pub fn remove(
    world: &World,
    wish: &Wish,
    show: &mut dyn FnMut(&Effect),
) -> Result<Removed, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load_readers()?;
    let verified = loaded.judged()?;
    let found = policy_in_force(&place, &verified)?;
    let identities = owned(verified.policy, &wish.name);
    not_the_leaver(wish)?;
    let leaving = leaving(wish, &identities);
    enough_stay(wish, verified.policy, &leaving)?;
    let mut edit = Edit::of(&found)?;
    if let Fate::Given(owner) = &wish.identities {
        identities.iter().try_for_each(|it| edit.give_owner(&it.name, owner))?;
    }
    edit.remove_members(&leaving)?;
    let draft = Draft::of(&place, &verified, &found, edit.finish(random())?)?;
    let effect = draft.effect();
    let mut debts = debts(&place, &verified, draft.next(), &leaving);
    let alarms = match wish.manner {
        Manner::Friendly => Vec::new(),
        Manner::Hostile => {
            let subject = Subject::Member(wish.name.clone());
            alarms(verified.record, verified.policy, &subject, false)
        }
    };
    let exposed = alarms.iter().map(|note| note.values().len()).sum();
    let draft = draft.alarming(alarms);
    if wish.manner == Manner::Hostile {
        debts.values_mut().for_each(|debt| debt.due = place.today());
    }
    show(&effect);
    agree(world, &format!("remove {} and sign this policy?", listed(&leaving)))?;
    let enacted = draft.enact(Vouch::Yes, wish.reason.clone())?;
    let (name, fate) = (wish.name.clone(), wish.identities.clone());
    Ok(Removed { name, debts, identities, fate, exposed, effect, enacted })
}

fn not_the_leaver(wish: &Wish) -> Result<(), DeedError> {
    match &wish.identities {
        Fate::Given(owner) if *owner == wish.name => Err(DeedError::Refuse {
            what: format!("`{owner}` leaves, and answers for nothing any more"),
            instead: Some("name somebody who stays: --new-owner NAME".to_owned()),
        }),
        Fate::Given(_) | Fate::Orphaned | Fate::Removed => Ok(()),
    }
}

/// Refuses to go on where too few admins would be left to sign any policy, this one too: then the leaver alone
/// can let themselves be removed.
fn enough_stay(wish: &Wish, policy: &Policy, leaving: &[&MemberName]) -> Result<(), DeedError> {
    let signs =
        |who: &MemberName| policy.members.get(who).is_some_and(|it| !it.signing_keys.is_empty());
    let mut stay: Vec<_> = policy.admins().into_iter().filter(|who| signs(who)).collect();
    let before = stay.len();
    stay.retain(|who| !leaving.contains(who));
    let (wanted, left) = (policy.admin.threshold as usize, stay.len());
    // That somebody must stay at all is for the policy to say.
    if left == 0 || left == before || left >= wanted {
        return Ok(());
    }
    let name = &wish.name;
    let instead = match wish.manner {
        Manner::Friendly => {
            "tenure member add NAME --role ROLE, for another admin first, while enough can sign"
                .to_owned()
        }
        Manner::Hostile => format!(
            "tenure incident open --member {name} --reason TEXT makes all that they could read due today, \
             by your word alone; they read on, so what replaces it belongs in a repository with a new root"
        ),
    };
    let what =
        format!("{wanted} admins must sign a policy, and without `{name}` {left} would be left");
    Err(DeedError::Refuse { what, instead: Some(instead) })
}

/// Who goes: the machines first, since nobody answers for them alone.
fn leaving<'w>(wish: &'w Wish, identities: &'w [Identity]) -> Vec<&'w MemberName> {
    let machines = identities.iter().filter(|_| wish.identities == Fate::Removed);
    machines.map(|it| &it.name).chain([&wish.name]).collect()
}

fn listed(names: &[&MemberName]) -> String {
    names.iter().rev().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
