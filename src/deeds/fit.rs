//! Whether a value fits the place that it is set at: no credential under `config`, none that stands for a
//! value or is one pattern, none that ended.

use jiff::civil::Date;

use super::DeedError;
use super::ends;
use super::find::Found;
use super::set::Wish;
use crate::names::{KeyPath, TypeName};
use crate::policy::{Policy, is_credential};
use crate::rotation::looks;
use crate::rotation::strength::{self, Weakness};
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
    if wish.insist == Insist::Anyway || policy.is_clear(&found.env, &found.key) {
        return Ok(());
    }
    let name = match &found.key {
        KeyPath::Whole => format!("{}/{}", found.env, found.path),
        key => format!("{}/{key}", found.env),
    };
    let refuse = |what: String, instead: &str| {
        let what = format!("{what}; nothing written");
        Err(DeedError::Refuse { what, instead: Some(instead.to_owned()) })
    };
    let is_config = !is_credential(kind);
    if let Some(what) = looks::credential(value.expose()).filter(|_| is_config) {
        return refuse(
            format!("{name} is of the type `config`, and the value looks like {what}"),
            "give it a type that is rotated: --type api-key; if it is no credential: --anyway",
        );
    }
    // A word of few characters is for its issuer to refuse: some make such.
    let weak = strength::weakness(value.expose(), found.key.last_key().unwrap_or_default());
    let has_word = kind.is_some_and(|kind| policy.word(kind).is_some());
    if let Some(why) = weak.filter(|why| has_word && *why != Weakness::Short) {
        let what = format!("the value of {name} {}", why.fact());
        return refuse(what, "have one made: --generate; or insist: --anyway");
    }
    match ends::of(value, wish, today).filter(|expiry| expiry.is_over(today)) {
        Some(expiry) => refuse(
            format!("the {} of {name} ended on {}", expiry.what.word(), expiry.until),
            "order a new one at its issuer; or insist: --anyway",
        ),
        None => Ok(()),
    }
}
