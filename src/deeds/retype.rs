//! Gives a value that stays another type. Its deadline moves no later by that; it is taken away only as one is
//! extended: by an admin, with a reason. Decision 36.

use jiff::civil::Date;

use super::DeedError;
use super::brought::Brought;
use super::ends;
use super::find::Found;
use super::fit::{Insist, doubt, no_setting};
use super::get;
use super::sealing::Sealing;
use super::set::Wish;
use crate::log::entry::{Item, Op, Origin};
use crate::names::{Address, KeyPath, TypeName};
use crate::policy::is_credential;
use crate::secret::Plaintext;

/// The item that gives a value a type, and why it would not be taken as a new one of that type, if it would not.
///
/// # Errors
/// [`DeedError::Refuse`] where a credential would become `config`, or a deadline would go without a reason.
pub(super) fn retype(
    sealing: Sealing<'_>,
    found: &Found,
    kind: &TypeName,
    wish: &Wish,
) -> Result<(Item, Option<String>), DeedError> {
    let Sealing { verified, ring, today, .. } = sealing;
    let address = found.address();
    let live = *verified.live.get(&address).ok_or_else(|| DeedError::NoFile(found.path.clone()))?;
    let value = match ring.is_blind() {
        true => None,
        false => current(sealing, found),
    };
    let name = verified.record.name_of(&address);
    let unread = value.is_none() && !is_credential(Some(kind));
    let credential =
        value.as_ref().and_then(|it| no_setting(verified.policy, found, Some(kind), it));
    if wish.insist == Insist::No && (unread || credential.is_some()) {
        let unread = || format!("nobody can tell here whether {name} is a credential");
        let what = credential.unwrap_or_else(unread);
        let instead = "if it is no credential: --anyway".to_owned();
        return Err(DeedError::Refuse {
            what: format!("{what}; nothing written"),
            instead: Some(instead),
        });
    }
    let (op, due) = deadline(sealing, &address, (live.item.due, value.as_ref()), kind, wish)?;
    let entry = verified.record.entries[live.entry].id;
    let of = Some(Origin { entry, address });
    let doubt = value.and_then(|value| {
        let new = Brought { found: found.clone(), kind: Some(kind.clone()), value };
        doubt(verified.policy, &new, today)
    });
    Ok((Item { op, of, kind: Some(kind.clone()), due, ..live.item.clone() }, doubt))
}

/// The value that stands; none where no reader understands it, as of a list.
fn current(sealing: Sealing<'_>, found: &Found) -> Option<Plaintext> {
    let Sealing { verified, ring, .. } = sealing;
    match found.key {
        KeyPath::Whole => ring.open_file(verified, &found.path).ok(),
        KeyPath::Place { .. } => get::one(verified, ring, found).ok(),
    }
}

fn deadline(
    sealing: Sealing<'_>,
    address: &Address,
    (was, value): (Option<Date>, Option<&Plaintext>),
    kind: &TypeName,
    wish: &Wish,
) -> Result<(Op, Option<Date>), DeedError> {
    let Sealing { verified, today, .. } = sealing;
    let latest = verified.policy.due(address, Some(kind), today);
    let refuse = |what: String, instead: &str| {
        Err(DeedError::Refuse { what, instead: Some(instead.to_owned()) })
    };
    let Some(latest) = latest else {
        let reason = wish.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        return match (was, wish.due) {
            (_, Some(_)) => {
                refuse(format!("a value of the type `{kind}` has no deadline"), "leave `--due` out")
            }
            (Some(was), None) if !reason => refuse(
                format!("as `{kind}` it would not be due on {was} any more, nor ever"),
                "an admin says why: --reason TEXT",
            ),
            (Some(_), None) => Ok((Op::Extend, None)),
            (None, None) => Ok((Op::Adopt, None)),
        };
    };
    let own = value.and_then(|value| ends::of(value, wish, today)).map(|ends| ends.due(today));
    let due = was.into_iter().chain(own).fold(latest, Date::min);
    match wish.due {
        Some(asked) if asked < today || asked > due => {
            refuse(format!("it cannot be due on {asked}"), "name a day from today on")
        }
        asked => Ok((Op::Adopt, Some(asked.unwrap_or(due)))),
    }
}
