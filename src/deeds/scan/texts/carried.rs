//! What git carries beside texts: who wrote them, when, and what references are called.

use super::leaks::Places;
use super::{Judge, Origin};
use crate::deeds::scan::{Leak, advice};

impl Judge<'_> {
    /// Finds values that are managed here, and no more: what people and branches are called is for them to choose.
    pub(in crate::deeds::scan) fn carried(&self, origin: Origin<'_>, text: &[u8]) -> Vec<Leak> {
        let (found, mut places) = (self.managed(text), Places::of(text, 1));
        let leak = |found| {
            let what = self.what(found)?;
            Some(self.at(origin).of_value(places.place(found.span.start), what, found))
        };
        found.iter().filter_map(leak).collect()
    }

    /// The same in the name of a reference.
    pub(in crate::deeds::scan) fn reference(&self, name: &str) -> Vec<Leak> {
        let origin = Origin { path: name.as_bytes(), commit: None };
        let found = self.carried(origin, name.as_bytes()).into_iter();
        found.map(|leak| Leak { line: 0, fix: advice::of_reference(&leak), ..leak }).collect()
    }
}
