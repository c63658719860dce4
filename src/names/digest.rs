//! Ids and hashes as text: lower-case hexadecimal, nothing else.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;

use super::{NameError, serde_as_text};

// By table and in one write: an entry of 1,000 items prints 80,000 bytes this way.
fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (to, b) in text.chunks_exact_mut(2).zip(bytes) {
        to[0] = DIGITS[usize::from(b >> 4)];
        to[1] = DIGITS[usize::from(b & 15)];
    }
    let text = text.get(..2 * bytes.len()).ok_or(fmt::Error)?;
    f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)
}

fn unhex<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], NameError> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    if text.len() != 2 * N {
        return Err(NameError { what, why: "has the wrong number of hexadecimal digits" });
    }
    for (to, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            return Err(NameError { what, why: "must be lower-case hexadecimal" });
        };
        *to = high << 4 | low;
    }
    Ok(out)
}

macro_rules! digest {
    ($(#[doc = $doc:literal] $name:ident, $bytes:literal, $prefix:literal, $what:literal;)+) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let digits = text
                    .strip_prefix($prefix)
                    .ok_or(NameError { what: $what, why: concat!("must begin with `", $prefix, "`") })?;
                unhex(digits, $what).map(Self)
            }
        }

        serde_as_text!($name);
    )+};
}

digest! {
    /// The id of a log entry: the SHA-256 of its payload bytes, as 64 hexadecimal digits.
    EntryId, 32, "", "an entry's id";
    /// The id of a generation: the first 16 bytes of the SHA-256 of its public recipient.
    GenerationId, 16, "", "a generation's id";
    /// A SHA-256 hash, written `sha256:` and 64 hexadecimal digits.
    Sha256, 32, "sha256:", "a hash";
}

impl EntryId {
    /// Hashes the payload bytes of an entry.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        Self(sha2::Sha256::digest(payload).into())
    }

    /// The first 16 digits, as they stand in the entry's file name.
    #[must_use]
    pub fn short16(&self) -> String {
        self.to_string()[..16].to_owned()
    }

    /// The first 6 digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..6].to_owned()
    }
}

impl GenerationId {
    /// Derives the id from the 32 bytes of a generation's public recipient.
    #[must_use]
    pub fn of(recipient: &[u8; 32]) -> Self {
        let hash = sha2::Sha256::digest(recipient);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }
}

impl Sha256 {
    /// Hashes bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

/// Hashes parts, each prefixed with its length (u32, little-endian), so that no byte can move from one
/// part to the next.
#[derive(Default)]
pub struct Sha256Writer(sha2::Sha256);

impl Sha256Writer {
    /// Adds one part.
    ///
    /// # Panics
    /// Never for parts under 4 GiB, which is more than a file may have.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        let len = u32::try_from(bytes.len()).expect("a part is shorter than 4 GiB");
        self.0.update(len.to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Ends the hash.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_agree() {
        let hash = Sha256::of(b"abc");
        let text = hash.to_string();
        assert_eq!(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(text.parse::<Sha256>().unwrap(), hash);
        assert!(text.to_uppercase().parse::<Sha256>().is_err());
        assert!(text[..70].parse::<Sha256>().is_err());
        assert!("g".repeat(64).parse::<EntryId>().is_err());
    }

    #[test]
    fn a_byte_cannot_move_between_parts() {
        let one = Sha256Writer::default().part(b"ab").part(b"c").finish();
        let two = Sha256Writer::default().part(b"a").part(b"bc").finish();
        assert_ne!(one, two);
    }
}
