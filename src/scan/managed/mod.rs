//! Finds values that the repository manages, wherever they stand in a text and however they are written there.
//!
//! A value is looked for as it is, in base64 at any offset, in hexadecimal, as URLs, JSON, HTML, XML and shells write
//! it, in letters of two or four bytes, reversed, broken into lines and strings, and in up to three of these within one another.
//! What is found says where and whose, never what.

use std::ops::Range;

use crate::secret::Plaintext;

use index::Index;
use look::Search;
pub use needles::LeftOut;
use reading::Reading;

mod base64;
mod common;
mod deeper;
mod dense;
mod forms;
mod grams;
mod index;
mod look;
mod needles;
mod parts;
mod reading;
mod runs;
mod settings;
pub(crate) mod units;
mod walk;

/// Parts of one value that are so near to one another are one finding.
const NEAR: usize = 32;

/// Values that are looked for, each with the name that it is shown by.
pub struct Managed<N> {
    names: Vec<N>,
    left_out: Vec<(usize, LeftOut)>,
    index: Index,
}

/// A value in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which one, in the order in which they were given.
    pub value: usize,
    /// Where it stands in the text, however it is written.
    pub span: Range<usize>,
    /// How it is written; the outermost of ways within one another.
    pub how: How,
}

/// How a value is written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As it is.
    Raw,
    /// From its end to its beginning.
    Reversed,
    /// In base64 of either alphabet.
    Base64,
    /// In hexadecimal digits.
    Hex,
    /// In letters of two bytes.
    Utf16,
    /// In letters of four bytes.
    Utf32,
    /// As URLs and forms have it.
    Url,
    /// As HTML and XML have it.
    Markup,
    /// With backslashes, as JSON, shells and programming languages have it.
    Escaped,
    /// Over several lines or strings.
    Split,
}

/// Tells why a value is not looked for, where it is not.
#[must_use]
pub fn left_out(value: &[u8]) -> Option<LeftOut> {
    needles::of_value(value).err()
}

impl<N> Managed<N> {
    /// Prepares to look for values; the key is random, anew in each run.
    #[must_use]
    pub fn new(values: Vec<(N, Plaintext)>, key: &[u8; 16]) -> Self {
        let (mut names, mut left_out) = (Vec::with_capacity(values.len()), Vec::new());
        let mut parts = Vec::with_capacity(values.len());
        for (number, (name, value)) in values.into_iter().enumerate() {
            names.push(name);
            match needles::of_value(value.expose()) {
                Ok(some) => parts.push((number, some)),
                Err(why) => left_out.push((number, why)),
            }
        }
        Self { names, left_out, index: Index::new(needles::merged(parts), key) }
    }

    /// The name of a value that was found.
    #[must_use]
    pub fn name(&self, found: &Found) -> Option<&N> {
        self.names.get(found.value)
    }

    /// The values that are not looked for, because they cannot be told from other text.
    pub fn left_out(&self) -> impl ExactSizeIterator<Item = (&N, LeftOut)> {
        self.left_out.iter().map(|(number, why)| (&self.names[*number], *why))
    }

    /// Counts the bytes of memory that looking for the values takes, beside their names.
    #[must_use]
    pub fn size(&self) -> usize {
        self.index.size()
    }

    /// Finds all values in a text, in the order in which they stand there.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Found> {
        if self.index.needles.is_empty() {
            return Vec::new();
        }
        let mut search = Search::new(&self.index, text.len());
        search.look(&Reading::of(text));
        merged(search.found)
    }
}

/// Each value once where it was found in several ways, or part by part.
fn merged(mut found: Vec<(Found, usize)>) -> Vec<Found> {
    found.sort_by_key(|(one, _)| (one.value, one.span.start, one.span.end));
    let mut merged: Vec<(Found, usize)> = Vec::new();
    for (one, needle) in found {
        let is_same = |(last, other): &&mut (Found, usize)| {
            let near = if *other == needle { 0 } else { NEAR };
            last.value == one.value && one.span.start < last.span.end + near
        };
        match merged.last_mut().filter(is_same) {
            Some((last, other)) => {
                last.span.end = last.span.end.max(one.span.end);
                *other = needle;
            }
            None => merged.push((one, needle)),
        }
    }
    let mut merged: Vec<_> = merged.into_iter().map(|(one, _)| one).collect();
    merged.sort_by_key(|one| (one.span.start, one.value));
    merged
}

#[cfg(test)]
mod tests;
