//! Judges a value by what its name promises and how its characters follow each other.

use std::borrow::Cow;

use super::Level;
use super::model::{self, Kinds};
use super::naming::Role;
use super::placeholder::{counts, holds, is_code, is_element, is_placeholder};

/// What finds values that are of no known form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Net {
    Password,
    Secret,
    Random,
}

impl Net {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Password, Self::Secret, Self::Random];

    /// The id that exceptions name it by.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Password => "assigned-password",
            // The name that gitleaks knows it by, so that its allow lists hold.
            Self::Secret => "generic-api-key",
            Self::Random => "random-value",
        }
    }

    /// What it finds.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Password => "password that is assigned in clear",
            Self::Secret => "secret that is assigned in clear",
            Self::Random => "value that looks like a random secret",
        }
    }
}

/// How a value stands in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In quotes, or as the text of an element.
    Quoted,
    /// In quotes, as the first argument of a call: perhaps what is looked up.
    Wrapped,
    /// The rest of a line, in what is no source code.
    Bare,
    /// The same in a file of settings, where all is said to a program and nothing to people.
    Setting,
    /// A part of a line.
    Inline,
    /// Without quotes in source code.
    Code,
}

/// The longest value that is judged: what is longer is data.
const LONGEST: usize = 200;

/// Says what a value is, if it is a secret. `is_paired` tells whether the name of a user stands by.
pub(super) fn judge(
    role: Role,
    form: Form,
    text: &[u8],
    is_paired: impl Fn() -> bool,
) -> Option<(Net, Level)> {
    let text = text.trim_ascii();
    if role == Role::Password && is_of_four(text) {
        return Some((Net::Password, Level::Block));
    }
    if text.len() < 5 || text.len() > LONGEST || !text.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let is_looked_up = is_element(text) || (form != Form::Quoted && is_code(text));
    if is_placeholder(text) || is_open(text) || is_looked_up {
        return None;
    }
    if role != Role::Password && counts(text) {
        return None;
    }
    match role {
        Role::Password => password(form, text, is_paired),
        Role::Secret => is_secret(form, text).then_some((Net::Secret, Level::Block)),
        // Hexadecimal digits under a name that says no more than `key` are often test vectors.
        Role::Key if is_hex(text) => is_key(form, text).then_some((Net::Secret, Level::Warn)),
        Role::Key => is_key(form, text).then_some((Net::Secret, Level::Block)),
    }
}

fn password(form: Form, text: &[u8], is_paired: impl Fn() -> bool) -> Option<(Net, Level)> {
    let kinds = Kinds::of(text);
    let least = match form {
        Form::Quoted | Form::Bare | Form::Setting | Form::Wrapped => 8.0,
        Form::Inline => 12.0,
        Form::Code => 24.0,
    };
    // Letters alone are a draw less often.
    let least = if kinds.digits + kinds.upper > 0 { least } else { least + 8.0 };
    if is_random(text, least)
        && (kinds.digits > 0 || matches!(form, Form::Quoted | Form::Bare | Form::Setting))
    {
        return Some((Net::Password, Level::Block));
    }
    if matches!(form, Form::Wrapped | Form::Code) || is_uuid(text) {
        return None;
    }
    let is_made_up = is_made_up(text, kinds);
    if is_made_up && form != Form::Inline {
        return Some((Net::Password, Level::Block));
    }
    if is_made_up {
        return is_paired().then_some((Net::Password, Level::Block));
    }
    if form == Form::Inline {
        return None;
    }
    match worded(text, kinds)? {
        Worded::Plain | Worded::Marked if form == Form::Setting && text.len() > 6 => {
            Some((Net::Password, Level::Block))
        }
        Worded::Plain => is_paired().then_some((Net::Password, Level::Block)),
        // `super$ecret` is a password in one text and a label in the next: nothing in it tells.
        Worded::Marked => Some((Net::Password, Level::Warn)),
        Worded::Joined => is_paired().then_some((Net::Password, Level::Warn)),
    }
}

/// How a text of letters is a word.
enum Worded {
    /// Letters and digits alone.
    Plain,
    /// With one mark among them.
    Marked,
    /// Words that are joined: names of things look so.
    Joined,
}

/// Says how a text is a word that may be a password, if it is one.
fn worded(text: &[u8], kinds: Kinds) -> Option<Worded> {
    let is_name = holds(text, b"pass") && kinds.lower < text.len();
    // What begins with a capital is a word for those who read: `Password=Senha`.
    let is_label = kinds.upper == 1 && text[0].is_ascii_uppercase();
    if kinds.letters() < 5 || text.ends_with(b"@") || text.contains(&b'.') || is_name {
        return None;
    }
    let is_joint = |b: &u8| matches!(b, b'_' | b'-');
    let marks = text.iter().filter(|b| is_mark(b)).count();
    let joints = text.iter().filter(|b| is_joint(b)).count();
    match (marks, joints, kinds.marks) {
        (0, 0, 0) => (!is_label).then_some(Worded::Plain),
        (1, 0, 1) if !is_selector(text) && text.len() >= 8 => Some(Worded::Marked),
        (0, _, all) if all == joints => (!is_label).then_some(Worded::Joined),
        _ => None,
    }
}

/// Marks that people put into passwords to please a form.
fn is_mark(byte: &u8) -> bool {
    b"!@#$%^&*?+~".contains(byte)
}

/// The passwords for programs that a large mail service makes: four times four letters.
fn is_of_four(text: &[u8]) -> bool {
    let is_group = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_lowercase);
    let letters: Vec<u8> = text.iter().copied().filter(|b| *b != b' ').collect();
    text.len() == 19 && text.split(|b| *b == b' ').all(is_group) && is_random(&letters, 8.0)
}

/// Tells whether a text looks like what people make up to please a form: words with digits or marks in
/// them, and no identifier.
fn is_made_up(text: &[u8], kinds: Kinds) -> bool {
    let core = text.trim_ascii_end();
    let end = core.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at + 1);
    let marks_inside = core[..end].iter().filter(|b| is_mark(b)).count();
    let marks = core.iter().filter(|b| is_mark(b)).count();
    let is_marked = marks > 1 || (marks == 1 && kinds.digits > 0);
    let has_separator = text.iter().any(|b| b"_-./:,;|=\\{}()[]<>\"'".contains(b));
    let is_format = text.windows(2).any(|two| two[0] == b'%' && two[1].is_ascii_alphabetic());
    if kinds.letters() < 2 || is_format || text.len() < 6 || is_selector(text) {
        return false;
    }
    if has_separator {
        // `Winter-2026-Office`: names of things are written in small letters, or without such a number.
        let is_joined = || text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        return kinds.digits > 0
            && kinds.count() == 3
            && (marks_inside > 0 || (kinds.digits >= 2 && kinds.upper >= 2 && is_joined()));
    }
    (marks_inside > 0 && is_marked)
        || (kinds.digits >= 2 && text.len() >= 7)
        || (kinds.digits > 0 && (marks > 0 || (kinds.count() == 3 && text.len() >= 7)))
}

/// `#add-password`, `@Input`, `.class`: how scripts name things of a page.
fn is_selector(text: &[u8]) -> bool {
    let rest = &text[1..];
    matches!(text[0], b'#' | b'.' | b'@' | b'$' | b'&' | b'*' | b'+')
        && rest.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_secret(form: Form, text: &[u8]) -> bool {
    let kinds = Kinds::of(text);
    let least = match form {
        Form::Quoted | Form::Bare | Form::Setting => 9.0,
        Form::Wrapped | Form::Inline => 18.0,
        Form::Code => 28.0,
    };
    let shortest = if matches!(form, Form::Quoted | Form::Bare | Form::Setting) { 8 } else { 16 };
    if text.len() < shortest || (kinds.digits == 0 && text.len() < 14) {
        return false;
    }
    if is_uuid(text) {
        return form != Form::Wrapped;
    }
    if is_hex(text) {
        return text.len() >= 16
            && text.len().is_multiple_of(4)
            && kinds.digits > 1
            && kinds.letters() > 1;
    }
    is_random(text, if kinds.digits == 0 { least + 6.0 } else { least })
}

fn is_key(form: Form, text: &[u8]) -> bool {
    let kinds = Kinds::of(text);
    if !matches!(form, Form::Quoted | Form::Bare | Form::Setting)
        || is_uuid(text)
        || kinds.digits < 2
    {
        return false;
    }
    if is_hex(text) {
        let is_usual = matches!(text.len(), 32 | 40 | 48 | 64 | 72 | 96 | 128);
        return form == Form::Quoted && is_usual && kinds.digits > 4 && kinds.letters() > 4;
    }
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-+/=.~:!@#%^*".contains(b);
    text.len() >= 16 && text.iter().all(is_plain) && is_random(text, 28.0)
}

/// Tells whether a text is more likely drawn than written, by so many bits, and all over.
pub(super) fn is_random(text: &[u8], bits: f32) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "values of 200 bytes at most")]
    let length = text.len() as f32;
    // Capitals alone say no more than small letters; nor does what stands between words.
    let is_loud = !text.iter().any(u8::is_ascii_lowercase);
    let text = if is_loud { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
    let parts = || text.split(|b| matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b' '));
    // Numbers between marks are dates and versions.
    let is_number = |part: &&[u8]| part.len() < text.len() && part.iter().all(u8::is_ascii_digit);
    let total: f32 = parts().filter(|part| !is_number(part)).map(model::randomness).sum();
    if total < bits || total / length < 0.5 {
        return false;
    }
    // One random part does not make the names round it random: `test_user_x7Kq`.
    let words = parts().filter(|part| part.len() >= 4 && model::randomness(part) < -2.0);
    words.map(<[u8]>::len).sum::<usize>() * 2 < text.len()
}

pub(super) fn is_hex(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"0x").unwrap_or(text);
    digits.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'-'))
}

pub(super) fn is_uuid(text: &[u8]) -> bool {
    let text = match text {
        [b'{', inside @ .., b'}'] => inside,
        _ => text,
    };
    let is_right = |(at, b): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(is_right)
}

/// Tells whether a text is of a form that is no secret whatever its name: a place, a mail address, a hash
/// with its name, a list.
fn is_open(text: &[u8]) -> bool {
    // Paths, names with a hash, hashes of passwords, public keys.
    const HEADS: &str = "./ ../ ~/ arn: sha1- sha256- sha384- sha512- sha256: $2a$ $2b$ $2y$ $1$ $5$ $6$ \
                         $argon2 $apr1$ {SHA pbkdf2 data: ssh- age1 npub1 sealed.v dropped.v \\\"sealed.v MFkwEwYHKoZIzj0 MIIBIjANBgkqhkiG9w0 MCowBQYDK2Vw";
    let is_path = text[0] == b'/' && text[1..].contains(&b'/');
    let is_head = HEADS.split_ascii_whitespace().any(|head| text.starts_with(head.as_bytes()));
    let count = |byte: u8| text.iter().filter(|b| **b == byte).count();
    let is_list = count(b'|') > 1 || count(b'\\') * 5 > text.len();
    // What names a thing by its GUID: `_SA_{262E99C9-…}`.
    let is_named = text.strip_suffix(b"}").is_some_and(|rest| {
        rest.rsplit(|b| *b == b'{').next().is_some_and(|inside| rest.len() > 36 && is_uuid(inside))
    });
    let is_place = is_path || is_head || holds(text, b"://") || is_mail(text);
    is_place || is_list || is_named || holds(text, b"()") || is_number(text) || is_pattern(text)
}

fn is_mail(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|b| *b == b'@') else { return false };
    let (name, host) = (&text[..at], &text[at + 1..]);
    let is_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let top = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    !name.is_empty()
        && host.iter().all(is_host)
        && host.contains(&b'.')
        && (2..=6).contains(&top.len())
        && top.iter().all(u8::is_ascii_lowercase)
}

fn is_number(text: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_digit() || b"+-.,:/_%xXeE".contains(b);
    let is_word = text.len() <= 18 && text.starts_with(b"0x") && is_hex(text);
    is_word || text.iter().all(is_part)
}

/// A regular expression, or a format.
fn is_pattern(text: &[u8]) -> bool {
    const PARTS: [&[u8]; 9] =
        [b"[a-z", b"[A-Z", b"[0-9", b"\\d", b"\\w", b"\\s", b".*", b".+", b"(?"];
    PARTS.iter().any(|part| text.windows(part.len()).any(|window| window == *part))
}
