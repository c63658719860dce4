//! Findings as GitHub Actions takes them from a log: workflow commands.

use super::{level, sentence};
use crate::deeds::scan::{Leak, Scanned};
use crate::output::safe;

/// Findings as annotations.
pub struct Notes<'s>(pub &'s Scanned);

impl Notes<'_> {
    /// The lines to print.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.told().into_iter().map(note).collect()
    }
}

fn note(leak: &Leak) -> String {
    let (path, rule) = (property(&leak.path), property(&leak.rule));
    let level = if leak.passed.is_some() { "notice" } else { level(leak) };
    let (line, column) = (leak.line.max(1), leak.column.max(1));
    let said = data(&format!("{}; {}", sentence(leak), leak.fix));
    let note = format!("::{level} file={path},line={line},col={column},title={rule}::{said}");
    format!("{}\n", safe(&note))
}

/// Escapes what comes behind the two colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property, in which colons and commas have a meaning, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_ends_a_command() {
        assert_eq!(property("a:b,c\n::error::d%"), "a%3Ab%2Cc%0A%3A%3Aerror%3A%3Ad%25");
    }
}
