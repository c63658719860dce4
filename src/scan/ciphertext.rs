//! How ciphertext looks that stands in lines, and what of it is text: comments, labels, the words of stanzas.

use std::ops::Range;

use super::regions::{is_base64, run};

/// How long a line of ciphertext is at most; no further is looked for its end.
const LONGEST: usize = 400;
/// How long each line of wrapped base64 is at least, but the last: age and PGP take 64, others up to 76.
const FULL: usize = 60;
/// So many letters of text in a row are no ciphertext: of random bytes, a terabyte does not have them.
const TEXT: usize = 32;
/// Nor are so many of a part of so many bytes.
const MOSTLY: (usize, usize) = (54, 64);
/// How many letters of base64 the last line of a stanza has at least: those of 32 bytes.
const BODY: usize = 43;
const ENDS: [&[u8]; 4] = [
    b"-----END AGE ENCRYPTED FILE-----",
    b"-----END PGP MESSAGE-----",
    b"-----END PGP SIGNATURE-----",
    b"-----END SSH SIGNATURE-----",
];
const HEADERS: [&[u8]; 5] = [b"Version:", b"Comment:", b"Hash:", b"MessageID:", b"Charset:"];

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The rest of the marker's line.
    Rest,
    /// The rest of a line that is cut here.
    Cut,
    /// The first line, which is full.
    First,
    /// Any line: those before it were full.
    Any,
    /// No more of it: the last line was not full.
    End,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Ciphertext, and what may come after it.
    Cipher(Next),
    /// It belongs to it, but is text from so many bytes on.
    Text(usize, Next),
    /// Its last line.
    Last,
    /// None of it; it may begin with the last letters of it.
    Other,
}

/// A form: tells what a line is, by what may come next.
type Form = fn(&[u8], Next) -> Line;

/// The rest of the marker's line and the lines after it that are of a form, indented or not, and of the next line
/// what may be the last of it. A line break may be written `\n`, as in a string of JSON.
pub(super) fn lines(
    text: &[u8],
    (form, mut next): (Form, Next),
    legible: &mut Vec<Range<usize>>,
) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let length = run(&rest[..rest.len().min(LONGEST + 1)], |b| b != b'\n' && b != b'\\');
        let line = rest[..length].trim_ascii();
        let is = if length > LONGEST { Line::Other } else { form(line, next) };
        next = match is {
            Line::Cipher(then) => then,
            Line::Text(from, then) => {
                legible.push(at + from..at + length);
                then
            }
            Line::Last => return at + length,
            Line::Other => return at + rest_of(rest, form, next),
        };
        at += length;
        let escape = [&b"\\r\\n"[..], b"\\n"].into_iter().find(|it| text[at..].starts_with(it));
        at += match text.get(at) {
            Some(b'\n') => 1,
            Some(_) if escape.is_some() => escape.map_or(0, <[u8]>::len),
            _ => return at,
        };
    }
}

/// The last letters of base64, where they may stand at the beginning of a line that goes on otherwise: in quotes.
fn rest_of(line: &[u8], form: Form, next: Next) -> usize {
    let one = |line: &[u8]| form(line, next);
    // What may stand there is said by whether a short line might.
    if !matches!(one(b"AA=="), Line::Cipher(_)) {
        return 0;
    }
    let letters = run(line, |b| is_base64(b) && b != b'=');
    letters + line[letters..].iter().take(2).take_while(|b| **b == b'=').count()
}

/// Digits of a vault, or the rest of its first line: version, cipher and perhaps a label, which is text.
pub(super) fn vault(line: &[u8], next: Next) -> Line {
    if next == Next::Rest {
        let known: [&[u8]; 3] = [b"1.1;AES256", b"1.2;AES256", b"1.0;AES"];
        let Some(length) = known.iter().find(|it| line.starts_with(it)).map(|it| it.len()) else {
            return Line::Other;
        };
        return match line.get(length) {
            None => Line::Cipher(Next::Any),
            Some(b';') => Line::Text(length, Next::Any),
            Some(_) => Line::Other,
        };
    }
    if line.iter().all(u8::is_ascii_hexdigit) { Line::Cipher(Next::Any) } else { Line::Other }
}

/// A line of armor: base64, a checksum or its end, or a header, which is text.
pub(super) fn armor(line: &[u8], next: Next) -> Line {
    let is_header = HEADERS.iter().any(|word| line.starts_with(word));
    match next {
        Next::Rest if line.is_empty() => Line::Cipher(Next::First),
        Next::Rest => Line::Other,
        _ if ENDS.contains(&line) => Line::Last,
        Next::First if line.is_empty() => Line::Cipher(Next::First),
        Next::First if is_header => Line::Text(0, Next::First),
        // The line before an armor's end may be its checksum: `=Ab1c`.
        Next::Any | Next::End if line.len() == 5 && line.starts_with(b"=") => {
            base64(&line[1..], Next::Any)
        }
        _ => base64(line, next),
    }
}

/// A line of base64 that is wrapped; the marker is a part of the first one.
pub(super) fn wrapped(line: &[u8], next: Next) -> Line {
    const MARKER: usize = b"YWdlLWVuY3J5cHRpb24ub3JnL3Yx".len();
    match base64(line, next) {
        Line::Cipher(_) if next == Next::Rest && MARKER + line.len() >= FULL => {
            Line::Cipher(Next::Any)
        }
        is => is,
    }
}

fn base64(line: &[u8], next: Next) -> Line {
    let is_full = line.len() >= FULL && !line.ends_with(b"=");
    match next {
        _ if !is_base64_line(line) => Line::Other,
        Next::End => Line::Other,
        Next::First if line.len() < FULL => Line::Other,
        Next::First | Next::Any if line.is_empty() => Line::Cipher(next),
        Next::Cut => Line::Cipher(Next::Any),
        _ if is_full => Line::Cipher(Next::Any),
        _ => Line::Cipher(Next::End),
    }
}

fn is_base64_line(line: &[u8]) -> bool {
    let end = line.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    line.len() - end <= 2 && line[..end].iter().all(|b| *b != b'=' && is_base64(*b))
}

/// The header of a file of age after its first line: stanzas, each of a line and lines of base64, and a MAC.
/// age-encryption.org/v1, header. Stanzas of which nobody knows what they hold are text.
pub(super) fn header(text: &[u8], legible: &mut Vec<Range<usize>>) -> Option<usize> {
    let (mut at, mut is_full) = (0, false);
    while let Some(length) = memchr::memchr(b'\n', &text[at..]) {
        let line = &text[at..at + length];
        let (here, is_first) = (at..at + length, at == 0);
        at += length + 1;
        if let Some(mac) = line.strip_prefix(b"--- ") {
            return (mac.len() == BODY && is_base64_line(mac)).then_some(at);
        }
        let is_stanza = line.starts_with(b"-> ") && line.iter().all(|b| matches!(b, b' '..=b'~'));
        let is_body = !is_first && line.len() <= 64 && is_base64_line(line);
        if !is_stanza && !is_body {
            return None;
        }
        let is_known = match is_stanza {
            true => is_known(&line[b"-> ".len()..]),
            false => is_full || line.len() >= BODY || line.is_empty(),
        };
        if !is_known {
            legible.push(here);
        }
        is_full = is_body && line.len() == 64;
    }
    None
}

/// Tells whether a stanza is of a kind that is known, and has what that has: a share, a salt, the tag of a key.
fn is_known(stanza: &[u8]) -> bool {
    let mut words = stanza.split(|b| *b == b' ');
    let kind = words.next().unwrap_or_default();
    let words: Vec<_> = words.collect();
    let is_base64 = words.iter().all(|word| word.iter().all(|b| is_base64(*b)));
    let lengths: Vec<_> = words.iter().map(|word| word.len()).collect();
    is_base64
        && matches!(
            (kind, lengths.as_slice()),
            (b"X25519", [BODY])
                | (b"scrypt", [22, 1 | 2])
                | (b"ssh-ed25519", [6, BODY])
                | (b"ssh-rsa", [6])
                | (b"piv-p256" | b"p256tag", [6, 44..=88])
                | (b"mlkem768x25519", [1494])
                | (b"mlkem768p256tag", [6, 1400..=1600])
        )
}

/// How far there is no text.
pub(super) fn length(bytes: &[u8]) -> usize {
    let is_letter = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let (most, part) = MOSTLY;
    let (mut row, mut near) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        let is = is_letter(*byte);
        row = if is { row + 1 } else { 0 };
        near += usize::from(is);
        near -= usize::from(at >= part && is_letter(bytes[at - part]));
        if row == TEXT {
            return at + 1 - TEXT;
        }
        if near >= most {
            return (at + 1).saturating_sub(part);
        }
    }
    // The last of them may go on in what is not here yet.
    bytes.len()
}
