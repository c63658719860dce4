//! Open items: what is left to be done, each with since when, by whom and how. Mission, section G.

mod logging;

use jiff::civil::Date;

use super::ground::Ground;

/// Something that is left to be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenItem {
    /// `OI-01` to `OI-28`.
    pub id: &'static str,
    /// What the mission calls it.
    pub title: &'static str,
    /// What it is about.
    pub subject: String,
    /// Since when; none where nothing tells.
    pub since: Option<Date>,
    /// Who is to do it; none where nobody is named.
    pub owner: Option<String>,
    /// How it is mended.
    pub fix: String,
    /// Whether `check` fails by it.
    pub red: bool,
}

/// Lists what is left to be done, by id and subject.
#[must_use]
pub fn open(ground: &Ground<'_>) -> Vec<OpenItem> {
    let mut items = logging::items(ground);
    items.sort();
    items
}
