//! Block scalars: where the slice of one ends, and how it reads without its own indentation.

use std::borrow::Cow;
use std::ops::Range;

use crate::document::Leaf;
use crate::document::tree::Refusal;

/// A block scalar as the parser saw it.
pub(super) struct Block<'t> {
    pub(super) text: &'t str,
    /// Where its header begins.
    pub(super) header: usize,
    /// Where the parser went on: perhaps after blank lines and the indentation of what follows.
    pub(super) limit: usize,
    /// Its text as YAML reads it.
    pub(super) value: &'t str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

/// The signs after `|` or `>`: how to end the text, how far it is indented.
fn indicators(header: &str) -> &str {
    let rest = header.get(1..).unwrap_or_default();
    let end = rest.find(|c| !matches!(c, '+' | '-' | '1'..='9'));
    &rest[..end.unwrap_or(rest.len())]
}

fn chomp(header: &str) -> Chomp {
    match indicators(header).trim_matches(|c: char| c.is_ascii_digit()) {
        "-" => Chomp::Strip,
        "+" => Chomp::Keep,
        _ => Chomp::Clip,
    }
}

/// A line without its break, and whether it has one.
fn lines(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split_inclusive('\n').map(|line| match line.strip_suffix('\n') {
        Some(line) => (line.strip_suffix('\r').unwrap_or(line), true),
        None => (line, false),
    })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_blank(line: &str) -> bool {
    indentation(line) == line.len()
}

impl Block<'_> {
    /// The slice: from the header to before the line break of the last line that counts.
    ///
    /// Refused is what would mean something else though its slice is the same, since in a sealed file
    /// anybody can move what stands around a token: content that begins with spaces (how many depends
    /// on the parent's indentation), and content that the text's end cuts off before its line break.
    pub(super) fn slice(&self) -> Result<Range<usize>, Refusal> {
        if self.value.trim_start_matches('\n').starts_with(' ') {
            return Err("a block scalar whose text begins with spaces");
        }
        let rest = &self.text[self.header..];
        let header = lines(rest).next().map_or("", |(line, _)| line).trim_end_matches([' ', '\t']);
        let chomp = chomp(header);
        let limit = self.limit.max(self.header + header.len());
        let (end, indent) = Self::content(&self.text[self.header..limit], chomp)?;
        if indent.is_none() && indicators(header).contains(|c: char| c.is_ascii_digit()) {
            return Err("a block scalar with an indentation indicator and no text");
        }
        let end = self.header + end.max(header.len());
        let tail = self.text[end..].trim_start_matches([' ', '\t', '\r', '\n']);
        let cut_off = if end == self.text.len() {
            end > self.header + header.len() && chomp != Chomp::Strip
        } else {
            tail.is_empty() && !self.text.ends_with('\n')
        };
        if cut_off {
            return Err("a block scalar without its last line break");
        }
        Ok(self.header..end)
    }

    /// Tells where the last line that counts ends, and how far the first with a text is indented.
    fn content(block: &str, chomp: Chomp) -> Result<(usize, Option<usize>), Refusal> {
        let (mut at, mut end, mut indent) = (0, 0, None);
        for (number, raw) in block.split_inclusive('\n').enumerate() {
            let (line, whole) = lines(raw).next().unwrap_or_default();
            let stop = at + line.len();
            at += raw.len();
            if number == 0 {
                continue;
            }
            if !is_blank(line) {
                let indent = *indent.get_or_insert(indentation(line));
                if indentation(line) < indent {
                    return Err("a block scalar with a line outside its indentation");
                }
                end = stop;
            } else if chomp == Chomp::Keep {
                end = if whole { stop } else { end };
            } else if indent.is_some_and(|indent| line.len() > indent) && whole {
                end = stop;
            }
        }
        Ok((end, indent))
    }
}

/// The slice of a leaf as it is attested: of a block scalar, without its own indentation, its
/// indentation indicator (which `parse` accepts only where it changes nothing) and the comment in its
/// header; of all else, as it stands.
pub(crate) fn attested_slice<'t>(text: &'t str, leaf: &Leaf) -> Cow<'t, str> {
    let slice = text.get(leaf.span.clone()).unwrap_or_default();
    if !slice.starts_with(['|', '>']) {
        return Cow::Borrowed(slice);
    }
    let mut attested = slice[..1].to_owned();
    attested.push_str(match chomp(slice) {
        Chomp::Strip => "-",
        Chomp::Clip => "",
        Chomp::Keep => "+",
    });
    let content = || lines(slice).skip(1).map(|(line, _)| line);
    let indent = content().find(|line| !is_blank(line)).map_or(usize::MAX, indentation);
    for line in content() {
        attested.push('\n');
        attested.push_str(&line[indent.min(indentation(line))..]);
    }
    // A blank line at the end counts the same, whether there are spaces on it or not.
    if slice.ends_with('\n') {
        attested.push('\n');
    }
    Cow::Owned(attested)
}
