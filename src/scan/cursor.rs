//! Reads what stands behind a name, in whatever language: operators, types, quotes.

use std::ops::Range;

/// How far blanks may reach.
const BLANKS: usize = 64;
/// How long a value may be before it is data.
pub(super) const VALUE: usize = 512;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn takes(&mut self, part: &[u8]) -> bool {
        let is_here = self.text[self.at..].starts_with(part);
        self.at += if is_here { part.len() } else { 0 };
        is_here
    }

    pub(super) fn blanks(&mut self) -> usize {
        let rest = &self.text[self.at..self.text.len().min(self.at + BLANKS)];
        let count = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at += count;
        count
    }

    pub(super) fn line_break(&mut self) {
        let rest = &self.text[self.at..self.text.len().min(self.at + BLANKS)];
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    /// What ends a name that stands in quotes or brackets; tells whether it was in quotes.
    pub(super) fn closers(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 5)];
        let ends = |b: &&u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\');
        let count = rest.iter().take_while(ends).count();
        self.at += count;
        rest[..count].iter().any(|b| *b != b']')
    }

    pub(super) fn operator(&mut self) -> bool {
        const OPERATORS: [&[u8]; 12] =
            [b"===", b"!==", b"||=", b"??=", b"==", b"!=", b":=", b"=>", b"?=", b"+=", b"=", b":"];
        if self.text[self.at..].starts_with(b"::") {
            return false;
        }
        OPERATORS.iter().any(|operator| self.takes(operator))
    }

    /// `: String =`, `string =`, `[32] =`: a type between a name and its value.
    pub(super) fn typed(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 48)];
        if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b':' | b'[' | b'*'))
        {
            return false;
        }
        let is_type = |b: &u8| b.is_ascii_alphanumeric() || b" :&<>[]*?_'.".contains(b);
        let Some(end) = rest.iter().position(|b| !is_type(b)) else { return false };
        let is_assigned = rest[end] == b'=' && !matches!(rest.get(end + 1), Some(b'=' | b'>'));
        let words = rest[..end].split(|b| *b == b' ').filter(|word| !word.is_empty()).count();
        // `key: value=x` gives `value` something, not `key`.
        let is_typed =
            is_assigned && words <= 3 && (rest[end - 1] == b' ' || rest[end - 1] == b']');
        self.at += if is_typed { end + 1 } else { 0 };
        is_typed
    }

    /// ` value="`, `, "value": `, or `value: ` in the next line: the field beside one that holds the name.
    pub(super) fn value_field(&mut self) -> bool {
        const FIELDS: [&[u8]; 5] = [b"value", b"Value", b"ParameterValue", b"content", b"default"];
        let start = self.at;
        self.line_break();
        let _ = self.takes(b",");
        self.line_break();
        let quote = self.peek().filter(|b| matches!(b, b'"' | b'\''));
        self.at += usize::from(quote.is_some());
        let is_named = FIELDS.iter().any(|word| self.takes(word));
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

    /// `</key><string>`, where the name is the key of a property list.
    pub(super) fn property(&mut self) -> bool {
        let start = self.at;
        if self.takes(b"</key>") {
            self.line_break();
            // The end of the tag is left to what reads an element.
            if self.takes(b"<string") {
                return true;
            }
        }
        self.at = start;
        false
    }

    /// `|| "x"`, `?? "x"`, `or "x"`: what is taken where the name has no value.
    pub(super) fn otherwise(&mut self) -> bool {
        self.takes(b"|| ") || self.takes(b"?? ") || self.takes(b"or ")
    }

    /// Takes a quote, with what may stand before it: `b"`, `@"`, `\"`, `"""`.
    pub(super) fn opens(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.at + 5)];
        let is_before =
            |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'@' | b'&' | b'\\' | b'#' | b'$');
        let before = rest.iter().take_while(|b| is_before(b)).count();
        let is_quote = matches!(rest.get(before), Some(b'"' | b'\'' | b'`'));
        if !is_quote || before > 3 {
            return false;
        }
        self.at += before;
        true
    }

    /// `Buffer.from(`, `new String(`
    pub(super) fn call(&mut self) -> Option<()> {
        let rest = &self.text[self.at..self.text.len().min(self.at + 40)];
        let is_call = |b: &u8| b.is_ascii_alphanumeric() || b"_.: []".contains(b);
        let end = rest.iter().position(|b| !is_call(b))?;
        if end == 0 || rest[end] != b'(' {
            return None;
        }
        self.at += end + 1;
        Some(())
    }

    /// The inside of the string that begins here.
    pub(super) fn string(&mut self) -> Option<Range<usize>> {
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
