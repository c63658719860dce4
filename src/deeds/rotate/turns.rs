//! Two users at an issuer who take turns with a secret: the key that names the one in use goes with the secret,
//! step by step. So a new value is always for the user whom nobody uses yet.

use super::state::{Beside, name, refuse};
use crate::deeds::DeedError;
use crate::deeds::find::Found;
use crate::deeds::get;
use crate::deeds::ring::Ring;
use crate::names::{Address, Stage};
use crate::policy::{Strategy, Users, is_credential};
use crate::verify::Verified;

/// The key that names the user of a secret whose users take turns; none of another secret.
///
/// # Errors
/// [`DeedError::Refuse`] where the policy does not say who takes turns, or the key is none of type `config`.
pub(super) fn user_of<'v>(
    verified: &'v Verified<'_>,
    address: &Address,
) -> Result<Option<(Found, &'v Users)>, DeedError> {
    if verified.strategy(address) != Some(Strategy::Alternating) {
        return Ok(None);
    }
    let Some(users) = verified.policy.rule(address).users else {
        return refuse(
            format!(
                "the users of {} take turns, and no rule says who they are",
                name(verified, address)
            ),
            "add users = { key = \"DB_USER\", names = [\"app_a\", \"app_b\"] } to its [[secrets]]"
                .to_owned(),
        );
    };
    let user = Address { key: users.key.clone(), ..address.clone() };
    let live = verified.live.get(&user).filter(|live| live.item.generation.is_some());
    if live.is_none_or(|live| is_credential(live.item.kind.as_ref())) {
        return refuse(
            format!("`{user}` names the user in use: it must be a sealed value of type `config`"),
            format!("tenure set {} --type config", crate::names::quoted(&user)),
        );
    }
    Ok(Some((super::at(user), users)))
}

/// The name of the user whose turn is next.
///
/// # Errors
/// [`DeedError::Refuse`] where the key names neither of the two, or is not read by us.
pub(super) fn next(
    verified: &Verified<'_>,
    ring: &Ring,
    (user, users): (&Found, &Users),
) -> Result<String, DeedError> {
    let at = name(verified, &user.address());
    if ring.is_blind() {
        return refuse(format!("only who reads {at} can tell whose turn it is"), None);
    }
    let now = get::one(verified, ring, user)?;
    if let Some(then) = users.after(now.expose()) {
        return Ok(then.to_owned());
    }
    let [one, other] = &users.names;
    refuse(
        format!("{at} names neither of the two users who take turns"),
        format!("tenure set {at}, to {one:?} or {other:?}"),
    )
}

/// The places that take a step along with a secret: that of its user's name, if it is in the same state.
///
/// # Errors
/// [`DeedError::Refuse`] where a value is pending and its user is not.
pub(super) fn along(
    verified: &Verified<'_>,
    address: &Address,
    stage: Stage,
) -> Result<Option<Address>, DeedError> {
    let Some((user, _)) = user_of(verified, address)? else { return Ok(None) };
    let user = user.address();
    let (secret, beside) = (Beside::of(verified, address), Beside::of(verified, &user));
    let is = |it: Beside| match stage {
        Stage::Next => it.pending,
        Stage::Previous => it.previous,
    };
    if is(secret) && !is(beside) {
        let what = format!(
            "nothing stands beside {}, which names the user of {}",
            name(verified, &user),
            name(verified, address)
        );
        return refuse(what, format!("tenure rotate {} --undo", name(verified, address)));
    }
    Ok(is(beside).then_some(user))
}

/// What goes back along with a secret; where it stands otherwise, it is left as it is.
pub(super) fn back(verified: &Verified<'_>, address: &Address) -> Option<Address> {
    let stage = match Beside::of(verified, address).pending {
        true => Stage::Next,
        false => Stage::Previous,
    };
    along(verified, address, stage).unwrap_or_default()
}

/// Insists that a value does not name the user of another one, with which it would go.
///
/// # Errors
/// [`DeedError::Refuse`] with the secret that takes it along.
pub(super) fn names_no_user(verified: &Verified<'_>, address: &Address) -> Result<(), DeedError> {
    let takes_along = |other: &&Address| {
        other.env == address.env
            && other.path == address.path
            && verified.strategy(other) == Some(Strategy::Alternating)
            && verified.policy.rule(other).users.is_some_and(|users| users.key == address.key)
    };
    match verified.live.keys().find(takes_along) {
        None => Ok(()),
        Some(secret) => {
            let (at, of) = (name(verified, address), name(verified, secret));
            refuse(
                format!("{at} names the user of {of}, and goes with it"),
                format!("tenure rotate {of}"),
            )
        }
    }
}
