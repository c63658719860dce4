//! The lines of an entry, and the strings, times and lists in them: as TOML, in one spelling only.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::EntryError;
use crate::names::NameError;

/// The lines that are still to be read.
pub(super) struct Lines<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { rest: text, line: 1 }
    }

    pub(super) fn are_read(&self) -> bool {
        self.rest.is_empty()
    }

    /// The number of the next line.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn expected(&self, wanted: &'static str) -> EntryError {
        EntryError::Expected { line: self.line, wanted }
    }

    /// The next line; empty at the end, which no rule takes for a line.
    pub(super) fn peek(&self) -> &'t str {
        self.rest.split_once('\n').map_or(self.rest, |(line, _)| line)
    }

    pub(super) fn take(&mut self) -> &'t str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        line
    }

    pub(super) fn exactly(&mut self, line: &str, wanted: &'static str) -> Result<(), EntryError> {
        if self.peek() != line {
            return Err(self.expected(wanted));
        }
        self.take();
        Ok(())
    }

    pub(super) fn optional(&mut self, name: &str) -> Option<Value<'t>> {
        let text = self.peek().strip_prefix(name)?.strip_prefix(" = ")?;
        let line = self.line;
        self.take();
        Some(Value { text, line })
    }

    pub(super) fn field(
        &mut self,
        name: &str,
        wanted: &'static str,
    ) -> Result<Value<'t>, EntryError> {
        let missing = self.expected(wanted);
        self.optional(name).ok_or(missing)
    }

    /// Takes a line of a list that has one text a line.
    pub(super) fn listed(&mut self, wanted: &'static str) -> Result<Value<'t>, EntryError> {
        let missing = self.expected(wanted);
        let line = self.line;
        let text = self.take().strip_prefix("  ").and_then(|text| text.strip_suffix(','));
        text.map(|text| Value { text, line }).ok_or(missing)
    }

    /// Takes an empty line and the table's header, if they come next.
    pub(super) fn table(&mut self, header: &str) -> Result<bool, EntryError> {
        let Some(after) = self.rest.strip_prefix('\n') else { return Ok(false) };
        if !after.starts_with(header) {
            return Ok(false);
        }
        self.take();
        self.exactly(header, "the header of a table")?;
        Ok(true)
    }
}

/// What stands after `name = `.
pub(super) struct Value<'t> {
    text: &'t str,
    line: usize,
}

impl<'t> Value<'t> {
    pub(super) fn expected(&self, wanted: &'static str) -> EntryError {
        EntryError::Expected { line: self.line, wanted }
    }

    pub(super) fn string(&self) -> Result<Cow<'t, str>, EntryError> {
        match string(self.text) {
            Some((text, "")) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub(super) fn name<T: FromStr<Err = NameError>>(&self) -> Result<T, EntryError> {
        name(&self.string()?, self.line)
    }

    pub(super) fn number(&self) -> Result<u32, EntryError> {
        self.text.parse().map_err(|_| self.expected("a number"))
    }

    pub(super) fn time(&self) -> Result<Timestamp, EntryError> {
        self.string()?.parse().map_err(|_| self.expected("a time in UTC"))
    }

    pub(super) fn day(&self) -> Result<Date, EntryError> {
        let day = Some(self.text).filter(|text| text.len() == 10).and_then(date);
        day.ok_or_else(|| self.expected("a day"))
    }

    pub(super) fn list<T: FromStr<Err = NameError>>(&self) -> Result<Vec<T>, EntryError> {
        let wanted = || self.expected("a list of strings");
        let text = self.text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let mut rest = text.ok_or_else(wanted)?;
        let mut items = Vec::new();
        while !rest.is_empty() {
            let from = if items.is_empty() { Some(rest) } else { rest.strip_prefix(", ") };
            let (text, after) = from.and_then(string).ok_or_else(wanted)?;
            items.push(name(&text, self.line)?);
            rest = after;
        }
        Ok(items)
    }
}

/// The fields of one item that are still to be read.
pub(super) struct Fields<'t> {
    rest: &'t str,
    line: usize,
    first: bool,
}

impl<'t> Fields<'t> {
    pub(super) fn of(text: &'t str, line: usize) -> Self {
        Self { rest: text, line, first: true }
    }

    pub(super) fn are_read(&self) -> bool {
        self.rest.is_empty()
    }

    /// What follows `name = `, if that is the next field.
    fn after(&self, name: &str) -> Option<&'t str> {
        let rest = if self.first { self.rest } else { self.rest.strip_prefix(", ")? };
        rest.strip_prefix(name)?.strip_prefix(" = ")
    }

    pub(super) fn string(&mut self, name: &str) -> Result<Option<Cow<'t, str>>, EntryError> {
        let Some(rest) = self.after(name) else { return Ok(None) };
        let wanted = EntryError::Expected { line: self.line, wanted: "an item with strings" };
        let (text, rest) = string(rest).ok_or(wanted)?;
        (self.rest, self.first) = (rest, false);
        Ok(Some(text))
    }

    pub(super) fn name<T: FromStr<Err = NameError>>(
        &mut self,
        field: &str,
    ) -> Result<Option<T>, EntryError> {
        let line = self.line;
        self.string(field)?.map(|text| name(&text, line)).transpose()
    }

    pub(super) fn due(&mut self) -> Result<Option<Date>, EntryError> {
        let Some(rest) = self.after("due") else { return Ok(None) };
        let day = rest.split_at_checked(10).and_then(|(day, rest)| Some((date(day)?, rest)));
        let wanted =
            EntryError::Expected { line: self.line, wanted: "an item with a day as `due`" };
        let (day, rest) = day.ok_or(wanted)?;
        self.rest = rest;
        Ok(Some(day))
    }
}

/// `YYYY-MM-DD`, ten bytes.
fn date(text: &str) -> Option<Date> {
    let number = |from, to| text.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| number(from, to)?.try_into().ok();
    Date::new(number(0, 4)?, small(5, 7)?, small(8, 10)?).ok()
}

pub(super) fn name<T: FromStr<Err = NameError>>(text: &str, line: usize) -> Result<T, EntryError> {
    text.parse().map_err(|source| EntryError::Name { line, source })
}

/// Reads a string in double quotes, and gives what follows it.
fn string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let end = text.bytes().position(|b| matches!(b, b'"' | b'\\'))?;
    if text.as_bytes().get(end) == Some(&b'"') {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut out = String::new();
    let mut rest = text;
    loop {
        let end = rest.find(['"', '\\'])?;
        out.push_str(&rest[..end]);
        let (sign, after) = rest[end..].split_at(1);
        if sign == "\"" {
            return Some((Cow::Owned(out), after));
        }
        let (c, after) = unescape(after)?;
        out.push(c);
        rest = after;
    }
}

/// Reads what follows a backslash: only what the printer writes, so no `\n`.
fn unescape(text: &str) -> Option<(char, &str)> {
    let (kind, rest) = text.split_at_checked(1)?;
    match kind {
        "\"" => Some(('"', rest)),
        "\\" => Some(('\\', rest)),
        "u" => {
            let (digits, rest) = rest.split_at_checked(4)?;
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest))
        }
        _ => None,
    }
}
