//! The text of an entry, read strictly: a line at a time, in the one layout that [`super::render`]
//! prints. That is simpler than TOML in general, faster, and leaves nothing to hide in.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::entry::{
    Entry, FileChange, Item, KeyringRecord, Kind, Note, Op, Origin, PolicyStep, VERSION,
};
use super::signature::Signature;
use super::{EntryError, MARKER, MAX_BYTES, render};
use crate::names::{Address, EntryId, NameError};

/// An entry whose text is in order. Who signed it, and whether they may, is still open.
#[derive(Debug, Clone)]
pub struct SignedEntry {
    /// The hash of the payload.
    pub id: EntryId,
    /// What it says.
    pub entry: Entry,
    /// The bytes that were hashed and parsed, and over which the signature goes.
    pub payload: Vec<u8>,
    /// Parsed, not verified.
    pub signature: Signature,
}

impl SignedEntry {
    /// Reads the whole of a file.
    ///
    /// # Errors
    /// [`EntryError::LineEndings`] where git has changed the file on its way;
    /// [`EntryError::Version`] and [`EntryError::Checkpoint`] for what a newer program reads,
    /// whatever else is in it; any other for a file that is no entry.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_BYTES {
            return Err(EntryError::TooLarge);
        }
        if let Some(at) = bytes.iter().position(|b| *b == b'\r') {
            return Err(EntryError::LineEndings { line: line_of(bytes, at) });
        }
        check_version(bytes)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|e| EntryError::NotText { line: line_of(bytes, e.valid_up_to()) })?;
        let (payload, armor) = split(text)?;
        let entry = Entry::parse(payload)?;
        let signature =
            Signature::from_armor(armor).map_err(|why| EntryError::Signature { why })?;
        let payload = payload.as_bytes().to_vec();
        Ok(Self { id: EntryId::of(&payload), entry, payload, signature })
    }
}

impl Entry {
    /// Reads a payload without a signature. Takes exactly what [`Entry::render`] can give.
    ///
    /// # Errors
    /// As [`SignedEntry::parse`].
    pub fn parse(payload: &str) -> Result<Self, EntryError> {
        check_version(payload.as_bytes())?;
        let mut lines = Lines { rest: payload, line: 1 };
        let entry = entry(&mut lines)?;
        if !lines.rest.is_empty() {
            return Err(lines.expected("the end, or the next field"));
        }
        let printed = render::write(&entry)?;
        if printed != payload {
            let same = printed.bytes().zip(payload.bytes()).take_while(|(a, b)| a == b).count();
            let line = line_of(payload.as_bytes(), same);
            return Err(EntryError::Rule { line, why: "is not in the canonical layout" });
        }
        Ok(entry)
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|b| **b == b'\n').count()
}

/// The first line of an entry of any version is `v = N`, so that an old program can tell.
fn check_version(bytes: &[u8]) -> Result<(), EntryError> {
    let wanted = EntryError::Expected { line: 1, wanted: "`v = 1`" };
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let number = line.strip_prefix(b"v = ").and_then(|n| std::str::from_utf8(n).ok());
    let number = number.filter(|n| n.starts_with(|c: char| ('1'..='9').contains(&c)));
    match number.filter(|n| n.bytes().all(|b| b.is_ascii_digit())).map(str::parse) {
        Some(Ok(version)) if version == u64::from(VERSION) => Ok(()),
        Some(Ok(version)) => Err(EntryError::Version { version }),
        _ => Err(wanted),
    }
}

fn split(text: &str) -> Result<(&str, &str), EntryError> {
    let mut markers = text.match_indices(MARKER).map(|(at, _)| at);
    match (markers.next(), markers.next()) {
        (None, _) => Err(EntryError::Signature { why: "is missing" }),
        (Some(_), Some(_)) => Err(EntryError::Signature { why: "stands there more than once" }),
        (Some(at), None) if text[..at].ends_with('\n') => Ok(text.split_at(at)),
        (Some(_), None) => Err(EntryError::Signature { why: "does not begin a line" }),
    }
}

fn entry(lines: &mut Lines<'_>) -> Result<Entry, EntryError> {
    lines.field("v", "`v`")?;
    let word = lines.field("kind", "`kind`")?;
    let read_kind = match &*word.string()? {
        "init" => init,
        "policy" => policy,
        "seal" => seal,
        "note" => note,
        "checkpoint" => return Err(EntryError::Checkpoint),
        _ => return Err(word.expected("a kind: init, policy, seal or note")),
    };
    let (mut root, mut parents, mut policy) = (None, Vec::new(), None);
    if word.text != "\"init\"" {
        root = Some(lines.field("root", "`root`")?.name()?);
        parents = lines.field("parents", "`parents`")?.list()?;
        policy = Some(lines.field("policy", "`policy`")?.name()?);
    }
    let time = lines.field("time", "`time`")?.time()?;
    let by = lines.field("by", "`by`")?.name()?;
    let reason = lines.optional("reason").map(|r| r.string().map(Cow::into_owned)).transpose()?;
    Ok(Entry { kind: read_kind(lines)?, root, parents, policy, time, by, reason })
}

fn init(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let seq = lines.field("seq", "`seq`")?.number()?;
    let hash = lines.field("policy-hash", "`policy-hash`")?.name()?;
    Ok(Kind::Init(PolicyStep { seq, prev: None, hash }))
}

fn policy(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let seq = lines.field("seq", "`seq`")?.number()?;
    let prev = Some(lines.field("prev", "`prev`")?.name()?);
    let hash = lines.field("policy-hash", "`policy-hash`")?.name()?;
    Ok(Kind::Policy(PolicyStep { seq, prev, hash }))
}

fn note(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let word = lines.field("note", "`note`")?;
    if word.string()? != "approve" {
        return Err(word.expected("a kind of note: approve"));
    }
    let target = lines.field("target", "`target`")?.name()?;
    Ok(Kind::Note(Note::Approve { target }))
}

fn seal(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let mut files = Vec::new();
    while lines.table("[[file]]")? {
        files.push(file(lines)?);
    }
    let mut keyrings = Vec::new();
    while lines.table("[[keyring]]")? {
        keyrings.push(keyring(lines)?);
    }
    Ok(Kind::Seal { files, keyrings })
}

fn file(lines: &mut Lines<'_>) -> Result<FileChange, EntryError> {
    let env = lines.field("env", "`env`")?.name()?;
    let path = lines.field("path", "`path`")?.name()?;
    lines.exactly("items = [", "`items = [`")?;
    let mut items = Vec::new();
    while lines.peek() != "]" {
        let line = lines.line;
        let text = lines.take().strip_prefix("  { ").and_then(|text| text.strip_suffix(" },"));
        let text = text.ok_or(EntryError::Expected { line, wanted: "an item, or `]`" })?;
        items.push(Fields { rest: text, line, first: true }.item()?);
    }
    lines.take();
    Ok(FileChange { env, path, items })
}

fn keyring(lines: &mut Lines<'_>) -> Result<KeyringRecord, EntryError> {
    Ok(KeyringRecord {
        env: lines.field("env", "`env`")?.name()?,
        generation: lines.field("gen", "`gen`")?.name()?,
        recipient: lines.field("recipient", "`recipient`")?.string()?.into_owned(),
        earlier: lines.field("earlier", "`earlier`")?.list()?,
        hash: lines.field("hash", "`hash`")?.name()?,
    })
}

/// The lines that are still to be read.
struct Lines<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Lines<'t> {
    fn expected(&self, wanted: &'static str) -> EntryError {
        EntryError::Expected { line: self.line, wanted }
    }

    /// The next line; empty at the end, which no rule takes for a line.
    fn peek(&self) -> &'t str {
        self.rest.split_once('\n').map_or(self.rest, |(line, _)| line)
    }

    fn take(&mut self) -> &'t str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        line
    }

    fn exactly(&mut self, line: &str, wanted: &'static str) -> Result<(), EntryError> {
        if self.peek() != line {
            return Err(self.expected(wanted));
        }
        self.take();
        Ok(())
    }

    fn optional(&mut self, name: &str) -> Option<Value<'t>> {
        let text = self.peek().strip_prefix(name)?.strip_prefix(" = ")?;
        let line = self.line;
        self.take();
        Some(Value { text, line })
    }

    fn field(&mut self, name: &str, wanted: &'static str) -> Result<Value<'t>, EntryError> {
        let missing = self.expected(wanted);
        self.optional(name).ok_or(missing)
    }

    /// Takes an empty line and the table's header, if they come next.
    fn table(&mut self, header: &str) -> Result<bool, EntryError> {
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
struct Value<'t> {
    text: &'t str,
    line: usize,
}

impl<'t> Value<'t> {
    fn expected(&self, wanted: &'static str) -> EntryError {
        EntryError::Expected { line: self.line, wanted }
    }

    fn string(&self) -> Result<Cow<'t, str>, EntryError> {
        match string(self.text) {
            Some((text, "")) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    fn name<T: FromStr<Err = NameError>>(&self) -> Result<T, EntryError> {
        name(&self.string()?, self.line)
    }

    fn number(&self) -> Result<u32, EntryError> {
        self.text.parse().map_err(|_| self.expected("a number"))
    }

    fn time(&self) -> Result<Timestamp, EntryError> {
        self.string()?.parse().map_err(|_| self.expected("a time in UTC"))
    }

    fn list<T: FromStr<Err = NameError>>(&self) -> Result<Vec<T>, EntryError> {
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
struct Fields<'t> {
    rest: &'t str,
    line: usize,
    first: bool,
}

impl<'t> Fields<'t> {
    fn item(mut self) -> Result<Item, EntryError> {
        let line = self.line;
        let missing = |wanted| EntryError::Expected { line, wanted };
        let word = self.string("op")?.ok_or_else(|| missing("an item that begins with `op`"))?;
        let op = Op::ALL.into_iter().find(|op| op.word() == word);
        let item = Item {
            op: op.ok_or_else(|| missing("an item with an `op` that is known"))?,
            key: self.name("key")?.ok_or_else(|| missing("an item with `key` after `op`"))?,
            of: self.string("of")?.map(|text| origin(&text, line)).transpose()?,
            generation: self.name("gen")?,
            kind: self.name("type")?,
            due: self.due()?,
            hash: self.name("hash")?,
        };
        if !self.rest.is_empty() {
            return Err(missing("an item with known fields, each once and in order"));
        }
        Ok(item)
    }

    /// What follows `name = `, if that is the next field.
    fn after(&self, name: &str) -> Option<&'t str> {
        let rest = if self.first { self.rest } else { self.rest.strip_prefix(", ")? };
        rest.strip_prefix(name)?.strip_prefix(" = ")
    }

    fn string(&mut self, name: &str) -> Result<Option<Cow<'t, str>>, EntryError> {
        let Some(rest) = self.after(name) else { return Ok(None) };
        let wanted = EntryError::Expected { line: self.line, wanted: "an item with strings" };
        let (text, rest) = string(rest).ok_or(wanted)?;
        (self.rest, self.first) = (rest, false);
        Ok(Some(text))
    }

    fn name<T: FromStr<Err = NameError>>(&mut self, field: &str) -> Result<Option<T>, EntryError> {
        let line = self.line;
        self.string(field)?.map(|text| name(&text, line)).transpose()
    }

    fn due(&mut self) -> Result<Option<Date>, EntryError> {
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

fn name<T: FromStr<Err = NameError>>(text: &str, line: usize) -> Result<T, EntryError> {
    text.parse().map_err(|source| EntryError::Name { line, source })
}

fn origin(text: &str, line: usize) -> Result<Origin, EntryError> {
    let wanted = EntryError::Expected { line, wanted: "an item with `<entry>:<address>` as `of`" };
    let (entry, address) = text.split_once(':').ok_or(wanted)?;
    Ok(Origin { entry: name(entry, line)?, address: name::<Address>(address, line)? })
}

/// Reads a string in double quotes, and gives what follows it.
fn string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let end = text.find(['"', '\\'])?;
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
