//! Bears, until a day and with a reason, that an exposed value is not replaced.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::case::{Case, Ground, Line};
use super::named;
use super::open::may;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::log::entry_named;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, Note, Origin};
use crate::names::{Address, AddressQuery, EntryId, KeyPath, MemberName, Target};
use crate::rotation::Obligation;
use crate::verify::Verified;
use crate::verify::incidents::BORNE_DAYS;
use crate::world::{Change, World};

/// What is to be borne.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The beginning of the cause's id: an incident, or a policy that took a reader away.
    pub cause: String,
    /// Which value.
    pub query: AddressQuery,
    /// What the user wrote for it.
    pub text: String,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
}

/// What is borne.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The value.
    pub name: String,
    /// The entry.
    pub entry: EntryId,
    /// Who signed it.
    pub by: MemberName,
    /// The day that they name.
    pub until: Date,
    /// Whether enough bear it now.
    pub counts: bool,
    /// The admins who may still say so.
    pub may: Vec<MemberName>,
}

/// Bears a value, as one of as many admins as sign a policy.
///
/// # Errors
/// [`DeedError::NotAllowed`] for one who is no admin; [`DeedError::NoSecret`] for a value that is not of that
/// cause; [`DeedError::Refuse`] for a day that is over.
pub fn accept(world: &World, wish: &Wish) -> Result<Accepted, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    let (record, policy) = (verified.record, verified.policy);
    if wish.until < place.today() {
        return Err(DeedError::Refuse {
            what: format!("{} is over", wish.until),
            instead: Some("name a day that is to come: --until 2027-05-01".to_owned()),
        });
    }
    let latest = place.today().saturating_add(BORNE_DAYS.days());
    if wish.until > latest {
        return Err(DeedError::Refuse {
            what: format!("{} is more than {BORNE_DAYS} days ahead", wish.until),
            instead: Some(format!("look at it again within a year: --until {latest}")),
        });
    }
    let (target, value, name) = aimed(&verified, world, wish)?;
    let mut pen = Pen::find(&place, record, policy)?;
    let by = pen.by().clone();
    if !policy.is_admin(&by) {
        return Err(DeedError::NotAllowed {
            by,
            what: "bear an exposed value".to_owned(),
            may: policy.admins().into_iter().cloned().collect(),
        });
    }
    let until = wish.until;
    let note = Note::IncidentAccept { target, value: value.clone(), until };
    may(record, policy, &by, &note)?;
    let mut change = Change::new();
    let entry = pen.sign(Kind::Note(note), Some(wish.reason.clone()), &mut change)?;
    let voice = record.voice(policy, pen.hand(), world.now);
    let with = record.bearing_with(target, &value, Some(&(voice, until)));
    let counts = with.until.is_some();
    place.commit(&change)?;
    let said = |who: &&&MemberName| with.words.iter().any(|(word, _)| word.by == ***who);
    let may = policy.admins();
    let may = may.iter().filter(|who| ***who != by && !said(who)).map(|who| (*who).clone());
    let may = may.collect();
    Ok(Accepted { name, entry, by, until, counts, may })
}

/// The cause, the value's origin and its name.
fn aimed(
    verified: &Verified<'_>,
    world: &World,
    wish: &Wish,
) -> Result<(EntryId, Origin, String), DeedError> {
    let record = verified.record;
    let at = entry_named(record, &wish.cause)?;
    let at = at.ok_or_else(|| DeedError::NoEntry(wish.cause.to_ascii_lowercase()))?;
    let incident = named(verified, &wish.cause);
    if let Ok(incident) = incident {
        let case = Ground::of(verified, world.now).case(&incident);
        let line = of_case(&case, wish)?;
        return Ok((incident.id, line.origin.clone(), line.name.clone()));
    }
    let id = record.dag.id(at);
    let mut owed = verified.obligations.iter();
    let mine = |debt: &&Obligation| debt.entry == id && takes(wish, &debt.address);
    let debt = owed.find(mine).ok_or_else(|| unknown(wish))?;
    let Address { env, key, .. } = &debt.address;
    Ok((id, debt.origin.clone(), format!("{env}/{key}")))
}

fn of_case<'c>(case: &'c Case, wish: &Wish) -> Result<&'c Line, DeedError> {
    let mine = |line: &&Line| takes(wish, &line.address);
    let found: Vec<_> = case.lines.iter().filter(mine).collect();
    match found.as_slice() {
        [] => Err(unknown(wish)),
        [one] => Ok(one),
        several => Err(DeedError::Ambiguous {
            env: wish.query.env.clone(),
            text: wish.text.clone(),
            found: several.iter().map(|line| line.address.clone()).collect(),
        }),
    }
}

fn takes(wish: &Wish, address: &Address) -> bool {
    let target = |target: &Target| match target {
        Target::Key(key) => address.key == key.item(),
        Target::InFile(path, key) => address.path == *path && address.key == key.item(),
        Target::File(path) => address.path == *path && address.key == KeyPath::Whole,
    };
    address.env == wish.query.env && wish.query.targets.iter().any(target)
}

fn unknown(wish: &Wish) -> DeedError {
    DeedError::Refuse {
        what: format!("`{}` is no value that entry {} exposed", wish.text, wish.cause),
        instead: Some(format!("tenure incident status {}", wish.cause)),
    }
}
