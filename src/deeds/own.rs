//! The user's own name and key, where somebody begins: with `init`, or with a request to join.

use crate::deeds::DeedError;
use crate::deeds::enact::agree;
use crate::deeds::key::{self, Cover, NewPair};
use crate::deeds::load::Place;
use crate::deeds::member::keys::Keys;
use crate::names::MemberName;
use crate::policy::{RecipientError, SigningKeyError};
use crate::world::World;
use crate::world::keys::Found;
use crate::world::terminal::Terminal;

/// The user's name as a member: as said, else what git calls the user. `again` is how to say it.
///
/// # Errors
/// [`DeedError::Refuse`] where git does not know it.
pub fn name(
    place: &Place<'_>,
    said: Option<&MemberName>,
    again: &str,
) -> Result<MemberName, DeedError> {
    if let Some(said) = said {
        return Ok(said.clone());
    }
    let name = place.checkout.user_name()?.unwrap_or_default();
    slug(&name).parse().map_err(|_| DeedError::Refuse {
        what: "git does not know your name, and your name as a member is not said".to_owned(),
        instead: Some(again.to_owned()),
    })
}

/// A name in the grammar of members: "Ana Torres" becomes `ana-torres`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(64);
    slug.trim_end_matches('-').to_owned()
}

/// The key at hand that reads and signs, or a new one.
///
/// # Errors
/// [`DeedError::Aborted`] for one who does not want a new key, and those of [`key::person`].
pub fn key_or_new(world: &World) -> Result<(Found, Option<NewPair>), DeedError> {
    if let Some(found) = own_key(world)? {
        return Ok((found, None));
    }
    if world.terminal == Terminal::Person {
        agree(
            world,
            "no SSH key of yours can both read and sign; make one under ~/.config/tenure?",
        )?;
    }
    let pair = key::person(world, Cover::Plain)?;
    world.identities().also(&pair.path);
    let found = own_key(world)?.ok_or_else(|| DeedError::Refuse {
        what: "the key that was just made is not found".to_owned(),
        instead: Some("tenure doctor".to_owned()),
    })?;
    Ok((found, Some(pair)))
}

/// The first key at hand that can both read and sign.
fn own_key(world: &World) -> Result<Option<Found>, DeedError> {
    let found = world.identities().public()?;
    let fits = |key: &&Found| key.recipient.is_some() && key.public.is_some() && key.can_sign;
    Ok(found.iter().find(fits).cloned())
}

/// The public halves of a key, as a policy has them.
///
/// # Errors
/// [`DeedError::Refuse`] for a key that cannot both read and sign.
pub fn keys(key: &Found) -> Result<Keys, DeedError> {
    let refuse =
        |what: String| DeedError::Refuse { what, instead: Some("tenure key new".to_owned()) };
    let recipient = key.recipient.as_deref().unwrap_or_default().parse();
    let recipient =
        recipient.map_err(|why: RecipientError| refuse(format!("your key cannot read: {why}")))?;
    let public = key.public.as_ref().and_then(|public| public.to_openssh().ok());
    let signing = public.unwrap_or_default().parse();
    let signing =
        signing.map_err(|why: SigningKeyError| refuse(format!("your key cannot sign: {why}")))?;
    Ok(Keys { recipients: vec![recipient], signing_keys: vec![signing] })
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_users_name_becomes_a_members() {
        assert_eq!(slug("Ana Torres"), "ana-torres");
        assert_eq!(slug("  Ana  (work) "), "ana-work");
        assert_eq!(slug("Zoë"), "zo");
        assert_eq!(slug("山田"), "");
        assert_eq!(slug(&"x".repeat(99)).len(), 64);
    }
}
