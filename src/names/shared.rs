//! A text that many hold: a thousand addresses of one file have one copy of its path.

use std::cmp::Ordering;
use std::sync::Arc;

/// A text whose copies cost nothing, and compare at once with what they were copied from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shared(Arc<str>);

impl Shared {
    /// Takes a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.into())
    }

    /// Lends it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for Shared {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Shared {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_equal_texts_are_equal() {
        let (one, two) = (Shared::of("a"), Shared::of("a"));
        assert_eq!((one.cmp(&two), one.cmp(&one.clone())), (Ordering::Equal, Ordering::Equal));
        assert!(one < Shared::of("b") && Shared::of("") < one);
    }
}
