//! An entry as text. The grammar has one text per entry, so that nothing can hide in a layout.
//!
//! The rules about the parts of an entry are kept here, too: [`super::parse`] prints what it has read,
//! and compares.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::entry::{Entry, FileChange, Item, KeyringRecord, Kind, Op, PolicyStep, VERSION};
use super::rules::{check_item, check_reason, generation_of};
use super::{EntryError, MARKER, MAX_BYTES};

/// What a signature may take: that of the longest RSA key we take has some 1,600 bytes.
const ROOM_FOR_SIGNATURE: usize = 16 << 10;

impl Entry {
    /// Prints the payload, in the one layout that is read.
    ///
    /// # Errors
    /// [`EntryError::Reason`] for words that cannot stand in an entry, [`EntryError::TooLarge`] where
    /// several entries are needed, [`EntryError::Rule`] for parts that are out of order or make no
    /// sense.
    pub fn render(&self) -> Result<String, EntryError> {
        let text = write(self, 1024)?;
        if text.len() + ROOM_FOR_SIGNATURE > MAX_BYTES {
            return Err(EntryError::TooLarge);
        }
        Ok(text)
    }

    /// Puts parents, files, items, keyrings and the values of a note into the order that [`Entry::render`] demands.
    pub fn sort(&mut self) {
        self.parents.sort_unstable();
        self.parents.dedup();
        if let Kind::Note(note) = &mut self.kind {
            note.sort();
        }
        let Kind::Seal { files, keyrings } = &mut self.kind else { return };
        files.sort_by(|a, b| (&a.env, &a.path).cmp(&(&b.env, &b.path)));
        for file in files {
            file.items.sort_by_cached_key(|item| item.key.to_string());
        }
        keyrings.sort_by(|a, b| (&a.env, a.generation).cmp(&(&b.env, b.generation)));
    }
}

impl Op {
    /// Every op.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Rekey, Self::Move, Self::Adopt, Self::Extend, Self::Delete];

    /// The word that stands in entries.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Rekey => "rekey",
            Self::Move => "move",
            Self::Adopt => "adopt",
            Self::Extend => "extend",
            Self::Delete => "delete",
        }
    }
}

/// Joins a payload and its signature to the bytes of a file.
///
/// The armor is laid out anew, since programs that sign differ in line endings and widths. What is no
/// armor stays as it is: parsing will refuse it.
#[must_use]
pub fn join(payload: &str, armored_signature: &str) -> Vec<u8> {
    let mut file = payload.to_owned();
    let mut lines = armored_signature.trim().lines().map(str::trim_end);
    let (first, last) = (lines.next().unwrap_or_default(), lines.next_back().unwrap_or_default());
    let body: String = lines.collect();
    file.push_str(first);
    for (at, c) in body.chars().enumerate() {
        if at % super::signature::ARMOR_WIDTH == 0 {
            file.push('\n');
        }
        file.push(c);
    }
    file.push('\n');
    file.push_str(last);
    file.push('\n');
    file.into_bytes()
}

/// Prints without a limit of size: a file of up to 1 MiB is read, whoever wrote it. `room` is how many
/// bytes it will probably be.
pub(super) fn write(entry: &Entry, room: usize) -> Result<String, EntryError> {
    let mut to = Writer { out: String::with_capacity(room), line: 1 };
    to.head(entry)?;
    match &entry.kind {
        Kind::Init(step) | Kind::Policy(step) => to.step(step),
        Kind::Note(note) => note.write(entry.reason.as_deref(), &mut to)?,
        Kind::Seal { files, keyrings } => to.seal(files, keyrings)?,
    }
    if to.out.contains(MARKER) {
        return Err(to.broken("holds the marker of a signature"));
    }
    Ok(to.out)
}

pub(super) fn kind_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Init(_) => "init",
        Kind::Policy(_) => "policy",
        Kind::Seal { .. } => "seal",
        Kind::Note(_) => "note",
    }
}

/// Characters that are not seen, or that change how others are seen, stand as `\uXXXX`.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    if text.bytes().all(plain) {
        out.push_str(text);
    } else {
        text.chars().for_each(|c| escape(out, c));
    }
    out.push('"');
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        _ if is_unseen(c) => put(out, format_args!("\\u{:04X}", u32::from(c))),
        _ => out.push(c),
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all text");
}

pub(super) struct Writer {
    out: String,
    /// The line that is written next, for messages.
    line: usize,
}

impl Writer {
    pub(super) fn broken(&self, why: &'static str) -> EntryError {
        EntryError::Rule { line: self.line, why }
    }

    pub(super) fn value(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        put(&mut self.out, format_args!("{name} = {value}\n"));
        self.line += 1;
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.out.push_str(name);
        self.out.push_str(" = ");
        quote(&mut self.out, text);
        self.plain("");
    }

    pub(super) fn plain(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
        self.line += 1;
    }

    /// A text as one line of a list.
    pub(super) fn listed(&mut self, text: &str) {
        self.out.push_str("  ");
        quote(&mut self.out, text);
        self.plain(",");
    }

    fn list<T: std::fmt::Display>(&mut self, name: &str, items: &[T]) {
        put(&mut self.out, format_args!("{name} = ["));
        for (at, item) in items.iter().enumerate() {
            put(&mut self.out, format_args!("{}\"{item}\"", if at == 0 { "" } else { ", " }));
        }
        self.plain("]");
    }

    fn head(&mut self, entry: &Entry) -> Result<(), EntryError> {
        self.value("v", format_args!("{VERSION}"));
        self.text("kind", kind_word(&entry.kind));
        self.ancestry(entry)?;
        let (time, first) = (entry.time, Timestamp::UNIX_EPOCH);
        if time.subsec_nanosecond() != 0 {
            return Err(self.broken("a time is in whole seconds"));
        }
        if time < first {
            return Err(self.broken("a time is not before 1970"));
        }
        self.value("time", format_args!("\"{time}\""));
        self.text("by", entry.by.as_str());
        if let Some(reason) = &entry.reason {
            check_reason(reason)?;
            self.text("reason", reason);
        }
        Ok(())
    }

    fn ancestry(&mut self, entry: &Entry) -> Result<(), EntryError> {
        match (&entry.kind, entry.root, entry.policy) {
            (Kind::Init(step), None, None) => {
                if !entry.parents.is_empty() {
                    return Err(self.broken("`init` has no parents"));
                }
                if step.seq != 1 {
                    return Err(self.broken("`init` has `seq` 1"));
                }
                if step.prev.is_some() {
                    return Err(self.broken("`init` has no `prev`"));
                }
                return Ok(());
            }
            (Kind::Init(_), ..) => return Err(self.broken("`init` has no `root` and no `policy`")),
            (Kind::Policy(step), _, policy) => {
                if step.seq <= 1 {
                    return Err(self.broken("only `init` has `seq` 1"));
                }
                if step.prev != policy {
                    return Err(self.broken("`prev` is the same as `policy`"));
                }
            }
            _ => {}
        }
        let (Some(root), Some(policy)) = (entry.root, entry.policy) else {
            return Err(self.broken("all but `init` have `root` and `policy`"));
        };
        self.value("root", format_args!("\"{root}\""));
        if entry.parents.is_empty() {
            return Err(self.broken("all but `init` have parents"));
        }
        let sorted = entry.parents.is_sorted_by(|a, b| a < b);
        if !sorted {
            return Err(self.broken("parents are sorted, each once"));
        }
        self.list("parents", &entry.parents);
        self.value("policy", format_args!("\"{policy}\""));
        Ok(())
    }

    fn step(&mut self, step: &PolicyStep) {
        self.value("seq", format_args!("{}", step.seq));
        if let Some(prev) = step.prev {
            self.value("prev", format_args!("\"{prev}\""));
        }
        self.value("policy-hash", format_args!("\"{}\"", step.hash));
    }

    fn seal(&mut self, files: &[FileChange], rings: &[KeyringRecord]) -> Result<(), EntryError> {
        if files.is_empty() && rings.is_empty() {
            return Err(self.broken("a seal has a file or a keyring"));
        }
        let sorted = files.is_sorted_by(|a, b| (&a.env, &a.path) < (&b.env, &b.path));
        if !sorted {
            return Err(self.broken("files are sorted by environment and path, each once"));
        }
        let sorted = rings.is_sorted_by(|a, b| (&a.env, a.generation) < (&b.env, b.generation));
        if !sorted {
            return Err(self.broken("keyrings are sorted by environment and generation, each once"));
        }
        files.iter().try_for_each(|file| self.file(file))?;
        rings.iter().try_for_each(|ring| self.keyring(ring))
    }

    fn file(&mut self, file: &FileChange) -> Result<(), EntryError> {
        self.plain("");
        self.plain("[[file]]");
        self.text("env", file.env.as_str());
        self.text("path", file.path.as_str());
        if file.items.is_empty() {
            return Err(self.broken("a file has items"));
        }
        self.plain("items = [");
        let mut before: Option<String> = None;
        for item in &file.items {
            let key = item.key.to_string();
            let sorted = before.as_deref() < Some(key.as_str());
            if !sorted {
                return Err(self.broken("items are sorted, one per key"));
            }
            check_item(file, item).map_err(|why| self.broken(why))?;
            self.item(item, &key);
            before = Some(key);
        }
        self.plain("]");
        Ok(())
    }

    fn item(&mut self, item: &Item, key: &str) {
        let out = &mut self.out;
        put(out, format_args!("  {{ op = \"{}\", key = ", item.op.word()));
        quote(out, key);
        if let Some(of) = &item.of {
            out.push_str(", of = ");
            quote(out, &of.to_string());
        }
        if let Some(generation) = item.generation {
            put(out, format_args!(", gen = \"{generation}\""));
        }
        if let Some(kind) = &item.kind {
            put(out, format_args!(", type = \"{kind}\""));
        }
        if let Some(due) = item.due {
            put(out, format_args!(", due = {due}"));
        }
        if let Some(hash) = item.hash {
            put(out, format_args!(", hash = \"{hash}\""));
        }
        self.plain(" },");
    }

    fn keyring(&mut self, ring: &KeyringRecord) -> Result<(), EntryError> {
        self.plain("");
        self.plain("[[keyring]]");
        self.text("env", ring.env.as_str());
        self.value("gen", format_args!("\"{}\"", ring.generation));
        let id = generation_of(&ring.recipient);
        if id.is_none() {
            return Err(self.broken("a keyring's recipient is an X25519 recipient of age"));
        }
        if id != Some(ring.generation) {
            return Err(self.broken("a keyring's `gen` follows from its recipient"));
        }
        self.text("recipient", &ring.recipient);
        let mut all = ring.earlier.clone();
        all.push(ring.generation);
        all.sort_unstable();
        let unique = all.is_sorted_by(|a, b| a < b);
        if !unique {
            return Err(self.broken("a keyring names each generation once"));
        }
        self.list("earlier", &ring.earlier);
        self.value("hash", format_args!("\"{}\"", ring.hash));
        Ok(())
    }
}
