//! New values in the place of old ones: one, several, or all whose time has come; at once, or step by step
//! beside the current one. Mission, section F.

mod again;
mod desk;
pub mod drive;
mod earlier;
pub mod finish;
mod fresh;
mod patience;
mod placing;
mod receipts;
mod state;
mod steps;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use super::DeedError;
use super::attest::{Beside, Work, attest};
use super::enact::policy_is_readable;
use super::find::{self, Found};
use super::load::{Place, unblocked};
use super::pen::Receipt;
use super::ring::Ring;
use super::sealing::{Sealing, kind_of_new};
use super::set::{Set, Wish};
use super::unset::revoke;
use crate::document::{Format, Node};
use crate::names::{Address, AddressQuery, EnvName, KeyPath, Stage};
use crate::policy::Strategy;
use crate::rotation::generate::Spec;
use crate::rotation::{Obligation, Owed, days_left};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::{World, Writes};
pub use again::Compared;
pub(super) use again::{all_new, blindly, moves_no_old, not_again, nothing_old};
use fresh::fresh;
pub use patience::Haste;
use placing::{beside, in_place};
pub use state::Step;
pub(super) use state::{at_rest, awaits_nothing, keeps_to_decrypt, stands_alone};
use state::{may, refuse};
pub use steps::{Moved, Promotion, Stepped, Tried, Turn, promote, undo};

/// What is to be rotated.
#[derive(Debug, Clone)]
pub enum What {
    /// These values.
    Named(Vec<Asked>),
    /// What is overdue or owed, of one environment or of all.
    Due(Option<EnvName>),
}

/// A value that a user names.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the words may mean.
    pub query: AddressQuery,
    /// The words.
    pub text: String,
}

/// A value that wants a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where the current one stands.
    pub found: Found,
    /// What commands call it.
    pub name: String,
    /// Where the policy says how such a value is rotated.
    pub runbook: Option<String>,
    /// How the policy says that such a value is made.
    pub generator: Option<Spec>,
    /// How the policy says that the old value is ended at its issuer.
    pub revoke: Option<String>,
    /// Whether two values can be in use at once.
    pub strategy: Option<Strategy>,
}

/// What there is to rotate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Values that a new one can be put in the place of; those of `prod` first.
    pub wanted: Vec<Wanted>,
    /// Lists and the like, and what is in the middle of a rotation.
    pub left: Vec<Left>,
}

/// A value that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The value.
    pub address: Address,
    /// Why.
    pub why: String,
    /// The command that mends it.
    pub fix: String,
}

/// Finds what is to be rotated; nothing is written, and no key is needed.
///
/// # Errors
/// [`DeedError::NoSecret`], [`DeedError::Refused`]; [`DeedError::Refuse`] for a step that a value may not
/// take in its state.
pub fn agenda(world: &World, what: &What, step: Step) -> Result<Agenda, DeedError> {
    let place = Place::find(world)?;
    match what {
        What::Named(asked) => named(&place, asked, step),
        What::Due(scope) => due(&place, scope.as_ref()),
    }
}

fn named(place: &Place<'_>, asked: &[Asked], step: Step) -> Result<Agenda, DeedError> {
    let mut agenda = Agenda::default();
    let loaded = place.load(steps::scope(asked))?;
    let mut judged = BTreeMap::new();
    for Asked { query, text } in asked {
        if !judged.contains_key(&query.env) {
            judged.insert(&query.env, loaded.verified(&query.env)?);
        }
        let Some(verified) = judged.get(&query.env) else { continue };
        let found = find::value(verified, query, text)?;
        turns::names_no_user(verified, &found.address(), step.option())?;
        ready(verified, &found, step)?;
        if agenda.wanted.iter().any(|it| it.found.address() == found.address()) {
            return refuse(format!("`{}` is named twice", found.address()), None);
        }
        agenda.wanted.push(wanted(verified, found)?);
    }
    Ok(agenda)
}

fn due(place: &Place<'_>, scope: Option<&EnvName>) -> Result<Agenda, DeedError> {
    let mut agenda = Agenda::default();
    let loaded = place.load(scope)?;
    let verified = loaded.judged()?;
    policy_is_readable(&verified.findings)?;
    for address in owed(place, &verified) {
        unblocked(&verified, &address.env)?;
        if verified.holder(&address).is_some() {
            let fix = format!("tenure request {}", verified.record.name_of(&address));
            let why = "is in custody of the customer, who decides".to_owned();
            agenda.left.push(Left { address, why, fix });
            continue;
        }
        if !is_single(&verified, &address) {
            let fix = format!("tenure edit {}", crate::names::quoted(&address.path));
            let why = "is no single value".to_owned();
            agenda.left.push(Left { address, why, fix });
            continue;
        }
        match ready(&verified, &at(address.clone()), Step::InPlace) {
            Ok(()) => agenda.wanted.push(wanted(&verified, at(address))?),
            Err(DeedError::Refuse { what, instead }) => {
                let why = format!("is left as it is: {what}");
                agenda.left.push(Left { address, why, fix: instead.unwrap_or_default() });
            }
            Err(other) => return Err(other),
        }
    }
    agenda.left.extend(to_end(place, &verified));
    agenda.wanted.sort_by_key(|it| it.found.env.as_str() != "prod");
    Ok(agenda)
}

/// What was replaced already, and only waits for the word that it was ended.
fn to_end(place: &Place<'_>, verified: &Verified<'_>) -> Vec<Left> {
    let today = place.today();
    let open = |debt: &&Obligation| debt.owed == Owed::End && !debt.is_accepted(today);
    let debts = verified.obligations.iter().filter(open).map(|debt| &debt.address);
    let late = verified.previous.iter().filter(|old| days_left(old.due, today) < 0);
    let all = debts.chain(late.map(|old| &old.address)).map(|address| {
        let beside = verified.record.stands_beside(address);
        beside.map_or_else(|| address.clone(), |(_, base)| base)
    });
    let all: BTreeSet<Address> = all.collect();
    let left = all.into_iter().map(|address| {
        let fix = format!("tenure rotate {} --finish", verified.record.name_of(&address));
        let why = "has an earlier value that is to be ended at its issuer".to_owned();
        Left { address, why, fix }
    });
    left.collect()
}

fn at(address: Address) -> Found {
    Found { env: address.env, path: address.path, key: address.key }
}

/// What is overdue, and what is owed since somebody left, whether or not its date is past.
fn owed(place: &Place<'_>, verified: &Verified<'_>) -> BTreeSet<Address> {
    let late =
        |due: Option<jiff::civil::Date>| due.is_some_and(|due| days_left(due, place.today()) < 0);
    let sealed = verified.live.iter().filter(|(_, live)| live.item.generation.is_some());
    // Of what another took the place of, the overlap counts.
    let was = |address: &Address| matches!(verified.stage(address), Some((Stage::Previous, _)));
    let overdue = sealed.filter(|(address, live)| late(live.item.due) && !was(address));
    let overdue = overdue.map(|(address, _)| address);
    let open = |debt: &&Obligation| debt.owed == Owed::Rotate && !debt.is_accepted(place.today());
    let debts = verified.obligations.iter().filter(open).map(|debt| &debt.address);
    let debts = debts.filter(|address| verified.live.contains_key(address));
    overdue.chain(debts).cloned().collect()
}

fn is_single(verified: &Verified<'_>, address: &Address) -> bool {
    match verified.files.get(&address.path).map(|file| &file.form) {
        Some(FileForm::Values(document)) => {
            document.leaf(&address.key).is_some_and(|leaf| leaf.node == Node::Scalar)
        }
        Some(FileForm::Whole) => address.key == KeyPath::Whole,
        None => false,
    }
}

/// Insists that a value may take a step that brings a new one.
fn ready(verified: &Verified<'_>, found: &Found, step: Step) -> Result<(), DeedError> {
    let address = found.address();
    may(verified, &address, step)?;
    turns::user_of(verified, &address)?;
    let name = state::name(verified, &address);
    if step == Step::InPlace {
        if verified.strategy(&address) == Some(Strategy::KeyRing) {
            let what = format!("whoever verifies what {name} signs must have its new value first");
            return refuse(what, format!("tenure rotate {name} --begin"));
        }
        if verified.strategy(&address) == Some(Strategy::KeepOld) {
            state::place(verified, &address, Stage::Previous)?;
        }
        return Ok(());
    }
    let plainly = format!("tenure rotate {name}");
    if found.key != address.key || !is_single(verified, &address) {
        return refuse(
            format!("{name} is no single value, and nothing can stand beside it"),
            plainly,
        );
    }
    let next = state::place(verified, &address, Stage::Next)?;
    if verified.strategy(&address) != Some(Strategy::Single) {
        state::place(verified, &address, Stage::Previous)?;
    }
    let kind = verified.live.get(&address).and_then(|live| live.item.kind.as_ref());
    let other = verified.policy.rule(&next).kind.filter(|wanted| Some(*wanted) != kind);
    let whole_by_value = next.key == KeyPath::Whole && Format::of(&next.path).is_some();
    let why = if steps::stands(verified, &next) || !verified.record.is_for_pending(&next) {
        "is a value of its own"
    } else if verified.policy.is_clear(&next.env, &next.key) {
        "would stand in clear, as the policy says"
    } else if other.is_some() {
        "has another type by the policy's rules"
    } else if whole_by_value {
        "has the name of a file with a value a key"
    } else {
        return Ok(());
    };
    refuse(format!("`{next}` {why}: no pending value can stand there"), plainly)
}

fn wanted(verified: &Verified<'_>, found: Found) -> Result<Wanted, DeedError> {
    let address = found.address();
    let described =
        kind_of_new(verified, &address, None).and_then(|kind| verified.policy.types.get(kind));
    let generator = described.and_then(|kind| kind.generate.as_deref());
    Ok(Wanted {
        runbook: described.and_then(|kind| kind.runbook.clone()),
        generator: generator.map(str::parse).transpose()?,
        revoke: revoke(verified, &address),
        strategy: described.and_then(|kind| kind.strategy),
        name: state::name(verified, &address),
        found,
    })
}

/// A value for a place.
#[derive(Debug)]
pub struct New {
    /// Where.
    pub found: Found,
    /// The value; none is made by the generator.
    pub value: Option<Plaintext>,
    /// The generator; none is that of the type.
    pub generator: Option<Spec>,
}

/// What was rotated, or begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Whether the new values stand in their place, or beside the current ones.
    pub step: Step,
    /// The new values.
    pub values: Vec<Set>,
    /// Where old values stand that are kept to decrypt.
    pub kept: Vec<Address>,
    /// How many earlier values the new ones could not be compared with.
    pub lost: usize,
    /// The entry.
    pub receipt: Receipt,
}

/// Puts new values in the place of the old ones or beside them, all or none.
///
/// # Errors
/// [`DeedError::Refuse`] where a new value is one that the secret had before, and those of
/// [`super::set::set`].
pub fn rotate(world: &World, new: Vec<New>, wish: &Wish, step: Step) -> Result<Rotated, DeedError> {
    let place = Place::to_write(world)?;
    let mut by_env: BTreeMap<EnvName, Vec<New>> = BTreeMap::new();
    for one in new {
        by_env.entry(one.found.env.clone()).or_default().push(one);
    }
    let only = by_env.keys().next().filter(|_| by_env.len() == 1);
    let loaded = place.load(only)?;
    let reason = wish.reason.clone();
    let mut work = Work { reason, beside: Beside::Allowed, ..Work::default() };
    let (mut values, mut kept, mut lost) = (Vec::new(), Vec::new(), 0);
    for (env, new) in by_env {
        let verified = loaded.verified(&env)?;
        let ring = Ring::to_write(&place, &verified, &env, Ring::open)?;
        ring.target()?;
        let sealing = Sealing { verified: &verified, env: &env, ring: &ring, today: place.today() };
        let (mut made, mut public) = (Vec::new(), Vec::new());
        for one in new {
            ready(&verified, &one.found, step)?;
            let (found, new, unseen) = fresh(&place, sealing, one, wish)?;
            lost += unseen;
            public.extend(new.public.map(|public| (found.address(), public)));
            if let Some((user, users)) = turns::user_of(&verified, &found.address())? {
                ready(&verified, &user, step)?;
                let then = turns::next(&verified, &ring, (&user, users))?;
                made.push((user, then.into()));
            }
            made.push((found, new.value));
        }
        let (mut set, mut old) = match step {
            Step::Begin => (beside(sealing, made, wish, &mut work)?, Vec::new()),
            Step::InPlace | Step::Promote | Step::Undo => {
                in_place(sealing, &made, wish, &mut work)?
            }
        };
        if world.writes == Writes::Real {
            set.iter_mut().for_each(|set| show(set, &public));
        }
        values.append(&mut set);
        kept.append(&mut old);
    }
    let verified = loaded.judged()?;
    let receipt = attest(&place, &verified, work)?;
    Ok(Rotated { step, values, kept, lost, receipt })
}

/// Adds the public half of a key that was made for a place, or to stand beside it for now.
fn show(set: &mut Set, public: &[(Address, String)]) {
    let is_pending = |at: &Address| at.beside(Stage::Next).as_ref() == Some(&set.address);
    let mine = public.iter().find(|(at, _)| *at == set.address || is_pending(at));
    set.public = mine.map(|(_, public)| public.clone());
}
