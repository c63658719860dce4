//! What gives a value of several lines, settings or strings away alone.

use zeroize::Zeroizing;

use super::common::{SHORTEST, is_common, is_random};
use super::units::{Way, margin};
use crate::scan::naming::{self, Role};

/// The fewest bytes of a part of a line, and of a line of armour, that is looked for alone.
const SHORTEST_PART: usize = 16;

/// How many lines of armour an RSA key has at least.
const LONG_KEY: usize = 10;

/// The longest name that is taken for one.
const LONGEST_NAME: usize = 80;

/// The lines that look random and such parts of the others, and what is assigned to a name that promises something.
pub(super) fn lines(text: &[u8], add: &mut dyn FnMut(&[u8])) {
    let marks = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`=:,;<>(){}[]".contains(byte);
    let (mut is_armour, mut public) = (false, 0);
    let mut rest = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    while let Some(line) = rest.next() {
        if line.starts_with(b"-----") {
            is_armour = line.starts_with(b"-----BEGIN");
            public = public_lines(line, rest.clone());
            continue;
        }
        if public > 0 {
            public -= 1;
            continue;
        }
        // What has a backslash means something else, and is looked for as that.
        let is_telling = |part: &[u8], least: usize| {
            part.len() >= least && !part.contains(&b'\\') && is_random(part)
        };
        // The padding of base64 is a mark too, and says nothing.
        let bare = line.strip_suffix(b"==").or(line.strip_suffix(b"="));
        let bare = bare.unwrap_or(line);
        if !bare.iter().any(marks) {
            let least = if is_armour { SHORTEST_PART } else { SHORTEST };
            Some(bare).filter(|line| is_telling(line, least)).into_iter().for_each(&mut *add);
            continue;
        }
        // A code in a list is a line alone.
        let item = line.strip_prefix(b"- ").or(line.strip_prefix(b"* ")).unwrap_or_default();
        let parts = Some(item).filter(|item| !item.iter().any(marks) && is_telling(item, SHORTEST));
        let parts = parts.into_iter();
        parts
            .chain(line.split(marks).filter(|part| is_telling(part, SHORTEST_PART)))
            .for_each(&mut *add);
        if let Some(setting) = field(line).or_else(|| pair(line)) {
            setting.told(add);
        }
        passwords(line, add);
    }
}

/// How many lines of armour are no secret: all of a certificate, and of an RSA key (RFC 8017, A.1.2; OpenSSH's own form has
/// it twice) those with the modulus, which its public key and its certificates have as well.
fn public_lines<'t>(begin: &[u8], rest: impl Iterator<Item = &'t [u8]>) -> usize {
    let body = rest.take_while(|line| !line.starts_with(b"-----")).count();
    let says = |word: &[u8]| begin.windows(word.len()).any(|part| part == word);
    match says(b"PRIVATE KEY") {
        true if body >= LONG_KEY => body * 2 / 5,
        false if says(b"CERTIFICATE") || says(b"PUBLIC KEY") => body,
        _ => 0,
    }
}

/// A value, and the name that it is assigned to.
pub(super) struct Setting<'t> {
    name: &'t [u8],
    value: Zeroizing<Vec<u8>>,
}

impl Setting<'_> {
    /// Adds the value where its name and its letters tell that it is looked for alone: by the rule for values where
    /// people choose it, but where machines make it only what is no entry's name.
    pub(super) fn told(&self, add: &mut dyn FnMut(&[u8])) {
        let value = &*self.value;
        let has_digit = value.iter().any(u8::is_ascii_digit);
        let tells = match role(self.name) {
            Some(Role::Password) => true,
            Some(Role::Secret) => has_digit || is_random(value),
            Some(Role::Key) => is_random(value),
            None => false,
        };
        if tells && value.len() >= SHORTEST && !is_common(value) {
            add(value);
        }
    }
}

/// What a name promises; among what is sealed, a phrase is no sentence.
fn role(name: &[u8]) -> Option<Role> {
    let is_phrase = [&b"phrase"[..], b"mnemonic"].iter().any(|word| {
        let tail = name.len().checked_sub(word.len()).map(|at| &name[at..]);
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
    });
    if is_phrase { Some(Role::Password) } else { naming::role(name) }
}

/// What a line assigns, as YAML, TOML, INI and shells have it; none where it assigns nothing.
pub(super) fn field(line: &[u8]) -> Option<Setting<'_>> {
    let line = &line[margin(line)..];
    let at = line.iter().position(|byte| matches!(byte, b'=' | b':'))?;
    let name = line[..at].trim_ascii().split(u8::is_ascii_whitespace).next_back()?;
    let name = bare(name, b"\"'");
    let rest = line[at + 1..].trim_ascii();
    let is_name = !name.is_empty() && name.len() <= LONGEST_NAME;
    is_name.then(|| Setting { name, value: assigned(rest) })
}

/// `login bob password …`, as in `.netrc`.
fn pair(line: &[u8]) -> Option<Setting<'_>> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let name = words.by_ref().find(|word| role(word) == Some(Role::Password))?;
    Some(Setting { name, value: Zeroizing::new(words.next()?.to_vec()) })
}

/// What is assigned: within its quotes, or up to a comment.
fn assigned(rest: &[u8]) -> Zeroizing<Vec<u8>> {
    if let Some((quote @ (b'"' | b'\''), inner)) = rest.split_first() {
        let is_double = *quote == b'"';
        let way = if is_double { Way::Escape } else { Way::Quote };
        let mut end = 0;
        while let Some(byte) = inner.get(end).filter(|byte| *byte != quote || !is_end(inner, end)) {
            end += 1 + usize::from(*byte == *quote || is_double && *byte == b'\\');
        }
        return undone(&inner[..end.min(inner.len())], way);
    }
    let end = rest.windows(2).position(|two| two == b" #").unwrap_or(rest.len());
    Zeroizing::new(rest[..end].trim_ascii().to_vec())
}

/// Tells whether a quote is the last, and not one of two that stand for one.
fn is_end(text: &[u8], at: usize) -> bool {
    text.get(at + 1) != text.get(at)
}

fn bare<'t>(text: &'t [u8], marks: &[u8]) -> &'t [u8] {
    let start = text.iter().position(|byte| !marks.contains(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !marks.contains(byte)).map_or(start, |at| at + 1);
    &text[start..end]
}

/// The strings of a JSON text that look random or stand under a name that promises something, and the lines of those
/// that have some.
pub(super) fn strings(text: &[u8], add: &mut dyn FnMut(&[u8])) {
    let (mut at, mut name) = (0, &b""[..]);
    while let Some(start) = text[at..].iter().position(|byte| *byte == b'"').map(|it| at + it + 1) {
        let mut end = start;
        while end < text.len() && text[end] != b'"' {
            end += 1 + usize::from(text[end] == b'\\');
        }
        let Some(string) = text.get(start..end) else { return };
        let is_key =
            text.get(end + 1..).unwrap_or_default().trim_ascii_start().first() == Some(&b':');
        let value = undone(string, Way::Escape);
        if is_key {
            name = string;
        }
        if value.contains(&b'\n') {
            lines(&value, add);
        } else if !is_key && is_random(&value) {
            add(&value);
        } else if !is_key {
            passwords(&value, add);
            Setting { name, value }.told(add);
        }
        at = (end + 1).min(text.len());
    }
}

/// The passwords in a URL or a list of `key=value;`, as they are written and as they are meant.
pub(super) fn passwords(text: &[u8], add: &mut dyn FnMut(&[u8])) {
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

/// Tells whether a value looks like an object or a list; a password may begin with a brace too.
pub(super) fn is_json(text: &[u8]) -> bool {
    let inner = |first: &[u8], last: &[u8]| text.strip_prefix(first)?.strip_suffix(last);
    let first = |inner: &[u8]| inner.trim_ascii_start().first().copied();
    let object = inner(b"{", b"}").and_then(first);
    let list = inner(b"[", b"]").and_then(first);
    object == Some(b'"') || matches!(list, Some(b'"' | b'{' | b'['))
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
