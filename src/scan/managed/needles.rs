//! Which bytes of a value are looked for: the value, and what gives it away alone.

use zeroize::Zeroizing;

use super::common::{SHORTEST, is_common, is_random};
use super::units::Way;

/// The fewest bytes of a line, or of a part of one, that is looked for alone.
const SHORTEST_PART: usize = 16;

/// The fewest bytes by which a JSON text without a telling string can be told.
const SHORTEST_JSON: usize = 64;

/// The most parts of one value that are looked for.
const MOST_PARTS: usize = 24;

/// So many parts of a value are looked for in all ways.
const MAJOR: usize = 3;

/// The longest part that is looked for alone; of what is longer the whole is.
const LONGEST_PART: usize = 4 << 10;

/// Bytes that are looked for, and whose they are.
pub(super) struct Needle {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The values, by number.
    pub(super) values: Vec<usize>,
    /// One of many parts of a value, of which others are looked for in more ways.
    pub(super) is_minor: bool,
}

/// Why a value is not looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It has fewer than eight bytes.
    Short,
    /// It may stand anywhere: a word, a name, a number, an address without a password.
    Common,
}

/// What is looked for to find a value.
pub(super) fn of_value(value: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, LeftOut> {
    let whole = value.trim_ascii();
    if whole.len() < SHORTEST {
        return Err(LeftOut::Short);
    }
    let mut parts = Vec::new();
    let mut add = |part: &[u8]| {
        let is_new = parts.iter().all(|known: &Zeroizing<Vec<u8>>| **known != part);
        if is_new && parts.len() < MOST_PARTS && part.len() <= LONGEST_PART {
            parts.push(Zeroizing::new(part.to_vec()));
        }
    };
    passwords(whole, &mut add);
    let is_json = is_json(whole);
    if is_json {
        strings(whole, &mut add);
    }
    let is_lines = whole.contains(&b'\n');
    if is_lines {
        lines(whole, &mut add);
    }
    let says_little = is_json && whole.len() < SHORTEST_JSON || is_common(whole);
    if parts.is_empty() && says_little {
        return Err(LeftOut::Common);
    }
    if parts.is_empty() || !is_lines {
        parts.push(Zeroizing::new(whole.to_vec()));
    }
    Ok(parts)
}

/// Tells whether a value looks like an object or a list; a password may begin with a brace too.
fn is_json(text: &[u8]) -> bool {
    let inner = |first: &[u8], last: &[u8]| text.strip_prefix(first)?.strip_suffix(last);
    let first = |inner: &[u8]| inner.trim_ascii_start().first().copied();
    let object = inner(b"{", b"}").and_then(first);
    let list = inner(b"[", b"]").and_then(first);
    object == Some(b'"') || matches!(list, Some(b'"' | b'{' | b'['))
}

/// The lines that look random, and such parts of the others.
fn lines(text: &[u8], add: &mut dyn FnMut(&[u8])) {
    let marks = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`=:,;<>(){}[]".contains(byte);
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"-----") {
            continue;
        }
        // What has a backslash means something else, and is looked for as that.
        let is_telling =
            |part: &&[u8]| part.len() >= SHORTEST_PART && !part.contains(&b'\\') && is_random(part);
        // The padding of base64 is a mark too, and says nothing.
        let bare = line.strip_suffix(b"==").or(line.strip_suffix(b"="));
        let bare = bare.unwrap_or(line);
        if !bare.iter().any(marks) {
            Some(bare).filter(is_telling).into_iter().for_each(&mut *add);
        } else {
            line.split(marks).filter(is_telling).for_each(&mut *add);
        }
        passwords(line, add);
    }
}

/// The passwords in a URL or a list of `key=value;`, as they are written and as they are meant.
fn passwords(text: &[u8], add: &mut dyn FnMut(&[u8])) {
    let mut add = |password: &[u8]| {
        if password.len() >= SHORTEST && !is_common(password) {
            add(password);
            let meant = undone(password, Way::Percent);
            if *meant != password && meant.len() >= SHORTEST {
                add(&meant);
            }
        }
    };
    let places = |mark: &'static [u8]| {
        text.windows(mark.len()).enumerate().filter(move |(_, part)| *part == mark)
    };
    for (at, _) in places(b"://") {
        let rest = &text[at + 3..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>?#".contains(byte);
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let first = rest[..end].iter().position(|byte| *byte == b'/').unwrap_or(end);
        let has_host = rest[..first].contains(&b'@');
        let server = &rest[..if has_host { first } else { end }];
        let Some(host) = server.iter().rposition(|byte| *byte == b'@') else { continue };
        if let Some(colon) = server[..host].iter().position(|byte| *byte == b':') {
            add(&server[colon + 1..host]);
        }
    }
    let has_lists = text.contains(&b';');
    let fields = text.split(|byte| *byte == b';').filter(|_| has_lists);
    for (key, value) in fields.filter_map(|field| {
        let at = field.iter().position(|byte| *byte == b'=')?;
        Some((field[..at].trim_ascii(), field[at + 1..].trim_ascii()))
    }) {
        let names: [&[u8]; 4] = [b"password", b"pwd", b"AccountKey", b"SharedAccessKey"];
        if names.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            add(value);
        }
    }
}

/// The strings of a JSON text that look random, and the lines of those that have some.
fn strings(text: &[u8], add: &mut dyn FnMut(&[u8])) {
    let mut at = 0;
    while let Some(start) = text[at..].iter().position(|byte| *byte == b'"').map(|it| at + it + 1) {
        let mut end = start;
        while end < text.len() && text[end] != b'"' {
            end += 1 + usize::from(text[end] == b'\\');
        }
        let Some(string) = text.get(start..end) else { return };
        let is_key =
            text.get(end + 1..).unwrap_or_default().trim_ascii_start().first() == Some(&b':');
        let meant = undone(string, Way::Escape);
        if meant.contains(&b'\n') {
            lines(&meant, add);
        } else if !is_key && is_random(&meant) {
            add(&meant);
        } else if !is_key {
            passwords(&meant, add);
        }
        at = (end + 1).min(text.len());
    }
}

/// A text as it is meant, undone in one way.
fn undone(text: &[u8], way: Way) -> Zeroizing<Vec<u8>> {
    let mut meant = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match way.unit(&text[at..]) {
            Some(unit) => {
                meant.extend_from_slice(unit.says());
                at += unit.length;
            }
            None => {
                meant.push(*byte);
                at += 1;
            }
        }
    }
    meant
}

/// All that is looked for, each once, with the values that have it.
pub(super) fn merged(values: Vec<(usize, Vec<Zeroizing<Vec<u8>>>)>) -> Vec<Needle> {
    let numbered = |(value, parts): (usize, Vec<_>)| {
        parts.into_iter().enumerate().map(move |(number, part)| (part, value, number >= MAJOR))
    };
    let mut all: Vec<(Zeroizing<Vec<u8>>, usize, bool)> =
        values.into_iter().flat_map(numbered).collect();
    all.sort_unstable_by(|one, two| (&*one.0, one.1).cmp(&(&*two.0, two.1)));
    let mut needles: Vec<Needle> = Vec::with_capacity(all.len());
    for (bytes, value, is_minor) in all {
        match needles.last_mut().filter(|last| last.bytes == bytes) {
            Some(last) => {
                if last.values.last() != Some(&value) {
                    last.values.push(value);
                }
                last.is_minor &= is_minor;
            }
            None => needles.push(Needle { bytes, values: vec![value], is_minor }),
        }
    }
    needles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> Vec<String> {
        let parts = of_value(value.as_bytes()).unwrap_or_default();
        parts.iter().map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_value_is_looked_for_without_the_blanks_round_it() {
        assert_eq!(parts("  kq8Zw1Lm0pRt\n"), ["kq8Zw1Lm0pRt"]);
        assert_eq!(of_value(b" short1 \n").err(), Some(LeftOut::Short));
        assert_eq!(of_value(b"localhost").err(), Some(LeftOut::Common));
    }

    #[test]
    fn lines_are_looked_for_alone_and_headers_are_not() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7\nx9==\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(parts(key), ["MIIEvQIBADANBgkqhkiG9w0BAQEF", "AASCBKcwggSjAgEAAoIBAQC7"]);
        assert_eq!(
            parts(concat!("A=1\nTOKEN=\"9f86", "d081884c7d659a2f\"\nB=localhost\n")),
            ["9f86d081884c7d659a2f"]
        );
        assert_eq!(parts("short1\nshort2\nxQ9\n"), ["short1\nshort2\nxQ9"]);
    }

    #[test]
    fn a_url_is_looked_for_by_its_password_too() {
        let url = concat!("postgres://app:p%40", "ss-w0rd9x@db.example.com:5432/app?ssl=1");
        assert_eq!(parts(url), ["p%40ss-w0rd9x", "p@ss-w0rd9x", url]);
        let odd = "amqp://app:Xk/29dk@ls_9@host/vhost";
        assert_eq!(parts(odd), ["Xk/29dk@ls_9", odd]);
        let list = concat!("Server=tcp:db;User=app;Pass", "word=Xk29-dkLs9;Encrypt=True");
        assert_eq!(parts(list), ["Xk29-dkLs9", list]);
        assert_eq!(parts("https://example.com/a/b"), Vec::<String>::new());
    }

    #[test]
    fn json_is_looked_for_by_its_strings() {
        let json = r#"{"type": "service_account", "key_id": "9f86d081884c7d659a2feaa0", "n": 5,
            "pem": "-----BEGIN-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END-----\n"}"#;
        assert_eq!(parts(json), ["9f86d081884c7d659a2feaa0", "MIIEvQIBADANBgkqhkiG9w0BAQEF"]);
        assert_eq!(of_value(br#"{"a": 1}"#).err(), Some(LeftOut::Common));
        let short = r#"{"user":"app","phrase":"Xk29\/dkLs9\u0021"}"#;
        assert_eq!(parts(short), ["Xk29/dkLs9!", short]);
    }
}
