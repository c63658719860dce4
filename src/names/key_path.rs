//! Where a value stands in its file: `database.password`, `hosts[0]`, `@2.kind`, `KEY#2`, `*`.

use std::fmt;
use std::str::FromStr;

use super::{NameError, Shared, serde_as_text};

/// One step from the root of a document to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A mapping's key, a section, a variable; `nth` counts from 1 where a key stands more than once.
    Key {
        /// The key's text after the format's own unquoting.
        name: Shared,
        /// 1 for the first, 2 for the second with the same name.
        nth: u32,
    },
    /// A position in a list, from 0.
    Index(u32),
    /// Any position in a list: what a token is bound to, so that elements can move.
    AnyIndex,
}

impl Segment {
    /// The first key of this name.
    #[must_use]
    pub fn key(name: impl AsRef<str>) -> Self {
        Self::Key { name: Shared::of(name.as_ref()), nth: 1 }
    }
}

/// Where a value stands in its file.
///
/// Its text is the design's, section 3: segments outside `[A-Za-z0-9_-]+` are JSON strings, `[n]` is a
/// position, `@n` the document (always written where there is no segment), `#n` the n-th of the same
/// key, `*` the whole file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPath {
    /// A place in a document.
    Place {
        /// Counts the documents of a file from 1.
        document: u32,
        /// The steps from the document's root; none means the root itself.
        segments: Vec<Segment>,
    },
    /// The whole file, sealed as one.
    Whole,
}

impl KeyPath {
    /// The root of the n-th document, counted from 1.
    #[must_use]
    pub fn root(document: u32) -> Self {
        Self::Place { document, segments: Vec::new() }
    }

    /// A place in the first document.
    #[must_use]
    pub fn of(segments: Vec<Segment>) -> Self {
        Self::Place { document: 1, segments }
    }

    /// The steps from the root; none for the whole file.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        match self {
            Self::Place { segments, .. } => segments,
            Self::Whole => &[],
        }
    }

    /// The item this place belongs to: all that lies under a list is one item.
    #[must_use]
    pub fn item(&self) -> Self {
        match self {
            Self::Whole => Self::Whole,
            Self::Place { document, segments } => {
                let end = segments.iter().position(|s| !matches!(s, Segment::Key { .. }));
                let segments = segments[..end.unwrap_or(segments.len())].to_vec();
                Self::Place { document: *document, segments }
            }
        }
    }

    /// The same place with every list position as `[]`: what a token is bound to.
    #[must_use]
    pub fn bound(&self) -> Self {
        match self {
            Self::Whole => Self::Whole,
            Self::Place { document, segments } => {
                let any = |s: &Segment| match s {
                    Segment::Index(_) => Segment::AnyIndex,
                    other => other.clone(),
                };
                Self::Place { document: *document, segments: segments.iter().map(any).collect() }
            }
        }
    }

    /// Tells whether another place lies in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Place { document: a, segments: mine },
                Self::Place { document: b, segments },
            ) => a == b && segments.len() > mine.len() && segments.starts_with(mine),
            _ => false,
        }
    }

    /// The name of the last key, if the path ends in one.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        match self.segments().last() {
            Some(Segment::Key { name, .. }) => Some(name.as_str()),
            _ => None,
        }
    }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Place { document, segments } = self else {
            return f.write_str("*");
        };
        let mut first = true;
        if *document != 1 || !matches!(segments.first(), Some(Segment::Key { .. })) {
            write!(f, "@{document}")?;
            first = false;
        }
        for segment in segments {
            match segment {
                Segment::Index(n) => write!(f, "[{n}]")?,
                Segment::AnyIndex => f.write_str("[]")?,
                Segment::Key { name, nth } => {
                    if !first {
                        f.write_str(".")?;
                    }
                    let name = name.as_str();
                    if is_bare(name) {
                        f.write_str(name)?;
                    } else {
                        f.write_str(&serde_json::Value::from(name).to_string())?;
                    }
                    if *nth != 1 {
                        write!(f, "#{nth}")?;
                    }
                }
            }
            first = false;
        }
        Ok(())
    }
}

/// Reads the text from left to right.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(c) else { return false };
        self.rest = rest;
        true
    }

    fn take(&mut self, accept: impl Fn(u8) -> bool) -> &str {
        let end = self.rest.bytes().position(|b| !accept(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A number without leading zeros, so that each path has one text only.
    fn number(&mut self) -> Result<u32, NameError> {
        let digits = self.take(|b| b.is_ascii_digit());
        if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
            return Err(bad("has a malformed number"));
        }
        digits.parse().map_err(|_| bad("has a number that is too large"))
    }

    fn number_from_one(&mut self) -> Result<u32, NameError> {
        match self.number()? {
            0 => Err(bad("counts documents and repeated keys from 1")),
            n => Ok(n),
        }
    }

    fn name(&mut self) -> Result<String, NameError> {
        if !self.rest.starts_with('"') {
            let name =
                self.take(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-').to_owned();
            return if name.is_empty() { Err(bad("has an empty segment")) } else { Ok(name) };
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let Some(Ok(name)) = values.next() else {
            return Err(bad("has a malformed JSON string"));
        };
        self.rest = &self.rest[values.byte_offset()..];
        Ok(name)
    }

    fn index(&mut self) -> Result<Segment, NameError> {
        if self.eat(']') {
            return Ok(Segment::AnyIndex);
        }
        let n = self.number()?;
        if !self.eat(']') {
            return Err(bad("has a `[` without its `]`"));
        }
        Ok(Segment::Index(n))
    }

    fn key(&mut self) -> Result<Segment, NameError> {
        let name = self.name()?;
        let nth = if self.eat('#') { self.number_from_one()? } else { 1 };
        Ok(Segment::Key { name: Shared::of(&name), nth })
    }
}

fn bad(why: &'static str) -> NameError {
    NameError { what: "a key path", why }
}

impl FromStr for KeyPath {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" {
            return Ok(Self::Whole);
        }
        // Most keys are one bare name, which is its own shortest form.
        if is_bare(text) {
            return Ok(Self::of(vec![Segment::key(text)]));
        }
        let mut reader = Reader { rest: text };
        let mut segments = Vec::new();
        let mut document = 1;
        if reader.eat('@') {
            document = reader.number_from_one()?;
        } else if reader.rest.starts_with('[') {
            return Err(bad("must begin with a key or `@`"));
        } else {
            segments.push(reader.key()?);
        }
        while !reader.rest.is_empty() {
            if reader.eat('[') {
                segments.push(reader.index()?);
            } else if reader.eat('.') {
                segments.push(reader.key()?);
            } else {
                return Err(bad("has something after a segment that is no `.`, `[` or `#`"));
            }
        }
        segments.shrink_to_fit();
        let path = Self::Place { document, segments };
        if path.to_string() == text { Ok(path) } else { Err(bad("is not in its shortest form")) }
    }
}

serde_as_text!(KeyPath);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_the_designs() {
        for text in [
            "STRIPE_KEY",
            "database.password",
            "\"a.b\".c",
            "@2.kind",
            "@1",
            "@3",
            "@1[0]",
            "hosts[0].name",
            "KEY#2",
            "section.KEY#2",
            "*",
            "\"*\"",
            "\"\"",
            "\"ä \\\"\"",
        ] {
            assert_eq!(text.parse::<KeyPath>().unwrap().to_string(), text);
        }
        for bad in [
            "", ".a", "a.", "a..b", "[0]", "a[01]", "a#1", "a#0", "@1.a", "\"a\"", "a b", "a[",
            "\"a",
        ] {
            assert!(bad.parse::<KeyPath>().is_err(), "{bad}");
        }
    }

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            ("\\PC{0,8}", 1..4_u32)
                .prop_map(|(name, nth)| Segment::Key { name: Shared::of(&name), nth }),
            (0..1000_u32).prop_map(Segment::Index),
            Just(Segment::AnyIndex),
        ]
    }

    proptest! {
        #[test]
        fn parsing_takes_back_printing(
            document in 1..5_u32,
            segments in prop::collection::vec(segment(), 0..6),
        ) {
            let path = KeyPath::Place { document, segments };
            prop_assert_eq!(path.to_string().parse::<KeyPath>().unwrap(), path);
        }
    }
}
