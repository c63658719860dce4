//! YAML: values and comments by span, and a refusal wherever readers might disagree.
//!
//! `granit-parser` tells structure and spans. What lies between its spans is looked at again here, so
//! that nothing stands in a file that is neither a value, a key, a property, a comment nor punctuation.

mod block;
mod key;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::tree::{Collection, Key, Refusal, Tree, line_of};
use super::{Document, Format, Node, NotSpliceable};
use block::Block;

pub(crate) use block::attested_slice;

/// Finds the values and comments of a YAML text.
///
/// An empty value's span is where a text for it would go, after a space, if its key has a colon.
///
/// # Errors
/// [`NotSpliceable`] where the parser refuses the text, or readers might take it differently.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    // Some readers count it as a column of the first line, and see another nesting.
    if text.starts_with('\u{feff}') {
        return Err(NotSpliceable {
            line: 1,
            why: "a byte order mark, which moves the first line",
        });
    }
    let mut walker = Walker {
        text,
        at: 0,
        tree: Tree::new(text.len()),
        comments: Vec::new(),
        flow: 0,
        anchors: HashSet::new(),
    };
    check_characters(text)?;
    walker.walk()?;
    let Walker { tree, comments, .. } = walker;
    let leaves = tree.finish().map_err(|why| NotSpliceable { line: 1, why })?;
    Ok(Document { format: Format::Yaml, text, leaves, comments })
}

/// Refuses what is not printable for YAML, and what only some readers take for a line break: behind
/// one, a comment for us would be a key for them.
fn check_characters(text: &str) -> Result<(), NotSpliceable> {
    let plain = |b: u8| matches!(b, b'\t' | b'\n' | b' '..=b'~');
    if text.bytes().all(plain) {
        return Ok(());
    }
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let why = match c {
            '\r' if rest.peek().is_none_or(|(_, next)| *next != '\n') => {
                "a carriage return that ends no line"
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                "a character that is a line break only for some readers"
            }
            '\t' | '\n' | '\r' | ' '..='~' => continue,
            '\0'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                "a character that YAML does not allow"
            }
            _ => continue,
        };
        return Err(NotSpliceable { line: line_of(text, at), why });
    }
    Ok(())
}

/// Tag and anchor of a node.
#[derive(Default)]
struct Properties {
    tag: String,
    anchor: String,
}

impl Properties {
    fn any(&self) -> bool {
        !self.tag.is_empty() || !self.anchor.is_empty()
    }
}

struct Walker<'t> {
    text: &'t str,
    /// The end of what was accounted for.
    at: usize,
    tree: Tree,
    comments: Vec<Range<usize>>,
    /// How many `[` and `{` are open.
    flow: usize,
    /// The anchors of this document.
    anchors: HashSet<&'t str>,
}

impl<'t> Walker<'t> {
    fn walk(&mut self) -> Result<(), NotSpliceable> {
        let options = granit_parser::options! {
            strict_indentation: false,
            disallow_directives: true,
            emit_anchor_events: true,
            emit_comments: false,
            block_nesting_limit: 129,
            flow_nesting_limit: 129,
        };
        let parser = Parser::new_from_str_with_options(self.text, options);
        let mut events = parser.peekable();
        while let Some(next) = events.next() {
            let (event, span) = next.map_err(|error| NotSpliceable {
                line: error.marker().line().max(1),
                why: "the YAML parser refuses it",
            })?;
            let anchor = match events.peek() {
                Some(Ok((Event::Anchor(..), span))) => span.byte_range(),
                _ => None,
            };
            let start = span.byte_range().map_or(0, |range| range.start);
            self.event(&event, span, anchor).map_err(|why| NotSpliceable {
                line: line_of(self.text, self.at.max(start)),
                why,
            })?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        event: &Event<'_>,
        span: Span,
        anchor: Option<Range<usize>>,
    ) -> Result<(), Refusal> {
        let range = span.byte_range().unwrap_or(usize::MAX..usize::MAX);
        if self.text.get(range.clone()).is_none() {
            return Err("the YAML parser tells of a place outside the text");
        }
        match event {
            Event::StreamStart | Event::Anchor(..) => Ok(()),
            Event::StreamEnd => self.pass(self.text.len()),
            Event::DocumentStart(explicit, _) => {
                self.anchors.clear();
                self.tree.next_document()?;
                // An implicit start has the span of the first token.
                if *explicit { self.token(range) } else { Ok(()) }
            }
            Event::DocumentEnd => self.token_if_any(range),
            Event::MappingEnd | Event::SequenceEnd => {
                self.flow = self.flow.saturating_sub(usize::from(!range.is_empty()));
                self.token_if_any(range)?;
                self.tree.close()
            }
            Event::Alias(_) => self.alias(range),
            Event::Scalar(value, style, ..) => {
                let properties = self.properties(span, anchor)?;
                self.scalar(value, *style, range, properties)
            }
            Event::MappingStart(..) => {
                let properties = self.properties(span, anchor)?;
                self.collection(Collection::Mapping, range, properties)
            }
            Event::SequenceStart(..) => {
                let properties = self.properties(span, anchor)?;
                self.collection(Collection::List, range, properties)
            }
            _ => Err("the YAML parser tells of something unknown"),
        }
    }

    /// Passes over white space, comments and punctuation, up to `limit` or to what is neither.
    fn skip(&mut self, limit: usize) -> Result<(), Refusal> {
        let bytes = self.text.as_bytes();
        while self.at < limit {
            match bytes[self.at] {
                b' ' | b'\t' | b'\r' | b'\n' | b'-' | b'?' | b':' | b',' => self.at += 1,
                b'#' => self.comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Refusal> {
        let before = self.text[..self.at].chars().next_back();
        if !matches!(before, None | Some(' ' | '\t' | '\n')) {
            return Err("a comment sign without a space before it");
        }
        let rest = &self.text[self.at + 1..];
        let line = rest.split('\n').next().unwrap_or(rest);
        let start = self.at + 1 + usize::from(line.starts_with(' '));
        self.at += 1 + line.len();
        let end = start + self.text[start..self.at.max(start)].trim_end_matches(BLANK).len();
        if start < end {
            self.comments.push(start..end);
        }
        Ok(())
    }

    /// Accounts for all up to `to`, which is no token of its own.
    fn pass(&mut self, to: usize) -> Result<(), Refusal> {
        self.skip(to)?;
        if self.at == to { Ok(()) } else { Err("something that the YAML parser does not tell of") }
    }

    fn token(&mut self, range: Range<usize>) -> Result<(), Refusal> {
        self.pass(range.start)?;
        self.at = range.end;
        Ok(())
    }

    fn token_if_any(&mut self, range: Range<usize>) -> Result<(), Refusal> {
        if range.is_empty() { Ok(()) } else { self.token(range) }
    }

    fn properties(
        &mut self,
        span: Span,
        anchor: Option<Range<usize>>,
    ) -> Result<Properties, Refusal> {
        let mut found = Properties::default();
        let tag = span.tag_span().and_then(|tag| tag.byte_range());
        let mut ranges: Vec<_> = [tag.clone(), anchor.clone()].into_iter().flatten().collect();
        ranges.sort_by_key(|range| range.start);
        for range in ranges {
            self.token(range)?;
            // For some readers `!t,` is a tag with a comma.
            if !self.text[self.at..].starts_with(BLANK) && self.at < self.text.len() {
                return Err("a tag or an anchor without a space after it");
            }
        }
        if let Some(tag) = tag {
            found.tag = self.text[tag].to_owned();
            if found.tag.contains(['[', ']', '{', '}', ',']) {
                return Err("a tag with a bracket or a comma");
            }
        }
        if let Some(anchor) = anchor {
            let name = key::anchor(&self.text[anchor])?;
            if !self.anchors.insert(name) {
                return Err("an anchor is defined twice");
            }
            found.anchor = name.to_owned();
        }
        Ok(found)
    }

    fn alias(&mut self, range: Range<usize>) -> Result<(), Refusal> {
        if self.tree.wants_key() {
            return Err("an alias as a key");
        }
        key::anchor(&self.text[range.clone()])?;
        self.token(range.clone())?;
        self.tree.arrive()?;
        self.tree.tell(Node::Alias, Default::default(), range)
    }

    fn collection(
        &mut self,
        collection: Collection,
        range: Range<usize>,
        properties: Properties,
    ) -> Result<(), Refusal> {
        if self.tree.wants_key() {
            return Err("a key that is a mapping or a list");
        }
        let told = properties.any();
        let start = if told { self.at } else { range.start };
        self.flow += usize::from(!range.is_empty());
        self.token_if_any(range)?;
        self.tree.arrive()?;
        if told {
            let node = match collection {
                Collection::Mapping => Node::Mapping,
                Collection::List => Node::List,
            };
            self.tree.tell(node, (properties.tag, properties.anchor), start..start)?;
        }
        self.tree.open(collection, start, told)
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        range: Range<usize>,
        properties: Properties,
    ) -> Result<(), Refusal> {
        // For some readers these mark a key or a value, with or without a space.
        let marked = value.starts_with('?') || (self.flow > 0 && value.starts_with(':'));
        if style == ScalarStyle::Plain && marked {
            return Err("a plain text that begins with a question mark or a colon");
        }
        if self.tree.wants_key() {
            return self.key(value, style, range, &properties);
        }
        self.tree.arrive()?;
        if !range.is_empty() && key::wants_no_text(&properties.tag) {
            return Err("a value with a tag that no sealed text can have");
        }
        let told = properties.any();
        let properties = (properties.tag, properties.anchor);
        let after_properties = self.at;
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            self.skip(range.end)?;
            self.check_one_line(told, after_properties)?;
            if !self.text[self.at..].starts_with(['|', '>']) {
                return Err("a block scalar without its header");
            }
            let block = Block { text: self.text, header: self.at, limit: range.end, value };
            let slice = block.slice()?;
            self.at = slice.end;
            return self.tree.tell(Node::Scalar, properties, slice);
        }
        if range.is_empty() {
            // After properties nothing of its own can follow.
            let at = if told { self.at } else { self.place_of_empty(range.start)? };
            return self.tree.tell(Node::Empty, properties, at..at);
        }
        let slice = self.trimmed(range);
        self.pass(slice.start)?;
        self.check_one_line(told, after_properties)?;
        self.at = slice.end;
        self.tree.tell(Node::Scalar, properties, slice)
    }

    /// Refuses a tag on an earlier line than its scalar: there, some readers do not see it.
    fn check_one_line(&self, has_properties: bool, after: usize) -> Result<(), Refusal> {
        if has_properties && self.text[after..self.at].contains('\n') {
            return Err("a tag or an anchor on another line than its value");
        }
        Ok(())
    }

    fn key(
        &mut self,
        name: &str,
        style: ScalarStyle,
        range: Range<usize>,
        properties: &Properties,
    ) -> Result<(), Refusal> {
        if properties.any() {
            return Err("a key with a tag or an anchor");
        }
        let slice = self.trimmed(range);
        let written = match style {
            _ if slice.is_empty() => return Err("a key without a text"),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                return Err("a key that is a block scalar");
            }
            ScalarStyle::Plain => {
                self.tree.key_reads_as(key::readings(name))?;
                key::written(name)
            }
            ScalarStyle::SingleQuoted => Key::Text,
            ScalarStyle::DoubleQuoted => {
                key::check_escapes(&self.text[slice.clone()])?;
                Key::Text
            }
        };
        self.token(slice)?;
        // Some readers merge even where the sign is quoted.
        if name == "<<" {
            self.tree.note_merge();
        }
        self.tree.key(name, written)
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let length = self.text[range.clone()].trim_end_matches(BLANK).len();
        range.start..range.start + length
    }

    /// The place of a value without a text: after its own `:` or `-`, where it has one.
    fn place_of_empty(&mut self, told: usize) -> Result<usize, Refusal> {
        self.pass(told.max(self.at))?;
        let rest = &self.text[self.at..];
        let blank = rest.len() - rest.trim_start_matches(BLANK).len();
        if rest[blank..].starts_with(':') {
            self.at += blank + 1;
        }
        Ok(self.text[..self.at].trim_end_matches(BLANK).len())
    }
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
