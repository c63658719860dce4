//! What a generator is called: one word, and one word only for each.

use std::fmt;
use std::str::FromStr;

use crate::rotation::RotationError;

/// The most characters, words or bytes of a value.
const LONGEST: usize = 1024;

/// The longest life of a test certificate, in days.
const LONGEST_LIFE: u32 = 3660;

/// The least that a password's characters must tell, in bits: what nobody guesses, with a hash at hand or not.
const BITS: f64 = 64.0;

/// How a new value is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// `password:32`: so many characters of an alphabet.
    Password(usize, Alphabet),
    /// `passphrase:6`: so many words of the EFF's long list, with `-` between them; at least 5.
    Passphrase(usize),
    /// `hex:32`: so many random bytes as twice as many hexadecimal digits, as `openssl rand -hex`; at least 8.
    Hex(usize),
    /// `base64:32`: so many random bytes in base64 with padding, as `openssl rand -base64`; at least 8.
    Base64(usize),
    /// `hmac:64`: so many random bytes in base64url without padding, as the `k` of a JWK; at least 32.
    Hmac(usize),
    /// `uuid`: a random UUID, version 4.
    Uuid,
    /// `ssh-ed25519`: a private key as `ssh-keygen` writes it.
    SshEd25519,
    /// `age`: an age identity.
    Age,
    /// `x25519`: a private key in base64, as `wg genkey` writes it.
    X25519,
    /// `rsa:3072`: a private key as PKCS#8 in PEM.
    Rsa(Bits),
    /// `ec:p256`: a private key as PKCS#8 in PEM.
    Ec(Curve),
    /// `cert:example.test:90d`, `testca:example.test:90d`: a certificate for tests and its key, in PEM.
    Certificate {
        /// Who signs it.
        issuer: Issuer,
        /// DNS names and IPv4 addresses; the first is its common name too.
        names: Vec<String>,
        /// How long it lives.
        days: u32,
    },
    /// `ca:test-authority:3650d`: an authority for tests, as its certificate and its key in PEM.
    Authority {
        /// Its common name.
        name: String,
        /// How long it lives.
        days: u32,
    },
}

impl Spec {
    /// What the value is called that holds the authority which signs.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        match self {
            Self::Certificate { issuer: Issuer::Secret(name), .. } => Some(name),
            _ => None,
        }
    }
}

/// The characters of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alphabet {
    /// `password:32`: letters, digits, and `-`, `_` and `.`, which no shell, URL or file format gives a meaning.
    Usual,
    /// `password:32:alnum`: letters and digits.
    Alnum,
    /// `password:32:symbols`: for rules that want a lower-case and a capital letter, a digit and a symbol: one
    /// of each at least.
    Symbols,
    /// `password:32:set=0123456789`: these.
    Set(String),
}

impl Alphabet {
    /// The characters, in the order of their codes but for those of [`Alphabet::Usual`], where letters and digits
    /// stand first.
    #[must_use]
    pub(super) fn characters(&self) -> &[u8] {
        match self {
            Self::Usual => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.",
            Self::Alnum => &Self::Usual.characters()[..62],
            Self::Symbols => {
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!#%*+,/:=?@^~"
            }
            Self::Set(set) => set.as_bytes(),
        }
    }

    /// The shortest password that nobody guesses.
    fn least(&self) -> usize {
        let each = f64::from(u32::try_from(self.characters().len()).unwrap_or(1)).log2();
        let mut least = 12;
        while f64::from(u32::try_from(least).unwrap_or(u32::MAX)) * each < BITS {
            least += 1;
        }
        least
    }
}

/// The length of an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// 3072 bits.
    B3072,
    /// 4096 bits.
    B4096,
}

/// The curve of an EC key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

/// Who signs a certificate for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// Its own key.
    Itself,
    /// An authority made for it alone, whose key is thrown away and whose certificate stands beside it.
    TestCa,
    /// `:ca=TEST_CA`: an authority that stands as a secret of the same environment, called so.
    Secret(String),
}

impl FromStr for Spec {
    type Err = RotationError;
    fn from_str(text: &str) -> Result<Self, RotationError> {
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        match (word, rest) {
            ("uuid", None) => Ok(Self::Uuid),
            ("ssh-ed25519", None) => Ok(Self::SshEd25519),
            ("age", None) => Ok(Self::Age),
            ("x25519", None) => Ok(Self::X25519),
            ("rsa", Some("3072")) => Ok(Self::Rsa(Bits::B3072)),
            ("rsa", Some("4096")) => Ok(Self::Rsa(Bits::B4096)),
            ("ec", Some("p256")) => Ok(Self::Ec(Curve::P256)),
            ("ec", Some("p384")) => Ok(Self::Ec(Curve::P384)),
            ("password", Some(rest)) => password(rest),
            ("passphrase", Some(count)) => Ok(Self::Passphrase(number(count, 5, 64)?)),
            ("hex", Some(count)) => Ok(Self::Hex(number(count, 8, LONGEST)?)),
            ("base64", Some(count)) => Ok(Self::Base64(number(count, 8, LONGEST)?)),
            ("hmac", Some(count)) => Ok(Self::Hmac(number(count, 32, LONGEST)?)),
            ("cert", Some(rest)) => match rest.split_once(":ca=") {
                Some((rest, name)) => certificate(Issuer::Secret(secret(name)?), rest),
                None => certificate(Issuer::Itself, rest),
            },
            ("ca", Some(rest)) => match certificate(Issuer::Itself, rest)? {
                Self::Certificate { names, days, .. } => authority(names, days),
                other => Ok(other),
            },
            ("testca", Some(rest)) => certificate(Issuer::TestCa, rest),
            ("jwt" | "jws" | "hs256", _) => Err(RotationError::Issued),
            _ => Err(RotationError::NoGenerator),
        }
    }
}

fn password(rest: &str) -> Result<Spec, RotationError> {
    let (count, alphabet) = match rest.split_once(':') {
        None => (rest, Alphabet::Usual),
        Some((count, "alnum")) => (count, Alphabet::Alnum),
        Some((count, "symbols")) => (count, Alphabet::Symbols),
        Some((count, set)) => {
            let set = set.strip_prefix("set=").ok_or(RotationError::NoGenerator)?;
            (count, Alphabet::Set(checked(set)?))
        }
    };
    Ok(Spec::Password(number(count, alphabet.least(), LONGEST)?, alphabet))
}

/// A set of characters with one text: in the order of their codes, each once.
fn checked(set: &str) -> Result<String, RotationError> {
    let plain = set.bytes().all(|b| b.is_ascii_graphic());
    let sorted = set.as_bytes().windows(2).all(|pair| pair[0] < pair[1]);
    if plain && sorted && set.len() >= 2 { Ok(set.to_owned()) } else { Err(RotationError::Set) }
}

fn number(text: &str, least: usize, most: usize) -> Result<usize, RotationError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let count = text.parse().ok().filter(|_| plain).ok_or(RotationError::NoGenerator)?;
    if (least..=most).contains(&count) {
        Ok(count)
    } else {
        Err(RotationError::Length { least, most })
    }
}

fn certificate(issuer: Issuer, rest: &str) -> Result<Spec, RotationError> {
    let (names, days) = rest.split_once(':').ok_or(RotationError::NoGenerator)?;
    let days = days.strip_suffix('d').ok_or(RotationError::NoGenerator)?;
    let most = usize::try_from(LONGEST_LIFE).unwrap_or(usize::MAX);
    let days = u32::try_from(number(days, 1, most)?).unwrap_or(LONGEST_LIFE);
    let names: Vec<String> = names.split(',').map(str::to_owned).collect();
    let once = names.iter().enumerate().all(|(n, name)| !names[..n].contains(name));
    if !once || names.len() > 100 || !names.iter().all(|name| is_host(name)) {
        return Err(RotationError::Host);
    }
    Ok(Spec::Certificate { issuer, names, days })
}

fn authority(mut names: Vec<String>, days: u32) -> Result<Spec, RotationError> {
    match (names.pop(), names.is_empty()) {
        (Some(name), true) if !name.starts_with('*') => Ok(Spec::Authority { name, days }),
        _ => Err(RotationError::Host),
    }
}

/// The name of a secret of the same environment.
fn secret(name: &str) -> Result<String, RotationError> {
    let plain = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain { Ok(name.to_owned()) } else { Err(RotationError::NoGenerator) }
}

/// Tells whether a text is a DNS name in small letters, perhaps with `*.` before it, or an IPv4 address.
fn is_host(text: &str) -> bool {
    if text.parse::<core::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.strip_prefix("*.").unwrap_or(text);
    // A name ends with no number, else it would be taken for an address. A common name has 64 characters.
    let last = name.rsplit('.').next().unwrap_or_default();
    text.len() <= 64 && name.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(count, Alphabet::Usual) => write!(f, "password:{count}"),
            Self::Password(count, Alphabet::Alnum) => write!(f, "password:{count}:alnum"),
            Self::Password(count, Alphabet::Symbols) => write!(f, "password:{count}:symbols"),
            Self::Password(count, Alphabet::Set(set)) => write!(f, "password:{count}:set={set}"),
            Self::Passphrase(count) => write!(f, "passphrase:{count}"),
            Self::Hex(count) => write!(f, "hex:{count}"),
            Self::Base64(count) => write!(f, "base64:{count}"),
            Self::Hmac(count) => write!(f, "hmac:{count}"),
            Self::Uuid => f.write_str("uuid"),
            Self::SshEd25519 => f.write_str("ssh-ed25519"),
            Self::Age => f.write_str("age"),
            Self::X25519 => f.write_str("x25519"),
            Self::Rsa(Bits::B3072) => f.write_str("rsa:3072"),
            Self::Rsa(Bits::B4096) => f.write_str("rsa:4096"),
            Self::Ec(Curve::P256) => f.write_str("ec:p256"),
            Self::Ec(Curve::P384) => f.write_str("ec:p384"),
            Self::Certificate { issuer, names, days } => {
                let word = match issuer {
                    Issuer::Itself | Issuer::Secret(_) => "cert",
                    Issuer::TestCa => "testca",
                };
                write!(f, "{word}:{}:{days}d", names.join(","))?;
                match issuer {
                    Issuer::Secret(name) => write!(f, ":ca={name}"),
                    Issuer::Itself | Issuer::TestCa => Ok(()),
                }
            }
            Self::Authority { name, days } => write!(f, "ca:{name}:{days}d"),
        }
    }
}
