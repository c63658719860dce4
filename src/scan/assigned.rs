//! Values that are assigned to telling names, in whatever language: a look by hand at what stands behind
//! the name, and no regular expression.

use std::ops::Range;

use super::naming;
use super::scanner::{Raw, Source};
use super::value::{self, Form};

/// What telling names hold; keywords of the one walk.
pub(super) const STEMS: [&str; 14] = [
    "pass", "pwd", "passwd", "secret", "token", "key", "cred", "auth", "jwt", "pswd", "senha",
    "bearer", "heslo", "salt",
];

/// How far a name, and the blanks after it, may reach.
const NAME: usize = 64;
const BLANKS: usize = 64;
/// How long a value may be before it is data.
const VALUE: usize = 512;
/// How far away the name of a user may stand.
const NEAR: usize = 240;

/// Extensions of source code, where a value without quotes is a name.
const CODE: &str = "rs py js ts jsx tsx mjs cjs java kt kts go c h cc cpp hpp cs rb php swift scala m mm lua pl pm \
                    r dart vue svelte groovy ex exs erl hs clj vb fs sql ps1 psm1 html css scss md rst";

/// Looks at the telling names of a text.
#[derive(Debug)]
pub(super) struct Names<'t> {
    text: &'t [u8],
    is_code: bool,
    /// Where the last name ended: a name may hold several stems.
    done: usize,
}

/// A value, and how it stands.
struct Given {
    span: Range<usize>,
    form: Form,
}

impl<'t> Names<'t> {
    pub(super) fn new(text: &'t [u8], path: &str) -> Self {
        let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        let is_code = extension
            .is_some_and(|(_, extension)| CODE.split_ascii_whitespace().any(|own| own == extension));
        Self { text, is_code, done: 0 }
    }

    /// Looks at the name that a stem stands in, and tells of a secret that it is given.
    pub(super) fn look(&mut self, stem: usize, tell: impl FnOnce(Raw)) {
        if stem < self.done {
            return;
        }
        let name = self.name(stem);
        self.done = name.end;
        let Some(role) = naming::role(&self.text[name.clone()]) else { return };
        let Some(given) = self.given(&name) else { return };
        let value = &self.text[given.span.clone()];
        let (skip, value) = unwrapped(value);
        if value.eq_ignore_ascii_case(&self.text[name.clone()]) {
            return;
        }
        let near = || self.is_beside_a_user(&name, given.span.end);
        if let Some((net, level)) = value::judge(role, given.form, value, near) {
            let start = given.span.start + skip;
            let span = start..start + value.len();
            tell(Raw { source: Source::Net(net), level, whole: name.start..given.span.end, span });
        }
    }

    fn name(&self, stem: usize) -> Range<usize> {
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'$');
        let left = &self.text[stem.saturating_sub(NAME)..stem];
        let start = stem - left.iter().rev().take_while(|b| is_name(b)).count();
        let right = &self.text[stem..self.text.len().min(stem + NAME)];
        let mut end = stem + right.iter().take_while(|b| is_name(b)).count();
        while matches!(self.text[end - 1], b'-' | b'.' | b'$') {
            end -= 1;
        }
        start..end
    }

    /// Reads what follows a name.
    fn given(&self, name: &Range<usize>) -> Option<Given> {
        let mut at = Cursor { text: self.text, at: name.end };
        let quoted = at.closers();
        let before = at.at;
        let blanks = at.blanks();
        let is_option = self.text[..name.start].ends_with(b"-") || self.text[name.start] == b'-';
        if at.typed() || at.operator() {
            let is_tight = blanks == 0 && before + 1 == at.at;
            return self.value(at, name, is_tight);
        }
        match at.peek()? {
            b',' if quoted => {
                at.at += 1;
                at.value_field();
                self.quoted(at)
            }
            b'(' if !quoted && is_setter(&self.text[name.clone()]) => {
                at.at += 1;
                self.quoted(at)
            }
            b'>' => self.element(at, name),
            b'|' | b'?' | b'o' if at.otherwise() => self.quoted(at),
            b'i' if at.takes(b"is ") => self.quoted(at),
            _ if quoted && blanks > 0 && at.value_field() => self.quoted(at),
            _ if at.value_field() => self.value(at, name, false),
            _ if is_option && blanks > 0 => self.value(at, name, false),
            _ => None,
        }
    }

    /// The value after an operator.
    fn value(&self, mut at: Cursor<'t>, name: &Range<usize>, is_tight: bool) -> Option<Given> {
        let from = at.at;
        if let Some(given) = self.quoted(at) {
            return Some(given);
        }
        at.blanks();
        if at.at > from && self.text[from..at.at].contains(&b'\n') {
            return None;
        }
        let is_line = !self.is_code && self.begins_line(name.start);
        if !is_line && !(is_tight || self.text[from..at.at] == *b" ") {
            return None;
        }
        let rest = &at.text[at.at..at.text.len().min(at.at + VALUE)];
        let ends = |b: &u8| match b {
            b'"' | b'\'' | b'`' => true,
            b',' | b';' | b'&' | b')' | b'}' | b']' | b'|' | b'<' | b'>' => !is_line,
            b => !b.is_ascii_graphic(),
        };
        let mut end = rest.iter().position(ends).unwrap_or(rest.len());
        let is_whole = is_line && is_end(&rest[end..]);
        if is_line && !is_whole {
            return None;
        }
        while end > 0 && matches!(rest[end - 1], b',' | b';') {
            end -= 1;
        }
        let form = if is_line { Form::Bare } else { Form::Inline };
        Some(Given { span: at.at..at.at + end, form })
    }

    /// A value in quotes, perhaps in a call.
    fn quoted(&self, mut at: Cursor<'t>) -> Option<Given> {
        at.blanks();
        if at.peek() == Some(b'\n') || at.peek() == Some(b'\r') {
            at.line_break();
        }
        let form = if at.opens() {
            Form::Quoted
        } else {
            at.call()?;
            if !at.opens() {
                return None;
            }
            Form::Wrapped
        };
        let span = at.string()?;
        // Half of a text tells nothing: `"prefix" + x`.
        let rest = &self.text[at.at..self.text.len().min(at.at + 16)];
        let rest = rest.trim_ascii_start();
        let is_half = matches!(rest.first(), Some(b'+' | b'%' | b'~'))
            || rest.starts_with(b". ")
            || rest.starts_with(b".format");
        (!is_half).then_some(Given { span, form })
    }

    /// `<password>value</password>`
    fn element(&self, mut at: Cursor<'t>, name: &Range<usize>) -> Option<Given> {
        let is_tag = self.text[..name.start].ends_with(b"<");
        let is_named = matches!(self.text[at.at - 1], b'"' | b'\'');
        if !is_tag && !is_named {
            return None;
        }
        at.at += 1;
        let rest = &at.text[at.at..at.text.len().min(at.at + VALUE)];
        let end = rest.iter().position(|b| *b == b'<')?;
        let closes = rest[end..].starts_with(b"</");
        closes.then_some(Given { span: at.at..at.at + end, form: Form::Quoted })
    }

    /// Tells whether only what begins a setting stands before a place in its line.
    fn begins_line(&self, at: usize) -> bool {
        let left = &self.text[at.saturating_sub(NAME)..at];
        let line = left.iter().rposition(|b| *b == b'\n').map(|cut| &left[cut + 1..]);
        let Some(line) = line.or((at <= NAME).then_some(left)) else { return false };
        let word = line.trim_ascii();
        let is_mark = |b: &u8| b"-#/;*>$\"' \t".contains(b);
        word.iter().all(is_mark)
            || [&b"export"[..], b"set", b"setx", b"ENV", b"ARG", b"-e", b"- -e", b"-D", b"declare -x"]
                .contains(&word)
    }

    /// Tells whether the name of a user is given a value close by.
    fn is_beside_a_user(&self, name: &Range<usize>, end: usize) -> bool {
        let from = name.start.saturating_sub(NEAR);
        let to = self.text.len().min(end + NEAR / 2);
        names_user(&self.text[from..name.start]) || names_user(&self.text[end..to])
    }
}

/// Tells whether a text gives a value to what is called a user.
fn names_user(text: &[u8]) -> bool {
    const USERS: [&[u8]; 4] = [b"user", b"uid", b"login", b"email"];
    (0..text.len()).any(|at| {
        let rest = &text[at..];
        let Some(word) = USERS.iter().find(|word| {
            rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
        }) else {
            return false;
        };
        let rest = &rest[word.len()..];
        let is_tail = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ' | b'"' | b'\'' | b']');
        let tail = rest.iter().take(12).take_while(|b| is_tail(b)).count();
        matches!(rest.get(tail), Some(b'=' | b':')) && rest.get(tail + 1).is_some_and(|b| *b != b':')
    })
}

/// A call that sets something, as opposed to one that looks something up.
fn is_setter(name: &[u8]) -> bool {
    const GETS: [&[u8]; 16] = [
        b"get", b"has", b"is", b"check", b"find", b"read", b"fetch", b"load", b"remove", b"delete",
        b"print", b"log", b"hash", b"validate", b"verify", b"parse",
    ];
    let name = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
    let is_head = |head: &&[u8]| {
        name.get(..head.len()).is_some_and(|own| own.eq_ignore_ascii_case(head))
            && !name.get(head.len()).is_some_and(u8::is_ascii_lowercase)
    };
    !GETS.iter().any(|get| is_head(get))
}

/// What may follow a value in its line.
fn is_end(rest: &[u8]) -> bool {
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    line.is_empty() || line == b"\\" || line.starts_with(b"#") || line.starts_with(b"//")
        || line.starts_with(b";") || line.starts_with(b"&&")
}

/// Takes quotes within quotes off, and the kind of an authorization.
fn unwrapped(value: &[u8]) -> (usize, &[u8]) {
    let mut skip = 0;
    let mut rest = value;
    if let [open @ (b'"' | b'\''), inside @ .., close] = rest
        && open == close
    {
        (skip, rest) = (1, inside);
    }
    for kind in [&b"Basic "[..], b"Bearer ", b"Token ", b"token ", b"bearer ", b"basic "] {
        if let Some(after) = rest.strip_prefix(kind) {
            return (skip + kind.len(), after);
        }
    }
    (skip, rest)
}

/// A place in a text.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn takes(&mut self, part: &[u8]) -> bool {
        let is_here = self.text[self.at..].starts_with(part);
        self.at += if is_here { part.len() } else { 0 };
        is_here
    }

    fn blanks(&mut self) -> usize {
        let rest = &self.text[self.at..self.text.len().min(self.at + BLANKS)];
        let count = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at += count;
        count
    }

    fn line_break(&mut self) {
        let rest = &self.text[self.at..self.text.len().min(self.at + BLANKS)];
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    /// What ends a name that stands in quotes or brackets; tells whether it was in quotes.
    fn closers(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 5)];
        let ends = |b: &&u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\');
        let count = rest.iter().take_while(ends).count();
        self.at += count;
        rest[..count].iter().any(|b| *b != b']')
    }

    fn operator(&mut self) -> bool {
        const OPERATORS: [&[u8]; 12] = [
            b"===", b"!==", b"||=", b"??=", b"==", b"!=", b":=", b"=>", b"?=", b"+=", b"=", b":",
        ];
        if self.text[self.at..].starts_with(b"::") {
            return false;
        }
        OPERATORS.iter().any(|operator| self.takes(operator))
    }

    /// `: String =`, `string =`, `[32] =`: a type between a name and its value.
    fn typed(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 48)];
        if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b':' | b'[' | b'*')) {
            return false;
        }
        let is_type = |b: &u8| b.is_ascii_alphanumeric() || b" :&<>[]*?_'.".contains(b);
        let Some(end) = rest.iter().position(|b| !is_type(b)) else { return false };
        let is_assigned = rest[end] == b'=' && !matches!(rest.get(end + 1), Some(b'=' | b'>'));
        let words = rest[..end].split(|b| *b == b' ').filter(|word| !word.is_empty()).count();
        // `key: value=x` gives `value` something, not `key`.
        let is_typed = is_assigned && words <= 3 && (rest[end - 1] == b' ' || rest[end - 1] == b']');
        self.at += if is_typed { end + 1 } else { 0 };
        is_typed
    }

    /// ` value="`, `, "value": `, or `value: ` in the next line: the field beside one that holds the name.
    fn value_field(&mut self) -> bool {
        let start = self.at;
        self.line_break();
        let _ = self.takes(b",");
        self.line_break();
        let quote = self.peek().filter(|b| matches!(b, b'"' | b'\''));
        self.at += usize::from(quote.is_some());
        let is_named = self.takes(b"value") || self.takes(b"Value") || self.takes(b"content");
        if is_named {
            self.closers();
            self.blanks();
        }
        if is_named && self.operator() {
            return true;
        }
        self.at = start;
        false
    }

    /// `|| "x"`, `?? "x"`, `or "x"`: what is taken where the name has no value.
    fn otherwise(&mut self) -> bool {
        self.takes(b"|| ") || self.takes(b"?? ") || self.takes(b"or ")
    }

    /// Takes a quote, with what may stand before it: `b"`, `@"`, `\"`, `"""`.
    fn opens(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 5)];
        let is_before = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'@' | b'&' | b'\\' | b'#' | b'$');
        let before = rest.iter().take_while(|b| is_before(b)).count();
        let is_quote = matches!(rest.get(before), Some(b'"' | b'\'' | b'`'));
        if !is_quote || before > 3 {
            return false;
        }
        self.at += before;
        true
    }

    /// `Buffer.from(`, `new String(`
    fn call(&mut self) -> Option<()> {
        let rest = &self.text[self.at..self.text.len().min(self.at + 40)];
        let is_call = |b: &u8| b.is_ascii_alphanumeric() || b"_.: ".contains(b);
        let end = rest.iter().position(|b| !is_call(b))?;
        if end == 0 || rest[end] != b'(' {
            return None;
        }
        self.at += end + 1;
        Some(())
    }

    /// The inside of the string that begins here.
    fn string(&mut self) -> Option<Range<usize>> {
        let quote = self.peek()?;
        let is_escaped = self.at > 0 && self.text[self.at - 1] == b'\\';
        let is_triple = self.text[self.at..].starts_with(&[quote; 3]);
        let start = self.at + if is_triple { 3 } else { 1 };
        let rest = &self.text[start..self.text.len().min(start + VALUE)];
        let mut at = 0;
        while at < rest.len() {
            match rest[at] {
                b'\\' if is_escaped => break,
                b'\\' => at += 1,
                b'\n' => return None,
                byte if byte == quote => break,
                _ => {}
            }
            at += 1;
        }
        if at >= rest.len() {
            return None;
        }
        self.at = start + at + 1;
        Some(start..start + at)
    }
}
