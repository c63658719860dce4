//! A text as it reads once a way to write it is undone, and where each byte of that stands in the text.

use std::ops::Range;

use zeroize::Zeroizing;

/// Stands between digits that do not belong together.
const BREAK: u8 = u8::MAX;

/// Bytes, each with the part of the text that says it.
pub(super) struct Reading {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    from: Vec<Range<usize>>,
}

/// What a part at the beginning of a text says, and how long it is; none where it says itself.
type Part = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

impl Reading {
    /// A text as it is.
    pub(super) fn of(text: &[u8]) -> Self {
        let from = (0..text.len()).map(|at| at..at + 1).collect();
        Self { bytes: Zeroizing::new(text.to_vec()), from }
    }

    fn room(size: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(size)), from: Vec::with_capacity(size) }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.bytes.push(byte);
        self.from.push(from);
    }

    /// Where in the text a part of this stands.
    pub(super) fn place(&self, part: &Range<usize>) -> Range<usize> {
        let all = self.from.get(part.clone()).unwrap_or_default();
        let (first, last) = (all.first(), all.last());
        first.zip(last).map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// All ways to read a text: its escapes undone, and those of URLs and forms in that.
    pub(super) fn all_of(text: &[u8], see: &mut dyn FnMut(&Self)) {
        let plain = Self::of(text);
        let escaped = plain.undone(escape);
        let twice = escaped.as_ref().and_then(|it| it.undone(escape));
        let marked = plain.undone(entity);
        for reading in [Some(plain), escaped, twice, marked].into_iter().flatten() {
            see(&reading);
            [percent, form]
                .into_iter()
                .filter_map(|part| reading.undone(part))
                .for_each(|it| see(&it));
        }
    }

    /// As it reads where parts say something else than themselves; none where nothing does.
    fn undone(&self, part: Part) -> Option<Self> {
        let mut new = Self::room(self.bytes.len());
        let (mut at, mut is_other) = (0, false);
        while let Some(byte) = self.bytes.get(at) {
            let (says, length) = match part(&self.bytes[at..]) {
                Some(said) => {
                    is_other = true;
                    said
                }
                None => (vec![*byte], 1),
            };
            let from = self.place(&(at..at + length));
            says.into_iter().for_each(|byte| new.push(byte, from.clone()));
            at += length;
        }
        is_other.then_some(new)
    }

    /// Without blanks, or what stands for one in forms, quotes and backslashes: however it is broken into lines,
    /// and quoted.
    pub(super) fn bare(&self) -> Self {
        let mut new = Self::room(self.bytes.len());
        for (byte, from) in self.bytes.iter().zip(&self.from).filter(|(byte, _)| is_bare(**byte)) {
            new.push(*byte, from.clone());
        }
        new
    }

    /// The hexadecimal digits, whatever stands between two of them in a list or a dump.
    pub(super) fn digits(&self) -> Self {
        let mut new = Self::room(self.bytes.len());
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let is_mark = matches!(self.bytes[at..], [b'0' | b'\\', b'x' | b'X', ..]);
            match digit(*byte) {
                _ if is_mark => at += 1,
                Some(digit) => new.push(digit, self.from[at].clone()),
                None if byte.is_ascii_whitespace() || b":,;-'\"[](){}".contains(byte) => {}
                None => new.push(BREAK, self.from[at].clone()),
            }
            at += 1;
        }
        new
    }
}

/// Tells whether [`Reading::bare`] keeps a byte.
pub(super) fn is_bare(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"+'\"\\".contains(&byte)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// The number that so many digits say at the beginning of a text.
fn number(text: &[u8], length: usize, base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..length)?).ok()?;
    let all = digits.bytes().all(|byte| char::from(byte).is_digit(base));
    all.then(|| u32::from_str_radix(digits, base).ok()).flatten()
}

fn byte(number: u32) -> Vec<u8> {
    u8::try_from(number).into_iter().collect()
}

fn letter(number: u32) -> Option<Vec<u8>> {
    Some(char::from_u32(number)?.to_string().into_bytes())
}

/// `%2F`, as in URLs.
fn percent(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let rest = text.strip_prefix(b"%")?;
    Some((byte(number(rest, 2, 16)?), 3))
}

/// As forms have it, with `+` for a blank.
fn form(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    if text.first() == Some(&b'+') { Some((b" ".to_vec(), 1)) } else { percent(text) }
}

/// With a backslash, as JSON, shells and programming languages have it.
fn escape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let rest = text.strip_prefix(b"\\")?;
    let (first, rest) = rest.split_first()?;
    let hex = |length: usize| number(rest, length, 16);
    match first {
        b'u' if rest.first() == Some(&b'{') => {
            let length = rest.iter().take(8).position(|byte| *byte == b'}')?.checked_sub(1)?;
            Some((letter(number(&rest[1..], length, 16)?)?, length + 4))
        }
        b'u' => {
            let one = hex(4)?;
            let two = rest[4..].strip_prefix(b"\\u").and_then(|rest| number(rest, 4, 16));
            match two
                .filter(|two| (0xd800..0xdc00).contains(&one) && (0xdc00..0xe000).contains(two))
            {
                Some(two) => {
                    Some((letter(0x1_0000 + ((one - 0xd800) << 10) + (two - 0xdc00))?, 12))
                }
                None => Some((letter(one)?, 6)),
            }
        }
        b'U' => Some((letter(hex(8)?)?, 10)),
        b'x' => Some((byte(hex(2)?), 4)),
        b'0'..=b'7' => {
            let length =
                text[1..].iter().take(3).take_while(|it| (b'0'..=b'7').contains(it)).count();
            Some((byte(number(&text[1..], length, 8)? & 0xff), length + 1))
        }
        _ => {
            let named = b"n\nt\tr\rb\x08f\x0cv\x0ba\x07e\x1b";
            let named = named.chunks(2).find(|pair| pair[0] == *first);
            Some((vec![named.map_or(*first, |pair| pair[1])], 2))
        }
    }
}

/// As HTML and XML have it.
fn entity(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let rest = text.strip_prefix(b"&")?;
    let length = rest.iter().take(10).position(|byte| *byte == b';')?;
    let says = match &rest[..length] {
        b"amp" => b"&".to_vec(),
        b"lt" => b"<".to_vec(),
        b"gt" => b">".to_vec(),
        b"quot" => b"\"".to_vec(),
        b"apos" => b"'".to_vec(),
        [b'#', b'x' | b'X', digits @ ..] => letter(number(digits, digits.len(), 16)?)?,
        [b'#', digits @ ..] => letter(number(digits, digits.len(), 10)?)?,
        _ => return None,
    };
    Some((says, length + 2))
}
