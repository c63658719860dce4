//! Values that are assigned to telling names, in whatever language: a look by hand at what stands behind
//! the name, and no regular expression.

use std::ops::Range;

use super::Level;
use super::beside::{is_end, is_setter, is_verdict, names_user, unwrapped};
use super::cursor::{Cursor, VALUE};
use super::naming;
use super::of_tests::Setting;
use super::scanner::{Raw, Source};
use super::value::{self, Form};
use super::verdict::Prefixes;
use super::weak;

/// What telling names hold; keywords of the one walk.
pub(super) const STEMS: [&str; 14] = [
    "pass", "pwd", "passwd", "secret", "token", "key", "cred", "auth", "jwt", "pswd", "senha",
    "bearer", "heslo", "salt",
];

/// How far a name may reach.
const NAME: usize = 64;
/// How far away the name of a user may stand.
const NEAR: usize = 240;
/// How far back the beginning of a list is looked for.
const LIST: usize = 1024;
/// How far around a value test vectors are looked for.
const VECTORS: usize = 600;

/// Extensions of source code, where a value without quotes is a name.
const CODE: &str = "rs py pyc js ts jsx tsx mjs cjs java kt kts go c h cc cpp hpp cs rb php swift scala m mm lua pl pm \
                    r dart vue svelte groovy ex exs erl hs clj vb fs sql ps1 psm1 html css scss md rst";

/// Extensions of settings that only programs read.
const SETTINGS: &str = "conf cnf cfg ini env properties credentials rc";

/// Looks at the telling names of a text.
#[derive(Debug)]
pub(super) struct Names<'t> {
    text: &'t [u8],
    is_code: bool,
    /// Whether the file is one of settings.
    is_settings: bool,
    /// Whether names and values stand apart, so that those that stand together are in what explains them.
    is_compiled: bool,
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
        let is_of = |list: &str| {
            let own = |(_, own): (&str, &str)| list.split_ascii_whitespace().any(|it| it == own);
            extension.is_some_and(own)
        };
        let (is_code, is_settings) = (is_of(CODE), is_of(SETTINGS));
        Self { text, is_code, is_settings, is_compiled: is_of("pyc class"), done: 0 }
    }

    /// Source code holds random texts for many ends; a setting holds them for one.
    pub(super) fn level_of_runs(&self) -> Level {
        if self.is_code { Level::Warn } else { Level::Block }
    }

    /// Looks at the name that a stem stands in, and tells of a secret that it is given.
    pub(super) fn look(
        &mut self,
        stem: usize,
        (setting, prefixes): (&Setting, &Prefixes<'_>),
        tell: impl FnOnce(Raw),
    ) {
        if stem < self.done {
            return;
        }
        let name = self.name(stem);
        self.done = name.end;
        let Some(role) = naming::role(&self.text[name.clone()]) else { return };
        let Some(given) = self.given(&name) else { return };
        let value = &self.text[given.span.clone()];
        let (skip, value) = unwrapped(value);
        if value.eq_ignore_ascii_case(&self.text[name.clone()]) || is_verdict(self.text, &name) {
            return;
        }
        let near = || self.is_beside_a_user(&name, given.span.end);
        if value::is_hex(value) && self.is_among_vectors(&given.span) {
            return;
        }
        if let Some((net, level)) = value::judge(role, given.form, value, near) {
            let start = given.span.start + skip;
            let span = start..start + value.len();
            let place = setting.place_of(self.text, start);
            let is_shown = self.is_compiled
                || prefixes.owner(value).is_some()
                || setting.documents(self.text, start)
                || naming::is_public(&self.text[name.clone()])
                || weak::is_guessed(self.text, &span, place);
            let level = if is_shown { Level::Warn } else { level };
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
            let is_tight = !quoted && blanks == 0 && before + 1 == at.at;
            return self.value(at, name, is_tight);
        }
        match at.peek()? {
            b',' if quoted && self.is_in_quotes(name) => {
                at.at += 1;
                if at.value_field() { self.quoted(at) } else { self.argument(at, name) }
            }
            b'(' if !quoted && is_setter(&self.text[name.clone()]) => {
                at.at += 1;
                self.quoted(at)
            }
            b'>' => self.element(at, name),
            b'<' if at.property() => self.content(at),
            b'|' | b'?' | b'o' if at.otherwise() => self.quoted(at),
            b'i' if at.takes(b"is ") => self.quoted(at),
            _ if quoted && blanks > 0 && at.value_field() => self.quoted(at),
            _ if at.value_field() => self.value(at, name, false),
            _ if is_option && blanks > 0 => self.value(at, name, false),
            // In prose, `pass "x"` is a verb.
            b'\'' | b'"' if blanks > 0 && !quoted && name.len() > 4 => self.quoted(at),
            _ if blanks > 0 && self.begins_line(name.start) => self.value(at, name, true),
            _ => None,
        }
    }

    /// The argument after a name in quotes, where it is no name itself: `"password", "user" => …`.
    fn argument(&self, at: Cursor<'t>, name: &Range<usize>) -> Option<Given> {
        let given = self.quoted(at)?;
        let rest = &self.text[given.span.end..self.text.len().min(given.span.end + 8)];
        let rest = rest.get(1..).unwrap_or_default().trim_ascii_start();
        let is_name = matches!(rest.first(), Some(b':' | b'='));
        let is_here = !self.text[at.at..given.span.start].contains(&b'\n');
        // In a list of names, `["user", "password", "host"]`, only an option is followed by its value.
        let is_value = self.text[name.start] == b'-' || !self.is_in_list(name.start);
        (is_here && !is_name && is_value).then_some(given)
    }

    /// Tells whether the bracket that a place stands in, if one is near, is that of a list.
    fn is_in_list(&self, at: usize) -> bool {
        let mut closed = 0;
        for byte in self.text[at.saturating_sub(LIST)..at].iter().rev() {
            match byte {
                b')' | b']' | b'}' => closed += 1,
                b'(' | b'[' | b'{' if closed > 0 => closed -= 1,
                b'(' => return false,
                b'[' | b'{' => return true,
                _ => {}
            }
        }
        false
    }

    fn is_in_quotes(&self, name: &Range<usize>) -> bool {
        let before = name.start.checked_sub(1).map(|at| self.text[at]);
        // Between backticks stands code in prose: `password`, `hosts`.
        matches!(before, Some(b'"' | b'\''))
    }

    /// The value after an operator.
    fn value(&self, mut at: Cursor<'t>, name: &Range<usize>, is_tight: bool) -> Option<Given> {
        let from = at.at;
        // `"Password:"` names what comes in another string.
        let is_label = |quote: &u8| b"\"'`".contains(quote) && self.text.get(from) == Some(quote);
        if name.start > 0 && is_tight && is_label(&self.text[name.start - 1]) {
            return None;
        }
        if let Some(given) = self.quoted(at) {
            return Some(given);
        }
        at.blanks();
        if at.at > from && self.text[from..at.at].contains(&b'\n') {
            return None;
        }
        let is_whole = self.is_given_whole(name.start, at.at);
        let is_line = is_whole || (!self.is_code && self.begins_line(name.start));
        if !is_line && !is_tight && self.text[from..at.at] != *b" " {
            return None;
        }
        let rest = &at.text[at.at..at.text.len().min(at.at + VALUE)];
        let ends = |b: &u8| match b {
            b'"' | b'\'' | b'`' => true,
            b',' | b';' | b'&' | b')' | b'}' | b']' | b'|' | b'<' | b'>' => !is_line,
            b => !b.is_ascii_graphic(),
        };
        // `token=x=y`: the next name begins, and its value is its own.
        let is_next =
            |at: usize| rest[at] == b'=' && rest.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        let is_past = |at: &usize| ends(&rest[*at]) || (!is_line && is_next(*at));
        let mut end = (0..rest.len()).find(is_past).unwrap_or(rest.len());
        let is_cut = rest.get(end).is_some_and(|b| !b.is_ascii());
        // `NAME=value command`
        let is_shell = is_tight
            && self.text[at.at - 1] == b'='
            && !self.text[name.clone()].iter().any(u8::is_ascii_lowercase);
        if (is_line && !is_whole && !is_shell && !is_end(&rest[end..])) || is_cut {
            return None;
        }
        while end > 0 && matches!(rest[end - 1], b',' | b';') {
            end -= 1;
        }
        let form = match (is_line, self.is_code) {
            (true, _) if self.is_settings => Form::Setting,
            (true, _) => Form::Bare,
            (false, false) => Form::Inline,
            (false, true) => Form::Code,
        };
        Some(Given { span: at.at..at.at + end, form })
    }

    /// Tells whether a name and its value are one word that sets a variable: `-e NAME=value`, `'NAME=value'`.
    fn is_given_whole(&self, name: usize, value: usize) -> bool {
        if value == 0 || self.text[value - 1] != b'=' {
            return false;
        }
        let before = &self.text[name.saturating_sub(12)..name];
        let before = before.strip_suffix(b"\"").or(before.strip_suffix(b"'")).unwrap_or(before);
        let is_quoted = before.len() < name.min(12);
        let is_option =
            [&b" -e "[..], b" --set ", b" --env ", b" --env=", b" -D", b"export ", b"env "]
                .iter()
                .any(|option| before.ends_with(option));
        let length = self.text[value..].iter().take(VALUE).take_while(|b| b.is_ascii_graphic());
        let rest = &self.text[value..value + length.count()];
        let is_closed = rest.contains(&b'"') || rest.contains(&b'\'');
        is_option || (is_quoted && is_closed && self.text[name].is_ascii_uppercase())
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
        // `<property name="password"><value>…`
        let _ = is_named && at.takes(b"><value");
        self.content(at)
    }

    /// The text after a tag's `>`.
    fn content(&self, mut at: Cursor<'t>) -> Option<Given> {
        if !at.takes(b">") {
            return None;
        }
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
            || [
                &b"export"[..],
                b"set",
                b"setx",
                b"setenv",
                b"set -x",
                b"set -gx",
                b"ENV",
                b"ARG",
                b"-e",
                b"- -e",
                b"-D",
                b"declare -x",
                b"#define",
            ]
            .contains(&word)
    }

    /// Tells whether other digits stand near that are given to names which promise no secret: test vectors.
    fn is_among_vectors(&self, span: &Range<usize>) -> bool {
        let from = span.start.saturating_sub(VECTORS);
        let to = self.text.len().min(span.end + VECTORS);
        let mut at = from;
        let mut others = 0;
        while at < to {
            let run = self.text[at..to].iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let is_other = run >= 16 && !(span.start..span.end).contains(&at);
            if is_other && at > from && naming::role(self.before(at)).is_none() {
                others += 1;
            }
            at += run + 1;
        }
        others >= 2
    }

    /// The name before a value, or what stands there.
    fn before(&self, at: usize) -> &[u8] {
        let left = &self.text[at.saturating_sub(NAME)..at];
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let end = left.iter().rposition(is_name).map_or(0, |end| end + 1);
        let start = left[..end].iter().rposition(|b| !is_name(b)).map_or(0, |start| start + 1);
        &left[start..end]
    }

    /// Tells whether the name of a user is given a value close by.
    fn is_beside_a_user(&self, name: &Range<usize>, end: usize) -> bool {
        let from = name.start.saturating_sub(NEAR);
        let to = self.text.len().min(end + NEAR / 2);
        names_user(&self.text[from..name.start]) || names_user(&self.text[end..to])
    }
}
