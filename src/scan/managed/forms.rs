//! The same letters as other bytes: what programs make of a value without anybody having meant to write it differently.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::How;
use super::common::{SHORTEST, is_common};
use super::units::margin;

/// The longest text that is looked for in other forms.
const LONGEST: usize = 4 << 10;

/// The longest text whose lines are looked for without what they begin with.
const LONGEST_LINES: usize = 64 << 10;

/// The fewest bytes of a line that tells several from others.
const SHORTEST_LINE: usize = 4;

/// Bytes, and how they write a text.
pub(super) type Form = (Zeroizing<Vec<u8>>, How);

/// The forms of a text besides itself, each once.
pub(super) fn others(text: &[u8]) -> Vec<Form> {
    let mut all: Vec<Form> = Vec::new();
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST) else {
        return all;
    };
    let mut add = |bytes: Zeroizing<Vec<u8>>, how| {
        let is_other = bytes.len() >= SHORTEST && *bytes != text.as_bytes();
        if is_other && all.iter().all(|(known, _)| *known != bytes) {
            all.push((bytes, how));
        }
    };
    if is_hex(text) {
        add(Zeroizing::new(text.to_ascii_lowercase().into_bytes()), How::Raw);
        add(Zeroizing::new(text.to_ascii_uppercase().into_bytes()), How::Raw);
    }
    if text.is_ascii() {
        return all;
    }
    add(utf8(&|| text.nfc()), How::Raw);
    add(utf8(&|| text.nfd()), How::Raw);
    if text.nfc().all(|letter| u32::from(letter) <= 0xff) {
        // Letters of two bytes that have a zero each are read wherever they stand.
        add(collected(&|| text.nfc().filter_map(|letter| u8::try_from(letter).ok())), How::Raw);
        return all;
    }
    let units = |order: fn(u16) -> [u8; 2]| collected(&|| text.encode_utf16().flat_map(order));
    add(units(u16::to_le_bytes), How::Utf16);
    add(units(u16::to_be_bytes), How::Utf16);
    let letters =
        |order: fn(u32) -> [u8; 4]| collected(&|| text.chars().map(u32::from).flat_map(order));
    add(letters(u32::to_le_bytes), How::Utf32);
    add(letters(u32::to_be_bytes), How::Utf32);
    all
}

/// Several lines without what they begin with, which the text round them may change; none where these are lines that
/// stand everywhere, one beneath the other.
pub(super) fn lines(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_text = text.len() <= LONGEST_LINES && std::str::from_utf8(text).is_ok();
    let bare = |line| -> &[u8] { <[u8]>::trim_ascii_end(&line[margin(line)..]) };
    let all = || text.split(|byte| *byte == b'\n').map(bare).filter(|line| !line.is_empty());
    let is_told = all().any(|line| line.len() >= SHORTEST_LINE && !is_common(line));
    if !is_text || !is_told || all().count() < 2 {
        return None;
    }
    let first = all().next()?;
    let rest = || all().skip(1).flat_map(|line| [b"\n", line]);
    Some(collected(&|| first.iter().chain(rest().flatten()).copied()))
}

/// Tells whether a text is a number of hexadecimal digits, which is the same in capitals.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"-:{}".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn utf8<I: Iterator<Item = char>>(letters: &dyn Fn() -> I) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(letters().map(char::len_utf8).sum()));
    let mut room = Zeroizing::new([0; 4]);
    letters().for_each(|it| bytes.extend_from_slice(it.encode_utf8(&mut *room).as_bytes()));
    bytes
}

/// Bytes in one piece of memory: what grows leaves bytes behind.
fn collected<I: Iterator<Item = u8>>(bytes: &dyn Fn() -> I) -> Zeroizing<Vec<u8>> {
    let mut all = Zeroizing::new(Vec::with_capacity(bytes().count()));
    all.extend(bytes());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> Vec<(Vec<u8>, How)> {
        others(text.as_bytes()).into_iter().map(|(bytes, how)| (bytes.to_vec(), how)).collect()
    }

    #[test]
    fn digits_are_looked_for_in_capitals() {
        assert_eq!(forms("9f86-d081"), [(b"9F86-D081".to_vec(), How::Raw)]);
        assert_eq!(forms("9F86d081").len(), 2);
        assert_eq!(forms("kq8Zw1Lm0pRt"), []);
        assert_eq!(forms("12345678901234567"), []);
        assert_eq!(forms("deadbeef"), []);
    }

    #[test]
    fn letters_are_looked_for_as_other_bytes() {
        let latin = [("ka\u{308}se-7x9".into(), How::Raw), (b"k\xe4se-7x9".to_vec(), How::Raw)];
        assert_eq!(forms("käse-7x9"), latin);
        assert!(forms("ka\u{308}se-7x9").contains(&("käse-7x9".into(), How::Raw)));
        let wide = forms("密码密码");
        assert_eq!(wide[0], ([0xc6, 0x5b, 0x01, 0x78].repeat(2), How::Utf16));
        assert_eq!(wide[3], ([0, 0, 0x5b, 0xc6, 0, 0, 0x78, 0x01].repeat(2), How::Utf32));
    }

    #[test]
    fn lines_lose_what_they_begin_with() {
        let bare = |text: &str| lines(text.as_bytes()).map(|it| it.to_vec());
        assert_eq!(bare("- kq8Z\n\n  # w1Lm\r\n"), Some(b"kq8Z\nw1Lm".to_vec()));
        assert_eq!(bare("name: app\n  port: 80\n"), None);
        assert_eq!(bare("kq8Z"), None);
    }
}
