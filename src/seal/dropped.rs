//! Dropped tokens: what a writer who does not read seals to a generation's public recipient, as an age
//! payload. Stock `age` opens one; what it is bound to stands at its beginning. Design, section 3.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{Binding, SealError, padding};
use crate::secret::Plaintext;

pub(super) const PREFIX: &str = "dropped.v1.";
const MAGIC: &[u8] = b"age-encryption.org/v1";

/// Seals a slice so that only readers of a generation open it, and not who sealed it.
///
/// # Errors
/// [`SealError::TooLong`] from 2 GiB on; [`SealError::WholeFailed`] when age fails.
pub fn drop_value(
    binding: &Binding<'_>,
    slice: &[u8],
    recipient: &age::x25519::Recipient,
) -> Result<String, SealError> {
    let padded = padding::pad(slice).ok_or_else(|| SealError::TooLong(binding.path.clone()))?;
    let failed = |_| SealError::WholeFailed;
    let recipient: &dyn age::Recipient = recipient;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient))
        .map_err(|_| SealError::WholeFailed)?;
    let mut out = Vec::new();
    let mut writer = encryptor.wrap_output(&mut out).map_err(failed)?;
    writer.write_all(&binding.associated_data()).map_err(failed)?;
    writer.write_all(&padded).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(out)))
}

/// Tells whether a token is a dropped one, by its text alone.
#[must_use]
pub fn is_dropped(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Opens a dropped token.
pub(super) fn open(
    binding: &Binding<'_>,
    token: &str,
    identity: &dyn age::Identity,
) -> Result<Plaintext, SealError> {
    let bytes = decode(token)?;
    let refused = || SealError::Refused(binding.path.clone());
    let decryptor = age::Decryptor::new(bytes.as_slice()).map_err(|_| refused())?;
    let mut reader = decryptor.decrypt(std::iter::once(identity)).map_err(|_| refused())?;
    // The plaintext is shorter than its age payload: room for it at once leaves no copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut plain).map_err(|_| refused())?;
    let padded = plain.strip_prefix(binding.associated_data().as_slice()).ok_or_else(refused)?;
    let value = padding::unpad(padded).ok_or_else(refused)?;
    Ok(Plaintext::from(value.to_vec()))
}

/// Reads the age payload of a dropped token: for one X25519 recipient and nobody else.
pub(super) fn decode(token: &str) -> Result<Vec<u8>, SealError> {
    let text = token.strip_prefix(PREFIX).ok_or(SealError::NotAToken)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::NotAToken)?;
    if is_for_one(&bytes) { Ok(bytes) } else { Err(SealError::NotAToken) }
}

fn is_for_one(payload: &[u8]) -> bool {
    let mut lines = payload.split(|b| *b == b'\n');
    if lines.next() != Some(MAGIC) {
        return false;
    }
    let header = lines.take_while(|line| !line.starts_with(b"---"));
    let stanzas = header.filter_map(|line| line.strip_prefix(b"-> "));
    let tags = stanzas.map(|stanza| stanza.split(|b| *b == b' ').next().unwrap_or_default());
    tags.filter(|tag| !tag.ends_with(b"-grease")).eq([b"X25519"])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::names::{EnvName, KeyPath, RepositoryId};
    use crate::seal::{Part, ValueKey};
    use crate::secret::GenerationKey;

    struct Fixture {
        repository: RepositoryId,
        env: EnvName,
        key: ValueKey,
        recipient: age::x25519::Recipient,
    }

    fn fixture(byte: u8) -> Fixture {
        let secret = GenerationKey::clamped(Zeroizing::new([byte; 32]));
        let identity: age::x25519::Identity = secret.age_identity().parse().unwrap();
        let public = x25519_dalek::x25519(*secret.expose(), x25519_dalek::X25519_BASEPOINT_BYTES);
        Fixture {
            repository: RepositoryId::from_random([7; 16]),
            env: "prod".parse().unwrap(),
            key: ValueKey::derive(&secret, &public),
            recipient: identity.to_public(),
        }
    }

    impl Fixture {
        fn binding<'a>(&'a self, part: Part, path: &'a KeyPath) -> Binding<'a> {
            Binding { repository: &self.repository, env: &self.env, part, path }
        }
    }

    #[test]
    fn a_dropped_value_opens_at_its_own_place_only() {
        let it = fixture(1);
        let path: KeyPath = "A.b".parse().unwrap();
        let binding = it.binding(Part::Value, &path);
        let token = drop_value(&binding, b"hunter2", &it.recipient).unwrap();
        assert_eq!(it.key.open(&binding, &token).unwrap().expose(), b"hunter2");
        let refused = |key: &ValueKey, binding: &Binding<'_>| {
            assert!(matches!(key.open(binding, &token), Err(SealError::Refused(_))));
        };
        let other = "A.c".parse().unwrap();
        refused(&it.key, &it.binding(Part::Value, &other));
        refused(&it.key, &it.binding(Part::Comment, &path));
        let dev = "dev".parse().unwrap();
        refused(&it.key, &Binding { env: &dev, ..binding });
        let repository = RepositoryId::from_random([8; 16]);
        refused(&it.key, &Binding { repository: &repository, ..binding });
        refused(&fixture(2).key, &binding);
    }

    #[test]
    fn values_of_like_length_look_alike() {
        let it = fixture(1);
        let path: KeyPath = "A".parse().unwrap();
        let sealed = |value: &[u8]| {
            let token = drop_value(&it.binding(Part::Value, &path), value, &it.recipient).unwrap();
            let bytes = decode(&token).unwrap();
            // age puts a stanza of random length before it, so the header does not count.
            let mac = bytes.windows(4).position(|four| four == b"\n---").unwrap();
            let end = mac + 1 + bytes[mac + 1..].iter().position(|b| *b == b'\n').unwrap();
            bytes.len() - end
        };
        assert_eq!(sealed(b"1234"), sealed(b"a password of 28 bytes, long"));
        assert_ne!(sealed(b"1234"), sealed(b"a password of 29 bytes, long!"));
    }

    #[test]
    fn a_payload_for_several_or_for_a_passphrase_is_no_token() {
        let it = fixture(1);
        let others = [it.recipient.clone(), fixture(2).recipient];
        let encryptors = [
            age::Encryptor::with_recipients(others.iter().map(|r| r as &dyn age::Recipient))
                .unwrap(),
            age::Encryptor::with_user_passphrase("x".to_owned().into()),
        ];
        for encryptor in encryptors {
            let mut out = Vec::new();
            encryptor.wrap_output(&mut out).unwrap().finish().unwrap();
            let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(out));
            assert_eq!(decode(&token), Err(SealError::NotAToken));
        }
        for bad in ["dropped.v1.", "dropped.v1.AAAA", "dropped.v2.AAAA", "sealed.v1.AAAA"] {
            assert_eq!(decode(bad), Err(SealError::NotAToken));
        }
    }

    proptest! {
        #[test]
        fn no_changed_token_opens(at in 0_usize..400, flip in 1_u8..64) {
            let it = fixture(1);
            let path: KeyPath = "A".parse().unwrap();
            let binding = it.binding(Part::Value, &path);
            let token = drop_value(&binding, b"hunter2", &it.recipient).unwrap();
            let mut bytes = decode(&token).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert!(it.key.open(&binding, &changed).is_err());
        }
    }
}
