//! A file as text and spans: where its values and comments stand, and what else gives them meaning.
//!
//! Nothing here parses a value and prints it again: a value is a span of bytes to be cut out.

#[cfg(test)]
mod contract;
mod dotenv;
mod graft;
mod ini;
mod items;
mod json;
mod lines;
mod merge;
pub mod place;
mod properties;
mod splice;
mod toml;
mod tree;
pub mod value;
mod yaml;

use std::borrow::Cow;
use std::ops::Range;

use crate::names::{KeyPath, RepoPath};

pub use graft::{graft, graft_all, prune, prune_all};
pub use items::{Item, items, plain_hash, says_nothing, whole_hash};
pub use merge::{Merged, merge};
pub use splice::splice;

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

impl Format {
    /// Tells the format of a file by its name; none for a file that is always sealed whole.
    #[must_use]
    pub fn of(path: &RepoPath) -> Option<Self> {
        let name = path.file_name();
        if name == ".env" || name.starts_with(".env.") || name == "env" {
            return Some(Self::Dotenv);
        }
        match name.rsplit_once('.')?.1 {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "env" => Some(Self::Dotenv),
            "ini" | "cfg" => Some(Self::Ini),
            "properties" => Some(Self::Properties),
            _ => None,
        }
    }

    /// Tells whether a token stands in double quotes, or bare.
    fn quotes_tokens(self) -> bool {
        matches!(self, Self::Json | Self::Toml)
    }

    /// Gives the slice that stands for a token.
    #[must_use]
    pub fn slice_of_token(self, token: &str) -> String {
        if self.quotes_tokens() { format!("\"{token}\"") } else { token.to_owned() }
    }

    /// Gives the token that a slice stands for, if the slice has the one form that a token has.
    #[must_use]
    pub fn token_of_slice(self, slice: &str) -> Option<&str> {
        let text =
            if self.quotes_tokens() { slice.strip_prefix('"')?.strip_suffix('"')? } else { slice };
        let sealed = text.starts_with("sealed.v1.") || text.starts_with("dropped.v1.");
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (sealed && text.bytes().all(plain)).then_some(text)
    }
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

impl Leaf {
    /// Tells whether two leaves mean the same place and kind, whatever their text.
    #[must_use]
    pub fn same_but_for_text(&self, other: &Self) -> bool {
        self.path == other.path
            && self.node == other.node
            && self.tag == other.tag
            && self.anchor == other.anchor
            && self.note == other.note
    }
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

    /// Lends the token that stands at a leaf, if one does.
    #[must_use]
    pub fn token(&self, leaf: &Leaf) -> Option<&'t str> {
        if leaf.node == Node::Scalar { self.format.token_of_slice(self.slice(leaf)) } else { None }
    }

    /// Finds the first comment whose text is no token.
    #[must_use]
    pub fn clear_comment(&self) -> Option<&Range<usize>> {
        self.clear_comments().next()
    }

    /// Finds all comments whose text is no token.
    pub fn clear_comments(&self) -> impl Iterator<Item = &Range<usize>> {
        self.comments.iter().filter(|span| !self.is_token(span))
    }

    /// Tells whether a token stands at any leaf or in any comment.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        self.leaves.iter().any(|leaf| self.token(leaf).is_some())
            || self.comments.iter().any(|span| self.is_token(span))
    }

    /// Tells whether a comment is a token: they hold bare ones in every format.
    fn is_token(&self, comment: &Range<usize>) -> bool {
        Format::Dotenv.token_of_slice(&self.text[comment.clone()]).is_some()
    }

    /// Finds the leaf at a place.
    #[must_use]
    pub fn leaf(&self, path: &KeyPath) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.path == *path)
    }

    /// Tells whether two documents have the same places, kinds, tags and anchors.
    #[must_use]
    pub fn same_structure(&self, other: &Document<'_>) -> bool {
        self.leaves.len() == other.leaves.len()
            && self.leaves.iter().zip(&other.leaves).all(|(a, b)| a.same_but_for_text(b))
    }

    /// What of a leaf's slice is attested: a block scalar's own indentation is not.
    fn attested(&self, leaf: &Leaf) -> Cow<'t, str> {
        match self.format {
            Format::Yaml => yaml::attested_slice(self.text, leaf),
            _ => Cow::Borrowed(self.slice(leaf)),
        }
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
