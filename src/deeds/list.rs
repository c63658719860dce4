//! What stands where: every item with its deadline and who made it; no value, and no key needed.

use jiff::Timestamp;
use jiff::civil::Date;

use super::DeedError;
use super::dropping::is_dropped;
use super::enact::policy_is_readable;
use super::find::Names;
use super::load::Place;
use crate::document::Node;
use crate::finding::Finding;
use crate::names::{Address, EntryId, EnvName, KeyPath, MemberName, TypeName};
use crate::rotation::{self, Obligation};
use crate::verify::{FileForm, Holder, Live, Verified};
use crate::world::World;

/// What stands at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where.
    pub address: Address,
    /// The shortest name that `get` takes for it.
    pub name: String,
    /// How it stands there.
    pub form: Form,
    /// Its type.
    pub kind: Option<TypeName>,
    /// The last UTC day in time; none for a value that another took the place of.
    pub due: Option<Date>,
    /// The last UTC day on which a value that another took the place of may still be accepted.
    pub end_by: Option<Date>,
    /// Days until the one or the other; negative when it is over.
    pub days_left: Option<i32>,
    /// The entry that made the value, whatever was done to it since.
    pub made: Made,
    /// The duty to rotate it, if one is open.
    pub obligation: Option<Obligation>,
    /// Who answers for it, as the policy says.
    pub owner: Option<String>,
    /// Who opens it, where it is in custody of the customer.
    pub custody: Option<Holder>,
}

/// How an item stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One sealed value.
    Sealed,
    /// One value that its writer dropped for the readers, and no reader sealed since.
    Dropped,
    /// A list of so many places, sealed value by value.
    SealedList(usize),
    /// The whole file, sealed as one.
    SealedFile,
    /// A value or list that the policy leaves in clear.
    Clear,
    /// A place without a text.
    Empty,
}

/// Who made a value, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Who signed it.
    pub by: MemberName,
    /// When, as the signer claims.
    pub time: Timestamp,
    /// The entry.
    pub entry: EntryId,
}

/// The items that hold, and what is wrong with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Sorted by address.
    pub rows: Vec<Row>,
    /// The gravest finding that keeps some item out of the list, if any.
    pub doubt: Option<Finding>,
}

/// Lists what stands in one environment, or in all.
///
/// # Errors
/// Those of [`Place::load`]; [`DeedError::Refused`] where there is no policy to believe.
pub fn list(world: &World, scope: Option<&EnvName>) -> Result<Listed, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.to_read(scope)?;
    let verified = loaded.judged()?;
    policy_is_readable(&verified.findings)?;
    let names = Names::of(verified.live.keys());
    let rows = verified.live.iter().map(|(address, live)| Row {
        name: names.short(address),
        ..row(&verified, address, *live, place.today())
    });
    let envs = verified.policy.environments.keys();
    let doubts = envs.filter(|env| scope.is_none_or(|only| only == *env));
    let doubt = doubts.filter_map(|env| verified.refusal(env)).max_by_key(|found| found.severity);
    Ok(Listed { rows: rows.collect(), doubt: doubt.cloned() })
}

fn row(verified: &Verified<'_>, address: &Address, live: Live<'_>, today: Date) -> Row {
    let signed = &verified.record.entries[verified.record.made_by(live)];
    let (due, end_by) = (verified.deadline(address), verified.ends_by(address));
    let debt = verified.owed_at(address, today);
    Row {
        address: address.clone(),
        name: address.to_string(),
        form: form(verified, address, live),
        kind: live.item.kind.clone(),
        due,
        end_by,
        days_left: due.or(end_by).map(|last| rotation::days_left(last, today)),
        made: Made { by: signed.entry.by.clone(), time: signed.entry.time, entry: signed.id },
        obligation: debt.cloned(),
        owner: verified.policy.rule(address).owner.map(str::to_owned),
        custody: verified.holder(address),
    }
}

fn form(verified: &Verified<'_>, address: &Address, live: Live<'_>) -> Form {
    let sealed = live.item.generation.is_some();
    let document = verified.files.get(&address.path).map(|file| &file.form);
    let Some(FileForm::Values(document)) = document.filter(|_| address.key != KeyPath::Whole)
    else {
        return Form::SealedFile;
    };
    match document.leaf(&address.key) {
        Some(leaf) if leaf.node != Node::Scalar => Form::Empty,
        None if sealed => {
            let inside = |leaf: &&crate::document::Leaf| leaf.path.item() == address.key;
            Form::SealedList(document.leaves.iter().filter(inside).count())
        }
        Some(_) if is_dropped(verified, address) => Form::Dropped,
        Some(_) if sealed => Form::Sealed,
        Some(_) | None => Form::Clear,
    }
}
