//! A file as text and spans: where its values and comments stand, and what else gives them meaning.
//!
//! Nothing here parses a value and prints it again: a value is a span of bytes to be cut out.

#[cfg(test)]
mod contract;
mod dotenv;
mod ini;
mod json;
mod lines;
pub mod place;
mod properties;
mod toml;
mod tree;
pub mod value;
mod yaml;

use std::ops::Range;

use crate::names::KeyPath;

/// The formats whose values are sealed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// YAML 1.2, multi-document.
    Yaml,
    /// JSON (RFC 8259), strict.
    Json,
    /// TOML 1.0 and 1.1.
    Toml,
    /// `KEY=value` lines.
    Dotenv,
    /// Sections of `key = value` lines.
    Ini,
    /// Java properties.
    Properties,
}

/// What stands at a place of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A scalar with a text: the only kind that is sealed.
    Scalar,
    /// A value without a text, such as `KEY=` or `key:`.
    Empty,
    /// A YAML alias; its slice is `*name`.
    Alias,
    /// An empty mapping, or a mapping that has a tag or an anchor; its slice is empty.
    Mapping,
    /// An empty list, or a list that has a tag or an anchor; its slice is empty.
    List,
}

/// One place of a document, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stands, with list positions.
    pub path: KeyPath,
    /// What stands there.
    pub node: Node,
    /// Its tag as written, such as `!!str`; empty if none.
    pub tag: String,
    /// Its anchor's name without `&`; empty if none.
    pub anchor: String,
    /// What else gives it its meaning and is in no other field, in a form of the format's own (a plain
    /// YAML key that is not read as a string, say); empty nearly always.
    pub note: String,
    /// The bytes of its slice in the text: quotes, block indicators, everything.
    pub span: Range<usize>,
}

/// A parsed file. Borrows its text; copies no value.
#[derive(Debug)]
pub struct Document<'t> {
    /// The format.
    pub format: Format,
    /// The whole text.
    pub text: &'t str,
    /// The places, in the order of the text; spans do not overlap.
    pub leaves: Vec<Leaf>,
    /// The spans of the comments' texts, after the comment sign and one following space; never empty
    /// spans, never overlapping a leaf.
    pub comments: Vec<Range<usize>>,
}

impl<'t> Document<'t> {
    /// Parses a text in the given format.
    ///
    /// # Errors
    /// [`NotSpliceable`] when the text is not of the format, or cannot be cut and joined safely.
    pub fn parse(format: Format, text: &'t str) -> Result<Self, NotSpliceable> {
        match format {
            Format::Yaml => yaml::parse(text),
            Format::Json => json::parse(text),
            Format::Toml => toml::parse(text),
            Format::Dotenv => dotenv::parse(text),
            Format::Ini => ini::parse(text),
            Format::Properties => properties::parse(text),
        }
    }

    /// Lends a leaf's slice.
    #[must_use]
    pub fn slice(&self, leaf: &Leaf) -> &'t str {
        &self.text[leaf.span.clone()]
    }

    /// Finds the leaf at a place.
    #[must_use]
    pub fn leaf(&self, path: &KeyPath) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.path == *path)
    }
}

/// Why a file is not sealed value by value, but whole. Holds no text of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct NotSpliceable {
    /// Counted from 1.
    pub line: usize,
    /// The reason, in words of ours.
    pub why: &'static str,
}
