//! Checksums that tokens of some issuers end with: a text without the right one was never issued.

use std::str::FromStr;

/// How a token's checksum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// After the prefix: thirty characters, then their CRC-32 as six digits in base 62.
    GitHub,
    /// The same, at npm.
    Npm,
    /// The token, then `_` and the CRC-32 of what is before it, as eight hexadecimal digits.
    Grafana,
    /// The CRC-32 of all before it, as eight hexadecimal digits.
    Hex,
    /// Ten or more digits of which the last one follows from the others (ISO/IEC 7812-1).
    Luhn,
}

impl Checksum {
    /// The names that rules know them by.
    pub(super) const NAMES: [&'static str; 5] = ["github", "npm", "grafana", "crc32-hex", "luhn"];

    /// Tells whether a token ends as it must.
    pub(super) fn holds(self, token: &[u8]) -> bool {
        match self {
            Self::GitHub | Self::Npm => {
                let body =
                    token.iter().rposition(|b| *b == b'_').map_or(token, |at| &token[at + 1..]);
                ends(body, 6, |crc| base62(crc).to_vec())
            }
            Self::Grafana => {
                let cut = token.len().checked_sub(9).filter(|cut| token[*cut] == b'_');
                cut.is_some_and(|cut| hex(crc32(&token[..cut])) == token[cut + 1..])
            }
            Self::Hex => ends(token, 8, |crc| hex(crc).to_vec()),
            Self::Luhn => luhn(token),
        }
    }
}

impl FromStr for Checksum {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "github" => Ok(Self::GitHub),
            "npm" => Ok(Self::Npm),
            "grafana" => Ok(Self::Grafana),
            "crc32-hex" => Ok(Self::Hex),
            "luhn" => Ok(Self::Luhn),
            _ => Err(()),
        }
    }
}

fn ends(token: &[u8], digits: usize, print: impl Fn(u32) -> Vec<u8>) -> bool {
    let cut = token.len().checked_sub(digits).filter(|cut| *cut > 0);
    cut.is_some_and(|cut| print(crc32(&token[..cut])) == token[cut..])
}

/// The CRC-32 of zip and PNG, bit by bit: tokens are short.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

fn hex(number: u32) -> [u8; 8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|at| DIGITS[(number >> (28 - 4 * at)) as usize & 15])
}

fn luhn(token: &[u8]) -> bool {
    let digits = || token.iter().rev().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0'));
    let weigh = |(at, digit): (usize, u32)| match (at % 2, digit) {
        (0, digit) => digit,
        (_, 0..=4) => 2 * digit,
        (_, digit) => 2 * digit - 9,
    };
    digits().count() >= 10 && digits().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(base62(62 * 62 + 1), *b"000101");
        assert_eq!(hex(0x0012_ABCD), *b"0012abcd");
    }

    #[test]
    fn a_token_holds_and_fails_with_one_character_changed() {
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5";
        let end = String::from_utf8(base62(crc32(body.as_bytes())).to_vec()).unwrap();
        let token = format!("ghp_{body}{end}");
        assert!(Checksum::GitHub.holds(token.as_bytes()));
        assert!(!Checksum::GitHub.holds(token.replace("a1B", "a1C").as_bytes()));
        let end = String::from_utf8(hex(crc32(b"glsa_abc")).to_vec()).unwrap();
        assert!(Checksum::Grafana.holds(format!("glsa_abc_{end}").as_bytes()));
        assert!(!Checksum::Grafana.holds(b"glsa_abc_00000000") && !Checksum::Grafana.holds(b"x"));
        assert!(Checksum::Luhn.holds(b"4539 1488 0343 6467"));
        assert!(!Checksum::Luhn.holds(b"4539 1488 0343 6468"));
    }

    #[test]
    fn every_name_is_that_of_a_checksum() {
        assert!(Checksum::NAMES.iter().all(|name| name.parse::<Checksum>().is_ok()));
        assert_eq!("crc".parse::<Checksum>(), Err(()));
    }
}
