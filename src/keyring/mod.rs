//! Generations of an environment, and the keyring files that hold them. Design, section 4.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::iter;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use bech32::{Bech32, Hrp};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize as _, Zeroizing};

use crate::names::GenerationId;
use crate::seal::ValueKey;
use crate::secret::{GenerationKey, Plaintext};

/// Why a keyring is not made or not read. Holds no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is nobody to wrap for.
    #[error("a keyring needs at least one reader")]
    NoReaders,
    /// age failed to write.
    #[error("the keyring could not be written")]
    WriteFailed,
    /// The file is no age file, or too long for a keyring.
    #[error("this is no armored age file")]
    NotAge,
    /// A line is no age identity in the one form that we write.
    #[error("line {0} of the keyring is no generation's key")]
    BadLine(usize),
    /// It does not hold exactly the generations that its entry names.
    #[error("the keyring does not hold exactly the generations that the log names")]
    OtherGenerations,
    /// The text is no recipient of a generation.
    #[error("`{0}` is no X25519 recipient")]
    BadRecipient(String),
}

/// One age identity of an environment.
pub struct Generation {
    secret: GenerationKey,
    recipient: [u8; 32],
    id: GenerationId,
}

const RECIPIENT: Hrp = Hrp::parse_unchecked("age");

impl Generation {
    /// Makes a new one.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRngCore) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self::of(GenerationKey::clamped(bytes))
    }

    fn of(secret: GenerationKey) -> Self {
        let recipient =
            x25519_dalek::x25519(*secret.expose(), x25519_dalek::X25519_BASEPOINT_BYTES);
        let id = GenerationId::of(&recipient);
        Self { secret, recipient, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> GenerationId {
        self.id
    }

    /// Its public recipient, `age1…`.
    #[must_use]
    pub fn recipient(&self) -> String {
        bech32::encode::<Bech32>(RECIPIENT, &self.recipient).expect("32 bytes fit a bech32 text")
    }

    /// Derives the key that seals its values.
    #[must_use]
    pub fn value_key(&self) -> ValueKey {
        ValueKey::derive(&self.secret, &self.recipient)
    }

    /// Gives its identity to age, for files that are sealed whole.
    ///
    /// # Panics
    /// Never: the text is one that age reads.
    #[must_use]
    pub fn identity(&self) -> age::x25519::Identity {
        let text = self.secret.age_identity();
        text.parse().expect("our own identity is one that age reads")
    }
}

/// Reads the 32 bytes of a generation's recipient.
///
/// # Errors
/// [`KeyringError::BadRecipient`] when the text is none.
pub fn recipient_bytes(text: &str) -> Result<[u8; 32], KeyringError> {
    let bad = || KeyringError::BadRecipient(text.to_owned());
    let (hrp, bytes) = bech32::decode(text).map_err(|_| bad())?;
    if hrp != RECIPIENT || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(bad());
    }
    bytes.try_into().map_err(|_| bad())
}

/// The generations of an environment, the newest first.
pub struct Keyring(Vec<Generation>);

impl Keyring {
    /// Puts a new generation before the earlier ones.
    #[must_use]
    pub fn grown(newest: Generation, earlier: Option<Self>) -> Self {
        let earlier = earlier.map(|keyring| keyring.0).unwrap_or_default();
        Self(iter::once(newest).chain(earlier).collect())
    }

    /// Joins the generations of several keyrings, without repetition, after a new one.
    #[must_use]
    pub fn joined(newest: Generation, earlier: Vec<Self>) -> Self {
        let mut all = vec![newest];
        for generation in earlier.into_iter().flat_map(|keyring| keyring.0) {
            if all.iter().all(|known| known.recipient != generation.recipient) {
                all.push(generation);
            }
        }
        Self(all)
    }

    /// The newest generation.
    #[must_use]
    pub fn newest(&self) -> &Generation {
        &self.0[0]
    }

    /// All generations, the newest first.
    #[must_use]
    pub fn generations(&self) -> &[Generation] {
        &self.0
    }

    /// Writes the armored age file for its readers.
    ///
    /// # Errors
    /// [`KeyringError::NoReaders`]; [`KeyringError::WriteFailed`] when age or a plugin fails.
    pub fn wrap<'r>(
        &self,
        readers: impl Iterator<Item = &'r dyn age::Recipient>,
    ) -> Result<Vec<u8>, KeyringError> {
        let failed = |_| KeyringError::WriteFailed;
        let encryptor = age::Encryptor::with_recipients(readers).map_err(|why| match why {
            age::EncryptError::MissingRecipients => KeyringError::NoReaders,
            _ => KeyringError::WriteFailed,
        })?;
        let mut out = Vec::new();
        let armor = ArmoredWriter::wrap_output(&mut out, Format::AsciiArmor).map_err(failed)?;
        let mut writer = encryptor.wrap_output(armor).map_err(failed)?;
        for generation in &self.0 {
            writer.write_all(generation.secret.age_identity().as_bytes()).map_err(failed)?;
            writer.write_all(b"\n").map_err(failed)?;
        }
        writer.finish().and_then(ArmoredWriter::finish).map_err(failed)?;
        Ok(out)
    }

    /// Reads the plaintext of a keyring file: one generation a line, in the one text that we write, and
    /// exactly the ones that the log names, in that order.
    ///
    /// # Errors
    /// [`KeyringError::BadLine`], [`KeyringError::OtherGenerations`].
    pub fn read(plain: &Plaintext, named: &[GenerationId]) -> Result<Self, KeyringError> {
        let text = plain.expose_text().ok_or(KeyringError::BadLine(1))?;
        let read =
            |(at, line): (usize, &str)| generation(line).ok_or(KeyringError::BadLine(at + 1));
        let generations: Vec<_> = text.lines().enumerate().map(read).collect::<Result<_, _>>()?;
        if generations.is_empty()
            || !generations.iter().map(Generation::id).eq(named.iter().copied())
        {
            return Err(KeyringError::OtherGenerations);
        }
        Ok(Self(generations))
    }
}

/// Reads whatever generations an opened file holds, among whatever else: for one that no entry names.
#[must_use]
pub fn generations_in(plain: &Plaintext) -> Vec<Generation> {
    plain.expose_text().into_iter().flat_map(str::lines).filter_map(generation).collect()
}

/// Reads one line; none unless it is the text that [`GenerationKey::age_identity`] gives.
fn generation(line: &str) -> Option<Generation> {
    let (_, mut bytes) = bech32::decode(line).ok()?;
    let raw: Option<[u8; 32]> = bytes.as_slice().try_into().ok();
    bytes.zeroize();
    let generation = Generation::of(GenerationKey::clamped(Zeroizing::new(raw?)));
    (generation.secret.age_identity().as_str() == line).then_some(generation)
}

/// How many readers of each kind an age file is wrapped for, read from its header without a key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stanzas {
    /// X25519 recipients.
    pub x25519: usize,
    /// ssh-ed25519 and ssh-rsa recipients.
    pub ssh: usize,
    /// Recipients of plugins; age's `-grease` is not counted.
    pub other: usize,
}

/// The largest age header we read: some 1,000 readers.
const HEADER: u64 = 1 << 20;

/// Counts the stanzas of a keyring file.
///
/// # Errors
/// [`KeyringError::NotAge`] when there is no age header.
pub fn stanzas(file: &[u8]) -> Result<Stanzas, KeyringError> {
    let mut found = Stanzas::default();
    for stanza in header(file)? {
        match stanza.split(' ').next().unwrap_or_default() {
            "X25519" => found.x25519 += 1,
            "ssh-ed25519" | "ssh-rsa" => found.ssh += 1,
            tag if tag.ends_with("-grease") => {}
            _ => found.other += 1,
        }
    }
    Ok(found)
}

/// Lists the SSH keys that an age file is wrapped for, as its header names them: the kind, and the tag of
/// [`Recipient::ssh_stanza`](crate::policy::Recipient::ssh_stanza).
///
/// # Errors
/// [`KeyringError::NotAge`] when there is no age header.
pub fn ssh_stanzas(file: &[u8]) -> Result<BTreeSet<String>, KeyringError> {
    let named = |stanza: &String| {
        let mut words = stanza.split(' ');
        let (kind, tag) = (words.next()?, words.next()?);
        matches!(kind, "ssh-ed25519" | "ssh-rsa").then(|| format!("{kind} {tag}"))
    };
    Ok(header(file)?.iter().filter_map(named).collect())
}

/// The first lines of the stanzas, without their arrow. Bytes that are no text are no name of ours.
fn header(file: &[u8]) -> Result<Vec<String>, KeyringError> {
    let mut bytes = Vec::new();
    ArmoredReader::new(file)
        .take(HEADER)
        .read_to_end(&mut bytes)
        .map_err(|_| KeyringError::NotAge)?;
    let mut lines = bytes.split(|b| *b == b'\n');
    if lines.next() != Some(b"age-encryption.org/v1") {
        return Err(KeyringError::NotAge);
    }
    let header = lines.take_while(|line| !line.starts_with(b"---"));
    let stanzas = header.filter_map(|line| line.strip_prefix(b"-> "));
    Ok(stanzas.map(|stanza| String::from_utf8_lossy(stanza).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::*;

    fn open(file: &[u8], identity: &age::x25519::Identity) -> Plaintext {
        crate::seal::open_whole(file, identity).unwrap()
    }

    #[test]
    fn a_keyring_goes_round_through_age() {
        let (reader, other) =
            (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let old = Keyring::grown(Generation::generate(&mut OsRng), None);
        let ring = Keyring::grown(Generation::generate(&mut OsRng), Some(old));
        let readers = [reader.to_public(), other.to_public()];
        let file = ring.wrap(readers.iter().map(|r| r as _)).unwrap();
        let ids: Vec<_> = ring.generations().iter().map(Generation::id).collect();
        let plain = open(&file, &reader);
        assert_eq!(Keyring::read(&plain, &ids).unwrap().newest().id(), ids[0]);
        assert_eq!(stanzas(&file).unwrap().x25519, 2);
        let swapped = [ids[1], ids[0]];
        let refused = Keyring::read(&plain, &swapped).map(|_| ());
        assert_eq!(refused, Err(KeyringError::OtherGenerations));
        let refused = Keyring::read(&plain, &ids[..1]).map(|_| ());
        assert_eq!(refused, Err(KeyringError::OtherGenerations));
        assert_eq!(ring.wrap(iter::empty()).map(|_| ()), Err(KeyringError::NoReaders));
    }

    #[test]
    fn a_header_names_ssh_keys_by_their_tags_and_no_others() {
        let key = |_| {
            let key = ssh_key::PrivateKey::random(&mut OsRng, ssh_key::Algorithm::Ed25519).unwrap();
            key.public_key().to_openssh().unwrap()
        };
        let [one, two, other] = [0, 1, 2].map(key);
        let own = age::x25519::Identity::generate().to_public();
        let ssh: Vec<age::ssh::Recipient> = [&one, &two].map(|it| it.parse().unwrap()).into();
        let ring = Keyring::grown(Generation::generate(&mut OsRng), None);
        let readers = ssh.iter().map(|it| it as &dyn age::Recipient).chain([&own as _]);
        let named = ssh_stanzas(&ring.wrap(readers).unwrap()).unwrap();
        let tag =
            |key: &String| key.parse::<crate::policy::Recipient>().unwrap().ssh_stanza().unwrap();
        assert_eq!(named, [tag(&one), tag(&two)].into());
        assert!(!named.contains(&tag(&other)));
        assert!(ssh_stanzas(b"no file of age's").is_err());
    }

    #[test]
    fn generations_are_found_among_whatever_else() {
        let (one, two) = (Generation::generate(&mut OsRng), Generation::generate(&mut OsRng));
        let lines = [one.secret.age_identity(), two.secret.age_identity()];
        let text = format!("# created: today\n{}\n\nnothing\n{}", *lines[0], *lines[1]);
        let found = generations_in(&Plaintext::from(text));
        assert_eq!(found.iter().map(Generation::id).collect::<Vec<_>>(), [one.id(), two.id()]);
        assert!(generations_in(&Plaintext::from(vec![0xff])).is_empty());
    }

    #[test]
    fn another_text_of_the_same_key_is_refused() {
        let generation = Generation::generate(&mut OsRng);
        let mut bytes = *generation.secret.expose();
        bytes[0] |= 1;
        let text = bech32::encode::<Bech32>(Hrp::parse("age-secret-key-").unwrap(), &bytes)
            .unwrap()
            .to_uppercase();
        let twin: age::x25519::Identity = text.parse().unwrap();
        assert_eq!(twin.to_public().to_string(), generation.recipient());
        let refused = Keyring::read(&Plaintext::from(text), &[generation.id()]).map(|_| ());
        assert_eq!(refused, Err(KeyringError::BadLine(1)));
    }

    #[test]
    fn ages_recipient_is_ours() {
        let generation = Generation::generate(&mut OsRng);
        let text = generation.identity().to_public().to_string();
        assert_eq!(text, generation.recipient());
        assert_eq!(GenerationId::of(&recipient_bytes(&text).unwrap()), generation.id());
        assert!(recipient_bytes(&text.to_uppercase()).is_err());
        assert!(recipient_bytes("age1xyz").is_err());
    }
}
