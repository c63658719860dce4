//! Whether a value fits the place that it is set at: no credential under `config`, none that stands for a
//! value, is short or one pattern, none that ended, no PKCS#12 file that its password does not open.

use jiff::civil::Date;

use super::DeedError;
use super::brought::Brought;
use super::ends;
use super::find::Found;
use super::set::Wish;
use crate::names::{KeyPath, TypeName, quoted};
use crate::policy::{Policy, is_credential};
use crate::rotation::looks;
use crate::rotation::strength;
use crate::secret::Plaintext;

/// Whether the user takes a value that does not fit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Insist {
    /// It is refused.
    #[default]
    No,
    /// It is taken.
    Anyway,
}

/// Why a value does not fit, and what can be done; none of its text is in either.
struct Objection {
    what: String,
    instead: &'static str,
}

/// Refuses a value that does not fit, unless the user insists. None of its text is in the error.
///
/// # Errors
/// [`DeedError::Refuse`].
pub(super) fn fits(
    policy: &Policy,
    found: &Found,
    kind: Option<&TypeName>,
    value: &Plaintext,
    (wish, today): (&Wish, Date),
) -> Result<(), DeedError> {
    if wish.insist == Insist::Anyway {
        return Ok(());
    }
    match objection(policy, found, kind, value, (wish, today)) {
        None => Ok(()),
        Some(Objection { what, instead }) => Err(DeedError::Refuse {
            what: format!("{what}; nothing written"),
            instead: Some(format!("{instead}: --anyway")),
        }),
    }
}

/// Refuses what a user wrote into a file where it does not fit; by itself it can be set all the same.
///
/// # Errors
/// [`DeedError::Refuse`].
pub(super) fn fits_in_file(policy: &Policy, new: &Brought, today: Date) -> Result<(), DeedError> {
    match doubt(policy, new, today) {
        None => Ok(()),
        Some(what) => Err(DeedError::Refuse {
            what: format!("{what}; nothing written"),
            instead: Some(format!(
                "to insist, by itself: tenure set {} --anyway",
                quoted(name(&new.found))
            )),
        }),
    }
}

/// Why a value that was in a file already would not be taken as a new one; none where it would.
pub(super) fn doubt(policy: &Policy, new: &Brought, today: Date) -> Option<String> {
    let Brought { found, kind, value } = new;
    let given = (&Wish::default(), today);
    objection(policy, found, kind.as_ref(), value, given).map(|objection| objection.what)
}

/// Says that a value cannot be of the type `config`; none where it can, or is of another one.
pub(super) fn no_setting(
    policy: &Policy,
    found: &Found,
    kind: Option<&TypeName>,
    value: &Plaintext,
) -> Option<String> {
    if is_credential(kind) || policy.is_clear(&found.env, &found.key) {
        return None;
    }
    let what = looks::credential(value.expose())?;
    Some(format!("{} is of the type `config`, and the value looks like {what}", name(found)))
}

fn objection(
    policy: &Policy,
    found: &Found,
    kind: Option<&TypeName>,
    value: &Plaintext,
    (wish, today): (&Wish, Date),
) -> Option<Objection> {
    if policy.is_clear(&found.env, &found.key) {
        return None;
    }
    if let Some(what) = no_setting(policy, found, kind, value) {
        let instead = "give it a type that is rotated: --type api-key; if it is no credential";
        return Some(Objection { what, instead });
    }
    let name = name(found);
    let weak = strength::weakness(value.expose(), found.key.last_key().unwrap_or_default());
    let has_word = kind.is_some_and(|kind| policy.word(kind).is_some());
    if let Some(why) = weak.filter(|_| has_word) {
        let what = format!("the value of {name} {}", why.fact());
        return Some(Objection { what, instead: "have one made: --generate; or insist" });
    }
    if wish.password.is_some() && ends::is_locked(value, wish) {
        let what = format!("the password given does not open the PKCS#12 file of {name}");
        return Some(Objection { what, instead: "give the right one; or insist" });
    }
    let ended = ends::of(value, wish, today).filter(|expiry| expiry.is_over(today))?;
    let what = format!("the {} of {name} ended on {}", ended.what.word(), ended.until);
    Some(Objection { what, instead: "order a new one at its issuer; or insist" })
}

fn name(found: &Found) -> String {
    match &found.key {
        KeyPath::Whole => format!("{}/{}", found.env, found.path),
        key => format!("{}/{key}", found.env),
    }
}
